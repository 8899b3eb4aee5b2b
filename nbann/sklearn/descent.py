"""The stochastic solvers: which optimizer, at which rate, and what it carries from fit to fit."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from nbann.core.optimizers.adaptive import Adam
from nbann.core.optimizers.sgd import SGD, Optimizer
from nbann.core.state import Snapshot
from nbann.core.trainer import Trainer

SMALLEST_RATE = 1e-6
"""An adaptive learning rate that has come down to this is not lowered any more."""


class Descent:
    """SGD or Adam with scikit-learn's rules for the learning rate.

    "invscaling": after each epoch ``rate = learning_rate_init / (t + 1)**power_t`` with t the
    samples seen so far. "adaptive": a fifth of it whenever training has stopped improving, down to
    1e-6. Adam's rate is constant.

    Parameters
    ----------
    estimator : estimator
        Its parameters are read once: `partial_fit` goes on as it has begun.

    Attributes
    ----------
    learning_rate : float
        In force from the next batch on.
    carried : dict of str to ndarray
        Velocity or moments and the count of steps, where the last fit has left them.
    """

    def __init__(self, estimator: Any) -> None:
        self.optimizer = _optimizer(estimator)
        self.rule = estimator.learning_rate if estimator.solver == "sgd" else "constant"
        self.power_t = estimator.power_t
        self.learning_rate_init = self.learning_rate = float(estimator.learning_rate_init)
        self.carried: dict[str, NDArray[Any]] = {}

    @property
    def changes_by_epoch(self) -> bool:
        """Whether the rate is another one after each epoch."""
        return self.rule == "invscaling"

    def take_up(self, trainer: Trainer) -> None:
        """Let a new trainer go on where the last one has ended."""
        if self.carried:
            trainer._state.restore(Snapshot(self.carried))
            trainer._state.keep()  # so that the arithmetic of the first batch can be read
            trainer._begin_timeline()

    def lay_down(self, trainer: Trainer) -> None:
        """Remember where a trainer has ended, apart from its weights."""
        persistent = trainer._state.persistent
        self.carried = {name: array.copy() for name, array in persistent.items() if name}

    def epoch_done(self, trainer: Trainer, samples_seen: int) -> None:
        """Set the rate of the next epoch."""
        if self.changes_by_epoch:
            self._set(trainer, self.learning_rate_init / (samples_seen + 1) ** self.power_t)

    def lower(self, trainer: Trainer) -> bool:
        """Lower an adaptive rate; return False where there is nothing to be lowered."""
        if self.rule != "adaptive" or self.learning_rate <= SMALLEST_RATE:
            return False
        self._set(trainer, self.learning_rate / 5)
        return True

    def _set(self, trainer: Trainer, rate: float) -> None:
        self.learning_rate = trainer.learning_rate = rate


def _optimizer(estimator: Any) -> Optimizer:
    rate = estimator.learning_rate_init
    if estimator.solver == "adam":
        return Adam(rate, estimator.beta_1, estimator.beta_2, estimator.epsilon, epsilon_hat=True)
    optimizer = SGD(rate, nesterov=estimator.nesterovs_momentum)
    # set apart: scikit-learn allows a momentum of 1, where no step is ever forgotten
    optimizer.momentum = float(estimator.momentum)
    return optimizer
