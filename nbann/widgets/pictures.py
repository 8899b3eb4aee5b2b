"""Pictures of panels: drawn for the page as it is, compressed for the way. Imports panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nbann.core.trainer import Trainer
from nbann.panels import Dashboard, Panel

from .frames import Frame

# The pixels of a picture in a view of full width (1100), so that nothing is scaled there, and in
# one below 700, where everything stands in one column.
FULL_WIDTH, NARROW_WIDTH = 1082, 560
NARROWEST, WIDEST = 240, 2400  # pixels that a page can ask for
MOVING = "Pictures of the training that is going on; pause to hear what they show."
SHARPEST = 2.0  # device pixels a pixel; more costs time that nobody sees


class Look(NamedTuple):
    """What a page asks of the pictures."""

    theme: str = "light"
    narrow: bool = False
    density: float = 1.0

    @classmethod
    def of(cls, content: dict[str, Any]) -> Look:
        """Return what a browser's message says: `dark`, `narrow`, `density`."""
        return cls(
            "dark" if content.get("dark") else "light",
            bool(content.get("narrow")),
            min(max(float(content.get("density", 1.0)), 1.0), SHARPEST),
        )


def page_width(content: dict[str, Any]) -> int:
    """Return the width in pixels that a browser's message asks for, within what is drawn."""
    return min(max(int(content["width"]), NARROWEST), WIDEST)


class Picture:
    """Some panels of one trainer, as a picture of the page's width.

    Parameters
    ----------
    trainer : Trainer
    panels : sequence of Panel
        They keep what they were made with, and are drawn anew for another look.
    widths : (int, int)
        In pixels: of a wide view, of a narrow one.
    quiet : callable, optional
        Whether the picture moves too fast now for anyone to hear it described.
    options
        As of `Dashboard`, e.g. ``row_height=440``.
    """

    def __init__(
        self,
        trainer: Trainer,
        panels: Sequence[Panel],
        widths: tuple[int, int] = (FULL_WIDTH, NARROW_WIDTH),
        quiet: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> None:
        self._trainer, self._panels, self._quiet = trainer, panels, quiet
        self._widths, self._options = widths, options
        self.dress(Look())

    def dress(self, look: Look) -> None:
        """Draw for another page, or another look of it."""
        width = self._widths[look.narrow]
        look_of_it = {"theme": look.theme, "scale": look.density, "width": width}
        self.board = Dashboard(self._trainer, self._panels, **look_of_it, **self._options)

    def frame(self) -> Frame:
        """Return the picture as it is now, with its words."""
        picture = self.board.jpeg()
        words = MOVING if self._quiet() else self.board.describe()
        return {"mime": "image/jpeg", "words": words}, [picture]
