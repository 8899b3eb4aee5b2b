"""A decision boundary over one feature: probabilities, or a value, as curves; matplotlib alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .style import LINE

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

    from .base import Panel

_ROWS = (1.1, 1.4)  # above probability 1: where the classes' points lie
_TOP = 1.48


class DecisionLine:
    """What `DecisionBoundary` draws where there is one feature across.

    For classes a curve of the probability of each, the points in rows above; for values the curve
    of what is predicted among the points.

    Parameters
    ----------
    panel : Panel
    x : array of shape (points,)
        The feature.
    values : array of shape (points,), optional
        The targets, where they are values.
    """

    def __init__(
        self, panel: Panel, x: NDArray[np.floating], values: NDArray[np.floating] | None
    ) -> None:
        self._panel, self._x, self._values = panel, x, values
        if values is None:
            self.side = np.array([-0.04, _TOP])
            self.label = "probability"
        else:
            low, high = float(values.min()), float(values.max())
            room = 0.15 * ((high - low) or 1.0)
            self.side = np.array([low - room, high + room])
            self.label = "predicted value"
        self._curves: list[Line2D] = []

    def draw(self, x: NDArray[np.floating], names: Sequence[str]) -> None:
        """Draw the curves, still without heights, and points of values."""
        panel, theme = self._panel, self._panel.theme
        ink = [theme.class_color(k) for k in range(len(names))] or [theme.ink]
        if self._values is None:
            panel.ax.set_yticks([0.0, 0.5, 1.0])
        else:
            points = {"markersize": 4.2, "color": theme.muted, "markeredgecolor": theme.background}
            panel.moving(
                panel.ax.plot(self._x, self._values, "o", markeredgewidth=0.45, **points)[0]
            )
            panel.still_text(
                "line: predicted; points: data",
                (0, 1), (0, 10), color=theme.muted, va="center",
            )  # fmt: skip
        self._curves = [
            panel.moving(
                panel.ax.plot(x, np.full(len(x), np.nan), color=c, linewidth=1.4 * LINE)[0]
            )
            for c in ink
        ]

    def places(self, labels: NDArray[np.integer], classes: int) -> NDArray[np.float64]:
        """Return where the points of classes lie: a row for each class above the curves."""
        rows = np.linspace(*_ROWS, classes)
        return np.column_stack([self._x, rows[labels.astype(int)]])

    def refresh(self, answers: NDArray[np.floating]) -> None:
        """Set the curves' heights, an array (points of the grid, classes or 1)."""
        for curve, heights in zip(self._curves, answers.T, strict=True):
            curve.set_ydata(np.where(np.abs(heights) < 1e30, heights, np.nan))
