"""Writing a file so that at any moment the old one or the new one is whole; the library alone."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .faults import FileError, bad_file

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows, which lets no one remove a file that another has open
    flock = None  # type: ignore[assignment]

ENDING = ".nbann-part"
_TOKEN = 16

PathLike = str | os.PathLike[str]


def write_atomically(path: PathLike, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write(file)` write a new file beside `path`, and only once it is on disk swap them.

    Whatever kills the process, `path` holds what was there before or all that is new: a rename
    within a folder is atomic (POSIX, rename; on Windows, MoveFileEx with replacing). What a killed
    process has left beside it is removed by the next call; what another one is writing is not.

    Raises
    ------
    FileNotFoundError
        The folder is not there.
    IsADirectoryError
        The path is that of a folder.
    OSError
        As the system raises it: a full disk, no permission. The old file is still there then.
    """
    target = checked_target(path)
    if target.exists() and not target.is_file():  # a rename would put a file in a device's place
        raise FileExistsError(
            f"path: expected a file's; received {str(target)!r}, which is a device or the like. "
            f"Pass another path."
        )
    _clean(target)
    part, file = _begin(target)
    try:
        with file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, part)
            if flock is not None:  # while it is locked, nobody takes it for a killed process's
                os.replace(part, target)
        if flock is None:
            os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def checked_target(path: PathLike) -> Path:
    """Return the file that is to be written, links followed; raise as `write_atomically` does."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"The folder {str(target.parent)!r}: expected one that is there; received none. "
            f"Make it first: Path({str(target.parent)!r}).mkdir(parents=True)."
        )
    if target.is_dir():
        raise IsADirectoryError(
            f"path: expected a file's; received that of the folder {str(target)!r}. "
            f"Add a name: {str(target / 'run.npz')!r}."
        )
    return target


def open_saved(path: PathLike) -> IO[bytes]:
    """Open a saved file; raise `FileNotFoundError`, or `FileError` where it is a folder."""
    if os.path.isdir(path):
        raise bad_file(f"{os.fspath(path)}", "a saved trainer's file", "a folder")
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"{os.fspath(path)}: expected a file that Trainer.save wrote; received no such file. "
            f"Look at the path: nothing is added to it, neither in saving nor in loading."
        )
    return open(path, "rb")


def _begin(target: Path) -> tuple[Path, IO[bytes]]:
    """Make the new file, locked."""
    for _ in range(100):
        part = target.with_name(f".{target.name}.{secrets.token_hex(_TOKEN // 2)}{ENDING}")
        file = open(part, "x+b")  # noqa: SIM115 (closed by the caller)
        if flock is None:
            return part, file
        with contextlib.suppress(OSError):  # a file system without locks
            flock(file, LOCK_EX)
        if part.exists() and os.path.samestat(os.fstat(file.fileno()), part.stat()):
            return part, file
        file.close()  # somebody took it for a leftover before it was locked
    raise FileError(f"{target}: others keep removing what is written beside it. Try another path.")


def _clean(target: Path) -> None:
    """Remove what killed processes have left beside a file."""
    name = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{{_TOKEN}}}{re.escape(ENDING)}")
    with contextlib.suppress(OSError):  # a folder that may be written to and not be read
        for left in target.parent.iterdir():
            if name.fullmatch(left.name):
                with contextlib.suppress(OSError):  # another process has it: locked, or just gone
                    _remove(left)


def _remove(left: Path) -> None:
    if flock is None:
        left.unlink()
        return
    with open(left, "rb") as file:
        flock(file, LOCK_EX | LOCK_NB)
        left.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder can not be opened there
        return
    with contextlib.suppress(OSError):  # some file systems have no way to; the file itself is safe
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
