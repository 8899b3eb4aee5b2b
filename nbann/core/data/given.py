"""Data as it is given to a trainer: a `Dataset` or an (X, y) pair, checked against the training's.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import as_features
from ..errors import bad_value
from ..losses.loss import Loss
from ..losses.value_losses import ErrorLoss
from .dataset import Dataset
from .filed import as_rows
from .several import as_several, check_like
from .source import RowSource
from .stream import Stream, is_once
from .tables import as_text, column_names
from .targets import as_targets

_MEND = "Select the same columns in the same order, or pass df.to_numpy() if only the names differ."


class Pair(Dataset):
    """A data set made of an (X, y) pair: nobody has told its units, and its task was read off y."""


def as_dataset(
    data: object, what: str, like: Dataset | None = None, *, alone: bool = False
) -> Dataset:
    """Return a Dataset given as such or as an (X, y) pair.

    Parameters
    ----------
    data : Dataset or (X, y)
    what : str
        What the messages call it.
    like : Dataset, optional
        The training data. Its classes are those of these data, too (words are numbered as there),
        and so are its columns, where both have names, and its units, where both are known.
    alone : bool
        Whether X is all that is learned from, and may be given without y; a tuple of two is a pair
        all the same.

    Raises
    ------
    ValueError
        Neither of both, data that `Dataset` refuses, or classes, columns or units other than those
        of `like`.
    """
    if isinstance(data, Stream):
        data = data.data
        if like is not None and is_once(data):
            mend = "Pass arrays, or a function that makes the iterator anew."
            raise bad_value(what, "data that can be gone through again", "an iterator", mend)
    known = () if like is None or like.task != "classification" else tuple(like.target_names)
    if isinstance(data, Dataset):
        named = data.task == "classification" and data.target_names
        if known and named and tuple(data.target_names) != known:
            expected = f"the training data's classes {_few(known)}"
            mend = "Pass target_names=train.target_names to Dataset."
            raise bad_value(f"{what} target_names", expected, _few(data.target_names), mend)
        if like is not None:
            check_like(data.targets, like.targets, what)
            _check_names(data.feature_names, like, what, "Give both the same columns and names.")
            _check_units(data, like, what)
        return data
    if alone and not (isinstance(data, tuple) and len(data) == 2):
        data = (data, None)
    if isinstance(data, (tuple, list)) and len(data) == 2:
        X = as_rows(data[0], f"{what} X")
        if like is not None:
            check_columns(data[0], like, what)
        if isinstance(data[1], Mapping):
            X = as_features(X, f"{what} X")  # several targets are laid out in memory
            known_targets = () if like is None else like.targets
            table, targets = as_several(data[1], X, None, known_targets, f"{what} y")
            if like is not None:
                check_like(targets, like.targets, what)
            return Pair(X, table, "several", column_names(data[0]), targets=targets)
        if like is not None:
            check_like((), like.targets, what)
        of_memory = data[1] is not None and not isinstance(data[1], RowSource)
        words = of_memory and as_text(data[1], f"{what} y") is not None
        # whole numbers to be scored by a net of values are values
        task = "regression" if like is not None and like.task == "regression" else None
        if alone and data[1] is None:
            task = "unsupervised"
        names = known if words else ()
        y = as_targets(data[1], X, None, task=task, names=names, what=f"{what} y")
        return Pair(X, y.y, y.task, column_names(data[0]), y.names)
    mend = "Pass e.g. (X, y), or nbann.Stream(batches)."
    raise bad_value(what, "a Dataset or a pair (X, y)", type(data).__name__, mend)


def as_values(data: Dataset, loss: Loss, outputs: int) -> Dataset:
    """Return a pair's whole numbers as values, if a loss that was asked for can only mean that.

    A loss of errors with one output tells two classes apart; more than two different numbers are
    then no classes.
    """
    classes = data.task == "classification" and not data.target_names
    if not (isinstance(data, Pair) and classes and isinstance(loss, ErrorLoss) and outputs == 1):
        return data
    return replace(data, task="regression") if _different(data.y) > 2 else data


def _different(y: NDArray[Any]) -> int:
    """Return how many different numbers there are, as far as it matters: three are many."""
    if not isinstance(y, RowSource):
        return len(np.unique(y))
    seen: set[Any] = set()
    for _, block in y.blocks():
        seen.update(np.unique(block).tolist())
        if len(seen) > 2:
            break
    return len(seen)


def check_columns(X: object, like: Dataset, what: str) -> None:
    """Refuse a Dataset in the place of features, and a frame with other columns than the training.

    Raises
    ------
    ValueError
        Other names or another order, where both have names; X is a Dataset.
    """
    if isinstance(X, Dataset):
        mend = "Pass ds.X." if X.mask is None else "Pass ds.X, ds.mask."
        raise bad_value(f"{what} X", "a table of numbers", "a Dataset", mend)
    _check_names(column_names(X), like, what, _MEND)


def _check_names(names: Sequence[str], like: Dataset, what: str, mend: str) -> None:
    known = tuple(like.feature_names)
    if len(names) != len(known):  # how many columns there are to be, the net says
        return
    ours, theirs = _plain(known), _plain(names)
    moved = sorted(ours) == sorted(theirs)
    if ours == theirs or ((_numbered(ours) or _numbered(theirs)) and not moved):
        return
    expected = f"the training data's columns {_few(known)}"
    if moved:
        expected += " in this order"
    place = next(i for i in range(len(ours)) if ours[i] != theirs[i])
    received = f"{_few(names)} (column {place} is {names[place]!r}, not {known[place]!r})"
    raise bad_value(f"{what} X", expected, received, mend)


def _plain(names: Sequence[str]) -> tuple[str, ...]:
    """Return names without the difference between "petal_width" and "petal width"."""
    return tuple(name.replace("_", " ") for name in names)


def _numbered(names: tuple[str, ...]) -> bool:
    """Whether these are the names of columns that nobody has named."""
    return names == tuple(f"x{i + 1}" for i in range(len(names)))


def _check_units(data: Dataset, like: Dataset, what: str) -> None:
    if not (_has_units(data) and _has_units(like)) or data.X.shape[-1] != like.X.shape[-1]:
        return
    mend = f"Use {what}.standardized(like=train)."
    if like.scaling is None:
        if data.scaling is None:
            return
        mend = f"Use train = train.standardized(), and {mend[4:]}"
        expected = "features in their own units, as the training data has them"
        raise bad_value(f"{what} X", expected, "standardized ones", mend)
    expected = "features standardized with the training data's mean and deviation"
    if data.scaling is None:
        raise bad_value(f"{what} X", expected, "features in their own units", mend)
    (mean, std), (own_mean, own_std) = like.scaling, data.scaling
    with np.errstate(all="ignore"):  # of features near the end of float64's range
        same = np.abs((own_mean - mean) / std) < 1e-6
        same &= np.abs(own_std / std - 1) < 1e-6
    same |= (own_mean == mean) & (own_std == std)
    if not same.all():
        place = int(np.flatnonzero(~same)[0])
        received = f"another one of {data.feature_names[place % len(data.feature_names)]!r}"
        received += f" (mean {own_mean[place]:g} and deviation {own_std[place]:g}, in training "
        received += f"{mean[place]:g} and {std[place]:g})"
        raise bad_value(f"{what} X", expected, received, mend)


def _has_units(data: Dataset) -> bool:
    return data.scaling is not None or not isinstance(data, Pair)


def _few(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
