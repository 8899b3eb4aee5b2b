"""The primitives of losses that learn quantiles: how far each is off, the pinball loss."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum, Symbol
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import PassedOver, SingleLoss, difference, times

ONE = Number(1.0)


class QuantileErrorOp(PassedOver):
    """``e = a - y``: how far each quantile of a target is off; the columns go by targets."""

    verb = "error"

    def __init__(self, output: str, target: str, quantiles: int, into: str) -> None:
        self.quantiles = quantiles
        self.reads = (output, target)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        output, target = (arrays[name] for name in self.reads)
        shape = (*target.shape, self.quantiles)
        error = arrays[self.writes[0]].reshape(shape)
        yield partial(np.subtract, output.reshape(shape), target[..., None], error)

    def equation(self, symbol: Symbols) -> Equation:
        output, target = self.reads
        return Equation(symbol(self.writes[0]), difference(symbol(output), symbol(target)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        output, target = self.reads
        of = entry(target, *at[:-1], at[-1] // self.quantiles)
        return difference(entry(output, *at), of)


class PinballOp(SingleLoss):
    """``l = max(-q*e, (1 - q)*e)``, slope ``(1 - 2q + sign(e)) / 2``: -q, or 1 - q where e > 0.

    Where e = 0 the slope is the middle of both, one of the subgradients.
    """

    verb = "pinball"

    def __init__(self, output: str, error: str, quantiles: tuple[float, ...], into: str) -> None:
        self.output, self.error, self.quantiles = output, error, quantiles
        self.reads = self.slope_reads = (error,)
        self.writes = (into,)

    def _columns(self, like: Floats) -> Floats:
        """Return each column's quantile."""
        return np.resize(np.array(self.quantiles, like.dtype), like.shape[-1])

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, each = arrays[self.error], arrays[self.writes[0]]
        q = self._columns(each)
        over = np.empty_like(each)
        yield partial(np.multiply, error, 1 - q, over)
        yield partial(np.multiply, error, -q, each)
        yield partial(np.maximum, each, over, out=each)

    def _single(self, q: Expr, rest: Expr, error: Expr) -> Expr:
        return Call("max", (Negative(times(q, error)), times(rest, error)))

    def equation(self, symbol: Symbols) -> Equation:
        q = _q(self.quantiles)
        single = self._single(q, difference(ONE, q), symbol(self.error))
        return Equation(symbol(self.writes[0]), single)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        q = self.quantiles[at[-1] % len(self.quantiles)]
        return self._single(Number(q), Number(1 - q), entry(self.error, *at))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        q = self._columns(into)
        yield partial(np.sign, arrays[self.error], into)
        yield partial(np.add, into, 1 - 2 * q, into)
        yield partial(np.multiply, into, np.array(0.5, into.dtype), into)

    def _slope(self, q: Expr, error: Expr) -> Expr:
        sides = Sum((ONE, Negative(Product((Number(2), q))), Call("sign", (error,))))
        return Quotient(sides, Number(2))

    def slope_formula(self, symbol: Symbols) -> Expr:
        return self._slope(_q(self.quantiles), symbol(self.error))

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        q = self.quantiles[at[-1] % len(self.quantiles)]
        return self._slope(Number(q), entry(self.error, *at))


def _q(quantiles: tuple[float, ...]) -> Expr:
    """Return how quantiles are written in a formula over whole arrays: one as its number."""
    return Number(quantiles[0]) if len(quantiles) == 1 else Symbol("q")
