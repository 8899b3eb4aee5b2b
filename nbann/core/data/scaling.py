"""Mean and standard deviation of features, and scaling by them; imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..checks import zero_where_absent

Floats = NDArray[np.float64]
Scaling = tuple[Floats, Floats]
"""Mean and standard deviation, each of shape (features,)."""


def measured(X: Floats, mask: Floats | None) -> Scaling:
    """Return each feature's mean and standard deviation over samples and the steps that are there.

    ``mean = sum(x) / m`` and ``std = sqrt(sum((x - mean)**2) / m)``, with m the number of values:
    the definition of scikit-learn's `StandardScaler`. A feature is what the last axis numbers;
    sequences of shape (n, time), those with a mask, have a single one. A constant feature gets a
    deviation of 1, so that it becomes 0.

    Parameters
    ----------
    X : array of shape (n, ..., features), or with a mask (n, time)
    mask : array of shape (n, time) or None
    """
    rows = _rows(X, mask)
    constant = rows.min(axis=0) == rows.max(axis=0)  # its deviation may be mere rounding
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean, std = rows.mean(axis=0), rows.std(axis=0)
    if not (np.isfinite(mean) & np.isfinite(std) & ((std > 0) | constant)).all():
        size = np.where(constant, 1.0, np.abs(rows).max(axis=0))  # squares left float64's range
        mean, std = (rows / size).mean(axis=0) * size, (rows / size).std(axis=0) * size
    return np.where(constant, rows[0], mean), np.where(constant, 1.0, std)


def scaled(X: Floats, scaling: Scaling, mask: Floats | None) -> Floats:
    """Return ``(X - mean) / std``, and 0 where a time step is not there."""
    mean, std = scaling
    return zero_where_absent((X - mean) / std, mask)


def unscaled(X: Floats, scaling: Scaling, mask: Floats | None) -> Floats:
    """Return ``X * std + mean``, and 0 where a time step is not there."""
    mean, std = scaling
    return zero_where_absent(X * std + mean, mask)


def _rows(X: Floats, mask: Floats | None) -> Floats:
    """Return the values of each feature as a column, what is not there left out."""
    if mask is None:
        return X.reshape(-1, X.shape[-1])
    there = X[mask > 0]
    return there.reshape(-1, X.shape[-1] if X.ndim > 2 else 1)
