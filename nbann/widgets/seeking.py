"""Looks for where runs part, in the background of a kernel; imports the core only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from nbann.core.comparing.difference import Difference
from nbann.core.comparing.parting import Parting
from nbann.core.moves import Position

from .loop import MainLoop
from .player import REST, SLICE


class Seeker:
    """Searches of several pairs of runs, one after the other, a slice at a time.

    Parameters
    ----------
    begin : sequence of callables
        Each begins one search: ``begin() -> Parting``.
    tell : callable
        ``tell(place)`` after each slice with how far it has come; ``tell(None)`` at the end.
    fail : callable
        ``fail(error)`` if a search raises.
    """

    def __init__(
        self,
        begin: Sequence[Callable[[], Parting]],
        tell: Callable[[Position | None], object],
        fail: Callable[[BaseException], object],
    ) -> None:
        self._begin, self._tell, self._fail = begin, tell, fail
        self.found: list[Difference] = []
        self.cancelled = False

    def start(self, loop: MainLoop) -> asyncio.Task[None]:
        """Search on the kernel's loop."""
        return loop.start(self._search())

    async def _search(self) -> None:
        try:
            for begin in self._begin:
                search: Any = begin()
                due = time.perf_counter() + SLICE
                for place in search.steps():
                    if time.perf_counter() > due:
                        self._tell(place)
                        await asyncio.sleep(REST)
                        due = time.perf_counter() + SLICE
                    if self.cancelled:
                        return
                self.found.append(search.found)
        except (Exception, KeyboardInterrupt) as error:
            self._fail(error)  # a task has nobody to raise to
        else:
            self._tell(None)
