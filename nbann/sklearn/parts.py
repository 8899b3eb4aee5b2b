"""Validated samples, and what is set aside of them for early stopping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split

from nbann.core.errors import bad_value


@dataclass(frozen=True)
class Part:
    """Validated samples.

    Attributes
    ----------
    X : array or sparse matrix of shape (n, features)
    Y : array of shape (n, outputs)
        Values, or classes in columns of booleans: one for two classes, else one for each.
    weight : array of shape (n,) or None
        What each sample counts.
    """

    X: Any
    Y: NDArray[Any]
    weight: NDArray[np.float64] | None

    def __len__(self) -> int:
        return int(self.X.shape[0])


def split(estimator: Any, data: Part) -> tuple[Part, Part | None]:
    """Set the share `validation_fraction` aside if there is early stopping; draw as scikit-learn.

    Two classes keep their shares.

    Raises
    ------
    ValueError
        Fewer than 2 samples to validate with, or a class of one sample.
    """
    if not estimator.early_stopping:
        return data, None
    weights = () if data.weight is None else (data.weight,)
    parts = train_test_split(
        data.X,
        data.Y,
        *weights,
        random_state=estimator._random_state,
        test_size=estimator.validation_fraction,
        stratify=data.Y if is_classifier(estimator) and data.Y.shape[1] == 1 else None,
    )
    train, held_out = (Part(*parts[i::2], *(() if weights else (None,))) for i in (0, 1))
    if len(held_out) < 2:
        raise bad_value(
            "validation_fraction",
            "a share of at least 2 samples",
            f"{estimator.validation_fraction} of {len(data)}",
            "The validation set is too small. Increase 'validation_fraction' or the data set.",
        )
    return train, held_out
