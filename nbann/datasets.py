"""Data sets by name; toy sets are made with NumPy, the others are scikit-learn's bundled copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from .core.data import Dataset


def iris() -> Dataset:
    """Return Fisher's iris (1936): 150 flowers, 4 lengths in cm, 3 species."""
    return _from_sklearn("iris", "classification")


def trask() -> Dataset:
    """Return Trask's table: exclusive or of two columns, beside a third that is always 1.

    Andrew Trask, "A Neural Network in 11 lines of Python (Part 1)", 2015.
    """
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    names = ("first", "second", "always 1")
    return Dataset(X, np.array([0, 1, 1, 0]), "classification", names, ("0", "1"), "trask")


def xor() -> Dataset:
    """Return the four cases of exclusive or: 2 inputs, 2 classes."""
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    return Dataset(
        X, np.array([0, 1, 1, 0]), "classification", ("first", "second"), ("0", "1"), "xor"
    )


def _from_sklearn(name: str, task: Any) -> Dataset:
    from sklearn import datasets  # half a second to import: only when asked for

    bunch = getattr(datasets, f"load_{name}")()
    targets = [str(t) for t in getattr(bunch, "target_names", ())]
    return Dataset(bunch.data, bunch.target, task, bunch.feature_names, targets, name)
