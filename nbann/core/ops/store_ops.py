"""How patterns are stored in the weights of associative memories: what each rule adds to them.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import (
    Call,
    Equation,
    Expr,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Transpose,
)
from ..losses.reduction_ops import PassedOver
from ..program import Arrays, Floats, Kernel, Reader, Symbols

Place = tuple[int, ...]
_ZERO = Number(0.0)


class HebbOp(PassedOver):
    """``C = x.T @ y / N``: units that are alike in a pattern are bound together.

    Parameters
    ----------
    x, y : str
        Patterns, rows of -1 and 1; for weights within one layer the same.
    into : str
    under : int
        N.
    """

    verb = "hebb"

    def __init__(self, x: str, y: str, into: str, under: int) -> None:
        self.x, self.y, self.under = x, y, under
        self.within = x == y
        self.reads = (x,) if self.within else (x, y)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        x, y, change = arrays[self.x], arrays[self.y], arrays[self.writes[0]]
        yield partial(x.T.dot, y, change)
        if self.under != 1:
            yield partial(np.divide, change, np.array(float(self.under), change.dtype), change)
        if self.within:
            yield partial(diagonal(change).fill, 0.0)

    def _scaled(self, total: Expr) -> Expr:
        return total if self.under == 1 else Quotient(total, Number(float(self.under)))

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((Transpose(symbol(self.x)), symbol(self.y)), "@")
        whole = self._scaled(product)
        if self.within:
            whole = Call("off_diagonal", (whole,))
        return Equation(symbol(self.writes[0]), whole)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        i, j = at
        if self.within and i == j:
            return _ZERO
        rows = range(entry.shape(self.x)[0])
        return self._scaled(
            Sum(tuple(Product((entry(self.x, n, i), entry(self.y, n, j))) for n in rows))
        )


class StorkeyOp(PassedOver):
    """``C_ij = (s_i s_j - s_i h_j - h_i s_j + 2 W_ij) / N`` off the diagonal, h the field of s.

    That is ``(s_i s_j - s_i h_ji - h_ij s_j) / N`` with the field of i without what i and j give,
    ``h_ij = sum over k other than i, j of W_ik s_k = h_i - W_ij s_j``, for s of -1 and 1 and
    symmetric weights (Storkey, "Increasing the capacity of a Hopfield network without sacrificing
    functionality", ICANN 1997).
    """

    verb = "storkey"

    def __init__(self, s: str, field: str, weight: str, into: str) -> None:
        self.s, self.field, self.weight = s, field, weight
        self.reads = (s, field, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        s, field, weight = (arrays[name] for name in self.reads)
        change = arrays[self.writes[0]]
        crossed, both = np.empty_like(change), np.empty_like(change)
        yield partial(np.multiply, s.T, field, crossed)
        yield partial(np.add, crossed, crossed.T, both)  # so that not a bit is unsymmetric
        yield partial(np.multiply, s.T, s, change)
        yield partial(np.subtract, change, both, change)
        yield partial(np.multiply, weight, np.array(2.0, change.dtype), crossed)
        yield partial(np.add, change, crossed, change)
        yield partial(np.divide, change, np.array(float(len(change)), change.dtype), change)
        yield partial(diagonal(change).fill, 0.0)

    def equation(self, symbol: Symbols) -> Equation:
        s, h, weight = (symbol(name) for name in self.reads)
        outer = Product((Transpose(s), s), "@")
        own, others = Product((Transpose(s), h), "@"), Product((Transpose(h), s), "@")
        twice = Product((Number(2.0), weight))
        whole = Quotient(Sum((outer, Negative(own), Negative(others), twice)), Symbol("N"))
        return Equation(symbol(self.writes[0]), Call("off_diagonal", (whole,)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        i, j = at
        if i == j:
            return _ZERO
        s_i, s_j = entry(self.s, 0, i), entry(self.s, 0, j)
        terms = (
            Product((s_i, s_j)),
            Negative(Product((s_i, entry(self.field, 0, j)))),
            Negative(Product((entry(self.field, 0, i), s_j))),
            Product((Number(2.0), entry(self.weight, i, j))),
        )
        return Quotient(Sum(terms), Number(float(entry.shape(self.weight)[0])))


class ResidualOp(PassedOver):
    """``r = s - s @ P``: what of a pattern no other one that is stored accounts for."""

    verb = "residual"

    def __init__(self, s: str, projection: str, into: str) -> None:
        self.s, self.projection = s, projection
        self.reads = (s, projection)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        s, projection, residual = arrays[self.s], arrays[self.projection], arrays[self.writes[0]]
        yield partial(s.dot, projection, residual)
        yield partial(np.subtract, s, residual, residual)

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((symbol(self.s), symbol(self.projection)), "@")
        return Equation(symbol(self.writes[0]), Sum((symbol(self.s), Negative(product))))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        row, i = at
        units = range(entry.shape(self.projection)[0])
        terms = (Product((entry(self.s, row, k), entry(self.projection, k, i))) for k in units)
        return Sum((entry(self.s, row, i), *(Negative(term) for term in terms)))


class SquareOp(PassedOver):
    """``q = sum(r**2)``."""

    verb = "square"

    def __init__(self, residual: str, into: str) -> None:
        self.reads = (residual,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        residual = arrays[self.reads[0]].reshape(-1)
        yield partial(residual.dot, residual, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        squares = Call("sum", (Power(symbol(self.reads[0]), Number(2)),))
        return Equation(symbol(self.writes[0]), squares)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        (residual,) = self.reads
        places = np.ndindex(*entry.shape(residual))
        return Sum(tuple(Power(entry(residual, *place), Number(2)) for place in places))


class ProjectionOp(PassedOver):
    """``P = P + r.T @ r / q``: the projection onto the stored patterns takes one more in.

    Where q is no more than rounding the pattern is stored already, and P stays.
    """

    verb = "projection"

    def __init__(self, projection: str, residual: str, square: str) -> None:
        self.projection, self.residual, self.square = projection, residual, square
        self.reads = (projection, residual, square)
        self.writes = (projection,)

    @staticmethod
    def _least(units: int, dtype: np.dtype[np.floating]) -> float:
        return float(np.finfo(dtype).eps) * units

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        projection, residual, square = (arrays[name] for name in self.reads)
        product, is_new = np.empty_like(projection), np.empty((), bool)
        safe = np.empty_like(square)
        least = np.array(self._least(len(projection), projection.dtype), projection.dtype)
        yield partial(np.greater, square, least, is_new)
        yield partial(np.maximum, square, least, out=safe)
        yield partial(np.multiply, residual.T, residual, product)
        yield partial(np.divide, product, safe, product)
        yield partial(np.multiply, product, is_new, product)
        yield partial(np.add, projection, product, projection)

    def equation(self, symbol: Symbols) -> Equation:
        projection, residual, square = (symbol(name) for name in self.reads)
        product = Product((Transpose(residual), residual), "@")
        return Equation(projection, Sum((projection, Quotient(product, square))))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        i, j = at
        before, square = entry(self.projection, i, j), entry(self.square)
        units, dtype = entry.shape(self.projection)[0], entry.array(self.projection).dtype
        if square.number <= self._least(units, dtype):
            return before
        product = Product((entry(self.residual, 0, i), entry(self.residual, 0, j)))
        return Sum((before, Quotient(product, square)))


class TowardsOp(PassedOver):
    """``C = P - W`` off the diagonal: what leads the weights to the projection."""

    verb = "towards"

    def __init__(self, projection: str, weight: str, into: str) -> None:
        self.reads = (projection, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        change = arrays[self.writes[0]]
        yield partial(np.subtract, *(arrays[name] for name in self.reads), change)
        yield partial(diagonal(change).fill, 0.0)

    def equation(self, symbol: Symbols) -> Equation:
        projection, weight = (symbol(name) for name in self.reads)
        gap = Sum((projection, Negative(weight)))
        return Equation(symbol(self.writes[0]), Call("off_diagonal", (gap,)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        if at[0] == at[1]:
            return _ZERO
        projection, weight = (entry(name, *at) for name in self.reads)
        return Sum((projection, Negative(weight)))


def diagonal(square: Floats) -> Floats:
    """Return the diagonal of a matrix as a view that can be written to."""
    return square.reshape(-1)[:: len(square) + 1]
