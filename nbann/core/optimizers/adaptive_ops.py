"""The primitives of the adaptive optimizers: sums and averages of squares, and steps by them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from ..expr import Call, Expr, Negative, Number, Power, Quotient, Sum
from ..program import Arrays, Floats, Kernel
from ..state import State
from .flat import OverVectors, Terms

_ONE, _TWO = Number(1.0), Number(2.0)


class SumOfSquares(OverVectors):
    """``s = s + grad**2``."""

    verb = "sum_of_squares"

    def __init__(self, state: State, gradient: str) -> None:
        super().__init__(state, ".sum_of_squares", (".sum_of_squares", gradient))
        self.gradient = gradient

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        for total, grad, square in self.blocks(self.into, self.gradient):
            yield partial(np.multiply, grad, grad, square)
            yield partial(np.add, total, square, total)

    def formula(self, of: Terms) -> Expr:
        return Sum((of.vector(self.into), Power(of.vector(self.gradient), _TWO)))


class MovingAverage(OverVectors):
    """``a = keep * a + (1 - keep) * new``, new being the gradient or its square."""

    def __init__(self, state: State, into: str, keep: str, gradient: str, power: int) -> None:
        super().__init__(state, into, (into, gradient), (keep,))
        self.keep, self.gradient, self.power = keep, gradient, power

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        keep, rest = (np.empty((), self.state.dtype) for _ in range(2))
        yield partial(_shares, keep, rest, self.state.arrays[self.keep].item)
        for average, grad, new in self.blocks(self.into, self.gradient):
            if self.power == 2:
                yield partial(np.multiply, grad, grad, new)
            yield partial(np.multiply, new if self.power == 2 else grad, rest, new)
            yield partial(np.multiply, average, keep, average)
            yield partial(np.add, average, new, average)

    def formula(self, of: Terms) -> Expr:
        grad = of.vector(self.gradient)
        kept = of.number(self.keep)
        new = grad if self.power == 1 else Power(grad, _TWO)
        rest = Sum((_ONE, Negative(kept)))
        return Sum((of.times(kept, of.vector(self.into)), of.times(rest, new)))


def _shares(keep: Floats, rest: Floats, share: Callable[[], float]) -> None:
    keep[()] = share()
    rest[()] = 1.0 - share()  # before it is rounded: in float32, 1 - 0.999 is off by 1e-5


class FirstMoment(MovingAverage):
    """``m = beta1 * m + (1 - beta1) * grad``."""

    verb = "first_moment"

    def __init__(self, state: State, gradient: str) -> None:
        super().__init__(state, ".first_moment", "beta1", gradient, power=1)


class SecondMoment(MovingAverage):
    """``v = beta2 * v + (1 - beta2) * grad**2``."""

    verb = "second_moment"

    def __init__(self, state: State, gradient: str) -> None:
        super().__init__(state, ".second_moment", "beta2", gradient, power=2)


class MeanSquare(MovingAverage):
    """``s = rho * s + (1 - rho) * grad**2``."""

    verb = "mean_square"

    def __init__(self, state: State, gradient: str) -> None:
        super().__init__(state, ".mean_square", "rho", gradient, power=2)


class _OverRoot(OverVectors):
    """What has ``grad / (sqrt(s) + epsilon)`` in it, s being a sum or an average of squares.

    AdaGrad's sum may begin above 0; what it begins at stands in the root beside it.
    """

    def __init__(self, state: State, into: str, gradient: str, squares: str, *numbers: str) -> None:
        self.gradient, self.squares = gradient, squares
        self.begins = "initial_accumulator" in state.hyper
        numbers += ("epsilon", *["initial_accumulator"] * self.begins)
        super().__init__(state, into, (into, gradient, squares), numbers)

    def _quotient_kernels(self, grad: Floats, squares: Floats, into: Floats) -> Iterable[Kernel]:
        hyper = self.state.hyper
        if self.begins:
            yield partial(np.add, squares, hyper["initial_accumulator"], into)
        yield partial(np.sqrt, into if self.begins else squares, into)
        yield partial(np.add, into, hyper["epsilon"], into)
        yield partial(np.divide, grad, into, into)

    def _quotient(self, of: Terms) -> Expr:
        squares = of.vector(self.squares)
        if self.begins:
            squares = Sum((of.number("initial_accumulator"), squares))
        size = Sum((Call("sqrt", (squares,)), of.number("epsilon")))
        return Quotient(of.vector(self.gradient), size)


class RootStep(_OverRoot):
    """``theta = theta - learning_rate * grad / (sqrt(s) + epsilon)``."""

    verb = "update"

    def __init__(self, state: State, gradient: str, squares: str) -> None:
        super().__init__(state, "", gradient, squares, "learning_rate")

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate = self.state.hyper["learning_rate"]
        for theta, grad, squares, step in self.blocks("", self.gradient, self.squares):
            yield from self._quotient_kernels(grad, squares, step)
            yield partial(np.multiply, step, rate, step)
            yield partial(np.subtract, theta, step, theta)

    def formula(self, of: Terms) -> Expr:
        step = of.times(of.number("learning_rate"), self._quotient(of))
        return Sum((of.vector(""), Negative(step)))


class RootVelocity(_OverRoot):
    """``v = momentum * v + grad / (sqrt(s) + epsilon)``."""

    verb = "velocity"

    def __init__(self, state: State, gradient: str, squares: str) -> None:
        super().__init__(state, ".velocity", gradient, squares, "momentum")

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        momentum = self.state.hyper["momentum"]
        for velocity, grad, squares, new in self.blocks(self.into, self.gradient, self.squares):
            yield from self._quotient_kernels(grad, squares, new)
            yield partial(np.multiply, velocity, momentum, velocity)
            yield partial(np.add, velocity, new, velocity)

    def formula(self, of: Terms) -> Expr:
        return Sum((of.times(of.number("momentum"), of.vector(self.into)), self._quotient(of)))


class VelocityStep(OverVectors):
    """``theta = theta - learning_rate * v``."""

    verb = "update"

    def __init__(self, state: State) -> None:
        super().__init__(state, "", ("", ".velocity"), ("learning_rate",))

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate = self.state.hyper["learning_rate"]
        for theta, velocity, step in self.blocks("", ".velocity"):
            yield partial(np.multiply, velocity, rate, step)
            yield partial(np.subtract, theta, step, theta)

    def formula(self, of: Terms) -> Expr:
        step = of.times(of.number("learning_rate"), of.vector(".velocity"))
        return Sum((of.vector(""), Negative(step)))


_CORRECTED = ("learning_rate", "beta1", "beta2", "epsilon", "step_count")


class AdamStep(OverVectors):
    """``theta = theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon)``.

    Here ``m_hat = m / (1 - beta1**t)`` and ``v_hat = v / (1 - beta2**t)``. Where weights decay
    apart from the gradient, ``learning_rate * weight_decay * theta`` is taken off as well. With
    ``epsilon_hat`` epsilon stands beside ``sqrt(v)``, before v's correction.
    """

    verb = "update"

    def __init__(self, state: State, *, decays: bool, epsilon_hat: bool) -> None:
        numbers = (*_CORRECTED, *["weight_decay"] * decays)
        super().__init__(state, "", ("", ".first_moment", ".second_moment"), numbers)
        self.decays, self.epsilon_hat = decays, epsilon_hat

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        # with c = sqrt(1 - beta2**t): rate * c / (1 - beta1**t) * m / (sqrt(v) + epsilon * c)
        rate = self.state.hyper["learning_rate"]
        size, floor, share, keep = (np.empty_like(rate) for _ in range(4))
        reads = (self.state.arrays[name].item for name in _CORRECTED)
        yield partial(_corrections, size, floor, self.epsilon_hat, *reads)
        if self.decays:
            decay = self.state.hyper["weight_decay"]
            yield partial(np.multiply, rate, decay, share)
            yield partial(np.subtract, np.ones_like(rate), share, keep)
        for theta, m, v, step in self.blocks("", ".first_moment", ".second_moment"):
            if self.decays:
                yield partial(np.multiply, theta, keep, theta)
            yield partial(np.sqrt, v, step)
            yield partial(np.add, step, floor, step)
            yield partial(np.divide, m, step, step)
            yield partial(np.multiply, step, size, step)
            yield partial(np.subtract, theta, step, theta)

    def formula(self, of: Terms) -> Expr:
        m, v, rate = of.vector(".first_moment"), of.vector(".second_moment"), "learning_rate"
        first, second = (_correction(of.number(beta), of) for beta in ("beta1", "beta2"))
        root = Call("sqrt", (v if self.epsilon_hat else Quotient(v, second),))
        under = Sum((root, of.number("epsilon")))
        if self.epsilon_hat:
            scale = Quotient(Call("sqrt", (second,)), first)
            step = of.times(of.number(rate), scale, Quotient(m, under))
        else:
            step = of.times(of.number(rate), Quotient(Quotient(m, first), under))
        if not self.decays:
            return Sum((of.vector(""), Negative(step)))
        decay = of.times(of.number(rate), of.number("weight_decay"), of.vector(""))
        return Sum((of.vector(""), Negative(decay), Negative(step)))


def _correction(beta: Expr, of: Terms) -> Expr:
    """Return ``1 - beta**t``."""
    return Sum((_ONE, Negative(Power(beta, of.number("step_count")))))


def _corrections(
    size: Floats,
    floor: Floats,
    epsilon_hat: bool,
    rate: Callable[[], float],
    beta1: Callable[[], float],
    beta2: Callable[[], float],
    epsilon: Callable[[], float],
    count: Callable[[], float],
) -> None:
    """Write what the moments' step is multiplied with, and what is added to the root of v."""
    t = count()
    root = math.sqrt(1.0 - beta2() ** t)
    size[()] = rate() * root / (1.0 - beta1() ** t)
    floor[()] = epsilon() if epsilon_hat else epsilon() * root
