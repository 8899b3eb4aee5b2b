"""L1 and L2: what large weights cost, over the flat vector; imports the core's own parts only.

The loss grows by ``l1 * sum|W| + l2/2 * sum W**2`` over the weights (not the biases), the gradient by
``l1 * sign(W) + l2 * W`` (Goodfellow, Bengio & Courville, Deep Learning, 2016, section 7.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .expr import Call, Equation, Expr, Number, Power, Product, Quotient, Sum, Symbol
from .primitive import Primitive
from .program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from .builder import Builder
    from .state import State


@dataclass(frozen=True)
class Penalty:
    """The factors of L1 and L2; not both 0."""

    l1: float
    l2: float

    def emit(self, b: Builder) -> None:
        """Emit the penalty's value into "loss.penalty"."""
        b.vector(".decay")
        b.array("loss.penalty", (), Symbol("R"))
        b.emit(PenaltyOp(self, b.state))

    def emit_gradient(self, b: Builder) -> None:
        """Emit the sum of the data's gradient and the penalty's into the gradient."""
        b.emit(AddDecay(b.state))


class PenaltyOp(Primitive):
    """``R = l1 * sum|W| + l2/2 * sum W**2``, and its derivative ``decay = l1 * sign(W) + l2 * W``."""

    verb = "penalty"

    def __init__(self, penalty: Penalty, state: State) -> None:
        self.l1, self.l2 = penalty.l1, penalty.l2
        self.state = state
        self.weights = state.names(penalized_only=True)
        self.reads = self.weights
        self.writes = ("loss.penalty", *state.names(".decay"))

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        state, value = self.state, arrays["loss.penalty"]
        theta, decay = state.theta, state.vector(".decay")
        if self.l2:
            yield partial(np.multiply, theta, state.mask(self.l2), decay)
            yield partial(np.dot, theta, decay, value)
            yield partial(np.multiply, value, np.array(0.5, value.dtype), value)
        if self.l1:
            signs, size = np.empty_like(theta), np.empty_like(value)
            yield partial(np.sign, theta, signs)
            yield partial(np.multiply, signs, state.mask(self.l1), signs)
            if self.l2:
                yield partial(np.dot, theta, signs, size)
                yield partial(np.add, value, size, value)
                yield partial(np.add, decay, signs, decay)
            else:
                yield partial(np.dot, theta, signs, value)
                yield partial(np.copyto, decay, signs)

    def equation(self, symbol: Symbols) -> Equation:
        terms: list[Expr] = []
        if self.l1:
            sizes = tuple(Call("sum", (Call("abs", (symbol(w),)),)) for w in self.weights)
            terms.append(Product((Number(self.l1), _one_or_sum(sizes))))
        if self.l2:
            squares = tuple(Call("sum", (Power(symbol(w), Number(2)),)) for w in self.weights)
            terms.append(Product((Quotient(Number(self.l2), Number(2)), _one_or_sum(squares))))
        return Equation(symbol("loss.penalty"), _one_or_sum(tuple(terms)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        if name != "loss.penalty":
            return self._decay(entry, name.removesuffix(".decay"), at)
        every = [entry(w, *place) for w in self.weights for place in np.ndindex(*entry.shape(w))]
        terms: list[Expr] = []
        if self.l1:
            terms.append(Product((Number(self.l1), Sum(tuple(Call("abs", (w,)) for w in every)))))
        if self.l2:
            total = Sum(tuple(Power(w, Number(2)) for w in every))
            terms.append(Product((Quotient(Number(self.l2), Number(2)), total)))
        return _one_or_sum(tuple(terms))

    def _decay(self, entry: Reader, weight: str, at: tuple[int, ...]) -> Expr:
        if weight not in self.weights:
            return Number(0.0)
        w = entry(weight, *at)
        terms: list[Expr] = []
        if self.l1:
            terms.append(Product((Number(self.l1), Call("sign", (w,)))))
        if self.l2:
            terms.append(Product((Number(self.l2), w)))
        return _one_or_sum(tuple(terms))

    def backward(self, b: Builder) -> None:
        """Nothing here: `AddDecay` adds the penalty's share once the data's gradient is complete."""


class AddDecay(Primitive):
    """``dL/dW = g + r``: the gradient of the data's loss and that of the penalty, over the flat vector."""

    verb = "add_penalty_gradient"

    def __init__(self, state: State) -> None:
        self.state = state
        self.reads = (*state.names(".data_grad"), *state.names(".decay"))
        self.writes = state.names(".grad")

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        state = self.state
        yield partial(np.add, state.vector(".data_grad"), state.vector(".decay"), state.grad)

    def equation(self, symbol: Symbols) -> Equation:
        weight = self.state.names(penalized_only=True)[0]
        parts = Sum((symbol(weight + ".data_grad"), symbol(weight + ".decay")))
        return Equation(symbol(weight + ".grad"), parts)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        parameter = name.removesuffix(".grad")
        return Sum((entry(parameter + ".data_grad", *at), entry(parameter + ".decay", *at)))


def _one_or_sum(terms: tuple[Expr, ...]) -> Expr:
    return terms[0] if len(terms) == 1 else Sum(terms)


