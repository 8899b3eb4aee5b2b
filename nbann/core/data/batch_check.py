"""Checks the batches of a stream against its first one; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import as_features, check_finite
from ..errors import bad_value
from ..losses.loss import Task
from .source import Array
from .streaming import Checked
from .tables import as_numbers, as_text, column_names
from .targets import as_targets


def _features(given: Any, what: str) -> Array:
    """Return checked features, of their own type where float64 tells them no better; a copy.

    What gives batches may use its memory again for the next one.
    """
    array = as_numbers(given, what, "a table of numbers, shape (samples, features)")
    if array.ndim < 2 or 0 in array.shape or array.dtype.itemsize > 4:
        array = as_features(array, what)
    check_finite(array, what)
    return np.array(array, order="C")


class BatchCheck:
    """Turns what a stream gives into X and y as those of its first batch.

    Parameters
    ----------
    first : object
        The first batch.
    task : str or None
    names : tuple of str
        Of the classes.
    """

    def __init__(self, first: Any, task: Task | None, names: Sequence[str]) -> None:
        self.alone = not (isinstance(first, (tuple, list)) and len(first) == 2)
        self.task = task if task is not None or not self.alone else "unsupervised"
        self._names = tuple(names)
        self._shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self._columns: tuple[str, ...] = ()
        self._dtype: Any = None

    def __call__(self, item: Any, what: str) -> Checked:
        if isinstance(item, (tuple, list)) and len(item) == 2 and not self.alone:
            X, y = _features(item[0], f"{what} X"), item[1]
        elif self.alone and not isinstance(item, tuple):
            X, y = _features(item, f"{what} X"), None
        else:
            expected = "X alone, as the first" if self.alone else "a pair (X, y)"
            received = f"{type(item).__name__}"
            raise bad_value(what, expected, received, "Let each be of the same kind.")
        columns = column_names(item if self.alone else item[0])
        targets = X if self.alone else self._targets(y, X, f"{what} y")
        shapes = (X.shape[1:], targets.shape[1:])
        if self._shapes is None:
            self._shapes, self._columns, self._dtype = shapes, columns, X.dtype
        if not np.can_cast(X.dtype, self._dtype):
            mend = "Let all batches have the same dtype, e.g. X.astype('float32')."
            raise bad_value(f"{what} X", f"{self._dtype}, as the first", f"{X.dtype}", mend)
        for name, mine, first in zip(("X", "y"), shapes, self._shapes, strict=True):
            if mine != first:
                mend = "Let all batches have the same columns."
                expected = f"shape (rows, {', '.join(map(str, first))})".replace(", )", ",)")
                received = f"shape {X.shape if name == 'X' else targets.shape}"
                raise bad_value(f"{what} {name}", expected, received, mend)
        if columns != self._columns:
            mend = "Let all batches have the same columns in the same order."
            raise bad_value(f"{what} X", f"columns {self._columns}", f"{columns}", mend)
        return X.astype(self._dtype, copy=False), targets

    def _targets(self, y: Any, X: NDArray[np.float64], what: str) -> Array:
        y = np.asarray(y) if isinstance(y, np.memmap) else y  # a part of it, which is read now
        text = as_text(y, what) is not None
        if text and not self._names:
            mend = "Name all classes: Stream(batches, target_names=[...])."
            raise bad_value(what, "numbers, or words that target_names has", "words", mend)
        found = as_targets(y, X, None, task=self.task, names=self._names if text else (), what=what)
        if self.task is None:
            self.task = found.task
        if found.task != "classification":
            return np.array(found.y, np.float64)
        wrong = found.y != np.round(found.y)
        if wrong.any():
            mend = "Number the classes from 0; of values pass task='regression'."
            raise bad_value(what, "whole numbers as class labels", f"{found.y[wrong][0]:g}", mend)
        most = int(found.y.max()) + 1
        if self._names and most > len(self._names):
            mend = "Name the classes in the order of their labels."
            raise bad_value(what, f"labels below {len(self._names)}", f"{most - 1}", mend)
        return found.y.astype(np.intp)
