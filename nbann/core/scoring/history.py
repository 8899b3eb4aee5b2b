"""What a run has measured so far, in growing columns of numbers; imports NumPy alone."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownNameError, bad_value

Value = float | NDArray[np.float64]


class History(Mapping[str, NDArray[np.float64]]):
    """Columns by name: "loss" has a number for each batch, the others one for each evaluated epoch.

    "epoch" holds the number of epochs done at each evaluation; "train_loss", "test_loss",
    "train_accuracy", ... stand beside it, shape (evaluations,). A metric that gives an array has
    one more axis or more: ``history["test_confusion_matrix"]`` is (evaluations, k, k). Columns come
    as NumPy arrays (copies).
    """

    def __init__(self) -> None:
        self.losses = array("d")  # appended to by the inner loop: 8 bytes a batch, no objects
        self._epochs: dict[str, array[float]] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}  # of one value of each column in _epochs

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name == "loss":
            return np.array(self.losses)
        if name in self._epochs:
            return np.array(self._epochs[name]).reshape(-1, *self._shapes[name])
        raise UnknownNameError("history column", name, self)

    def __iter__(self) -> Iterator[str]:
        yield "loss"
        yield from self._epochs

    def __len__(self) -> int:
        return 1 + len(self._epochs)

    def __repr__(self) -> str:
        columns = ", ".join(self)
        return f"<History: {len(self.losses)} batches, {self.evaluations} evaluations: {columns}>"

    @property
    def evaluations(self) -> int:
        """How many epochs have been evaluated."""
        for name, column in self._epochs.items():
            return len(column) // math.prod(self._shapes[name])
        return 0

    @property
    def nbytes(self) -> int:
        """How much memory the numbers take."""
        return sum(c.itemsize * len(c) for c in (self.losses, *self._epochs.values()))

    def copy(self) -> History:
        """Return another history of the same numbers."""
        other = History()
        other.losses = self.losses[:]
        other._shapes = dict(self._shapes)
        other._epochs = {name: column[:] for name, column in self._epochs.items()}
        return other

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[np.float64]]) -> History:
        """Return a history of such columns as another one gave: the way back from a file.

        Parameters
        ----------
        columns : mapping of str to array
            "loss" and others; these of shape (evaluations, ...), all of the same length.
        """
        made = cls()
        made.losses.frombytes(np.asarray(columns["loss"], np.float64).tobytes())
        for name, values in columns.items():
            if name != "loss":
                made._shapes[name] = values.shape[1:]
                made._epochs[name] = array("d", np.asarray(values, np.float64).tobytes())
        return made

    def follow(self, record: History, batches: int, evaluations: int) -> None:
        """Hold the first batches and evaluations of a record, of which this is another part.

        What both have in common stays where it is: only the difference is dropped or copied.
        """
        _fit(self.losses, record.losses, batches)
        if not evaluations:
            self._epochs.clear()
            self._shapes.clear()
            return
        self._shapes.update(record._shapes)
        for name, column in record._epochs.items():
            own = self._epochs.setdefault(name, array("d"))
            _fit(own, column, evaluations * math.prod(self._shapes[name]))

    def evaluations_at(self, epochs: int) -> int:
        """Return how many evaluations there were once so many epochs were done."""
        return bisect_right(self._epochs["epoch"], epochs) if self._epochs else 0

    def row(self, evaluation: int) -> dict[str, Value]:
        """Return the columns of one evaluation, counted from 0."""
        row: dict[str, Value] = {}
        for name, column in self._epochs.items():
            shape = self._shapes[name]
            size = math.prod(shape)
            values = column[evaluation * size : (evaluation + 1) * size]
            row[name] = np.array(values).reshape(shape) if shape else values[0]
        return row

    def become(self, other: History) -> None:
        """Hold the numbers of another history, which is not to be used any more."""
        self.losses, self._epochs, self._shapes = other.losses, other._epochs, other._shapes

    def add_epoch(self, row: Mapping[str, Value]) -> None:
        """Append one evaluation; every row has the same names.

        Raises
        ------
        ValueError
            An array of another shape than before, or with nothing in it; nothing is appended then.
        """
        values = {name: np.asarray(value, dtype=np.float64) for name, value in row.items()}
        for name, value in values.items():
            shape = self._shapes.get(name, value.shape)
            if value.shape != shape or not value.size:
                mend = "A metric returns a number, or an array of the same shape each time."
                raise bad_value(name, f"an array of shape {shape}", f"{value.shape}", mend)
        for name, value in values.items():
            self._shapes[name] = value.shape
            self._epochs.setdefault(name, array("d")).frombytes(value.tobytes())

    def last(self, name: str) -> Value | None:
        """Return the newest value of a column, or None where there is none yet."""
        column = self.losses if name == "loss" else self._epochs.get(name)
        if not column:
            return None
        shape = self._shapes.get(name, ())
        if not shape:
            return column[-1]
        return np.array(column[-math.prod(shape) :]).reshape(shape)


def _fit(own: array[float], record: array[float], length: int) -> None:
    """Cut a column to a length, or fill it up from a record of which it is the beginning."""
    if length <= len(own):
        del own[length:]
    else:
        own.extend(record[len(own) : length])
