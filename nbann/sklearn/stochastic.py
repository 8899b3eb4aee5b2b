"""Training in batches, epoch by epoch, with scikit-learn's rules for when to stop.

Between two points at which something may be decided, the trainer runs at full speed.
"""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from nbann.core.trainer import Trainer

from .descent import Descent
from .net import dataset, feed, trainer_for, weights_of
from .parts import Part, split
from .reporting import BatchLosses
from .shuffling import ShuffledEpochs
from .tasks import FitTasks


class StochasticFit:
    """One fit, or one epoch of `partial_fit`, of an estimator whose solver is "sgd" or "adam".

    Parameters
    ----------
    estimator : estimator
        Its weights are there; its fitted attributes are brought up to date as training goes on.
    data : Part
    tasks : FitTasks
    first : bool
        Whether the weights were drawn just now: no fit has gone before.
    incremental : bool
        One epoch only, from where the optimizer has been left.
    """

    def __init__(
        self, estimator: Any, data: Part, tasks: FitTasks, *, first: bool, incremental: bool
    ) -> None:
        self.estimator = estimator
        self.tasks = tasks
        self.epochs = 1 if incremental else estimator.max_iter
        self.incremental = incremental
        self.train, self.validation = split(estimator, data)
        rng = estimator._random_state
        self.order = ShuffledEpochs(len(self.train), rng) if estimator.shuffle else None
        if not incremental or not hasattr(estimator, "_optimizer"):
            estimator._optimizer = Descent(estimator)
        self.descent: Descent = estimator._optimizer
        self.trainer = self._trainer(_batch_size(estimator, len(self.train)))
        self.descent.take_up(self.trainer)
        self.losses = BatchLosses(self.trainer, estimator, self.train)
        # what early stopping goes back to. After a warm start where no score is better than the
        # best of the fits before, scikit-learn stays with the last weights, and so do we.
        starts = first and self.validation is not None
        self._best = self.trainer.model_snapshot() if starts else None

    def _trainer(self, batch_size: int) -> Trainer:
        """Return a trainer at its start: the one of the last epoch, if that fits."""
        estimator, train, order = self.estimator, self.train, self.order
        data = dataset(estimator, train.X, train.Y, train.weight)
        made_of = (
            self.descent.optimizer,
            batch_size,
            order is None,
            train.weight is None,
            [part.shape for part in (data.X, train.Y, *estimator.coefs_)],
            [part.dtype for part in (*estimator.coefs_, *estimator.intercepts_)],
            (estimator.activation, estimator.out_activation_, estimator.alpha),
            data.feature_names,
        )
        last, last_made_of = getattr(estimator, "_trainer", (None, None))
        if self.incremental and last is not None and last_made_of == made_of:
            feed(last, estimator, data, order)
            return last
        optimizer = self.descent.optimizer
        trainer = trainer_for(estimator, data, optimizer, batch_size=batch_size, order=order)
        estimator._trainer = (trainer, made_of)
        return trainer

    def run(self) -> None:
        """Train until a rule, a callback, Ctrl-C or the number of epochs says stop."""
        estimator, trainer = self.estimator, self.trainer
        estimator.coefs_, estimator.intercepts_ = weights_of(trainer)
        estimator.n_iter_ = 0
        stops = getattr(estimator, "best_validation_score_", None) is not None
        if not hasattr(estimator, "loss_curve_") or stops != (self.validation is not None):
            estimator._begin_record()  # a warm start, but the fit before went by other rules
        try:
            while self._goes_on():
                pass
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        if self.order is not None:
            # one batch of all samples needs no order; a generator that others hold must move on
            if not isinstance(estimator.random_state, numbers.Integral):
                self.order.draw(trainer.loaded.epoch + 1)
            self.order.let_go()
        if self.validation is not None and self._best is not None:
            trainer.restore_model(self._best)
        self.descent.lay_down(trainer)

    def _goes_on(self) -> bool:
        """Run to the next decision; return whether there is more to do."""
        estimator, trainer = self.estimator, self.trainer
        self.tasks.begin_iteration()
        target = trainer.position.epoch + self._epochs_ahead()
        try:
            while trainer.position.epoch < target:  # a hook may pause it; a fit goes on
                trainer.run(target - trainer.position.epoch, until=self.losses.until)
        finally:  # also when Ctrl-C has ended it: the epochs that are done count
            while estimator.n_iter_ < self.losses.epochs:
                self._epoch_done(self.losses.mean(estimator.n_iter_))
        stops = estimator._no_improvement_count > estimator.n_iter_no_change
        if stops and self._lowers_the_rate():
            stops, estimator._no_improvement_count = False, 0
        if self.tasks.end_iteration(estimator._fitted_now) or stops:
            return False
        if estimator.n_iter_ == self.epochs and not self.incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.epochs}) reached and the "
                f"training has not converged yet. Raise max_iter, or tol.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return estimator.n_iter_ < self.epochs

    def _epochs_ahead(self) -> int:
        """Return for how many epochs there is nothing to decide.

        Each epoch without an improvement adds 1 to a count, and training stops when it has passed
        n_iter_no_change: not before so many epochs as are missing.
        """
        estimator = self.estimator
        each_counts = (
            self.tasks.heard
            or estimator.verbose
            or self.validation is not None
            or self.descent.changes_by_epoch
        )
        if each_counts:
            return 1
        left = self.epochs - estimator.n_iter_
        undecided = estimator.n_iter_no_change + 1 - estimator._no_improvement_count
        return left if math.isinf(undecided) else max(1, min(left, undecided))

    # ---- after each epoch ------------------------------------------------------------------------
    def _epoch_done(self, loss: float) -> None:
        """Bring the estimator's record up to date with one more epoch."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.loss_ = loss
        estimator.t_ += len(self.train)
        estimator.loss_curve_.append(loss)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
        if self.validation is None:
            self._note_loss(loss)
        else:
            self._note_score(self.validation)
        self.descent.epoch_done(self.trainer, estimator.t_)

    def _note_loss(self, loss: float) -> None:
        estimator = self.estimator
        improved = not loss > estimator.best_loss_ - estimator.tol
        estimator._no_improvement_count = 0 if improved else estimator._no_improvement_count + 1
        estimator.best_loss_ = loss if loss < estimator.best_loss_ else estimator.best_loss_

    def _note_score(self, held_out: Part) -> None:
        estimator = self.estimator
        score = estimator._score(held_out.X, held_out.Y, held_out.weight)
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        improved = not score < estimator.best_validation_score_ + estimator.tol
        estimator._no_improvement_count = 0 if improved else estimator._no_improvement_count + 1
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            self._best = self.trainer.model_snapshot()

    def _lowers_the_rate(self) -> bool:
        """Lower an adaptive learning rate, if that is what no improvement is to lead to."""
        estimator = self.estimator
        lowered = self.descent.lower(self.trainer)
        if estimator.verbose:
            what = "Training loss" if self.validation is None else "Validation score"
            then = "Stopping."
            if lowered:
                then = f"Setting learning rate to {self.descent.learning_rate:f}"
            elif self.descent.rule == "adaptive":
                then = "Learning rate too small. Stopping."
            print(
                f"{what} did not improve more than tol={estimator.tol:f} for "
                f"{estimator.n_iter_no_change} consecutive epochs. {then}"
            )
        return lowered


def _batch_size(estimator: Any, rows: int) -> int:
    if estimator.batch_size == "auto":
        return min(200, rows)
    if estimator.batch_size > rows:
        warnings.warn(
            f"Got `batch_size` larger than the number of samples, {rows}. "
            f"It is going to be clipped.",
            stacklevel=2,
        )
    return min(estimator.batch_size, rows)
