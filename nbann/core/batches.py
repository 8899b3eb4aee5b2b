"""Which rows make up which batch; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence

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
    seed : sequence of int
        Together with an epoch's number it gives the order of that epoch: any epoch's order can be
        had without drawing those before it.
    """

    def __init__(self, samples: int, size: int, shuffle: bool, seed: Sequence[int]) -> None:
        self.samples = samples
        self.size = size
        self.shuffle = shuffle
        self.seed = tuple(seed)
        self.count = -(-samples // size)
        self.whole = self.count == 1

    def rows(self, epoch: int) -> list[Rows | None]:
        """Return the rows of each batch of an epoch; None stands for all rows in place."""
        if self.whole:
            return [None]
        order = np.arange(self.samples)
        if self.shuffle:
            order = np.random.default_rng([*self.seed, epoch]).permutation(self.samples)
        return [order[start : start + self.size] for start in range(0, self.samples, self.size)]

    def length(self, batch: int) -> int:
        """Return the number of rows in the batch of this number."""
        return min(self.size, self.samples - batch * self.size)
