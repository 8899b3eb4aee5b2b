"""Where samples and what is given back of them stand in a picture, in pixels; imports NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .given_back import Strip
from .shade import Frame

_SIDE = 76.0  # pixels that an image takes at most, where there is room for further samples
_LARGEST = 1.35 * _SIDE
_ACROSS, _DOWN = 8.0, 6.0  # between samples, and between a sample's strips
_HIGH, _BETWEEN = 15.0, 9.0  # of a strip that is a row of cells, and between samples
_HEAD = 12.0


class Name(NamedTuple):
    """A word and where it stands."""

    text: str
    at: tuple[float, float]
    align: str = "right"


class Layout(NamedTuple):
    """Frames of each strip, one for each sample; names; where each sample's error is written."""

    frames: list[list[Frame]]
    names: list[Name]
    errors: list[tuple[float, float]]
    foot: tuple[float, float] = (0.0, 0.0)
    """The top of the names of the features, and the width of a cell; 0 for none."""
    align: str = "center"
    """Of the errors."""


def images(
    strips: list[Strip], count: int | None, left: float, size: tuple[float, float]
) -> Layout:
    """Lay out samples side by side, the strips of each below one another.

    Parameters
    ----------
    strips : list of Strip
    count : int or None
        How many samples; None for as many as fit.
    left : float
        Room for names.
    size : (float, float)
        Width and height of the whole.
    """
    width, height = size
    tall = height - 16 - _DOWN * (len(strips) - 1)
    slopes = [s.shape[0] / s.shape[1] for s in strips]
    room = width - left - 2 + _ACROSS
    most = tall / sum(slopes)  # of the width of a sample: then its strips fill the height
    if count is None:
        count = max(1, int(room / (min(most, _SIDE) + _ACROSS)))
    wide = min(most, room / count - _ACROSS, _LARGEST if count > 1 else most)
    wide = max(wide, 1.0)
    top = height - (tall - wide * sum(slopes)) / 2
    starts = [left + k * (wide + _ACROSS) for k in range(count)]
    frames, names = [], []
    for strip, slope in zip(strips, slopes, strict=True):
        high = wide * slope
        frames.append([(x, top - high, wide, high) for x in starts])
        names.append(Name(strip.name, (left - 10, top - high / 2)))
        top -= high + _DOWN
    names.append(Name("", (left - 10, top - 3)))
    return Layout(frames, names, [(x + wide / 2, top - 3) for x in starts])


def side_by_side(strips: list[Strip], size: tuple[float, float]) -> Layout:
    """Lay out a recall: the probe and the states of now beside one another, names below."""
    width, height = size
    room, tall = (width - 16 * (len(strips) - 1) - 2) / len(strips), height - 18
    sides = [min(room / s.shape[1], tall / s.shape[0]) for s in strips]
    total = sum(side * s.shape[1] for side, s in zip(sides, strips, strict=True))
    x = (width - total - 16 * (len(strips) - 1)) / 2
    frames, names = [], []
    for strip, side in zip(strips, sides, strict=True):
        wide, high = side * strip.shape[1], side * strip.shape[0]
        y = 18 + (tall - high) / 2
        frames.append([(x, y, wide, high)])
        names.append(Name(strip.name, (x + wide / 2, y - 10), "center"))
        x += wide + 16
    return Layout(frames, names, [])


def rows(
    strips: list[Strip],
    count: int | None,
    left: float,
    size: tuple[float, float],
    widths: Sequence[float],
) -> Layout:
    """Lay out samples that are rows of cells below one another; see `images`.

    `widths` are those of the features' names in pixels, which stand below where there is room.
    """
    width, height = size
    columns = max(s.shape[1] for s in strips)
    cell = min((width - left - 52) / columns, 80.0)
    longest = max(widths, default=0.0)
    foot = 2.0
    if longest and cell >= 11:
        foot = min(longest, 70.0) + 8 if longest > cell - 4 else 16.0
    room = height - foot - _HEAD + _BETWEEN
    each = len(strips) * _HIGH + _BETWEEN
    if count is None:
        count = max(1, int(room / each))
    high = min((room / count - _BETWEEN) / len(strips), _HIGH + 8)
    high = max(high, 1.5)
    each = len(strips) * high + _BETWEEN
    frames: list[list[Frame]] = [[] for _ in strips]
    names, errors = [], []
    for k in range(count):
        top = height - _HEAD - k * each
        for i, strip in enumerate(strips):
            y = top - (i + 1) * high
            frames[i].append((left, y, cell * strip.shape[1], high - 1))
            if high >= 9:
                names.append(Name(strip.name, (left - 10, y + high / 2)))
        errors.append((left + cell * columns + 8, top - len(strips) * high / 2))
    names.append(Name("", (errors[0][0], height - 5), "left"))
    bottom = height - _HEAD - each * count + _BETWEEN - 4
    return Layout(frames, names, errors, (bottom, cell) if foot > 10 else (0.0, 0.0), "left")
