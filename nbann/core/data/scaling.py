"""Mean and standard deviation of features, and scaling by them; the core's own parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..checks import zero_where_absent
from .made import Made
from .source import RowSource

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
    if isinstance(X, RowSource):
        return _measured_in_blocks(X)
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


def scaled_rows(
    function: Callable[[Floats, Scaling, Floats | None], Floats],
    X: Floats,
    scaling: Scaling,
    mask: Floats | None,
) -> Floats:
    """Return `scaled` or `unscaled` of X; of rows that are read when needed, rows like these."""
    if not isinstance(X, RowSource):
        return function(X, scaling, mask)
    if function is unscaled and isinstance(X, Made) and X.made_by(scaled, scaling):
        return cast("Floats", X.source)  # nothing of it is lost
    return cast("Floats", Made(X, partial(_of_block, function, scaling)))


def _of_block(function: Callable[..., Floats], scaling: Scaling, block: Floats) -> Floats:
    mean, std = scaling
    array = np.array(block, np.float64, order="C")
    if function is scaled:  # the same arithmetic, in place: blocks may be large
        array -= mean
        array /= std
    else:
        array *= std
        array += mean
    return array


def _measured_in_blocks(X: RowSource) -> Scaling:
    """Return what `measured` does in two passes over what is not in memory.

    A sum goes on where it stood at the block before, row by row as over all rows at once.
    """
    first = np.asarray(X[0], np.float64).reshape(-1, X.shape[-1])[0]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean, low, high = _means_of(_blocks(X))
        constant = low == high
        std = np.sqrt(_means_of((rows - mean) ** 2 for rows in _blocks(X))[0])
    if not (np.isfinite(mean) & np.isfinite(std) & ((std > 0) | constant)).all():
        # squares left float64's range
        size = np.where(constant, 1.0, np.maximum(np.abs(low), np.abs(high)))
        mean = _means_of(rows / size for rows in _blocks(X))[0]
        square = _means_of((rows / size - mean) ** 2 for rows in _blocks(X))[0]
        mean, std = mean * size, np.sqrt(square) * size
    return np.where(constant, first, mean), np.where(constant, 1.0, std)


def _blocks(X: RowSource) -> Iterator[Floats]:
    for _, block in X.blocks():
        yield np.asarray(block, np.float64).reshape(-1, X.shape[-1])


def _means_of(blocks: Iterable[Floats]) -> tuple[Floats, Floats, Floats]:
    """Return the mean, the least and the largest number of each column."""
    total: Any = None
    low: Any = np.inf
    high: Any = -np.inf
    count = 0
    for rows in blocks:
        count += len(rows)
        low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
        total = np.add.reduce(rows if total is None else np.concatenate([total[None], rows]))
    return total / count, low, high


def _rows(X: Floats, mask: Floats | None) -> Floats:
    """Return the values of each feature as a column, what is not there left out."""
    if mask is None:
        return X.reshape(-1, X.shape[-1])
    there = X[mask > 0]
    return there.reshape(-1, X.shape[-1] if X.ndim > 2 else 1)
