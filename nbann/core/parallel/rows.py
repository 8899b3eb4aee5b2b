"""Which worker holds which rows, and so which part of a batch is whose; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


class Own(NamedTuple):
    """A worker's part of a batch.

    Attributes
    ----------
    rows : array of int
        Which rows of those that the worker holds, in order.
    places : array of int
        Where each of them stands in the batch.
    """

    rows: Rows
    places: Rows


class Division:
    """Training data dealt out to workers, one row after another: row i to worker i % `workers`.

    Dealt out so, each has about its share of any batch, and of every class where the data is
    sorted by class.

    Parameters
    ----------
    samples : int
        Rows of the training data.
    workers : int
    """

    def __init__(self, samples: int, workers: int) -> None:
        self.samples, self.workers = samples, workers

    def held(self, worker: int) -> slice:
        """Return which rows of the training data a worker holds."""
        return slice(worker, None, self.workers)

    def parts(self, rows: Rows | None) -> list[Own]:
        """Return each worker's part of a batch; None stands for all rows in place."""
        every = np.arange(self.samples) if rows is None else rows
        whose = every % self.workers
        found = []
        for worker in range(self.workers):
            places = np.flatnonzero(whose == worker)
            own = every[places] // self.workers
            order = np.argsort(own, kind="stable")
            found.append(Own(own[order], places[order]))
        return found


def counts_of(parts: Iterable[Own], weights: NDArray[Any] | None) -> list[float]:
    """Return what the rows of each part of a batch count: their number, or what they weigh."""
    return [
        float(len(own.places) if weights is None else weights[own.places].sum()) for own in parts
    ]


def weights_of(samples: dict[str, NDArray[Any]], rows: Rows | None) -> NDArray[Any] | None:
    """Return what each sample of a batch weighs (time steps added up); None where all weigh 1."""
    weight = samples.get("y.weight")
    if weight is None:
        return None
    taken = np.asarray(weight if rows is None else weight[rows])
    total: NDArray[Any] = taken.reshape(len(taken), -1).sum(axis=1)
    return total
