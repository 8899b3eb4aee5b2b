"""How large the numbers of a net are: what is drawn in one scale. Imports panels and the core."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.trainer import Trainer
from nbann.panels.scale import Limit

from .net_layout import Part


class Limits:
    """A limit for each column's numbers, each parameter and each gradient; they grow in steps."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._limits: dict[str, Limit] = {}
        self._seen: tuple[Any, ...] = (trainer.position, trainer.timeline.number)

    def restart(self) -> None:
        """Let limits that have grown go, if the run has gone back or to another branch."""
        position, line = self._trainer.position, self._trainer.timeline.number
        if position < self._seen[0] or line != self._seen[1]:
            self._limits.clear()
        self._seen = (position, line)

    def fit(self, key: str, array: NDArray[Any]) -> None:
        """Take in the newest numbers of an array."""
        self._limits.setdefault(key, Limit()).fit(extent(array))

    def told(self, part: Part) -> dict[str, list[float]]:
        """Return the limits as `Net.frame` tells them: by column, by bias, by link."""
        biases = [str(part.columns[i].bias) for i, _ in part.biases]
        weights = [str(part.columns[to].weight) for _, to, _ in part.links]
        return {
            "nodes": self._of(*(f"node{i + part.first}" for i in range(len(part.columns)))),
            "biases": self._of(*biases),
            "edges": self._of(*weights),
            "bias_gradients": self._of(*(f"{n}.grad" for n in biases)),
            "edge_gradients": self._of(*(f"{n}.grad" for n in weights)),
        }

    def _of(self, *keys: str) -> list[float]:
        return [self._limits[k].value if k in self._limits else 1.0 for k in keys]


def extent(array: NDArray[Any]) -> float:
    """Return the largest size among the finite numbers of an array, 0 where there is none.

    >>> import numpy as np
    >>> extent(np.array([1.0, -3.0, np.nan, np.inf])), extent(np.zeros((0, 2)))
    (3.0, 0.0)
    """
    if not array.size:
        return 0.0
    size = max(float(array.max()), -float(array.min()))
    if math.isfinite(size):
        return size
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0
