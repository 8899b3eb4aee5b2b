"""Where neurons, edges and biases of a network picture stand, in pixels; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOOT = 46.0  # pixels under the neurons: the layers' names, and a row with key and loss
_WIDE, _NARROW = 56.0, 17.0  # largest distance and radius of neurons

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """The geometry of a picture.

    Attributes
    ----------
    at : list of array of shape (n, 2)
        The middle of each neuron that is shown, by column.
    radius : float
        Of every neuron.
    spread : float
        From one column to the next.
    pitch : list of float
        From one neuron to the next, by column.
    """

    at: list[Points]
    radius: float
    spread: float
    pitch: list[float]

    @classmethod
    def of(
        cls, slots: list[Points], width: float, height: float, left: float, right: float
    ) -> Places:
        """Lay out columns of slots, 0 at the top, with `left` and `right` pixels for names."""
        pitch = [min((height - FOOT - 12) / (s[-1] + 1), _WIDE) for s in slots]
        radius = min(0.41 * min(pitch), _NARROW)
        gaps = max(len(slots) - 1, 1)
        span = width - left - right - 2 * radius
        radius = max(min(radius, 0.3 * span / gaps), 2.5)
        middle = FOOT + (height - FOOT) / 2 - 5
        at = []
        for i, (places, step) in enumerate(zip(slots, pitch, strict=True)):
            x = left + radius + (i * span / gaps if len(slots) > 1 else span / 2)
            at.append(
                np.column_stack(
                    [np.full(len(places), x), middle + (places[-1] / 2 - places) * step]
                )
            )
        return cls(at, radius, span / gaps, pitch)

    @property
    def nodes(self) -> Points:
        """Every neuron, column by column."""
        return np.concatenate(self.at)

    def edges(self, columns: Iterable[int]) -> Points:
        """Return the lines into these columns, shape (edges, 2, 2), by input, then by neuron."""
        lines = [np.zeros((0, 2, 2))]
        for i in columns:
            ends = np.broadcast_arrays(self.at[i - 1][:, None], self.at[i][None, :])
            lines.append(np.stack(ends, axis=2).reshape(-1, 2, 2))
        return np.concatenate(lines)

    def biases(self, columns: Iterable[int]) -> Points:
        """Return where the biases of these columns stand: at the upper left of each neuron."""
        out = (-0.75 * self.radius - 5.0, 0.75 * self.radius + 6.0)  # clear of the rings
        return np.concatenate([np.zeros((0, 2)), *(self.at[i] + out for i in columns)])
