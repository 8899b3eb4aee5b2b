"""The losses as scikit-learn's multi-layer perceptrons have them; the core and NumPy only.

They are nbann's, summed over a sample's outputs, but for one thing: scikit-learn keeps a
probability eps, the spacing of numbers, away from 0 and 1, so that an output costs no more than
``-log(eps)``: 36.04 in float64, 15.94 in float32 (`log_loss` and `binary_log_loss` in
`sklearn/neural_network/_base.py`). The gradient knows nothing of that, there as here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from nbann.core.expr import Call, Entry, Equation, Expr, Negative, Number, Sum, Symbol
from nbann.core.losses.class_losses import BinaryCrossEntropy, CrossEntropy
from nbann.core.losses.cross_entropy_ops import (
    CrossEntropyOp,
    ProbabilityOp,
    RowCrossEntropy,
    SoftmaxOp,
)
from nbann.core.losses.loss import Loss
from nbann.core.losses.reduction_ops import ElementLoss, Read, difference, emit_total, times
from nbann.core.losses.value_losses import HalfSquaredError, Poisson
from nbann.core.primitive import Primitive
from nbann.core.program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from nbann.core.builder import Builder


def loss_for(out_activation: str) -> Loss:
    """Return the loss of a net by what scikit-learn calls its output's activation."""
    if out_activation == "softmax":
        return CutOffCrossEntropy()
    if out_activation == "logistic":
        return CutOffBinaryCrossEntropy(outputs="sum")
    if out_activation == "exp":
        return Poisson(outputs="sum")
    return HalfSquaredError(outputs="sum")


class CutOffCrossEntropy(CrossEntropy):
    """`CrossEntropy` in which no sample costs more than ``-log(eps)``."""

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        p = b.array("loss.p", shape, Symbol("p"))
        log_p = b.array("loss.log_p", shape, Symbol("log p"))
        b.emit(SoftmaxOp(output, p, log_p))
        cut_off = b.array("loss.cut_off", shape, Symbol("c"))
        least, most = np.log(_between(b)).tolist()
        b.emit(CutOff(log_p, least, most, cut_off))
        row = RowCrossEntropy(output, p, cut_off, "y.onehot", "loss.each")
        if not b.has("y.weight"):
            b.emit(CrossEntropyOp(row, into, prod(shape[:-1])))
            return
        b.array("loss.each", shape[:-1], Symbol("l"))
        emit_total(b, row, into)


class CutOffBinaryCrossEntropy(BinaryCrossEntropy):
    """`BinaryCrossEntropy` in which no output costs more than ``-log(eps)``."""

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        p = b.array("loss.p", shape, Symbol("p"))
        b.emit(ProbabilityOp(output, p))
        cut_off = b.array("loss.cut_off", shape, Symbol("c"))
        b.emit(CutOff(p, *_between(b), cut_off))
        each = b.array("loss.each", shape, Symbol("l"))
        single = LogLoss(output, p, cut_off, each)
        emit_total(b, single, into, each=shape[-1] if self.outputs == "mean" else 1)


def _between(b: Builder) -> tuple[float, float]:
    eps = float(np.finfo(b.state.dtype).eps)
    return eps, 1 - eps


class CutOff(Primitive):
    """``c = min(max(x, least), most)``: a probability or its logarithm, kept off its limits."""

    verb = "cut_off"

    def __init__(self, x: str, least: float, most: float, into: str) -> None:
        self.least, self.most = least, most
        self.reads = (x,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        x, cut_off = arrays[self.reads[0]], arrays[self.writes[0]]
        # arrays, not scalars: NumPy has no vectorized loop for maximum with a scalar
        yield partial(np.maximum, x, np.full_like(cut_off, self.least), out=cut_off)
        yield partial(np.minimum, cut_off, np.full_like(cut_off, self.most), out=cut_off)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._of(symbol(self.reads[0])))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._of(entry(self.reads[0], *at))

    def _of(self, x: Expr) -> Expr:
        return Call("min", (Call("max", (x, Number(self.least))), Number(self.most)))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: the loss's rule carries the gradient through, as if nothing were cut off."""


class LogLoss(ElementLoss):
    """``l = -y*log(c) - (1 - y)*log(1 - c)``, slope ``p - y``: c is p, cut off."""

    verb = "log_loss"

    def __init__(self, z: str, p: str, cut_off: str, into: str) -> None:
        self.output, self.p, self.cut_off = z, p, cut_off
        self.reads = (cut_off, "y")
        self.slope_reads = (p, "y")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        c, y, each = arrays[self.cut_off], arrays["y"], arrays[self.writes[0]]
        # y is 0 or 1, so that one logarithm does: of |(1 - y) - c|, which is c or 1 - c
        yield partial(np.subtract, np.ones((), each.dtype), y, each)
        yield partial(np.subtract, each, c, each)
        yield partial(np.abs, each, each)
        yield partial(np.log, each, each)
        yield partial(np.negative, each, each)

    def single(self, read: Read) -> Expr:
        c, y = read(self.cut_off), read("y")
        if isinstance(y, Entry):
            return Negative(Call("log", (c if y.number == 1 else _rest(c),)))
        there = Negative(times(y, Call("log", (c,))))
        return Sum((there, Negative(times(_rest(y), Call("log", (_rest(c),))))))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.p], arrays["y"], into)

    def slope(self, read: Read) -> Expr:
        return difference(read(self.p), read("y"))


def _rest(x: Expr) -> Expr:
    return difference(Number(1.0), x)
