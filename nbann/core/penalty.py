"""L1 and L2: what large weights cost, over the flat vector; imports the core's own parts only.

The loss grows by ``l1 * sum|W| + l2/2 * sum W**2`` over the weights (not the biases), the gradient
by ``l1 * sign(W) + l2 * W`` (Goodfellow, Bengio & Courville, Deep Learning, 2016, section 7.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .expr import Call, Equation, Expr, Number, Power, Product, Quotient, Sum
from .primitive import Primitive
from .program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from .builder import Builder
    from .state import State


@dataclass(frozen=True)
class Penalty:
    """The factors of L1 and L2; not both 0."""

    l1: float
    l2: float

    vectors: ClassVar[dict[str, bool]] = {".data_grad": False}
    """Flat vectors that the state needs for it: the data's gradient apart from the total."""

    def emit(self, b: Builder, into: str) -> None:
        """Emit the penalty's value into the scalar `into`."""
        b.emit(PenaltyOp(self, b.state, into))

    def emit_gradient(self, b: Builder) -> None:
        """Emit the sum of the data's gradient and the penalty's into the gradient."""
        b.emit(PenaltyGradient(self, b.state))


SPELLED_OUT = 256
"""Weights up to which the penalty's arithmetic names each; of more it gives the sums by array."""


class _OverWeights(Primitive):
    """What the penalty and its gradient share: factors, weights, an L1 and an L2 term."""

    def __init__(self, penalty: Penalty, state: State) -> None:
        self.l1, self.l2 = penalty.l1, penalty.l2
        self.state = state
        self.weights = state.names(penalized_only=True)

    def _slopes(self, l2: float, into: Floats) -> Iterable[Kernel]:
        """Return kernels that write ``l1 * sign(W) + l2 * W`` (0 for biases)."""
        theta = self.state.theta
        if self.l1:
            yield partial(np.sign, theta, into)
            yield partial(np.multiply, into, self.state.mask(self.l1), into)
        if self.l2 and not self.l1:
            yield partial(np.multiply, theta, self.state.mask(l2), into)
        elif self.l2:
            share = np.empty_like(theta)
            yield partial(np.multiply, theta, self.state.mask(l2), share)
            yield partial(np.add, into, share, into)


class PenaltyOp(_OverWeights):
    """``R = l1 * sum|W| + l2/2 * sum W**2``."""

    verb = "penalty"

    def __init__(self, penalty: Penalty, state: State, into: str) -> None:
        super().__init__(penalty, state)
        self.reads = self.weights
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        slopes = np.empty_like(self.state.theta)
        yield from self._slopes(self.l2 / 2, slopes)
        # W . (l1 * sign(W) + l2/2 * W): both terms in one product
        yield partial(np.dot, self.state.theta, slopes, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        sizes = tuple(Call("sum", (Call("abs", (symbol(w),)),)) for w in self.weights)
        squares = tuple(Call("sum", (Power(symbol(w), Number(2)),)) for w in self.weights)
        return Equation(symbol(self.writes[0]), self._total(sizes, squares))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        if sum(int(np.prod(entry.shape(w))) for w in self.weights) > SPELLED_OUT:
            arrays = [entry.array(w) for w in self.weights]
            sizes = tuple(Number(float(np.abs(array).sum())) for array in arrays)
            return self._total(sizes, tuple(Number(float((a**2).sum())) for a in arrays))
        every = [entry(w, *place) for w in self.weights for place in np.ndindex(*entry.shape(w))]
        spelled = tuple(Call("abs", (w,)) for w in every)
        return self._total(spelled, tuple(Power(w, Number(2)) for w in every))

    def _total(self, sizes: tuple[Expr, ...], squares: tuple[Expr, ...]) -> Expr:
        terms: list[Expr] = []
        if self.l1:
            terms.append(Product((Number(self.l1), _one_or_sum(sizes))))
        if self.l2:
            terms.append(Product((Quotient(Number(self.l2), Number(2)), _one_or_sum(squares))))
        return _one_or_sum(tuple(terms))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing here: `PenaltyGradient` comes once the data's gradient is complete."""


class PenaltyGradient(_OverWeights):
    """``dL/dW = g + l1 * sign(W) + l2 * W``, g being that of the data's loss; biases keep g."""

    verb = "penalty_gradient"

    def __init__(self, penalty: Penalty, state: State) -> None:
        super().__init__(penalty, state)
        self.reads = (*state.names(".data_grad"), *self.weights)
        self.writes = state.names(".grad")

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        grad = self.state.grad
        yield from self._slopes(self.l2, grad)
        yield partial(np.add, self.state.vector(".data_grad"), grad, grad)

    def equation(self, symbol: Symbols) -> Equation:
        weight = self.weights[0]
        right = self._terms(symbol(weight + ".data_grad"), symbol(weight))
        return Equation(symbol(weight + ".grad"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        parameter = name.removesuffix(".grad")
        gradient = entry(parameter + ".data_grad", *at)
        if parameter not in self.weights:
            return gradient
        return self._terms(gradient, entry(parameter, *at))

    def _terms(self, gradient: Expr, weight: Expr) -> Sum:
        terms = [gradient]
        if self.l1:
            terms.append(Product((Number(self.l1), Call("sign", (weight,)))))
        if self.l2:
            terms.append(Product((Number(self.l2), weight)))
        return Sum(tuple(terms))


def _one_or_sum(terms: tuple[Expr, ...]) -> Expr:
    return terms[0] if len(terms) == 1 else Sum(terms)
