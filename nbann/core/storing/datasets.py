"""Data sets as JSON and arrays, and back to the same bits; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import Dataset
from ..data.given import Pair
from ..data.several import described, targets_of
from .container import Arrays, Document
from .faults import bad_file, item, items
from .npy import can_hold
from .outside import data_given, described_outside


def describe_data(data: Dataset, prefix: str) -> tuple[Document, Arrays]:
    """Return what a data set is: its words, and its arrays under names that begin with `prefix`."""
    outside = described_outside(data)
    arrays: Arrays = {} if "X" in outside else {f"{prefix}X": data.X}
    if data.y is not data.X and "y" not in outside:
        # an element type that the format has not (long double) would be float64 to any net as well
        arrays[f"{prefix}y"] = data.y if can_hold(data.y) else data.y.astype(np.float64)
    for key in ("mask", "weight", "groups"):
        array = getattr(data, key)
        if array is not None:
            arrays[f"{prefix}{key}"] = array
    if data.scaling is not None:
        for key, array in zip(("mean", "std"), data.scaling, strict=True):
            arrays[f"{prefix}{key}"] = np.asarray(array, np.float64)
    document: Document = {
        "name": str(data.name),
        "task": data.task,
        "feature_names": list(data.feature_names),
        "target_names": list(data.target_names),
        "held_out": bool(data.held_out),
        "pair": isinstance(data, Pair),
        "targets": described(data.targets),
    }
    return document | ({"outside": outside} if outside else {}), arrays


def data_of(
    document: object,
    arrays: Mapping[str, Any],
    prefix: str,
    passed: Any = None,
    like: Dataset | None = None,
) -> Dataset:
    """Return a data set as it was, checked anew by its own constructor.

    Raises
    ------
    FileError
        Something is missing or is not what a data set holds.
    ValueError
        As `Dataset` raises it; data that the file does not hold were not passed, or others.
    """
    if isinstance(document, dict) and "outside" in document:
        return data_given(document, arrays, prefix, passed, like)
    if passed is not None:
        part = prefix.split("/")[1]
        mend = f"Leave {part} out; make a new Trainer for other data."
        raise bad_file(part, "none, as the file holds the data", "some", mend)
    given = {
        key: arrays[f"{prefix}{key}"]
        for key in ("X", "y", "mask", "weight", "groups", "mean", "std")
        if f"{prefix}{key}" in arrays
    }
    if "X" not in given:
        raise bad_file("The file's data", f"an array {prefix + 'X'!r}", "none")
    scaling = _scaling(given)
    for array in given.values():
        if array.flags.owndata:
            array.flags.writeable = False
    cls = Pair if item(document, "pair", bool) else Dataset
    made = cls(
        given["X"],
        given.get("y"),
        item(document, "task", str),
        items(document, "feature_names", str),
        items(document, "target_names", str),
        item(document, "name", str),
        given.get("mask"),
        given.get("weight"),
        scaling,
        item(document, "held_out", bool),
        given.get("groups"),
        targets_of(items(document, "targets", dict)) if "targets" in document else (),  # type: ignore[operator]
    )
    for key in ("X", "y", "mask", "weight", "groups"):
        if key in given and not _same(given[key], getattr(made, key)):
            raise bad_file(f"The array {prefix + key!r}", "a data set's", "other numbers")
    return made


def _scaling(given: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    if "mean" not in given and "std" not in given:
        return None
    if "mean" not in given or "std" not in given:
        raise bad_file("The file's data", "a mean and a deviation", "one of them")
    mean, std = given["mean"], given["std"]
    fits = (
        mean.shape == std.shape
        and mean.ndim == 1
        and mean.size in (1, given["X"].shape[-1])
        and mean.dtype == std.dtype == np.float64
    )
    if not fits or not np.isfinite(mean).all() or not (np.isfinite(std) & (std > 0)).all():
        raise bad_file("The file's data", "a finite mean and deviation a feature", "others")
    return mean, std


def _same(stored: NDArray[Any], made: NDArray[Any]) -> bool:
    return stored.dtype == made.dtype and np.array_equal(stored, made)
