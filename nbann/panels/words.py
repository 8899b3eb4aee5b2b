"""Many short numbers as one artist, drawn as outlines of glyphs; imports matplotlib alone.

A `Text` takes the better part of a millisecond to lay out and draw; fifty numbers of a net take
longer than a frame may. Here each glyph is an outline made once, and all are drawn in one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EM = 100.0  # outlines are made at this size and scaled
_MIDDLE = 36.5  # half the height of a digit of DejaVu Sans at that size
_ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}


@cache
def _glyph(character: str) -> tuple[Path, float]:
    """Return a character's outline and how far it moves the pen on."""
    font = FontProperties(family="DejaVu Sans", size=_EM)
    both = TextPath((0, 0), f"{character}|", prop=font).get_extents().x1
    bar = TextPath((0, 0), "|", prop=font).get_extents().x1
    outline = (
        Path(np.zeros((0, 2))) if character.isspace() else TextPath((0, 0), character, prop=font)
    )
    return outline, float(both - bar)


class Words(PathCollection):
    """Short texts at fixed places, each with its own color.

    Parameters
    ----------
    ax : Axes
        Where it is added; places are in its data coordinates.
    at : array of shape (n, 2)
    size : float
        Font size in points.
    align : {"center", "left", "right"}
    """

    def __init__(
        self, ax: Axes, at: Any, size: float, *, align: str = "center", color: str = "black"
    ) -> None:
        super().__init__([], offset_transform=ax.transData, linewidths=0, snap=False)
        self.at: NDArray[np.float64] = np.asarray(at, float).reshape(-1, 2)
        self.words: list[str] = [""] * len(self.at)
        self._size, self._align, self._plain = size, _ALIGN[align], color
        figure: Any = ax.get_figure()
        self.set_transform(
            Affine2D().translate(0, -_MIDDLE).scale(size / _EM / 72) + figure.dpi_scale_trans
        )
        ax.add_collection(self, autolim=False)

    def set_words(self, words: Sequence[str], colors: Sequence[str] | None = None) -> None:
        """Show these words, one for each place."""
        self.words = list(words)
        spots, pens, paths = [], [], []
        for i, word in enumerate(self.words):
            glyphs = [_glyph(c) for c in word]
            pen = -self._align * sum(advance for _, advance in glyphs)
            for path, advance in glyphs:
                if len(path):
                    paths.append(path)
                    spots.append(i)
                    pens.append(pen)
                pen += advance
        self.set_paths(paths)
        self.set_offsets(self._placed(spots, pens))
        self.set_facecolors(self._plain if colors is None else [colors[i] for i in spots])
        self.stale = True

    def _placed(self, spots: list[int], pens: list[float]) -> NDArray[np.float64]:
        """Return where each glyph goes, in data coordinates: an outline itself is never moved.

        Axes keep their share of a figure, so that a point is as much of the data at any resolution.
        """
        figure: Any = self.axes.get_figure()
        (left, _), (right, _) = self.axes.transData.transform([(0.0, 0.0), (1.0, 0.0)])
        point = figure.dpi / 72 / (right - left)
        places = self.at[np.array(spots, int)]
        places[:, 0] += np.array(pens) * (self._size / _EM * point)
        return places
