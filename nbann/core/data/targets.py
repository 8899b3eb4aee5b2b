"""Reads what is to be learned, and tells classes from values; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..checks import as_label_column, check_finite, counted, zero_where_absent
from ..errors import UnknownNameError, bad_value
from ..losses.loss import Task
from .filed import filed, is_filed
from .made import Made, narrowed
from .source import RowSource
from .tables import EXACT, as_numbers, as_text, column_names, encoded

TASKS: tuple[Task, ...] = ("classification", "regression", "ranking", "unsupervised")
"""Those of one target; several of them have each its own."""

Mask = NDArray[np.float64] | None


@dataclass(frozen=True)
class Targets:
    """Targets that fit their features: the array, the task and the names of what is learned."""

    y: NDArray[Any]
    task: Task
    names: tuple[str, ...]


def as_targets(
    y: object,
    X: NDArray[np.float64],
    mask: Mask,
    *,
    task: object = None,
    names: Sequence[str] = (),
    what: str = "y",
) -> Targets:
    """Check targets against the features they belong to; number classes that are given as words.

    Parameters
    ----------
    y : array, list, series or data frame
        Shape (n,), (n, k), or for a target at every time step (n, time) or (n, time, k). None
        stands for X itself, if the task is "unsupervised".
    X : array of shape (n, ...)
    mask : array of shape (n, time) or None
    task : str, optional
        By default "classification" for words, and for whole numbers in one column; else
        "regression".
    names : sequence of str
        Of the classes in the order of their labels, or of the columns of values.
    what : str
        What the messages call it.

    Raises
    ------
    ValueError
        Anything that does not fit, with the mend.
    """
    if task is not None and task not in TASKS:
        raise UnknownNameError("task", task, TASKS)
    given = tuple(str(n) for n in names)
    if y is None:
        return _reconstruction(X, task, given, what)
    if isinstance(y, RowSource) or (mask is None and is_filed(y)):
        return _of_source(y, X, task, given, what)
    steps = X.shape[1] if mask is not None or X.ndim > 2 else None
    text = as_text(y, what)
    if text is not None and task not in (None, "classification"):
        mend = "Encode it as numbers first, or leave out the task: words are classes."
        raise bad_value(what, f"numbers, for the task {task!r}", "words", mend)
    array = as_numbers(y, what, "numbers") if text is None else text
    _check_shape(array, X, steps, task, what)
    each_step = steps is not None and array.ndim > 1 and array.shape[1] == steps
    if text is not None:
        array, given = _numbered(text, mask if each_step else None, given, what)
    elif array.dtype.kind == "f":
        if each_step:
            array = _finite_where_absent(array, mask)
        check_finite(array, what)
    if task is None:
        one = array.ndim == 1 or (each_step and array.ndim == 2)
        whole = one and array.dtype.kind in "iub"
        task = "classification" if whole or text is not None else "regression"
    if task == "classification":
        array = _labels(array, mask if each_step else None, each_step, what)
    elif not given:
        given = column_names(y)
    _check_names(array, cast("Task", task), given)
    return Targets(array, cast("Task", task), given)


def classes_of(y: NDArray[Any], names: Sequence[str], what: str) -> int:
    """Return how many classes there are: as many as names, or up to the highest label.

    Raises
    ------
    ValueError
        Labels that are not whole numbers from 0.
    """
    if not (y == np.round(y)).all() or (y < 0).any():
        wrong = y[(y != np.round(y)) | (y < 0)].ravel()[0]
        mend = "Number the classes first: names, y = np.unique(y, return_inverse=True)."
        raise bad_value(what, "labels that are whole numbers from 0", f"{float(wrong):g}", mend)
    return len(names) or int(y.max()) + 1


def _reconstruction(
    X: NDArray[np.float64], task: object, names: tuple[str, ...], what: str
) -> Targets:
    if task != "unsupervised":
        mend = "Pass y; or task='unsupervised' to have X itself reconstructed."
        raise bad_value(what, "a target for each sample", "None", mend)
    _check_names(X, "unsupervised", names)
    return Targets(X, "unsupervised", names)


def _of_source(
    y: Any, X: NDArray[np.float64], task: object, names: tuple[str, ...], what: str
) -> Targets:
    """Return targets that are read when they are needed: numbers of a file, or of a stream."""
    steps = X.shape[1] if X.ndim > 2 else None
    _check_shape(y, X, steps, task, what)
    source = y if isinstance(y, RowSource) else narrowed(filed(y, what))
    each_step = steps is not None and source.ndim > 1 and source.shape[1] == steps
    one = source.ndim == 1 or (each_step and source.ndim == 2)
    if task is None:
        task = "classification" if one and source.dtype.kind in "iub" else "regression"
    if task == "classification":
        if source.ndim == (3 if each_step else 2):
            # one label of a file's row has no further axis; of more it is told what is wrong
            source = Made(source, partial(_labels, mask=None, each_step=each_step, what=what))
        if source.dtype.kind == "f":
            for _, block in source.blocks():
                _labels(block, None, each_step, what)
    if names and task == "classification" and source.steady:
        most = max(int(block.max()) for _, block in source.blocks())
        _check_names(np.array([most]), "classification", names)
    elif task != "classification":
        _check_names(cast("NDArray[Any]", source), cast("Task", task), names)
    return Targets(cast("NDArray[Any]", source), cast("Task", task), names)


def _check_shape(
    array: NDArray[Any], X: NDArray[np.float64], steps: int | None, task: object, what: str
) -> None:
    if task == "unsupervised":
        if array.shape != X.shape:
            mend = "What is reconstructed is like X; leave y out to have X itself."
            raise bad_value(what, f"shape {X.shape}, as X has", f"shape {array.shape}", mend)
        return
    shapes, most = "shape (samples,) or (samples, outputs)", 2
    if steps is not None:
        shapes, most = f"{shapes}, or (samples, {steps}, ...) for each step", X.ndim + 1
    if task == "ranking":
        shapes, most = "shape (samples,)", 1
    if array.ndim == 0 or array.ndim > most or array.size == 0:
        raise bad_value(what, shapes, f"shape {array.shape}", "One row for each row of X.")
    if len(array) != len(X):
        mend = "X and y must have one row for each sample."
        raise bad_value(
            what, f"{counted(len(X), 'row')}, as many as X has", counted(len(array), "row"), mend
        )
    if array.ndim > 2 and array.shape[1] != steps:
        mend = "X and y must have the same time steps."
        raise bad_value(what, shapes, f"shape {array.shape}", mend)


def _numbered(
    text: NDArray[np.str_], mask: Mask, names: tuple[str, ...], what: str
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    if mask is None:
        return encoded(text, names, what)
    there = mask > 0  # words that only fill up are no classes
    labels = np.zeros(text.shape, np.intp)
    labels[there], names = encoded(text[there], names, what)
    return labels, names


def _labels(array: NDArray[Any], mask: Mask, each_step: bool, what: str) -> NDArray[Any]:
    if each_step:
        array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
        if array.ndim != 2:
            mend = "Turn one-hot rows into labels with y.argmax(axis=-1)."
            raise bad_value(
                what, "class labels of shape (samples, steps)", f"shape {array.shape}", mend
            )
        array = zero_where_absent(array, mask)
    elif array.ndim == 2 and array.shape[1] > 1:
        mend = "Turn one-hot rows into labels with y.argmax(axis=1); for a label at each step of "
        mend += "sequences of shape (n, time), pass a mask."
        raise bad_value(what, "class labels of shape (samples,)", f"shape {array.shape}", mend)
    else:
        array = as_label_column(array, what)
    largest = np.abs(array).max() if array.dtype.kind == "f" else 0
    if largest > EXACT:
        mend = "Pass integers, numbered from 0."
        raise bad_value(what, f"labels of at most {EXACT} (2**53)", f"{largest:g}", mend)
    return array


def _finite_where_absent(array: NDArray[Any], mask: Mask) -> NDArray[Any]:
    """Return values with 0 for what is NaN or infinite at a step that is not there."""
    if mask is None:
        return array
    there = mask.reshape(mask.shape + (1,) * (array.ndim - 2)) > 0
    return np.where(there | np.isfinite(array), array, 0.0)


def _check_names(array: NDArray[Any], task: Task, names: tuple[str, ...]) -> None:
    if not names:
        return
    if task == "classification":
        most = int(array.max()) + 1
        if len(names) < most:
            mend = "Name the classes in the order of their labels."
            raise bad_value(
                "target_names", f"{counted(most, 'name')}, one a class", f"{len(names)}", mend
            )
        return
    columns = 1 if array.ndim == 1 else array.shape[-1]
    if len(names) not in (1, columns):
        mend = "Name each column of y."
        raise bad_value(
            "target_names", f"{counted(columns, 'name')}, one a column", f"{len(names)}", mend
        )
