"""A picture with as many pixels as its axes, drawn as it is; imports matplotlib alone."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.image import AxesImage


class Pixels(AxesImage):
    """An image of RGBA bytes that is not resampled where it has the very pixels of its axes.

    Resampling takes matplotlib some milliseconds a frame, even where it changes nothing. Elsewhere
    (a saved figure of more dots, a vector file, axes with other limits) it is an `AxesImage`.
    Its first row is at the bottom: ``origin="lower"``.
    """

    def draw(self, renderer: Any) -> None:
        if not (self.get_visible() and self._fits(renderer)):
            super().draw(renderer)
            return
        box = self.axes.bbox
        context = renderer.new_gc()
        renderer.draw_image(context, round(box.x0), round(box.y0), self.get_array().data)
        context.restore()
        self.stale = False

    def _fits(self, renderer: Any) -> bool:
        """Whether each of its pixels is one of the picture."""
        box, image = self.axes.bbox, self.get_array()
        return (
            isinstance(renderer, RendererAgg)
            and image.shape == (round(box.height), round(box.width), 4)
            and tuple(self.get_extent()) == (*self.axes.get_xlim(), *self.axes.get_ylim())
        )
