"""A text that is kept as a picture while it says the same; imports matplotlib and NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from matplotlib.transforms import Affine2D


class Stamp(Text):
    """A `Text` that is laid out and drawn once, and put there as a picture from then on.

    Matplotlib takes a millisecond or more for a line of text, a frame may take thirty; most lines
    say in the next frame what they have said in this one. Elsewhere than on pixels it is a `Text`.
    """

    _look: tuple[Any, ...] = ()
    _picture: Any = None
    _corner = (0, 0)

    def draw(self, renderer: Any) -> None:
        if not isinstance(renderer, RendererAgg) or not (self.get_visible() and self.get_text()):
            super().draw(renderer)
            return
        look = self._looks(renderer)
        if look != self._look:
            self._make(renderer)
            self._look = look
        if self._picture.size:  # else it is outside of the page
            context = renderer.new_gc()
            renderer.draw_image(context, *self._corner, self._picture)
            context.restore()
        self.stale = False

    def _looks(self, renderer: RendererAgg) -> tuple[Any, ...]:
        """Return all that its picture depends on."""
        place = self.get_transform().transform(self.get_position())
        font = (self.get_fontname(), self.get_fontsize(), self.get_fontweight())
        lies = (self.get_horizontalalignment(), self.get_verticalalignment(), self.get_rotation())
        ink = (self.get_color(), self.get_alpha())
        page = (renderer.width, renderer.height, renderer.dpi)
        return (self.get_text(), *place, *font, *lies, *ink, *page)

    def _make(self, renderer: RendererAgg) -> None:
        """Draw it on an empty page no larger than itself, moved there by whole pixels."""
        whole = (int(renderer.width), int(renderer.height))
        box = self.get_window_extent(renderer).padded(2.0)
        # moved by even numbers, for matplotlib rounds halves of pixels to even ones
        left, bottom = (max(0, int(at)) // 2 * 2 for at in (box.x0, box.y0))
        wide = min(whole[0], int(box.x1) + 1) - left
        high = min(whole[1], int(box.y1) + 1) - bottom
        self._corner, self._picture = (left, bottom), np.zeros((0, 0, 4), np.uint8)
        if wide < 1 or high < 1:
            return  # it lies outside
        if self.get_clip_on():  # what clips it stays where it is on the page
            page = RendererAgg(*whole, renderer.dpi)
            super().draw(page)
            pixels = np.asarray(page.buffer_rgba())[::-1]
            self._picture = pixels[bottom : bottom + high, left : left + wide].copy()
            return
        high += (whole[1] - high) % 2
        page, place = RendererAgg(wide, high, renderer.dpi), self.get_transform()
        try:
            self.set_transform(place + Affine2D().translate(-left, -bottom))
            super().draw(page)
        finally:
            self.set_transform(place)
        self._picture = np.asarray(page.buffer_rgba())[::-1].copy()  # rows from the bottom
