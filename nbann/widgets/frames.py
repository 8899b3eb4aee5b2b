"""Sends pictures of a Dashboard to the browser, as many as it can take; imports no panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbann.panels import Dashboard

IN_FLIGHT = 4  # one acknowledgement a frame would cap a view at 14 frames/s; some in flight do not


class FrameChannel:
    """The frames of one picture: numbered, acknowledged, the newest one always sent last.

    Parameters
    ----------
    slot : str
        Which picture of the widget it is.
    board : Dashboard
    send : callable
        ``send(content, buffers)``, the widget's own.
    """

    def __init__(
        self, slot: str, board: Dashboard, send: Callable[[Any, list[bytes]], object]
    ) -> None:
        self.slot = slot
        self.board = board
        self._send = send
        self._sent = 0
        self._acknowledged = 0
        self._owed = False

    def paint(self) -> None:
        """Send a picture of what is now; if too many are under way, do it once they are drawn."""
        if self._sent - self._acknowledged >= IN_FLIGHT:
            self._owed = True
            return
        self._owed = False
        self._sent += 1
        content = {"type": "frame", "slot": self.slot, "id": self._sent}
        self._send(content | {"words": self.board.describe()}, [self.board.jpeg()])

    def acknowledge(self, number: int) -> None:
        """Note that the browser has drawn frame `number`; send the one that waited."""
        self._acknowledged = max(self._acknowledged, min(int(number), self._sent))
        if self._owed:
            self.paint()

    def restart(self) -> None:
        """Forget what is under way: a new view has opened and needs a picture at once."""
        self._acknowledged = self._sent
        self.paint()
