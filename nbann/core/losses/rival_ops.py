"""The primitives of a loss against the strongest rival of the true class."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import prod

import numpy as np

from ..checks import constant
from ..expr import Call, Equation, Expr, Negative, Number, Product, Sum, Symbol
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .margin_ops import of_class, true_class
from .reduction_ops import PassedOver, SingleLoss, difference

_ZERO = Number(0.0)


class RivalOp(PassedOver):
    """``r_i = argmax_j z[i, j]``, over all classes or all but the true one; the first of equals."""

    verb = "rival"

    def __init__(self, z: str, into: str, *, all_classes: bool) -> None:
        self.z, self.all_classes = z, all_classes
        self.reads = (z,) if all_classes else (z, "y.onehot")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, rival = arrays[self.z], arrays[self.writes[0]]
        if self.all_classes:
            yield partial(np.argmax, z, -1, rival)
            return
        others, true = np.empty_like(z), np.empty(z.shape, bool)
        yield partial(np.copyto, others, z)
        yield partial(np.not_equal, arrays["y.onehot"], np.zeros_like(z), true)
        yield partial(np.copyto, others, -np.inf, "same_kind", true)
        yield partial(np.argmax, others, -1, rival)

    def equation(self, symbol: Symbols) -> Equation:
        z = symbol(self.z)
        others = z if self.all_classes else of_class(symbol(self.z), "others")
        return Equation(symbol(self.writes[0]), Call("argmax", (others,)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        true = None if self.all_classes else true_class(entry, at)
        lowest = Number(-np.inf)  # in place of the true class, so that the others keep their number
        classes = range(entry.shape(self.z)[-1])
        return Call(
            "argmax", tuple(lowest if j == true else entry(self.z, *at, j) for j in classes)
        )


class RivalLoss(SingleLoss):
    """``l_i = max(0, margin + z[i, r_i] - z[i, y_i])`` with r_i the strongest rival.

    Slope: 1 for the rival and -1 for the true class, where l > 0. Without a margin (None) the
    rival may be the true class itself, which leaves nothing; the slope is then not asked for l > 0.
    """

    verb = "hinge"

    def __init__(self, z: str, rival: str, margin: float | None, into: str) -> None:
        self.output, self.rival, self.margin = z, rival, margin
        self.verb = "perceptron" if margin is None else "hinge"
        self.reads = (z, rival, "y.onehot")
        self.slope_reads = (rival, "y.onehot") if margin is None else (rival, "y.onehot", into)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, onehot, each = arrays[self.output], arrays["y.onehot"], arrays[self.writes[0]]
        rows, k = prod(z.shape[:-1]), z.shape[-1]
        part, starts = np.empty_like(z, order="C"), np.arange(0, rows * k, k)
        place = np.empty(each.shape, np.intp)
        own = np.empty_like(each)
        yield partial(np.add, arrays[self.rival], starts.reshape(each.shape), place)
        yield partial(np.copyto, part, z)
        # "clip" spares NumPy a buffered copy; an argmax is never out of range
        yield partial(part.reshape(-1).take, place, None, each, "clip")
        yield partial(np.multiply, part, onehot, part)
        yield partial(np.add.reduce, part, -1, None, own)
        yield partial(np.subtract, each, own, each)
        if self.margin is not None:
            yield partial(np.add, each, constant(self.margin, each.dtype, "Hinge margin"), each)
            yield partial(np.maximum, each, np.zeros_like(each), out=each)

    def equation(self, symbol: Symbols) -> Equation:
        gap = (of_class(symbol(self.output), "r"), Negative(of_class(symbol(self.output), "y")))
        return Equation(symbol(self.writes[0]), self._of_gap(gap))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        rival = entry(self.output, *at, int(entry(self.rival, *at).number))
        own = entry(self.output, *at, true_class(entry, at))
        return self._of_gap((rival, Negative(own)))

    def _of_gap(self, gap: tuple[Expr, ...]) -> Expr:
        if self.margin is None:
            return Sum(gap)
        return Call("max", (_ZERO, Sum((Number(self.margin), *gap))))

    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        rival, onehot = arrays[self.rival], arrays["y.onehot"]
        chosen = np.empty(onehot.shape, bool)
        classes = np.arange(onehot.shape[-1])
        yield partial(np.equal, rival[..., None], classes, chosen)
        yield partial(np.subtract, chosen, onehot, into)
        if self.margin is not None:
            each = arrays[self.writes[0]]
            within = np.empty(each.shape, bool)
            yield partial(np.greater, each, np.zeros_like(each), within)
            yield partial(np.multiply, into, within[..., None], into)

    def slope_formula(self, symbol: Symbols) -> Expr:
        change = difference(Symbol("R"), symbol("y.onehot"))
        if self.margin is None:
            return change
        return Product((change, Call("step", (symbol(self.writes[0]),))), "o")

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        row, unit = at[:-1], at[-1]
        chosen = Number(float(int(entry(self.rival, *row).number) == unit))
        change = difference(chosen, entry("y.onehot", *at))
        if self.margin is None:
            return change
        return Product((change, Call("step", (entry(self.writes[0], *row),))))
