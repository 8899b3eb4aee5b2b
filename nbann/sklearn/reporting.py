"""The loss of a batch and of an epoch as scikit-learn reports them; the core and NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbann.core.trainer import Trainer

from .parts import Part


class BatchLosses:
    """The loss of each batch as scikit-learn reports it, and each epoch's mean of them.

    That is what is minimized, but where values of several outputs are learned: scikit-learn reports
    the mean of their squared errors and descends the gradient of the sum (`squared_loss` and
    `_backprop` of its sources). What is minimized here is the sum; the report is its own.

    Parameters
    ----------
    trainer : Trainer
        Nothing has run yet.
    estimator : estimator
    data : Part
        What it trains on.
    """

    def __init__(self, trainer: Trainer, estimator: Any, data: Part) -> None:
        rows = len(data)
        size = trainer.program.batch_size
        self._shares = np.minimum(size, rows - np.arange(0, rows, size)) / rows
        self._outputs = data.Y.shape[1] if estimator.out_activation_ == "identity" else 1
        self._own: list[float] = []
        self._losses: Sequence[float] = trainer.history.losses
        if self._outputs > 1:
            self._losses = self._own
        self.until = self._note if self._outputs > 1 else None
        """Asked by the trainer after each batch, if there is something to note; never says stop."""

    def _note(self, trainer: Trainer) -> bool:
        self._own.append(reported_loss(trainer, self._outputs))
        return False

    @property
    def epochs(self) -> int:
        """How many have been done."""
        return len(self._losses) // len(self._shares)

    def mean(self, epoch: int) -> float:
        """Return an epoch's mean loss, in which every sample counts alike."""
        batches = len(self._shares)
        return float(np.dot(self._shares, self._losses[epoch * batches : (epoch + 1) * batches]))


def reported_loss(trainer: Trainer, outputs: int) -> float:
    """Return the loss of the batch just done with the mean over several outputs, not the sum."""
    arrays = trainer.program.arrays
    if "loss.penalty" not in arrays:
        return float(arrays["loss"]) / outputs
    return float(arrays["loss.data"]) / outputs + float(arrays["loss.penalty"])
