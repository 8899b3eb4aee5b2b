"""Checks of what users pass in, before anything changes; imports NumPy alone."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import bad_value


def number_in(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
) -> float:
    """Return a finite number in its range as a float, or say what was expected."""
    parts = []
    if above is not None:
        parts.append(f"above {above:g}")
    if least is not None:
        parts.append(f"of at least {least:g}")
    if below is not None:
        parts.append(f"below {below:g}")
    expected = "a finite number " + " and ".join(parts)
    mend = f"Pass e.g. {name}={_example(above, least, below):g}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise bad_value(name, expected, f"{value!r} ({type(value).__name__})", mend)
    try:
        number = float(value)
    except OverflowError:  # a whole number too large for a float
        number = math.inf
    fits = (
        math.isfinite(number)
        and (above is None or number > above)
        and (least is None or number >= least)
        and (below is None or number < below)
    )
    if not fits:
        raise bad_value(name, expected, repr(value), mend)
    return number


def _example(above: float | None, least: float | None, below: float | None) -> float:
    floor = above if above is not None else least if least is not None else 0.0
    return floor + 0.1 if below is None else (floor + below) / 2


def whole_number(name: str, value: object, *, least: int, mend: str = "") -> int:
    """Return an integer of at least `least`, or say what was expected."""
    if (
        isinstance(value, (bool, np.bool_))
        or not isinstance(value, numbers.Integral)
        or value < least
    ):
        mend = mend or f"Pass e.g. {name}={max(least, 10)}."
        raise bad_value(name, f"a whole number of at least {least}", repr(value), mend)
    return int(value)


def as_features(X: object, what: str = "X") -> NDArray[np.float64]:
    """Return data as a (samples, features) float array, or say what is wrong with it."""
    if np.ma.is_masked(X):
        mend = "Fill or drop them first, e.g. X.filled(X.mean())."
        raise bad_value(what, "no masked values", "some of them masked", mend)
    try:
        array = np.asarray(X)
        if array.dtype.kind not in "fiubO":
            raise TypeError
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise bad_value(
            what,
            "a table of numbers, shape (samples, features)",
            type(X).__name__,
            "Encode text as numbers first.",
        ) from None
    if array.ndim != 2:
        mend = "Use X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample."
        raise bad_value(what, "2 axes (samples, features)", f"shape {array.shape}", mend)
    if 0 in array.shape:
        raise bad_value(
            what,
            "at least 1 sample and 1 feature",
            f"shape {array.shape}",
            "Pass data that is not empty.",
        )
    array = np.ascontiguousarray(array, dtype=np.float64)
    _check_finite(array, what)
    return array


def as_targets(y: object, rows: int, what: str = "y") -> NDArray[Any]:
    """Return targets as an array of `rows` rows, integers kept, or say what is wrong with them."""
    try:
        array = np.asarray(y)
    except ValueError:  # rows of unequal length
        array = np.asarray(y, dtype=object)
    if array.dtype.kind not in "fiub":
        raise bad_value(
            what,
            "numbers",
            f"values of type {array.dtype}",
            "Number the classes first: names, y = np.unique(y, return_inverse=True).",
        )
    if array.ndim not in (1, 2) or array.size == 0:
        mend = "One row for each row of X."
        raise bad_value(
            what, "shape (samples,) or (samples, outputs)", f"shape {array.shape}", mend
        )
    if len(array) != rows:
        mend = "X and y must have one row for each sample."
        raise bad_value(what, f"{rows} rows, as many as X has", f"{len(array)} rows", mend)
    _check_finite(array, what)
    return array


def as_label_column(y: NDArray[Any], what: str = "y") -> NDArray[Any]:
    """Return one label a sample, shape (samples,), or say that there are more."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        mend = "Turn one-hot rows into labels with y.argmax(axis=1)."
        raise bad_value(what, "class labels of shape (samples,)", f"shape {y.shape}", mend)
    return y


def as_labels(y: NDArray[Any], classes: int, what: str) -> NDArray[np.intp]:
    """Return class labels as integers in [0, classes), or say which one is not."""
    y = as_label_column(y, what)
    if not (y == np.round(y)).all():
        first = y[y != np.round(y)][0]
        mend = "Number the classes from 0, or use a regression loss such as MeanSquaredError()."
        raise bad_value(what, "whole numbers as class labels", f"{float(first):g}", mend)
    outside = (y < 0) | (y >= classes)
    if outside.any():
        mend = (
            f"Number the classes from 0, or give the last layer {max(int(y.max()) + 1, 2)} neurons."
        )
        if classes == 1:
            mend += " With one output and labels 0 and 1, pass loss='mean_squared_error'."
        raise bad_value(
            what,
            f"class labels from 0 to {classes - 1} (the output has {classes} classes)",
            f"{int(y[outside][0])}",
            mend,
        )
    return y.astype(np.intp)


def as_target_columns(y: NDArray[Any], width: int, what: str) -> NDArray[np.float64]:
    """Return regression targets as (samples, width) floats, or say why they do not fit."""
    columns = y.astype(np.float64).reshape(len(y), -1)
    if columns.shape[1] != width:
        mend = f"Give the last layer {columns.shape[1]} neurons, or pass {width} columns."
        if columns.shape[1] == 1 and (columns == np.round(columns)).all():
            mend += " If these are class labels, pass loss='cross_entropy' or integers."
        raise bad_value(what, f"{width} columns, one for each output", f"{columns.shape[1]}", mend)
    return columns


def as_mask(mask: object, shape: tuple[int, ...], what: str = "mask") -> NDArray[np.float64]:
    """Return which time steps are there as 0 and 1, shape (samples, time), at least one a row."""
    try:
        array = np.asarray(mask, dtype=np.float64)
    except (TypeError, ValueError):
        mend = "Pass 1 where a time step is there and 0 where it only fills up."
        raise bad_value(what, f"numbers of shape {shape}", type(mask).__name__, mend) from None
    if array.shape != shape:
        mend = "It has one row for each sample and one column for each time step."
        raise bad_value(what, f"shape {shape}", f"shape {array.shape}", mend)
    if not np.isin(array, (0.0, 1.0)).all():
        mend = "Pass booleans, or 0 and 1."
        raise bad_value(what, "0 and 1", f"{array[~np.isin(array, (0.0, 1.0))][0]:g}", mend)
    if not array.any(axis=1).all():
        row = int(np.flatnonzero(~array.any(axis=1))[0])
        raise bad_value(what, "a time step in every row", f"none in row {row}", "Leave it out.")
    return array


def _check_finite(array: NDArray[Any], what: str) -> None:
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        count = int(bad.sum())
        raise bad_value(
            what,
            "finite numbers",
            f"{array[place]} at {list(place)} ({count} such value{'s' * (count > 1)})",
            "Remove or replace these rows first.",
        )
