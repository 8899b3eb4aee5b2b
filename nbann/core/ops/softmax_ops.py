"""The primitives of softmax as a layer: a row's shares, and the full Jacobian product back.

Here every a depends on every z of its row, so the chain rule is a sum over the row; with
cross-entropy on logits (`losses/registry.py`) it never has to be formed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder


class RowSoftmax(Primitive):
    """``a_j = exp(z_j) / sum_k exp(z_k)`` over the last axis, its maximum taken off before."""

    verb = "softmax"

    def __init__(self, z: str, into: str) -> None:
        self.z = z
        self.reads = (z,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, a = arrays[self.z], arrays[self.writes[0]]
        row = np.empty((*a.shape[:-1], 1), a.dtype)  # first the rows' maxima, then their totals
        yield partial(np.maximum.reduce, z, axis=-1, out=row, keepdims=True)
        yield partial(np.subtract, z, row, a)
        yield partial(np.exp, a, a)
        yield partial(np.add.reduce, a, axis=-1, out=row, keepdims=True)
        yield partial(np.divide, a, row, a)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("softmax", (symbol(self.z),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *row, unit = at
        logits = [entry(self.z, *row, k) for k in range(entry.shape(self.z)[-1])]
        top = max(z.number for z in logits)
        # the textbook's form where exp can bear it, the shifted one where it can not
        shown: list[Expr] = (
            list(logits) if abs(top) < 20 else [Sum((z, Negative(Number(top)))) for z in logits]
        )
        exps = tuple(Call("exp", (z,)) for z in shown)
        return Quotient(exps[unit], Sum(exps))

    def backward(self, b: Builder) -> None:
        (a,) = self.writes
        name = a.removesuffix(".out")
        mean = b.array(f"{name}.mean_gradient", (*b.shape(a)[:-1], 1), Symbol("m", name))
        b.emit(MeanGradient(a, mean))
        b.emit(SoftmaxGradient(a, mean, b.gradient(self.z)))


class MeanGradient(Primitive):
    """``m = sum_k dL/da_k * a_k``: the mean of a row's gradients, each counted by its share."""

    verb = "mean_gradient"

    def __init__(self, a: str, into: str) -> None:
        self.reads = (a + ".grad", a)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        da, a = (arrays[read] for read in self.reads)
        yield partial(np.vecdot, da, a, arrays[self.writes[0]][..., 0])

    def equation(self, symbol: Symbols) -> Equation:
        da, a = (symbol(read) for read in self.reads)
        return Equation(symbol(self.writes[0]), Call("sum", (Product((da, a), "o"),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *row, _ = at
        da, a = self.reads
        units = range(entry.shape(a)[-1])
        return Sum(tuple(Product((entry(da, *row, k), entry(a, *row, k))) for k in units))


class SoftmaxGradient(Primitive):
    """``dL/dz_j = a_j * (dL/da_j - m)``.

    The chain rule over the row with ``da_k/dz_j = a_k * ([j = k] - a_j)`` (Bridle, 1990): of each
    gradient counts what it is above the row's mean.
    """

    verb = "gradient"

    def __init__(self, a: str, mean: str, into: str) -> None:
        self.reads = (a, a + ".grad", mean)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        a, da, mean = (arrays[read] for read in self.reads)
        dz = arrays[self.writes[0]]
        yield partial(np.subtract, da, mean, dz)
        yield partial(np.multiply, dz, a, dz)

    def equation(self, symbol: Symbols) -> Equation:
        a, da, mean = (symbol(read) for read in self.reads)
        return Equation(symbol(self.writes[0]), Product((a, Sum((da, Negative(mean)))), "o"))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        a, da, mean = self.reads
        above = Sum((entry(da, *at), Negative(entry(mean, *at[:-1], 0))))
        return Product((entry(a, *at), above))
