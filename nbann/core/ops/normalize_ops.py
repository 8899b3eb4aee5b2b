"""The primitives of normalization: mean, deviation, ``(x - mean) / deviation``, scale and shift.

One set for both kinds: over the samples for each feature (`BatchNorm`: all axes but the last) or
over the features of each sample (`LayerNorm`: the last axis).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Power, Product, Quotient, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder

Place = tuple[int, ...]


class Group:
    """Which elements are normalized together.

    Parameters
    ----------
    over_samples : bool
        All axes but the last (a group is a feature), or the last axis (a group is a sample).
    """

    def __init__(self, over_samples: bool) -> None:
        self.over_samples = over_samples

    def shape(self, shape: Place) -> Place:
        """Return the shape of a number for each group; it broadcasts against `shape`."""
        return shape[-1:] if self.over_samples else (*shape[:-1], 1)

    def size(self, shape: Place) -> int:
        """Return how many elements are in a group."""
        return int(np.prod(shape[:-1])) if self.over_samples else shape[-1]

    def place(self, at: Place) -> Place:
        """Return where the group of an element has its number."""
        return at[-1:] if self.over_samples else (*at[:-1], 0)

    def members(self, place: Place, shape: Place) -> Iterator[Place]:
        """Yield the places of the elements of the group whose number is at `place`."""
        if self.over_samples:
            yield from ((*rows, place[-1]) for rows in np.ndindex(*shape[:-1]))
        else:
            yield from ((*place[:-1], unit) for unit in range(shape[-1]))

    def mean(self, of: Floats, into: Floats) -> Iterable[Kernel]:
        """Return kernels that write the mean of every group."""
        axes = tuple(range(of.ndim - 1)) if self.over_samples else (of.ndim - 1,)
        keep = not self.over_samples
        yield partial(np.add.reduce, of, axes, None, into, keep)
        yield partial(np.multiply, into, np.array(1.0 / self.size(of.shape), of.dtype), into)


def _mean(terms: list[Expr]) -> Expr:
    return Quotient(Sum(tuple(terms)), Number(len(terms)))


class _Statistic(Primitive):
    """A step on the way to `NormalizeOp`, which carries the gradient through all of them."""

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: `NormalizeOp` has the derivative of the whole."""


class MeanOp(_Statistic):
    """``mu = mean(x)`` of every group."""

    verb = "mean"

    def __init__(self, group: Group, x: str, into: str) -> None:
        self.group, self.x = group, x
        self.reads = (x,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return self.group.mean(arrays[self.x], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("mean", (symbol(self.x),)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        places = self.group.members(at, entry.shape(self.x))
        return _mean([entry(self.x, *place) for place in places])


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
    """``v = mean(c**2)``: the biased variance."""

    verb = "variance"

    def __init__(self, group: Group, centered: str, into: str) -> None:
        self.group, self.centered = group, centered
        self.reads = (centered,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        centered = arrays[self.centered]
        squares = np.empty_like(centered)
        yield partial(np.multiply, centered, centered, squares)
        yield from self.group.mean(squares, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        squares = Power(symbol(self.centered), Number(2))
        return Equation(symbol(self.writes[0]), Call("mean", (squares,)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        places = self.group.members(at, entry.shape(self.centered))
        return _mean([Power(entry(self.centered, *place), Number(2)) for place in places])


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
    third term are what flows through the mean and through the deviation.
    """

    verb = "normalize_gradient"

    def __init__(self, group: Group, normalized: str, deviation: str, into: str) -> None:
        self.group = group
        self.reads = (normalized + ".grad", normalized, deviation)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        dn, n, deviation = (arrays[name] for name in self.reads)
        dx = arrays[self.writes[0]]
        products = np.empty_like(n)
        mean, mean_product = np.empty_like(deviation), np.empty_like(deviation)
        yield from self.group.mean(dn, mean)
        yield partial(np.multiply, dn, n, products)
        yield from self.group.mean(products, mean_product)
        yield partial(np.multiply, n, mean_product, products)
        yield partial(np.subtract, dn, mean, dx)
        yield partial(np.subtract, dx, products, dx)
        yield partial(np.divide, dx, deviation, dx)

    def equation(self, symbol: Symbols) -> Equation:
        dn, n, deviation = (symbol(name) for name in self.reads)
        through_mean = Call("mean", (dn,))
        through_deviation = Product((n, Call("mean", (Product((dn, n), "o"),))), "o")
        over = Sum((dn, Negative(through_mean), Negative(through_deviation)))
        return Equation(symbol(self.writes[0]), Quotient(over, deviation))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        dn, n, deviation = self.reads
        group = self.group.place(at)
        places = list(self.group.members(group, entry.shape(dn)))
        through_mean = _mean([entry(dn, *place) for place in places])
        products = _mean([Product((entry(dn, *place), entry(n, *place))) for place in places])
        through_deviation = Product((entry(n, *at), products))
        over = Sum((entry(dn, *at), Negative(through_mean), Negative(through_deviation)))
        return Quotient(over, entry(deviation, *group))


class RunningOp(_Statistic):
    """``r = (1 - momentum) * r + momentum * factor * s``: a running average of a statistic."""

    def __init__(
        self, verb: str, running: str, statistic: str, momentum: float, factor: float
    ) -> None:
        self.verb = verb
        self.momentum, self.factor = momentum, factor
        self.reads = (running, statistic)
        self.writes = (running,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        running, statistic = (arrays[name] for name in self.reads)
        share = np.empty_like(running)
        kept = np.array(1.0 - self.momentum, running.dtype)
        new = np.array(self.momentum * self.factor, running.dtype)
        yield partial(np.multiply, running, kept, running)
        yield partial(np.multiply, statistic, new, share)
        yield partial(np.add, running, share, running)

    def _average(self, running: Expr, statistic: Expr) -> Expr:
        factors = (Number(self.momentum), *([Number(self.factor)] if self.factor != 1 else []))
        kept = Product((Number(1.0 - self.momentum), running))
        return Sum((kept, Product((*factors, statistic))))

    def equation(self, symbol: Symbols) -> Equation:
        running, statistic = self.reads
        return Equation(symbol(running), self._average(symbol(running), symbol(statistic)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        running, statistic = self.reads
        return self._average(entry(running, *at), entry(statistic, *at))
