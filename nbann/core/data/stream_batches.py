"""Which rows of a stream make up which batch; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from .batches import Batches, Order, Rows
from .streaming import Column


class StreamBatches(Batches):
    """Cuts the rows of a stream into the batches of a training; see `Batches`.

    With `shuffle`, each epoch takes the stream's own batches in another order, and the rows within
    them as they stand.
    """

    def __init__(self, column: Column, size: int, shuffle: bool, seed: Sequence[int]) -> None:
        super().__init__(len(column), size, shuffle and column.shuffled, seed)
        self.whole = False  # each epoch has rows of its own
        self.once = column.readers[0].once
        self._starts = column.starts

    def rows(self, epoch: int) -> Sequence[Rows | None]:
        order = np.arange(len(self._starts) - 1)
        if self.shuffle:
            np.random.default_rng([*self.seed, epoch]).shuffle(order)
        return CutStream(self, order, self._starts, epoch)


class CutStream(Sequence["Rows | None"]):
    """The batches of an epoch, cut from a stream's own in some order."""

    def __init__(
        self, batches: Batches, order: NDArray[np.intp], starts: NDArray[np.intp], epoch: int
    ) -> None:
        self._batches, self._order, self._starts = batches, order, starts
        self._ends = np.cumsum(np.diff(starts)[order])
        self._offset = epoch * batches.samples

    def __len__(self) -> int:
        return self._batches.count

    @overload
    def __getitem__(self, batch: int) -> Rows | None: ...
    @overload
    def __getitem__(self, batch: slice) -> Sequence[Rows | None]: ...
    def __getitem__(self, batch: int | slice) -> Rows | Sequence[Rows | None] | None:
        if isinstance(batch, slice):
            return [self[place] for place in range(*batch.indices(len(self)))]
        batch = range(len(self))[batch]
        start = batch * self._batches.size
        places = np.arange(start, start + self._batches.length(batch))
        nth = np.searchsorted(self._ends, places, side="right")
        own = self._order[nth]
        begin = self._ends[nth] - np.diff(self._starts)[own]
        rows: Rows = self._offset + self._starts[own] + places - begin
        return rows


def cut(
    data: Any,
    samples: int,
    size: int,
    shuffle: bool,
    seed: Sequence[int],
    order: Order | None,
) -> Batches:
    """Return how a data set is cut into batches: by rows, or as a stream gives them.

    Raises
    ------
    ValueError
        An order of the rows of a stream.
    """
    if not isinstance(data.X, Column):
        return Batches(samples, size, shuffle, seed, order)
    if order is not None:
        mend = "Let the stream give its batches in the order that you want."
        raise bad_value("shuffle", "True or False, for a stream", "an order of its rows", mend)
    return StreamBatches(data.X, size, shuffle, seed)
