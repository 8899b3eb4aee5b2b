"""A view that is a dashboard's picture, as wide as the page. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from nbann.panels import Dashboard

from .frames import Frame, FrameChannel
from .pictures import Look, page_width
from .view import View


class BoardView(View):
    """Shows one dashboard, drawn anew for the page's width and look; what it follows, others say.

    Parameters
    ----------
    dashboard : Dashboard
    """

    _drives: ClassVar[bool] = False

    def __init__(self, dashboard: Dashboard, **traits: Any) -> None:
        self.dashboard = dashboard
        super().__init__(**traits)
        self._page: int | None = None
        self._channels = {"board": FrameChannel("board", self._frame, self._post)}

    def describe(self) -> str:
        """Return what all panels show now, in words."""
        return self.dashboard.describe()

    def _frame(self) -> Frame:
        return {"mime": "image/jpeg", "words": self.dashboard.describe()}, [self.dashboard.jpeg()]

    def _unfinished(self) -> bool:
        return self.dashboard.unfinished

    def _say_width(self, content: dict[str, Any]) -> None:
        """Draw as wide as the page has room."""
        width = page_width(content)
        if width != self._page:
            self._page = width
            self._dress(self._look)
            if self._views:
                self._channels["board"].restart()

    def _dress(self, look: Look) -> None:
        width = self.dashboard.width if self._page is None else self._page
        self.dashboard.fit(width, theme=look.theme, scale=look.density)

    def _say_look(self, content: dict[str, Any]) -> None:
        # what only tells narrow from wide is no other look here: the width itself is known
        super()._say_look(content | {"narrow": False})

    def _stills(self) -> Sequence[Any]:
        self.dashboard.update()
        self.dashboard.finish()
        return [self.dashboard.render()]
