"""The net as neurons and edges, with one sample's values in it; imports matplotlib and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import CircleCollection, LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..core.checks import whole_number
from . import network_words
from .base import Margins, Panel
from .lit import Lit, lit_by
from .network_layout import Column, columns_of, feature_names, folded, output_names
from .network_places import FOOT, Places
from .scale import Limit, largest
from .style import LABEL, PX, SMALL
from .text import literal, number, short_number, text_width
from .words import Words

if TYPE_CHECKING:
    from ..core.program import Op
    from ..core.trainer import Trainer

_DASHES = ((0, (2.2, 1.6)), "-")  # what is read, what is written
_INSIDE = 10.0  # smallest radius that holds a number
_DOTTED = 8.0  # smallest radius beside which a bias can be told


class NetworkDiagram(Panel):
    """Neurons filled by their activation for one sample, edges by their weight.

    Blue is below 0, orange above; an edge is the wider the larger its weight. A dot at a neuron's
    upper left is its bias, with its number where there is room. What the last op read is marked
    with dashes, what it wrote with solid lines, in the color of its phase. What the loaded batch
    has not computed yet is gray.

    Parameters
    ----------
    sample : int
        Which row of the batch, from 0; the last one where the batch is shorter.
    most : int
        Neurons shown of a layer, at least 3; of a wider one the first and the last.
    """

    title = "Network"
    margins = Margins(left=12, right=12, top=32, bottom=6)

    def __init__(self, sample: int = 0, *, most: int = 8) -> None:
        super().__init__()
        self.sample = whole_number("sample", sample, least=0, mend="Pass e.g. sample=0.")
        self.most = whole_number("most", most, least=3)

    def __repr__(self) -> str:
        return f"NetworkDiagram({f'sample={self.sample}' if self.sample else ''})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a chain of layers with a row for each sample; else the reason."""
        if not any(trainer.model.leaves()):
            return "draws layers of neurons, of which this model is not made."
        if trainer.task == "several":
            return "draws layers one after the other; the heads of this net are side by side."
        flat = all(trainer[a].ndim == 2 for c in columns_of(trainer) for a in c.arrays)
        return (
            None
            if flat
            else "draws layers of neurons; a layer of this net gives more than a row for a sample."
        )

    # ---- what is shown ---------------------------------------------------------------------------
    def _bind(self) -> None:
        self.columns = columns_of(self.trainer)
        self.shown, self._slots = (
            list(part)
            for part in zip(*(folded(c.width, self.most) for c in self.columns), strict=True)
        )
        self._limits = [Limit() for _ in self.columns]
        self._edge_limits = [Limit() for _ in self.columns]
        self._weighted = [i for i, c in enumerate(self.columns) if c.weight]
        self._biased = [i for i, c in enumerate(self.columns) if c.bias]

    def _restart(self) -> None:
        for limit in (*self._limits, *self._edge_limits):
            limit.restart()

    @property
    def op(self) -> Op:
        """The op that is lit: the one that ran last, else the next."""
        return self.trainer.shown_op

    def array_of(self, column: Column) -> str | None:
        """Return the newest array of a column that belongs to the loaded batch, if any does."""
        current = [name for name in column.arrays if self.trainer.is_current(name)]
        return current[-1] if current else None

    def row(self, name: str) -> NDArray[np.float64]:
        """Return the shown sample's row of an array."""
        array = self.trainer[name]
        return np.asarray(array[min(self.sample, len(array) - 1)], float)

    def values(self, column: Column) -> NDArray[np.float64]:
        """Return one value a neuron for the sample; NaN where nothing current is there."""
        name = self.array_of(column)
        return np.full(column.width, np.nan) if name is None else self.row(name)

    def probabilities(self) -> NDArray[np.float64] | None:
        """Return the sample's class probabilities if the loss has computed them in this batch."""
        known = "loss.p" in self.trainer.names and self.trainer.is_current("loss.p")
        return self.row("loss.p") if known else None

    def _describe(self) -> str:
        return network_words.describe(self)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        share = width * (0.22 if len(self.columns) < 8 else 0.15)
        inputs, outputs = feature_names(self.trainer), output_names(self.trainer)
        left = [literal(inputs[i], share, SMALL) for i in self.shown[0]]
        right = [literal(outputs[i], share, SMALL) for i in self.shown[-1]]
        widest = [max((text_width(n, SMALL) for n in names), default=0) for names in (left, right)]
        chance = text_width("0.0000%", SMALL) if "loss.p" in self.trainer.names else 0.0
        self.places = Places.of(
            self._slots, width, height, widest[0] + 10, max(widest[1], chance, 16) + 12
        )
        self._draw_names(left, right, bool(chance))
        self._draw_key(width)
        self._draw_net()
        self._status = self.moving_text((1, 1), (0, self.header), ha="right", size=LABEL)
        self._loss = self.moving(
            Words(self.ax, [(width, 6)], SMALL, align="right", color=self.theme.phases["loss"])
        )

    def _draw_net(self) -> None:
        ax, places, theme = self.ax, self.places, self.theme
        self._bands = [
            self.moving(ax.add_collection(LineCollection([], linestyles=dash))) for dash in _DASHES
        ]
        edges = LineCollection(places.edges(self._weighted), capstyle="butt")
        self._edges = self.moving(ax.add_collection(edges))
        self._rings = [self._circles(np.zeros((0, 2)), 1.0, linestyles=dash) for dash in _DASHES]
        self._nodes = self._circles(
            places.nodes, places.radius, linewidths=0.7, edgecolors=theme.muted
        )
        inside = places.nodes if places.radius >= _INSIDE else ()
        self._numbers = self.moving(Words(ax, inside, SMALL if places.radius >= 14 else 9 * PX))
        dotted = self._biased if places.radius >= _DOTTED else []
        self._dots = self._circles(
            places.biases(dotted), 3.2, linewidths=0.6, edgecolors=theme.muted
        )
        # numbers beside the dots, where the neuron above leaves room
        self._told = [
            i for i in dotted if places.pitch[i] >= 2 * places.radius + 18 and places.spread >= 60
        ]
        beside = places.biases(self._told) + np.array([6, 0.25 * places.radius + 3])
        self._bias_numbers = self.moving(Words(ax, beside, 9 * PX, align="left", color=theme.muted))

    def _draw_names(self, left: list[str], right: list[str], chances: bool) -> None:
        out, lift = self.places.radius + 8, 6.0 if chances else 0.0
        for name, (x, y) in zip(left, self.places.at[0], strict=True):
            self._write(name, x - out, y, ha="right", va="center")
        for name, (x, y) in zip(right, self.places.at[-1], strict=True):
            self._write(name, x + out, y + lift, ha="left", va="center")
        spots = self.places.at[-1] + (out, -lift if any(right) else 0) if chances else ()
        self._chances = self.moving(
            Words(self.ax, spots, SMALL, align="left", color=self.theme.ink)
        )
        self._draw_layer_names()
        for column, shown, at in zip(self.columns, self.shown, self.places.at, strict=True):
            if len(shown) < column.width:
                gap = self.most // 2
                self._write(
                    "⋮", at[0, 0], (at[gap - 1, 1] + at[gap, 1]) / 2, ha="center", va="center"
                )

    def _draw_layer_names(self) -> None:
        """Write layers under their column (or its number); a bar marks what is shown."""
        room = self.places.spread - 8
        self._bars: list[dict[str, tuple[float, float, float]]] = []
        for i, (column, at) in enumerate(zip(self.columns, self.places.at, strict=True)):
            names, bars = column.names, {}
            folds = f" ({column.width:,})" if column.width > self.most else ""
            # of more than two (normalization between them) the first and the last are named
            ends = list(zip(names, column.arrays, strict=True))
            for k, (name, array) in enumerate(ends if len(ends) < 3 else [ends[0], ends[-1]]):
                word = literal(name, room, SMALL) if room > 30 else str(i) if k == 0 else ""
                word = literal(word + folds, room, SMALL) if k == 0 else word
                half = text_width(word, SMALL) / 2
                y = FOOT - 5 - 15 * k
                self._write(word, at[0, 0], y, ha="center", va="top")
                bars[array] = (at[0, 0] - half, at[0, 0] + half, y - 12)
            self._bars.append(bars)
        bar = LineCollection([], colors=self.theme.ink, linewidths=1.2 * PX)
        self._bar = self.moving(self.ax.add_collection(bar))

    def _draw_key(self, width: float) -> None:
        x = 0.0
        for dash, word in zip(_DASHES, ("read", "written"), strict=True):
            self.ax.add_line(
                Line2D(
                    [x, x + 20], [6, 6], linestyle=dash, color=self.theme.muted, linewidth=1.5 * PX
                )
            )
            self._write(word, x + 25, 6, ha="left", va="center")
            x += 25 + text_width(word, SMALL) + 14

    def _write(self, word: str, x: float, y: float, **look: Any) -> None:
        self.ax.text(x, y, word, fontsize=SMALL, color=self.theme.muted, parse_math=False, **look)

    def _circles(self, at: NDArray[np.float64], radius: float, **look: Any) -> CircleCollection:
        area = np.pi * (radius * PX) ** 2
        circles = CircleCollection(
            [area], offsets=at, offset_transform=self.ax.transData, facecolors="none", **look
        )
        return self.moving(self.ax.add_collection(circles))

    # ---- changing --------------------------------------------------------------------------------
    def _refresh(self) -> None:
        self._refresh_nodes()
        self._refresh_parameters()
        self._refresh_op()
        chances = self.probabilities()
        shown = (
            [f"{number(100 * float(chances[i]))}%" for i in self.shown[-1]]
            if chances is not None
            else []
        )
        self._chances.set_words(shown or [""] * len(self._chances.at))
        loss = (
            f"loss {number(float(self.trainer['loss']))}" if self.trainer.is_current("loss") else ""
        )
        self._loss.set_words([loss])

    def _refresh_nodes(self) -> None:
        colors, words, bars = [], [], []
        for column, shown, limit, bar in zip(
            self.columns, self.shown, self._limits, self._bars, strict=True
        ):
            name = self.array_of(column)
            values = self.values(column)[shown]
            limit.fit(largest(self.trainer[name]) if name else 0.0)
            colors.append(self.theme.diverging(values, limit.value))
            words += ["" if name is None else short_number(float(v)) for v in values]
            if name in bar and len(bar) > 1:
                start, end, y = bar[name]
                bars.append([(start, y), (end, y)])
        every = np.concatenate(colors)
        self._nodes.set_facecolors(every / 255)
        if len(self._numbers.at):
            if self.places.radius < 14:
                words = [
                    w.replace("0.", ".") if w.lstrip("−").startswith("0.") else w for w in words
                ]
            self._numbers.set_words(words, self.theme.text_on(every))
        self._bar.set_segments(bars)

    def _refresh_parameters(self) -> None:
        colors, widths = [np.zeros((0, 4))], [np.zeros(0)]
        for i in self._weighted:
            column, limit = self.columns[i], self._edge_limits[i]
            weight = self.trainer[column.weight].T if column.turned else self.trainer[column.weight]
            limit.fit(largest(weight))
            shown = weight[np.ix_(self.shown[i - 1], self.shown[i])].ravel()
            colors.append(self.theme.diverging(shown, limit.value) / 255)
            widths.append(0.3 + 2.4 * np.nan_to_num(np.minimum(np.abs(shown) / limit.value, 1)))
        self._edges.set_color(np.concatenate(colors))
        self._edges.set_linewidths(np.concatenate(widths) * PX)
        biases = {i: self.trainer[self.columns[i].bias][self.shown[i]] for i in self._biased}
        scaled = [b / (largest(b) or 1.0) for b in biases.values()]
        self._dots.set_facecolors(
            self.theme.diverging(np.concatenate([np.zeros(0), *scaled]), 1.0) / 255
        )
        self._bias_numbers.set_words(
            [short_number(float(b)) for i in self._told for b in biases[i]]
        )

    def _refresh_op(self) -> None:
        op = self.op
        color = self.theme.phase_color(op.phase, self.trainer.program.phases)
        for lit, bands, rings, out in zip(
            lit_by(op, self.columns), self._bands, self._rings, (2.8, 5.2), strict=True
        ):
            self._light(lit, bands, rings, color, out)
        which = "next" if self.trainer.last_op is None else "last"
        self._status.set_text(
            literal(f"{which} op: {op.phase} {op.name}", self.size[0] - 80, LABEL)
        )
        self._status.set_color(color)

    def _light(
        self, lit: Lit, bands: LineCollection, rings: CircleCollection, color: str, out: float
    ) -> None:
        """Put bands under edges and rings round neurons and biases."""
        bands.set_segments(self.places.edges(sorted(lit.edges)))
        bands.set(color=color, linewidth=4.0 * PX, alpha=0.28)
        nodes = [self.places.at[i] for i in sorted(lit.nodes)]
        dots = (
            self.places.biases(sorted(lit.biases))
            if self.places.radius >= _DOTTED
            else np.zeros((0, 2))
        )
        rings.set_offsets(np.concatenate([np.zeros((0, 2)), *nodes, dots]))
        radii = np.r_[
            np.full(sum(map(len, nodes)), self.places.radius + out), np.full(len(dots), 5.2)
        ]
        rings.set_sizes(np.pi * (radii * PX) ** 2, self._figure.dpi)
        rings.set(edgecolor=color, linewidth=1.4 * PX)
