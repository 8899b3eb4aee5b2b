"""Activations that let a share of z through, a = z * g(z): GELU and SiLU.

The gate g is an array of its own, between 0 and 1, so that a learner sees how far each neuron is
open. The slope is the product rule, ``g + z * g'``, with the gate that is there already.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Power, Product, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .activation_ops import ONE, sigmoid, sigmoid_kernels
from .elementwise import TimesSlope
from .normal import cdf_kernels

if TYPE_CHECKING:
    from ..builder import Builder


class Gate(Primitive):
    """``g = g(z)``, in [0, 1]. Subclasses give g, its slope, and how both are written."""

    verb = "gate"

    def __init__(self, z: str, into: str) -> None:
        self.z = z
        self.reads = (z,)
        self.writes = (into,)

    @abstractmethod
    def apply(self, z: Expr) -> Expr:
        """Return g(z) as an expression, for one element."""

    @abstractmethod
    def slope(self, z: Expr, g: Expr) -> Expr:
        """Return g'(z) as an expression."""

    @abstractmethod
    def slope_kernels(self, z: Floats, g: Floats, slope: Floats) -> Iterable[Kernel]:
        """Return the kernels that write g'(z) into `slope`."""

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self.apply(symbol(self.z)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self.apply(entry(self.z, *at))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: the slope of the product ``z * g`` has the gate's in it."""


class SigmoidGate(Gate):
    """``g = 1 / (1 + exp(-z))``, slope ``g * (1 - g)``."""

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return sigmoid_kernels(arrays[self.z], arrays[self.writes[0]])

    def apply(self, z: Expr) -> Expr:
        return sigmoid(z)

    def slope(self, z: Expr, g: Expr) -> Expr:
        return Product((g, Sum((ONE, Negative(g)))))

    def slope_kernels(self, z: Floats, g: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(np.subtract, np.ones((), slope.dtype), g, slope)
        yield partial(np.multiply, slope, g, slope)


class NormalGate(Gate):
    """``g = Phi(z)``, the share of a standard normal variable below z; its slope is the density.

    ``Phi(z) = (1 + erf(z / sqrt(2))) / 2`` and ``phi(z) = exp(-z**2 / 2) / sqrt(2*pi)``.
    """

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return cdf_kernels(arrays[self.z], arrays[self.writes[0]])

    def apply(self, z: Expr) -> Expr:
        return Call("Phi", (z,))

    def slope(self, z: Expr, g: Expr) -> Expr:
        return Call("phi", (z,))

    def slope_kernels(self, z: Floats, g: Floats, slope: Floats) -> Iterable[Kernel]:
        yield partial(np.multiply, z, z, slope)
        yield partial(np.multiply, slope, np.array(-0.5, slope.dtype), slope)
        yield partial(np.exp, slope, slope)
        root = np.array(1 / math.sqrt(2 * math.pi), slope.dtype)
        yield partial(np.multiply, slope, root, slope)


class TanhGate(Gate):
    """``g = (1 + tanh(k*(z + c*z**3))) / 2``, close to Phi(z), k = sqrt(2/pi) and c = 0.044715.

    Its slope is ``2*k*(1 + 3*c*z**2) * g * (1 - g)``: g is the sigmoid of twice tanh's argument.
    """

    cubic = 0.044715
    rate = math.sqrt(2 / math.pi)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, g = arrays[self.z], arrays[self.writes[0]]
        one, half = np.ones((), g.dtype), np.array(0.5, g.dtype)
        yield partial(np.multiply, z, z, g)
        yield partial(np.multiply, g, np.array(self.cubic, g.dtype), g)
        yield partial(np.add, g, one, g)
        yield partial(np.multiply, g, z, g)
        yield partial(np.multiply, g, np.array(self.rate, g.dtype), g)
        yield partial(np.tanh, g, g)
        yield partial(np.add, g, one, g)
        yield partial(np.multiply, g, half, g)

    def apply(self, z: Expr) -> Expr:
        cube = Product((Number(self.cubic), Power(z, Number(3))))
        inner = Product((Number(self.rate), Sum((z, cube))))
        return Product((Number(0.5), Sum((ONE, Call("tanh", (inner,))))))

    def slope(self, z: Expr, g: Expr) -> Expr:
        square = Product((Number(3 * self.cubic), Power(z, Number(2))))
        steepness = Product((Number(2 * self.rate), Sum((ONE, square))))
        return Product((*steepness.factors, g, Sum((ONE, Negative(g)))))

    def slope_kernels(self, z: Floats, g: Floats, slope: Floats) -> Iterable[Kernel]:
        dtype = slope.dtype
        one, rest = np.ones((), dtype), np.empty_like(slope)
        yield partial(np.multiply, z, z, slope)
        yield partial(np.multiply, slope, np.array(3 * self.cubic, dtype), slope)
        yield partial(np.add, slope, one, slope)
        yield partial(np.multiply, slope, np.array(2 * self.rate, dtype), slope)
        yield partial(np.multiply, slope, g, slope)
        yield partial(np.subtract, one, g, rest)
        yield partial(np.multiply, slope, rest, slope)


class Gated(Primitive):
    """``a = z * g``: as much of z as the gate lets through."""

    def __init__(self, function: str, gate: Gate, into: str) -> None:
        self.verb = self.function = function
        self.gate = gate
        self.reads = (gate.z, gate.writes[0])
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, g = self.reads
        yield partial(np.multiply, arrays[z], arrays[g], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        product = Product(tuple(symbol(read) for read in self.reads), "o")
        return Equation(symbol(self.writes[0]), product)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Product(tuple(entry(read, *at) for read in self.reads))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.gate.z,)

    def backward(self, b: Builder) -> None:
        (a,) = self.writes
        name = a.removesuffix(".out")
        slope = b.array(f"{name}.slope", b.shape(a), Symbol(f"{self.function}'", name))
        b.emit(GatedSlope(self.gate, slope))
        b.emit(TimesSlope(a + ".grad", slope, b.gradient(self.gate.z)))


class GatedSlope(Primitive):
    """``g + z * g'``: the product rule for ``z * g``."""

    verb = "slope"

    def __init__(self, gate: Gate, into: str) -> None:
        self.gate = gate
        self.reads = (gate.z, gate.writes[0])
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, g = (arrays[read] for read in self.reads)
        slope = arrays[self.writes[0]]
        yield from self.gate.slope_kernels(z, g, slope)
        yield partial(np.multiply, slope, z, slope)
        yield partial(np.add, slope, g, slope)

    def _written(self, z: Expr, g: Expr) -> Expr:
        slope = self.gate.slope(z, g)
        factors = slope.factors if isinstance(slope, Product) else (slope,)
        return Sum((g, Product((z, *factors))))

    def equation(self, symbol: Symbols) -> Equation:
        z, g = (symbol(read) for read in self.reads)
        return Equation(symbol(self.writes[0]), self._written(z, g))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._written(*(entry(read, *at) for read in self.reads))
