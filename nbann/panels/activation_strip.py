"""The outputs of many layers as a strip of quantiles; imports matplotlib and NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import NDArray

from .activation_numbers import Scale, scale_of
from .layer_axis import named_layers
from .style import SMALL, THIN
from .text import short_number
from .words import Words

if TYPE_CHECKING:
    from .base import Panel

_LEFT, _FOOT, _HEAD = 44.0, 32.0, 18.0  # pixels for the scale, for names, for the key

_KEY = "line: all, bands: 5–95% and 25–75%, tick: median"


class Strip:
    """Draws for each layer what part of its outputs lies where, from input to output.

    A thin line from the least to the greatest, a light band from the 5th to the 95th percentile, a
    strong one from the 25th to the 75th, a tick at the median.
    """

    def __init__(self, panel: Panel, layers: Sequence[str]) -> None:
        ax, theme = panel.ax, panel.theme
        width, height = panel.size
        self._middle = _FOOT + (height - _FOOT - _HEAD) / 2
        self._reach = (height - _FOOT - _HEAD) / 2
        self._slot = (width - _LEFT) / len(layers)
        self.x = _LEFT + (np.arange(len(layers)) + 0.5) * self._slot
        look = {"fontsize": SMALL, "color": theme.muted, "parse_math": False}
        lines = [
            [(_LEFT, self._middle + s * self._reach), (width, self._middle + s * self._reach)]
            for s in (-1, -0.5, 0, 0.5, 1)
        ]
        grid = LineCollection(lines, colors=theme.faint, linewidths=0.6)
        ax.add_collection(grid, autolim=False)
        for place, word in named_layers(layers, self._slot, 0.0):
            ax.text(self.x[place], _FOOT - 5, word, ha="center", va="top", **look)
        ax.text((_LEFT + width) / 2, 0, "layers, from input to output", ha="center", **look)
        self.key = panel.moving(ax.text(_LEFT, height, "", va="top", **look))
        color = theme.phases["forward"]
        self.spans = panel.moving(
            ax.add_collection(LineCollection([], colors=color, linewidths=THIN), autolim=False)
        )
        self.bands = [
            panel.moving(
                ax.add_collection(
                    PolyCollection([], facecolors=color, linewidths=0, alpha=alpha), autolim=False
                )
            )
            for alpha in (0.3, 0.6)
        ]
        self.medians = panel.moving(
            ax.add_collection(LineCollection([], colors=theme.ink, linewidths=1.2), autolim=False)
        )
        self.missing = panel.moving(
            ax.plot([], [], "s", color=theme.muted, markersize=3, alpha=0.45)[0]
        )
        self.broken = panel.moving(ax.plot([], [], "x", color=color, markersize=4)[0])
        ends = [(_LEFT - 6, self._middle + s * self._reach) for s in (1, 0.5, 0, -0.5, -1)]
        self.ends = panel.moving(Words(ax, ends, SMALL, align="right", color=theme.muted))

    def show(self, found: Mapping[str, NDArray[np.float64]], computed: NDArray[np.bool_]) -> None:
        """Show the layers' quantiles; gray at the foot for what is not computed."""
        rows = np.array(list(found.values()))
        scale = scale_of(np.abs(rows[:, [0, -1]]).max(axis=1))
        self.ends.set_words(_labels(scale))
        self.key.set_text(_KEY + ("; log scale" if scale.threshold else ""))
        known = np.isfinite(rows).all(axis=1)
        x, y = self.x[known], self._middle + self._reach * scale.heights(rows[known])
        half = min(max(self._slot * 0.4, 0.8), 16.0)
        self.spans.set_segments([[(a, b[0]), (a, b[-1])] for a, b in zip(x, y, strict=True)])
        for band, (low, high) in zip(self.bands, ((1, 5), (2, 4)), strict=True):
            band.set_verts([_box(a, half, b[low], b[high]) for a, b in zip(x, y, strict=True)])
        self.medians.set_segments(
            [[(a - half, b[3]), (a + half, b[3])] for a, b in zip(x, y, strict=True)]
        )
        for line, which in ((self.missing, ~computed), (self.broken, computed & ~known)):
            line.set_data(self.x[which], np.full(int(which.sum()), self._middle))


def _box(x: float, half: float, low: float, high: float) -> list[tuple[float, float]]:
    high = max(high, low + 1.0)  # all equal is seen, too
    return [(x - half, low), (x - half, high), (x + half, high), (x + half, low)]


def _labels(scale: Scale) -> list[str]:
    full, half = (_short(v) for v in (scale.limit, scale.half))
    return [full, half, "0", f"−{half}", f"−{full}"]


def _short(value: float) -> str:
    return (
        f"{value:g}"
        if 0.01 <= value < 1e4 and float(f"{value:.2g}") == value
        else short_number(value)
    )
