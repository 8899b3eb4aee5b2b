"""The pictures of a view: drawn for the page as it is, sent as it can take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nbann.core.trainer import Trainer
from nbann.panels import Dashboard, Panel

from .frames import FrameChannel

# The pixels of the pictures in a view of full width (1100), so that nothing is scaled there, and in
# one below 700, where everything stands in one column.
NETWORK_WIDTH, NETWORK_HEIGHT, BOARD_WIDTH, NARROW_WIDTH = 590, 440, 1082, 560
SHARPEST = 2.0  # device pixels a pixel; more costs time that nobody sees


class Look(NamedTuple):
    """What a page asks of the pictures."""

    theme: str = "light"
    narrow: bool = False
    density: float = 1.0


class Pictures:
    """The network and the panels of one view, each with its channel to the browser.

    Parameters
    ----------
    trainer : Trainer
    panels : sequence of Panel
        What is drawn below the network.
    send : callable
        ``send(content, buffers)``, the widget's own.
    """

    def __init__(
        self,
        trainer: Trainer,
        panels: Sequence[Panel],
        send: Callable[[Any, list[bytes]], object],
    ) -> None:
        self._trainer, self._panels = trainer, panels
        self._look = Look()
        self.channels = {
            slot: FrameChannel(slot, board, send) for slot, board in self._boards().items()
        }

    @property
    def boards(self) -> tuple[Dashboard, ...]:
        """The dashboards as they are drawn now."""
        return tuple(channel.board for channel in self.channels.values())

    def describe(self) -> list[str]:
        """Return in words what each shows now."""
        return [board.describe() for board in self.boards]

    def html(self) -> str:
        """Return them as still pictures, with their words."""
        return "".join(board.html() for board in self.boards)

    def paint(self) -> None:
        """Send what is now."""
        for channel in self.channels.values():
            channel.paint()

    def dress(self, content: dict[str, Any]) -> None:
        """Draw for the page as it is: light or dark, wide or narrow, with its density of pixels."""
        look = Look(
            "dark" if content.get("dark") else "light",
            bool(content.get("narrow")),
            min(max(float(content.get("density", 1.0)), 1.0), SHARPEST),
        )
        if look != self._look:
            self._look = look
            for slot, board in self._boards().items():
                self.channels[slot].board = board
        for channel in self.channels.values():
            channel.restart()

    def _boards(self) -> dict[str, Dashboard]:
        """Lay out the pictures. Panels keep what they were made with and are drawn anew."""
        theme, narrow, density = self._look
        options: dict[str, Any] = {"theme": theme, "scale": density}
        width = NARROW_WIDTH if narrow else BOARD_WIDTH
        network_width = NARROW_WIDTH if narrow else NETWORK_WIDTH
        network = ["network"]
        return {
            "network": Dashboard(
                self._trainer, network, width=network_width, row_height=NETWORK_HEIGHT, **options
            ),
            "panels": Dashboard(self._trainer, self._panels, width=width, **options),
        }
