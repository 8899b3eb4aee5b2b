"""The primitives of cross-entropy: from logits, through softmax or sigmoid, safe at any size."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Entry, Equation, Expr, Negative, Number, Product, Quotient, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import (
    ElementLoss,
    LossGradient,
    PassedOver,
    Read,
    SingleLoss,
    difference,
    times,
)
from .weights import Reduction

if TYPE_CHECKING:
    from ..builder import Builder

_ONE = Number(1.0)


class SoftmaxOp(PassedOver):
    """``p = softmax(z)``, ``log p = z - log(sum(exp(z)))``, with the row's maximum taken off."""

    verb = "softmax"

    def __init__(self, z: str, p: str, log_p: str) -> None:
        self.z = z
        self.reads = (z,)
        self.writes = (p, log_p)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, p, log_p = arrays[self.z], *(arrays[name] for name in self.writes)
        *rows, k = z.shape
        n = prod(rows)
        # Worked on transposed: with few classes, NumPy's loops then run along the many samples.
        columns = np.empty((k, n), z.dtype)
        by_row = np.moveaxis(columns.reshape(k, *rows), 0, -1)
        exps = np.empty_like(columns)
        top, total = np.empty(n, z.dtype), np.empty(n, z.dtype)
        yield partial(by_row.__setitem__, ..., z)
        yield partial(np.maximum.reduce, columns, 0, None, top)
        yield partial(np.subtract, columns, top, columns)
        yield partial(np.exp, columns, exps)
        yield partial(np.ones(k, z.dtype).dot, exps, total)
        yield partial(np.log, total, total)
        yield partial(np.subtract, columns, total, columns)
        yield partial(log_p.__setitem__, ..., by_row)
        yield partial(np.exp, log_p, p)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("softmax", (symbol(self.z),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        *row, unit = at
        logits = [entry(self.z, *row, k) for k in range(entry.shape(self.z)[-1])]
        top = max(logit.number for logit in logits)
        # show the textbook's form where exp can bear it, the shifted form where it can not
        shifted: list[Expr] = (
            list(logits) if abs(top) < 20 else [Sum((z, Negative(Number(top)))) for z in logits]
        )
        total = Sum(tuple(Call("exp", (z,)) for z in shifted))
        if name == self.writes[0]:
            return Quotient(Call("exp", (shifted[unit],)), total)
        return Sum((shifted[unit], Negative(Call("log", (total,)))))


class RowCrossEntropy(SingleLoss):
    """``l_i = -sum_c t[i, c] log p[i, c]``, slope ``p - t``: the rows of the target t add up to 1.

    With one-hot targets that is ``l_i = -log p[i, y_i]``.
    """

    verb = "cross_entropy"

    def __init__(self, z: str, p: str, log_p: str, target: str, into: str) -> None:
        self.output, self.p, self.log_p, self.target = z, p, log_p, target
        self.reads = (log_p, target)
        self.slope_reads = (p, target)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        log_p, target, each = arrays[self.log_p], arrays[self.target], arrays[self.writes[0]]
        picked = np.empty_like(log_p)
        yield partial(np.multiply, target, log_p, picked)
        yield partial(np.add.reduce, picked, -1, None, each)
        yield partial(np.negative, each, each)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Negative(self.picked(symbol)))

    def picked(self, symbol: Symbols) -> Expr:
        """Return the sum of what the targets pick of log p."""
        return Call("sum", (Product((symbol(self.target), symbol(self.log_p)), "o"),))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Negative(Sum(tuple(self.terms(entry, at))))

    def terms(self, entry: Reader, row: tuple[int, ...]) -> Iterable[Expr]:
        """Yield the terms of one row's sum: log p of the true class, or all with their shares."""
        for unit in np.flatnonzero(entry.array(self.target)[row]).tolist():
            target, log_p = entry(self.target, *row, unit), entry(self.log_p, *row, unit)
            yield log_p if target.number == 1 else Product((target, log_p))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.p], arrays[self.target], into)

    def slope_formula(self, symbol: Symbols) -> Expr:
        return difference(symbol(self.p), symbol(self.target))

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        return difference(entry(self.p, *at), entry(self.target, *at))


class CrossEntropyOp(Primitive):
    """``L = -1/n * sum_i log p[i, y_i]``: the mean over rows at once, the usual case."""

    verb = "cross_entropy"

    def __init__(self, row: RowCrossEntropy, into: str, rows: int) -> None:
        self.row = row
        self.reduction = Reduction(rows, rows)
        self.reads = row.reads
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        loss, log_p = arrays[self.writes[0]], arrays[self.row.log_p]
        target = arrays[self.row.target]
        # the product with one-hot rows picks log p of the true class of every row in one call
        total = np.empty_like(loss)  # NumPy takes thrice as long for a single number in place
        yield partial(log_p.reshape(-1).dot, target.reshape(-1), total)
        yield partial(np.multiply, total, np.array(-1.0 / self.reduction.rows, loss.dtype), loss)

    def equation(self, symbol: Symbols) -> Equation:
        mean = self.reduction.formula(self.row.picked(symbol), symbol)
        return Equation(symbol(self.writes[0]), Negative(mean))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        places = np.ndindex(*entry.shape(self.row.log_p)[:-1])
        picked = tuple(term for place in places for term in self.row.terms(entry, place))
        return Negative(Quotient(Sum(picked), Number(self.reduction.under)))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.row.output,)

    def backward(self, b: Builder) -> None:
        b.emit(LossGradient(self.row, b.gradient(self.row.output), self.reduction))


class ProbabilityOp(PassedOver):
    """``p = 1 / (1 + exp(-z))``: the probability of class 1, of every output by itself."""

    verb = "sigmoid"

    def __init__(self, z: str, into: str) -> None:
        self.z = z
        self.reads = (z,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, p = arrays[self.z], arrays[self.writes[0]]
        yield partial(np.negative, z, p)
        yield partial(np.exp, p, p)  # overflows to inf at z < -709, and 1/(1 + inf) is the right 0
        yield partial(np.add, p, np.ones((), p.dtype), p)
        yield partial(np.reciprocal, p, p)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._of(symbol(self.z)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._of(entry(self.z, *at))

    def _of(self, z: Expr) -> Expr:
        return Quotient(_ONE, Sum((_ONE, Call("exp", (Negative(z),)))))


class BinaryCrossEntropyOp(ElementLoss):
    """``l = max(0, z) - z*t + log(1 + exp(-|z|))``, slope ``p - t``.

    That is ``-t*log(p) - (1 - t)*log(1 - p)``, in the form whose exp can not overflow.
    """

    verb = "binary_cross_entropy"

    def __init__(self, z: str, p: str, target: str, into: str) -> None:
        self.output, self.p, self.target = z, p, target
        self.reads = (z, target)
        self.slope_reads = (p, target)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, target, each = arrays[self.output], arrays[self.target], arrays[self.writes[0]]
        part = np.empty_like(each)
        yield partial(np.maximum, z, np.zeros_like(each), out=each)
        yield partial(np.multiply, z, target, part)
        yield partial(np.subtract, each, part, each)
        yield partial(np.abs, z, part)
        yield partial(np.negative, part, part)
        yield partial(np.exp, part, part)
        yield partial(np.log1p, part, part)
        yield partial(np.add, each, part, each)

    def single(self, read: Read) -> Expr:
        z, target = read(self.output), read(self.target)
        shrunk = Call("exp", (Negative(Call("abs", (z,))),))
        # far out, 1 + exp(-|z|) rounds to 1 and the last digits are in log1p alone
        far = isinstance(z, Entry) and abs(z.number) > 10
        rest = Call("log1p", (shrunk,)) if far else Call("log", (Sum((_ONE, shrunk)),))
        positive = Call("max", (Number(0.0), z))
        return Sum((positive, Negative(times(z, target)), rest))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.p], arrays[self.target], into)

    def slope(self, read: Read) -> Expr:
        return difference(read(self.p), read(self.target))
