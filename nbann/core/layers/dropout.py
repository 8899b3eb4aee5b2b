"""Dropout: neurons are silenced at random while training; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..checks import number_in
from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum, Symbol
from ..ops.elementwise import TimesSlope
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class Dropout(Layer):
    """``a = x * mask``: each element is silenced with probability `rate` in training.

    What stays is scaled by ``1 / (1 - rate)`` ("inverted" dropout), so that nothing has to be done
    when predicting. (Srivastava et al., "Dropout", JMLR 15, 2014, section 10; Hinton et al., 2012.)

    Parameters
    ----------
    rate : float
        Probability of being silenced, in [0, 1).
    name : str, optional

    Arrays
    ------
    ``<name>.draw`` uniform in [0, 1); ``<name>.mask``: 0, or 1/(1 - rate); ``<name>.out``: all as
    the input, in training only.
    """

    kind = "dropout"
    scaled = True
    """Whether what stays is made louder, so that the mean stays as it was."""

    def __init__(self, rate: float = 0.5, *, name: str | None = None) -> None:
        super().__init__(name)
        self.rate = number_in("rate", rate, least=0.0, below=1.0)

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"{type(self).__name__}({self.rate:g}{name})"

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        plan.stream(name)
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        if not b.training:
            return x
        shape = b.shape(x)
        draw = b.array(f"{name}.draw", shape, Symbol("u", name))
        b.emit(DrawOp(b.state.streams[name], draw))
        mask = b.array(f"{name}.mask", shape, Symbol("m", name))
        b.emit(KeepOp(draw, self.rate, mask, scaled=self.scaled))
        out = b.array(f"{name}.out", shape, Symbol("a", name))
        b.emit(DropOp(x, mask, out))
        return out


class DrawOp(Primitive):
    """``u ~ U(0, 1)``: a number for each element."""

    verb = "draw"

    def __init__(self, stream: np.random.Generator, into: str) -> None:
        self.stream = stream
        self.reads = ()
        self.writes = (into,)
        self._drawn: Floats = np.empty(0)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        self._drawn = arrays[self.writes[0]]
        yield partial(self.stream.random, None, self._drawn.dtype, self._drawn)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("random", ()))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Number(float(self._drawn[at]))

    def backward(self, b: Builder) -> None:
        """Nothing: what is drawn depends on nothing."""


class KeepOp(Primitive):
    """``m = [u < 1 - rate] / (1 - rate)``: who stays, and how much louder; or 1 for who stays."""

    verb = "mask"

    def __init__(self, draw: str, rate: float, into: str, *, scaled: bool = True) -> None:
        self.draw, self.kept, self.scaled = draw, 1.0 - rate, scaled
        self.reads = (draw,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        draw, mask = arrays[self.draw], arrays[self.writes[0]]
        stays = np.empty(draw.shape, bool)
        yield partial(np.less, draw, np.array(self.kept, draw.dtype), stays)
        louder = 1.0 / self.kept if self.scaled else 1.0
        yield partial(np.multiply, stays, np.array(louder, mask.dtype), mask)

    def _mask(self, draw: Expr) -> Expr:
        stays = Call("step", (Sum((Number(self.kept), Negative(draw))),))
        return Quotient(stays, Number(self.kept)) if self.scaled else stays

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._mask(symbol(self.draw)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._mask(entry(self.draw, *at))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: what is drawn does not depend on the weights."""


class DropOp(Primitive):
    """``a = x * m``, element by element."""

    verb = "drop"

    def __init__(self, x: str, mask: str, into: str) -> None:
        self.x, self.mask = x, mask
        self.reads = (x, mask)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.multiply, arrays[self.x], arrays[self.mask], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Product((symbol(self.x), symbol(self.mask)), "o"))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Product((entry(self.x, *at), entry(self.mask, *at)))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.x,)

    def backward(self, b: Builder) -> None:
        if b.needs_gradient(self.x):
            b.emit(TimesSlope(self.writes[0] + ".grad", self.mask, b.gradient(self.x)))
