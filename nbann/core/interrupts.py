"""Ctrl-C as a flag, so that no batch is left half-done; imports the standard library only."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Turns Ctrl-C into a flag while a run is on, so that no batch is left half-done.

    Attributes
    ----------
    seen : bool
        Whether it came.
    insistent : bool
        Whether a second one raises at once: a hook may not come back, a bare loop always does.
    """

    def __init__(self) -> None:
        self.seen = False
        self.insistent = True

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.seen and self.insistent:
            raise KeyboardInterrupt
        self.seen = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch for Ctrl-C; on leaving, raise `KeyboardInterrupt` if it came."""
        self.seen, self.insistent = False, True
        # only the main thread receives signals, and a handler set from C can not be put back
        previous = signal.getsignal(signal.SIGINT) if _in_main_thread() else None
        if previous is None:
            yield
            return
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
        if self.seen:
            raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
