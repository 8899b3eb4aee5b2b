"""How much each single loss counts: the mean over all, or shares by weight.

With sample weights (a mask is one of 0 and 1) the loss is ``L = sum_i w_i l_i / sum_i w_i``: the
rule of scikit-learn's `sample_weight` and of PyTorch's class weights. Imports the core's own parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..expr import Call, Equation, Expr, Number, Product, Quotient, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder


@dataclass(frozen=True)
class Reduction:
    """How single losses make up the loss, and so the factor of each one's gradient.

    Attributes
    ----------
    under : int
        What their sum is divided by; 1 for a plain sum, and where there are shares.
    rows : int
        Samples (times time steps) in the batch: the n of formulas.
    share : str or None
        The array that they are multiplied by: a number for each row, or for each single loss.
    """

    under: int = 1
    rows: int = 1
    share: str | None = None

    @property
    def verb(self) -> str:
        """What the total is called."""
        kind = "sum" if self.under == 1 else "mean"
        return kind if self.share is None else "weighted_sum"

    def scale(self, arrays: Arrays, gradient: Floats) -> Iterable[Kernel]:
        """Return the kernel that turns slopes into the gradient, in place."""
        factor: NDArray[Any] = np.array(1.0 / self.under, gradient.dtype)
        if self.share is not None:
            factor = _spread(arrays[self.share], gradient.ndim)
        elif self.under == 1:
            return
        yield partial(np.multiply, gradient, factor, gradient)

    def formula(self, single: Expr, symbol: Symbols) -> Expr:
        """Return what stands for one single loss or slope, over whole arrays."""
        if self.share is not None:
            return Product((symbol(self.share), single), "o")
        if self.under == 1:
            return single
        each = self.under // self.rows
        n = Symbol("n")
        return Quotient(single, n if each == 1 else Product((Number(each), n), ""))

    def number(self, single: Expr, entry: Reader, at: tuple[int, ...]) -> Expr:
        """Return the same for one element, with its numbers."""
        if self.share is not None:
            return Product((entry(self.share, *at[: len(entry.shape(self.share))]), single))
        return single if self.under == 1 else Quotient(single, Number(self.under))


class WeightTotal(Primitive):
    """``w_total = sum_i w_i``: what all samples of the batch weigh together."""

    verb = "weight_total"

    def __init__(self, weight: str, into: str) -> None:
        self.weight = weight
        self.reads = (weight,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.add.reduce, arrays[self.weight], None, None, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("sum", (symbol(self.weight),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        places = np.ndindex(*entry.shape(self.weight))
        return Sum(tuple(entry(self.weight, *place) for place in places))


class Share(Primitive):
    """``s_i = w_i / (each * w_total)``: a single loss's share in the total; 0 where nothing weighs.

    `each` single losses belong to one weight: the outputs, where the loss is a mean over them.
    """

    verb = "share"

    def __init__(self, weight: str, total: str, each: int, into: str) -> None:
        self.weight, self.total, self.each = weight, total, each
        self.reads = (weight, total)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        weight, total, share = arrays[self.weight], arrays[self.total], arrays[self.writes[0]]
        some, factor = np.empty((), bool), np.empty((), share.dtype)
        # a batch that weighs nothing: 0 / tiny = 0, where 0 / 0 would be NaN
        tiny = np.array(np.finfo(share.dtype).tiny)
        yield partial(np.not_equal, total, np.zeros_like(total), some)
        yield partial(np.maximum, total, tiny, out=factor)
        yield partial(np.divide, some, factor, factor)
        yield partial(np.multiply, factor, np.array(1.0 / self.each, share.dtype), factor)
        yield partial(np.multiply, weight, factor, share)

    def equation(self, symbol: Symbols) -> Equation:
        total: Expr = symbol(self.total)
        if self.each > 1:
            total = Product((Number(self.each), total), "")
        return Equation(symbol(self.writes[0]), Quotient(symbol(self.weight), total))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        total = entry(self.total)
        if total.number == 0:
            return Number(0.0)
        under = total if self.each == 1 else Product((Number(self.each), total))
        return Quotient(entry(self.weight, *at), under)


def emit_reduction(b: Builder, output: str, *, each: int = 1, summed: bool = False) -> Reduction:
    """Say how the single losses of `output` are reduced; emit the shares if there is a "y.weight".

    Parameters
    ----------
    b : Builder
    output : str
        The array that the loss is of, (rows, outputs).
    each : int
        How many single losses a row's loss is the mean of.
    summed : bool
        Whether the loss is the sum of the single losses, not their mean.
    """
    weighted = b.has("y.weight")
    if summed:
        return Reduction(share="y.weight" if weighted else None)
    if not weighted:
        rows = prod(b.shape(output)[:-1])
        return Reduction(rows * each, rows)
    total = b.array("loss.weight_total", (), Symbol("w", "total"))
    b.emit(WeightTotal("y.weight", total))
    # class weights with smoothed labels: what a row counts is not what its class adds to the total
    weight = "y.factor" if b.has("y.factor") else "y.weight"
    share = b.array("loss.share", b.shape(weight), Symbol("s"))
    b.emit(Share(weight, total, each, share))
    return Reduction(share=share)


def _spread(share: NDArray[Any], axes: int) -> NDArray[Any]:
    """Return a view of shares with an axis of length 1 for each that they have not."""
    return share.reshape(share.shape + (1,) * (axes - share.ndim))
