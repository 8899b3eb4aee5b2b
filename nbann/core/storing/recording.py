"""Streams chosen numbers of a run to disk, step by step; imports the core's own parts only."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..errors import UnknownNameError, bad_value
from ..hook import Event
from ..program import element_index
from .atomic import PathLike, checked_target

if TYPE_CHECKING:
    from ..trainer import Trainer

RecordUnit = Literal["op", "batch", "epoch"]
PLACE = ("epoch", "batch", "op")
"""The first columns: where the run stood, each counted from 0; op is how many were done."""
_ELEMENT = re.compile(r"(.+)\[([-\d, ]*)\]")

Read = Callable[[], Any]


class Sink(Protocol):
    """Where rows go: a row has a value for each column, the places first."""

    def write(self, place: tuple[int, int, int], values: Iterable[NDArray[Any]]) -> None:
        """Take a row; what is kept in memory is bounded."""

    def flush(self) -> None:
        """Put what is kept in memory on disk."""

    def close(self) -> None:
        """Flush and close the file; a second call does nothing."""


class Record:
    """A handle on what is being recorded; `close` ends it. See `Trainer.record`.

    Attributes
    ----------
    path : Path
    names : tuple of str
        What is recorded, beside "epoch", "batch" and "op".
    rows : int
        How many have been written.
    """

    def __init__(
        self,
        trainer: Trainer,
        path: PathLike,
        arrays: Iterable[str] | str,
        unit: RecordUnit,
        every: int,
        overwrite: bool,
    ) -> None:
        if unit not in ("op", "batch", "epoch"):
            raise UnknownNameError("unit to record", unit, ("op", "batch", "epoch"))
        self.unit = unit
        self.every = whole_number("every", every, least=1)
        self.names = _names(arrays)
        readers = [reader_of(trainer, name, unit) for name in self.names]
        self.path = Path(path)
        self.rows = 0
        self._readers = readers
        self._seen = 0
        self._trainer = trainer
        checked_target(path)
        self._sink = _opened(self.path, self.names, readers, overwrite)
        self._end = weakref.finalize(self, self._sink.close)  # at the latest when Python ends
        self._hook = trainer.on(unit, self._note)

    def _note(self, event: Event) -> None:
        self._seen += 1
        if self._seen % self.every:
            return
        done = self._trainer.program.done
        values = [np.asarray(read()) for read in self._readers]
        self._sink.write((event.epoch, event.batch, done), values)
        self.rows += 1

    def flush(self) -> None:
        """Put what is still in memory on disk.

        Raises
        ------
        OSError
            The disk is full, say.
        """
        self._sink.flush()

    def close(self) -> None:
        """Record no more, and put everything on disk; a second call does nothing.

        Raises
        ------
        OSError
            The disk is full, say.
        """
        self._hook.remove()
        self._end.detach()
        self._sink.close()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return not self._hook.attached

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        often = self.unit if self.every == 1 else f"{self.every} {self.unit}s"
        return f"<Record of {', '.join(self.names)} every {often} in {str(self.path)!r}>"


def _names(arrays: Iterable[str] | str) -> tuple[str, ...]:
    names = (arrays,) if isinstance(arrays, str) else tuple(arrays)
    if not names or not all(isinstance(name, str) for name in names):
        mend = "Pass e.g. arrays=['loss', 'hidden.weight']."
        raise bad_value("arrays", "names of arrays, at least one", repr(names), mend)
    twice = [name for name in names if names.count(name) > 1 or name in PLACE]
    if twice:
        mend = "Where the run stands ('epoch', 'batch', 'op') is recorded by itself."
        raise bad_value("arrays", "each name once", repr(twice[0]), mend)
    return names


def _opened(path: Path, names: tuple[str, ...], readers: list[Read], overwrite: bool) -> Sink:
    """Return the file to write into, by the ending of its name."""
    from .record_files import CsvFile, NpzFile

    if path.exists() and not overwrite:
        raise FileExistsError(
            f"path: expected a file that is not there yet; received {str(path)!r}, which is. "
            f"Choose another name, or pass overwrite=True to lose what is in it."
        )
    ending = path.suffix.lower()
    if ending == ".npz":
        return NpzFile(path, names, [np.asarray(read()) for read in readers])
    if ending != ".csv":
        mend = "Pass e.g. 'run.csv' for single numbers, 'run.npz' for arrays."
        raise bad_value("path", "a name that ends in .csv or .npz", repr(os.fspath(path)), mend)
    for name, read in zip(names, readers, strict=True):
        shape = np.shape(read())
        if shape:
            mend = f"Record one element, {name + str([0] * len(shape))!r}, or a path that ends in "
            raise bad_value(name, "a single number for a .csv", f"shape {shape}", mend + ".npz.")
    return CsvFile(path, names)


def reader_of(trainer: Trainer, name: str, unit: RecordUnit) -> Read:
    """Return a function that reads a name: an array, an element of one, a number of the history.

    Raises
    ------
    UnknownNameError
        Nothing is called so; the message lists the nearest names.
    ValueError
        An index that does not fit, or an array that is shorter in an epoch's last batch.
    """
    if name == "learning_rate":
        return lambda: trainer.learning_rate
    if name in trainer.measured:
        return lambda: _measured(trainer, name)
    if name in trainer.names:
        _check_length(trainer, name, unit)
        return lambda: trainer[name]
    found = _ELEMENT.fullmatch(name)
    if found is None or found[1] not in trainer.names:
        known = (*trainer.names, *trainer.measured, "learning_rate")
        raise UnknownNameError("array to record", found[1] if found else name, known)
    array, index = found[1], [int(part) for part in found[2].split(",") if _is_whole(name, part)]
    place = element_index(array, trainer[array].shape, index)
    if array not in trainer.learned:
        _check_length(trainer, array, unit)
    return lambda: trainer[array][place]


def _is_whole(name: str, part: str) -> bool:
    if not re.fullmatch(r" *-?\d+ *", part):
        mend = "Write e.g. 'hidden.weight[0,1]'."
        raise bad_value(name, "whole numbers in brackets", repr(part), mend)
    return True


def _measured(trainer: Trainer, name: str) -> Any:
    """Return the newest number of a history column; before the first evaluation NaN."""
    newest = trainer.history.last(name)
    return np.nan if newest is None else newest


def _check_length(trainer: Trainer, name: str, unit: RecordUnit) -> None:
    """Refuse an array of samples whose number changes from batch to batch."""
    if unit == "epoch":  # its last batch is as long every time
        return
    shapes = {program.arrays[name].shape for program in trainer._programs.values()}
    if len(shapes) > 1:
        mend = "Choose a batch_size that leaves no smaller batch over, or unit='epoch'."
        what = " and ".join(map(str, sorted(shapes)))
        raise bad_value(name, "an array of one shape in every batch", what, mend)
