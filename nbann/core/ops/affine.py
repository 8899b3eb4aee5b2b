"""The primitives of a dense layer: z = x @ W + b and the three products of its derivative.

Arrays of more than two axes, such as sequences (samples, time, features), are worked on as the
matrix of all their rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Product, Sum, Transpose
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder


def as_matrix(array: Floats, before: list[Kernel]) -> Floats:
    """Return the matrix of an array's rows: a view, or a copy that a kernel in `before` fills."""
    if array.ndim == 2:
        return array
    matrix = array.reshape(-1, array.shape[-1])
    if not np.may_share_memory(matrix, array):
        before.append(partial(np.copyto, matrix.reshape(array.shape), array))
    return matrix


def places(shape: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
    """Return the place of every row of an array: all axes but the last."""
    return np.ndindex(*shape[:-1])


class Affine(Primitive):
    """``z = x @ W + b``: rows of x are samples, W is (inputs, outputs)."""

    verb = "affine"

    def __init__(self, x: str, weight: str, bias: str | None, into: str) -> None:
        self.x, self.weight, self.bias = x, weight, bias
        self.reads = (x, weight) if bias is None else (x, weight, bias)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        x, z = as_matrix(arrays[self.x], before), as_matrix(arrays[self.writes[0]], [])
        yield from before
        yield partial(x.dot, arrays[self.weight], z)
        if self.bias is not None:
            yield partial(np.add, z, arrays[self.bias], z)

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((symbol(self.x), symbol(self.weight)), "@")
        right = product if self.bias is None else Sum((product, symbol(self.bias)))
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *row, unit = at
        inputs = range(entry.shape(self.weight)[0])
        terms: list[Expr] = [
            Product((entry(self.x, *row, i), entry(self.weight, i, unit))) for i in inputs
        ]
        if self.bias is not None:
            terms.append(entry(self.bias, unit))
        return Sum(tuple(terms))

    def backward(self, b: Builder) -> None:
        dz = self.writes[0] + ".grad"
        b.emit(WeightGradient(self.x, dz, b.gradient(self.weight)))
        if self.bias is not None:
            b.emit(BiasGradient(dz, b.gradient(self.bias)))
        if b.needs_gradient(self.x):
            b.emit(InputGradient(dz, self.weight, b.gradient(self.x)))


class WeightGradient(Primitive):
    """``dL/dW = x.T @ dL/dz``: each weight gathers input times error over the samples."""

    verb = "weight_gradient"

    def __init__(self, x: str, dz: str, into: str) -> None:
        self.x, self.dz = x, dz
        self.reads = (x, dz)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        x, dz = as_matrix(arrays[self.x], before), as_matrix(arrays[self.dz], before)
        yield from before
        yield partial(x.T.dot, dz, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        right = Product((Transpose(symbol(self.x)), symbol(self.dz)), "@")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        i, j = at
        rows = places(entry.shape(self.x))
        return Sum(tuple(Product((entry(self.x, *n, i), entry(self.dz, *n, j))) for n in rows))


class BiasGradient(Primitive):
    """``dL/db = sum of dL/dz over the samples``."""

    verb = "bias_gradient"

    def __init__(self, dz: str, into: str) -> None:
        self.dz = dz
        self.reads = (dz,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        dz = as_matrix(arrays[self.dz], before)
        yield from before
        ones = np.ones(len(dz), dz.dtype)  # a product with them is NumPy's fastest column sum
        yield partial(ones.dot, dz, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("sum", (symbol(self.dz),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Sum(tuple(entry(self.dz, *n, *at) for n in places(entry.shape(self.dz))))


class InputGradient(Primitive):
    """``dL/dx = dL/dz @ W.T``: each input gathers the errors of the neurons it feeds."""

    verb = "input_gradient"

    def __init__(self, dz: str, weight: str, into: str) -> None:
        self.dz, self.weight = dz, weight
        self.reads = (dz, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        dz, dx = as_matrix(arrays[self.dz], before), as_matrix(arrays[self.writes[0]], [])
        yield from before
        yield partial(dz.dot, arrays[self.weight].T, dx)

    def equation(self, symbol: Symbols) -> Equation:
        right = Product((symbol(self.dz), Transpose(symbol(self.weight))), "@")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *n, i = at
        units = range(entry.shape(self.weight)[1])
        return Sum(tuple(Product((entry(self.dz, *n, j), entry(self.weight, i, j))) for j in units))
