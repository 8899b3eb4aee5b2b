"""One small picture for each neuron, of its weights from an image; imports matplotlib and NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.image import AxesImage

    from .base import Panel

_GAP = 2.0  # pixels between two pictures
_LEAST = 24.0  # pixels in which a picture can be told from another


class Mosaic:
    """Pictures of one matrix side by side, as large as they fit; of too many the first ones.

    Parameters
    ----------
    panel : Panel
        Whose axes are in pixels.
    box : tuple of float
        Left, bottom, width and height of the room for it.
    shape : pair of int
        Rows and columns of a picture.
    neurons : int

    Attributes
    ----------
    shown : int
        How many there are room for.
    """

    def __init__(
        self,
        panel: Panel,
        box: tuple[float, float, float, float],
        shape: tuple[int, int],
        neurons: int,
    ) -> None:
        left, bottom, width, height = box
        self.shape, self._theme = shape, panel.theme
        self.shown = neurons
        while True:
            self._across, scale = _fitted(width, height, shape, self.shown)
            if self.shown == 1 or scale * min(shape) >= min(_LEAST, 8.0 * min(shape)):
                break
            self.shown = max(1, int(self.shown * 0.9))
        down = math.ceil(self.shown / self._across)
        self._gap = max(1, round(_GAP / scale))  # in weights: the picture is one image
        wide, high = (
            n * side + (n - 1) * self._gap
            for n, side in ((self._across, shape[1]), (down, shape[0]))
        )
        self._size = (high, wide)
        scale = min(width / wide, height / high)
        top = bottom + height
        extent = (left, left + wide * scale, top - high * scale, top)
        self.image: AxesImage = panel.moving(
            panel.ax.imshow(
                np.zeros((1, 1, 4), np.uint8),
                extent=extent,
                aspect="auto",
                interpolation="nearest" if scale >= 1 else "antialiased",
            )
        )
        self.foot = extent[2]

    def put(self, colors: NDArray[np.uint8]) -> None:
        """Show colors (neurons, rows, columns, 4)."""
        ground = [*(round(255 * c) for c in to_rgb(self._theme.background)), 255]
        whole = np.empty((*self._size, 4), np.uint8)
        whole[...] = ground
        rows, columns = self.shape
        for k, picture in enumerate(colors[: self.shown]):
            down, across = divmod(k, self._across)
            y, x = down * (rows + self._gap), across * (columns + self._gap)
            whole[y : y + rows, x : x + columns] = picture
        self.image.set_data(whole)


def _fitted(width: float, height: float, shape: tuple[int, int], count: int) -> tuple[int, float]:
    """Return how many pictures stand side by side so that they are largest, and their scale."""
    best = (1, 0.0)
    for across in range(1, count + 1):
        down = math.ceil(count / across)
        scale = min(
            (width - _GAP * (across - 1)) / (across * shape[1]),
            (height - _GAP * (down - 1)) / (down * shape[0]),
        )
        if scale > best[1]:
            best = (across, scale)
    return best if best[1] > 0 else (1, 1e-3)
