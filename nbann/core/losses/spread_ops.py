"""The primitives of losses that learn how far values spread: a normal's variance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Power, Product, Quotient, Sum, Symbol
from ..ops.join_ops import Split
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import PassedOver, Read, SingleLoss, difference, times

if TYPE_CHECKING:
    from ..builder import Builder

ONE = Number(1.0)
LOG_2PI = math.log(2 * math.pi)


class ReadParts(Split):
    """``(m, s) = z``: what the columns of the output stand for."""

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: the total's rule writes the gradient of the output in one step."""


class LogVarianceOp(PassedOver):
    """``v = log(exp(s) + eps)``: the logarithm of the variance, finite whatever s is."""

    verb = "log_variance"

    def __init__(self, s: str, eps: float, into: str) -> None:
        self.s, self.eps = s, eps
        self.reads = (s,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        log = arrays[self.writes[0]]
        least = np.array(math.log(self.eps), log.dtype)
        yield partial(np.logaddexp, arrays[self.s], least, log)

    def equation(self, symbol: Symbols) -> Equation:
        total = Sum((Call("exp", (symbol(self.s),)), Number(self.eps)))
        return Equation(symbol(self.writes[0]), Call("log", (total,)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        s, least = entry(self.s, *at), Number(math.log(self.eps))
        apart = Call("abs", (difference(s, least),))
        return Sum((Call("max", (s, least)), Call("log1p", (Call("exp", (Negative(apart),)),))))


class PrecisionOp(PassedOver):
    """``tau = exp(-v)``: one over the variance."""

    verb = "precision"

    def __init__(self, log: str, into: str) -> None:
        self.log = log
        self.reads = (log,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        precision = arrays[self.writes[0]]
        yield partial(np.negative, arrays[self.log], precision)
        yield partial(np.exp, precision, precision)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("exp", (Negative(symbol(self.log)),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Call("exp", (Negative(entry(self.log, *at)),))


class GaussianOp(SingleLoss):
    """``l = (v + e**2 * tau) / 2``; slopes ``e*tau`` and, of s, ``exp(s - v)*(1 - e**2 * tau)/2``.

    Parameters
    ----------
    output : str
        (..., 2k): k means, then k numbers s.
    s, log, precision, error : str
        (..., k): s, ``v = log(exp(s) + eps)``, ``tau = exp(-v)`` and ``e = m - y``.
    full : bool
        Add ``log(2 pi) / 2``.
    into : str
    """

    verb = "gaussian"

    def __init__(
        self,
        output: str,
        s: str,
        log: str,
        precision: str,
        error: str,
        *,
        full: bool,
        into: str,
    ) -> None:
        self.output, self.s, self.log = output, s, log
        self.precision, self.error = precision, error
        self.full = full
        self.reads = (log, precision, error)
        self.slope_reads = (error, precision, s, log)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, each = arrays[self.error], arrays[self.writes[0]]
        yield partial(np.multiply, error, error, each)
        yield partial(np.multiply, each, arrays[self.precision], each)
        yield partial(np.add, each, arrays[self.log], each)
        if self.full:
            yield partial(np.add, each, np.array(LOG_2PI, each.dtype), each)
        yield partial(np.multiply, each, np.array(0.5, each.dtype), each)

    def _single(self, read: Read) -> Expr:
        terms = [read(self.log), self._surprise(read)]
        if self.full:
            terms.append(Number(LOG_2PI))
        return Quotient(Sum(tuple(terms)), Number(2))

    def _surprise(self, read: Read) -> Expr:
        return times(Power(read(self.error), Number(2)), read(self.precision))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._single(symbol))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._single(lambda read: entry(read, *at))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        error = arrays[self.error]
        k = error.shape[-1]
        of_mean, of_s = into[..., :k], into[..., k:]
        share, rest = np.empty_like(error), np.empty_like(error)
        yield partial(np.multiply, error, arrays[self.precision], of_mean)
        yield partial(np.multiply, error, of_mean, rest)
        yield partial(np.subtract, np.ones_like(rest), rest, rest)
        yield partial(np.subtract, arrays[self.s], arrays[self.log], share)
        yield partial(np.exp, share, share)
        yield partial(np.multiply, share, np.array(0.5, share.dtype), share)
        yield partial(np.multiply, share, rest, of_s)

    def _slope_of_mean(self, read: Read) -> Expr:
        return times(read(self.error), read(self.precision))

    def _slope_of_s(self, read: Read) -> Expr:
        share = Call("exp", (difference(read(self.s), read(self.log)),))
        rest = difference(ONE, self._surprise(read))
        return Quotient(Product((share, rest), self._sign(read)), Number(2))

    def _sign(self, read: Read) -> str:
        return "o" if isinstance(read(self.s), Symbol) else "*"

    def slope_formula(self, symbol: Symbols) -> Expr:
        parts = (self._slope_of_mean(symbol), self._slope_of_s(symbol))
        return Call("concatenate", parts)

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        k = entry.shape(self.error)[-1]
        place = (*at[:-1], at[-1] % k)
        slope = self._slope_of_mean if at[-1] < k else self._slope_of_s
        return slope(lambda read: entry(read, *place))
