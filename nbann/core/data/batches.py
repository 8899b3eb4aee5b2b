"""Which rows make up which batch; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value

Rows = NDArray[np.intp]

Order = Callable[[int], Rows]
"""Gives the order of the samples in an epoch, counted from 0: a permutation of their numbers.

Asked for one epoch twice it answers the same: going back and coming again depend on that."""


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
    order : callable, optional
        ``order(epoch)``, in place of an order drawn from the seed; see `Order`.
    """

    def __init__(
        self,
        samples: int,
        size: int,
        shuffle: bool,
        seed: Sequence[int],
        order: Order | None = None,
    ) -> None:
        self.samples = samples
        self.size = size
        self.shuffle = shuffle
        self.seed = tuple(seed)
        self.order = order
        self.count = -(-samples // size)
        self.whole = self.count == 1
        self.even = samples % size == 0

    def rows(self, epoch: int) -> list[Rows | None]:
        """Return the rows of each batch of an epoch; None stands for all rows in place."""
        if self.whole:
            return [None]
        order = np.arange(self.samples)
        if self.order is not None:
            order = self._checked(self.order(epoch))
        elif self.shuffle:
            order = np.random.default_rng([*self.seed, epoch]).permutation(self.samples)
        return [order[start : start + self.size] for start in range(0, self.samples, self.size)]

    def _checked(self, order: object) -> Rows:
        """Return an order that was given for an epoch, or say what is wrong with it."""
        rows = np.asarray(order)
        fits = (
            rows.shape == (self.samples,)
            and rows.dtype.kind in "iu"
            and 0 <= rows.min() <= rows.max() < self.samples
        )
        if not fits or (np.bincount(rows.astype(np.intp), minlength=self.samples) != 1).any():
            mend = "Return e.g. rng.permutation(n)."
            expected = f"a permutation of 0 to {self.samples - 1}"
            raise bad_value("The order of an epoch", expected, repr(order)[:60], mend)
        return rows.astype(np.intp, copy=False)

    def length(self, batch: int) -> int:
        """Return the number of rows in the batch of this number."""
        return min(self.size, self.samples - batch * self.size)
