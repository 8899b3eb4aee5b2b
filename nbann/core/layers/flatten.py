"""Flatten: each sample as one row of numbers; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Symbol
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class Flatten(Layer):
    """The same numbers, each sample in one row: (n, time, features) becomes (n, time * features).

    Arrays
    ------
    ``<name>.out`` (n, product of the sample's axes), the last axis running fastest.
    """

    kind = "flatten"

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        return (int(np.prod(shape)),)

    def emit(self, b: Builder, name: str, x: str) -> str:
        source = b.program.arrays[x]
        rows = (len(source), int(np.prod(source.shape[1:])))
        symbol = Symbol("a", name)
        out = b.array(f"{name}.out", rows, symbol, dtype=source.dtype, view=source.reshape(rows))
        b.emit(Reshape("flatten", x, out))
        return out


class Reshape(Primitive):
    """The same numbers in another shape; no kernel where it is a view of them."""

    def __init__(self, verb: str, x: str, into: str) -> None:
        self.verb = verb
        self.x = x
        self.reads = (x,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        x, out = arrays[self.x], arrays[self.writes[0]]
        if not np.shares_memory(x, out):
            yield partial(np.copyto, out.reshape(x.shape), x)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call(self.verb, (symbol(self.x),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        place = np.ravel_multi_index(at, entry.shape(name))
        return entry(self.x, *(int(i) for i in np.unravel_index(place, entry.shape(self.x))))

    def backward(self, b: Builder) -> None:
        if b.needs_gradient(self.x):
            gradient = self.writes[0] + ".grad"
            view = b.program.arrays[gradient].reshape(b.shape(self.x))
            b.emit(Reshape("reshape", gradient, b.gradient(self.x, view=view)))
