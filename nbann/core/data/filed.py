"""Reads rows of a memory-mapped array, with little of the file in memory; the core's own parts.

Pages of a mapping count as memory of the process as long as they are mapped. So rows are read with
the system's `preadv` into a small buffer; where that can not be (no such call, columns that do not
follow one another in the file, changes that are only in memory) through the mapping, whose pages
are given back again and again.
"""

from __future__ import annotations

import math
import mmap
import os
import weakref
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..checks import as_features
from ..errors import bad_value
from .source import Array, At, RowSource, check_rows

TOUCHED = 2**25
"""Bytes of a mapping that may become resident before its pages are given back: 32 MB."""

DENSE = 2
"""Rows that lie so close, one in two on average, are read with those between them."""

FAULT = 2**16
"""Bytes that one access to a mapping may make resident: the pages around it as well."""


def is_filed(data: object) -> bool:
    """Whether it is a memory-mapped array of numbers, rows of which can be read one by one."""
    return isinstance(data, np.memmap) and data.dtype.kind in "fiub" and data.ndim > 0


def as_rows(X: object, what: str = "X") -> NDArray[np.float64]:
    """Return features as `as_features` does; those of a memory-mapped file stay in the file.

    What comes back of a file reads rows when they are asked for, in the file's own dtype.

    Raises
    ------
    ValueError
        As `as_features` raises it.
    """
    if isinstance(X, RowSource):
        return cast("NDArray[np.float64]", X)
    if not is_filed(X):
        return as_features(X, what)
    array = cast("NDArray[Any]", X)
    if array.ndim < 2 or 0 in array.shape:
        return as_features(array, what)  # says what is wrong with it
    return cast("NDArray[np.float64]", filed(array, what))


def filed(array: NDArray[Any], what: str) -> RowSource:
    """Return the rows of a memory-mapped array, all of which have been checked.

    Raises
    ------
    ValueError
        The file is shorter than the array; NaN, infinity or integers beyond 64 bits in it.
    """
    source = _opened(array, what)
    check_rows(source, what)
    return source


def _opened(array: NDArray[Any], what: str) -> RowSource:
    root = _root(array)
    if root is None:  # of no file any more: a copy in memory that is still called a memmap
        return Mapped(array, None)
    name = getattr(root, "filename", None)
    start = int(getattr(root, "offset", 0)) + _address(array) - _address(root)
    if name is not None and os.path.exists(name):
        _check_size(os.stat(name).st_size, array, start, what)
    changed = getattr(root, "mode", "c") == "c"
    inner = array[:1].strides[1:]
    follows = inner == np.empty((1, *array.shape[1:]), array.dtype).strides[1:]
    if name is None or changed or not follows or not hasattr(os, "preadv"):
        return Mapped(array, None if changed else root)
    try:
        file = FileRows(array, str(name), start)
    except OSError:  # it was deleted, or may not be opened again: the mapping is still there
        return Mapped(array, root)
    ends = [0, len(array) - 1]
    same = np.array_equal(file.read(np.array(ends)), array[ends], equal_nan=array.dtype.kind == "f")
    return file if same else Mapped(array, root)  # else another file has this name by now


def _root(array: NDArray[Any]) -> np.memmap[Any, Any] | None:
    """Return the array that was mapped, of which this one is a view."""
    node: Any = array
    while isinstance(node, np.ndarray):
        if isinstance(node, np.memmap) and isinstance(node.base, mmap.mmap):
            return node
        node = node.base
    return None


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _check_size(size: int, array: NDArray[Any], start: int, what: str) -> None:
    last = start + sum(
        (n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True) if stride > 0
    )
    if array.size and size < last + array.dtype.itemsize:
        raise _short(what, last + array.dtype.itemsize, f"{size}")


def _short(what: str, expected: int, received: str) -> ValueError:
    mend = "It has been cut short since it was mapped: write it anew and map it again."
    return bad_value(what, f"a file of at least {expected} bytes", received, mend)


class FileRows(RowSource):
    """Rows of a file, read with the system's own calls into memory that is freed again.

    Parameters
    ----------
    array : numpy.memmap
        Whose rows are meant; the numbers of a row follow one another.
    name : str
        The file.
    start : int
        The first row's place in it, in bytes.
    """

    def __init__(self, array: NDArray[Any], name: str, start: int) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self._name, self._start, self._stride = os.path.basename(name), start, array.strides[0]
        self._bytes = math.prod(array.shape[1:]) * array.dtype.itemsize
        self._file = os.open(name, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._file)

    def __repr__(self) -> str:
        return f"<rows of shape {self.shape} ({self.dtype}) in the file {self._name!r}>"

    def read(self, rows: At) -> Array:
        if isinstance(rows, slice):
            found = np.empty((rows.stop - rows.start, *self.shape[1:]), self.dtype)
            if found.size and self._stride == self._bytes:
                into = found.reshape(-1).view(np.uint8).data
                self._fill(into, self._start + rows.start * self._stride)
                return found
            rows = np.arange(rows.start, rows.stop)
        else:
            if len(rows):
                first, last = int(rows.min()), int(rows.max()) + 1
                if last - first <= DENSE * len(rows) and last - first < len(self):
                    return self.read(slice(first, last))[rows - first]
            found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        if not found.size:
            return found
        into = found.reshape(-1).view(np.uint8).data
        size, start, stride, file = self._bytes, self._start, self._stride, self._file
        order = np.argsort(rows, kind="stable")  # disks like to be read in their order
        preadv = os.preadv
        for place, row in zip((order * size).tolist(), rows[order].tolist(), strict=True):
            part = into[place : place + size]
            if preadv(file, [part], start + row * stride) != size:
                self._fill(part, start + row * stride)
        return found

    def _fill(self, into: memoryview, place: int) -> None:
        """Read until it is full: the system may give less at a time than it was asked for."""
        while into:
            count = os.preadv(self._file, [into], place)
            if count == 0:
                size = os.fstat(self._file).st_size
                raise _short(f"The file {self._name!r}", place + len(into), f"{size}")
            into, place = into[count:], place + count


class Mapped(RowSource):
    """Rows that are read through the mapping, whose pages are given back as it goes on.

    Parameters
    ----------
    array : numpy.memmap
    root : numpy.memmap or None
        The array that was mapped; None where nothing may be given back: changes would be lost.
    """

    def __init__(self, array: NDArray[Any], root: np.memmap[Any, Any] | None) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self._array = array
        self._map: mmap.mmap | None = None
        if root is not None and isinstance(root.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self._map = root.base

    def read(self, rows: At) -> Array:
        together = isinstance(rows, slice)
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        step, columns = self._at_once(len(numbers), together=together)
        for start in range(0, len(numbers), step):
            part: Any = numbers[start : start + step]
            if together:
                part = slice(int(part[0]), int(part[-1]) + 1)
            if columns is None:
                found[start : start + step] = self._array[part]
                self._give_back()
                continue
            for left in range(0, self.shape[1], columns):
                some = slice(left, left + columns)
                found[start : start + step, some] = self._array[:, some][part]
                self._give_back()
        return found

    def _at_once(self, count: int, *, together: bool) -> tuple[int, int | None]:
        """Return how many rows, and columns where they lie apart, may be touched at a time."""
        row = max(1, math.prod(self.shape[1:]) * self.dtype.itemsize)
        if self._array[:1].flags.c_contiguous:
            return max(1, TOUCHED // (row if together else max(row, FAULT))), None
        places = math.prod(self.shape[2:])  # what is left of a row within a column
        if together:
            column = FAULT + count * self.dtype.itemsize
            return max(1, count), max(1, TOUCHED // (places * column))
        columns = max(1, min(self.shape[1], TOUCHED // (places * FAULT)))
        return max(1, TOUCHED // (places * FAULT * columns)), columns

    def _give_back(self) -> None:
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)
