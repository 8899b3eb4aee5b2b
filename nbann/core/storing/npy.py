"""Arrays as the bytes of .npy files, read strictly; imports NumPy and the core's own parts only.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0. Its
header is a Python literal; here a pattern reads it, so that nothing of a file is ever evaluated.
"""

from __future__ import annotations

import io
import math
import re
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .faults import bad_file

MAGIC = b"\x93NUMPY\x01\x00"
KINDS = frozenset(f"<{kind}{size}" for kind in "fiu" for size in (2, 4, 8)) | {"|b1", "|i1", "|u1"}
"""Element types that are read: numbers and booleans; no objects, structures, dates or text."""
_HEADER = re.compile(
    rb"\{'descr': '([<|][fiub]\d)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\), \} *\n"
)
_LONGEST = 4096
_AXES = 32


def header_of(array: NDArray[Any]) -> bytes:
    """Return the header of an array, whose elements are then written with `payload_of`."""
    stored = array.dtype.newbyteorder("<")
    text = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        text,
        {"descr": stored.str, "fortran_order": _by_columns(array), "shape": array.shape},
    )
    return text.getvalue()


def payload_of(array: NDArray[Any]) -> memoryview:
    """Return an array's elements as bytes, in little-endian order."""
    stored = array.dtype.newbyteorder("<")
    flat = array.T if _by_columns(array) else array
    return np.ascontiguousarray(flat, dtype=stored).reshape(-1).view(np.uint8).data


def can_hold(array: NDArray[Any]) -> bool:
    """Whether an array is of a type that is read again."""
    return array.dtype.newbyteorder("<").str in KINDS


def array_of(raw: bytes, what: str) -> NDArray[Any]:
    """Return the array of an .npy file's bytes, writable and in this machine's byte order.

    Raises
    ------
    FileError
        Not such a file, another element type, or another number of bytes than its shape needs.
    """
    length = int.from_bytes(raw[8:10], "little")
    if raw[:8] != MAGIC or length > _LONGEST or len(raw) < 10 + length:
        raise bad_file(what, "an array in NumPy's format 1.0", repr(raw[:16]))
    header = _HEADER.fullmatch(raw[10 : 10 + length])
    if header is None or header[1].decode() not in KINDS:
        received = repr(raw[10 : min(10 + length, 90)])
        raise bad_file(what, "an array of numbers or booleans", received)
    shape = tuple(int(axis) for axis in header[3].replace(b" ", b"").split(b",") if axis)
    stored = np.dtype(header[1].decode())
    count, size = math.prod(shape), len(raw) - 10 - length
    if count * stored.itemsize != size or len(shape) > _AXES or max(shape, default=0) > 2**40:
        raise bad_file(what, f"the {count * stored.itemsize} bytes of its shape", f"{size} bytes")
    flat = np.frombuffer(raw, stored, count, 10 + length)
    if stored.kind == "b" and (flat.view(np.uint8) > 1).any():
        raise bad_file(what, "booleans", "bytes other than 0 and 1")
    order: Literal["F", "C"] = "F" if header[2] == b"True" else "C"
    array: NDArray[Any] = np.empty(shape, stored.newbyteorder("="), order)
    array.reshape(-1, order=order)[...] = flat
    return array


def _by_columns(array: NDArray[Any]) -> bool:
    return bool(array.flags.f_contiguous and not array.flags.c_contiguous)
