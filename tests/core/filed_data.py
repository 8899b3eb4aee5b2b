"""Small data sets in files and in memory alike, for tests of what reads rows when needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import nbann


def table(rows: int = 703, columns: int = 6, dtype: str = "float32") -> tuple[Any, Any]:
    """Return features and labels of three classes, in memory."""
    rng = np.random.default_rng(5)
    X = rng.normal(1.0, 3.0, (rows, columns)).astype(dtype)
    return X, (X[:, 0] > 1).astype(np.int64) + (X[:, 1] > 2)


def in_file(array: Any, folder: Path, name: str) -> Any:
    """Return an array as one that is mapped from a file."""
    np.save(folder / name, array)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def net(outputs: int = 3) -> nbann.Sequential:
    """Return a small net."""
    return nbann.Sequential([nbann.Dense(5, name="hidden"), nbann.Tanh(), nbann.Dense(outputs)])


def trainer(train: Any, **settings: Any) -> nbann.Trainer:
    """Return a trainer of the small net, in mini-batches with a smaller last one."""
    given = {"optimizer": "adam", "batch_size": 50} | settings
    return nbann.Trainer(net(), train, **given)


def same_run(one: nbann.Trainer, other: nbann.Trainer) -> bool:
    """Whether two runs have the same losses, scores, place and parameters, to the last bit."""
    names = one.names
    pairs = [(one.history.losses, other.history.losses)]
    pairs += [(one.history[c], other.history[c]) for c in (*one.history, *other.history)]
    pairs += [(one[name], other[name]) for name in names]
    return (
        one.position == other.position
        and names == other.names
        and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)
    )
