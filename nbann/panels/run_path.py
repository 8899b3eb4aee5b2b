"""Where a run has led through the space of its weights; imports NumPy and the core."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.moves import Position

if TYPE_CHECKING:
    from ..core.scoring.probe import LossProbe
    from ..core.trainer import Trainer
    from .plane import Plane

MOST = 600
"""Points that are kept of a line of events; of more, every second."""

MEMORY = 32 * 2**20
"""Bytes that the points of a line of events may take."""

_LINES = 8  # lines of events that are remembered


class RunPath:
    """The weights at the start, at the timeline's snapshots, and whenever it was looked.

    How close the snapshots lie depends on the machine's speed; start and present are always there.

    Parameters
    ----------
    trainer : Trainer
    probe : LossProbe
        Of this trainer.
    """

    def __init__(self, trainer: Trainer, probe: LossProbe) -> None:
        self._trainer, self._probe = trainer, probe
        self._lines: dict[int, dict[Position, NDArray[np.floating]]] = {}
        self._seen: dict[int, set[int]] = {}
        self._number = trainer.timeline.number
        self._plane: Plane | None = None
        self._at: dict[Position, NDArray[np.floating]] = {}  # coordinates in that plane
        self._most = int(min(MOST, max(16, MEMORY // max(probe.here.nbytes, 1))))
        self.look()

    def look(self) -> None:
        """Note where the run stands, and what snapshots there are."""
        timeline = self._trainer.timeline
        number = timeline.number
        if number not in self._lines:
            self._lines[number], self._seen[number] = self._shared_past(), set()
            for old in list(self._lines)[:-_LINES]:
                del self._lines[old], self._seen[old]
        if number != self._number:
            self._at.clear()
        self._number = number
        line, seen = self._lines[number], self._seen[number]
        for step, state in zip(timeline.snapshots.steps, timeline.snapshots.states, strict=True):
            if step not in seen:
                seen.add(step)
                place = Position(*divmod(step, timeline.batches), 0)
                line.setdefault(place, state.arrays[""].copy())
        line[self._trainer.position] = self._probe.here
        self._at.pop(self._trainer.position, None)
        if len(line) > self._most:
            self._thin(line)

    def __len__(self) -> int:
        return len(self._lines[self._number])

    def weights(self) -> NDArray[np.floating]:
        """Return all points in the order of the run, shape (points, parameters)."""
        line = self._lines[self._number]
        return np.array([line[place] for place in sorted(line)], float)

    def along(self, plane: Plane) -> tuple[NDArray[np.floating], int]:
        """Return the points' coordinates in a plane, and which of them is the present."""
        if plane is not self._plane:
            self._plane = plane
            self._at.clear()
        line = self._lines[self._number]
        places = sorted(line)
        for place in places:
            if place not in self._at:
                self._at[place] = plane.coordinates(line[place])
        here = bisect_left(places, self._trainer.position)
        return np.array([self._at[place] for place in places]), here

    def _shared_past(self) -> dict[Position, NDArray[np.floating]]:
        """Return what the line of events that was looked at before has in common with this one."""
        branches, timeline = self._trainer.branches, self._trainer.timeline
        left = next((b for b in branches if b.number == self._number), None)
        if left is None or self._number not in self._lines:
            return {}
        fork = timeline.position_of(left.fork)
        return {p: theta for p, theta in self._lines[self._number].items() if p <= fork}

    def _thin(self, line: dict[Position, NDArray[np.floating]]) -> None:
        places = sorted(line)
        for place in places[1:-1:2]:
            if place != self._trainer.position:
                del line[place]
