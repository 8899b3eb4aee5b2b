"""What the rules of a diagnosis read: a run as it stands; NumPy and the core's parts."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..finite import culprit
from ..program import Op
from .layer_stats import layer_stats, stats_over
from .layer_table import LayerStats

if TYPE_CHECKING:
    from ..recipe import Samples
    from ..trainer import Trainer

ROWS = 4096
"""Training rows that are looked at, evenly spaced: enough for a share, and soon done."""

LEARNED = 0.75
"""The share of a constant guess's error which a net must have got rid of to count as having
learned. A net that works is not ill, whatever its units look like: Trask's net has half of its
hidden sigmoids saturated when it is right on every row."""


class Case:
    """What the rules read: a run as it stands, measured once and only where a rule asks for it.

    Attributes
    ----------
    trainer : Trainer
    batch : LayerStats
        The layers in the batch that is loaded, gradients included; measured if left out.
    """

    def __init__(self, trainer: Trainer, batch: LayerStats | None = None) -> None:
        self.trainer = trainer
        self.batch = layer_stats(trainer) if batch is None else batch

    @cached_property
    def rows(self) -> Samples:
        """Up to `ROWS` rows of the training data."""
        samples = self.trainer._train
        every = -(-len(samples["x"]) // ROWS)
        return {name: array[::every] for name, array in samples.items()}

    @cached_property
    def whole(self) -> LayerStats:
        """How the layers' outputs fare over the training data, with the weights of now."""
        return stats_over(self.trainer, self.rows)

    @cached_property
    def outputs(self) -> NDArray[np.floating]:
        """What the net gives for `rows`."""
        return self.trainer._evaluator.outputs(self.rows)

    @cached_property
    def learned(self) -> float:
        """The share of a constant guess's error that the net has got rid of; 1 at best.

        Of classes ``1 - (wrong labels) / (those of guessing the commonest)``; of values R2, which
        is ``1 - (squared error) / (that of guessing the mean)``.
        """
        heads = self.trainer.loss.heads
        if not heads:
            return self._learned(self.trainer._evaluator.point(self.outputs), "y")
        found = []
        for name, head in heads.items():  # what is worst tells
            with np.errstate(all="ignore"):
                own = head.loss.point(self.outputs[..., head.start : head.stop], head.task)
            found.append(self._learned(own, f"y.{name}"))
        return min(found)

    def _learned(self, predicted: NDArray[Any], target: str) -> float:
        y = self.rows[target].reshape(predicted.shape)
        weight = self.rows.get(f"{target}.weight")
        if weight is not None:  # rows and time steps that do not count
            predicted, y = predicted[weight > 0], y[weight > 0]
        if predicted.dtype.kind == "f":
            with np.errstate(all="ignore"):
                error = float(((predicted - y) ** 2).mean(dtype=np.float64))
            guess = float(y.var(axis=0, dtype=np.float64).mean())
        else:
            error, guess = float((predicted != y).mean()), _wrong_guesses(y)
        if guess == 0:
            return 1.0 if error == 0 else 0.0
        return 1 - error / guess if math.isfinite(error) else -math.inf

    @property
    def works(self) -> bool:
        """Whether the net has learned, see `LEARNED`."""
        return self.learned >= LEARNED

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """The finite losses of all batches."""
        losses = self.trainer.history["loss"]
        return losses[np.isfinite(losses)]

    @property
    def start(self) -> float:
        """The loss that the run began with: of its first batches, some 32 rows in all."""
        count = -(-32 // self.trainer._batches.size)
        return float(np.median(self.losses[:count]))

    @cached_property
    def levels(self) -> NDArray[np.float64]:
        """The medians of up to 20 equal stretches of the losses.

        A stretch is at least 5 batches, and an epoch or 256 rows, so that noise evens out.
        """
        losses = self.losses
        rows = min(self.trainer.batches, -(-256 // self.trainer._batches.size))
        length = max(5, rows, -(-len(losses) // 20))
        whole = len(losses) // length
        return np.median(losses[len(losses) - whole * length :].reshape(whole, length), axis=1)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a column of the evaluations, finite numbers only; empty if it is not measured."""
        history = self.trainer.history
        column = history[name] if name in history else np.empty(0)
        return column[np.isfinite(column)]

    @cached_property
    def curve(self) -> NDArray[np.float64]:
        """The training loss without the noise of batches: over all data, where that is known."""
        if self.trainer.batches == 1:
            return self.losses
        return self.column("train_loss")

    @cached_property
    def culprit(self) -> Op | None:
        """The op that first wrote a number that is not finite, if there is such a number."""
        program = self.trainer.program
        if self.trainer._cursor.diverged:
            return self.trainer._cursor.diverged
        theta = self.trainer._state.theta
        if np.isfinite(theta).all() and np.isfinite(self.trainer.history.losses[-1:]).all():
            return None
        return culprit(program)


def _wrong_guesses(y: NDArray[Any]) -> float:
    """Return the share of labels that are wrong if the commonest (of each column) is guessed."""
    columns = y.T if y.ndim == 2 else [y.reshape(-1)]
    commonest = [np.unique(column, return_counts=True)[1].max() / len(column) for column in columns]
    return float(1 - np.mean(commonest))
