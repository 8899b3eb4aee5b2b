"""The primitives of a Boltzmann machine's chain: sampling, the way back, what is carried over.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Product, Sum, Transpose
from ..layers.dropout import DrawOp
from ..ops.activation_ops import SigmoidOp
from ..ops.affine import Affine
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols


class Upward(Affine):
    """``z = v @ W + c``: what the hidden units receive from the visible ones."""

    def __init__(self, visible: str, weight: str, bias: str, into: str, verb: str) -> None:
        super().__init__(visible, weight, bias, into)
        self.verb = verb


class Downward(Primitive):
    """``z = h @ W.T + b``: what the visible units receive from the hidden ones, by one weight."""

    def __init__(self, hidden: str, weight: str, bias: str, into: str, verb: str) -> None:
        self.hidden, self.weight, self.bias = hidden, weight, bias
        self.verb = verb
        self.reads = (hidden, weight, bias)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z = arrays[self.writes[0]]
        yield partial(arrays[self.hidden].dot, arrays[self.weight].T, z)
        yield partial(np.add, z, arrays[self.bias], z)

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((symbol(self.hidden), Transpose(symbol(self.weight))), "@")
        return Equation(symbol(self.writes[0]), Sum((product, symbol(self.bias))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        n, i = at
        units = range(entry.shape(self.weight)[1])
        terms: list[Expr] = [
            Product((entry(self.hidden, n, j), entry(self.weight, i, j))) for j in units
        ]
        return Sum((*terms, entry(self.bias, i)))


class Chance(SigmoidOp):
    """``p = 1 / (1 + exp(-z))``: how probable it is that a unit is on."""

    def __init__(self, z: str, into: str, verb: str) -> None:
        super().__init__(z, into)
        self.verb = verb


class Uniform(DrawOp):
    """``u ~ U(0, 1)``: a number for each unit, in float64 whatever the dtype of the machine."""

    def __init__(self, stream: np.random.Generator, into: str, verb: str) -> None:
        super().__init__(stream, into)
        self.verb = verb


class Sample(Primitive):
    """``s = [u < p]``: 1 with probability p, else 0."""

    def __init__(self, chance: str, draw: str, into: str, verb: str) -> None:
        self.chance, self.draw = chance, draw
        self.verb = verb
        self.reads = (chance, draw)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        chance, draw = arrays[self.chance], arrays[self.draw]
        on = np.empty(draw.shape, bool)
        yield partial(np.less, draw, chance, on)
        yield partial(np.copyto, arrays[self.writes[0]], on)

    def _on(self, chance: Expr, draw: Expr) -> Expr:
        return Call("step", (Sum((chance, Negative(draw))),))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._on(symbol(self.chance), symbol(self.draw)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._on(entry(self.chance, *at), entry(self.draw, *at))


class CarryOver(Primitive):
    """``chain = s``: where the chains stand, for the batch that comes next."""

    verb = "carry_over"

    def __init__(self, sample: str, chain: str) -> None:
        self.sample, self.chain = sample, chain
        self.reads = (sample, chain)  # state, which it replaces
        self.writes = (chain,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.copyto, arrays[self.chain], arrays[self.sample])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.chain), symbol(self.sample))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return entry(self.sample, *at)
