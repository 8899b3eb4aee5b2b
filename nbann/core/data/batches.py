"""Which rows make up which batch; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value

Rows = NDArray[np.intp]

Order = Callable[[int], Rows]
"""Gives the order of the samples in an epoch, counted from 0: a permutation of their numbers.

Asked for one epoch twice it answers the same: going back and coming again depend on that."""


MANY = 2**18
"""From so many samples on an order is kept in 32 bits, and batches are cut when they are due."""


class Cut(Sequence["Rows | None"]):
    """The batches of an epoch, each cut from the epoch's order when it is asked for."""

    def __init__(self, order: NDArray[np.integer], size: int) -> None:
        self._order, self._size = order, size

    def __len__(self) -> int:
        return -(-len(self._order) // self._size)

    @overload
    def __getitem__(self, batch: int) -> Rows | None: ...
    @overload
    def __getitem__(self, batch: slice) -> list[Rows | None]: ...
    def __getitem__(self, batch: int | slice) -> Rows | list[Rows | None] | None:
        if isinstance(batch, slice):
            return [self[place] for place in range(*batch.indices(len(self)))]
        start = range(len(self))[batch] * self._size
        return self._order[start : start + self._size].astype(np.intp)


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
        self.once = False
        """Whether rows can be had but once, in their order: those of an iterator."""

    def rows(self, epoch: int) -> Sequence[Rows | None]:
        """Return the rows of each batch of an epoch; None stands for all rows in place."""
        if self.whole:
            return [None]
        many = self.samples >= MANY
        if self.order is not None:
            order = self._checked(self.order(epoch))
        else:
            short = many and self.samples < 2**31
            order = np.arange(self.samples, dtype=np.int32 if short else np.intp)
            if self.shuffle:  # in place: the same order as that of `permutation`
                np.random.default_rng([*self.seed, epoch]).shuffle(order)
        if many:
            return Cut(order, self.size)
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

    def check_again(self, what: str) -> None:
        """Refuse what needs batches that have been.

        Raises
        ------
        ValueError
        """
        if self.once:
            mend = "Make the stream of a function: Stream(lambda epoch: ...)."
            expected = "a stream whose batches can be had again"
            raise bad_value(what, expected, "an iterator, which gives each but once", mend)

    def length(self, batch: int) -> int:
        """Return the number of rows in the batch of this number."""
        return min(self.size, self.samples - batch * self.size)
