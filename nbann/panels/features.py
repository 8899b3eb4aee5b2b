"""Which features a picture is over; imports NumPy and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .columns import column_of

if TYPE_CHECKING:
    from ..core.data.dataset import Dataset


def telling_features(data: Dataset) -> tuple[int, int]:
    """Return the two columns that tell most about the target, each by itself, in order of columns.

    For classes the ratio of the variance between them to that within them (Fisher's F), for values
    the correlation; of columns that tell nothing the first ones.
    """
    X, y = data.X, data.y.reshape(len(data.y), -1)[:, 0]
    if data.task == "classification":
        groups = [X[y == label] for label in np.unique(y)]
        between = sum(len(g) * (g.mean(axis=0) - X.mean(axis=0)) ** 2 for g in groups)
        within = sum(((g - g.mean(axis=0)) ** 2).sum(axis=0) for g in groups)
    else:
        centered = X - X.mean(axis=0)
        between = (centered.T @ (y - y.mean())) ** 2
        within = (centered**2).sum(axis=0)
    told = np.divide(between, within, out=np.zeros(X.shape[1]), where=within > 0)
    first, second = sorted(np.argsort(-np.round(told, 12), kind="stable")[:2])
    return int(first), int(second)


def feature_column(feature: int | str, data: Dataset) -> int:
    """Return a feature's column, given by number or name."""
    return column_of(feature, data.feature_names, "feature", several=True)
