"""Checks of what users pass in, before anything changes; imports NumPy alone."""

from __future__ import annotations

import importlib.util
import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data.tables import as_numbers
from .errors import bad_value

PER_STEP = "For a target at every time step, let the last recurrent layer return_sequences=True."


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
    expected = " ".join(["a finite number", " and ".join(parts)]).rstrip()
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


def constant(value: float, dtype: np.dtype[Any], what: str) -> NDArray[Any]:
    """Return a number as an array of no axes, or say that the dtype can not hold it."""
    with np.errstate(all="ignore"):
        kept = np.array(value).astype(dtype)
    if not math.isclose(float(kept), value, rel_tol=1e-6):
        mend = "Choose another value, or dtype='float64'."
        raise bad_value(what, f"a number that {dtype} can hold", repr(value), mend)
    return kept


def check_installed(package: str, what: str, install: str) -> None:
    """Say what is to be installed where a package is missing; it is not imported here.

    Raises
    ------
    ModuleNotFoundError
    """
    if importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"{what}: expected {install} to be installed; received no package {package!r}. "
            f"Install it: pip install {install}",
            name=package,
        )


def counted(count: int, word: str) -> str:
    """Return a number with its word: "1 row", "2 rows", "2 classes", "2 queries"."""
    if count != 1 and word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{count} {word[:-1]}ies"
    ending = "" if count == 1 else "es" if word.endswith(("s", "tch", "nch")) else "s"
    return f"{count} {word}{ending}"


def as_features(X: object, what: str = "X", mask: object = None) -> NDArray[np.float64]:
    """Return features as a float array of shape (samples, ..., features), all of them finite.

    Parameters
    ----------
    X : array, nested lists or data frame
        At least 2 axes: (n, d), or for sequences (n, time) or (n, time, d), or more.
    what : str
        What the messages call it.
    mask : array of shape (n, time), optional
        Which time steps are there; what is not there may hold anything and becomes 0.

    Raises
    ------
    ValueError
        No table of real, finite numbers; fewer than 2 axes; nothing in it; a mask that does not
        fit.
    """
    array = as_numbers(X, what, "a table of numbers, shape (samples, features)")
    if array.ndim < 2:
        mend = "Use X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample."
        raise bad_value(what, "2 axes (samples, features) or more", f"shape {array.shape}", mend)
    if 0 in array.shape:
        raise bad_value(
            what,
            "at least 1 sample and 1 feature",
            f"shape {array.shape}",
            "Pass data that is not empty.",
        )
    with np.errstate(over="ignore"):  # what a float64 can not hold is infinite, and told below
        array = np.ascontiguousarray(array, dtype=np.float64)
    if mask is not None:
        array = zero_where_absent(array, as_mask(mask, array.shape[:2]))
    check_finite(array, what)
    return array


def as_weight(weight: object, rows: int, what: str = "weight") -> NDArray[np.float64]:
    """Return how much each sample counts, shape (rows,): finite, at least 0 and not all 0."""
    array = as_numbers(weight, what, "a number for each sample").astype(np.float64)
    if array.shape != (rows,):
        mend = "Pass one number a sample."
        raise bad_value(what, f"shape ({rows},)", f"shape {array.shape}", mend)
    check_finite(array, what)
    if (array < 0).any():
        place = int(np.flatnonzero(array < 0)[0])
        mend = "A sample counts 0 or more."
        raise bad_value(what, "numbers of at least 0", f"{array[place]:g} at [{place}]", mend)
    if not array.any():
        raise bad_value(what, "at least one number above 0", "zeros only", "Let a sample count.")
    return array


def zero_where_absent(array: NDArray[Any], mask: NDArray[np.float64] | None) -> NDArray[Any]:
    """Return an array of shape (n, time, ...) with 0 at the time steps that are not there."""
    if mask is None or mask.all():
        return array
    there = mask.reshape(mask.shape + (1,) * (array.ndim - 2)) > 0
    return np.where(there, array, np.zeros((), array.dtype))


def as_label_column(y: NDArray[Any], what: str = "y") -> NDArray[Any]:
    """Return one label a sample, shape (samples,), or say that there are more."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        mend = PER_STEP + " For several labels a sample, pass loss='binary_cross_entropy'."
        if ((y == 0) | (y == 1)).all() and (y.sum(axis=-1) == 1).all():
            mend = "Turn one-hot rows into labels with y.argmax(axis=1)."
            mend += f" {PER_STEP}" if y.dtype.kind in "iub" else ""
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
        most = int(y.max()) + 1
        mend = "Number the classes from 0"
        mend += f", or give the last layer {max(most, 2)} neurons." if most <= 100_000 else "."
        if classes == 1:
            mend += " With one output and labels 0 and 1, pass loss='binary_cross_entropy'."
        raise bad_value(
            what,
            f"class labels from 0 to {classes - 1} (the output has {counted(classes, 'class')})",
            f"{int(y[outside][0])}",
            mend,
        )
    return y.astype(np.intp)


def as_target_columns(y: NDArray[Any], width: int, what: str) -> NDArray[np.float64]:
    """Return regression targets as (samples, width) floats, or say why they do not fit."""
    columns = y.astype(np.float64).reshape(len(y), -1)
    if columns.shape[1] != width:
        neurons, wanted = counted(columns.shape[1], "neuron"), counted(width, "column")
        mend = f"Give the last layer {neurons}, or pass {wanted}."
        if y.ndim == 3 or (y.ndim == 2 and y.dtype.kind in "iub"):
            mend += f" {PER_STEP}"
        if columns.shape[1] == 1 and (columns == np.round(columns)).all():
            mend += " If these are class labels, pass loss='cross_entropy' or integers."
        raise bad_value(what, f"{wanted}, one for each output", f"{columns.shape[1]}", mend)
    return columns


def as_mask(mask: object, shape: tuple[int, ...], what: str = "mask") -> NDArray[np.float64]:
    """Return which time steps are there as 0 and 1, shape (samples, time), at least one a row."""
    array = as_numbers(mask, what, f"0 and 1, shape {shape}").astype(np.float64)
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


def check_finite(array: NDArray[Any], what: str) -> None:
    """Raise a `ValueError` that names the first number that is NaN or infinite."""
    finite = np.isfinite(array)
    if not finite.all():
        bad = ~finite
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        count = int(bad.sum())
        raise bad_value(
            what,
            "finite numbers",
            f"{array[place]} at {list(place)} ({count} such value{'s' * (count > 1)})",
            "Remove or replace these rows first.",
        )
