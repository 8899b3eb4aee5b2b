"""The primitives of a dense layer read backward: z = a @ W.T + b, with W of another layer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Equation, Expr, Product, Sum, Transpose
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols
from .affine import BiasGradient, WeightGradient, as_matrix

if TYPE_CHECKING:
    from ..builder import Builder


class AffineTransposed(Primitive):
    """``z = a @ W.T + b``: W is (inputs, units), a has `units` columns and z `inputs`."""

    verb = "affine"

    def __init__(self, a: str, weight: str, bias: str | None, into: str) -> None:
        self.a, self.weight, self.bias = a, weight, bias
        self.reads = (a, weight) if bias is None else (a, weight, bias)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        a, z = as_matrix(arrays[self.a], before), as_matrix(arrays[self.writes[0]], [])
        yield from before
        yield partial(a.dot, arrays[self.weight].T, z)
        if self.bias is not None:
            yield partial(np.add, z, arrays[self.bias], z)

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((symbol(self.a), Transpose(symbol(self.weight))), "@")
        right = product if self.bias is None else Sum((product, symbol(self.bias)))
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *row, i = at
        units = range(entry.shape(self.weight)[1])
        terms: list[Expr] = [
            Product((entry(self.a, *row, j), entry(self.weight, i, j))) for j in units
        ]
        if self.bias is not None:
            terms.append(entry(self.bias, i))
        return Sum(tuple(terms))

    def backward(self, b: Builder) -> None:
        dz = self.writes[0] + ".grad"
        b.emit(WeightGradient(dz, self.a, b.gradient(self.weight)))  # both change places
        if self.bias is not None:
            b.emit(BiasGradient(dz, b.gradient(self.bias)))
        if b.needs_gradient(self.a):
            b.emit(TransposedInputGradient(dz, self.weight, b.gradient(self.a)))


class TransposedInputGradient(Primitive):
    """``dL/da = dL/dz @ W``."""

    verb = "input_gradient"

    def __init__(self, dz: str, weight: str, into: str) -> None:
        self.dz, self.weight = dz, weight
        self.reads = (dz, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        dz, da = as_matrix(arrays[self.dz], before), as_matrix(arrays[self.writes[0]], [])
        yield from before
        yield partial(dz.dot, arrays[self.weight], da)

    def equation(self, symbol: Symbols) -> Equation:
        right = Product((symbol(self.dz), symbol(self.weight)), "@")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *n, j = at
        inputs = range(entry.shape(self.weight)[0])
        return Sum(
            tuple(Product((entry(self.dz, *n, i), entry(self.weight, i, j))) for i in inputs)
        )
