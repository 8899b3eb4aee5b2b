"""The artists of a network picture and where they stand; imports matplotlib and the core."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import CircleCollection, LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from .network_layout import feature_names, output_names, wires_of
from .network_places import FOOT, Places
from .network_reading import Reading
from .scale import Limit
from .style import LABEL, PX, SMALL
from .text import literal, text_width
from .words import Words

DASHES = ((0, (2.2, 1.6)), "-")  # what is read, what is written
INSIDE = 9.5  # smallest radius that holds a number
DOTTED = 8.0  # smallest radius beside which a bias can be told
ROW = 15.0  # from one row of layers' names to the next
UNROLLED = 34.0  # pixels for the states over time


class Drawing(Reading):
    """The part of `NetworkDiagram` that draws columns of neurons, once."""

    # ---- the page --------------------------------------------------------------------------------
    def _draw_page(self) -> None:
        """Draw what every picture has: the op, the key, the loss."""
        width, _ = self.size
        x = self._draw_key()
        self._aside = self.moving(
            Words(self.ax, [(x, 6)], SMALL, align="left", color=self.theme.muted)
        )
        self._status = self.moving_text((1, 1), (0, self.header), ha="right", size=LABEL)
        self._loss = self.moving(
            Words(self.ax, [(width, 6)], SMALL, align="right", color=self.theme.phases["loss"])
        )

    def _draw_key(self) -> float:
        x = 0.0
        for dash, word in zip(DASHES, ("read", "written"), strict=True):
            look = {"linestyle": dash, "color": self.theme.muted, "linewidth": 1.5 * PX}
            self.ax.add_line(Line2D([x, x + 20], [6, 6], **look))
            self._write(word, x + 25, 6, ha="left", va="center")
            x += 25 + text_width(word, SMALL) + 14
        return x

    def _write(self, word: str, x: float, y: float, **look: Any) -> None:
        self.ax.text(x, y, word, fontsize=SMALL, color=self.theme.muted, parse_math=False, **look)

    # ---- the whole net ---------------------------------------------------------------------------
    def _draw_columns(self) -> None:
        """Draw all columns side by side."""
        width, height = self.size
        share = width * (0.22 if len(self.columns) < 8 else 0.15)
        left = [literal(name, share, SMALL) for name in self._input_names()]
        right = {i: [literal(n, share, SMALL) for n in self._end_names(i)] for i in self.ends}
        self._told = [i for i in self.ends if self._probability_name(i) in self.trainer.names]
        chance = text_width("0.0000%", SMALL) if self._told else 0.0
        names = [name for some in right.values() for name in some]
        names += [literal(self.lanes.bands[i], share, SMALL) for i in self.ends]
        widest = [max((text_width(n, SMALL) for n in some), default=0) for some in (left, names)]
        rows = self._rows()
        self._foot = FOOT + (11.0 if rows < 2 else ROW + 1) * (rows - 2)
        self._foot += UNROLLED * bool(self._recurrent)
        places = Places.of(
            self._slots,
            width,
            height - self._above,
            widest[0] + 10,
            max(widest[1], chance, 16) + 12,
            lanes=self.lanes,
            foot=self._foot,
            widest=17.0 if self.inside == "number" else 22.0,
            even=self.inside != "heatmap" and all(self.lanes.alone),
        )
        self._make_artists(places.radius)
        self._lay(places, list(range(len(self.columns))))
        self._draw_input_names(left)
        for i, some in right.items():
            self._draw_end_names(i, some)
        spots = [places.at[i] + (places.radii[i] + 8, -6.0 * any(right[i])) for i in self._told]
        self._chances = self.moving(
            Words(
                self.ax,
                np.concatenate([np.zeros((0, 2)), *spots]),
                SMALL,
                align="left",
                color=self.theme.ink,
            )
        )
        self._draw_layer_names()
        self._draw_folds()

    @property
    def _above(self) -> float:
        """Pixels above the highest neuron: for arcs, or loops."""
        arcs = [nested for column in self.columns for nested, _ in enumerate(column.skips)]
        above = max((22.0 + 10.0 * nested for nested in arcs), default=0.0)
        return max(above, 8.0 * bool(self._recurrent))

    @property
    def _recurrent(self) -> list[int]:
        return [i for i, column in enumerate(self.columns) if column.steps]

    def _rows(self) -> int:
        """Return how many rows of layers' names stand below."""
        alone = zip(self.columns, self.lanes.alone, strict=True)
        most = [min(len(column.names), 3) for column, whole in alone if whole]
        depths = list(self.lanes.depths)
        return min(max([1, *most, *map(depths.count, depths)]), 4)

    def _input_names(self) -> list[str]:
        names = feature_names(self.trainer)
        fits = len(names) == self.columns[0].width
        return [names[i] if fits else "" for i in self.shown[0]]

    def _end_names(self, i: int) -> list[str]:
        """Return a name for each neuron that is shown of a last column."""
        column = self.columns[i]
        if self.trainer.program.output in column.arrays:
            names: tuple[str, ...] = output_names(self.trainer)
        elif self.lanes.bands[i] and self._probability_name(i) in self.trainer.names:
            names = tuple(f"class {k}" for k in range(column.width))
        else:
            names = ("",) * column.width
        return [names[k] for k in self.shown[i]]

    def _draw_input_names(self, names: list[str]) -> None:
        for name, (x, y) in zip(names, self.places.at[0], strict=True):
            self._write(name, x - self.places.radii[0] - 8, y, ha="right", va="center")

    def _draw_end_names(self, i: int, names: list[str]) -> None:
        out, lift = self.places.radii[i] + 8, 6.0 if i in self._told else 0.0
        for name, (x, y) in zip(names, self.places.at[i], strict=True):
            self._write(name, x + out, y + lift, ha="left", va="center")
        band = self.lanes.bands[i]
        if band:
            x, y = self.places.at[i][0]
            room = self.size[0] - x - out
            word = literal(band, room, SMALL)
            self._write(word, x + out, y + self.places.radii[i] + 1, weight="bold")

    def _draw_folds(self) -> None:
        for column, shown, slots, at in zip(
            self.columns, self.shown, self._slots, self.places.at, strict=True
        ):
            if len(shown) < column.width:
                gap = int(np.argmax(np.diff(slots)))
                middle = (at[gap, 1] + at[gap + 1, 1]) / 2
                self._write("⋮", at[0, 0], middle, ha="center", va="center")

    def _draw_layer_names(self) -> None:
        """Write layers under their column (or its number); a bar marks what is shown."""
        self._bars: list[dict[str, tuple[float, float, float]]] = []
        depths, spots = list(self.lanes.depths), []
        for i, alone in enumerate(self.lanes.alone):
            if alone:
                ends = self._names_below(i)
            else:  # a row for each of the columns above one another, in their order
                ends = self._names_beside(i, depths[:i].count(depths[i]))
            self._bars.append(ends)
            if i in self._recurrent:
                (_, end, y), *_ = ends.values()
                spots.append((end + 5, y + 7.5))
        self._keys = self.moving(Words(self.ax, spots, SMALL, align="left", color=self.theme.muted))

    def _names_below(self, i: int) -> dict[str, tuple[float, float, float]]:
        """Write a row for each layer; of more than fit the first and the last ones."""
        column, room = self.columns[i], self.places.spread - 8
        folds = f" ({column.width:,})" if len(self.shown[i]) < column.width else ""
        rows = list(zip(column.names, column.arrays, strict=False))
        fit = min(self._rows(), 3)
        rows = rows if len(rows) <= fit else [*rows[: fit - 1], rows[-1]]
        bars = {}
        for k, (name, array) in enumerate(rows):
            word = _shortened(name, room) if room > 30 else str(i) if k == 0 else ""
            word = literal(word + folds, room, SMALL) if k == 0 else word
            bars[array] = self._name(word, i, k)
        return bars

    def _names_beside(self, i: int, row: int) -> dict[str, tuple[float, float, float]]:
        """Write the layers of a column that shares the height in one row."""
        column, room = self.columns[i], self.places.spread - 12
        first, *rest = column.names
        words = " · ".join([first, *(name.rpartition(".")[2] for name in rest)])
        if text_width(words, SMALL) > room:
            words = " · ".join(name.rpartition(".")[2] for name in column.names)
        if len(self.shown[i]) < column.width:
            words += f" ({column.width:,})"
        word = literal(words, room, SMALL) if row < 4 else ""
        return {column.arrays[0]: self._name(word, i, row)}

    def _name(self, word: str, i: int, row: int) -> tuple[float, float, float]:
        """Write a word under a column; return from where to where it reaches, and its foot."""
        x, y = self.places.at[i][0, 0], self._foot - 5 - ROW * row
        half = text_width(word, SMALL) / 2
        self._write(word, x, y, ha="center", va="top")
        return x - half, x + half, y - 12

    # ---- artists ---------------------------------------------------------------------------------
    def _make_artists(self, radius: float) -> None:
        """Make every artist of neurons and edges, at no place yet; `_lay` puts them there."""
        ax, theme = self.ax, self.theme
        self._wires = self._lines(colors=theme.faint, linewidths=1.2 * PX)
        self._bands = [self._lines(linestyles=dash) for dash in DASHES]
        self._edges = self._lines(capstyle="butt")
        self._ticks = self._lines(colors=theme.ink, linewidths=1.0 * PX)
        self._ways = self._lines(colors=theme.muted, linewidths=1.3 * PX)
        self._rings = [self._circles(linestyles=dash) for dash in DASHES]
        self._nodes = self._circles(linewidths=0.7, edgecolors=theme.muted)
        self._numbers = self.moving(Words(ax, (), SMALL if radius >= 14 else 9 * PX))
        self._dots = self._circles(linewidths=0.6, edgecolors=theme.muted)
        self._bias_numbers = self.moving(Words(ax, (), 9 * PX, align="left", color=theme.muted))
        self._strokes = self._lines(colors=theme.ink, linewidths=1.4 * PX)
        self._bar = self._lines(colors=theme.ink, linewidths=1.2 * PX)

    def _lines(self, **look: Any) -> LineCollection:
        return self.moving(self.ax.add_collection(LineCollection([], **look), autolim=False))

    def _circles(self, **look: Any) -> CircleCollection:
        circles = CircleCollection(
            [1.0],
            offsets=np.zeros((0, 2)),
            offset_transform=self.ax.transData,
            facecolors="none",
            **look,
        )
        return self.moving(self.ax.add_collection(circles, autolim=False))

    def _sizes(self, radii: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.pi * (radii * PX) ** 2

    def _lay(self, places: Places, view: list[int]) -> None:
        """Put the artists at their places.

        Parameters
        ----------
        places : Places
            Of the columns in view, in their order.
        view : list of int
            Those columns.
        """
        self.places, self.view = places, view
        self._spot = {column: k for k, column in enumerate(view)}
        self._weights_seen = [
            i for i in self._weighted if i in self._spot and self.columns[i].source in self._spot
        ]
        self._dotted = [
            i for i in self._biased if i in self._spot and places.radii[self._spot[i]] >= DOTTED
        ]
        self._edges.set_segments(places.edges(self._spot[i] for i in self._weights_seen))
        self._wires.set_segments(self._wire_lines())
        self._nodes.set_offsets(places.nodes)
        radii = np.repeat(places.radii, [len(at) for at in places.at])
        self._nodes.set_sizes(self._sizes(radii), self._figure.dpi)
        numbered = self.inside != "bar" and max(places.radii) >= INSIDE
        self._numbers.at = places.nodes if numbered else np.zeros((0, 2))
        spots = [self._spot[i] for i in self._dotted]
        self._dots.set_offsets(places.biases(spots))
        self._dots.set_sizes(self._sizes(np.array([3.2])), self._figure.dpi)
        # numbers beside the dots, where the neuron above leaves room
        self._dots_told = [
            i
            for i in self._dotted
            if places.spread >= 60
            and places.pitch[self._spot[i]] >= 2 * places.radii[self._spot[i]] + 18
        ]
        beside = [
            np.add(places.biases([self._spot[i]]), (6, 0.25 * places.radii[self._spot[i]] + 3))
            for i in self._dots_told
        ]
        self._bias_numbers.at = np.concatenate([np.zeros((0, 2)), *beside])
        self._lay_ways()

    def _lay_ways(self) -> None:
        """Put shortcuts and loops at their places, in this order."""
        spot = self._spot
        self._shortcuts = [
            (i, spot[source], spot[i], nested)
            for i in self.view
            for nested, (source, _) in enumerate(self.columns[i].skips)
            if source in spot and source != i
        ]
        lines = [self.places.arc(start, end, nested) for _, start, end, nested in self._shortcuts]
        self._loops = [i for i in self._recurrent if i in spot]
        lines += [self.places.loop(spot[i], reverse=self.columns[i].reverse) for i in self._loops]
        self._ways.set_segments(lines)

    def _wire_lines(self) -> list[Any]:
        """Return lines between neurons that are one and the same number."""
        lines = []
        for i in self.view:
            here = {unit: k for k, unit in enumerate(self.shown[i].tolist())}
            for source, there, unit in wires_of(self.columns, i):
                if source in self._spot and unit in here:
                    found = np.flatnonzero(self.shown[source] == there)
                    if len(found):
                        start = self.places.at[self._spot[source]][found[0]]
                        lines.append([start, self.places.at[self._spot[i]][here[unit]]])
        return lines

    def _probability_name(self, i: int) -> str:
        """Return how the class probabilities of a last column are called, if there are any."""
        band = self.lanes.bands[i]
        return f"loss.{band}.p" if band else "loss.p"

    def _limits_for(self) -> None:
        self._limits = [Limit() for _ in self.columns]
        self._edge_limits = [Limit() for _ in self.columns]


def _shortened(name: str, room: float) -> str:
    """Return a layer's name in its room; that of a part without the block, where it is long."""
    last = name.rpartition(".")[2]
    if last != name and text_width(name, SMALL) > room:
        name = f"…{last}"
    return literal(name, room, SMALL)
