"""The primitives of LambdaRank's weights: ranks, discounts, and what a swap is worth in NDCG.

None passes a gradient on: LambdaRank's gradient is that of a loss whose weights are held as they
are. Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..checks import constant
from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum
from ..program import Arrays, Kernel, Reader, Symbols
from .pair_ops import of_document
from .reduction_ops import PassedOver, difference

_ONE, _TWO = Number(1.0), Number(2.0)


class RankOp(PassedOver):
    """``r_i = 1 + sum_j step(s_j - s_i)``: the place of a document in its query, from 1.

    Of documents with one score the first in the data stands first.
    """

    verb = "ranks"
    holds = "at fixed weights: the ranks, and with them |delta NDCG|, are held as they are"

    def __init__(self, apart: str, into: str) -> None:
        self.reads = (apart, "y.there")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        apart, there, rank = (arrays[name] for name in (*self.reads, *self.writes))
        length = apart.shape[-1]
        above, equal = np.empty(apart.shape, bool), np.empty(apart.shape, bool)
        first = np.tri(length, k=-1, dtype=bool)  # j before i
        count, zero = np.empty_like(apart), np.zeros((), apart.dtype)
        yield partial(np.less, apart, zero, above)
        yield partial(np.equal, apart, zero, equal)
        yield partial(np.logical_and, equal, first, equal)
        yield partial(np.logical_or, above, equal, above)
        yield partial(np.copyto, count, above)
        yield partial(np.matmul, count, there[..., None], rank[..., None])
        yield partial(np.add, rank, np.ones((), rank.dtype), rank)

    def equation(self, symbol: Symbols) -> Equation:
        apart = of_document(symbol(self.reads[0]), "ij")
        above = Call("sum", (Call("step", (Negative(apart),)),))
        return Equation(of_document(symbol(self.writes[0]), "i"), Sum((_ONE, above)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        query, i = at
        terms: list[Expr] = [_ONE]
        for j in np.flatnonzero(entry.array("y.there")[query]).tolist():
            apart = entry(self.reads[0], query, i, j)
            if j != i:
                tie = apart.number == 0 and j < i
                terms.append(_ONE if tie else Call("step", (Negative(apart),)))
        return Sum(tuple(terms))


class DiscountOp(PassedOver):
    """``D_i = 1 / log2(1 + r_i)``: what a place is worth; with a truncation k, 0 below place k."""

    verb = "discounts"

    def __init__(self, rank: str, k: int | None, into: str) -> None:
        self.k = k
        self.reads = (rank,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rank, discount = arrays[self.reads[0]], arrays[self.writes[0]]
        yield partial(np.add, rank, np.ones((), rank.dtype), discount)
        yield partial(np.log, discount, discount)
        yield partial(np.divide, np.log(np.array(2, rank.dtype)), discount, discount)
        if self.k is not None:
            within = np.empty(rank.shape, bool)
            yield partial(np.less_equal, rank, constant(self.k, rank.dtype, "k"), within)
            yield partial(np.multiply, discount, within, discount)

    def equation(self, symbol: Symbols) -> Equation:
        rank = of_document(symbol(self.reads[0]), "i")
        right: Expr = self._of(rank)
        if self.k is not None:
            within = Call("step", (difference(Number(self.k + 1), rank),))
            right = Product((within, right), "")
        return Equation(of_document(symbol(self.writes[0]), "i"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        rank = entry(self.reads[0], *at)
        if self.k is not None and rank.number > self.k:
            return Number(0.0)
        return self._of(rank)

    def _of(self, rank: Expr) -> Expr:
        return Quotient(Call("log", (_TWO,)), Call("log", (Sum((_ONE, rank)),)))


class SwapOp(PassedOver):
    """``w_ij = P_ij * (g_i - g_j) * |D_i - D_j|``: what NDCG would change by if i and j swapped.

    g is the gain of a document as a share of the query's ideal DCG, so that w is |delta NDCG|
    (Burges, MSR-TR-2010-82, section 4).
    """

    verb = "swaps"

    def __init__(self, pairs: str, discount: str, into: str) -> None:
        self.pairs, self.discount = pairs, discount
        self.reads = (pairs, "y.gain", discount)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        pairs, gain, discount = (arrays[read] for read in self.reads)
        swap = arrays[self.writes[0]]
        other = np.empty_like(swap)
        yield partial(np.subtract, discount[:, :, None], discount[:, None, :], swap)
        yield partial(np.abs, swap, swap)
        yield partial(np.subtract, gain[:, :, None], gain[:, None, :], other)
        yield partial(np.multiply, other, pairs, other)
        yield partial(np.multiply, swap, other, swap)

    def equation(self, symbol: Symbols) -> Equation:
        def both(name: str) -> tuple[Expr, Expr]:
            return of_document(symbol(name), "i"), of_document(symbol(name), "j")

        right = self._of(of_document(symbol(self.pairs), "ij"), both("y.gain"), both(self.discount))
        return Equation(of_document(symbol(self.writes[0]), "ij"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        query, i, j = at

        def both(array: str) -> tuple[Expr, Expr]:
            return entry(array, query, i), entry(array, query, j)

        return self._of(entry(self.pairs, *at), both("y.gain"), both(self.discount))

    def _of(self, pair: Expr, gains: tuple[Expr, Expr], discounts: tuple[Expr, Expr]) -> Expr:
        return Product((pair, difference(*gains), Call("abs", (difference(*discounts),))))
