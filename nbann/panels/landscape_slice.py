"""The loss over a grid of a plane, computed a stretch at a time, coarse first; NumPy, the core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..core.moves import Position
    from ..core.scoring.probe import LossProbe
    from .plane import Plane

COARSE = 9
"""Points on each side of the first grid; each further one has twice the stretches of the last."""

SIZES = (9, 17, 33, 65, 129)
"""Resolutions that there are."""

LOOKS = 5
"""At how many places it is looked whether a slice is still true."""

TOLERANCE = 0.01
"""The share of a slice's range by which losses may have changed while it still counts as true."""


class Slice:
    """Losses over a grid of the plane through some weights.

    Parameters
    ----------
    probe : LossProbe
    plane : Plane
    box : array of shape (2, 2)
        Lowest and highest coordinate across, and up.
    resolution : int
        Points on each side at the end, one of `SIZES`.
    position : Position
        Of the run that is cut through, which is the probe's.

    Attributes
    ----------
    grid : array of shape (resolution, resolution)
        Losses, row by row from the lower left; NaN where there is none yet, or no number.
    low, high : float
        The least and greatest finite loss of the coarse grid; NaN before it is there.
    """

    def __init__(
        self,
        probe: LossProbe,
        plane: Plane,
        box: NDArray[np.floating],
        resolution: int,
        position: Position,
    ) -> None:
        self.plane, self.box, self.position = plane, box, position
        self._probe, self._base, self._buffers = probe, probe.here, probe.buffers()
        self._base_at = plane.coordinates(self._base)
        self.restraints = probe.restraints
        self.grid = np.full((resolution, resolution), np.nan)
        self.level = 0
        """Points on each side of the finest grid that is complete."""
        self.low = self.high = np.nan
        self._sides = [np.linspace(*side, resolution) for side in box]
        self._left = self._places()

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """Yield what is to be computed, coarse grids first, and which grid it is part of."""
        n, known = len(self.grid), np.zeros(self.grid.shape, bool)
        for size in SIZES[: SIZES.index(n) + 1]:
            stride = (n - 1) // (size - 1)
            for i in range(0, n, stride):
                for j in range(0, n, stride):
                    if not known[i, j]:
                        known[i, j] = True
                        yield i, j, size
            yield -1, -1, size

    @property
    def is_done(self) -> bool:
        """Whether the finest grid is complete."""
        return self.level == len(self.grid)

    def work(self, seconds: float | None, level: int | None = None) -> None:
        """Compute for about so long, None until it is done; or up to a coarser grid."""
        goal = len(self.grid) if level is None else level
        end = np.inf if seconds is None else time.perf_counter() + seconds
        while self.level < goal:
            i, j, size = next(self._left)
            if i >= 0:
                self.grid[i, j] = self.loss_at(i, j)
                if time.perf_counter() >= end:
                    return
                continue
            self.level = size
            if size == COARSE:
                known = self.grid[np.isfinite(self.grid)]
                if known.size:
                    self.low, self.high = float(known.min()), float(known.max())

    def loss_at(self, i: int, j: int) -> float:
        """Return the loss at a place of the grid, as it was when the slice was cut."""
        theta = self.plane.point(self._base, self._place(i, j), self._base_at)
        return self._probe.loss(theta, self._buffers)

    def _place(self, i: int, j: int) -> NDArray[np.floating]:
        return np.array([self._sides[0][j], self._sides[1][i]])

    def shown(self) -> NDArray[np.float64] | None:
        """Return the finest grid that is complete; None before there is one."""
        if not self.level:
            return None
        stride = (len(self.grid) - 1) // (self.level - 1)
        return self.grid[::stride, ::stride]

    # ---- whether it is still true ----------------------------------------------------------------
    def is_exact(self) -> bool:
        """Whether the run's weights lie in this very plane, and all else is as it was."""
        base = self._in_plane(self._probe.here)
        now = self._probe.buffers()
        scale = np.abs(self._base[np.isfinite(self._base)]).max(initial=1e-12)
        return (
            self.restraints == self._probe.restraints
            and np.allclose(base, self._in_plane(self._base), rtol=0, atol=1e-12 * scale)
            and all(np.array_equal(now[n], a, equal_nan=True) for n, a in self._buffers.items())
        )

    def _in_plane(self, theta: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the point of the plane through weights that has the coordinates of the origin."""
        return self.plane.point(theta, self.plane.offset)

    def is_near(self) -> bool:
        """Whether losses at five places have changed by less than can be noticed."""
        if self.restraints != self._probe.restraints or not self.level:
            return False
        middle, last = len(self.grid) // 2, len(self.grid) - 1
        here = self._probe.here
        at = self.plane.coordinates(here)
        room = TOLERANCE * (self.high - self.low)
        for i, j in ((middle, middle), (middle, 0), (middle, last), (0, middle), (last, middle)):
            now = self._probe.loss(self.plane.point(here, self._place(i, j), at))
            then = float(self.grid[i, j])
            if np.isfinite(now) != np.isfinite(then) or abs(now - then) > room:
                return False
        return True
