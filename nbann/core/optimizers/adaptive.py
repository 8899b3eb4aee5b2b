"""Optimizers that give every parameter a step size of its own: AdaGrad, RMSprop, Adam, AdamW."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import number_in
from .adaptive_ops import (
    AdamStep,
    FirstMoment,
    MeanSquare,
    RootStep,
    RootVelocity,
    SecondMoment,
    SumOfSquares,
    VelocityStep,
)
from .optimizer import Optimizer
from .schedules import Schedule

if TYPE_CHECKING:
    from ..builder import Builder


class AdaGrad(Optimizer):
    """``theta = theta - learning_rate * grad / (sqrt(s) + epsilon)``.

    Here ``s = s + grad**2`` is the sum of all squared gradients so far: what has moved much moves
    less. (Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12, 2011, figure 1, the diagonal form; PyTorch's defaults.)

    Parameters
    ----------
    learning_rate : float or Schedule
        Step size, above 0.
    epsilon : float
        Keeps the quotient finite, above 0 (a parameter whose gradient is always 0 has s = 0).
    initial_accumulator : float
        Stands in the root beside s from the start, at least 0.
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

    kind = "adagrad"

    def __init__(
        self,
        learning_rate: float | Schedule = 0.01,
        epsilon: float = 1e-10,
        initial_accumulator: float = 0.0,
        weight_decay: float = 0.0,
        *,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clip_value, clip_norm)
        self.epsilon = number_in("epsilon", epsilon, above=0.0)
        self.initial_accumulator = number_in("initial_accumulator", initial_accumulator, least=0.0)

    @property
    def memory(self) -> tuple[str, ...]:
        return (".sum_of_squares",)

    @property
    def settings(self) -> dict[str, float]:
        found = {"epsilon": self.epsilon}
        if self.initial_accumulator:
            found["initial_accumulator"] = self.initial_accumulator
        return found

    def emit_step(self, b: Builder, gradient: str) -> None:
        b.emit(SumOfSquares(b.state, gradient))
        b.emit(RootStep(b.state, gradient, ".sum_of_squares"))


class RMSprop(Optimizer):
    """``theta = theta - learning_rate * grad / (sqrt(s) + epsilon)``.

    Here ``s = rho * s + (1 - rho) * grad**2`` is a moving average of the squared gradient, which
    forgets what AdaGrad keeps. With momentum the quotients are gathered first: ``v = momentum * v +
    grad / (sqrt(s) + epsilon)`` and ``theta = theta - learning_rate * v``. (Tieleman & Hinton,
    "Lecture 6.5 - rmsprop", Coursera: Neural networks for machine learning, 2012; with momentum
    Graves, arXiv:1308.0850, 2013, there with the average taken off; PyTorch's form and defaults.)

    Parameters
    ----------
    learning_rate : float or Schedule
        Step size, above 0.
    rho : float
        Share of the average that is kept, in [0, 1); PyTorch calls it alpha.
    epsilon : float
        Keeps the quotient finite, above 0 (a parameter whose gradient is always 0 has s = 0).
    momentum : float
        Share of the last step that is kept, in [0, 1).
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

    kind = "rmsprop"

    def __init__(
        self,
        learning_rate: float | Schedule = 0.01,
        rho: float = 0.99,
        epsilon: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        *,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clip_value, clip_norm)
        self.rho = number_in("rho", rho, least=0.0, below=1.0)
        self.epsilon = number_in("epsilon", epsilon, above=0.0)
        self.momentum = number_in("momentum", momentum, least=0.0, below=1.0)

    @property
    def memory(self) -> tuple[str, ...]:
        return (".mean_square", ".velocity") if self.momentum else (".mean_square",)

    @property
    def settings(self) -> dict[str, float]:
        momentum = {"momentum": self.momentum} if self.momentum else {}
        return {"epsilon": self.epsilon} | momentum

    @property
    def shares(self) -> dict[str, float]:
        return {"rho": self.rho}

    def emit_step(self, b: Builder, gradient: str) -> None:
        b.emit(MeanSquare(b.state, gradient))
        if self.momentum:
            b.emit(RootVelocity(b.state, gradient, ".mean_square"))
            b.emit(VelocityStep(b.state))
        else:
            b.emit(RootStep(b.state, gradient, ".mean_square"))


class Adam(Optimizer):
    """``theta = theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon)``.

    Here ``m_hat = m / (1 - beta1**t)`` and ``v_hat = v / (1 - beta2**t)``, with ``m = beta1 * m +
    (1 - beta1) * grad`` and ``v = beta2 * v + (1 - beta2) * grad**2``: moving averages of the
    gradient and of its square, which start at 0. t counts the steps from 1, and dividing by ``1 -
    beta**t`` makes good for how far the start at 0 has drawn the averages down. (Kingma & Ba,
    "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; PyTorch's defaults.)

    Parameters
    ----------
    learning_rate : float or Schedule
        Step size, above 0.
    beta1, beta2 : float
        Share of each average that is kept, in [0, 1).
    epsilon : float
        Keeps the quotient finite, above 0 (a parameter whose gradient is always 0 has v = 0).
    weight_decay : float
        Added to the gradient as ``weight_decay * theta``, of weights and biases; at least 0.
    epsilon_hat : bool
        Add epsilon to ``sqrt(v)`` before v's correction: ``theta - learning_rate * sqrt(1 -
        beta2**t) / (1 - beta1**t) * m / (sqrt(v) + epsilon)``, the paper's form at the end of its
        section 2, which scikit-learn and Keras use.
    clip_value : float, optional
        Cut each element of the gradient to [-clip_value, clip_value]; above 0.
    clip_norm : float, optional
        Shorten the whole gradient to this 2-norm where it is longer; above 0.

    Raises
    ------
    ValueError
        An argument out of its range.
    """

    kind = "adam"
    counts_steps = True

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        epsilon_hat: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clip_value, clip_norm)
        self.beta1 = number_in("beta1", beta1, least=0.0, below=1.0)
        self.beta2 = number_in("beta2", beta2, least=0.0, below=1.0)
        self.epsilon = number_in("epsilon", epsilon, above=0.0)
        self.epsilon_hat = bool(epsilon_hat)

    @property
    def memory(self) -> tuple[str, ...]:
        return (".first_moment", ".second_moment")

    @property
    def settings(self) -> dict[str, float]:
        return {"epsilon": self.epsilon}

    @property
    def shares(self) -> dict[str, float]:
        return {"beta1": self.beta1, "beta2": self.beta2}

    def emit_step(self, b: Builder, gradient: str) -> None:
        b.emit(FirstMoment(b.state, gradient))
        b.emit(SecondMoment(b.state, gradient))
        decays = self.decoupled and self.weight_decay > 0.0
        b.emit(AdamStep(b.state, decays=decays, epsilon_hat=self.epsilon_hat))


class AdamW(Adam):
    """Adam's step and, apart from it, ``theta = theta - learning_rate * weight_decay * theta``.

    Adam divides what stands in the gradient, and so a decay that was added there, by the
    gradient's usual size; here the decay is the same share for every parameter, weights and biases.
    (Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2; in
    PyTorch's form, which multiplies the decay by the learning rate too, and with its defaults.)

    Parameters
    ----------
    learning_rate : float or Schedule
        Step size, above 0.
    beta1, beta2 : float
        Share of each average that is kept, in [0, 1).
    epsilon : float
        Keeps the quotient finite, above 0.
    weight_decay : float
        Share of a parameter that is taken off, times the learning rate; at least 0.
    epsilon_hat : bool
        As Adam has it.
    clip_value : float, optional
        Cut each element of the gradient to [-clip_value, clip_value]; above 0.
    clip_norm : float, optional
        Shorten the whole gradient to this 2-norm where it is longer; above 0.

    Raises
    ------
    ValueError
        An argument out of its range.
    """

    kind = "adamw"
    decoupled = True

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
        *,
        epsilon_hat: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            epsilon_hat=epsilon_hat,
            clip_value=clip_value,
            clip_norm=clip_norm,
        )
