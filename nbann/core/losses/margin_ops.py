"""The primitives of the losses of margins: hinge and perceptron, with one output or a class each.

With one output the sign t = -1 or +1 of a sample's class is compared with it; with an output for
each class, the output of the true class with those of the others, its rivals.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..checks import constant
from ..expr import Call, Equation, Expr, Gradient, Negative, Number, Product, Sum, Symbol
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .reduction_ops import ElementLoss, Read, SingleLoss, difference, times

if TYPE_CHECKING:
    pass

_ZERO, _ONE = Number(0.0), Number(1.0)


class BinaryHingeOp(ElementLoss):
    """``l = max(0, margin - t*z)``, slope ``-t`` where l > 0, else 0."""

    verb = "hinge"

    def __init__(self, z: str, margin: float, into: str) -> None:
        self.output, self.margin = z, margin
        self.reads = (z, "y.sign")
        self.slope_reads = ("y.sign", into)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, sign, each = arrays[self.output], arrays["y.sign"], arrays[self.writes[0]]
        yield partial(np.multiply, sign, z, each)
        yield partial(np.subtract, constant(self.margin, each.dtype, "Hinge margin"), each, each)
        yield partial(np.maximum, each, np.zeros_like(each), out=each)

    def single(self, read: Read) -> Expr:
        gap = difference(Number(self.margin), times(read("y.sign"), read(self.output)))
        return Call("max", (_ZERO, gap))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        each = arrays[self.writes[0]]
        within = np.empty(each.shape, bool)
        yield partial(np.greater, each, np.zeros_like(each), within)
        yield partial(np.multiply, arrays["y.sign"], within, into)
        yield partial(np.negative, into, into)

    def slope(self, read: Read) -> Expr:
        return Negative(times(read("y.sign"), Call("step", (read(self.writes[0]),))))


class BinaryPerceptronOp(ElementLoss):
    """``l = max(0, -t*z)``, slope ``-t`` where t*z <= 0, else 0.

    At t*z = 0 a sample counts as wrong, so that a net of zeros learns.
    """

    verb = "perceptron"

    def __init__(self, z: str, into: str) -> None:
        self.output = z
        self.reads = self.slope_reads = (z, "y.sign")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, sign, each = arrays[self.output], arrays["y.sign"], arrays[self.writes[0]]
        yield partial(np.multiply, sign, z, each)
        yield partial(np.negative, each, each)
        yield partial(np.maximum, each, np.zeros_like(each), out=each)

    def single(self, read: Read) -> Expr:
        return Call("max", (_ZERO, Negative(times(read("y.sign"), read(self.output)))))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        z, sign = arrays[self.output], arrays["y.sign"]
        wrong = np.empty(z.shape, bool)
        yield partial(np.multiply, sign, z, into)
        yield partial(np.less_equal, into, np.zeros_like(into), wrong)
        yield partial(np.multiply, sign, wrong, into)
        yield partial(np.negative, into, into)

    def slope(self, read: Read) -> Expr:
        sign = read("y.sign")
        right = Call("step", (times(sign, read(self.output)),))
        return Negative(times(sign, difference(_ONE, right)))


class WestonWatkinsOp(SingleLoss):
    """``l[i, j] = max(0, margin + z[i, j] - z[i, y_i])`` for every rival j, 0 for j = y_i.

    Slope: 1 for each rival with l > 0; minus their number for the true class.
    """

    verb = "hinge"

    def __init__(self, z: str, margin: float, into: str) -> None:
        self.output, self.margin = z, margin
        self.reads = (z, "y.onehot")
        self.slope_reads = (into, "y.onehot")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, onehot, each = arrays[self.output], arrays["y.onehot"], arrays[self.writes[0]]
        own = np.empty((*z.shape[:-1], 1), each.dtype)
        rivals = np.empty_like(each)
        yield partial(np.multiply, z, onehot, rivals)
        yield partial(np.add.reduce, rivals, -1, None, own, True)
        yield partial(np.subtract, z, own, each)
        yield partial(np.add, each, constant(self.margin, each.dtype, "Hinge margin"), each)
        yield partial(np.maximum, each, np.zeros_like(each), out=each)
        yield partial(np.subtract, np.ones((), each.dtype), onehot, rivals)
        yield partial(np.multiply, each, rivals, each)

    def equation(self, symbol: Symbols) -> Equation:
        z = symbol(self.output)
        gap = Sum((Number(self.margin), z, Negative(of_class(z, "y"))))
        others = difference(_ONE, symbol("y.onehot"))
        right = Product((others, Call("max", (_ZERO, gap))), "o")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        true = true_class(entry, at[:-1])
        if at[-1] == true:
            return _ZERO
        own = entry(self.output, *at[:-1], true)
        gap = Sum((Number(self.margin), entry(self.output, *at), Negative(own)))
        return Call("max", (_ZERO, gap))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        each, onehot = arrays[self.writes[0]], arrays["y.onehot"]
        within = np.empty(each.shape, bool)
        count = np.empty((*each.shape[:-1], 1), into.dtype)
        own = np.empty_like(each)
        yield partial(np.greater, each, np.zeros_like(each), within)
        yield partial(np.add.reduce, within, -1, into.dtype, count, True)
        yield partial(np.multiply, onehot, count, own)
        yield partial(np.subtract, within, own, into)

    def slope_formula(self, symbol: Symbols) -> Expr:
        within = Call("step", (symbol(self.writes[0]),))
        return difference(within, Product((symbol("y.onehot"), Call("sum", (within,))), "o"))

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        row, each = at[:-1], self.writes[0]
        true = true_class(entry, row)
        if at[-1] != true:
            return Call("step", (entry(each, *at),))
        rivals = (j for j in range(entry.shape(each)[-1]) if j != true)
        return Sum(tuple(Negative(Call("step", (entry(each, *row, j),))) for j in rivals))


def true_class(entry: Reader, row: tuple[int, ...]) -> int:
    """Return the label of a row."""
    return int(np.argmax(entry.array("y.onehot")[row]))


def of_class(output: Symbol | Gradient, which: str) -> Symbol:
    """Return how the output for one class is written: "y" the true one, "r" the rival."""
    return Symbol((output.of if isinstance(output, Gradient) else output).base, which)
