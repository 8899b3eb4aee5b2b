"""SweepView: a sweep as it runs, its table, a button that ends it. Imports panels and the core."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import traitlets as t

from nbann.core.errors import bad_value
from nbann.core.many_runs import ManyRuns
from nbann.panels import Dashboard, Panel

from .board_view import BoardView
from .heeding import heed, heed_no_more
from .module import css, esm


class SweepView(BoardView):
    """How far a sweep is, its curves and its map, its table; a button cancels it.

    Start the sweep with ``wait=False``, so that the notebook stays free while it runs. Results are
    shown as they come in; the notebook's own stop button cancels it, too.

    Parameters
    ----------
    sweep : Sweep
        Running or done.
    panels : sequence of str or Panel, optional
        By default `SweepCurves` and `SweepMap`.

    Raises
    ------
    ValueError
        No sweep; panels that do not fit.

    Examples
    --------
    >>> import nbann
    >>> net = lambda n: nbann.Sequential([nbann.Dense(n), nbann.Tanh(), nbann.Dense(2)])
    >>> build = lambda neurons: nbann.Trainer(net(neurons), nbann.datasets.xor())
    >>> view = nbann.SweepView(nbann.sweep(build, {"neurons": [2, 4]}, epochs=5))
    >>> print(view.describe().partition(". ")[0])
    Sweep of 2 runs: 2 done
    """

    _esm = esm("sweep_view")
    _css = css("sweep_view")

    told = t.Unicode("").tag(sync=True)
    """How far it is, and which run is best, in words."""
    ended = t.Int(0).tag(sync=True)
    """Runs that have ended."""
    total = t.Int(0).tag(sync=True)
    """All runs."""
    running = t.Bool(False).tag(sync=True)
    """Whether it can be canceled."""
    heads = t.List(t.Unicode()).tag(sync=True)
    """The columns of the table."""
    rows = t.List(t.List(t.Unicode())).tag(sync=True)
    """Its cells as text; of many runs the first and the last ones."""

    def __init__(self, sweep: ManyRuns, panels: Sequence[str | Panel] | None = None) -> None:
        if not isinstance(sweep, ManyRuns):
            mend = "Start one: sweep = nbann.sweep(build, grid, wait=False)."
            raise bad_value("SweepView", "a Sweep", type(sweep).__name__, mend)
        self.sweep = sweep
        self._coming = False
        super().__init__(Dashboard(sweep, panels))
        self._unwatch = sweep.watch(self._on_sweep)
        if not sweep.done:
            heed(sweep.cancel)
        self._tell()

    def describe(self) -> str:
        """Return how far the sweep is, and what its panels show, in words."""
        return f"{self.sweep.describe()}\n{super().describe()}"

    def __repr__(self) -> str:
        return f"SweepView({self.dashboard.panels!r})"

    def close(self) -> None:
        """Follow the sweep no more; it goes on."""
        if getattr(self, "_unwatch", None) is not None:  # ipywidgets closes what was never built
            self._unwatch()
            heed_no_more(self.sweep.cancel)
        super().close()

    # ---- following -------------------------------------------------------------------------------
    def _on_sweep(self, sweep: ManyRuns) -> None:
        """Hear of a run, on the thread that drives the sweep: all else is done on the main loop."""
        if self._loop.is_there and (not self._coming or sweep.done):
            self._coming = True
            self._loop.submit(self._soon)

    def _soon(self) -> None:
        rest = self._pause - (time.perf_counter() - self._painted)
        if rest > 0 and not self.sweep.done:
            self._loop.later(rest, self._guarded, self._catch_all)
        else:
            self._guarded(self._catch_all)

    def _catch_all(self) -> None:
        self._coming = False
        self._show()

    def _tell(self) -> None:
        sweep = self.sweep
        self.told = self.words = sweep.describe()
        self.ended, self.total = sweep.finished, len(sweep.runs)
        self.heads, self.rows = sweep.listing()
        self.running = not sweep.done
        if sweep.done:
            heed_no_more(sweep.cancel)

    def _say_ready(self, content: dict[str, Any]) -> None:
        self._tell()
        super()._say_ready(content)

    def _say_cancel(self, content: dict[str, Any]) -> None:
        self._begin()
        self.sweep.cancel()
