"""Where neurons, edges and biases of a network picture stand, in pixels; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOOT = 46.0  # pixels under the neurons: the layers' names, and a row with key and loss
_WIDE, _NARROW = 56.0, 17.0  # largest distance and radius of neurons
_ABOVE, _BELOW = 16.0, 4.0  # room of columns that stand above one another: a title, a gap

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Lanes:
    """Which columns stand above one another.

    Attributes
    ----------
    depths : sequence of int
        Of each column, how many stand before it from the left.
    sources : sequence of tuple of int
        From which columns edges lead to it, the weight from the last.
    bands : sequence of str
        The head of each column; "" for those that have the whole height.
    """

    depths: Sequence[int]
    sources: Sequence[tuple[int, ...]]
    bands: Sequence[str]

    @classmethod
    def chain(cls, count: int) -> Lanes:
        """Return columns one after another."""
        sources = [(i - 1,) if i else () for i in range(count)]
        return cls(range(count), sources, [""] * count)

    @property
    def alone(self) -> list[bool]:
        """Whether each column has the whole height for itself."""
        depths = list(self.depths)
        return [
            not band and depths.count(depth) == 1
            for band, depth in zip(self.bands, depths, strict=True)
        ]


@dataclass(frozen=True)
class Places:
    """The geometry of a picture.

    Attributes
    ----------
    at : list of array of shape (n, 2)
        The middle of each neuron that is shown, by column.
    radius : float
        Of every neuron, or of the smallest.
    spread : float
        From one column to the next.
    pitch : list of float
        From one neuron to the next, by column.
    sources : list of int
        The column that the edges of each come from; -1 for none.
    radii : list of float
        Of the neurons of each column; `radius` is the least.
    """

    at: list[Points]
    radius: float
    spread: float
    pitch: list[float]
    sources: list[int]
    radii: list[float]

    @classmethod
    def of(
        cls,
        slots: Sequence[Points],
        width: float,
        height: float,
        left: float,
        right: float,
        *,
        lanes: Lanes | None = None,
        foot: float = FOOT,
        widest: float = _NARROW,
        even: bool = True,
    ) -> Places:
        """Lay out columns of slots, 0 at the top, with `left` and `right` pixels for names.

        Parameters
        ----------
        slots : sequence of array
            For each column the slots of its neurons; a gap is left out.
        width, height : float
            Of the picture, up to the highest neuron.
        left, right : float
        lanes : Lanes, optional
            One after another by default.
        foot : float
            Pixels under the lowest neuron.
        widest : float
            Largest radius.
        even : bool
            Whether all neurons have one size; if not, each column the largest that fits it.
        """
        lanes = lanes or Lanes.chain(len(slots))
        middles, pitch = _heights(slots, lanes, foot, height)
        radius = min(0.41 * min(pitch), widest)
        gaps = max(max(lanes.depths), 1)
        span = width - left - right - 2 * radius
        radius = max(min(radius, 0.3 * span / gaps), 2.5)
        radii = [max(min(0.41 * step, widest, 0.3 * span / gaps), 2.5) for step in pitch]
        if even:
            radii = [radius] * len(slots)
        at = []
        for places, step, middle, depth in zip(slots, pitch, middles, lanes.depths, strict=True):
            x = left + radius + (depth * span / gaps if max(lanes.depths) else span / 2)
            ys = middle + (places[-1] / 2 - places) * step
            at.append(np.column_stack([np.full(len(places), x), ys]))
        sources = [found[-1] if found else -1 for found in lanes.sources]
        return cls(at, radius, span / gaps, pitch, sources, radii)

    @property
    def nodes(self) -> Points:
        """Every neuron, column by column."""
        return np.concatenate(self.at)

    def edges(self, columns: Iterable[int]) -> Points:
        """Return the lines into these columns, shape (edges, 2, 2), by input, then by neuron."""
        lines = [np.zeros((0, 2, 2))]
        for i in columns:
            starts = self.at[self.sources[i]]
            ends = np.broadcast_arrays(starts[:, None], self.at[i][None, :])
            lines.append(np.stack(ends, axis=2).reshape(-1, 2, 2))
        return np.concatenate(lines)

    def biases(self, columns: Iterable[int]) -> Points:
        """Return where the biases of these columns stand: at the upper left of each neuron."""
        found = [np.zeros((0, 2))]
        for i in columns:
            out = 0.75 * self.radii[i]
            found.append(self.at[i] + (-out - 5.0, out + 6.0))  # clear of the rings
        return np.concatenate(found)

    def loop(self, column: int, *, reverse: bool) -> Points:
        """Return an arrow from a column's neurons back to themselves, as points of a line."""
        size, out = 5.5, 0.72 * self.radii[column] + 6.5
        turn = np.linspace(-0.75 * np.pi, 0.85 * np.pi, 20)
        turn = np.pi / 2 - turn if reverse else turn  # mirrored at the diagonal
        points = size * np.column_stack([np.cos(turn), np.sin(turn)])
        return _with_head(self.at[column][0] + out + points)

    def arc(self, start: int, end: int, nested: int = 0) -> Points:
        """Return an arrow above the columns, from one to another, as points of a line."""
        (x0, y0), (x1, y1) = (self.at[i][0] for i in (start, end))
        y0, y1 = y0 + self.radii[start] + 4, y1 + self.radii[end] + 6
        x1 -= 4.0 * nested
        top = max(y0, y1) + 18.0 + 10.0 * nested
        share = np.linspace(0, 1, 28)[:, None]
        control = np.array([(x0, y0), (x0, top), (x1, top), (x1, y1)])
        weights = np.hstack(
            [
                (1 - share) ** 3,
                3 * share * (1 - share) ** 2,
                3 * share**2 * (1 - share),
                share**3,
            ]
        )
        return _with_head(weights @ control)


def _heights(
    slots: Sequence[Points], lanes: Lanes, foot: float, height: float
) -> tuple[list[float], list[float]]:
    """Return the middle of each column, and the distance of its neurons."""
    middles, pitch = [0.0] * len(slots), [_WIDE] * len(slots)
    bands = _bands(slots, lanes, foot, height)
    groups: dict[tuple[str, int], list[int]] = {}
    for i, key in enumerate(zip(lanes.bands, lanes.depths, strict=True)):
        groups.setdefault(key, []).append(i)
    alone = lanes.alone
    for (band, _), members in groups.items():
        low, high = bands[band]
        above, below = (0.0, 0.0) if alone[members[0]] else (_ABOVE if band else 4.0, _BELOW)
        count = [float(slots[i][-1]) + 1 for i in members]
        room = high - low - 12 - len(members) * (above + below)
        step = max(min(room / sum(count), _WIDE), 1.0)
        used = step * sum(count) + len(members) * (above + below)
        y = (low + high) / 2 - 5 + used / 2
        for i, n in zip(members, count, strict=True):
            pitch[i] = step
            middles[i] = y - above - n * step / 2
            y -= n * step + above + below
    return middles, pitch


def _bands(
    slots: Sequence[Points], lanes: Lanes, foot: float, height: float
) -> dict[str, tuple[float, float]]:
    """Return from where to where each head reaches: the more, the more neurons it has."""
    most: dict[str, dict[int, float]] = {}
    for i, (band, depth) in enumerate(zip(lanes.bands, lanes.depths, strict=True)):
        at = most.setdefault(band, {})
        at[depth] = at.get(depth, 0.0) + float(slots[i][-1]) + 2
    whole = {"": (foot, height)}
    heads = {band: max(counts.values()) for band, counts in most.items() if band}
    high = height
    for band, count in heads.items():
        low = high - (height - foot) * count / sum(heads.values())
        whole[band] = (low, high)
        high = low
    return whole


def _with_head(points: Points) -> Points:
    """Return a line with the two strokes of an arrow at its end."""
    tip, before = points[-1], points[-4]
    back = before - tip
    back /= max(float(np.hypot(*back)), 1e-9)
    side = np.array([-back[1], back[0]])
    wings = [tip + 5.0 * back + sign * 3.5 * side for sign in (1, -1)]
    return np.vstack([points, wings[0], tip, wings[1]])
