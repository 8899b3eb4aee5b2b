"""A map's units seen three ways: with their samples, as images, over the data; matplotlib.

Each view draws once into a panel that is laid out in pixels, and is then told what to show.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import NDArray

from .plot import Plot, Reach, roomy
from .scale import largest
from .shade import Frame, picture, shades
from .style import MARKERS, marker_size

if TYPE_CHECKING:
    from ..core.models.som import SOM
    from .base import Panel

Floats = NDArray[np.float64]
Units = NDArray[np.intp]
_LIGHTEST, _DARKEST = 0.03, 0.6
_GOLDEN = math.pi * (3 - math.sqrt(5))
_CROWD = 75.0  # square pixels that a sample's marker needs
_REACH = 0.36  # of a cell's width that samples are off its middle at most


def places(som: SOM, frame: Frame) -> tuple[Floats, float]:
    """Return where units stand in a frame, in pixels, and how far neighbors are apart."""
    x, y, wide, high = frame
    at = som.positions  # down, right
    tall = 1.16 if som.topology == "hexagonal" else 1.0  # of a cell, to its width
    down, across = at[:, 0].max() + tall, at[:, 1].max() + 1.0
    cell = float(min(high / down, wide / across))
    left = x + (wide - cell * across) / 2
    top = y + high - (high - cell * down) / 2
    across_at = left + (at[:, 1] + 0.5) * cell
    down_at = top - (at[:, 0] + tall / 2) * cell
    return np.column_stack([across_at, down_at]), cell


def table_of(units: Units, labels: Units, count: int, classes: int) -> Units:
    """Return how many samples of each class fall on each unit, shape (count, classes)."""
    places = (units * classes + labels).astype(np.intp)  # 32 bits in a browser
    found = np.bincount(places, minlength=count * classes)
    return found.reshape(count, classes)


class GridView:
    """Units as cells, darker where their weights are far from their neighbors', with the samples.

    Where samples would crowd, a unit has the marker of its commonest class in their stead.
    """

    def __init__(self, panel: Panel, som: SOM, frame: Frame, labels: Units, classes: int) -> None:
        self._panel, self._labels = panel, labels
        self.at, self._cell = places(som, frame)
        edge: dict[str, Any] = {"edgecolors": panel.theme.background, "linewidths": 0.8}
        outline = _outline(som.topology) * self._cell
        self.cells = PolyCollection(list(self.at[:, None] + outline[None]), **edge)
        panel.ax.add_collection(panel.moving(self.cells), autolim=False)
        each = max(1.0, len(labels) / len(self.at))
        self.crowded = (0.9 * self._cell) ** 2 / each < _CROWD
        self._classes = max(1, classes)
        draw = self._crowd_marker if self.crowded else self._sample_marker
        self.markers = [draw(k, bool(classes)) for k in range(self._classes)]

    def _look(self, k: int, colored: bool) -> tuple[str, str]:
        theme = self._panel.theme
        return MARKERS[k % len(MARKERS)], theme.class_color(k) if colored else theme.muted

    def _sample_marker(self, k: int, colored: bool) -> Any:
        marker, color = self._look(k, colored)
        look: dict[str, Any] = {"linestyle": "none", "markeredgewidth": 0.45}
        look |= {"markeredgecolor": self._panel.theme.background, "markerfacecolor": color}
        size = max(marker_size(k) * min(1.0, self._cell / 30), 2.6)
        line = self._panel.ax.plot([], [], marker=marker, markersize=size, **look)[0]
        return self._panel.moving(line)

    def _crowd_marker(self, k: int, colored: bool) -> Any:
        marker, color = self._look(k, colored)
        edge: dict[str, Any] = {"linewidths": 0.45, "edgecolors": self._panel.theme.background}
        return self._panel.moving(
            self._panel.ax.scatter([], [], marker=marker, facecolors=color, **edge)
        )

    def show(self, units: Units, borders: Floats) -> None:
        """Shade the cells, the smallest distance lightest, and put the samples into theirs."""
        finite = borders[np.isfinite(borders)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        share = (borders.ravel() - low) / (high - low or 1.0)
        shade = _LIGHTEST + (_DARKEST - _LIGHTEST) * share
        self.cells.set_facecolor(shades(shade, self._panel.theme) / 255)
        (self._crowd if self.crowded else self._spread)(units)

    def _spread(self, units: Units) -> None:
        """Put each sample into its unit, one beside the other in a spiral."""
        order = np.lexsort((np.arange(len(units)), self._labels, units))
        counts = np.bincount(units, minlength=len(self.at))
        begins = np.cumsum(counts) - counts
        turn = np.empty(len(units))
        turn[order] = np.arange(len(units)) - begins[units[order]]
        most = counts[units]
        far = np.where(most > 1, np.sqrt((turn + 0.5) / most), 0.0) * _REACH * self._cell
        ways = np.column_stack([np.cos(turn * _GOLDEN), np.sin(turn * _GOLDEN)])
        points = self.at[units] + ways * far[:, None]
        for k, line in enumerate(self.markers):
            line.set_data(*points[self._labels == k].T)

    def _crowd(self, units: Units) -> None:
        """Give each unit the marker of its commonest class, its area after its samples."""
        table = table_of(units, self._labels, len(self.at), self._classes)
        best, count = table.argmax(axis=1), table.sum(axis=1)
        sizes = (0.62 * self._cell * 0.72) ** 2 * count / max(int(count.max()), 1)
        for k, marks in enumerate(self.markers):
            mine = (best == k) & (count > 0)
            marks.set_offsets(self.at[mine])
            marks.set_sizes(np.maximum(sizes[mine], 4.0))


class ImagesView:
    """Each unit's weights as an image, in the place of the unit; a row of units is one picture."""

    def __init__(
        self, panel: Panel, som: SOM, frame: Frame, shape: tuple[int, int], X: Floats
    ) -> None:
        self._panel, self._shape = panel, shape
        self._scale = largest(X) or 1.0
        self._has_signs = bool((X < 0).any())
        at, cell = places(som, frame)
        self._pitch = max(shape) + 1  # pixels of weights from one unit to the next
        dot = cell / self._pitch
        high, wide = shape[0] * dot, ((som.columns - 1) * self._pitch + shape[1]) * dot
        starts = at.reshape(som.rows, som.columns, 2)[:, 0]
        frames = [(x - shape[1] * dot / 2, y - high / 2, wide, high) for x, y in starts]
        self.images = [panel.moving(picture(panel.ax, f, fine=dot < 0.7)) for f in frames]

    def show(self, weight: Floats) -> None:
        """Show weights, (units, features); those beyond the data's range as its ends."""
        theme, (high, wide) = self._panel.theme, self._shape
        colors = (
            theme.diverging(weight, self._scale)
            if self._has_signs
            else shades(weight / self._scale, theme)
        )
        rows = len(self.images)
        empty = np.zeros((rows, len(weight) // rows, high, self._pitch, 4), np.uint8)
        empty[..., :wide, :] = colors.reshape(rows, -1, high, wide, 4)
        laid = empty.transpose(0, 2, 1, 3, 4).reshape(rows, high, -1, 4)
        for image, row in zip(self.images, laid, strict=True):
            image.set_data(row[:, : row.shape[1] - self._pitch + wide])


class NetView:
    """The units in the plane of two features, neighbors joined, over the samples."""

    def __init__(
        self, panel: Panel, som: SOM, frame: Frame, points: Floats, labels: Units,
        names: tuple[str, str], *, colored: bool,
    ) -> None:  # fmt: skip
        self.reach = [Reach(*roomy(points[:, i])) for i in (0, 1)]
        self._plot = plot = Plot(panel, frame, across=names[0], up=names[1], ticks=(4, 4))
        ax, theme = panel.ax, panel.theme
        look: dict[str, Any] = {"linestyle": "none", "transform": plot.transform}
        for k in range(int(labels.max()) + 1):
            mark: dict[str, Any] = {"marker": MARKERS[k % len(MARKERS)], "markeredgewidth": 0.0}
            mark["markerfacecolor"] = theme.class_color(k) if colored else theme.muted
            mark["markersize"] = 0.7 * marker_size(k)
            plot.add(ax.plot(*points[labels == k].T, **mark, **look)[0])
        self.net = LineCollection([], transform=plot.transform, colors=theme.ink, linewidths=0.9)
        ax.add_collection(self.net, autolim=False)
        plot.add(self.net)
        knot: dict[str, Any] = {
            "marker": "o",
            "markersize": 3.4,
            "markerfacecolor": theme.background,
        }
        knot |= {"markeredgecolor": theme.ink, "markeredgewidth": 0.8}
        self.knots = plot.add(ax.plot([], [], **knot, **look)[0])
        grid, units = som.grid, np.arange(som.grid.units)
        near = grid.squared(units[:, None], units[None, :]) < 1.01
        self._pairs = np.argwhere(np.triu(near, 1))

    def show(self, weight: Floats) -> bool:
        """Show the units at weights (units, 2); return whether the limits have changed."""
        weight = weight.clip(-1e30, 1e30)
        ends = [reach.fit(side) for reach, side in zip(self.reach, weight.T, strict=True)]
        self.net.set_segments(list(weight[self._pairs]))
        self.knots.set_data(*weight.T)
        return self._plot.limit(*ends)

    def restart(self) -> None:
        """Forget limits that have grown."""
        for reach in self.reach:
            reach.restart()


def _outline(topology: str) -> Floats:
    """Return the corners of a cell round its unit, neighbors being 1 apart."""
    if topology == "rectangular":
        return np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    angles = np.pi / 6 + np.arange(6) * np.pi / 3
    return np.column_stack([np.cos(angles), np.sin(angles)]) / math.sqrt(3)
