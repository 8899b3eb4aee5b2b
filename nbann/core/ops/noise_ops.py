"""The primitives of normal noise, added to an array in training."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Number, Product, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .time_ops import pass_on

if TYPE_CHECKING:
    from ..builder import Builder


class DrawNormal(Primitive):
    """``u ~ N(0, 1)``: a number for each element."""

    verb = "draw"

    def __init__(self, stream: np.random.Generator, into: str) -> None:
        self.stream = stream
        self.reads = ()
        self.writes = (into,)
        self._drawn: Floats = np.empty(0)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        self._drawn = arrays[self.writes[0]]
        yield partial(self.stream.standard_normal, None, self._drawn.dtype, self._drawn)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("normal", ()))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Number(float(self._drawn[at]))

    def backward(self, b: Builder) -> None:
        """Nothing: what is drawn depends on nothing."""


class AddNoise(Primitive):
    """``a = x + std * u``, element by element; the gradient passes through as it is."""

    verb = "add_noise"

    def __init__(self, x: str, draw: str, std: float, into: str) -> None:
        self.x, self.draw, self.std = x, draw, std
        self.reads = (x, draw)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        x, draw, out = arrays[self.x], arrays[self.draw], arrays[self.writes[0]]
        yield partial(np.multiply, draw, np.array(self.std, out.dtype), out)
        yield partial(np.add, x, out, out)

    def _of(self, x: Expr, draw: Expr) -> Expr:
        return Sum((x, Product((Number(self.std), draw))))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._of(symbol(self.x), symbol(self.draw)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._of(entry(self.x, *at), entry(self.draw, *at))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.x,)

    def backward(self, b: Builder) -> None:
        pass_on(b, self.writes[0], self.x)
