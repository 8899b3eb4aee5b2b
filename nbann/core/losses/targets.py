"""Checks targets and weights against the output of a net, before anything changes; NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import PER_STEP, as_labels, as_target_columns
from ..errors import bad_value

Shape = tuple[int, ...]
Floats64 = NDArray[np.float64]


def as_shape(shape: int | Shape) -> Shape:
    """Return the shape of a sample of the output, given as such or as a number of neurons."""
    return (shape,) if isinstance(shape, int) else tuple(shape)


def labels_of(
    y: ArrayLike, classes: int, shape: Shape, what: str, weight: Floats64 | None = None
) -> NDArray[np.intp]:
    """Return one class label for each row of the output: (n,), or (n, T) for time steps."""
    array = _numbers(y, what)
    rows = (len(array), *shape[:-1])
    if array.shape == (*rows, 1):
        array = array[..., 0]
    if len(shape) == 1 and array.ndim != 1:
        return as_labels(array, classes, what)  # says what is wrong with the shape
    if array.shape != rows:
        mend = "Give one label for each row, and each time step of an output at every step."
        raise bad_value(what, f"class labels of shape {rows}", f"shape {array.shape}", mend)
    looked_at = array if weight is None else array[weight > 0]
    checked = as_labels(looked_at.reshape(-1), classes, what)
    if weight is None:
        return checked.reshape(rows)
    labels = np.zeros(rows, np.intp)
    labels[weight > 0] = checked
    inside = (weight == 0) & (array >= 0) & (array < classes) & (array == np.round(array))
    labels[inside] = array[inside].astype(np.intp)
    return labels


def one_output_of(
    y: ArrayLike, shape: Shape, what: str, weight: Floats64 | None = None
) -> NDArray[np.intp]:
    """Return labels 0 and 1 for a single output, or say how values are passed."""
    array = _numbers(y, what)
    rows = (len(array), *shape[:-1])
    if array.shape in (rows, (*rows, 1)):
        looked_at = array.reshape(rows) if weight is None else array.reshape(rows)[weight > 0]
        wrong = looked_at[(looked_at != 0) & (looked_at != 1)]
        if wrong.size:
            mend = "If these are values, pass y.astype(float), or task='regression' to Dataset; if "
            mend += "they are classes, give the last layer a neuron for each."
            expected = "labels 0 and 1 for one output (whole numbers are labels)"
            raise bad_value(what, expected, _plain(wrong[0]), mend)
    return labels_of(array, 2, shape, what, weight)


def two_classes_of(
    y: ArrayLike, shape: Shape, what: str, weight: Floats64 | None = None
) -> Floats64:
    """Return targets 0 and 1 for each output: y is (n,) for one output, (n, k) for k labels."""
    array = _columns(_numbers(y, what), shape, what)
    wrong = (array != 0) & (array != 1)
    if weight is not None:
        wrong &= (weight > 0)[..., None]
    if wrong.any():
        mend = (
            "Number the two classes 0 and 1; for more, use CrossEntropy() and an output for each."
        )
        raise bad_value(what, "0 and 1 as class labels", f"{_plain(array[wrong][0])}", mend)
    return np.ascontiguousarray(np.where((array == 0) | (array == 1), array, 0), np.float64)


def shares_of(y: ArrayLike, shape: Shape, what: str, weight: Floats64 | None = None) -> Floats64:
    """Return targets from 0 to 1 in the shape of the output."""
    array = values_of(y, shape, what)
    wrong = (array < 0) | (array > 1)
    if weight is not None:
        wrong &= (weight > 0)[..., None]
    if wrong.any():
        mend = "Scale them to [0, 1] first, or use loss='mean_squared_error'."
        raise bad_value(what, "numbers from 0 to 1", f"{_plain(array[wrong][0])}", mend)
    return array.clip(0.0, 1.0)


def values_of(y: ArrayLike, shape: Shape, what: str) -> Floats64:
    """Return targets in the shape of the output, (n, k) or (n, T, k)."""
    array = _numbers(y, what)
    if len(shape) == 1:
        return np.ascontiguousarray(as_target_columns(array, shape[0], what))
    return np.ascontiguousarray(_columns(array, shape, what), np.float64)


def _columns(array: NDArray[Any], shape: Shape, what: str) -> NDArray[Any]:
    full = (len(array), *shape)
    if array.shape != full and (*array.shape, 1) != full:
        allowed = f"shape {full}" + (f" or {full[:-1]}" if shape[-1] == 1 else "")
        mend = (
            "Give one target for each output, or the last layer as many neurons as y has columns."
        )
        if shape == (1,):
            mend += f" {PER_STEP}"
        raise bad_value(what, allowed, f"shape {array.shape}", mend)
    return array.reshape(full)


def _numbers(y: ArrayLike, what: str) -> NDArray[Any]:
    array = np.asarray(y)
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        mend = "Pass an array of numbers that fit int64 or float64."
        raise bad_value(what, "an array of numbers", f"values of type {array.dtype}", mend)
    if not np.isfinite(array).all():
        mend = "Remove or replace these rows first."
        raise bad_value(what, "finite numbers", "NaN or infinity among them", mend)
    return array


def _plain(value: Any) -> str:
    return f"{float(value):g}"


def row_weights(weight: ArrayLike | None, n: int, shape: Shape, what: str) -> Floats64 | None:
    """Return weights for each row of the output, (n,) or (n, T), or None."""
    if weight is None:
        return None
    rows = (n, *shape[:-1])
    try:
        array = np.asarray(weight, dtype=np.float64)
    except (TypeError, ValueError):
        mend = "Pass one number for each sample, e.g. np.ones(len(y))."
        raise bad_value(f"{what} weight", "numbers", f"{type(weight).__name__}", mend) from None
    if array.shape == (n,) and len(rows) > 1:
        array = array.reshape(n, *(1 for _ in rows[1:]))
        array = np.broadcast_to(array, rows)  # a sample's weight counts at each of its time steps
    if array.shape != rows:
        mend = "Give one weight for each sample, or for each of its time steps."
        raise bad_value(f"{what} weight", f"shape {rows}", f"shape {array.shape}", mend)
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        mend = "Weights are at least 0; with 0 a sample counts nothing."
        expected = "finite numbers of at least 0"
        raise bad_value(f"{what} weight", expected, _plain(array[wrong][0]), mend)
    return np.ascontiguousarray(array)


def check_weight_range(weight: Floats64, dtype: np.dtype[np.floating], what: str) -> None:
    """Refuse weights whose sum, or what a single loss is multiplied by, leaves the dtype's range.

    A quarter of the exponents is left for the loss that they are multiplied with.
    """
    most = float(np.finfo(dtype).max) ** 0.75
    with np.errstate(over="ignore"):
        total = float(weight.sum())
    least = float(np.min(weight, where=weight > 0, initial=np.inf))
    if total > most or least < 1 / most:
        expected = f"numbers of at least {1 / most:.0e}, or 0, that add up to at most {most:.0e}"
        received = f"a sum of {total:g}" if total > most else f"{least:g}"
        mend = "Divide them all by their mean; with 0 a sample counts nothing"
        mend += "." if dtype == np.float64 else ". Or pass dtype='float64'."
        raise bad_value(what, f"{expected} ({dtype})", received, mend)


def class_weights_of(
    weights: Sequence[float] | NDArray[Any] | None, count: int | None = None
) -> tuple[float, ...] | None:
    """Return class weights as a tuple, or say what is wrong with them; None for none."""
    if weights is None:
        return None
    mend = "Pass one weight for each class, e.g. class_weights=[1.0, 2.0]."
    try:
        array = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise bad_value("class_weights", "numbers", repr(weights)[:60], mend) from None
    if array.ndim != 1 or array.size < 2 or (count is not None and array.size != count):
        expected = f"{count} numbers" if count else "a list of at least 2 numbers"
        raise bad_value("class_weights", expected, f"shape {array.shape}", mend)
    if not np.isfinite(array).all() or (array < 0).any() or not array.any():
        expected = "finite numbers of at least 0, not all of them 0"
        raise bad_value("class_weights", expected, repr(weights)[:60], mend)
    counts = array[array > 0]
    if counts.min() < 1e-30 or counts.max() > 1e30:
        expected = "numbers from 1e-30 to 1e30, or 0"
        mend = "Divide them all by their mean; with 0 a class counts nothing."
        raise bad_value("class_weights", expected, repr(weights)[:60], mend)
    return tuple(array.tolist())


def check_class_count(weights: tuple[float, ...] | None, classes: int) -> None:
    """Refuse class weights for another number of classes than the output has."""
    if weights is not None and len(weights) != classes:
        mend = "Pass one for each class, in the order of the labels."
        expected = f"{classes} numbers, one for each class of the output"
        raise bad_value("class_weights", expected, f"{len(weights)}", mend)
