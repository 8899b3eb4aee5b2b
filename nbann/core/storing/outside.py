"""Data that a file of a run does not hold, as they are in files of their own; the core's own parts.

A saved run says how to know them again, and not where they are: whoever loads it passes them. So a
file from elsewhere opens no other file, and the data may have moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.given import Pair, as_dataset
from ..data.source import RowSource
from .container import Document
from .faults import NotGivenError, bad_file, item

SAMPLED = 64
"""Rows that are looked at to know data again."""


def fingerprint(source: RowSource) -> Document:
    """Return by what rows are known again: their shape and type, and a digest of some of them."""
    import hashlib

    rows = source.shown(SAMPLED)
    digest = hashlib.sha256(np.ascontiguousarray(source.sample(rows)).tobytes())
    return {
        "shape": list(source.shape),
        "dtype": source.dtype.str,
        "digest": digest.hexdigest(),
    }


def described_outside(data: Dataset) -> Document:
    """Return the fingerprints of what of a data set is not held in memory; empty for the usual."""
    found: Document = {}
    for key, array in (("X", data.X), ("y", data.y)):
        if isinstance(array, RowSource) and not (key == "y" and data.y is data.X):
            found[key] = fingerprint(array)
    return found


def data_given(
    document: object, arrays: Mapping[str, Any], prefix: str, given: Any, like: Dataset | None
) -> Dataset:
    """Return a data set that was passed in place of one that the file does not hold, checked.

    Raises
    ------
    NotGivenError
        None was passed.
    FileError
        Another one than that of the run.
    """
    part = prefix.split("/")[1]
    outside = item(document, "outside", dict)
    if given is None:
        raise NotGivenError(
            f"{part}: expected the data of the run, which were not in memory and are not in its "
            f"file; received none. Pass them: Trainer.load(path, {part}=...)."
        )
    task: Any = item(document, "task", str)
    data = as_dataset(given, part, like=like, alone=task == "unsupervised")
    if isinstance(data, Pair) and data.task != task and task == "regression":
        data = replace(data, task=task)  # whole numbers that a loss of values has made values of
    if described_outside(data) != outside:
        mend = "Pass those that the run was saved with, mapped or streamed as they were."
        found = {key: getattr(data, key).shape for key in ("X", "y")}
        expected = ", ".join(f"{k} of shape {tuple(one['shape'])}" for k, one in outside.items())
        raise bad_file(f"{part}", f"the run's own data ({expected})", f"others, {found}", mend)
    held = {
        **{key: getattr(data, key) for key in ("y", "weight") if key not in outside},
        **dict(zip(("mean", "std"), data.scaling or (), strict=False)),
    }
    if data.y is data.X:
        del held["y"]
    stored = {key: arrays[f"{prefix}{key}"] for key in _KEYS if f"{prefix}{key}" in arrays}
    here = {key: array for key, array in held.items() if array is not None}
    same = set(here) == set(stored) and all(np.array_equal(here[k], stored[k]) for k in stored)
    words = {"task": data.task, "target_names": list(data.target_names)}
    if not same or any(words[key] != item(document, key, str, list) for key in words):
        mend = "Pass the data set that the run was saved with, with names, weights and scaling."
        raise bad_file(f"{part}", "the run's own targets, weights and scaling", "others", mend)
    return data


_KEYS = ("X", "y", "mask", "weight", "groups", "mean", "std")
