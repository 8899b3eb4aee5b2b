"""The file: a .npz with a JSON document, arrays and a digest; imports the core's own parts only.

A zip archive, nothing of it compressed, so that a member is as large as the file says and no
larger: "document.json", then "00000.npy", "00001.npy", ... in the order of the document's list
"arrays", which says what each of them is. The archive's comment ends in the SHA-256 of every byte
before it, so that no changed byte goes unnoticed. (`np.load` opens it, too.)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import IO, Any

from numpy.typing import NDArray

from .faults import FileError, bad_file, item, items
from .npy import array_of, header_of, payload_of

Document = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

FORMAT, VERSION = "nbann trainer", 1
DOCUMENT = "document.json"
_SEAL = b"nbann sha256 "
_DIGITS = 64
_BLOCK = 1 << 20
_LOCAL = struct.Struct("<4s5H3L2H")
_DATE = (1980, 1, 1, 0, 0, 0)  # the same run gives the same bytes


def write_container(file: IO[bytes], document: Document, arrays: Mapping[str, Any]) -> None:
    """Write a document and its arrays into a file that is open for reading and writing."""
    whole = {"format": FORMAT, "version": VERSION, **document, "arrays": list(arrays)}
    text = json.dumps(whole, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = _SEAL + b"0" * _DIGITS
        archive.writestr(zipfile.ZipInfo(DOCUMENT, _DATE), text)
        for number, array in enumerate(arrays.values()):
            header, payload = header_of(array), payload_of(array)
            info = zipfile.ZipInfo(_member(number), _DATE)
            large = len(header) + len(payload) > zipfile.ZIP64_LIMIT // 2
            with archive.open(info, "w", force_zip64=large) as member:
                member.write(header)
                member.write(payload)
    file.seek(0, os.SEEK_END)
    end = file.tell() - _DIGITS
    digest = _digest(file, end)
    file.seek(end)
    file.write(digest)


def read_container(file: IO[bytes], what: str) -> tuple[Document, Arrays]:
    """Read a file that `write_container` wrote: no more is allocated than the file is long.

    Raises
    ------
    FileError
        Any other file, and any that has been changed since.
    """
    size = file.seek(0, os.SEEK_END)
    _check_seal(file, size, what)
    try:
        with zipfile.ZipFile(file) as archive:
            members = _checked_members(archive, file, size)
            document = _document(archive.read(DOCUMENT))
            names = items(document, "arrays", str)
            if len(set(names)) < len(names):
                raise bad_file("The file's list of arrays", "each name once", "one twice")
            expected = [DOCUMENT, *map(_member, range(len(names)))]
            if members != expected:
                raise bad_file("The file", f"{len(expected)} members in order", f"{members[:5]}")
            return document, {
                name: array_of(archive.read(_member(number)), f"The array {name!r}")
                for number, name in enumerate(names)
            }
    except FileError:
        raise
    except _BROKEN as error:
        raise bad_file(what, "a whole file of nbann", f"{type(error).__name__}: {error}") from error


_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
"""What `zipfile`, `json` and NumPy raise for a file that is not what it says."""


def _member(number: int) -> str:
    return f"{number:05d}.npy"


def _digest(file: IO[bytes], end: int) -> bytes:
    """Return the digest of the first bytes of a file, as text."""
    digest = hashlib.sha256()
    file.seek(0)
    while end > 0 and (block := file.read(min(_BLOCK, end))):
        digest.update(block)
        end -= len(block)
    return digest.hexdigest().encode()


def _check_seal(file: IO[bytes], size: int, what: str) -> None:
    tail = _DIGITS + len(_SEAL)
    file.seek(max(0, size - tail))
    seal = file.read(tail)
    expected = "a file that Trainer.save wrote"
    if not re.fullmatch(_SEAL + rb"[0-9a-f]{64}", seal):
        file.seek(0)
        if file.read(2) == b"PK":
            raise bad_file(what, expected, "another .npz file, or one that was cut short")
        raise bad_file(what, expected, "a file of another kind, or a damaged one")
    if _digest(file, size - _DIGITS) != seal[-_DIGITS:]:
        received = "one whose bytes have changed since (its checksum does not fit)"
        raise bad_file(what, expected, received, "Take another copy of it, or save the run anew.")


def _checked_members(archive: zipfile.ZipFile, file: IO[bytes], size: int) -> list[str]:
    """Return the names of the members in order; refuse what is compressed, hidden or overlaps."""
    end = 0
    names = []
    for info in archive.infolist():
        start = info.header_offset
        file.seek(min(max(start, 0), size))
        local = file.read(_LOCAL.size)
        if start < end or len(local) < _LOCAL.size:
            raise bad_file("The file's members", "one after the other", "some that overlap")
        _, _, flags, method, _, _, _, _, _, name, extra = _LOCAL.unpack(local)
        end = start + _LOCAL.size + name + extra + info.compress_size
        plain = info.compress_type == method == zipfile.ZIP_STORED
        if not plain or flags & ~0x800 or info.flag_bits & ~0x800:
            raise bad_file(f"Member {info.filename[:40]!r}", "plain bytes", "coded ones")
        if info.file_size != info.compress_size or end > size:
            raise bad_file(f"Member {info.filename[:40]!r}", "its own size", "another one")
        names.append(info.filename)
    if len(set(names)) < len(names):
        raise bad_file("The file's members", "each name once", "one twice")
    return names


def _document(raw: bytes) -> Document:
    document = json.loads(raw.decode("ascii"), parse_constant=_no_constant, object_pairs_hook=_once)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise bad_file("The file", "a saved trainer", "a document of another kind")
    version = item(document, "version", int)
    if version > VERSION:
        raise FileError(
            f"The file was written by a newer nbann: version {version}, this one reads up to "
            f"{VERSION}. Update nbann: pip install -U nbann"
        )
    if version < 1:
        raise bad_file("The file's version", f"1 to {VERSION}", version)
    return document


def _no_constant(text: str) -> None:
    raise bad_file("The file's document", "finite numbers", text)


def _once(pairs: list[tuple[str, Any]]) -> Document:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise bad_file("The file's document", "each entry once", "one twice")
    return entries
