"""What the primitives of the losses share: single losses, how much each counts, their total.

A loss is computed in two strides: the loss of each sample (or of each of its outputs) by itself,
and one number for the batch: their mean, or with weights ``L = sum_i w_i l_i / sum_i w_i``. The
gradient is the slope of the single loss times the same factor. Imports the core's own parts only.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Gradient, Negative, Product, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .weights import Reduction, emit_reduction

if TYPE_CHECKING:
    from ..builder import Builder

Read = Callable[[str], Expr]
"""Gives an array's symbol, or one of its elements, so that one formula serves for both."""


class PassedOver(Primitive):
    """An op whose derivative the total's rule contains, which carries the gradient past it."""

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: the total's rule writes the gradient of the output in one step."""


class SingleLoss(PassedOver):
    """The losses of samples (or of their outputs) one by one, and the slope of each.

    Attributes
    ----------
    output : str
        The array that the gradient goes to.
    slope_reads : tuple of str
        What the slope is computed from.
    """

    output: str
    slope_reads: tuple[str, ...]

    @abstractmethod
    def slope_kernels(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        """Return the kernels that write d (single loss) / d output into `into`."""

    @abstractmethod
    def slope_formula(self, symbol: Symbols) -> Expr:
        """Return the slope over whole arrays."""

    @abstractmethod
    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        """Return the slope of one element."""


class ElementLoss(SingleLoss):
    """A loss of every output by itself: element by element."""

    @abstractmethod
    def single(self, read: Read) -> Expr:
        """Return the loss of one output."""

    @abstractmethod
    def slope(self, read: Read) -> Expr:
        """Return its derivative with respect to the output."""

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self.single(symbol))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self.single(lambda read: entry(read, *at))

    def slope_formula(self, symbol: Symbols) -> Expr:
        return self.slope(symbol)

    def slope_element(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        return self.slope(lambda read: entry(read, *at))


class Total(Primitive):
    """``L = 1/n * sum_i l_i``, or with shares ``L = sum_i s_i l_i``."""

    def __init__(self, single: SingleLoss, into: str, reduction: Reduction) -> None:
        self.single, self.reduction = single, reduction
        (self.each,) = single.writes
        self.verb = reduction.verb
        share = () if reduction.share is None else (reduction.share,)
        self.reads = (self.each, *share)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        each, loss = arrays[self.each], arrays[self.writes[0]]
        if self.reduction.share is None:
            mean = self.reduction.under != 1
            total = np.empty_like(loss) if mean else loss  # single numbers are slow in place
            yield partial(np.add.reduce, each, None, None, total)
            if mean:
                factor = np.array(1.0 / self.reduction.under, loss.dtype)
                yield partial(np.multiply, total, factor, loss)
            return
        share = arrays[self.reduction.share].reshape(-1)
        if share.size == each.size:
            yield partial(share.dot, each.reshape(-1), loss)
            return
        columns = np.empty(each.shape[-1], each.dtype)
        yield partial(share.dot, each.reshape(share.size, -1), columns)
        yield partial(np.add.reduce, columns, None, None, loss)

    def equation(self, symbol: Symbols) -> Equation:
        each = symbol(self.each)
        if self.reduction.share is not None:
            total: Expr = Call("sum", (self.reduction.formula(each, symbol),))
        else:
            total = self.reduction.formula(Call("sum", (each,)), symbol)
        return Equation(symbol(self.writes[0]), total)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        places = list(np.ndindex(*entry.shape(self.each)))
        single = [entry(self.each, *place) for place in places]
        if self.reduction.share is None:
            return self.reduction.number(Sum(tuple(single)), entry, at)
        pairs = zip(single, places, strict=True)
        return Sum(tuple(self.reduction.number(loss, entry, place) for loss, place in pairs))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.single.output,)

    def backward(self, b: Builder) -> None:
        b.emit(LossGradient(self.single, b.gradient(self.single.output), self.reduction))


class LossGradient(Primitive):
    """``dL/dz = l'(z) / n`` or ``s * l'(z)``: the slope of the single loss by what it counts."""

    verb = "gradient"

    def __init__(self, single: SingleLoss, into: str, reduction: Reduction) -> None:
        self.single, self.reduction = single, reduction
        share = () if reduction.share is None else (reduction.share,)
        self.reads = (*single.slope_reads, *share)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        gradient = arrays[self.writes[0]]
        yield from self.single.slope_kernels(arrays, gradient)
        yield from self.reduction.scale(arrays, gradient)

    def equation(self, symbol: Symbols) -> Equation:
        slope = self.single.slope_formula(symbol)
        return Equation(symbol(self.writes[0]), self.reduction.formula(slope, symbol))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self.reduction.number(self.single.slope_element(entry, at), entry, at)


def emit_total(
    b: Builder, single: SingleLoss, into: str, *, each: int = 1, summed: bool = False
) -> None:
    """Emit single losses and their total; see `emit_reduction`."""
    b.emit(single)
    b.emit(Total(single, into, emit_reduction(b, single.output, each=each, summed=summed)))


def difference(a: Expr, b: Expr) -> Sum:
    """Return ``a - b``."""
    return Sum((a, Negative(b)))


def times(a: Expr, b: Expr) -> Product:
    """Return ``a * b``, element by element where they stand for whole arrays."""
    whole = any(isinstance(factor, Symbol | Gradient) for factor in (a, b))
    return Product((a, b), "o" if whole else "*")
