"""The primitives of a blend, h = g * a + (1 - g) * b: a GRU's update, a mask over time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Equation, Expr, Negative, Number, Product, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder

_ONE = Number(1.0)


class Blend(Primitive):
    """``h = g * a + (1 - g) * b``: g says how much of a is in it, and what is left is b's."""

    def __init__(self, gate: str, a: str, b: str, into: str, verb: str) -> None:
        self.verb = verb
        self.gate, self.a, self.b = gate, a, b
        self.reads = (gate, a, b)
        self.writes = (into,)

    def share(self, arrays: Arrays) -> Floats:
        """Return g, in a shape that fits a and b."""
        return arrays[self.gate]

    def share_symbol(self, symbol: Symbols) -> Expr:
        """Return how g is written over whole arrays."""
        return symbol(self.gate)

    def share_entry(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        """Return the g of one element."""
        return entry(self.gate, *at)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        g, a, b, h = self.share(arrays), *(arrays[n] for n in (self.a, self.b, *self.writes))
        rest, scratch = np.empty_like(g), np.empty_like(h)
        yield partial(np.multiply, g, a, h)
        yield partial(np.subtract, np.ones((), g.dtype), g, rest)
        yield partial(np.multiply, rest, b, scratch)
        yield partial(np.add, h, scratch, h)

    def equation(self, symbol: Symbols) -> Equation:
        g = self.share_symbol(symbol)
        a, b = symbol(self.a), symbol(self.b)
        right = Sum((Product((g, a), "o"), Product((_rest(g), b), "o")))
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        g = self.share_entry(entry, at)
        return Sum((Product((g, entry(self.a, *at))), Product((_rest(g), entry(self.b, *at)))))

    def backward(self, b: Builder) -> None:
        for name in (self.a, self.b):
            if b.needs_gradient(name):
                b.emit(BlendGradient(self, name, b.gradient(name)))
        if self.gate in self.passes_back_to and b.needs_gradient(self.gate):
            b.emit(GateGradient(self, b.gradient(self.gate)))


def _rest(g: Expr) -> Expr:
    return Sum((_ONE, Negative(g)))


class BlendGradient(Primitive):
    """``dL/da = g * dL/dh`` and ``dL/db = (1 - g) * dL/dh``: each gets its share."""

    def __init__(self, of: Blend, to: str, into: str) -> None:
        self.verb = f"{of.verb}_gradient"
        self.of, self.whole = of, to == of.a
        self.dh = f"{of.writes[0]}.grad"
        self.reads = (of.gate, self.dh)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        g, dh, into = self.of.share(arrays), arrays[self.dh], arrays[self.writes[0]]
        if self.whole:
            yield partial(np.multiply, g, dh, into)
            return
        rest = np.empty_like(g)
        yield partial(np.subtract, np.ones((), g.dtype), g, rest)
        yield partial(np.multiply, rest, dh, into)

    def _share(self, g: Expr) -> Expr:
        return g if self.whole else _rest(g)

    def equation(self, symbol: Symbols) -> Equation:
        share = self._share(self.of.share_symbol(symbol))
        return Equation(symbol(self.writes[0]), Product((share, symbol(self.dh)), "o"))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Product((self._share(self.of.share_entry(entry, at)), entry(self.dh, *at)))


class GateGradient(Primitive):
    """``dL/dg = dL/dh * (a - b)``: opening the gate trades b for a."""

    def __init__(self, of: Blend, into: str) -> None:
        self.verb = f"{of.verb}_gate_gradient"
        self.reads = (f"{of.writes[0]}.grad", of.a, of.b)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        dh, a, b, into = (arrays[name] for name in (*self.reads, *self.writes))
        yield partial(np.subtract, a, b, into)
        yield partial(np.multiply, dh, into, into)

    def equation(self, symbol: Symbols) -> Equation:
        dh, a, b = (symbol(name) for name in self.reads)
        return Equation(symbol(self.writes[0]), Product((dh, Sum((a, Negative(b)))), "o"))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        dh, a, b = (entry(name, *at) for name in self.reads)
        return Product((dh, Sum((a, Negative(b)))))


class Carry(Blend):
    """``h_t = m * h' + (1 - m) * h_(t-1)``: where a time step is not there, the state stays.

    m is the step's column of the mask, 1 or 0 for each sample. The result is that of PyTorch's
    packed sequences, which leave such steps out.
    """

    def __init__(self, time: int, new: str, old: str, into: str, verb: str) -> None:
        super().__init__("x.mask", new, old, into, verb)
        self.time = time

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.a, self.b)

    def share(self, arrays: Arrays) -> Floats:
        return arrays[self.gate][:, self.time, None]

    def share_symbol(self, symbol: Symbols) -> Expr:
        return Symbol("m", str(self.time))

    def share_entry(self, entry: Reader, at: tuple[int, ...]) -> Expr:
        return entry(self.gate, at[0], self.time)
