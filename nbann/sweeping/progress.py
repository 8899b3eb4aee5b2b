"""A line that says how far a sweep is: in a notebook's output, or on a terminal. Core alone.

Where there is neither, nothing is printed, so that logs and tests stay as they are.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from .results import Sweep

_SECONDS = 0.1
_WIDTH = 24


class Progress:
    """Follows a sweep in a line of text.

    Parameters
    ----------
    sweep : Sweep
    show : bool or None
        None: where somebody looks, in a notebook or at a terminal.
    """

    def __init__(self, sweep: Sweep, show: bool | None) -> None:
        self._begun = time.monotonic()
        self._last = 0.0
        self._started = sweep.finished
        self._shell = _notebook()
        terminal = bool(getattr(sys.stderr, "isatty", lambda: False)())
        self._shown = show if show is not None else self._shell is not None or terminal
        self._handle: Any = None
        if self._shown:
            self.tell(sweep)
            self._unwatch = sweep.watch(self.tell)

    def tell(self, sweep: Sweep) -> None:
        """Show how far it is, ten times a second at most."""
        now = time.monotonic()
        if not sweep.done and now - self._last < _SECONDS and sweep.finished < len(sweep):
            return
        self._last = now
        self._write(self.line(sweep), last=sweep.done)
        if sweep.done:
            self._unwatch()

    def line(self, sweep: Sweep) -> str:
        """Return the line: with a bar and the time that is left, at the end only what came out."""
        parts = ", ".join(f"{n} {s}" for s, n in sweep.counts.items() if s != "waiting")
        words = f"{sweep.finished} of {len(sweep)} runs" + (f": {parts}" if parts else "")
        if sweep.done:
            return words
        full = round(_WIDTH * sweep.finished / max(len(sweep), 1))
        bar = "█" * full + "░" * (_WIDTH - full)
        new = sweep.finished - self._started
        if not new:
            return f"{bar} {words}"
        left = (time.monotonic() - self._begun) / new * (len(sweep) - sweep.finished)
        return f"{bar} {words}, about {_time(left)} left"

    def _write(self, line: str, *, last: bool) -> None:
        if self._shell is None:
            sys.stderr.write(f"\r\x1b[K{line}" + ("\n" if last else ""))
            sys.stderr.flush()
            return
        from IPython import display as ipython  # loaded: it runs this kernel

        data = {"text/plain": line}
        if self._handle is None:
            self._handle = ipython.display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours} h {minutes} min"
        if hours
        else f"{minutes} min {rest} s"
        if minutes
        else f"{rest} s"
    )


def _notebook() -> Any:
    """Return the kernel's shell, or None outside of a kernel; IPython is not loaded for that."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if shell is not None and hasattr(shell, "kernel") else None
