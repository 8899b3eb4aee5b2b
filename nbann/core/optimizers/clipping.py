"""What happens to a gradient before it is used: it is cut, shortened, or draws weights to 0.

Each way writes a vector of its own, so that what the loss gave is still there to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Power, Quotient, Sum
from ..losses.penalty import SPELLED_OUT
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols
from ..state import State
from .flat import OverVectors, Terms, flat_symbol

TINY = 1e-6
"""Keeps the factor of `ClipByNorm` finite where the gradient is 0; PyTorch's choice."""


class ClipByValue(OverVectors):
    """``g' = max(-c, min(c, g))``, element by element; PyTorch's `clip_grad_value_`."""

    verb = "clip_value"

    def __init__(self, state: State, source: str, into: str) -> None:
        super().__init__(state, into, (source,), ("clip_value",))
        self.source = source

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        high = self.state.hyper["clip_value"]
        low = np.empty_like(high)
        yield partial(np.negative, high, low)
        source, clipped = self.state.vector(self.source), self.state.vector(self.into)
        # np.clip, not two calls: NumPy's minimum of an array and a scalar is not vectorized
        yield partial(np.clip, source, low, high, clipped)

    def formula(self, of: Terms) -> Expr:
        limit = of.number("clip_value")
        return Call("max", (Negative(limit), Call("min", (limit, of.vector(self.source)))))


class GradientNorm(Primitive):
    """``||g|| = sqrt(sum of g**2)`` over all parameters together."""

    verb = "grad_norm"
    writes = ("grad_norm",)

    def __init__(self, state: State, source: str) -> None:
        self.state = state
        self.source = source
        self.reads = state.names(source)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        source, norm = self.state.vector(self.source), arrays["grad_norm"]
        square = np.empty_like(norm)  # in place, NumPy takes 10 times as long for one number
        yield partial(source.dot, source, square)
        yield partial(np.sqrt, square, norm)

    def equation(self, symbol: Symbols) -> Equation:
        squares = Call("sum", (Power(flat_symbol(self.source), Number(2.0)),))
        return Equation(symbol("grad_norm"), Call("sqrt", (squares,)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        squares: list[Expr]
        if self.state.size > SPELLED_OUT:
            arrays = (entry.array(name).astype(np.float64) for name in self.reads)
            squares = [Number(float((array**2).sum())) for array in arrays]
        else:
            squares = [
                Power(entry(name, *place), Number(2.0))
                for name in self.reads
                for place in np.ndindex(*entry.shape(name))
            ]
        return Call("sqrt", (Sum(tuple(squares)),))


class ClipByNorm(OverVectors):
    """``g' = min(1, c / (||g|| + 1e-6)) * g``: a gradient that is too long is shortened.

    Its direction stays. (Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural
    networks", ICML 2013, algorithm 1; with PyTorch's constant, as `clip_grad_norm_` has it.)
    """

    verb = "clip_norm"

    def __init__(self, state: State, source: str, into: str) -> None:
        super().__init__(state, into, (source,), ("grad_norm", "clip_norm"))
        self.source = source

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        norm, limit = arrays["grad_norm"], self.state.hyper["clip_norm"]
        tiny, one = np.full_like(norm, TINY), np.ones_like(norm)
        length, share, factor = (np.empty_like(norm) for _ in range(3))
        yield partial(np.add, norm, tiny, length)
        yield partial(np.divide, limit, length, share)
        yield partial(np.minimum, share, one, out=factor)
        source, clipped = self.state.vector(self.source), self.state.vector(self.into)
        yield partial(np.multiply, source, factor, clipped)

    def formula(self, of: Terms) -> Expr:
        length = Sum((of.number("grad_norm"), Number(TINY)))
        factor = Call("min", (Number(1.0), Quotient(of.number("clip_norm"), length)))
        return of.times(factor, of.vector(self.source))


class WeightDecay(OverVectors):
    """``d = g + lambda * theta``: each step draws every parameter towards 0.

    For plain SGD it is the gradient of ``lambda/2 * sum theta**2``. Unlike the trainer's `l2` it
    does not show in the loss, and takes the biases too, as PyTorch's `weight_decay` does. (Hanson &
    Pratt, "Comparing biases for minimal network construction with back-propagation", NIPS 1988.)
    """

    verb = "weight_decay"

    def __init__(self, state: State, source: str, into: str) -> None:
        super().__init__(state, into, (source, ""), ("weight_decay",))
        self.source = source

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        factor = self.state.hyper["weight_decay"]
        for source, theta, total, _ in self.blocks(self.source, "", self.into):
            yield partial(np.multiply, theta, factor, total)
            yield partial(np.add, source, total, total)

    def formula(self, of: Terms) -> Expr:
        decay = of.times(of.number("weight_decay"), of.vector(""))
        return Sum((of.vector(self.source), decay))
