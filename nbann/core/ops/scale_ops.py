"""The primitives of a factor and a shift for each feature: ``y = gamma * n + beta``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Product, Sum
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder

Place = tuple[int, ...]


class ScaleShiftOp(Primitive):
    """``y = gamma * n + beta``, a factor and a shift for each feature."""

    verb = "scale"

    def __init__(self, normalized: str, gamma: str, beta: str, into: str) -> None:
        self.normalized, self.gamma, self.beta = normalized, gamma, beta
        self.reads = (normalized, gamma, beta)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        out = arrays[self.writes[0]]
        yield partial(np.multiply, arrays[self.normalized], arrays[self.gamma], out)
        yield partial(np.add, out, arrays[self.beta], out)

    def equation(self, symbol: Symbols) -> Equation:
        scaled = Product((symbol(self.gamma), symbol(self.normalized)), "o")
        return Equation(symbol(self.writes[0]), Sum((scaled, symbol(self.beta))))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        scaled = Product((entry(self.gamma, at[-1]), entry(self.normalized, *at)))
        return Sum((scaled, entry(self.beta, at[-1])))

    def backward(self, b: Builder) -> None:
        dy = self.writes[0] + ".grad"
        b.emit(ScaleGradient(dy, self.normalized, b.gradient(self.gamma)))
        b.emit(ShiftGradient(dy, b.gradient(self.beta)))
        if b.needs_gradient(self.normalized):
            b.emit(ThroughScale(dy, self.gamma, b.gradient(self.normalized)))


class ScaleGradient(Primitive):
    """``dL/dgamma = sum of dL/dy * n over the samples``."""

    verb = "scale_gradient"

    def __init__(self, dy: str, normalized: str, into: str) -> None:
        self.reads = (dy, normalized)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        dy, n = (arrays[name] for name in self.reads)
        products = np.empty_like(n)
        axes = tuple(range(dy.ndim - 1))
        yield partial(np.multiply, dy, n, products)
        yield partial(np.add.reduce, products, axes, None, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        dy, n = self.reads
        products = Product((symbol(dy), symbol(n)), "o")
        return Equation(symbol(self.writes[0]), Call("sum", (products,)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        dy, n = self.reads
        rows = np.ndindex(*entry.shape(dy)[:-1])
        return Sum(tuple(Product((entry(dy, *r, *at), entry(n, *r, *at))) for r in rows))


class ShiftGradient(Primitive):
    """``dL/dbeta = sum of dL/dy over the samples``."""

    verb = "shift_gradient"

    def __init__(self, dy: str, into: str) -> None:
        self.reads = (dy,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        dy = arrays[self.reads[0]]
        axes = tuple(range(dy.ndim - 1))
        yield partial(np.add.reduce, dy, axes, None, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("sum", (symbol(self.reads[0]),)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        (dy,) = self.reads
        rows = np.ndindex(*entry.shape(dy)[:-1])
        return Sum(tuple(entry(dy, *r, *at) for r in rows))


class ThroughScale(Primitive):
    """``dL/dn = dL/dy * gamma``."""

    verb = "gradient"

    def __init__(self, dy: str, gamma: str, into: str) -> None:
        self.reads = (dy, gamma)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        dy, gamma = (arrays[name] for name in self.reads)
        yield partial(np.multiply, dy, gamma, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        dy, gamma = self.reads
        return Equation(symbol(self.writes[0]), Product((symbol(dy), symbol(gamma)), "o"))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        dy, gamma = self.reads
        return Product((entry(dy, *at), entry(gamma, at[-1])))
