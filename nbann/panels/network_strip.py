"""A very deep net as a strip: a cell for each layer, those about the op opened above."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import NDArray

from .network_drawing import DASHES
from .network_layout import folded
from .network_part import Part
from .network_places import Lanes, Places
from .style import PX, SMALL
from .text import counted, listed, literal, number, plain, text_width

if TYPE_CHECKING:
    from .network_diagram import NetworkDiagram

Floats = NDArray[np.float64]
_ROWS = {"weights": (33.0, 47.0), "spread": (51.0, 65.0), "values": (69.0, 101.0)}
_LENS = 124.0  # pixels under the lowest neuron of the lens
_CELLS = 16  # neurons of a layer in a cell, from top to bottom
_DECADES = 4.0  # what a bar's height spans, down from the largest
_PITCH = 25.0  # least distance of neurons in the lens in which numbers can be read


class Strip(Part):
    """The sample's values in each layer, the spread of its activations, the size of its weights.

    Bars are logarithmic over four decades down from the largest. Read layers have a dashed frame,
    written ones a solid one; the layer that was written is opened with its neighbors.
    """

    def __init__(self, panel: NetworkDiagram) -> None:
        super().__init__(panel)
        self._laid: dict[int, Places] = {}
        widths = [column.width for column in panel.columns]
        starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
        rows = (np.arange(_CELLS) + 0.5) / _CELLS
        self._cells = np.array(
            [
                start + (rows * width).astype(int)
                for start, width in zip(starts, widths, strict=True)
            ]
        ).T
        self._of_cell = np.repeat(np.arange(len(widths)), widths)

    # ---- drawing ---------------------------------------------------------------------------------
    def draw(self) -> None:
        panel, ax = self.panel, self.panel.ax
        width, height = panel.size
        self._focus = -1
        self._opens = height >= _LENS + 2 * _PITCH
        share = min(1.0, height / (_ROWS["values"][1] + 4))
        self.rows = {word: (a * share, b * share) for word, (a, b) in _ROWS.items()}
        self._what = "gradients" if panel.edges == "gradient" else "weights"
        words = [self._what if word == "weights" else word for word in _ROWS]
        self.left = max(text_width(word, SMALL) for word in words) + 8
        self.step = (width - self.left) / len(panel.columns)
        for word, (low, high) in zip(words, self.rows.values(), strict=True):
            panel._write(word, 0, (low + high) / 2, ha="left", va="center")
        self._draw_ticks(width)
        self._most = max(3, min(panel.most, int((height - panel._above - _LENS - 12) / _PITCH)))
        panel.shown, panel._slots = (
            list(part)
            for part in zip(*(folded(c.width, self._most) for c in panel.columns), strict=True)
        )
        self._fan = panel.moving(
            ax.add_collection(
                PolyCollection([], facecolors=panel.theme.faint, alpha=0.35), autolim=False
            )
        )
        low, high = self.rows["values"]
        self._values = panel.moving(
            ax.imshow(
                np.zeros((1, 1, 4), np.uint8),
                extent=(self.left, width, low, high),
                aspect="auto",
                interpolation="nearest",
            )
        )
        ax.set(xlim=(0, width), ylim=(0, height))
        self._bars = [
            panel.moving(
                ax.add_collection(PolyCollection([], facecolors=panel.theme.muted), autolim=False)
            )
            for _ in range(2)
        ]
        self._frames = [
            panel.moving(ax.add_collection(LineCollection([], linestyles=dash), autolim=False))
            for dash in DASHES
        ]
        self._names = [
            panel.moving(
                ax.text(
                    0, _LENS - 6, "", fontsize=SMALL, color=panel.theme.muted, parse_math=False,
                    ha="center", va="top",
                )
            )
            for _ in range(3)
        ]  # fmt: skip
        panel._make_artists(10.0)

    def _draw_ticks(self, width: float) -> None:
        """Name the first and the last layer, and number those between them."""
        panel, count = self.panel, len(self.panel.columns)
        last = literal(f"{count - 1}: {panel.columns[-1].names[-1]}", 0.25 * width, SMALL)
        y, room = 25.0, width - text_width(last, SMALL) - 10
        panel._write("0: inputs", self.left, y, ha="left", va="center")
        panel._write(last, width, y, ha="right", va="center")
        every = 5 if count <= 40 else 10
        for i in range(every, count - 1, every):
            x, half = self.left + (i + 0.5) * self.step, text_width(str(i), SMALL) / 2
            if x - half > self.left + text_width("0: inputs", SMALL) + 6 and x + half < room:
                panel._write(str(i), x, y, ha="center", va="center")

    # ---- what is shown ---------------------------------------------------------------------------
    @property
    def focus(self) -> int:
        """The layer that is opened: that which the op wrote; the last one where it wrote many."""
        for lit in reversed(self.panel.lit):
            places = lit.nodes | lit.edges | lit.biases
            if places:
                return max(places) if len(places) < 4 else len(self.panel.columns) - 1
        return 0

    def view_of(self, focus: int) -> list[int]:
        """Return the layer before, the layer, and the one that reads it."""
        columns = self.panel.columns
        before = [columns[focus].source] if columns[focus].sources else []
        after = [i for i, column in enumerate(columns) if focus in column.sources][:1]
        return [*before, focus, *after]

    def spreads(self) -> Floats:
        """Return the standard deviation of each layer's newest array; NaN if not computed."""
        panel = self.panel
        names = [panel.array_of(column) for column in panel.columns]  # now, not at the last update
        with np.errstate(all="ignore"):
            return np.array(
                [np.nan if name is None else float(panel.trainer[name].std()) for name in names]
            )

    def norms(self) -> Floats:
        """Return the root of the mean square of the weights (or gradients) into each layer."""
        panel = self.panel
        found = np.full(len(panel.columns), np.nan)
        with np.errstate(all="ignore"):
            for i in panel._weighted:
                weight = panel.matrix(i)
                found[i] = math_root(weight)
        return found

    # ---- changing --------------------------------------------------------------------------------
    def refresh(self) -> None:
        self._open(self.focus)
        panel = self.panel
        limits = np.array([limit.value for limit in panel._limits])
        with np.errstate(all="ignore"):
            values = np.concatenate(panel._values_now) / limits[self._of_cell]
        self._values.set_data(panel.theme.diverging(values[self._cells], 1.0))
        for bars, heights, (low, high) in zip(
            self._bars, (self.norms(), self.spreads()), list(self.rows.values())[:2], strict=True
        ):
            bars.set_verts([self._outline(heights, low, high)])
        color = panel.theme.phase_color(panel.op.phase, panel.trainer.program.phases)
        for lit, frames in zip(panel.lit, self._frames, strict=True):
            frames.set_segments(self._frames_of(lit.nodes | lit.edges | lit.biases))
            frames.set(color=color, linewidth=1.5 * PX)

    def _open(self, focus: int) -> None:
        """Lay the lens out anew if it is another layer's."""
        panel = self.panel
        if focus == self._focus or not self._opens:
            return
        self._focus = focus
        view = self.view_of(focus)
        width, height = panel.size
        if focus not in self._laid:
            lanes = Lanes.chain(len(view))
            slots, room = [panel._slots[i] for i in view], 0.16 * width
            self._laid[focus] = Places.of(
                slots, width, height - panel._above, room, room, lanes=lanes, foot=_LENS
            )
        places = self._laid[focus]
        for limit in panel._edge_limits:
            limit.restart()
        panel._lay(places, view)
        a, b = self.left + min(view) * self.step, self.left + (max(view) + 1) * self.step
        top, foot = _LENS - 22.0, self.rows["values"][1]
        x0, x1 = places.at[0][0, 0] - 40, places.at[-1][0, 0] + 40
        self._fan.set_verts(
            [[(a, foot), (b, foot), (x1, top), (x1, height), (x0, height), (x0, top)]]
        )
        for k, text in enumerate(self._names):
            if k < len(view):
                column = panel.columns[view[k]]
                names = [name.rpartition(".")[2] for name in column.names]
                word = f"{view[k]}: {' · '.join(names)}"
                if len(panel.shown[view[k]]) < column.width:
                    word += f" ({column.width:,})"
                text.set_text(literal(word, places.spread - 10, SMALL))
                text.set_x(places.at[k][0, 0])
            else:
                text.set_text("")

    def _outline(self, heights: Floats, low: float, high: float) -> Floats:
        """Return the outline of bars, one for each cell, as one polygon."""
        known = np.isfinite(heights) & (heights > 0)
        share = np.zeros(len(heights))
        if known.any():
            top = np.log10(heights[known].max())
            share[known] = np.clip(1 + (np.log10(heights[known]) - top) / _DECADES, 0.03, 1)
        edges = self.left + self.step * np.arange(len(heights) + 1)
        gap = min(1.0, 0.15 * self.step)
        y = low + share * (high - low)
        a, b = edges[:-1] + gap / 2, edges[1:] - gap / 2
        floor = np.full_like(y, low)
        points = np.stack([[a, a, b, b], [floor, y, y, floor]])
        return points.transpose(2, 1, 0).reshape(-1, 2)

    def _frames_of(self, cells: set[int]) -> list[list[tuple[float, float]]]:
        """Return a frame round each run of cells."""
        low, high = self.rows["weights"][0] - 2, self.rows["values"][1] + 2
        found, order = [], sorted(cells)
        starts = [order[0]] if order else []
        starts += [after for before, after in pairwise(order) if after > before + 1]
        ends = [before for before, after in pairwise(order) if after > before + 1]
        ends += order[-1:]
        for start, end in zip(starts, ends, strict=True):
            a, b = self.left + start * self.step, self.left + (end + 1) * self.step
            found.append([(a, low), (b, low), (b, high), (a, high), (a, low)])
        return found

    # ---- words -----------------------------------------------------------------------------------
    def describe(self) -> list[str]:
        panel = self.panel
        spreads, norms = self.spreads(), self.norms()
        known = np.flatnonzero(np.isfinite(spreads))
        words = [f"a strip of {counted(len(panel.columns), 'layer')}"]
        words.append(
            "opened " + listed(plain(panel.columns[i].names[-1]) for i in self.view_of(self.focus))
        )
        words.append(f"spread of the values by layer {_few(spreads, known)}")
        have = np.flatnonzero(np.isfinite(norms))
        words.append(f"size of the {self._what} by layer {_few(norms, have)}")
        return words


def math_root(values: Floats) -> float:
    """Return the root of the mean square."""
    flat = np.ascontiguousarray(values, float).reshape(-1)
    return float(np.sqrt(flat @ flat / flat.size))


def _few(values: Floats, known: NDArray[np.intp]) -> str:
    if not known.size:
        return "not computed yet"
    first, last = known[0], known[-1]
    said = f"{number(float(values[first]))} in layer {first}"
    if last > first:
        said += f" to {number(float(values[last]))} in layer {last}"
        low, high = float(values[known].min()), float(values[known].max())
        said += f" (from {number(low)} to {number(high)})"
    return said
