"""The order of the samples, drawn epoch after epoch as scikit-learn draws it; NumPy alone."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray


class ShuffledEpochs:
    """The order of the samples in each epoch, as `sklearn.utils.shuffle` would leave it.

    scikit-learn shuffles the order of the epoch before: ``order = order[shuffled 0..n-1]``. So an
    epoch's order is reached by drawing those before it; going back starts from the first again.

    Parameters
    ----------
    samples : int
    rng : numpy.random.RandomState
        Where the drawing starts. It is copied: whatever is drawn here leaves it as it is.
    """

    def __init__(self, samples: int, rng: np.random.RandomState) -> None:
        self._samples = samples
        self._start = copy.deepcopy(rng)
        self._rewind()

    def _rewind(self) -> None:
        self._rng = copy.deepcopy(self._start)
        self._order: NDArray[np.intp] = np.arange(self._samples)
        self._drawn = 0

    def __call__(self, epoch: int) -> NDArray[np.intp]:
        """Return the order of an epoch, counted from 0."""
        self._go_to(epoch + 1)
        return self._order

    def _go_to(self, epochs: int) -> None:
        if epochs < self._drawn:
            self._rewind()
        while self._drawn < epochs:
            shuffled = np.arange(self._samples)
            self._rng.shuffle(shuffled)
            self._order = self._order[shuffled]
            self._drawn += 1

    def leave(self, rng: np.random.RandomState, epochs: int) -> None:
        """Put a generator where it stands once the orders of so many epochs have been drawn."""
        self._go_to(epochs)
        rng.set_state(self._rng.get_state(legacy=False))
