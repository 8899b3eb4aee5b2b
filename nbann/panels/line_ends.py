"""Names and numbers at the ends of lines, apart where they would collide; imports matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .style import LABEL

if TYPE_CHECKING:
    from .base import Panel

_APART = 14.0  # pixels between two labels


class End(NamedTuple):
    """Which line it is of, what is written, and beside which point."""

    line: int
    text: str
    x: float
    y: float


class LineEnds:
    """A label for each of some lines, each in its line's color."""

    def __init__(self, panel: Panel, colors: Sequence[str]) -> None:
        self._panel = panel
        self.labels = [
            panel.moving_text((0, 0), (7, 0), size=LABEL, color=color, va="center")
            for color in colors
        ]

    def show(self, ends: Sequence[End]) -> None:
        """Write these; lines without an end have no label."""
        for label in self.labels:
            label.set_text("")
        if not ends:
            return
        ax = self._panel.ax
        unit = ax.get_figure().dpi / 100  # type: ignore[union-attr]  # axes here have a figure
        spots = ax.transData.transform([(end.x, end.y) for end in ends])
        height = spots[:, 1] / unit
        floor, top = ax.transAxes.transform([(0, 0), (0, 1)])[:, 1] / unit
        across = ax.transAxes.inverted().transform(spots)[:, 0]
        places = apart(height, floor + 7, top - 3)
        for end, place, at in zip(ends, places, across, strict=True):
            label = self.labels[end.line]
            label.set_position((at, (place - floor) / (top - floor)))
            label.set_text(end.text)


def apart(
    heights: NDArray[np.float64], lowest: float, highest: float, *, gap: float = _APART
) -> NDArray[np.float64]:
    """Return where words are written: at their heights, but apart, the group's middle in place.

    Within limits; where there is no room for all of them, they begin at the lowest place.
    """
    order = np.argsort(heights, kind="stable")
    places = heights[order].astype(float)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    places += (heights.mean() - places.mean()) if len(places) > 1 else 0.0
    places -= max(0.0, places[-1] - highest)
    places += max(0.0, lowest - places[0])
    back = np.empty_like(places)
    back[order] = places
    return back
