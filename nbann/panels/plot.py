"""A small plot with scales of its own, within a panel that is laid out in pixels.

A panel has one pair of axes; where it shows two plots side by side, each of them is one of these.
Imports matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from .scale import FINE, Limit
from .shade import Frame
from .style import SMALL, THIN
from .text import literal, text_width
from .words import Words

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from .base import Panel

A = TypeVar("A", bound="Artist")
Ends = tuple[float, float]
_TICK = 3.0
_MOST_TICKS = 8
BESIDE = 28.0  # pixels for the numbers of the upward axis
_APART = 6.0  # pixels between two numbers of the other


class Reach:
    """The ends of an axis: a stretch that is always shown, and steps beyond it where need be.

    Parameters
    ----------
    low, high : float
        The stretch that is always shown.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self._below, self._above = (Limit(slack=0.2, steps=FINE) for _ in range(2))

    def fit(self, *values: NDArray[np.floating]) -> Ends:
        """Take in the newest values; return the ends, a little apart in any case."""
        finite = [v[np.isfinite(v)].astype(float) for v in values]
        low = min((float(v.min()) for v in finite if v.size), default=self.low)
        high = max((float(v.max()) for v in finite if v.size), default=self.high)
        self._below.fit(max(self.low - low, 0.0))
        self._above.fit(max(high - self.high, 0.0))
        ends = self.low - self._below.value, self.high + self._above.value
        least = 1e-9 * max(1.0, *map(abs, ends))
        if ends[1] - ends[0] > least:
            return ends
        room = 0.5 * max(1.0, *map(abs, ends))
        return ends[0] - room, ends[1] + room

    def restart(self) -> None:
        """Forget how far it has reached."""
        self._below.restart()
        self._above.restart()


def roomy(values: NDArray[np.floating], share: float = 0.06) -> Ends:
    """Return the ends of a stretch that holds all values with some room beside them."""
    low, high = float(values.min()), float(values.max())
    room = share * (high - low if high > low else max(abs(high), 1.0))
    return low - room, high + room


class Plot:
    """A frame with ticks; what is added to it is drawn in the data's own units.

    Parameters
    ----------
    panel : Panel
        In pixels (`Panel._use_pixels`).
    frame : (left, bottom, width, height)
        Of the plot's inside, in pixels; ticks and labels stand outside.
    across, up : str
        Labels of the axes.
    ticks : (int, int)
        About how many there are on each axis; 0 for none.
    beside : float
        Pixels for the numbers of the upward axis, between its ticks and its label.
    """

    def __init__(
        self,
        panel: Panel,
        frame: Frame,
        *,
        across: str = "",
        up: str = "",
        ticks: tuple[int, int] = (5, 4),
        beside: float = BESIDE,
    ) -> None:
        self.panel, self.frame, self._room = panel, frame, beside
        self.ends: tuple[Ends, Ends] | None = None
        self._map = Affine2D()
        self.transform = self._map + panel.ax.transData
        self._ticks = ticks
        theme, ax = panel.theme, panel.ax
        x, y, wide, high = frame
        self._clip = Rectangle((x, y), wide, high, transform=ax.transData)
        edge = LineCollection([[(x, y + high), (x, y), (x + wide, y)]], colors=theme.muted)
        edge.set_linewidth(THIN)
        ax.add_collection(edge, autolim=False)
        self._marks = LineCollection([], colors=theme.muted, linewidths=THIN)
        ax.add_collection(self._marks, autolim=False)
        nothing = np.zeros((0, 2))
        look: dict[str, Any] = {"size": SMALL, "color": theme.muted}
        self._below = Words(ax, nothing, **look)
        self._beside = Words(ax, nothing, align="right", **look)
        for words in (self._below, self._beside):
            words.set_clip_on(False)  # they may reach into the panel's margins
        text: dict[str, Any] = {"fontsize": SMALL, "color": theme.muted, "parse_math": False}
        room = wide + 40
        ax.text(x + wide / 2, y - 18, literal(across, room, SMALL), ha="center", va="top", **text)
        if up:
            word = literal(up, high + 24, SMALL)
            place: dict[str, Any] = {"ha": "center", "va": "center", "rotation": 90}
            ax.text(x - 12 - beside, y + high / 2, word, **place, **text)

    def add(self, artist: A) -> A:
        """Register a moving artist, in the plot's units and cut off at its frame."""
        artist.set_clip_path(self._clip)
        return self.panel.moving(artist)

    def limit(self, across: Ends, up: Ends) -> bool:
        """Set the ends of both axes; return whether that changed anything that stands still."""
        if self.ends == (across, up):
            return False
        self.ends = (across, up)
        x, y, wide, high = self.frame
        scales = [wide / (across[1] - across[0]), high / (up[1] - up[0])]
        moves = [x - across[0] * scales[0], y - up[0] * scales[1]]
        self._map.set_matrix(
            np.array([[scales[0], 0, moves[0]], [0, scales[1], moves[1]], [0, 0, 1]])
        )
        ticks = [ticks_of(*both) for both in zip((across, up), self._ticks, strict=True)]
        right, above = (
            [scale * t + move for t in tick]
            for tick, scale, move in zip(ticks, scales, moves, strict=True)
        )
        marks = [[(at, y), (at, y - _TICK)] for at in right]
        self._marks.set_segments(marks + [[(x, at), (x - _TICK, at)] for at in above])
        self._number_below(right, ticks[0])
        self._beside.at = np.array([(x - 6, at) for at in above]).reshape(-1, 2)
        self._beside.set_words(tick_words(ticks[1], self._room))
        return True

    def _number_below(self, places: Sequence[float], values: Sequence[float]) -> None:
        """Write the numbers of the lower axis: as many as fit side by side, none cut by an edge."""
        step = places[1] - places[0] if len(places) > 1 else self.frame[2]
        words = tick_words(values, step - _APART)
        widths = [text_width(word, SMALL) for word in words]
        every = 1 + int((max(widths, default=0.0) + _APART - 0.5) // max(step, 1.0))
        kept = _kept(values, every)
        words = [word if i in kept else "" for i, word in enumerate(words)]
        margins, (wide, _) = self.panel.margins, self.panel.size
        least, most = 2 - margins.left, wide + margins.right - 2
        y = self.frame[1] - 11
        self._below.at = np.array(
            [
                (min(max(at, least + w / 2), most - w / 2), y)
                for at, w in zip(places, widths, strict=True)
            ]
        ).reshape(-1, 2)
        self._below.set_words(words)


def tick_words(values: Sequence[float], room: float) -> list[str]:
    """Return the numbers at ticks: in full, or with a power of ten where these are too wide.

    >>> tick_words([0.0, 250000.0, 500000.0], room=28), tick_words([-0.5, 1.0], room=28)
    (['0', '2.5e5', '5e5'], ['−0.5', '1'])
    """
    full = [f"{value:.8g}".replace("-", "−") for value in values]
    short = [_with_power(value) for value in values]
    wide, narrow = (max((text_width(w, SMALL) for w in ws), default=0.0) for ws in (full, short))
    return short if room < wide and narrow < wide else full


def _kept(values: Sequence[float], every: int) -> range:
    """Return the places of every second (third, ...) number: as many as can be, 0 if it may be."""
    ways = [range(start, len(values), every) for start in range(every)]
    return max(ways, key=lambda way: (len(way), any(values[i] == 0 for i in way)))


def _with_power(value: float) -> str:
    """Return e.g. "−1.02e6", with as many digits as it takes to say the same as eight."""
    if value == 0:
        return "0"
    said = f"{value:.7e}"
    mantissa, exponent = said.split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}".replace("-", "−")


def ticks_of(ends: Ends, count: int) -> Sequence[float]:
    """Return about `count` round numbers between two ends."""
    if not count:
        return []
    found: Any = MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(*ends)
    room = 1e-9 * (ends[1] - ends[0])
    inside = [float(t) for t in found if ends[0] - room <= t <= ends[1] + room]
    return [0.0 if abs(t) < room else t for t in inside][:_MOST_TICKS]
