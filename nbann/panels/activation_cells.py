"""A small histogram for each of a few layers, side by side; imports matplotlib and NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import NDArray

from .activation_numbers import BINS, Histogram
from .style import SMALL, THIN
from .text import literal
from .words import Words

if TYPE_CHECKING:
    from .base import Panel

_WIDE, _HIGH = 112.0, 70.0  # least size of a cell in pixels
_GAP = 8.0
_ZERO = 5.0  # pixels beside the bars for that of the zeros
_HEAD, _FOOT = 31.0, 20.0  # pixels in a cell above the bars for two lines, and below for numbers


class Cell(NamedTuple):
    """Where one layer's bars stand: lower left, width and height in pixels."""

    x: float
    y: float
    wide: float
    high: float

    def across(self, share: float) -> float:
        """Return where a share of the width lies."""
        return self.x + share * self.wide


def grid(count: int, width: float, height: float) -> list[Cell]:
    """Return a cell for each of some layers; none where there are too many."""
    columns = min(int((width + _GAP) // (_WIDE + _GAP)), count)
    if columns < 1 or -(-count // columns) * _HIGH > height:
        return []
    rows = -(-count // columns)
    columns = -(-count // rows)
    wide, high = (width - _GAP * (columns - 1)) / columns, height / rows
    cells = []
    for i in range(count):
        row, column = divmod(i, columns)
        bottom = height - (row + 1) * high + _FOOT
        left = column * (wide + _GAP) + _ZERO
        cells.append(Cell(left, bottom, wide - 2 * _ZERO, high - _HEAD - _FOOT))
    return cells


class Cells:
    """Draws histograms into the axes of a panel whose unit is a pixel.

    Numbers below 0 are blue, above 0 orange; how many are exactly 0 is a gray bar of its own. Bars
    are as high as their share of the fullest colored one; the gray one is cut at the top.
    """

    def __init__(self, panel: Panel, layers: Sequence[str], cells: Sequence[Cell]) -> None:
        self.cells, theme, ax = cells, panel.theme, panel.ax
        seams = LineCollection(
            [[(c.x, c.y), (c.x + c.wide, c.y)] for c in cells], colors=theme.muted, linewidths=THIN
        )
        self.bars = panel.moving(ax.add_collection(PolyCollection([], linewidths=0), autolim=False))
        ax.add_collection(seams, autolim=False)
        for layer, cell in zip(layers, cells, strict=True):
            name = literal(layer, cell.wide, SMALL)
            look = {"fontsize": SMALL, "color": theme.ink, "parse_math": False}
            ax.text(cell.x, cell.y + cell.high + 19, name, va="bottom", **look)
        muted = theme.muted
        heads = [(c.x, c.y + c.high + 12) for c in cells]
        self.heads = panel.moving(Words(ax, heads, SMALL, align="left", color=muted))
        self.feet = [
            panel.moving(
                Words(ax, [(c.across(at), c.y - 8) for c in cells], SMALL, align=side, color=muted)
            )
            for side, at in (("left", 0.0), ("center", 0.5), ("right", 1.0))
        ]
        self._colors = (theme.low, theme.high, theme.muted)

    def show(self, found: Mapping[str, Histogram | None], words: Sequence[str]) -> None:
        """Show the layers' histograms, None for what is not computed, with a line of words each."""
        verts: list[NDArray[np.float64]] = []
        colors: list[str] = []
        for cell, histogram in zip(self.cells, found.values(), strict=True):
            if histogram is not None:
                self._add(cell, histogram, verts, colors)
        self.bars.set_verts(verts)
        self.bars.set_facecolors(colors if colors else "none")
        ends = [_ends(histogram) for histogram in found.values()]
        for words_at, texts in zip(self.feet, zip(*ends, strict=True), strict=True):
            words_at.set_words(texts)
        self.heads.set_words(
            [literal(w, c.wide, SMALL) for w, c in zip(words, self.cells, strict=True)]
        )

    def _add(
        self, cell: Cell, one: Histogram, verts: list[NDArray[np.float64]], colors: list[str]
    ) -> None:
        """Add the bars of one layer."""
        low, high, gray = self._colors
        most = int(one.counts.max()) or max(one.zeros, 1)
        edges = one.edges / (np.abs(one.edges).max() or 1.0)
        shares = (edges - edges[0]) / (edges[-1] - edges[0])
        for k in np.flatnonzero(one.counts):
            left, right = cell.across(shares[k]), cell.across(shares[k + 1])
            seam = 1.0 if cell.wide > 3 * BINS else 0.0
            verts.append(_bar(left, right - seam, cell, one.counts[k] / most))
            colors.append(low if edges[k] + edges[k + 1] < 0 else high)
        if one.zeros:
            middle = cell.across(float(np.interp(0.0, edges, shares)))
            left = middle + (-2 if edges[0] < 0 < edges[-1] else 1 if edges[0] < 0 else -_ZERO)
            verts.append(_bar(left, left + 4, cell, min(one.zeros / most, 1.0)))
            colors.append(gray)


def _bar(left: float, right: float, cell: Cell, share: float) -> NDArray[np.float64]:
    top = cell.y + max(share * cell.high, 1.0)
    return np.array([(left, cell.y), (left, top), (right, top), (right, cell.y)])


def _ends(one: Histogram | None) -> tuple[str, str, str]:
    """Return what stands under a cell's left end, middle and right end."""
    if one is None:
        return "", "", ""
    low, high = (f"{v:g}".replace("-", "−") if v else "0" for v in (one.edges[0], one.edges[-1]))
    return low, "0" if one.edges[0] < 0 < one.edges[-1] else "", high
