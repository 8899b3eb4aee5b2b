"""Rows of numbers that are read when they are needed, not held in memory; imports NumPy alone.

What stands in a data set or among a trainer's samples in the place of an array: `data/filed.py`
reads them from a file, `data/stream.py` from an iterator; others are made of those, block by block.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import bad_value
from .tables import LARGEST

Array = NDArray[Any]
At = slice | NDArray[np.integer]
"""Which rows: a slice with a start, a stop and a step of 1, or an array of their numbers."""

BLOCK = 2**22
"""The most bytes of rows that a pass over all of them has in memory at a time: 4 MB."""


class RowSource(ABC):
    """Rows that are read when they are needed: by slices or numbers, as of an array.

    Indexing, and whatever NumPy is asked to do with it (``np.asarray(source)``), reads into memory.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    whole: bool = True
    """Whether all rows may be gone through to check them; of some streams they are as they come."""

    steady: bool = True
    """Whether the rows are the same in every epoch; those of some streams are not."""

    @abstractmethod
    def read(self, rows: At) -> Array:
        """Return rows as an array of this dtype, which nobody writes to."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Numbers in all."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __copy__(self) -> RowSource:
        return self  # nobody can change it

    def __deepcopy__(self, memo: object) -> RowSource:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled: what it reads is not in it."""
        raise TypeError(
            f"Rows: expected to be kept by what they are read from; received a call to pickle "
            f"{self!r}. Make the data set anew from the file or the stream."
        )

    def __getattr__(self, name: str) -> Any:
        """Say that what arrays have is not here; it is asked for what nobody has defined."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"{name!r}: expected an array in memory; received {self!r}. np.asarray(...) reads all "
            f"of it, indexing a part.",
            name=name,
            obj=self,
        )

    def __repr__(self) -> str:
        return f"<rows of shape {self.shape} ({self.dtype}), read when they are needed>"

    def __getitem__(self, at: Any) -> Array:
        """Return rows, or parts of them, as an array in memory."""
        rows, *within = at if isinstance(at, tuple) else (at,)
        single = isinstance(rows, (int, np.integer)) and not isinstance(rows, bool)
        found = self.read(self.numbers(np.array([rows]) if single else rows))
        if within:
            found = found[(slice(None), *within)]
        return found[0] if single else found

    def numbers(self, rows: Any) -> At:
        """Return which rows an index means, or say that it means none."""
        count = len(self)
        if isinstance(rows, slice):
            start, stop, step = rows.indices(count)
            return slice(start, max(start, stop)) if step == 1 else np.arange(start, stop, step)
        numbers = np.asarray(rows)
        if numbers.dtype.kind == "b" and numbers.shape == (count,):
            return np.flatnonzero(numbers)
        if numbers.size == 0:
            return np.zeros(0, np.intp)
        fits = numbers.ndim == 1 and numbers.dtype.kind in "iu"
        if not fits or numbers.min() < -count or numbers.max() >= count:
            raise IndexError(
                f"Rows: expected numbers from 0 to {count - 1}, a slice or {count} booleans; "
                f"received {rows!r:.60}. Read all of them by np.asarray(...) for other indices."
            )
        return np.where(numbers < 0, numbers + count, numbers)

    def take(
        self, rows: NDArray[np.integer], axis: int = 0, out: Any = None, mode: str = "raise"
    ) -> Array:
        """Return rows by number, read into `out` where that is given; as `numpy.ndarray.take`."""
        found = self.read(rows)
        if out is None:
            return found
        np.copyto(out, found)
        return np.asarray(out)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Read all of it into memory."""
        whole = np.empty(self.shape, self.dtype)
        for start, block in self.blocks():
            whole[start : start + len(block)] = block
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def shown(self, most: int) -> NDArray[np.intp]:
        """Return the numbers of at most so many rows to show of it, evenly spaced."""
        return np.unique(np.linspace(0, len(self) - 1, min(len(self), most)).astype(np.intp))

    def sample(self, rows: NDArray[np.intp]) -> Array:
        """Return some rows by which it can be known again."""
        return self.read(rows)

    def blame(  # noqa: B027 (not abstract: of most it is not known)
        self, rows: At, function: Callable[[Array], object]
    ) -> None:
        """Find out where rows come from that a function refuses, and say so, where it is known.

        Raises
        ------
        ValueError
            That of the function, with the place in front.
        """

    @property
    def rows_at_once(self) -> int:
        """Rows in a block of `BLOCK` bytes, at least 1."""
        return max(1, BLOCK // max(1, math.prod(self.shape[1:]) * max(8, self.dtype.itemsize)))

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """Read all rows in their order, some at a time, each block with its first row's number."""
        for start in range(0, len(self), self.rows_at_once):
            yield start, self.read(slice(start, min(start + self.rows_at_once, len(self))))


def check_rows(source: RowSource, what: str) -> None:
    """Read all rows once, and name the first number that is NaN, infinite or beyond 64 bits.

    Raises
    ------
    ValueError
    """
    if source.dtype.kind not in "fu":
        return
    first: tuple[list[int], Any] | None = None
    count = 0
    for start, block in source.blocks():
        if block.dtype.kind == "u":
            if block.dtype.itemsize == 8 and int(block.max()) > LARGEST:
                mend = "Number classes from 0; pass large values as floats."
                expected = f"integers of at most {LARGEST} (64 bits)"
                raise bad_value(what, expected, str(block.max()), mend)
            continue
        finite = np.isfinite(block)
        if finite.all():
            continue
        if first is None:
            place = [int(i) for i in np.argwhere(~finite)[0]]
            first = [place[0] + start, *place[1:]], block[tuple(place)]
        count += int(finite.size - finite.sum())
    if first is not None:
        at, value = first
        received = f"{value} at {at} ({count} such value{'s' * (count > 1)})"
        raise bad_value(what, "finite numbers", received, "Remove or replace these rows first.")


def in_memory(array: Any, what: str, mend: str) -> None:
    """Refuse what is not held in memory, for what needs all of it at once.

    Raises
    ------
    ValueError
    """
    if isinstance(array, RowSource):
        raise bad_value(what, "data in memory", f"{array!r}", mend)
