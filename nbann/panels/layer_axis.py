"""Axes that several panels of layers share: layers across, decades up; imports matplotlib alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from .style import SMALL
from .text import literal, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .base import Panel

_STRIDES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_NAME = 56.0  # pixels that a name may ask for before it is cut
_STEM = 0.15  # decades that the lowest value is above the foot, at least
_DECADES = (-300.0, 300.0)  # what a double can hold, with some room


def draw_layer_axis(panel: Panel, names: Sequence[str]) -> None:
    """Set the axis across to layers 0 to n - 1, from input to output, and name as many as fit."""
    ax, look = panel.ax, {"fontsize": SMALL, "color": panel.theme.muted, "parse_math": False}
    ax.set_xlim(-0.5, len(names) - 0.5)
    named = named_layers(names, panel.size[0] / len(names), panel.margins.right)
    ax.set_xticks([place for place, _ in named], [word for _, word in named], parse_math=False)
    ax.set_xlabel("layers, from input to output", labelpad=2, **look)


def named_layers(names: Sequence[str], slot: float, right: float) -> list[tuple[int, str]]:
    """Return places and words of as many layers as can be named.

    Parameters
    ----------
    names : sequence of str
    slot : float
        Pixels that a layer has across.
    right : float
        Pixels to the right of the last slot that may be written on.
    """
    wanted = min(max(text_width(literal(n, 1e4, SMALL), SMALL) for n in names), _NAME)
    stride = next((s for s in _STRIDES if s * slot - 6 >= wanted), len(names))
    named = []
    for place in range(0, len(names), stride):
        word = literal(names[place], max(stride * slot - 6, wanted), SMALL)
        room = (len(names) - 0.5 - place) * slot + right
        if place == 0 or text_width(word, SMALL) / 2 < room:
            named.append((place, word))
    return named


class Decades:
    """Limits of a logarithmic axis: whole powers of ten that move apart as values ask for it.

    Attributes
    ----------
    low, high : float
        Exponents: the axis goes from ``10 ** low`` to ``10 ** high``.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what has been seen: the next values set the limits anew."""
        self.low, self.high = -3.0, 0.0
        self._begun = False

    def fit(self, values: NDArray[np.float64]) -> bool:
        """Take in the newest values, of which only those above 0 count; whether limits changed."""
        seen = values[np.isfinite(values) & (values > 0)]
        if not seen.size:
            return False
        before = self.low, self.high
        low = max(math.floor(math.log10(seen.min()) - _STEM), _DECADES[0])
        high = min(math.ceil(math.log10(seen.max()) + 1e-9), _DECADES[1])
        if not self._begun:
            self.low, self.high, self._begun = low, max(high, low + 1.0), True
        self.low, self.high = min(self.low, low), max(self.high, high)
        return (self.low, self.high) != before


def use_decades(ax: Axes) -> None:
    """Give the axis up a logarithmic scale with few, plain numbers."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(numticks=7))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(lambda value, _: decade(value))


def decade(value: float) -> str:
    """Return a power of ten as it stands beside an axis: "0.01", "100", "1e−7"."""
    return (
        f"{value:g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
    )
