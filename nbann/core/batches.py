"""Which rows make up which batch; imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


class Batches:
    """The order of the data: the rows of every batch of every epoch, from one seed.

    The last batch of an epoch holds what remains and may be smaller. With one batch for all samples
    the order changes nothing but rounding, so they stay as they stand and no row is copied.

    Parameters
    ----------
    samples : int
        Number of rows.
    size : int
        Rows in a batch, 1 to `samples`.
    shuffle : bool
        Draw a new order for every epoch.
    rng : numpy.random.Generator
        Where orders are drawn from; each epoch draws once.
    """

    def __init__(self, samples: int, size: int, shuffle: bool, rng: np.random.Generator) -> None:
        self.samples = samples
        self.size = size
        self.shuffle = shuffle
        self.rng = rng
        self.count = -(-samples // size)
        self.whole = self.count == 1

    def next_epoch(self) -> list[Rows | None]:
        """Return the rows of each batch of the coming epoch; None stands for all rows in place."""
        if self.whole:
            return [None]
        order = self.rng.permutation(self.samples) if self.shuffle else np.arange(self.samples)
        return [order[start : start + self.size] for start in range(0, self.samples, self.size)]

    def length(self, batch: int) -> int:
        """Return the number of rows in the batch of this number."""
        return min(self.size, self.samples - batch * self.size)
