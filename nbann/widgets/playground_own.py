"""Data that a person brings along: arrays, frames, CSV text. Imports the core.

A CSV file is read by the standard library and by `float`; nothing in it is ever evaluated.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nbann.core.checks import counted
from nbann.core.data.dataset import Dataset
from nbann.core.errors import UnknownNameError, bad_value

MOST_BYTES = 2_000_000
MOST_ROWS, MOST_COLUMNS = 20_000, 200
MOST_CLASSES = 10
"""Whole numbers in a target column are classes if there are at most so many different ones."""


def as_own(given: Any, target: str | None = None) -> Dataset:
    """Return data given to a playground as a data set in its own units.

    Parameters
    ----------
    given : Dataset, (X, y) or data frame
    target : str, optional
        Of a frame: the column to be learned.

    Raises
    ------
    ValueError
        Something else, a column that is not there, or what `Dataset` refuses.
    """
    data: Any = given
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        names = [str(column) for column in data.columns]
        if target is None:
            mend = f"Pass target={names[-1]!r}."
            raise bad_value("target", "the name of a column", "None", mend)
        if target not in names:
            raise UnknownNameError("column", target, names)
        columns = list(data.columns)
        chosen = columns.pop(names.index(target))
        data = Dataset(data[columns], data[chosen])
    elif target is not None:
        mend = "Leave it out."
        raise bad_value("target", "none beside data that have their own", repr(target), mend)
    if not isinstance(data, Dataset):
        if not isinstance(data, tuple | list) or len(data) != 2:
            mend = "Pass a Dataset, a pair (X, y), or a frame with target=."
            raise bad_value("data", "samples with their targets", type(data).__name__, mend)
        data = Dataset(*data)
    return _as_rows(data)


def _as_rows(data: Dataset) -> Dataset:
    """Return samples in their own units; what else is wrong with them the setup says in words."""
    if data.mask is not None or data.weight is not None or data.groups is not None:
        return data
    if data.task not in ("classification", "regression") or data.X.ndim != 2:
        return data
    y = data.y[:, 0] if data.y.ndim == 2 and data.y.shape[1] == 1 else data.y
    return Dataset(data.raw_X, y, data.task, data.feature_names, data.target_names, data.name)


def read_csv(text: str, target: str | None = None, name: str = "table") -> Dataset:
    """Return the data set that CSV text holds.

    The first row are names, unless all of it is numbers. The target is the last column, or the one
    named; words, or up to 10 different whole numbers, are classes, other numbers values. Columns
    are parted by commas, semicolons or tabs.

    Raises
    ------
    ValueError
        Too large, no table, a cell that is no number (told by row and column), or no such column.
    """
    if not isinstance(text, str):
        raise bad_value("CSV", "text", type(text).__name__, "Decode it first.")
    if len(text) > MOST_BYTES:
        mend = "Read it with pandas and pass data=frame, target=...."
        raise bad_value("CSV", f"at most {MOST_BYTES:,} characters", f"{len(text):,}", mend)
    rows = _rows(text.removeprefix("\ufeff"))
    head = rows[0][1]
    named = not all(_is_number(cell) for cell in head)
    names = [cell.strip() for cell in head] if named else [f"x{i + 1}" for i in range(len(head))]
    body = rows[1:] if named else rows
    if not body:
        raise bad_value("CSV", "rows of numbers below the names", "none", "Add rows.")
    names = [one or f"x{place}" for place, one in enumerate(names, 1)]
    if len(set(names)) != len(names):
        twice = next(one for one in names if names.count(one) > 1)
        mend = "Rename one."
        raise bad_value("CSV", "different names of columns", f"{twice[:40]!r} twice", mend)
    if target is not None and target not in names:
        raise UnknownNameError("column", target, names)
    at = len(names) - 1 if target is None else names.index(target)
    columns = [i for i in range(len(names)) if i != at]
    X = [[_number(row[i], number, names[i]) for i in columns] for number, row in body]
    y, task, classes = _target([(number, row[at].strip()) for number, row in body], names[at])
    kept = [names[i] for i in columns]
    return Dataset(np.array(X), y, task, kept, classes or (names[at],), name)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return each row's number in the file, empty ones counted, and its cells, as many in all."""
    line = "".join(text.lstrip().splitlines()[:1])
    mark = max(",;\t", key=line.count)
    try:
        read = enumerate(csv.reader(io.StringIO(text, newline=None), delimiter=mark), 1)
        found = [(number, row) for number, row in read if any(map(str.strip, row))]
    except csv.Error as error:
        raise bad_value("CSV", "a table", str(error), "Save it as CSV again.") from None
    if not found or len(found[0][1]) < 2:
        mend = "The last column is learned from the others."
        raise bad_value("CSV", "a table of at least 2 columns", f"{text[:40]!r}", mend)
    wide = len(found[0][1])
    if len(found) > MOST_ROWS + 1 or wide > MOST_COLUMNS:
        expected = f"at most {MOST_ROWS:,} rows and {MOST_COLUMNS} columns"
        raise bad_value("CSV", expected, f"{len(found):,} and {wide}", "Take a part of it.")
    for number, row in found:
        if len(row) != wide:
            expected = counted(wide, "cell")
            raise bad_value(f"CSV row {number}", expected, f"{len(row)}", "Fill it up.")
    return found


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _number(cell: str, line: int, name: str) -> float:
    if not _is_number(cell):
        mend = "Words can stand in the target's column alone; fill in what is missing."
        where = f"CSV row {line}, column {name[:40]!r}"
        raise bad_value(where, "a finite number", repr(cell[:40]), mend)
    return float(cell)


def _target(given: Sequence[tuple[int, str]], name: str) -> tuple[Any, Any, tuple[str, ...]]:
    """Return what is learned, its task, and the names of its classes."""
    for number, cell in given:
        if not cell:
            where = f"CSV row {number}, column {name[:40]!r}"
            raise bad_value(where, "what is to be learned", "an empty cell", "Fill it in.")
    cells = [cell for _, cell in given]
    if all(_is_number(cell) for cell in cells):
        values = np.array([float(cell) for cell in cells])
        different = np.unique(values)
        if len(different) > MOST_CLASSES or (values != np.round(values)).any():
            return values, "regression", ()
        classes = [f"{value:g}" for value in different]
        return np.searchsorted(different, values), "classification", tuple(classes)
    words = sorted(set(cells))
    if len(words) > MOST_CLASSES:
        expected = f"at most {MOST_CLASSES} different words"
        mend = "Choose another column as target."
        raise bad_value(f"CSV column {name[:40]!r}", expected, f"{len(words)}", mend)
    place = {word: number for number, word in enumerate(words)}
    return np.array([place[cell] for cell in cells]), "classification", tuple(words)
