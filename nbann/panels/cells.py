"""An image of a few large cells, drawn without resampling; imports matplotlib and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.image import AxesImage
from numpy.typing import NDArray


class Cells(AxesImage):
    """An image of RGBA bytes whose pixels are cells, each of one color up to its very edge.

    matplotlib's resampling takes some milliseconds a frame; here each pixel of the picture looks up
    its cell. In vector files, and where its values are no RGBA bytes, it is an `AxesImage`.
    """

    def draw(self, renderer: Any) -> None:
        if not self.get_visible():
            return
        cells = self.get_array()
        if not isinstance(renderer, RendererAgg) or cells.dtype != np.uint8 or cells.ndim != 3:
            super().draw(renderer)
            return
        left, right, low, high = self.get_extent()
        (x0, y0), (x1, y1) = self.get_transform().transform([(left, low), (right, high)])
        room = self.axes.bbox
        columns, x = _looked_up(x0, x1, room.x0, room.x1, cells.shape[1])
        rows, y = _looked_up(y0, y1, room.y0, room.y1, cells.shape[0])
        if len(rows) and len(columns):
            if self.origin == "upper":
                rows = cells.shape[0] - 1 - rows
            # a color as one number of four bytes, so that one is looked up for each pixel
            colors = np.ascontiguousarray(cells).view(np.uint32)[..., 0]
            pixels = colors.take(rows, axis=0).take(columns, axis=1)
            context = renderer.new_gc()
            renderer.draw_image(context, x, y, pixels.view(np.uint8).reshape(*pixels.shape, 4))
            context.restore()
        self.stale = False


def _looked_up(
    start: float, end: float, first: float, last: float, count: int
) -> tuple[NDArray[np.intp], int]:
    """Return which of `count` cells each pixel between two places shows, and the first pixel."""
    begin, stop = round(max(start, first)), round(min(end, last))
    at = (np.arange(begin, stop) + 0.5 - start) * count / (end - start)
    return np.clip(at.astype(np.intp), 0, count - 1), begin


def draw_cells(ax: Axes, extent: tuple[float, float, float, float]) -> Cells:
    """Add an empty image to axes: left, right, bottom and top; limits stay as they are."""
    cells = Cells(ax, extent=extent, origin="upper", interpolation="nearest")
    cells.set_data(np.zeros((1, 1, 4), np.uint8))
    cells.set_clip_path(ax.patch)
    ax.add_image(cells)
    return cells
