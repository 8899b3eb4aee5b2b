"""A text that is kept as a picture while it says the same; imports matplotlib and NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text


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
        """Draw it on an empty page and cut it out."""
        page = RendererAgg(renderer.width, renderer.height, renderer.dpi)
        super().draw(page)
        left, bottom, right, top = self.get_window_extent(renderer).padded(2.0).extents
        rows = slice(max(0, int(bottom)), max(0, int(top) + 1))
        columns = slice(max(0, int(left)), max(0, int(right) + 1))
        pixels = np.asarray(page.buffer_rgba())[::-1]  # rows from the bottom, as `draw_image` asks
        self._corner, self._picture = (columns.start, rows.start), pixels[rows, columns].copy()
