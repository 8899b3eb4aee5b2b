"""Sends what a view draws to the browser, as much as it can take; imports nothing of nbann."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

IN_FLIGHT = 4  # one acknowledgement a frame would cap a view at 14 frames/s; some in flight do not

Frame = tuple[dict[str, Any], list[bytes]]
"""What is said of a frame, in plain data, and its bytes."""


class FrameChannel:
    """The frames of one picture: numbered, acknowledged, the newest one always sent last.

    Parameters
    ----------
    slot : str
        Which picture of the widget it is.
    frame : callable
        Returns a `Frame` of what is now: a compressed picture, or small arrays.
    send : callable
        ``send(content, buffers)``, the widget's own.
    """

    def __init__(
        self, slot: str, frame: Callable[[], Frame], send: Callable[[Any, list[bytes]], object]
    ) -> None:
        self.slot = slot
        self.frame = frame
        self._send = send
        self._sent = 0
        self._acknowledged = 0
        self._owed = False

    def paint(self) -> None:
        """Send what is now; if too many frames are under way, do it once they are drawn."""
        if self._sent - self._acknowledged >= IN_FLIGHT:
            self._owed = True
            return
        self._owed = False
        self._sent += 1
        content, buffers = self.frame()
        self._send({"type": "frame", "slot": self.slot, "id": self._sent} | content, buffers)

    def acknowledge(self, number: int) -> None:
        """Note that a browser has drawn frame `number`; send the one that waited.

        Of several views the one that is furthest sets the pace; a slower one leaves frames out.
        """
        self._acknowledged = max(self._acknowledged, min(int(number), self._sent))
        if self._owed:
            self.paint()

    def restart(self) -> None:
        """Forget what is under way: a new view has opened and needs a picture at once."""
        self._acknowledged = self._sent
        self.paint()
