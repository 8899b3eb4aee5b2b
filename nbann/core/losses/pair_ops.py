"""The primitives of losses over pairs of documents: which pair, how sure, and who pushes whom.

Arrays of pairs are (queries, T, T): element [q, i, j] tells of document i against document j of
query q, and is 0 where i is not the more relevant of both. Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..checks import constant
from ..expr import (
    Call,
    Entry,
    Equation,
    Expr,
    Gradient,
    Negative,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import PassedOver, Read, SingleLoss, Total, difference, times

if TYPE_CHECKING:
    from ..builder import Builder

_ONE = Number(1.0)


def of_document(symbol: Symbol | Gradient, which: str) -> Symbol:
    """Return how a document's own number is written: z_i."""
    return Symbol((symbol.of if isinstance(symbol, Gradient) else symbol).base, which)


def added(terms: Iterable[Expr]) -> Expr:
    """Return a sum, 0 if there is nothing to add."""
    found = tuple(terms)
    return Sum(found) if found else Number(0.0)


def places(pairs: Floats) -> Iterator[tuple[int, ...]]:
    """Yield the places of what is not 0."""
    for place in np.argwhere(pairs != 0).tolist():
        yield tuple(place)


class PairsOp(PassedOver):
    """``P_ij = step(y_i - y_j)``, both being there: 1 where document i is to stand above j."""

    verb = "pairs"

    def __init__(self, into: str) -> None:
        self.reads = ("y", "y.there")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        y, there = (arrays[read] for read in self.reads)
        pairs = arrays[self.writes[0]]
        above = np.empty(pairs.shape, bool)
        yield partial(np.greater, y[:, :, None], y[:, None, :], above)
        # where i is not there y_i is 0, which is above nothing
        yield partial(np.multiply, above, there[:, None, :], pairs)

    def equation(self, symbol: Symbols) -> Equation:
        y = symbol("y")
        above = difference(of_document(y, "i"), of_document(y, "j"))
        there = of_document(symbol("y.there"), "j")
        return Equation(
            of_document(symbol(self.writes[0]), "ij"), Product((there, Call("step", (above,))))
        )

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        query, i, j = at
        above = difference(entry("y", query, i), entry("y", query, j))
        return Product((entry("y.there", query, j), Call("step", (above,))))


class ScoreDifferencesOp(PassedOver):
    """``d_ij = s_i - s_j``: by how much document i stands above j."""

    verb = "differences"

    def __init__(self, output: str, into: str) -> None:
        self.reads = (output,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        scores = arrays[self.reads[0]][..., 0]
        apart = arrays[self.writes[0]]
        yield partial(np.subtract, scores[:, :, None], scores[:, None, :], apart)

    def equation(self, symbol: Symbols) -> Equation:
        score = symbol(self.reads[0])
        right = difference(of_document(score, "i"), of_document(score, "j"))
        return Equation(of_document(symbol(self.writes[0]), "ij"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        (output,), (query, i, j) = self.reads, at
        return difference(entry(output, query, i, 0), entry(output, query, j, 0))


class PairShareOp(PassedOver):
    """``w_ij = P_ij / sum(P)``: every pair of a query counts the same."""

    verb = "pair_weights"

    def __init__(self, pairs: str, into: str) -> None:
        self.reads = (pairs,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        pairs, weights = arrays[self.reads[0]], arrays[self.writes[0]]
        count = np.empty((len(pairs), 1, 1), pairs.dtype)
        yield partial(np.add.reduce, pairs, (1, 2), None, count, True)
        yield partial(np.maximum, count, np.ones_like(count), out=count)
        yield partial(np.divide, pairs, count, weights)

    def equation(self, symbol: Symbols) -> Equation:
        pairs = of_document(symbol(self.reads[0]), "ij")
        total = Call("sum", (symbol(self.reads[0]),))
        return Equation(of_document(symbol(self.writes[0]), "ij"), Quotient(pairs, total))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        count = float(entry.array(self.reads[0])[at[0]].sum())
        return Quotient(entry(self.reads[0], *at), Number(max(count, 1.0)))


class PairCostOp(PassedOver):
    """``c_ij = log(1 + exp(-sigma d_ij))``, and with it ``q_ij = 1 / (1 + exp(sigma d_ij))``.

    The slope of c is -sigma q, and q is the probability that the model gives to j standing above i.
    Computed from ``e = exp(-|sigma d|)``, which can not overflow: c is ``max(0, -sigma d) +
    log(1 + e)``, and q is ``e / (1 + e)`` or, where d is below 0, 1 less that.
    """

    verb = "pair_costs"

    def __init__(self, apart: str, sigma: float, cost: str, doubt: str) -> None:
        self.apart, self.sigma = apart, sigma
        self.reads = (apart,)
        self.writes = (cost, doubt)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        apart, cost, doubt = arrays[self.apart], *(arrays[name] for name in self.writes)
        wrong, small = np.empty(apart.shape, bool), np.empty_like(apart)
        zero = np.zeros((), apart.dtype)
        minus = constant(-self.sigma, apart.dtype, "sigma")
        yield partial(np.multiply, apart, minus, cost)
        yield partial(np.abs, cost, small)
        yield partial(np.negative, small, small)
        yield partial(np.exp, small, small)
        yield partial(np.greater, cost, zero, wrong)
        yield partial(np.maximum, cost, zero, out=cost)
        yield partial(np.add, small, np.ones((), apart.dtype), doubt)
        yield partial(np.divide, small, doubt, doubt)
        yield partial(np.log1p, small, small)
        yield partial(np.add, cost, small, cost)
        # |1 - q| or |0 - q|: NumPy is slow with masks that change from one element to the next
        yield partial(np.copyto, small, wrong)
        yield partial(np.subtract, small, doubt, doubt)
        yield partial(np.abs, doubt, doubt)

    def equation(self, symbol: Symbols) -> Equation:
        apart = of_document(symbol(self.apart), "ij")
        return Equation(of_document(symbol(self.writes[0]), "ij"), self._cost(apart))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        apart = entry(self.apart, *at)
        if name == self.writes[0]:
            return self._cost(apart)
        return Quotient(_ONE, Sum((_ONE, Call("exp", (self._scaled(apart),)))))

    def _cost(self, apart: Expr) -> Expr:
        scaled = self._scaled(apart)
        exponential = Call("exp", (Negative(scaled),))
        if not isinstance(apart, Entry) or abs(self.sigma * apart.number) <= 10:
            return Call("log", (Sum((_ONE, exponential)),))
        # far out the last digits are in log1p alone, and where exp is large, in its exponent
        if apart.number > 0:
            return Call("log1p", (exponential,))
        return Sum((Negative(scaled), Call("log1p", (Call("exp", (scaled,)),))))

    def _scaled(self, apart: Expr) -> Expr:
        return apart if self.sigma == 1 else Product((Number(self.sigma), apart))


class PairwiseLoss(SingleLoss):
    """``l_q = sum_ij w_ij c_ij``: a query's loss, the sum over its pairs.

    Its slope by the score of a document is the sum over the pairs in which that one is:
    ``sum_j lambda_ij - sum_j lambda_ji``.
    """

    verb = "query_losses"

    def __init__(self, output: str, weights: str, cost: str, push: str, into: str) -> None:
        self.output, self.weights, self.cost, self.push = output, weights, cost, push
        self.reads = (weights, cost)
        self.slope_reads = (push,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        weights, cost, each = (arrays[name] for name in (*self.reads, *self.writes))
        queries = len(each)
        row, column = weights.reshape(queries, 1, -1), cost.reshape(queries, -1, 1)
        yield partial(np.matmul, row, column, each.reshape(queries, 1, 1))

    def equation(self, symbol: Symbols) -> Equation:
        term = times(*(of_document(symbol(read), "ij") for read in self.reads))
        return Equation(symbol(self.writes[0]), Call("sum", (term,)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        pairs = places(entry.array(self.weights)[at])
        return added(Product(tuple(entry(read, *at, *p) for read in self.reads)) for p in pairs)

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        push = arrays[self.push]
        ones, down = np.ones(push.shape[1], push.dtype), np.empty(push.shape[:2], push.dtype)
        up = np.empty_like(down)
        yield partial(np.matmul, push, ones, up)
        yield partial(np.matmul, ones, push, down)
        yield partial(np.subtract, up, down, into[..., 0])

    def slope_formula(self, symbol: Symbols) -> Expr:
        push = symbol(self.push)
        sides = (Call("sum", (of_document(push, which),)) for which in ("ij", "ji"))
        return difference(*sides)

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        query, i, _ = at
        push = entry.array(self.push)[query]
        above = [entry(self.push, query, i, j) for j in np.flatnonzero(push[i]).tolist()]
        below = [entry(self.push, query, j, i) for j in np.flatnonzero(push[:, i]).tolist()]
        return added((*above, *map(Negative, below)))


class PairLambdaOp(PassedOver):
    """``lambda_ij = -sigma * w_ij * q_ij``: how hard a pair pushes i up and, with it, j down.

    C. Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", MSR-TR-2010-82, equations 3
    and 6.
    """

    verb = "lambdas"

    def __init__(self, weights: str, doubt: str, sigma: float, into: str) -> None:
        self.sigma = sigma
        self.reads = (weights, doubt)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        weights, doubt, push = (arrays[name] for name in (*self.reads, *self.writes))
        yield partial(np.multiply, weights, doubt, push)
        yield partial(np.multiply, push, constant(-self.sigma, push.dtype, "sigma"), push)

    def equation(self, symbol: Symbols) -> Equation:
        right = self._of(lambda read: of_document(symbol(read), "ij"))
        return Equation(of_document(symbol(self.writes[0]), "ij"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._of(lambda read: entry(read, *at))

    def _of(self, read: Read) -> Expr:
        sigma = () if self.sigma == 1 else (Number(self.sigma),)
        return Negative(Product((*sigma, *(read(name) for name in self.reads))))


class PairwiseTotal(Total):
    """The mean of the queries' losses, whose derivative begins with the lambdas of the pairs."""

    single: PairwiseLoss

    def __init__(self, total: Total, lambdas: PairLambdaOp) -> None:
        super().__init__(total.single, total.writes[0], total.reduction)
        self.lambdas = lambdas

    def backward(self, b: Builder) -> None:
        pairs = b.shape(self.single.weights)
        b.array(self.single.push, pairs, Symbol("lambda"))
        b.emit(self.lambdas)
        super().backward(b)
