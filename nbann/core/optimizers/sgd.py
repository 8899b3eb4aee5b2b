"""Stochastic gradient descent, with or without momentum; and all optimizers by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..checks import number_in
from ..errors import UnknownNameError, uncalled
from ..expr import Expr, Negative, Sum
from ..program import Arrays, Kernel
from ..state import State
from .adaptive import AdaGrad, Adam, AdamW, RMSprop
from .flat import OverVectors, Terms
from .optimizer import Optimizer
from .schedules import Schedule

if TYPE_CHECKING:
    from ..builder import Builder

__all__ = ["OPTIMIZERS", "SGD", "Optimizer", "as_optimizer"]


class SGD(Optimizer):
    """``theta = theta - learning_rate * grad``, or with momentum ``theta = theta + v``.

    Here ``v = momentum * v - learning_rate * grad``, which starts at 0.

    With ``nesterov=True`` the step looks ahead: ``theta = theta + momentum * v - learning_rate *
    grad`` with the new v. (Robbins & Monro, 1951; Polyak, 1964; Sutskever et al., "On the
    importance of initialization and momentum in deep learning", ICML 2013; the same form as
    scikit-learn and Keras.)

    With momentum, ``torch.optim.SGD`` multiplies by the rate outside v: the same steps while the
    rate is constant, others where it changes.

    Parameters
    ----------
    learning_rate : float or Schedule
        Step size, above 0.
    momentum : float
        Share of the last step that is kept, in [0, 1).
    nesterov : bool
        Look ahead; takes effect with momentum above 0.
    weight_decay : float
        Added to the gradient as ``weight_decay * theta``, of weights and biases; at least 0.
    clip_value : float, optional
        Cut each element of the gradient to [-clip_value, clip_value]; above 0.
    clip_norm : float, optional
        Shorten the whole gradient to this 2-norm where it is longer; above 0.

    Raises
    ------
    ValueError
        An argument out of its range.
    """

    kind = "sgd"

    def __init__(
        self,
        learning_rate: float | Schedule = 0.1,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        *,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clip_value, clip_norm)
        self.momentum = number_in("momentum", momentum, least=0.0, below=1.0)
        self.nesterov = bool(nesterov)

    @property
    def memory(self) -> tuple[str, ...]:
        return (".velocity",) if self.momentum else ()

    @property
    def settings(self) -> dict[str, float]:
        return {"momentum": self.momentum} if self.momentum else {}

    def emit_step(self, b: Builder, gradient: str) -> None:
        if not self.momentum:
            b.emit(PlainStep(b.state, gradient))
            return
        b.emit(Velocity(b.state, gradient))
        b.emit(NesterovStep(b.state, gradient) if self.nesterov else MomentumStep(b.state))


class PlainStep(OverVectors):
    """``theta = theta - learning_rate * grad``."""

    verb = "update"

    def __init__(self, state: State, gradient: str) -> None:
        super().__init__(state, "", ("", gradient), ("learning_rate",))
        self.gradient = gradient

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate = self.state.hyper["learning_rate"]
        for theta, grad, step in self.blocks("", self.gradient):
            yield partial(np.multiply, grad, rate, step)
            yield partial(np.subtract, theta, step, theta)

    def formula(self, of: Terms) -> Expr:
        step = of.times(of.number("learning_rate"), of.vector(self.gradient))
        return Sum((of.vector(""), Negative(step)))


class Velocity(OverVectors):
    """``v = momentum * v - learning_rate * grad``."""

    verb = "velocity"

    def __init__(self, state: State, gradient: str) -> None:
        numbers = ("learning_rate", "momentum")
        super().__init__(state, ".velocity", (".velocity", gradient), numbers)
        self.gradient = gradient

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate, momentum = self.state.hyper["learning_rate"], self.state.hyper["momentum"]
        for velocity, grad, step in self.blocks(".velocity", self.gradient):
            yield partial(np.multiply, velocity, momentum, velocity)
            yield partial(np.multiply, grad, rate, step)
            yield partial(np.subtract, velocity, step, velocity)

    def formula(self, of: Terms) -> Expr:
        step = of.times(of.number("learning_rate"), of.vector(self.gradient))
        return Sum((of.times(of.number("momentum"), of.vector(".velocity")), Negative(step)))


class MomentumStep(OverVectors):
    """``theta = theta + v``."""

    verb = "update"

    def __init__(self, state: State) -> None:
        super().__init__(state, "", ("", ".velocity"))

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        theta = self.state.theta
        yield partial(np.add, theta, self.state.vector(".velocity"), theta)

    def formula(self, of: Terms) -> Expr:
        return Sum((of.vector(""), of.vector(".velocity")))


class NesterovStep(OverVectors):
    """``theta = theta + momentum * v - learning_rate * grad``."""

    verb = "update"

    def __init__(self, state: State, gradient: str) -> None:
        numbers = ("learning_rate", "momentum")
        super().__init__(state, "", ("", ".velocity", gradient), numbers)
        self.gradient = gradient

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate, momentum = self.state.hyper["learning_rate"], self.state.hyper["momentum"]
        for theta, velocity, grad, step in self.blocks("", ".velocity", self.gradient):
            yield partial(np.multiply, velocity, momentum, step)
            yield partial(np.add, theta, step, theta)
            yield partial(np.multiply, grad, rate, step)
            yield partial(np.subtract, theta, step, theta)

    def formula(self, of: Terms) -> Expr:
        ahead = of.times(of.number("momentum"), of.vector(".velocity"))
        step = of.times(of.number("learning_rate"), of.vector(self.gradient))
        return Sum((of.vector(""), ahead, Negative(step)))


OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    optimizer.kind: optimizer for optimizer in (SGD, AdaGrad, RMSprop, Adam, AdamW)
}


def as_optimizer(optimizer: Optimizer | str | None) -> Optimizer:
    """Return an optimizer given as such, by name with its defaults, or (None) plain SGD.

    Raises
    ------
    UnknownNameError
        Another name than "sgd", "adagrad", "rmsprop", "adam", "adamw".
    ValueError
        An optimizer's class.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        raise uncalled("optimizer", "an optimizer or its name", optimizer)
    name = SGD.kind if optimizer is None else optimizer
    if not isinstance(name, str) or name not in OPTIMIZERS:
        raise UnknownNameError("optimizer", optimizer, OPTIMIZERS)
    return OPTIMIZERS[name]()
