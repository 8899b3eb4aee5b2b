"""The primitives of the losses of values: absolute, Huber's and Poisson's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..checks import constant
from ..expr import Call, Equation, Expr, Negative, Number, Quotient, Sum
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import ElementLoss, PassedOver, Read, difference, times

if TYPE_CHECKING:
    pass


class AbsoluteErrorOp(ElementLoss):
    """``l = |e|``, slope ``sign(e)``: 0 where e = 0."""

    verb = "absolute_error"

    def __init__(self, output: str, error: str, into: str) -> None:
        self.output, self.error = output, error
        self.reads = self.slope_reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.abs, arrays[self.error], arrays[self.writes[0]])

    def single(self, read: Read) -> Expr:
        return Call("abs", (read(self.error),))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.sign, arrays[self.error], into)

    def slope(self, read: Read) -> Expr:
        return Call("sign", (read(self.error),))


class ClipOp(PassedOver):
    """``c = max(-delta, min(e, delta))``: the error, cut off at delta."""

    verb = "clip"

    def __init__(self, error: str, delta: float, into: str) -> None:
        self.error, self.delta = error, delta
        self.reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, clipped = arrays[self.error], arrays[self.writes[0]]
        delta = constant(self.delta, clipped.dtype, "Huber delta")
        # arrays, not scalars: NumPy has no vectorized loop for maximum with a scalar
        yield partial(np.minimum, error, np.full_like(clipped, delta), out=clipped)
        yield partial(np.maximum, clipped, np.full_like(clipped, -delta), out=clipped)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._of(symbol(self.error)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._of(entry(self.error, *at))

    def _of(self, error: Expr) -> Expr:
        least = Call("min", (error, Number(self.delta)))
        return Call("max", (Number(-self.delta), least))


class HuberOp(ElementLoss):
    """``l = c * (e - c/2)``, slope ``c``, with c the error cut off at delta.

    That is ``e**2 / 2`` for ``|e| <= delta``, else ``delta * (|e| - delta/2)``, without a case.
    """

    verb = "huber"

    def __init__(self, output: str, error: str, clipped: str, into: str) -> None:
        self.output, self.error, self.clipped = output, error, clipped
        self.reads = (error, clipped)
        self.slope_reads = (clipped,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, clipped, each = arrays[self.error], arrays[self.clipped], arrays[self.writes[0]]
        yield partial(np.multiply, clipped, np.array(0.5, each.dtype), each)
        yield partial(np.subtract, error, each, each)
        yield partial(np.multiply, clipped, each, each)

    def single(self, read: Read) -> Expr:
        error, clipped = read(self.error), read(self.clipped)
        return times(clipped, difference(error, Quotient(clipped, Number(2))))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.copyto, into, arrays[self.clipped])

    def slope(self, read: Read) -> Expr:
        return read(self.clipped)


class MeanOfLogOp(PassedOver):
    """``m = exp(z)``: the mean that an output stands for as its logarithm."""

    verb = "exp"

    def __init__(self, z: str, into: str) -> None:
        self.z = z
        self.reads = (z,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.exp, arrays[self.z], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("exp", (symbol(self.z),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Call("exp", (entry(self.z, *at),))


class PoissonOp(ElementLoss):
    """``l = m - y + y * (log y - z)``, slope ``m - y``."""

    verb = "poisson"

    def __init__(self, z: str, mean: str, into: str) -> None:
        self.output, self.mean = z, mean
        self.reads = (z, mean, "y", "y.log")
        self.slope_reads = (mean, "y")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, mean, each = arrays[self.output], arrays[self.mean], arrays[self.writes[0]]
        y, part = arrays["y"], np.empty_like(each)
        yield partial(np.subtract, arrays["y.log"], z, each)
        yield partial(np.multiply, y, each, each)
        yield partial(np.subtract, mean, y, part)
        yield partial(np.add, part, each, each)

    def single(self, read: Read) -> Expr:
        z, mean, y, log_y = (read(name) for name in self.reads)
        return Sum((mean, Negative(y), times(y, difference(log_y, z))))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.mean], arrays["y"], into)

    def slope(self, read: Read) -> Expr:
        return difference(read(self.mean), read("y"))
