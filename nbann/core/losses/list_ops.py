"""The primitives of ListNet: a softmax over the documents of a query, and its cross-entropy.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .pair_ops import added
from .reduction_ops import PassedOver, SingleLoss, difference


class ListSoftmaxOp(PassedOver):
    """``p_i = exp(s_i) / sum_j exp(s_j)`` over the documents of a query, and its logarithm.

    The probability that a document comes first (Cao et al., ICML 2007, equation 5). Where there is
    no document, both are 0.
    """

    verb = "top_one"

    def __init__(self, output: str, p: str, log_p: str) -> None:
        self.output = output
        self.reads = (output, "y.there")
        self.writes = (p, log_p)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        there = arrays["y.there"]
        scores = arrays[self.output][..., 0]
        p, log_p = (arrays[name] for name in self.writes)
        absent, zeros = np.empty(there.shape, bool), np.zeros_like(there)
        top = np.empty((len(there), 1), there.dtype)
        yield partial(np.equal, there, zeros, absent)
        yield partial(np.copyto, log_p, scores)
        yield partial(np.copyto, log_p, -np.inf, "same_kind", absent)
        yield partial(np.maximum.reduce, log_p, 1, None, top, True)
        yield partial(np.subtract, log_p, top, log_p)
        yield partial(np.exp, log_p, p)
        yield partial(np.add.reduce, p, 1, None, top, True)
        yield partial(np.log, top, top)
        yield partial(np.subtract, log_p, top, log_p)
        yield partial(np.exp, log_p, p)
        yield partial(np.copyto, log_p, zeros, "same_kind", absent)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("softmax", (symbol(self.output),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        query, i = at
        if not entry.array("y.there")[at]:
            return Number(0.0)
        there = np.flatnonzero(entry.array("y.there")[query]).tolist()
        scores = {j: entry(self.output, query, j, 0) for j in there}
        top = max(score.number for score in scores.values())

        def shown(j: int) -> Expr:  # the textbook's form where exp can bear it, else the shifted
            return scores[j] if abs(top) < 20 else Sum((scores[j], Negative(Number(top))))

        total = Sum(tuple(Call("exp", (shown(j),)) for j in there))
        if name == self.writes[0]:
            return Quotient(Call("exp", (shown(i),)), total)
        return Sum((shown(i), Negative(Call("log", (total,)))))


class ListwiseLoss(SingleLoss):
    """``l_q = -sum_i t_i log p_i``, slope ``p_i - t_i``: t are the probabilities by relevance."""

    verb = "query_losses"

    def __init__(self, output: str, p: str, log_p: str, into: str) -> None:
        self.output, self.p, self.log_p = output, p, log_p
        self.reads = ("y.target", log_p)
        self.slope_reads = (p, "y.target")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        target, log_p, each = (arrays[name] for name in (*self.reads, *self.writes))
        part = np.empty_like(log_p)
        yield partial(np.multiply, target, log_p, part)
        yield partial(np.add.reduce, part, -1, None, each)
        yield partial(np.negative, each, each)

    def equation(self, symbol: Symbols) -> Equation:
        picked = Product(tuple(symbol(read) for read in self.reads), "o")
        return Equation(symbol(self.writes[0]), Negative(Call("sum", (picked,))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        there = np.flatnonzero(entry.array("y.target")[at]).tolist()
        terms = (Product(tuple(entry(read, *at, i) for read in self.reads)) for i in there)
        return Negative(added(terms))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.p], arrays["y.target"], into[..., 0])

    def slope_formula(self, symbol: Symbols) -> Expr:
        return difference(symbol(self.p), symbol("y.target"))

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        place = at[:-1]
        return difference(entry(self.p, *place), entry("y.target", *place))
