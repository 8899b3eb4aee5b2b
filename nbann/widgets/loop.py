"""The kernel's main loop, to which handlers hand their work; imports nothing of nbann.

On which thread a handler is called depends on the version of ipykernel: on a thread of its own in
7.1, on the main thread in 7.4. So handlers only submit to the loop that was there at first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class MainLoop:
    """The event loop that ran when this was made or `find` was last called on its thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self.find()

    def find(self) -> None:
        """Take the running loop, if there is one; let a closed one go."""
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            if self._loop is not None and self._loop.is_closed():
                self._loop = None

    @property
    def is_there(self) -> bool:
        """Whether there is a loop to do later what need not be done now."""
        return self._loop is not None and not self._loop.is_closed()

    def submit(self, fn: Callable[..., object], *args: Any) -> None:
        """Call `fn` on the loop, at once where there is none."""
        if self._loop is not None and self.is_there:
            self._loop.call_soon_threadsafe(fn, *args)
        else:
            fn(*args)

    def later(self, seconds: float, fn: Callable[..., object], *args: Any) -> None:
        """Call `fn` on the loop in some time; never where there is none. On the loop's thread."""
        if self._loop is not None and self.is_there:
            self._loop.call_later(seconds, fn, *args)

    def start(self, coroutine: Any) -> asyncio.Task[None]:
        """Start a task on the loop; call it only where `is_there`."""
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("there is no event loop to run a task on")
        return self._loop.create_task(coroutine)
