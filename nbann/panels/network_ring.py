"""A Hopfield net: its units on a ring, or as a grid beside the grid of its weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from ..core.models.hopfield_recall import HopfieldRecall
from .network_drawing import DASHES
from .network_layout import feature_names
from .network_part import Part
from .scale import Limit, largest
from .style import PX, SMALL
from .text import counted, listed, literal, number, plain, short_number
from .words import Words

if TYPE_CHECKING:
    from ..core.program import Op
    from .network_diagram import NetworkDiagram

Floats = NDArray[np.float64]
RING = 24
"""Units that stand on a ring at most; more are a grid."""

_FOOT = 40.0  # pixels under the picture


class Ring(Part):
    """Units filled by their state, lines by the weight between two of them.

    A weight leads both ways and is drawn once. Of more than 24 units the states are cells of a
    grid, and the weights the cells of a matrix beside it.
    """

    def __init__(self, panel: NetworkDiagram) -> None:
        super().__init__(panel)
        trainer = panel.trainer
        self.units = len(trainer["hopfield.weight"])
        self.recalls = isinstance(trainer.model, HopfieldRecall)
        self.limit = Limit()
        self.pairs = np.triu_indices(self.units, 1)

    def restart(self) -> None:
        self.limit.restart()

    # ---- what is shown ---------------------------------------------------------------------------
    @property
    def array(self) -> str:
        """The array whose numbers are the states that are shown."""
        if self.recalls:
            return "hopfield.state"
        current = self.panel.trainer.is_current("hopfield.out")
        return "hopfield.out" if current else "x"

    def states(self) -> Floats:
        """Return the state of each unit: of the sample, or of the net that recalls."""
        if self.recalls:
            return np.asarray(self.panel.trainer[self.array], float)
        return self.panel.row(self.array)

    def weights(self) -> Floats:
        """Return the weights (or what is added to them in this batch), shape (units, units)."""
        trainer = self.panel.trainer
        if self.panel.edges == "weight":
            return np.asarray(trainer["hopfield.weight"], float)
        name = "hopfield.change"
        if name not in trainer.names or not trainer.is_current(name):
            return np.full((self.units, self.units), np.nan)
        return np.asarray(trainer[name], float)

    def asked(self) -> int | None:
        """Return the unit that is asked in this batch, in a net that recalls unit by unit."""
        x = self.panel.trainer["x"]
        return int(x[0, 0]) if self.recalls and x.shape[-1] == 1 and len(x) == 1 else None

    def lit(self, op: Op) -> tuple[tuple[list[int], bool], tuple[list[int], bool]]:
        """Return which units an op reads, and whether the weights; then what it writes."""
        found = []
        for names in (op.reads, op.writes):
            units: list[int] = []
            for name in names:
                if name in ("hopfield.weight", "learning_rate", "hopfield.change", "loss"):
                    continue
                one = self.asked()
                whole = name in ("hopfield.state", "hopfield.all_fields") and (
                    names is op.reads or name != "hopfield.state"
                )
                units += range(self.units) if one is None or whole else [one]
            weights = any(name in ("hopfield.weight", "hopfield.change") for name in names)
            found.append((sorted(set(units)), weights))
        (read, reads_weights), (written, writes_weights) = found
        return (read, reads_weights and not writes_weights), (written, writes_weights)

    # ---- drawing ---------------------------------------------------------------------------------
    def draw(self) -> None:
        if self.units <= RING:
            self._draw_ring()
        else:
            self._draw_grids()

    def _draw_ring(self) -> None:
        panel, theme = self.panel, self.panel.theme
        width, height = panel.size
        round_room = 0.4 * math.pi * (height - _FOOT - 60) / self.units
        self.radius = max(min(13.0, round_room), 3.0)
        reach = max((height - _FOOT) / 2 - self.radius - 22, 2 * self.radius)
        turn = np.pi / 2 - 2 * np.pi * np.arange(self.units) / self.units
        middle = (width / 2, _FOOT + (height - _FOOT) / 2)
        out = np.column_stack([np.cos(turn), np.sin(turn)])
        self.at = middle + reach * out
        self._band = panel._lines(alpha=0.28, linewidths=5.0 * PX)
        self._edges = panel._lines(capstyle="butt")
        self._edges.set_segments(self.at[np.column_stack(self.pairs)])
        self._rings = [panel._circles(linestyles=dash) for dash in DASHES]
        self._nodes = panel._circles(linewidths=0.7, edgecolors=theme.muted)
        self._nodes.set_offsets(self.at)
        self._nodes.set_sizes(panel._sizes(np.array([self.radius])), panel._figure.dpi)
        self._numbers = panel.moving(Words(panel.ax, self.at if self.radius >= 10 else (), SMALL))
        for i, (name, (x, y), (dx, dy)) in enumerate(
            zip(self._names(), middle + (reach + self.radius + 7) * out, out, strict=True)
        ):
            side = "left" if dx > 0.2 else "right" if dx < -0.2 else "center"
            rise = "bottom" if dy > 0.9 else "top" if dy < -0.9 else "center"
            room = (width / 2 - reach - self.radius - 10) if side != "center" else 60.0
            panel._write(literal(name or str(i), room, SMALL), x, y, ha=side, va=rise)

    def _names(self) -> tuple[str, ...]:
        names = feature_names(self.panel.trainer)
        if self.recalls or len(names) != self.units:
            return tuple(f"unit {i}" for i in range(self.units))
        return names

    def _draw_grids(self) -> None:
        panel = self.panel
        width, height = panel.size
        self.side = math.ceil(math.sqrt(self.units))
        size = max(min(height - _FOOT - 20, (width - 30) / 2), 10.0)
        y = _FOOT + 16
        gap = (width - 2 * size) / 3
        self.boxes = [
            (gap, gap + size, y, y + size),
            (2 * gap + size, 2 * gap + 2 * size, y, y + size),
        ]
        words = (f"{self.units:,} units", f"weights {self.units:,} by {self.units:,}")
        if panel.edges == "gradient":
            words = (words[0], words[1].replace("weights", "change"))
        self._images: list[AxesImage] = []
        for box, word in zip(self.boxes, words, strict=True):
            panel._write(word, (box[0] + box[1]) / 2, y - 4, ha="center", va="top")
            blank = np.zeros((1, 1, 4), np.uint8)
            look: dict[str, Any] = {"aspect": "auto", "interpolation": "nearest"}
            self._images.append(panel.moving(panel.ax.imshow(blank, extent=box, **look)))
        panel.ax.set(xlim=(0, width), ylim=(0, height))
        self._frames = [
            panel.moving(panel.ax.add_collection(LineCollection([], linestyles=d), autolim=False))
            for d in DASHES
        ]

    # ---- changing --------------------------------------------------------------------------------
    def refresh(self) -> None:
        weights = self.weights()
        self.limit.fit(largest(weights))
        if self.units <= RING:
            self._refresh_ring(weights)
        else:
            self._refresh_grids(weights)

    def _refresh_ring(self, weights: Floats) -> None:
        panel, theme = self.panel, self.panel.theme
        shown, limit = weights[self.pairs], self.limit.value
        self._edges.set_color(theme.diverging(shown, limit) / 255)
        widths = 2.4 * np.nan_to_num(np.minimum(np.abs(shown) / limit, 1))
        self._edges.set_linewidths((0.3 + widths) * PX)
        states = self.states()
        colors = theme.diverging(states, largest(states) or 1.0)
        self._nodes.set_facecolors(colors / 255)
        if len(self._numbers.at):
            words = [short_number(float(s)).removesuffix(".0") for s in states]
            self._numbers.set_words(words, theme.text_on(colors))
        color = theme.phase_color(panel.op.phase, panel.trainer.program.phases)
        for (units, _), rings, out in zip(self.lit(panel.op), self._rings, (2.8, 5.2), strict=True):
            rings.set_offsets(self.at[units] if units else np.zeros((0, 2)))
            rings.set_sizes(panel._sizes(np.full(len(units), self.radius + out)), panel._figure.dpi)
            rings.set(edgecolor=color, linewidth=1.4 * PX)
        lit = any(weights for _, weights in self.lit(panel.op))
        self._band.set_segments(self.at[np.column_stack(self._lit_pairs())] if lit else [])
        self._band.set_color(color)

    def _lit_pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the weights that are meant: of the unit that is asked, else all."""
        one = self.asked()
        if one is None:
            return self.pairs
        a, b = self.pairs
        own = (a == one) | (b == one)
        return a[own], b[own]

    def _refresh_grids(self, weights: Floats) -> None:
        panel, theme = self.panel, self.panel.theme
        states = self.states()
        cells = np.full(self.side * math.ceil(self.units / self.side), np.nan)
        cells[: self.units] = states
        colors = theme.diverging(cells, largest(states) or 1.0)
        colors[self.units :, 3] = 0
        self._images[0].set_data(colors.reshape(-1, self.side, 4))
        self._images[1].set_data(theme.diverging(weights, self.limit.value))
        color = theme.phase_color(panel.op.phase, panel.trainer.program.phases)
        for (units, of_weights), frames in zip(self.lit(panel.op), self._frames, strict=True):
            found = [self._unit_frame(units)] if units else []
            found += [_frame(self._weight_box())] if of_weights else []
            frames.set_segments(found)
            frames.set(color=color, linewidth=1.5 * PX)

    def _unit_frame(self, units: list[int]) -> list[tuple[float, float]]:
        left, right, low, high = self.boxes[0]
        if len(units) > 1:
            return _frame(self.boxes[0])
        row, column = divmod(units[0], self.side)
        wide = (right - left) / self.side
        tall = (high - low) / math.ceil(self.units / self.side)
        x, y = left + column * wide, high - (row + 1) * tall
        return _frame((x, x + wide, y, y + tall))

    def _weight_box(self) -> tuple[float, float, float, float]:
        left, right, low, high = self.boxes[1]
        one = self.asked()
        if one is None:
            return self.boxes[1]
        tall = (high - low) / self.units
        return left, right, high - (one + 1) * tall, high - one * tall

    # ---- words -----------------------------------------------------------------------------------
    def describe(self) -> list[str]:
        states, weights = self.states(), self.weights()
        up, down = int((states > 0).sum()), int((states < 0).sum())
        words = [
            f"{counted(self.units, 'unit')} {'on a ring' if self.units <= RING else 'in a grid'}",
            f"{plain(self.array)}: {up} up, {down} down: " + listed(map(number, states.tolist())),
        ]
        one = self.asked()
        if one is not None:
            words.append(f"unit {one} is asked")
        known = weights[self.pairs]
        what = "weights" if self.panel.edges == "weight" else "change of the weights"
        if np.isnan(known).all():
            return [*words, f"{what} not computed yet"]
        low, high = number(float(known.min())), number(float(known.max()))
        return [*words, f"{what} from {low} to {high}"]


def _frame(box: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    a, b, low, high = box
    return [(a, low), (b, low), (b, high), (a, high), (a, low)]
