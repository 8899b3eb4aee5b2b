"""The primitives of squared errors: the error, its square, and their sum at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Number, Power, Product, Quotient, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import ElementLoss, PassedOver, Read, difference

if TYPE_CHECKING:
    from ..builder import Builder


class ErrorOp(PassedOver):
    """``e = a - y``: how far the output is off."""

    verb = "error"

    def __init__(self, output: str, target: str, into: str) -> None:
        self.reads = (output, target)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        output, target = self.reads
        yield partial(np.subtract, arrays[output], arrays[target], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        output, target = self.reads
        return Equation(symbol(self.writes[0]), difference(symbol(output), symbol(target)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        output, target = self.reads
        return difference(entry(output, *at), entry(target, *at))


class SquaredErrorOp(Primitive):
    """``L = sum(e**2) * over / under``: the sum of all at once, the usual case."""

    verb = "squared_error"

    def __init__(self, output: str, error: str, into: str, scale: tuple[float, float]) -> None:
        self.output, self.error = output, error
        self.over, self.under = scale
        self.reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        loss, error = arrays[self.writes[0]], arrays[self.error].reshape(-1)
        total = np.empty_like(loss)  # NumPy takes thrice as long for a single number in place
        yield partial(error.dot, error, total)
        yield partial(np.multiply, total, np.array(self.over / self.under, loss.dtype), loss)

    def _scaled(self, total: Expr) -> Expr:
        return total if self.under == 1 else Quotient(total, Number(self.under))

    def equation(self, symbol: Symbols) -> Equation:
        squares = Call("sum", (Power(symbol(self.error), Number(2)),))
        return Equation(symbol(self.writes[0]), self._scaled(squares))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        places = np.ndindex(*entry.shape(self.error))
        return self._scaled(
            Sum(tuple(Power(entry(self.error, *place), Number(2)) for place in places))
        )

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.output,)

    def backward(self, b: Builder) -> None:
        factor = 2.0 * self.over / self.under
        into = b.gradient(self.output, same_as=self.error if factor == 1 else None)
        b.emit(SquaredErrorGradient(self.error, factor, into))


class SquaredErrorGradient(Primitive):
    """``dL/da = e * factor``: the derivative of the squared error with respect to the output."""

    verb = "gradient"

    def __init__(self, error: str, factor: float, into: str) -> None:
        self.error, self.factor = error, factor
        self.reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, da = arrays[self.error], arrays[self.writes[0]]
        if da is error:
            return
        yield partial(np.multiply, error, np.array(self.factor, da.dtype), da)

    def _scaled(self, error: Expr) -> Expr:
        return error if self.factor == 1 else Product((Number(self.factor), error))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._scaled(symbol(self.error)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._scaled(entry(self.error, *at))


class SquareOp(ElementLoss):
    """``l = e**2``, slope ``2*e``; or half of both."""

    verb = "square"

    def __init__(self, output: str, error: str, into: str, *, half: bool) -> None:
        self.output, self.error, self.half = output, error, half
        self.reads = self.slope_reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, each = arrays[self.error], arrays[self.writes[0]]
        yield partial(np.multiply, error, error, each)
        if self.half:
            yield partial(np.multiply, each, np.array(0.5, each.dtype), each)

    def single(self, read: Read) -> Expr:
        square = Power(read(self.error), Number(2))
        return Quotient(square, Number(2)) if self.half else square

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        if self.half:
            yield partial(np.copyto, into, arrays[self.error])
        else:
            yield partial(np.multiply, arrays[self.error], np.array(2.0, into.dtype), into)

    def slope(self, read: Read) -> Expr:
        error = read(self.error)
        return error if self.half else Product((Number(2), error))
