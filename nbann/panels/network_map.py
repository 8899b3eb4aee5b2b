"""A self-organizing map as its grid of units; imports matplotlib and the core."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ..core.models.som import SOM
from .network_drawing import DASHES
from .network_part import Part
from .scale import Limit, largest
from .style import PX
from .text import counted, listed, number, short_number
from .words import Words

if TYPE_CHECKING:
    from .network_diagram import NetworkDiagram

Floats = NDArray[np.float64]
_FOOT = 34.0  # pixels under the grid
_NEAR = 1.01  # units at most so far apart on the grid are joined by a line
_OF_UNITS = ("weight", "difference", "squared_distances", "neighborhood", "winner", "members",
             "count", "total", "mean", "change")  # fmt: skip


class Map(Part):
    """Units on their grid, filled by their distance from the sample; the nearest has a thick ring.

    Lines between neighbors are the wider and the stronger the further apart their weights are. The
    rim of a unit is the wider the more it follows the winner, as soon as that has been computed.
    ``inside="heatmap"`` shows each unit's weights, as a square image where their number is that of
    one, else side by side.
    """

    def __init__(self, panel: NetworkDiagram) -> None:
        super().__init__(panel)
        model = cast("SOM", panel.trainer.model)
        self.positions = model.positions
        self.batch = model.rule == "batch"
        self.limit, self.gaps = Limit(), Limit()
        far = np.hypot(*(self.positions[:, None] - self.positions[None]).transpose(2, 0, 1))
        self.pairs = np.nonzero(np.triu(far < _NEAR, 1))

    def restart(self) -> None:
        self.limit.restart()
        self.gaps.restart()

    # ---- what is shown ---------------------------------------------------------------------------
    def distances(self) -> Floats:
        """Return how far each unit's weights are from the sample; NaN if not computed yet."""
        trainer, name = self.panel.trainer, "som.squared_distances"
        if not trainer.is_current(name):
            return np.full(len(self.positions), np.nan)
        return np.sqrt(np.maximum(self.panel.row(name), 0))

    def winner(self) -> int | None:
        """Return the unit nearest to the sample, once it is known."""
        trainer = self.panel.trainer
        if not trainer.is_current("som.winner"):
            return None
        winners = trainer["som.winner"]
        return int(winners[min(self.panel.sample, len(winners) - 1)])

    def neighborhood(self) -> Floats:
        """Return how much each unit follows the winner; NaN if not computed yet."""
        trainer, winner = self.panel.trainer, self.winner()
        if winner is None or not trainer.is_current("som.neighborhood"):
            return np.full(len(self.positions), np.nan)
        table = np.asarray(trainer["som.neighborhood"], float)
        return table[winner if self.batch else min(self.panel.sample, len(table) - 1)]

    def between(self) -> Floats:
        """Return the distance of the weights of each two neighbors."""
        weights = np.asarray(self.panel.trainer["som.weight"], float)
        a, b = self.pairs
        with np.errstate(all="ignore"):
            return np.sqrt(((weights[a] - weights[b]) ** 2).sum(axis=1))

    # ---- drawing ---------------------------------------------------------------------------------
    def draw(self) -> None:
        panel, theme = self.panel, self.panel.theme
        width, height = panel.size
        down, across = self.positions.max(axis=0)
        step = min(width / (across + 1.2), (height - _FOOT) / (down + 1.2), 56.0)
        pictured = panel.inside == "heatmap"
        self.radius = min((0.42 if pictured else 0.36) * step, 22.0 if pictured else 17.0)
        room = 0.5 * step - self.radius
        self._out = (min(3.2, 0.45 * room), min(5.6, 0.9 * room))
        left = (width - across * step) / 2
        top = _FOOT + (height - _FOOT + down * step) / 2
        self.at = np.column_stack(
            [left + self.positions[:, 1] * step, top - self.positions[:, 0] * step]
        )
        self._lines = panel._lines(capstyle="butt")
        self._lines.set_segments(self.at[np.column_stack(self.pairs)])
        self._rings = [panel._circles(linestyles=dash) for dash in DASHES]
        self._nodes = panel._circles(edgecolors=theme.muted)
        self._nodes.set_offsets(self.at)
        self._nodes.set_sizes(panel._sizes(np.array([self.radius])), panel._figure.dpi)
        self._best = panel._circles(edgecolors=theme.ink, linewidths=2.0 * PX)
        numbered = panel.inside == "number" and self.radius >= 10
        self._numbers = panel.moving(Words(panel.ax, self.at if numbered else (), 9 * PX))
        self._bars = panel._lines(colors=theme.ink, capstyle="butt")
        self._images = []
        if panel.inside == "heatmap":
            blank = np.zeros((1, 1, 4), np.uint8)
            image = panel.ax.imshow(
                blank, extent=(0, width, 0, height), aspect="auto", interpolation="nearest"
            )
            panel.ax.set(xlim=(0, width), ylim=(0, height))
            self._images.append(panel.moving(image))

    # ---- changing --------------------------------------------------------------------------------
    def refresh(self) -> None:
        theme = self.panel.theme
        distances, near = self.distances(), self.neighborhood()
        self.limit.fit(largest(distances))
        colors = theme.diverging(distances, self.limit.value)
        self._nodes.set_facecolors(colors / 255)
        self._nodes.set_linewidths((0.7 + 3.0 * np.nan_to_num(np.clip(near, 0, 1))) * PX)
        between = self.between()
        self.gaps.fit(largest(between))
        share = np.nan_to_num(np.minimum(between / self.gaps.value, 1))
        self._lines.set_color(theme.diverging(between, self.gaps.value) / 255)
        self._lines.set_linewidths((0.6 + 3.4 * share) * PX)
        if len(self._numbers.at):
            words = ["" if np.isnan(d) else short_number(float(d)) for d in distances]
            self._numbers.set_words(words, theme.text_on(colors))
        if self.panel.inside == "bar":
            reach = np.nan_to_num(np.minimum(distances / self.limit.value, 1)) * 1.4 * self.radius
            low = self.at - (0, 0.7 * self.radius)
            high = low + np.column_stack([np.zeros(len(low)), reach])
            self._bars.set_segments(np.stack([low, high], axis=1))
            self._bars.set_linewidths(0.5 * self.radius * PX)
        for image in self._images:
            image.set_data(self._weights_drawn())
        self._refresh_op()

    def _refresh_op(self) -> None:
        panel, winner = self.panel, self.winner()
        best = self.at[[winner]] if winner is not None else np.zeros((0, 2))
        self._best.set_offsets(best)
        self._best.set_sizes(panel._sizes(np.array([self.radius + 1])), panel._figure.dpi)
        color = panel.theme.phase_color(panel.op.phase, panel.trainer.program.phases)
        for names, rings, out in zip(
            (panel.op.reads, panel.op.writes), self._rings, self._out, strict=True
        ):
            lit = any(n.startswith("som.") and n.split(".")[1] in _OF_UNITS for n in names)
            rings.set_offsets(self.at if lit else np.zeros((0, 2)))
            rings.set_sizes(panel._sizes(np.array([self.radius + out])), panel._figure.dpi)
            rings.set(edgecolor=color, linewidth=1.2 * PX)

    def _weights_drawn(self) -> NDArray[np.uint8]:
        """Return one picture of all units' weights, see-through between them."""
        panel = self.panel
        width, height = (round(side) for side in panel.size)
        weights = np.asarray(panel.trainer["som.weight"], float)
        side = math.isqrt(weights.shape[1])
        square = side * side == weights.shape[1] and side > 3
        shape = (side, side) if square else (1, weights.shape[1])
        size = max(4, round(1.38 * self.radius))
        rows, columns = (
            np.minimum((np.arange(size) + 0.5) * n / size, n - 1).astype(int) for n in shape
        )
        colors = panel.theme.diverging(weights.reshape(-1, *shape), largest(weights) or 1.0)
        canvas = np.zeros((height, width, 4), np.uint8)
        for (x, y), patch in zip(self.at, colors[:, rows][:, :, columns], strict=True):
            top, left = round(height - y - size / 2), round(x - size / 2)
            canvas[top : top + size, left : left + size] = patch
        return canvas

    # ---- words -----------------------------------------------------------------------------------
    def describe(self) -> list[str]:
        panel, distances, near = self.panel, self.distances(), self.neighborhood()
        rows, columns = panel.trainer.model.rows, panel.trainer.model.columns  # type: ignore[attr-defined]
        words = [
            f"a map of {rows} by {columns} units",
            "inputs " + listed(map(number, panel.row("x").tolist())),
        ]
        if np.isnan(distances).all():
            words.append("distances not computed yet in this batch")
        else:
            low, high = number(float(distances.min())), number(float(distances.max()))
            words.append(f"distances of the units from the sample {low} to {high}")
        winner = self.winner()
        if winner is not None:
            row, column = divmod(winner, columns)
            words.append(f"the nearest is unit {winner}, in row {row} and column {column}")
        if not np.isnan(near).all():
            followers = int((near > 0.5).sum())
            words.append(f"{counted(followers, 'unit')} follow by more than half a step")
        between = self.between()
        if between.size:
            low, high = number(float(between.min())), number(float(between.max()))
            words.append(f"neighbors' weights are {low} to {high} apart")
        if panel.inside == "heatmap":
            weights = panel.trainer["som.weight"]
            words.append(f"inside each unit its weights, up to {number(largest(weights))}")
        return words
