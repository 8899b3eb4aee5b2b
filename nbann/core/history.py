"""What a run has measured so far, in growing columns of numbers; imports NumPy alone."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from .errors import UnknownNameError


class History(Mapping[str, NDArray[np.float64]]):
    """Columns by name: "loss" has a number for each batch, the others one for each evaluated epoch.

    "epoch" holds the number of epochs done at each evaluation; "train_loss", "test_loss",
    "train_accuracy", ... stand beside it. Columns come as NumPy arrays (copies).
    """

    def __init__(self) -> None:
        self.losses = array("d")  # appended to by the inner loop: 8 bytes a batch, no objects
        self._epochs: dict[str, array[float]] = {}

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name == "loss":
            return np.array(self.losses)
        if name in self._epochs:
            return np.array(self._epochs[name])
        raise UnknownNameError("history column", name, self)

    def __iter__(self) -> Iterator[str]:
        yield "loss"
        yield from self._epochs

    def __len__(self) -> int:
        return 1 + len(self._epochs)

    def __repr__(self) -> str:
        rows = len(next(iter(self._epochs.values()), ()))
        return f"<History: {len(self.losses)} batches, {rows} evaluations: {', '.join(self)}>"

    @property
    def evaluations(self) -> int:
        """How many epochs have been evaluated."""
        return len(next(iter(self._epochs.values()), ()))

    def add_epoch(self, row: Mapping[str, float]) -> None:
        """Append one evaluation; every row has the same names."""
        for name, value in row.items():
            self._epochs.setdefault(name, array("d")).append(value)

    def last(self, name: str) -> float | None:
        """Return the newest number of a column, or None where there is none yet."""
        column = self.losses if name == "loss" else self._epochs.get(name)
        return column[-1] if column else None
