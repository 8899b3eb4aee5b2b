"""The primitives of penalties on how active neurons are: L1, and the divergence from a target."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum
from ..losses.reduction_ops import ElementLoss, PassedOver, Read
from ..losses.weights import Reduction
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .affine import as_matrix, places

if TYPE_CHECKING:
    from ..builder import Builder

ONE = Number(1.0)


class ActivityL1(ElementLoss):
    """``l = l1 * |a|``, slope ``l1 * sign(a)``: 0 where a = 0."""

    verb = "activity"

    def __init__(self, a: str, l1: float, into: str) -> None:
        self.output, self.l1 = a, l1
        self.reads = self.slope_reads = (a,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        a, each = arrays[self.output], arrays[self.writes[0]]
        yield partial(np.abs, a, each)
        yield partial(np.multiply, each, np.array(self.l1, each.dtype), each)

    def single(self, read: Read) -> Expr:
        return Product((Number(self.l1), Call("abs", (read(self.output),))))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.sign, arrays[self.output], into)
        yield partial(np.multiply, into, np.array(self.l1, into.dtype), into)

    def slope(self, read: Read) -> Expr:
        return Product((Number(self.l1), Call("sign", (read(self.output),))))


class MeanActivity(PassedOver):
    """``rho_j = 1/n * sum_i a_ij``: how active each neuron is on average over the batch.

    It is kept off 0 and 1 by eps, the spacing of numbers: rounding may take a saturated neuron
    there, and one that is silenced is there; its divergence would be infinite.
    """

    verb = "mean_activity"

    def __init__(self, a: str, reduction: Reduction, into: str) -> None:
        self.a, self.reduction = a, reduction
        self.reads = (a,) if reduction.share is None else (a, reduction.share)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        before: list[Kernel] = []
        a, mean = as_matrix(arrays[self.a], before), arrays[self.writes[0]]
        yield from before
        share: Floats = np.full(len(a), 1.0 / self.reduction.under, a.dtype)
        if self.reduction.share is not None:
            share = arrays[self.reduction.share].reshape(-1)
        yield partial(share.dot, a, mean)
        self._eps = float(np.finfo(mean.dtype).eps)
        yield partial(np.minimum, mean, np.full_like(mean, 1 - self._eps), out=mean)
        yield partial(np.maximum, mean, np.full_like(mean, self._eps), out=mean)

    def _between(self, mean: Expr) -> Expr:
        least = Call("min", (mean, Number(1 - self._eps)))
        return Call("max", (least, Number(self._eps)))

    def equation(self, symbol: Symbols) -> Equation:
        mean = Call("mean", (symbol(self.a),))
        if self.reduction.share is not None:
            mean = Call("sum", (self.reduction.formula(symbol(self.a), symbol),))
        return Equation(symbol(self.writes[0]), self._between(mean))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        rows = list(places(entry.shape(self.a)))
        if self.reduction.share is None:
            total = Sum(tuple(entry(self.a, *row, *at) for row in rows))
            return self._between(Quotient(total, Number(self.reduction.under)))
        terms = (self.reduction.number(entry(self.a, *r, *at), entry, r) for r in rows)
        return self._between(Sum(tuple(terms)))


class Divergence(Primitive):
    """``L = kl * sum_j (t*log(t/rho_j) + (1 - t)*log((1 - t)/(1 - rho_j)))``, t the target.

    The rule of its derivative contains that of the mean: how active one sample makes a neuron
    counts through the mean over all samples of the batch.
    """

    verb = "divergence"

    def __init__(
        self, a: str, mean: str, reduction: Reduction, kl: float, target: float, into: str
    ) -> None:
        self.a, self.mean, self.reduction = a, mean, reduction
        self.kl, self.target = kl, target
        self.reads = (mean,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        mean, loss, t = arrays[self.mean], arrays[self.writes[0]], self.target
        logs, rest, total = np.empty_like(mean), np.empty_like(mean), np.empty_like(loss)
        yield partial(np.log, mean, logs)
        yield partial(np.multiply, logs, np.array(-t * self.kl, mean.dtype), logs)
        yield partial(np.negative, mean, rest)
        yield partial(np.log1p, rest, rest)
        yield partial(np.multiply, rest, np.array(-(1 - t) * self.kl, mean.dtype), rest)
        yield partial(np.add, logs, rest, logs)
        yield partial(np.add.reduce, logs, None, None, total)
        entropy = self.kl * mean.size * (t * math.log(t) + (1 - t) * math.log1p(-t))
        yield partial(np.add, total, np.array(entropy, loss.dtype), loss)

    def _single(self, mean: Expr) -> Expr:
        t, rest = Number(self.target), Number(1 - self.target)
        inactive = Sum((ONE, Negative(mean)))
        active = Product((t, Call("log", (Quotient(t, mean),))))
        return Sum((active, Product((rest, Call("log", (Quotient(rest, inactive),))))))

    def equation(self, symbol: Symbols) -> Equation:
        total = Call("sum", (self._single(symbol(self.mean)),))
        return Equation(symbol(self.writes[0]), Product((Number(self.kl), total)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        units = range(entry.shape(self.mean)[0])
        total = Sum(tuple(self._single(entry(self.mean, j)) for j in units))
        return Product((Number(self.kl), total))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.a,)

    def backward(self, b: Builder) -> None:
        b.emit(DivergenceGradient(self, b.gradient(self.a)))


class DivergenceGradient(Primitive):
    """``dL/da_ij = kl * ((1 - t)/(1 - rho_j) - t/rho_j) / n``: the same for each sample."""

    verb = "gradient"

    def __init__(self, of: Divergence, into: str) -> None:
        self.of = of
        share = of.reduction.share
        self.reads = (of.mean,) if share is None else (of.mean, share)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        of, gradient = self.of, arrays[self.writes[0]]
        mean = arrays[of.mean]
        slope, active = np.empty_like(mean), np.empty_like(mean)
        over = of.kl / of.reduction.under
        yield partial(np.subtract, np.ones_like(mean), mean, slope)
        yield partial(np.divide, np.array((1 - of.target) * over, mean.dtype), slope, slope)
        yield partial(np.divide, np.array(of.target * over, mean.dtype), mean, active)
        yield partial(np.subtract, slope, active, slope)
        if of.reduction.share is None:
            yield partial(np.copyto, gradient, slope)
        else:
            yield partial(np.multiply, arrays[of.reduction.share][..., None], slope, gradient)

    def _slope(self, mean: Expr) -> Expr:
        t, rest = Number(self.of.target), Number(1 - self.of.target)
        inactive = Quotient(rest, Sum((ONE, Negative(mean))))
        slope = Sum((inactive, Negative(Quotient(t, mean))))
        return Product((Number(self.of.kl), slope))

    def equation(self, symbol: Symbols) -> Equation:
        slope = self._slope(symbol(self.of.mean))
        return Equation(symbol(self.writes[0]), self.of.reduction.formula(slope, symbol))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self.of.reduction.number(self._slope(entry(self.of.mean, at[-1])), entry, at[:-1])
