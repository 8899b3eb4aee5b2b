"""The artists of a network picture and where they stand; imports matplotlib and the core."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import CircleCollection, LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from .network_labels import ROW, Labels
from .network_layout import wires_of
from .network_places import FOOT, Places
from .scale import Limit
from .style import LABEL, PX, SMALL
from .text import literal, text_width
from .words import Words

DASHES = ((0, (2.2, 1.6)), "-")  # what is read, what is written
INSIDE = 9.5  # smallest radius that holds a number
DOTTED = 8.0  # smallest radius beside which a bias can be told
UNROLLED = 34.0  # pixels for the states over time
_TWO_LINES = 24.0  # pixels between neurons of which each has a name and a probability under it


class Drawing(Labels):
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

        def placed(room: float) -> Places:
            return Places.of(
                self._slots,
                width,
                height - self._above,
                widest[0] + 10,
                room + 12,
                lanes=self.lanes,
                foot=self._foot,
                widest=17.0 if self.inside == "number" else 22.0,
                even=self.inside != "heatmap" and all(self.lanes.alone),
            )

        places = placed(max(widest[1], chance, 16))
        named = [i for i in self._told if any(right[i]) and len(places.at[i]) > 1]
        pitch = min((float(np.abs(np.diff(places.at[i][:, 1])).min()) for i in named), default=99.0)
        self._beside = widest[1] + 6 if pitch < _TWO_LINES else 0.0
        if self._beside:
            places = placed(self._beside + chance)
        self._make_artists(places.radius)
        self._lay(places, list(range(len(self.columns))))
        self._draw_input_names(left)
        for i, some in right.items():
            self._draw_end_names(i, some)
        shift = np.array([self._beside, 0.0 if self._beside else -6.0])
        spots = [
            places.at[i] + (places.radii[i] + 8, 0.0) + shift * any(right[i]) for i in self._told
        ]
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

    def _limits_for(self) -> None:
        self._limits = [Limit() for _ in self.columns]
        self._edge_limits = [Limit() for _ in self.columns]
