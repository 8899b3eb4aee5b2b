"""One run of a sweep, as people ask of it; imports the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.errors import bad_value
from ..core.scoring.history import History
from ..core.trainer import Trainer
from .task import Outcome, Status

if TYPE_CHECKING:
    from .results import Sweep


class Run:
    """One run of a sweep: its settings, and what it has come to.

    Attributes
    ----------
    index : int
        Its row in the table.
    settings : dict
        What `build` was given by the grid.
    seed : int or None
        What `build` was given by ``seeds``.
    """

    def __init__(self, sweep: Sweep, index: int, settings: Mapping[str, Any], seed: int | None):
        self._sweep = sweep
        self.index = index
        self.settings = dict(settings)
        self.seed = seed
        self._outcome = Outcome("waiting")

    @property
    def status(self) -> Status:
        """Return "done", "diverged", "failed", "interrupted", "not run" or "waiting"."""
        return self._outcome.status

    @property
    def reason(self) -> str:
        """Why it is not done, or why it stopped before its last epoch; else empty."""
        return self._outcome.reason

    @property
    def traceback(self) -> str:
        """Of a failed run, where it failed; else empty."""
        return self._outcome.traceback

    @property
    def history(self) -> History:
        """Every column of its trainer's history, up to where it came."""
        return self._outcome.history

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers of its row by name; of a net whose best weights were put back, theirs."""
        return dict(self._outcome.metrics)

    @property
    def epochs(self) -> int:
        """Epochs that it has trained."""
        return self._outcome.epochs

    @property
    def seconds(self) -> float:
        """Seconds that building and training took."""
        return self._outcome.seconds

    def trainer(self) -> Trainer:
        """Return its trainer where it stood at the end, ready to be looked at, or trained on.

        `build` is called again with its settings, and what the run has come to put back. Where that
        was not kept (beyond 256 MB of a sweep without `resume`) the run is done again.

        Raises
        ------
        ValueError
            It has no trainer: it failed, or has not been run.
        """
        if self.status not in ("done", "diverged", "interrupted"):
            mend = f"Its reason: {self.reason}" if self.reason else "Let the sweep go on first."
            raise bad_value(f"run {self.index}", "one that has trained", self.status, mend)
        return self._sweep._brought_back(self)

    def __repr__(self) -> str:
        given = {**self.settings, **({} if self.seed is None else {"seed": self.seed})}
        inner = ", ".join(f"{name}={value!r}" for name, value in given.items())
        why = f" ({self.reason})" if self.reason else ""
        numbers = ", ".join(f"{n} {v:.4g}" for n, v in self._outcome.metrics.items())
        return f"<Run {self.index}: {inner}; {self.status}{why}{'; ' + numbers if numbers else ''}>"
