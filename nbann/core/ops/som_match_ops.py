"""Which unit of a self-organizing map is nearest to a sample; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Number, Power, Quotient, Sum
from ..losses.reduction_ops import PassedOver, difference
from ..program import Arrays, Kernel, Reader, Symbols

Place = tuple[int, ...]
_TWO = Number(2.0)


class DifferenceOp(PassedOver):
    """``d_u = x - w_u``: how far a sample is from each unit, feature by feature."""

    verb = "difference"

    def __init__(self, x: str, weight: str, into: str) -> None:
        self.x, self.weight = x, weight
        self.reads = (x, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.x], arrays[self.weight], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        gap = difference(symbol(self.x), symbol(self.weight))
        return Equation(symbol(self.writes[0]), gap)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        return difference(entry(self.x, 0, at[1]), entry(self.weight, *at))


class SquaresOp(PassedOver):
    """``D_u = sum over features of d_u**2``, of the one sample that there is."""

    verb = "distances"

    def __init__(self, gap: str, into: str) -> None:
        self.gap = gap
        self.reads = (gap,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        gap = arrays[self.gap]
        yield partial(np.vecdot, gap, gap, arrays[self.writes[0]][0])

    def equation(self, symbol: Symbols) -> Equation:
        squares = Call("sum", (Power(symbol(self.gap), _TWO),))
        return Equation(symbol(self.writes[0]), squares)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        features = range(entry.shape(self.gap)[1])
        return Sum(tuple(Power(entry(self.gap, at[1], k), _TWO) for k in features))


class DistancesOp(PassedOver):
    """``D_iu = sum over features of (x_i - w_u)**2``, of many samples at once.

    Computed as ``x @ x - 2 * x @ w + w @ w`` about the mean of the units, where that loses least.
    """

    verb = "distances"

    def __init__(self, x: str, weight: str, into: str) -> None:
        self.x, self.weight = x, weight
        self.reads = (x, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        x, weight, squared = arrays[self.x], arrays[self.weight], arrays[self.writes[0]]
        center, own = np.empty(weight.shape[1], weight.dtype), np.empty_like(weight)
        of_units, of_samples = np.empty(len(weight), weight.dtype), np.empty(len(x), x.dtype)
        moved = np.empty_like(x)
        share = np.full(len(weight), 1.0 / len(weight), weight.dtype)
        minus_two = np.array(-2.0, weight.dtype)
        yield partial(share.dot, weight, center)
        yield partial(np.subtract, weight, center, own)
        yield partial(np.subtract, x, center, moved)
        yield partial(np.vecdot, own, own, of_units)
        yield partial(np.vecdot, moved, moved, of_samples)
        yield partial(np.multiply, own, minus_two, own)
        yield partial(moved.dot, own.T, squared)
        yield partial(np.add, squared, of_units, squared)
        yield partial(np.add, squared, of_samples[:, None], squared)
        yield partial(np.maximum, squared, np.zeros((), x.dtype), out=squared)

    def equation(self, symbol: Symbols) -> Equation:
        square = Power(difference(symbol(self.x), symbol(self.weight)), _TWO)
        return Equation(symbol(self.writes[0]), Call("sum", (square,)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        row, unit = at
        features = range(entry.shape(self.weight)[1])
        return Sum(
            tuple(
                Power(difference(entry(self.x, row, k), entry(self.weight, unit, k)), _TWO)
                for k in features
            )
        )


class WinnerOp(PassedOver):
    """``c_i = argmin_u D_iu``: the best-matching unit; the first of equals."""

    verb = "winner"

    def __init__(self, squared: str, into: str) -> None:
        self.squared = squared
        self.reads = (squared,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(arrays[self.squared].argmin, -1, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("argmin", (symbol(self.squared),)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        units = range(entry.shape(self.squared)[1])
        return Call("argmin", tuple(entry(self.squared, *at, u) for u in units))


class QuantizationOp(PassedOver):
    """``q = 1/n * sum_i sqrt(min_u D_iu)``: how far samples are from their units, in the mean."""

    verb = "quantization"

    def __init__(self, squared: str, into: str) -> None:
        self.squared = squared
        self.reads = (squared,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        squared, error = arrays[self.squared], arrays[self.writes[0]]
        if len(squared) == 1:
            least = np.empty((), squared.dtype)
            yield partial(np.minimum.reduce, squared[0], None, None, least)
            yield partial(np.sqrt, least, error)
            return
        nearest, total = np.empty(len(squared), squared.dtype), np.empty_like(error)
        yield partial(np.minimum.reduce, squared, -1, None, nearest)
        yield partial(np.sqrt, nearest, nearest)
        yield partial(np.add.reduce, nearest, None, None, total)
        yield partial(np.divide, total, np.array(float(len(squared)), error.dtype), error)

    def equation(self, symbol: Symbols) -> Equation:
        nearest = Call("sqrt", (Call("min", (symbol(self.squared),)),))
        return Equation(symbol(self.writes[0]), Call("mean", (nearest,)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        rows, units = entry.shape(self.squared)
        nearest = (
            Call("min", tuple(entry(self.squared, i, u) for u in range(units))) for i in range(rows)
        )
        total = Sum(tuple(Call("sqrt", (least,)) for least in nearest))
        return Quotient(total, Number(float(rows)))
