"""Runs on disk as they end, for a sweep that goes on after it was killed; imports the core.

A folder with a file for each run, each written atomically and sealed with a digest. Nothing in it
is a pickle. Several processes may write into one folder.
"""

from __future__ import annotations

import os
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import bad_value, steps_to_user
from ..core.scoring.history import History
from ..core.storing.atomic import PathLike, write_atomically
from ..core.storing.container import read_container, write_container
from ..core.storing.faults import FileError, bad_file, item
from ..core.storing.run import describe_history
from .keys import code_of
from .task import Asked, Outcome

_ENDING = ".run.npz"
KEPT = ("done", "diverged")
"""What is not run again: a run that failed or was interrupted is."""


class Records:
    """The folder of a sweep.

    Parameters
    ----------
    path : str or path
        Made where it is not there.
    keys : list of str
        Of each run, in the order of the sweep.

    Raises
    ------
    ValueError
        The path is that of a file.
    """

    def __init__(self, path: PathLike, keys: list[str]) -> None:
        self.path, self._keys = checked_folder(path), keys

    def _file(self, index: int) -> Path:
        return self.path / f"{self._keys[index]}{_ENDING}"

    def write(self, index: int, outcome: Outcome, asked: Asked) -> None:
        """Keep what a run has come to, if it need not be run again."""
        if outcome.status not in KEPT:
            return
        codes = _codes(asked)
        document: dict[str, Any] = {
            name: getattr(outcome, name) for name in ("status", "reason", "epochs", "modes")
        }
        document["history"], arrays = describe_history(outcome.history, "history/")
        document["key"] = self._keys[index]
        document["metrics"] = list(outcome.metrics)
        document["codes"] = {name: codes[name] for name in outcome.metrics if name in codes}
        arrays["metrics"] = np.array([*outcome.metrics.values()], np.float64)
        arrays["seconds"] = np.array(outcome.seconds)
        if outcome.standing is not None:
            arrays["standing"] = np.frombuffer(outcome.standing, np.uint8)
        write = partial(write_container, document={"sweep run": document}, arrays=arrays)
        write_atomically(self._file(index), write)

    def read(self, index: int, asked: Asked) -> Outcome | None:
        """Return what a run has come to before, or None where it is to be run.

        A record that can not be read is warned of, and counts as none.
        """
        if not self._file(index).exists():
            return None
        try:
            outcome, codes = self._outcome(index)
        except _UNREADABLE as error:
            _warn_of_damage(index, error)
            return None
        return _measured(outcome, asked, codes)

    def _contents(self, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
        path = self._file(index)
        with open(path, "rb") as file:
            document, arrays = read_container(file, str(path))
        document = item(document, "sweep run", dict)
        if item(document, "key", str) != self._keys[index]:
            raise bad_file("A record", "that of this run", "that of another one")
        return document, arrays

    def _outcome(self, index: int) -> tuple[Outcome, dict[str, str]]:
        document, arrays = self._contents(index)
        names = item(item(document, "history", dict), "columns", list)
        columns = {name: arrays[f"history/{n}"] for n, name in enumerate(names)}
        if item(document, "status", str) not in KEPT:
            raise bad_file("A record", f"a status of {KEPT}", repr(document["status"]))
        metrics = zip(item(document, "metrics", list), arrays["metrics"].tolist(), strict=True)
        outcome = Outcome(
            status=document["status"],
            reason=item(document, "reason", str),
            history=History.of({"loss": arrays["history/loss"]} | columns),
            metrics=dict(metrics),
            modes=item(document, "modes", dict),
            epochs=item(document, "epochs", int),
            seconds=float(arrays["seconds"]),
            standing=arrays["standing"].tobytes() if "standing" in arrays else None,
        )
        return outcome, item(document, "codes", dict)

    def standing(self, index: int) -> bytes | None:
        """Return where a run stood at its end, if that was kept and can be read."""
        if not self._file(index).exists():
            return None
        try:
            _, arrays = self._contents(index)
        except _UNREADABLE as error:
            _warn_of_damage(index, error)
            return None
        return arrays["standing"].tobytes() if "standing" in arrays else None

    def others(self) -> int:
        """Return how many records in the folder are of no run of this sweep."""
        own = {f"{key}{_ENDING}" for key in self._keys}
        return sum(
            path.name.endswith(_ENDING) and path.name not in own for path in self.path.iterdir()
        )


_UNREADABLE = (FileError, OSError, KeyError, TypeError)


def _warn_of_damage(index: int, error: Exception) -> None:
    warnings.warn(
        f"resume: a record can not be read, and run {index} is done again ({error})",
        UserWarning,
        stacklevel=steps_to_user(),
    )


def _codes(asked: Asked) -> dict[str, str]:
    """Return a digest of each metric that is a function."""
    return {name: code_of(fn) for name, fn in asked.measures or () if fn is not None}


def _measured(outcome: Outcome, asked: Asked, before: dict[str, str]) -> Outcome | None:
    """Return an outcome with the metrics that are asked for now, or None where one is missing.

    `before` has the digests of the functions that measured it.
    """
    if asked.measures is None:
        return outcome
    metrics, codes = {}, _codes(asked)
    for name, fn in asked.measures:
        if name in outcome.metrics and codes.get(name) == before.get(name):
            metrics[name] = outcome.metrics[name]
        elif fn is None and name == "loss" and outcome.history.losses:
            metrics[name] = outcome.history.losses[-1]
            outcome.modes[name] = "min"
        else:  # it was not asked for then
            return None
    outcome.metrics = metrics
    return outcome


def checked_folder(path: PathLike) -> Path:
    """Return a folder, made where it was not there."""
    try:
        folder = Path(os.fspath(path))
    except TypeError:
        mend = "Pass e.g. resume='my sweep'."
        raise bad_value("resume", "the path of a folder", repr(path), mend) from None
    if folder.exists() and not folder.is_dir():
        mend = "Pass the path of a folder; it is made where it is not there."
        raise bad_value("resume", "the path of a folder", f"that of a file, {folder}", mend)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
