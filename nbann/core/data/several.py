"""Several targets of each sample, by name, in the columns of one table; the core's own parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..losses.loss import Task
from .targets import as_targets


@dataclass(frozen=True)
class Target:
    """One of several things that are to be learned of each sample.

    Attributes
    ----------
    name : str
    task : {"classification", "regression"}
    start, stop : int
        Its columns in the table of all targets.
    names : tuple of str
        Of its classes, or of its columns.
    """

    name: str
    task: Task
    start: int
    stop: int
    names: tuple[str, ...] = ()

    def of(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return its own part of the table: labels (n,), or values (n,) or (n, k).

        Of documents by query it is (queries, T), or (queries, T, k).
        """
        part = y[..., self.start : self.stop]
        if self.task == "classification":
            return part[..., 0].astype(np.intp)
        return part[..., 0] if self.stop - self.start == 1 else part


def as_several(
    y: Mapping[str, Any],
    X: NDArray[np.float64],
    mask: NDArray[np.float64] | None = None,
    like: Sequence[Target] = (),
    what: str = "y",
) -> tuple[NDArray[np.float64], tuple[Target, ...]]:
    """Return targets that are given by name as one table, and what its columns are.

    Parameters
    ----------
    y : mapping of str to array
        Each of shape (n,) or (n, k), or all of them (n, time) or (n, time, k): words and integers
        in one column are classes.
    X : array of shape (n, ...)
    mask : array of shape (n, time) or None
    like : sequence of Target
        Those of the training data, if these are others: words are numbered as there.
    what : str
        What the messages call it.

    Raises
    ------
    ValueError
        None at all, a name that can not be that of a head, or targets that `Dataset` refuses.
    """
    known = {target.name: target for target in like}
    parts: list[NDArray[np.float64]] = []
    targets: list[Target] = []
    start = 0
    for name, one in y.items():
        if not isinstance(name, str) or not name.strip() or "." in name:
            mend = "Name each: y={'species': labels, 'size': values}."
            raise bad_value(f"{what} names", "text without a dot", repr(name), mend)
        of = known.get(name)
        words = of.names if of and of.task == "classification" else ()
        numbers = np.asarray(one).dtype.kind in "fiub"
        found = as_targets(
            one,
            X,
            mask,
            task=of.task if of else None,
            names=() if numbers else words,
            what=f"{what} {name!r}",
        )
        steps = X.shape[1] if mask is not None or X.ndim > 2 else None
        each_step = steps is not None and found.y.shape[1:2] == (steps,)
        rows = found.y.shape[:2] if each_step else (len(X),)
        columns = np.asarray(found.y, np.float64).reshape(*rows, -1)
        if parts and parts[0].ndim != columns.ndim:
            expected, mend = "targets for each sample, or for each time step of all", "Part them."
            raise bad_value(f"{what} {name!r}", expected, f"shape {found.y.shape}", mend)
        stop = start + columns.shape[-1]
        names = of.names if of and not found.names else found.names
        targets.append(Target(name, found.task, start, stop, names))
        parts.append(columns)
        start = stop
    if not parts:
        raise bad_value(what, "at least one target", "none", "Pass y={'species': labels, ...}.")
    return np.concatenate(parts, axis=-1), tuple(targets)


def as_table(y: object, X: NDArray[np.float64], targets: tuple[Target, ...]) -> NDArray[Any]:
    """Return a table of several targets as it stands, checked; it comes of another data set."""
    table = np.asarray(y)
    shape = (len(X), *X.shape[1 : table.ndim - 1], targets[-1].stop)
    if (
        table.ndim < 2
        or table.shape != shape
        or table.dtype != np.float64
        or not np.isfinite(table).all()
    ):
        mend = "Pass y as a dict of arrays."
        raise bad_value("y", f"a table of numbers of shape {shape}", f"{table.shape}", mend)
    for target in targets:
        column = table[..., target.start]
        if target.task == "classification" and (column != np.round(column)).any():
            raise bad_value("y", f"labels of {target.name!r}", "other numbers", "Pass a dict.")
    return table


def check_like(ours: tuple[Target, ...], like: tuple[Target, ...], what: str) -> None:
    """Refuse targets other than those of the training data."""
    theirs = {t.name: (t.task, t.stop - t.start) for t in like}
    found = {t.name: (t.task, t.stop - t.start) for t in ours}
    if theirs != found:
        mend = "Give both the same targets, under the same names."
        raise bad_value(f"{what} y", f"the training data's targets {theirs}", f"{found}", mend)
    words = {t.name: t.names for t in like}
    for target in ours:
        known = words[target.name]
        if target.task == "classification" and target.names and known and target.names != known:
            mend = "Pass pairs (X, y), whose words are numbered as in the training data."
            raise bad_value(
                f"{what} y {target.name!r}",
                f"the training data's classes {known[:5]}",
                f"{target.names[:5]}",
                mend,
            )


def described(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return targets as what JSON can hold."""
    return [
        {"name": t.name, "task": t.task, "start": t.start, "stop": t.stop, "names": list(t.names)}
        for t in targets
    ]


def targets_of(found: list[Any]) -> tuple[Target, ...]:
    """Return targets as they were described, or say what is wrong with them."""
    made, start = [], 0
    for one in found:
        names = one["names"]
        fits = (
            isinstance(one["name"], str)
            and one["task"] in ("classification", "regression")
            and one["start"] == start < one["stop"]
            and all(isinstance(name, str) for name in names)
        )
        if not fits:
            mend = "Load a file that Trainer.save wrote."
            raise bad_value("The file's targets", "columns with names", repr(one)[:60], mend)
        start = one["stop"]
        task = cast("Task", one["task"])
        made.append(Target(one["name"], task, one["start"], start, tuple(names)))
    return tuple(made)
