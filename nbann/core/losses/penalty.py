"""L1 and L2: what large weights cost, over the flat vector; imports the core's own parts only.

The loss grows by ``l1 * sum|W| + l2/2 * sum W**2`` over the weights (not the biases), the gradient
by ``l1 * sign(W) + l2 * W`` (Goodfellow, Bengio & Courville, Deep Learning, 2016, section 7.1).
Per sample, both are divided by the samples of the batch (by what they weigh together, where they
have weights): ``alpha / (2n) * sum W**2`` is the penalty of scikit-learn's `MLPClassifier`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..expr import Call, Equation, Expr, Number, Power, Product, Quotient, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .weights import WeightTotal

if TYPE_CHECKING:
    from ..builder import Builder
    from ..state import State

WEIGHT_TOTAL = "loss.weight_total"
SHARE = "loss.penalty_share"


@dataclass(frozen=True)
class Penalty:
    """The factors of L1 and L2; not both 0.

    Attributes
    ----------
    l1, l2 : float
        At least 0.
    per_sample : bool
        Divide both by the samples of a batch, or by what they weigh together.
    """

    l1: float
    l2: float
    per_sample: bool = False

    vectors: ClassVar[dict[str, bool]] = {".data_grad": False}
    """Flat vectors that the state needs for it: the data's gradient apart from the total."""

    def emit(self, b: Builder, into: str) -> None:
        """Emit the penalty's value into the scalar `into`."""
        if self.per_sample and b.has("y.weight"):
            if not b.has(WEIGHT_TOTAL):  # a sum of losses has no need of it
                b.array(WEIGHT_TOTAL, (), Symbol("w", "total"))
                b.emit(WeightTotal("y.weight", WEIGHT_TOTAL))
            b.array(SHARE, (), Symbol("s", "R"))
            b.emit(PenaltyShare())
        b.emit(PenaltyOp(self, b, into))

    def emit_gradient(self, b: Builder) -> None:
        """Emit the sum of the data's gradient and the penalty's into the gradient."""
        b.emit(PenaltyGradient(self, b))


SPELLED_OUT = 256
"""Weights up to which the penalty's arithmetic names each; of more it gives the sums by array."""


class PenaltyShare(Primitive):
    """``s = 1 / w_total``: what a penalty per sample is multiplied by; 0 where nothing weighs."""

    verb = "penalty_share"

    def __init__(self) -> None:
        self.reads = (WEIGHT_TOTAL,)
        self.writes = (SHARE,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        total, share = arrays[WEIGHT_TOTAL], arrays[SHARE]
        some = np.empty((), bool)
        # a batch that weighs nothing: 0 / tiny = 0, where 1 / 0 would be infinite
        yield partial(np.not_equal, total, np.zeros_like(total), some)
        yield partial(np.maximum, total, np.array(np.finfo(share.dtype).tiny), out=share)
        yield partial(np.divide, some, share, share)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(SHARE), Quotient(Number(1.0), symbol(WEIGHT_TOTAL)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        total = entry(WEIGHT_TOTAL)
        return Number(0.0) if total.number == 0 else Quotient(Number(1.0), total)

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: what samples weigh does not depend on the parameters."""


class _OverWeights(Primitive):
    """What the penalty and its gradient share: factors, weights, an L1 and an L2 term."""

    def __init__(self, penalty: Penalty, b: Builder) -> None:
        self.l1, self.l2 = penalty.l1, penalty.l2
        self.state: State = b.state
        self.weights = b.state.names(penalized_only=True)
        self.share = (SHARE,) if penalty.per_sample and b.has("y.weight") else ()
        # known when compiling: the factors below are divided by it once and for all
        self.samples = b.batch_size if penalty.per_sample and not self.share else 1
        self.counted = penalty.per_sample and not self.share

    def _slopes(self, l2: float, into: Floats) -> Iterable[Kernel]:
        """Return kernels that write ``l1 * sign(W) + l2 * W`` (0 for biases), by sample if so."""
        theta, n = self.state.theta, self.samples
        if self.l1:
            yield partial(np.sign, theta, into)
            yield partial(np.multiply, into, self.state.mask(self.l1 / n), into)
        if self.l2 and not self.l1:
            yield partial(np.multiply, theta, self.state.mask(l2 / n), into)
        elif self.l2:
            share = np.empty_like(theta)
            yield partial(np.multiply, theta, self.state.mask(l2 / n), share)
            yield partial(np.add, into, share, into)

    def _by_sample(self, arrays: Arrays, into: Floats) -> Iterable[Kernel]:
        """Return the kernel that applies the share, where it is an array."""
        if self.share:
            yield partial(np.multiply, into, arrays[SHARE], into)

    def _shared(self, total: Expr, n: Expr, share: Expr | None) -> Expr:
        """Return a term divided by the samples, or multiplied by the share."""
        if share is not None:
            return Product((share, total))
        return Quotient(total, n) if self.counted else total


class PenaltyOp(_OverWeights):
    """``R = l1 * sum|W| + l2/2 * sum W**2``, per sample if so."""

    verb = "penalty"

    def __init__(self, penalty: Penalty, b: Builder, into: str) -> None:
        super().__init__(penalty, b)
        self.reads = (*self.weights, *self.share)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        slopes, penalty = np.empty_like(self.state.theta), arrays[self.writes[0]]
        yield from self._slopes(self.l2 / 2, slopes)
        # W . (l1 * sign(W) + l2/2 * W): both terms in one product
        yield partial(self.state.theta.dot, slopes, penalty)
        yield from self._by_sample(arrays, penalty)

    def equation(self, symbol: Symbols) -> Equation:
        sizes = tuple(Call("sum", (Call("abs", (symbol(w),)),)) for w in self.weights)
        squares = tuple(Call("sum", (Power(symbol(w), Number(2)),)) for w in self.weights)
        share = symbol(SHARE) if self.share else None
        total = self._shared(self._total(sizes, squares), Symbol("n"), share)
        return Equation(symbol(self.writes[0]), total)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        share = entry(SHARE) if self.share else None
        return self._shared(self._numbers(entry), Number(self.samples), share)

    def _numbers(self, entry: Reader) -> Expr:
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

    def __init__(self, penalty: Penalty, b: Builder) -> None:
        super().__init__(penalty, b)
        self.reads = (*b.state.names(".data_grad"), *self.weights, *self.share)
        self.writes = b.state.names(".grad")

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        grad = self.state.grad
        yield from self._slopes(self.l2, grad)
        yield from self._by_sample(arrays, grad)
        yield partial(np.add, self.state.vector(".data_grad"), grad, grad)

    def equation(self, symbol: Symbols) -> Equation:
        weight = self.weights[0]
        share = symbol(SHARE) if self.share else None
        right = self._terms(symbol(weight + ".data_grad"), symbol(weight), Symbol("n"), share)
        return Equation(symbol(weight + ".grad"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        parameter = name.removesuffix(".grad")
        gradient = entry(parameter + ".data_grad", *at)
        if parameter not in self.weights:
            return gradient
        share = entry(SHARE) if self.share else None
        return self._terms(gradient, entry(parameter, *at), Number(self.samples), share)

    def _terms(self, gradient: Expr, weight: Expr, n: Expr, share: Expr | None) -> Sum:
        slopes: list[Expr] = []
        if self.l1:
            slopes.append(Product((Number(self.l1), Call("sign", (weight,)))))
        if self.l2:
            slopes.append(Product((Number(self.l2), weight)))
        if not self.counted and share is None:
            return Sum((gradient, *slopes))
        return Sum((gradient, self._shared(_one_or_sum(tuple(slopes)), n, share)))


def _one_or_sum(terms: tuple[Expr, ...]) -> Expr:
    return terms[0] if len(terms) == 1 else Sum(terms)
