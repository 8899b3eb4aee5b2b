"""What every activation shares: a = f(z), its slope f'(z), and dL/dz = dL/da * f'(z).

The functions themselves are in `ops/activation_ops.py` and `ops/gate_ops.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Equation, Expr, Product, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder


class Elementwise(Primitive):
    """``a = f(z)``, element by element. Subclasses give f, its slope, and how both are written.

    `slope_reads` is "z" or "a": whichever the slope is cheaper and clearer to compute from.
    """

    slope_reads = "a"
    function: str

    def __init__(self, z: str, into: str) -> None:
        self.verb = self.function
        self.z = z
        self.reads = (z,)
        self.writes = (into,)

    @abstractmethod
    def apply(self, z: Expr) -> Expr:
        """Return f(z) as an expression, for one element."""

    @abstractmethod
    def slope(self, source: Expr) -> Expr:
        """Return f'(z) as an expression of z or a (see `slope_reads`)."""

    @abstractmethod
    def slope_kernels(self, source: Floats, slope: Floats) -> Iterable[Kernel]:
        """Return the kernels that write f'(z) into `slope`."""

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self.apply(symbol(self.z)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self.apply(entry(self.z, *at))

    def backward(self, b: Builder) -> None:
        (a,) = self.writes
        source = self.z if self.slope_reads == "z" else a
        name = a.removesuffix(".out")  # "relu1.slope", and of an array within a layer "<a>.slope"
        of = b.symbol(a)
        assert isinstance(of, Symbol)
        where = of.sub if a.endswith(".out") else f"{of.base},{of.sub}"
        slope = b.array(f"{name}.slope", b.shape(a), Symbol(f"{self.function}'", where))
        b.emit(Slope(self, source, slope))
        b.emit(TimesSlope(a + ".grad", slope, b.gradient(self.z)))


class Slope(Primitive):
    """The derivative of an activation at this batch's values."""

    verb = "slope"

    def __init__(self, of: Elementwise, source: str, into: str) -> None:
        self.of = of
        self.source = source
        self.reads = (source,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return self.of.slope_kernels(arrays[self.source], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self.of.slope(symbol(self.source)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self.of.slope(entry(self.source, *at))


class TimesSlope(Primitive):
    """``dL/dz = dL/da * f'(z)``: the chain rule through an activation."""

    verb = "gradient"

    def __init__(self, da: str, slope: str, into: str) -> None:
        self.reads = (da, slope)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        da, slope = self.reads
        yield partial(np.multiply, arrays[da], arrays[slope], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        da, slope = self.reads
        return Equation(symbol(self.writes[0]), Product((symbol(da), symbol(slope)), "o"))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Product(tuple(entry(read, *at) for read in self.reads))
