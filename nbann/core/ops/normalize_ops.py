"""The primitives of normalization: mean, deviation, ``(x - mean) / deviation``, scale and shift.

One set for both kinds: over the samples for each feature (`BatchNorm`: all axes but the last) or
over the features of each sample (`LayerNorm`: the last axis). Where sequences have a mask the
time steps that are not there are normalized with the others, but not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Power, Product, Quotient, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .groups import Group, Kernels, Place

if TYPE_CHECKING:
    from ..builder import Builder


class _Statistic(Primitive):
    """A step on the way to `NormalizeOp`, which carries the gradient through all of them."""

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: `NormalizeOp` has the derivative of the whole."""


class CountOp(_Statistic):
    """``M = each * sum(m)``: how many elements of a feature are there, `each` to a time step."""

    verb = "count"

    def __init__(self, mask: str, each: int, into: str) -> None:
        self.mask, self.each = mask, each
        self.reads = (mask,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        count = arrays[self.writes[0]]
        yield partial(np.add.reduce, arrays[self.mask], None, None, count)
        if self.each > 1:
            yield partial(np.multiply, count, np.array(self.each, count.dtype), count)

    def _times(self, steps: Expr) -> Expr:
        return steps if self.each == 1 else Product((Number(self.each), steps))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._times(Call("sum", (symbol(self.mask),))))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        places = np.ndindex(*entry.shape(self.mask))
        return self._times(Sum(tuple(entry(self.mask, *place) for place in places)))


class MeanOp(_Statistic):
    """``mu = mean(x)`` of every group; of time steps with a mask ``mu = sum(m * x) / M``."""

    verb = "mean"

    def __init__(self, group: Group, x: str, into: str) -> None:
        self.group, self.x = group, x
        self.reads = (x, *group.reads)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return self.group.mean(arrays, arrays[self.x], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self.group.mean_formula(symbol(self.x), symbol))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        shape = entry.shape(self.x)
        return self.group.mean_number(entry, at, shape, lambda place: entry(self.x, *place))


class CenterOp(_Statistic):
    """``c = x - mu``."""

    verb = "center"

    def __init__(self, group: Group, x: str, mean: str, into: str) -> None:
        self.group, self.x, self.mean = group, x, mean
        self.reads = (x, mean)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.x], arrays[self.mean], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        difference = Sum((symbol(self.x), Negative(symbol(self.mean))))
        return Equation(symbol(self.writes[0]), difference)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        return Sum((entry(self.x, *at), Negative(entry(self.mean, *self.group.place(at)))))


class VarianceOp(_Statistic):
    """``v = mean(c**2)``: the biased variance; with a mask ``v = sum(m * c**2) / M``."""

    verb = "variance"

    def __init__(self, group: Group, centered: str, into: str) -> None:
        self.group, self.centered = group, centered
        self.reads = (centered, *group.reads)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        centered = arrays[self.centered]
        squares = np.empty_like(centered)
        yield partial(np.multiply, centered, centered, squares)
        yield from self.group.mean(arrays, squares, arrays[self.writes[0]], own=True)

    def equation(self, symbol: Symbols) -> Equation:
        squares = Power(symbol(self.centered), Number(2))
        return Equation(symbol(self.writes[0]), self.group.mean_formula(squares, symbol))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        def square(place: Place) -> Expr:
            return Power(entry(self.centered, *place), Number(2))

        return self.group.mean_number(entry, at, entry.shape(self.centered), square)


class DeviationOp(_Statistic):
    """``sigma = sqrt(v + epsilon)``."""

    verb = "deviation"

    def __init__(self, variance: str, epsilon: float, into: str) -> None:
        self.variance, self.epsilon = variance, epsilon
        self.reads = (variance,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        variance, deviation = arrays[self.variance], arrays[self.writes[0]]
        yield partial(np.add, variance, np.array(self.epsilon, variance.dtype), deviation)
        yield partial(np.sqrt, deviation, deviation)

    def _root(self, variance: Expr) -> Expr:
        return Call("sqrt", (Sum((variance, Number(self.epsilon))),))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._root(symbol(self.variance)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        return self._root(entry(self.variance, *at))


class NormalizeOp(Primitive):
    """``n = c / sigma``; its derivative is that of the whole of ``(x - mean(x)) / sigma(x)``."""

    verb = "normalize"

    def __init__(self, group: Group, x: str, centered: str, deviation: str, into: str) -> None:
        self.group, self.x = group, x
        self.centered, self.deviation = centered, deviation
        self.reads = (centered, deviation)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        centered, deviation = (arrays[name] for name in self.reads)
        yield partial(np.divide, centered, deviation, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        right = Quotient(symbol(self.centered), symbol(self.deviation))
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        deviation = entry(self.deviation, *self.group.place(at))
        return Quotient(entry(self.centered, *at), deviation)

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.x,)

    def backward(self, b: Builder) -> None:
        (n,) = self.writes
        b.emit(NormalizeGradient(self.group, n, self.deviation, b.gradient(self.x)))


class NormalizeGradient(Primitive):
    """``dL/dx = (g - mean(g) - n * mean(g * n)) / sigma``, g being dL/dn.

    Ioffe & Szegedy, "Batch Normalization", ICML 2015, section 3, taken together: the second and the
    third term are what flows through the mean and through the deviation. With a mask m of time
    steps they are ``m * sum(g) / M`` and ``m * n * sum(g * n) / M``: what is not there has no part
    in mean and deviation, but is normalized with them, so that its g is in both sums.
    """

    verb = "normalize_gradient"

    def __init__(self, group: Group, normalized: str, deviation: str, into: str) -> None:
        self.group = group
        self.dn, self.n, self.deviation = normalized + ".grad", normalized, deviation
        self.reads = (self.dn, normalized, deviation, *group.reads)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        dn, n, deviation = arrays[self.dn], arrays[self.n], arrays[self.deviation]
        dx = arrays[self.writes[0]]
        products = np.empty_like(n)
        mean, mean_product = np.empty_like(deviation), np.empty_like(deviation)
        yield from self.group.share(arrays, dn, mean)
        yield partial(np.multiply, dn, n, products)
        yield from self.group.share(arrays, products, mean_product)
        yield partial(np.multiply, n, mean_product, products)
        yield partial(np.add, products, mean, products)
        yield from self.group.clear(arrays, products)
        yield partial(np.subtract, dn, products, dx)
        yield partial(np.divide, dx, deviation, dx)

    def equation(self, symbol: Symbols) -> Equation:
        dn, n, deviation = symbol(self.dn), symbol(self.n), symbol(self.deviation)
        through_mean = self.group.share_formula(dn, symbol)
        through_deviation = self.group.share_formula(Product((dn, n), "o"), symbol, n)
        over = Sum((dn, Negative(through_mean), Negative(through_deviation)))
        return Equation(symbol(self.writes[0]), Quotient(over, deviation))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        place, shape = self.group.place(at), entry.shape(self.dn)
        deviation = entry(self.deviation, *place)
        if not self.group.counts(entry, at):
            return Quotient(entry(self.dn, *at), deviation)

        def product(of: Place) -> Expr:
            return Product((entry(self.dn, *of), entry(self.n, *of)))

        def gradient(of: Place) -> Expr:
            return entry(self.dn, *of)

        through_mean = self.group.share_number(entry, place, shape, gradient)
        share = self.group.share_number(entry, place, shape, product)
        through_deviation = Product((entry(self.n, *at), share))
        over = Sum((entry(self.dn, *at), Negative(through_mean), Negative(through_deviation)))
        return Quotient(over, deviation)


class RunningOp(_Statistic):
    """``r = (1 - momentum) * r + momentum * factor * s``: a running average of a statistic.

    Where a name `count` is given, the factor is that of the unbiased variance of as many numbers,
    ``M / max(M - 1, 1)``: 1 for a single one, which has no variance.
    """

    def __init__(
        self,
        verb: str,
        running: str,
        statistic: str,
        momentum: float,
        factor: float = 1.0,
        *,
        count: str | None = None,
    ) -> None:
        self.verb = verb
        self.running, self.statistic, self.count = running, statistic, count
        self.momentum, self.factor = momentum, factor
        self.reads = (running, statistic) if count is None else (running, statistic, count)
        self.writes = (running,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        running, statistic = arrays[self.running], arrays[self.statistic]
        share = np.empty_like(running)
        kept = np.array(1.0 - self.momentum, running.dtype)
        new = np.array(self.momentum * self.factor, running.dtype)
        yield partial(np.multiply, running, kept, running)
        yield partial(np.multiply, statistic, new, share)
        if self.count is not None:
            yield from _unbiased(arrays[self.count], share)
        yield partial(np.add, running, share, running)

    def _average(self, running: Expr, statistic: Expr, count: Expr | None) -> Expr:
        factors: list[Expr] = [Number(self.momentum)]
        if self.factor != 1:
            factors.append(Number(self.factor))
        if count is not None:
            less = Call("max", (Sum((count, Number(-1))), Number(1)))
            factors.append(Quotient(count, less))
        kept = Product((Number(1.0 - self.momentum), running))
        return Sum((kept, Product((*factors, statistic))))

    def equation(self, symbol: Symbols) -> Equation:
        running, statistic = symbol(self.running), symbol(self.statistic)
        count = None if self.count is None else symbol(self.count)
        return Equation(running, self._average(running, statistic, count))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        count = None if self.count is None else entry(self.count)
        return self._average(entry(self.running, *at), entry(self.statistic, *at), count)


def _unbiased(count: Floats, variance: Floats) -> Kernels:
    """Return kernels that multiply by ``M / max(M - 1, 1)`` in place."""
    factor, one = np.empty_like(count), np.ones_like(count)
    yield partial(np.subtract, count, one, factor)
    yield partial(np.maximum, factor, one, out=factor)
    yield partial(np.divide, count, factor, factor)
    yield partial(np.multiply, variance, factor, variance)
