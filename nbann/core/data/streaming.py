"""Reads batches of a stream when their rows are asked for; imports the core's own parts only.

A stream is a table whose rows follow one another through its batches, epoch after epoch: row r of
epoch e has the number ``e * samples + r``. So `data/stream_batches.py` can cut a
training's own batches from it, of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from .source import Array, At, RowSource

Checked = tuple[Array, Array]
Check = Callable[[Any, str], Checked]
"""Turns what a stream gives into arrays X and y, or says what is wrong with it."""


class Reader:
    """Gives the batches of a stream by number, whatever they come from.

    Parameters
    ----------
    sizes : array of int
        Rows of each batch of an epoch.
    check : callable
    get : callable, optional
        ``get(i)`` gives a batch by its number.
    begin : callable, optional
        ``begin(epoch)`` gives all of an epoch's in their order.
    once : iterator, optional
        Gives them one epoch after the other, and none twice.
    held : dict
        What has been read already, by number.
    """

    def __init__(
        self,
        sizes: NDArray[np.intp],
        check: Check,
        *,
        get: Callable[[int], Any] | None = None,
        begin: Callable[[int], Iterable[Any]] | None = None,
        once: Iterator[Any] | None = None,
        held: dict[int, Checked] | None = None,
    ) -> None:
        self._sizes, self._check = sizes, check
        self._get, self._begin, self.once = get, begin, once is not None
        self._open: Iterator[Any] | None = once
        self._epoch = 0
        self._next = 0 if held is None else len(held)
        self._held: dict[int, Checked] = {} if held is None else dict(held)

    def read(self, numbers: list[int]) -> list[Checked]:
        """Return batches, by their numbers through all epochs, in ascending order.

        They are held until others are asked for: a batch that is trained on may be loaded again.
        """
        self._held = {n: batch for n, batch in self._held.items() if n in numbers}
        for number in numbers:
            if number not in self._held:
                self._held[number] = self._one(number)
        return [self._held[number] for number in numbers]

    def reject(self, number: int) -> None:
        """Forget a batch that can not be learned from: it, or the next one, is asked for anew."""
        self._held.pop(number, None)
        if self.once:
            self._next = number

    def name_of(self, number: int) -> str:
        """Return how errors call a batch."""
        epoch, place = divmod(number, len(self._sizes))
        return f"Batch {place}" if self._get is not None else f"Batch {place} of epoch {epoch}"

    def _one(self, number: int) -> Checked:
        epoch, place = divmod(number, len(self._sizes))
        what = self.name_of(number)
        if self._get is not None:
            item = self._get(place)
        elif self.once:
            item = self._following(number)
        else:
            item = self._in_order(epoch, place)
        X, y = self._check(item, what)
        expected = int(self._sizes[place])
        if len(X) != expected:
            mend = "Of all epochs each batch has as many as in the first, and of samples= all but "
            mend += "the last the same number."
            raise bad_value(what, f"{expected} rows", f"{len(X)}", mend)
        if self.once:
            self._next = number + 1
        return X, y

    def _following(self, number: int) -> Any:
        """Return what an iterator gives next, which is to be the batch of this number."""
        assert self._open is not None  # it was given
        if number < self._next:
            mend = "Pass a function that makes the iterator anew: Stream(lambda epoch: ...)."
            expected = f"batch {self._next} of the iterator or a later one"
            raise bad_value("Stream", expected, f"a call for batch {number} once more", mend)
        for _ in range(number - self._next):  # of a run that is gone on with
            next(self._open, None)
            self._next += 1
        try:
            return next(self._open)
        except StopIteration:
            mend = "Train for fewer epochs, or pass a function that makes the iterator anew."
            raise bad_value(
                "Stream", f"batch {number} of the iterator", f"its end after {number}", mend
            ) from None

    def _in_order(self, epoch: int, place: int) -> Any:
        """Return a batch of an epoch that is gone through in order, from its start if need be."""
        assert self._begin is not None  # there is nothing else
        opened, self._open = self._open, None  # unless all goes well it is begun anew next time
        if opened is None or epoch != self._epoch or place < self._next:
            opened, self._epoch, self._next = iter(self._begin(epoch)), epoch, 0
        try:
            for _ in range(place - self._next):
                next(opened)
                self._next += 1
            item = next(opened)
        except StopIteration:
            mend = "Let it give the same number of batches in each epoch."
            expected = f"{len(self._sizes)} batches in epoch {epoch}"
            raise bad_value("Stream", expected, f"{self._next}", mend) from None
        self._next += 1
        self._open = opened
        return item


class Column(RowSource):
    """The features or the targets of a stream.

    Parameters
    ----------
    readers : tuple of Reader
        For what is trained on (rows by number), and for going through all (slices), so that neither
        loses its place by the other.
    which : {0, 1}
        X or y.
    starts : array of int
        The first row of each batch of an epoch, and behind them how many there are in all.
    """

    steady = whole = False  # each batch is looked at when it comes

    def __init__(
        self,
        readers: tuple[Reader, Reader],
        which: int,
        starts: NDArray[np.intp],
        first: Array,
        *,
        shuffled: bool,
    ) -> None:
        self.readers, self._which, self.starts = readers, which, starts
        self.shape, self.dtype = (int(starts[-1]), *first.shape[1:]), first.dtype
        self.shuffled, self._first = shuffled, first

    def __repr__(self) -> str:
        return f"<rows of shape {self.shape} ({self.dtype}) of a stream>"

    def shown(self, most: int) -> NDArray[np.intp]:
        return np.arange(min(len(self._first), most))  # others may be had but once

    def sample(self, rows: NDArray[np.intp]) -> Array:
        return self._first[rows]

    def read(self, rows: At) -> Array:
        reader, numbers, place, of = self._located(rows)
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        if not len(numbers):
            return found
        within = numbers % len(self)
        wanted = np.unique(of)
        for number, batch in zip(wanted, reader.read(wanted.tolist()), strict=True):
            at = of == number
            found[at] = batch[self._which][within[at] - self.starts[place[at]]]
        return found

    def _located(self, rows: At) -> tuple[Reader, Array, Array, Array]:
        """Return who reads rows, their numbers, and each one's batch in its epoch and in all."""
        if isinstance(rows, slice):
            reader, numbers = self.readers[1], np.arange(rows.start, rows.stop)
        else:
            reader, numbers = self.readers[0], np.asarray(rows)
        epoch, within = np.divmod(numbers, len(self))
        place = np.searchsorted(self.starts, within, side="right") - 1
        return reader, numbers, place, epoch * (len(self.starts) - 1) + place

    def blame(self, rows: At, function: Callable[[Array], object]) -> None:
        reader, _, _, of = self._located(rows)
        wanted = np.unique(of).tolist()
        for number, batch in zip(wanted, reader.read(wanted), strict=True):
            try:
                function(batch[self._which])
            except ValueError as error:
                reader.reject(number)
                raise ValueError(f"{reader.name_of(number)}: {error}") from None
