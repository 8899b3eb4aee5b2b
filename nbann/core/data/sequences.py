"""Brings sequences of unequal length into one array and its mask; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import check_finite
from ..errors import bad_value
from .tables import as_numbers, as_text, encoded

Floats = NDArray[np.float64]


def padded(sequences: Sequence[Any], what: str = "sequences") -> tuple[Floats, Floats]:
    """Return sequences of shapes (T_i,) or (T_i, d) in one array, filled up with 0 at the end.

    Returns
    -------
    tuple
        The array, (n, T) or (n, T, d) with T the longest, and which steps are there, (n, T) of 0
        and 1.

    Raises
    ------
    ValueError
        No list of arrays, an empty sequence, or one with another number of features.
    """
    mend = "Pass e.g. [[1, 2, 3], [4, 5]], or arrays of shape (steps, features)."
    if isinstance(sequences, (str, bytes)) or not hasattr(sequences, "__len__"):
        raise bad_value(what, "a list of arrays", type(sequences).__name__, mend)
    if not len(sequences):
        raise bad_value(what, "at least 1 sequence", "none", mend)
    parts: list[Floats] = []
    for i, sequence in enumerate(sequences):
        name = f"{what}[{i}]"
        part = as_numbers(sequence, name, "numbers").astype(np.float64)
        if part.ndim == 0 or 0 in part.shape:
            raise bad_value(name, "at least 1 time step", f"shape {part.shape}", mend)
        if part.shape[1:] != np.shape(parts[0])[1:] if parts else False:
            expected = f"{parts[0].shape[1:]} at each step, as {what}[0] has"
            mend = "Every step of every sequence has the same features."
            raise bad_value(name, expected, f"{part.shape[1:]}", mend)
        check_finite(part, name)
        parts.append(part)
    lengths = np.array([len(part) for part in parts])
    X = np.zeros((len(parts), lengths.max(), *parts[0].shape[1:]))
    for row, part in zip(X, parts, strict=True):
        row[: len(part)] = part
    return X, (np.arange(lengths.max()) < lengths[:, None]).astype(np.float64)


def padded_targets(
    y: Any, mask: Floats, names: Sequence[str], what: str = "y"
) -> tuple[Any, tuple[str, ...]]:
    """Return targets that come one a step in one array, filled up with 0; others as they are.

    Parameters
    ----------
    y : array or list
        One target a step if its row i is as long as sequence i, for every i.
    mask : array of shape (n, T)
    names : sequence of str
        Of the classes, if these come as words.
    """
    lengths = mask.sum(axis=1).astype(int)
    if not _is_each_step(y, lengths):
        return y, tuple(names)
    text = [as_text(row, f"{what}[{i}]") for i, row in enumerate(y)]
    words = [row for row in text if row is not None]
    rows: list[NDArray[Any]]
    if len(words) == len(text):
        labels, names = encoded(np.concatenate(words), names, what)
        rows = np.split(labels, np.cumsum(lengths)[:-1])
    else:
        rows = [as_numbers(row, f"{what}[{i}]", "numbers") for i, row in enumerate(y)]
    if len({row.shape[1:] for row in rows}) > 1:
        mend = "Every step has the same number of targets."
        raise bad_value(what, "one kind of target", "targets of several shapes", mend)
    dtype = np.result_type(*(row.dtype for row in rows))
    out = np.zeros((*mask.shape, *rows[0].shape[1:]), dtype)
    for filled, row in zip(out, rows, strict=True):
        filled[: len(row)] = row
    return out, tuple(names)


def _is_each_step(y: Any, lengths: NDArray[np.intp]) -> bool:
    try:
        if len(y) != len(lengths) or isinstance(y, (str, bytes)):
            return False
        rows = [None if isinstance(r, (str, bytes)) else len(r) for r in y]
    except TypeError:  # a number has no length: one target a sequence
        return False
    return rows == list(lengths)
