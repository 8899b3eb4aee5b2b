"""Optimizers: how a gradient changes the parameters; imports the core's own parts only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .checks import number_in
from .errors import UnknownNameError
from .expr import Equation, Expr, Gradient, Negative, Product, Sum, Symbol
from .primitive import Primitive
from .program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from .builder import Builder
    from .state import State


class Optimizer(ABC):
    """How a gradient changes the parameters."""

    kind: str

    @property
    def vectors(self) -> dict[str, bool]:
        """Flat vectors that the state needs, by suffix, and whether each outlives a batch."""
        return {}

    @abstractmethod
    def hyper(self) -> dict[str, float]:
        """Return the hyper-parameters that kernels read, by name."""

    @abstractmethod
    def emit(self, b: Builder) -> None:
        """Emit the ops of one step."""


class SGD(Optimizer):
    """``theta = theta - learning_rate * grad``, or with momentum ``theta = theta + v``.

    Here ``v = momentum * v - learning_rate * grad``, which starts at 0.

    With ``nesterov=True`` the step looks ahead: ``theta = theta + momentum * v - learning_rate *
    grad`` with the new v. (Robbins & Monro, 1951; Polyak, 1964; Sutskever et al., "On the
    importance of initialization and momentum in deep learning", ICML 2013; the same form as
    scikit-learn and Keras.)

    Parameters
    ----------
    learning_rate : float
        Step size, above 0.
    momentum : float
        Share of the last step that is kept, in [0, 1).
    nesterov : bool
        Look ahead; takes effect with momentum above 0.

    Raises
    ------
    ValueError
        A learning rate or momentum out of its range.
    """

    kind = "sgd"

    def __init__(
        self, learning_rate: float = 0.1, momentum: float = 0.0, nesterov: bool = False
    ) -> None:
        self.learning_rate = number_in("learning_rate", learning_rate, above=0.0)
        self.momentum = number_in("momentum", momentum, least=0.0, below=1.0)
        self.nesterov = bool(nesterov)

    def __repr__(self) -> str:
        parts = [f"learning_rate={self.learning_rate:g}"]
        if self.momentum:
            parts.append(f"momentum={self.momentum:g}")
            parts += ["nesterov=True"] * self.nesterov
        return f"SGD({', '.join(parts)})"

    def hyper(self) -> dict[str, float]:
        return {"learning_rate": self.learning_rate} | (
            {"momentum": self.momentum} if self.momentum else {}
        )

    @property
    def vectors(self) -> dict[str, bool]:
        return {".velocity": True} if self.momentum else {}

    def emit(self, b: Builder) -> None:
        if not self.momentum:
            b.emit(PlainStep(b.state))
            return
        b.emit(Velocity(b.state))
        b.emit(NesterovStep(b.state) if self.nesterov else MomentumStep(b.state))


class _OverTheta(Primitive):
    """A primitive over the flat vectors: one formula for every parameter, in the views' names."""

    def __init__(self, state: State) -> None:
        self.state = state

    def _scaled_gradient(self, into: Floats) -> Kernel:
        return partial(np.multiply, self.state.grad, self.state.hyper["learning_rate"], into)


class PlainStep(_OverTheta):
    """``theta = theta - learning_rate * grad``."""

    verb = "update"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.reads = (*state.names(), *state.names(".grad"), "learning_rate")
        self.writes = state.names()

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        step = np.empty_like(self.state.theta)
        yield self._scaled_gradient(step)
        yield partial(np.subtract, self.state.theta, step, self.state.theta)

    def equation(self, symbol: Symbols) -> Equation:
        theta, eta = Symbol("theta"), symbol("learning_rate")
        return Equation(theta, Sum((theta, Negative(Product((eta, _GRADIENT), "")))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        step = Product((entry("learning_rate"), entry(name + ".grad", *at)))
        return Sum((entry(name, *at), Negative(step)))


class Velocity(_OverTheta):
    """``v = momentum * v - learning_rate * grad``."""

    verb = "velocity"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.reads = (*state.names(".velocity"), *state.names(".grad"), "learning_rate", "momentum")
        self.writes = state.names(".velocity")

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        velocity = self.state.vector(".velocity")
        step = np.empty_like(velocity)
        yield partial(np.multiply, velocity, self.state.hyper["momentum"], velocity)
        yield self._scaled_gradient(step)
        yield partial(np.subtract, velocity, step, velocity)

    def equation(self, symbol: Symbols) -> Equation:
        kept = Product((symbol("momentum"), _V), "")
        return Equation(
            _V, Sum((kept, Negative(Product((symbol("learning_rate"), _GRADIENT), ""))))
        )

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        gradient = name.removesuffix(".velocity") + ".grad"
        step = Product((entry("learning_rate"), entry(gradient, *at)))
        return Sum((Product((entry("momentum"), entry(name, *at))), Negative(step)))


class MomentumStep(_OverTheta):
    """``theta = theta + v``."""

    verb = "update"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.reads = (*state.names(), *state.names(".velocity"))
        self.writes = state.names()

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        theta = self.state.theta
        yield partial(np.add, theta, self.state.vector(".velocity"), theta)

    def equation(self, symbol: Symbols) -> Equation:
        theta = Symbol("theta")
        return Equation(theta, Sum((theta, _V)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Sum((entry(name, *at), entry(name + ".velocity", *at)))


class NesterovStep(_OverTheta):
    """``theta = theta + momentum * v - learning_rate * grad``."""

    verb = "update"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.reads = (
            *state.names(), *state.names(".velocity"), *state.names(".grad"),
            "learning_rate", "momentum",
        )  # fmt: skip
        self.writes = state.names()

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        theta, velocity = self.state.theta, self.state.vector(".velocity")
        ahead, step = np.empty_like(theta), np.empty_like(theta)
        yield partial(np.multiply, velocity, self.state.hyper["momentum"], ahead)
        yield self._scaled_gradient(step)
        yield partial(np.subtract, ahead, step, ahead)
        yield partial(np.add, theta, ahead, theta)

    def equation(self, symbol: Symbols) -> Equation:
        theta = Symbol("theta")
        ahead = Product((symbol("momentum"), _V), "")
        step = Product((symbol("learning_rate"), _GRADIENT), "")
        return Equation(theta, Sum((theta, ahead, Negative(step))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        ahead = Product((entry("momentum"), entry(name + ".velocity", *at)))
        step = Product((entry("learning_rate"), entry(name + ".grad", *at)))
        return Sum((entry(name, *at), ahead, Negative(step)))


_V = Symbol("v")
_GRADIENT = Gradient(Symbol("theta"))


def as_optimizer(optimizer: Optimizer | str | None) -> Optimizer:
    """Return an optimizer given as such, by name, or (None) plain SGD."""
    if optimizer is None:
        return SGD()
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer != SGD.kind:
        raise UnknownNameError("optimizer", optimizer, (SGD.kind,))
    return SGD()
