"""A kernel's interrupt between two cells, which ipykernel ignores; the standard library only.

What plays in the background runs between the cells, so that without this the notebook's stop button
would do nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

_stops: dict[Callable[[], object], None] = {}  # a set that keeps its order


def _on_interrupt(signum: int, frame: FrameType | None) -> None:
    for stop in tuple(_stops):
        stop()


def heed(stop: Callable[[], object]) -> None:
    """Call `stop` on an interrupt, from now on, while it would be ignored otherwise.

    A cell that runs has its interrupts to itself: ipykernel sets its own handler for it, and puts
    back the one that it found.
    """
    _stops[stop] = None
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _on_interrupt)


def heed_no_more(stop: Callable[[], object]) -> None:
    """Call `stop` no more; without any, interrupts between the cells are ignored again."""
    _stops.pop(stop, None)
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and not _stops and signal.getsignal(signal.SIGINT) is _on_interrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
