"""The grid of a self-organizing map: where its units lie, and which are neighbors; NumPy alone."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..errors import UnknownNameError, bad_value

Topology = Literal["rectangular", "hexagonal"]
TOPOLOGIES = ("rectangular", "hexagonal")
_NEAR = {"rectangular": math.sqrt(2), "hexagonal": 1.0}
"""How far neighbors are apart: 8 of them, or 6."""


class Grid:
    """Units in rows and columns, at distances of 1; in a hexagonal one each second row is shifted.

    Nothing is laid out before it is asked for: what a file describes may be too large to be made.

    Parameters
    ----------
    rows, columns : int
        At least 1, and together at least 2 units.
    topology : {"rectangular", "hexagonal"}
    """

    def __init__(self, rows: int, columns: int, topology: Topology = "rectangular") -> None:
        self.rows = whole_number("SOM rows", rows, least=1)
        self.columns = whole_number("SOM columns", columns, least=1)
        if topology not in TOPOLOGIES:
            raise UnknownNameError("topology", topology, TOPOLOGIES)
        if self.rows * self.columns < 2:
            raise bad_value("SOM", "at least 2 units", "1", "Pass e.g. SOM(10, 10).")
        self.topology = topology

    @property
    def units(self) -> int:
        """How many there are."""
        return self.rows * self.columns

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Where each unit lies, down and to the right, (units, 2); they are numbered row by row."""
        down, right = np.divmod(np.arange(self.units), self.columns)
        if self.topology == "hexagonal":
            return np.column_stack((down * math.sqrt(0.75), right + 0.5 * (down % 2)))
        return np.column_stack((down * 1.0, right * 1.0))

    def squared(self, a: Any, b: Any) -> NDArray[np.float64]:
        """Return squared distances on the grid between units of these numbers, which broadcast."""
        return np.asarray(((self.positions[a] - self.positions[b]) ** 2).sum(axis=-1))

    def are_neighbors(self, a: Any, b: Any) -> NDArray[np.bool_]:
        """Return which pairs of units lie side by side."""
        squared = self.squared(a, b)
        return np.asarray((squared > 0) & (squared <= _NEAR[self.topology] ** 2 + 1e-9))


def squared_distances(x: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    """Return ``sum((x - w)**2)`` of every sample and unit, (n, units), about the weights' mean."""
    center = weight.mean(axis=0)
    x, weight = x - center, weight - center
    both = -2 * (x @ weight.T) + (weight**2).sum(axis=1) + (x**2).sum(axis=1)[:, None]
    return np.asarray(np.maximum(both, 0.0))


def topographic_error(squared: NDArray[Any], grid: Grid) -> float:
    """Return the share of samples whose two nearest units are no neighbors on the grid."""
    first, second = np.argpartition(squared, 1, axis=1)[:, :2].T
    return float((~grid.are_neighbors(first, second)).mean())


def distance_to_neighbors(weight: NDArray[Any], grid: Grid) -> NDArray[np.float64]:
    """Return each unit's mean distance to the weights of its neighbors, (rows, columns)."""
    found, others = np.empty(grid.units), np.arange(grid.units)
    for unit in range(grid.units):
        near = grid.are_neighbors(unit, others)
        found[unit] = np.linalg.norm(weight[near] - weight[unit], axis=1).mean()
    return found.reshape(grid.rows, grid.columns)


def along_components(X: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Return weights spread over the plane of the two largest principal components, (units, d).

    Down the rows goes the first, along the columns the second, from minus to plus one deviation; of
    one feature both go along it.
    """
    mean = X.mean(axis=0)
    _, size, directions = np.linalg.svd(X - mean, full_matrices=False)
    axes = (directions * (size / math.sqrt(len(X)))[:, None])[:2]
    spread = grid.positions - grid.positions.mean(axis=0)
    spread /= np.maximum(np.abs(spread).max(axis=0), 1e-12)
    return np.asarray(mean + spread[:, : len(axes)] @ axes)
