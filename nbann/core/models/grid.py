"""The grid of a self-organizing map: where its units lie, and which are neighbors; NumPy alone."""

from __future__ import annotations

import math
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

    Parameters
    ----------
    rows, columns : int
        At least 1, and together at least 2 units.
    topology : {"rectangular", "hexagonal"}

    Attributes
    ----------
    positions : array of shape (units, 2)
        Where each unit lies: down and to the right. Units are numbered row by row.
    squared : array of shape (units, units)
        Squared distances between units on the grid.
    neighbors : array of bool, shape (units, units)
    """

    def __init__(self, rows: int, columns: int, topology: Topology = "rectangular") -> None:
        self.rows = whole_number("SOM rows", rows, least=1)
        self.columns = whole_number("SOM columns", columns, least=1)
        if topology not in TOPOLOGIES:
            raise UnknownNameError("topology", topology, TOPOLOGIES)
        if self.rows * self.columns < 2:
            raise bad_value("SOM", "at least 2 units", "1", "Pass e.g. SOM(10, 10).")
        down, right = np.divmod(np.arange(self.rows * self.columns), self.columns)
        if topology == "hexagonal":
            places = (down * math.sqrt(0.75), right + 0.5 * (down % 2))
        else:
            places = (down * 1.0, right * 1.0)
        self.positions = np.column_stack(places)
        gaps = self.positions[:, None] - self.positions
        self.squared: NDArray[np.float64] = (gaps**2).sum(axis=-1)
        near = self.squared <= _NEAR[topology] ** 2 + 1e-9
        np.fill_diagonal(near, False)
        self.neighbors: NDArray[np.bool_] = near

    @property
    def units(self) -> int:
        """How many there are."""
        return self.rows * self.columns


def squared_distances(x: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    """Return ``sum((x - w)**2)`` of every sample and unit, (n, units), about the weights' mean."""
    center = weight.mean(axis=0)
    x, weight = x - center, weight - center
    both = -2 * (x @ weight.T) + (weight**2).sum(axis=1) + (x**2).sum(axis=1)[:, None]
    return np.asarray(np.maximum(both, 0.0))


def topographic_error(squared: NDArray[Any], grid: Grid) -> float:
    """Return the share of samples whose two nearest units are no neighbors on the grid."""
    first, second = np.argpartition(squared, 1, axis=1)[:, :2].T
    return float((~grid.neighbors[first, second]).mean())


def distance_to_neighbors(weight: NDArray[Any], grid: Grid) -> NDArray[np.float64]:
    """Return each unit's mean distance to the weights of its neighbors, (rows, columns)."""
    found = np.empty(grid.units)
    for unit, near in enumerate(grid.neighbors):
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
