"""The functions that activations apply to each element: sigmoid, tanh, ReLU and its kin.

Each says its kernels, and how itself and its slope are written; the chain rule through them is in
`ops/elementwise.py`. Slopes at a kink are those from the left, as PyTorch has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..checks import constant
from ..expr import Call, Expr, Negative, Number, Power, Product, Quotient, Sum
from ..primitive import Same
from ..program import Arrays, Floats, Kernel, Reader
from .elementwise import Elementwise

if TYPE_CHECKING:
    from ..builder import Builder

ZERO, ONE = Number(0.0), Number(1.0)


class IdentityOp(Elementwise):
    """``a = z``, slope 1: the gradient passes through as it is."""

    function = "identity"

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.copyto, arrays[self.writes[0]], arrays[self.z])

    def apply(self, z: Expr) -> Expr:
        return z

    def slope(self, source: Expr) -> Expr:
        return ONE

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(slope.fill, 1.0)

    def backward(self, b: Builder) -> None:
        b.emit(Same(self.writes[0] + ".grad", b.gradient(self.z), verb="gradient"))


class StepOp(Elementwise):
    """``a = 1`` where z > 0, else 0. Its slope is 0 wherever it has one; at the jump too, here."""

    function = "step"

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield from _step_kernels(arrays[self.z], arrays[self.writes[0]])

    def apply(self, z: Expr) -> Expr:
        return Call("step", (z,))

    def slope(self, source: Expr) -> Expr:
        return ZERO

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(slope.fill, 0.0)


class SigmoidOp(Elementwise):
    """``a = 1 / (1 + exp(-z))``, slope ``a * (1 - a)``."""

    function = "sigmoid"

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield from sigmoid_kernels(arrays[self.z], arrays[self.writes[0]])

    def apply(self, z: Expr) -> Expr:
        return sigmoid(z)

    def slope(self, source: Expr) -> Expr:
        return Product((source, Sum((ONE, Negative(source)))))

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, np.ones((), slope.dtype), source, slope)
        yield partial(np.multiply, source, slope, slope)


class TanhOp(Elementwise):
    """``a = tanh(z)``, slope ``1 - a**2``."""

    function = "tanh"

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.tanh, arrays[self.z], arrays[self.writes[0]])

    def apply(self, z: Expr) -> Expr:
        return Call("tanh", (z,))

    def slope(self, source: Expr) -> Expr:
        return Sum((ONE, Negative(Power(source, Number(2.0)))))

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(np.multiply, source, source, slope)
        yield partial(np.subtract, np.ones((), slope.dtype), slope, slope)


class ReLUOp(Elementwise):
    """``a = max(0, z)``, slope 1 where z > 0 and 0 elsewhere."""

    function = "relu"
    slope_reads = "z"

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, a = arrays[self.z], arrays[self.writes[0]]
        # an array of zeros, not a scalar: NumPy has no vectorized loop for maximum with a scalar
        yield partial(np.maximum, z, np.zeros_like(z), out=a)

    def apply(self, z: Expr) -> Expr:
        return Call("max", (ZERO, z))

    def slope(self, source: Expr) -> Expr:
        return Call("step", (source,))

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield from _step_kernels(source, slope)


class LeakyReLUOp(Elementwise):
    """``a = max(s*z, z)`` with 0 <= s < 1, slope 1 where z > 0 and s elsewhere."""

    function = "leaky_relu"
    slope_reads = "z"

    def __init__(self, z: str, into: str, negative_slope: float) -> None:
        super().__init__(z, into)
        self.negative_slope = negative_slope

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, a = arrays[self.z], arrays[self.writes[0]]
        factor = constant(self.negative_slope, a.dtype, "LeakyReLU negative_slope")
        yield partial(np.multiply, z, factor, a)
        yield partial(np.maximum, a, z, out=a)

    def apply(self, z: Expr) -> Expr:
        return Call("max", (Product((Number(self.negative_slope), z)), z))

    def slope(self, source: Expr) -> Expr:
        return Call("max", (Call("step", (source,)), Number(self.negative_slope)))

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield from _step_kernels(source, slope)
        yield partial(np.maximum, slope, np.full_like(slope, self.negative_slope), out=slope)


class ELUOp(Elementwise):
    """``a = max(0, z) + min(0, alpha*(exp(z) - 1))``; slope 1 where z > 0, else alpha*exp(z).

    With a `scale` both are multiplied with it.
    """

    function = "elu"
    slope_reads = "z"

    def __init__(self, z: str, into: str, alpha: float, scale: float = 1.0) -> None:
        super().__init__(z, into)
        self.alpha = alpha
        self.scale = scale

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, a = arrays[self.z], arrays[self.writes[0]]
        zeros, above = np.zeros_like(z), np.empty_like(a)
        yield partial(np.minimum, z, zeros, out=a)
        yield partial(np.expm1, a, a)  # exp(z) - 1 with all its digits where z is small
        yield from _times(self.alpha, a)
        yield partial(np.maximum, z, zeros, out=above)
        yield partial(np.add, a, above, a)
        yield from _times(self.scale, a)

    def apply(self, z: Expr) -> Expr:
        below = _scaled(self.alpha, Sum((Call("exp", (z,)), Negative(ONE))))
        return _scaled(self.scale, Sum((Call("max", (ZERO, z)), Call("min", (ZERO, below)))))

    def slope(self, source: Expr) -> Expr:
        falling: Expr = Call("exp", (Call("min", (ZERO, source)),))  # 1 where z > 0
        if self.alpha != 1:
            up = Call("step", (source,))
            below = Product((Sum((ONE, Negative(up))), Number(self.alpha), falling))
            falling = Sum((up, below))
        return _scaled(self.scale, falling)

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(np.minimum, source, np.zeros_like(source), out=slope)
        yield partial(np.exp, slope, slope)
        if self.alpha != 1:
            # masks (where=positive) would read better, but cost NumPy a guess at every element
            up, down = np.empty_like(slope), np.empty_like(slope)
            yield from _times(self.alpha, slope)
            yield from _step_kernels(source, up)
            yield partial(np.subtract, np.ones((), slope.dtype), up, down)
            yield partial(np.multiply, slope, down, slope)
            yield partial(np.add, slope, up, slope)
        yield from _times(self.scale, slope)


class SELUOp(ELUOp):
    """``a = scale * elu(z)``."""

    function = "selu"


class SoftplusOp(Elementwise):
    """``a = log(1 + exp(z))``, slope ``1 / (1 + exp(-z))``: the sigmoid."""

    function = "softplus"
    slope_reads = "z"

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        # max(0, z) + log(1 + exp(-|z|)): no z is too large, and no digit is lost where z is small.
        # NumPy's logaddexp does the same in one call, but has no vectorized loop: 14 times slower
        z, a = arrays[self.z], arrays[self.writes[0]]
        above = np.empty_like(a)
        yield partial(np.absolute, z, a)
        yield partial(np.negative, a, a)
        yield partial(np.exp, a, a)
        yield partial(np.log1p, a, a)
        yield partial(np.maximum, z, np.zeros_like(z), out=above)
        yield partial(np.add, a, above, a)

    def apply(self, z: Expr) -> Expr:
        return Call("log", (Sum((ONE, Call("exp", (z,)))),))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        z = entry(self.z, *at)
        if abs(z.number) < 20:
            return self.apply(z)
        # further out exp(z) overflows, or is lost beside the 1
        rest = Call("log1p", (Call("exp", (Negative(Call("abs", (z,))),)),))
        return Sum((Call("max", (ZERO, z)), rest))

    def slope(self, source: Expr) -> Expr:
        return sigmoid(source)

    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        yield from sigmoid_kernels(source, slope)


# ---- what several of them are made of -----------------------------------------------------------


def sigmoid(z: Expr) -> Expr:
    """Return ``1 / (1 + exp(-z))`` as an expression."""
    return Quotient(ONE, Sum((ONE, Call("exp", (Negative(z),)))))


def sigmoid_kernels(z: Floats, into: Floats) -> Iterable[Kernel]:
    """Return the kernels that write ``1 / (1 + exp(-z))``."""
    yield partial(np.negative, z, into)
    yield partial(np.exp, into, into)  # inf at z < -709, and 1/(1 + inf) is the right 0
    yield partial(np.add, into, np.ones((), into.dtype), into)
    yield partial(np.reciprocal, into, into)


def _step_kernels(z: Floats, into: Floats) -> Iterable[Kernel]:
    """Return the kernels that write 1 where z > 0 and 0 elsewhere."""
    positive = np.empty(into.shape, bool)
    yield partial(np.greater, z, np.zeros_like(z), positive)
    yield partial(into.__setitem__, ..., positive)


def _times(factor: float, into: Floats) -> Iterable[Kernel]:
    """Return the kernel that multiplies an array with a number, or none where that is 1."""
    if factor != 1:
        yield partial(np.multiply, into, constant(factor, into.dtype, "ELU alpha"), into)


def _scaled(factor: float, expression: Expr) -> Expr:
    return expression if factor == 1 else Product((Number(factor), expression))
