"""What a sweep has found: its runs, their table, the best, trainers brought back; imports the core.

A sweep that runs in the background fills in while it is looked at.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.checks import counted
from ..core.errors import UnknownNameError, bad_value
from ..core.many_runs import ManyRuns
from ..core.scoring.monitor import Mode, as_mode
from ..core.storing.standing import put_standing_back
from ..core.trainer import Trainer
from .driver import Job
from .one_run import Run
from .rows import columns_of, frame_of, html_of, listing_of, table_of, text_of
from .task import Asked, Outcome, made_by, train

ROOM = 256 * 2**20
"""Bytes of final states that a sweep keeps in memory; of further runs it keeps none."""

_STATUSES = ("done", "diverged", "failed", "interrupted", "not run", "waiting")


class Sweep(ManyRuns, Sequence[Run]):
    """The runs of a sweep, in the order of its grid; `nbann.sweep` makes it.

    As a sequence it holds its runs: ``sweep[3].history["test_loss"]``. It can be shown by
    ``nbann.Dashboard(sweep)``, and while it runs by ``nbann.SweepView(sweep)``.

    Attributes
    ----------
    notes : tuple of str
        What was worth telling while it ran: a killed worker, an interrupt.
    """

    def __init__(
        self,
        asked: Asked,
        settings: Sequence[Mapping[str, Any]],
        jobs: Sequence[Job],
        seeds: Sequence[int | None],
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        names = dict.fromkeys(name for one in settings for name in one)
        self._names = tuple(names)
        filled = [{n: one.get(n, (defaults or {}).get(n)) for n in names} for one in settings]
        self._jobs = list(jobs)
        self._asked = asked
        self._runs = [
            Run(self, i, one, seed) for i, (one, seed) in enumerate(zip(filled, seeds, strict=True))
        ]
        self._watchers: list[Callable[[Sweep], object]] = []
        self._kept = 0
        self._ended = threading.Event()
        self._cancel: Callable[[], object] = lambda: None
        self._error: BaseException | None = None
        self._standings: Any = None  # a folder of records
        self._lock = threading.Lock()
        self.notes: tuple[str, ...] = ()

    # ---- a sequence of runs ------------------------------------------------------------------
    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, index: Any) -> Any:
        return self._runs[index]

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, in the order of the grid."""
        return tuple(self._runs)

    @property
    def setting_names(self) -> tuple[str, ...]:
        """The settings of the grid, in its order."""
        return self._names

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The numbers of each run that are in the table."""
        if self._asked.measures is not None:
            return tuple(name for name, _ in self._asked.measures)
        return tuple(dict.fromkeys(n for run in self._runs for n in run._outcome.metrics))

    # ---- the table ---------------------------------------------------------------------------
    def _columns(self) -> dict[str, NDArray[Any]]:
        return columns_of(self._runs, self.setting_names, self.metric_names)

    @property
    def table(self) -> NDArray[Any]:
        """A structured array with a row for each run.

        Fields: "run", the settings, "seed" (if seeds were asked for), "status", "reason", the
        metrics (NaN where there is none), "epochs" and "seconds". A field whose name a setting has
        already is called e.g. "epochs (result)".
        """
        return table_of(self._columns())

    def to_frame(self) -> Any:
        """Return the table as a pandas frame, with the runs as its index.

        Raises
        ------
        ModuleNotFoundError
            pandas is not installed.
        """
        return frame_of(self._columns())

    def best(self, metric: str | None = None, mode: Mode | None = None) -> Run:
        """Return the run that is best by a metric, of those that are done.

        Parameters
        ----------
        metric : str, optional
            One of `metric_names`; by default the first of those asked for, else the loss on the
            validation data, the test data or the training data, whichever there is.
        mode : {"min", "max"}, optional
            Whether lower or higher is better; by default as the metric itself says.

        Raises
        ------
        UnknownNameError
            No such metric.
        ValueError
            No run is done with a finite number, or it is not known what is better.
        """
        name = self.usual_metric if metric is None else metric
        if name not in self.metric_names and name != "seconds":
            raise UnknownNameError("metric", name, (*self.metric_names, "seconds"))
        found = [(self._value(run, name), run) for run in self._runs if run.status == "done"]
        found = [(value, run) for value, run in found if np.isfinite(value)]
        if not found:
            received = ", ".join(f"{n} {s}" for s, n in self.counts.items()) or "no run"
            mend = "Look at sweep.table['reason'], or wait until more of it is done."
            raise bad_value("best", f"a run that is done, with a finite {name}", received, mend)
        lower = (as_mode(mode) or self.mode_of(name)) == "min"
        return min(found, key=lambda pair: pair[0] if lower else -pair[0])[1]

    def _value(self, run: Run, metric: str) -> float:
        if metric == "seconds" and metric not in self.metric_names:
            return run.seconds
        return run._outcome.metrics.get(metric, np.nan)

    @property
    def usual_metric(self) -> str:
        """The metric that is meant where none is named."""
        names = self.metric_names
        if self._asked.measures is not None:
            return names[0]
        losses = [f"{part}_loss" for part in ("validation", "test", "train")]
        return next((n for n in losses if n in names), names[0] if names else "test_loss")

    def mode_of(self, metric: str) -> Mode:
        """Return whether a metric is better low ("min") or high ("max").

        Raises
        ------
        ValueError
            It is not known.
        """
        if metric == "seconds":
            return "min"
        for run in self._runs:
            mode = run._outcome.modes.get(metric)
            if mode is not None:
                return mode
        mend = f"Pass mode: sweep.best({metric!r}, mode='max')."
        expected = "mode='min' or mode='max' for a metric of which nbann knows neither"
        raise bad_value("mode", expected, f"{metric!r} without a mode", mend)

    def trainer(self, run: int | Run) -> Trainer:
        """Return the trainer of a run where it stood at the end; see `Run.trainer`."""
        return (run if isinstance(run, Run) else self._runs[run]).trainer()

    def _brought_back(self, run: Run) -> Trainer:
        job = self._jobs[run.index]
        standing = run._outcome.standing
        if standing is None and self._standings is not None:
            standing = self._standings.standing(run.index)
        trainer = made_by(self._asked.build, job.settings)
        if standing is not None:
            put_standing_back(trainer, standing)
            return trainer
        train(trainer, self._asked.until, job.epochs)
        return trainer

    # ---- while it runs -----------------------------------------------------------------------
    @property
    def counts(self) -> dict[str, int]:
        """How many runs have which status; those that none has are left out."""
        found: Counter[str] = Counter(run.status for run in self._runs)
        return {status: found[status] for status in _STATUSES if found[status]}

    @property
    def finished(self) -> int:
        """How many runs have ended, one way or another."""
        return sum(run.status not in ("waiting", "not run") for run in self._runs)

    @property
    def done(self) -> bool:
        """Whether nothing of it is under way any more."""
        return self._ended.is_set()

    def wait(self, timeout: float | None = None) -> Sweep:
        """Wait until all is done, or so many seconds; Ctrl-C cancels it. Return the sweep itself.

        Raises
        ------
        Exception
            What has ended the sweep in the background, e.g. a metric that no run measures.
        """
        try:
            self._ended.wait(timeout)
        except KeyboardInterrupt:
            self.cancel()
            self._ended.wait()
        if self._error is not None:
            raise self._error
        return self

    def cancel(self) -> None:
        """End it now: what is done stays, what is under way is given up, the rest is not run."""
        self._cancel()

    def watch(self, fn: Callable[[Sweep], object]) -> Callable[[], None]:
        """Call ``fn(sweep)`` whenever a run has ended; return how to stop it.

        It is called on the thread that drives the sweep.
        """
        self._watchers.append(fn)

        def stop() -> None:
            if fn in self._watchers:
                self._watchers.remove(fn)

        return stop

    def _take(self, index: int, outcome: Outcome, *, stored: bool = False) -> None:
        with self._lock:
            if outcome.standing is not None:
                if stored or self._kept + len(outcome.standing) > ROOM:
                    outcome.standing = None
                else:
                    self._kept += len(outcome.standing)
            self._runs[index]._outcome = outcome
        self._changed()

    def _end(self, error: BaseException | None = None) -> None:
        self._error = error
        for run in self._runs:
            if run.status == "waiting":
                run._outcome = Outcome("not run", "the sweep was ended before")
        self._ended.set()
        self._changed()

    def _note(self, text: str) -> None:
        self.notes = (*self.notes, text)

    def _changed(self) -> None:
        for fn in tuple(self._watchers):
            try:
                fn(self)
            except Exception as error:  # who looks on can not bring a sweep down
                self._watchers.remove(fn)
                self._note(f"{fn!r} watches no more: {type(error).__name__}: {error}")

    # ---- in words ----------------------------------------------------------------------------
    def describe(self) -> str:
        """Return in a sentence or two how far it is, and which run is best."""
        total = counted(len(self), "run")
        parts = ", ".join(f"{n} {status}" for status, n in self.counts.items())
        words = f"Sweep of {total}: {parts}."
        try:
            best = self.best()
        except ValueError:
            return words
        name = self.usual_metric
        given = {**best.settings, **({} if best.seed is None else {"seed": best.seed})}
        inner = ", ".join(f"{n}={v!r}" for n, v in given.items())
        value = self._value(best, name)
        return f"{words} Best {name}: {value:.4g}, run {best.index} ({inner})."

    def listing(self) -> tuple[list[str], list[list[str]]]:
        """Return the table as text: heads, and rows of cells, of many runs the first and last."""
        return listing_of(self._columns())

    @property
    def moment(self) -> tuple[int, int]:
        """How far it is, for those who draw it."""
        return self.finished, int(self.done)

    def __repr__(self) -> str:
        return "\n".join([self.describe(), *self.notes, text_of(self._columns())])

    def _repr_html_(self) -> str:
        try:
            best: int | None = self.best().index
        except ValueError:
            best = None
        return html_of(self._columns(), " ".join([self.describe(), *self.notes]), best)
