"""The order of the samples, drawn epoch after epoch as scikit-learn draws it; NumPy alone."""

from __future__ import annotations

from typing import Any

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
        Drawn from as scikit-learn would, until `let_go`; whatever is drawn again comes from a copy.
    """

    def __init__(self, samples: int, rng: np.random.RandomState) -> None:
        self._samples = samples
        self._start: dict[str, Any] = rng.get_state(legacy=False)
        self._rng: np.random.RandomState | None = rng
        self._begin()

    def _begin(self) -> None:
        self._order: NDArray[np.intp] = np.arange(self._samples)
        self._drawn = 0

    def __call__(self, epoch: int) -> NDArray[np.intp]:
        """Return the order of an epoch, counted from 0."""
        epochs = epoch + 1
        if epochs < self._drawn or (self._rng is None and epochs != self._drawn):
            generator = getattr(np.random, self._start["bit_generator"])
            self._rng = np.random.RandomState(generator(0))
            self._rng.set_state(self._start)
            self._begin()
        self.draw(epochs)
        return self._order

    def draw(self, epochs: int) -> None:
        """Draw the orders of so many epochs, but for those that have been drawn."""
        while self._drawn < epochs and self._rng is not None:
            shuffled = np.arange(self._samples)
            self._rng.shuffle(shuffled)
            self._order = self._order[shuffled]
            self._drawn += 1

    def let_go(self) -> None:
        """Draw from the generator no more: the fit has ended, and it belongs to its owner."""
        self._rng = None
