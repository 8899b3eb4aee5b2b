"""The files that records are written to, and reading them; NumPy and the core's own parts only.

CSV: a line a step, on disk as soon as it is written. NPZ: chunks of steps, "hidden.weight/000000",
"hidden.weight/000001", ..., each (steps, *shape); between two chunks the file is a whole archive.
"""

from __future__ import annotations

import contextlib
import csv
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from .faults import FileError, bad_file
from .npy import array_of, header_of, payload_of
from .recording import PLACE

MEMORY = 1 << 20
"""Bytes of rows that are kept before they are written."""
MOST = 4096
"""Rows that are kept, however small they are."""
_ENDING = ".npy"
_LOCAL = struct.Struct("<4s5H3L2H")


class CsvFile:
    """A line for each row; numbers with as many digits as bring the same number back."""

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        # a line is handed to the system as soon as it is whole: what a crash leaves is readable
        self._file = open(path, "w", newline="", encoding="utf-8", buffering=1)  # noqa: SIM115
        self._lines = csv.writer(self._file, lineterminator="\n")
        try:
            self._lines.writerow([*PLACE, *names])
        except OSError:
            with contextlib.suppress(OSError):  # the same once more, as closing flushes
                self._file.close()
            raise

    def write(self, place: tuple[int, int, int], values: Iterable[NDArray[Any]]) -> None:
        self._lines.writerow([*place, *(value.item() for value in values)])

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class NpzFile:
    """Rows by chunks, each column a member of its own."""

    def __init__(self, path: Path, names: tuple[str, ...], first: list[NDArray[Any]]) -> None:
        self._path = path
        self._names = (*PLACE, *names)
        self._kept: list[NDArray[Any]] = []
        self._count = self._chunks = 0
        self._closed = False
        with zipfile.ZipFile(path, "w") as archive:  # no steps yet, but their shapes
            self._add(archive, [one[None][:0] for one in (*[np.array(0)] * len(PLACE), *first)])

    def write(self, place: tuple[int, int, int], values: Iterable[NDArray[Any]]) -> None:
        if self._closed:
            raise ValueError(f"{str(self._path)!r} is closed: record into a new file.")
        row = [*(np.asarray(number, np.int64) for number in place), *values]
        if self._kept and any(
            kept.shape[1:] != one.shape or kept.dtype != one.dtype
            for kept, one in zip(self._kept, row, strict=True)
        ):
            self.flush()
            self._kept = []
        if not self._kept:
            rows = max(1, min(MOST, MEMORY // sum(one.nbytes for one in row)))
            self._kept = [np.empty((rows, *one.shape), one.dtype) for one in row]
        for kept, one in zip(self._kept, row, strict=True):
            kept[self._count] = one
        self._count += 1
        if self._count == len(self._kept[0]):
            self.flush()

    def flush(self) -> None:
        if not self._count:
            return
        with zipfile.ZipFile(self._path, "a", zipfile.ZIP_STORED) as archive:
            self._add(archive, [kept[: self._count] for kept in self._kept])
        self._count = 0

    def _add(self, archive: zipfile.ZipFile, parts: list[NDArray[Any]]) -> None:
        for name, part in zip(self._names, parts, strict=True):
            member = f"{quote(name, safe='')}/{self._chunks:06d}{_ENDING}"
            archive.writestr(member, header_of(part) + bytes(payload_of(part)))
        self._chunks += 1

    def close(self) -> None:
        if not self._closed:
            self.flush()
            self._closed = True


# ---- reading ------------------------------------------------------------------------------------
def read_record(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Return what `Trainer.record` wrote, by name; each array is (steps, *shape).

    "epoch", "batch" and "op" say where the run stood: the epoch and the batch just done or under
    way, counted from 0, and how many ops of the batch were done. A record that is still being
    written, or whose process was killed, is read as far as it is on disk.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    FileError
        Another file; it is a `ValueError`.
    FileNotFoundError
    """
    path = Path(path)
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    with open(path, "rb") as file:
        parts: dict[str, list[NDArray[Any]]] = {}
        for member, raw in _members(file):
            name, _, chunk = member.rpartition("/")
            if chunk != f"{len(parts.setdefault(unquote(name), [])):06d}{_ENDING}":
                raise bad_file(f"{path}", "the chunks of a record in order", repr(member)[:60])
            parts[unquote(name)].append(array_of(raw, f"The chunk {member!r}"))
    # a process that was killed may have written the next chunk of some columns alone
    whole = min((len(chunks) for chunks in parts.values()), default=0)
    return {name: _joined(name, chunks[:whole]) for name, chunks in parts.items() if whole}


def _joined(name: str, chunks: list[NDArray[Any]]) -> NDArray[Any]:
    """Return one array of all chunks; a NaN stands for an array that had not been measured yet."""
    chunks = [chunk for chunk in chunks if len(chunk)] or chunks[:1]
    shape = chunks[-1].shape[1:]
    whole = [
        np.full((len(chunk), *shape), np.nan) if _is_unmeasured(chunk, shape) else chunk
        for chunk in chunks
    ]
    if any(chunk.shape[1:] != shape for chunk in whole):
        raise bad_file(f"The chunks of {name!r}", f"arrays of shape {shape}", "others")
    return np.concatenate(whole)


def _is_unmeasured(chunk: NDArray[Any], shape: tuple[int, ...]) -> bool:
    return bool(shape) and chunk.ndim == 1 and bool(np.isnan(chunk).all())


def _members(file: IO[bytes]) -> Iterable[tuple[str, bytes]]:
    """Yield every member from the first on; of a file that was never finished those that are whole.

    Raises
    ------
    FileError
        A file of another kind, or one that was finished and holds something else.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(2) != b"PK":
        raise bad_file("The file", "a record that Trainer.record wrote", "a file of another kind")
    finished = _is_finished(file)
    place = 0
    while file.seek(place) < size and len(local := file.read(_LOCAL.size)) == _LOCAL.size:
        mark, _, flags, method, _, _, crc, packed, length, name, extra = _LOCAL.unpack(local)
        if mark != b"PK\x03\x04":
            return
        member = file.read(name).decode("utf-8", "replace")
        file.seek(extra, os.SEEK_CUR)
        start, place = file.tell(), file.tell() + packed
        raw = file.read(length) if packed == length and start + length <= size else None
        if raw is None or method or flags & ~0x800 or zlib.crc32(raw) != crc:
            if not finished:
                return
            raise bad_file(f"The chunk {member!r:.60}", "the bytes that were recorded", "others")
        yield member, raw


def _is_finished(file: IO[bytes]) -> bool:
    """Whether an archive has its end: if not, its process was killed while it wrote."""
    try:
        with zipfile.ZipFile(file) as archive:
            return bool(archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def _read_csv(path: Path) -> dict[str, NDArray[Any]]:
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    lines = list(csv.reader(text[: text.rfind("\n") + 1].splitlines()))  # the last may be half
    if not lines or tuple(lines[0][:3]) != PLACE:
        raise bad_file(f"{path}", "a record that Trainer.record wrote", "another .csv file")
    try:
        columns = list(zip(*lines[1:], strict=True)) or [()] * len(lines[0])
        return {
            name: np.array(column, np.float64).astype(np.int64 if name in PLACE else np.float64)
            for name, column in zip(lines[0], columns, strict=True)
        }
    except (ValueError, OverflowError) as error:
        raise FileError(f"{path}: expected numbers in columns; received {error}.") from error
