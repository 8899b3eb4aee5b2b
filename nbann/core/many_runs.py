"""What panels show beside a trainer: many runs, as a sweep has them; imports the core's own parts.

A sweep and the panels that draw it stand side by side and do not import each other; both know this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .scoring.history import History
from .scoring.monitor import Mode


class OneRun(Protocol):
    """One of many runs, as far as it is drawn."""

    @property
    def index(self) -> int:
        """Its place among the runs."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What tells it from others, by name."""

    @property
    def seed(self) -> int | None:
        """The seed it was given, if any."""

    @property
    def status(self) -> str:
        """Return "done", "diverged", "failed", "interrupted", "not run" or "waiting"."""

    @property
    def history(self) -> History:
        """What it has measured."""

    @property
    def epochs(self) -> int:
        """Whole epochs that it has trained."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """What it has come to, by name."""


class ManyRuns(ABC):
    """Runs that end one after the other."""

    @property
    @abstractmethod
    def moment(self) -> tuple[int, int]:
        """How far it is; it grows while it goes on."""

    @property
    @abstractmethod
    def runs(self) -> tuple[OneRun, ...]:
        """All runs, those that wait included."""

    @property
    @abstractmethod
    def setting_names(self) -> tuple[str, ...]:
        """What runs differ in, the seed apart."""

    @property
    @abstractmethod
    def metric_names(self) -> tuple[str, ...]:
        """What is measured of each."""

    @property
    @abstractmethod
    def usual_metric(self) -> str:
        """The metric that is meant where none is named."""

    @abstractmethod
    def mode_of(self, metric: str) -> Mode:
        """Return what is better; raise `ValueError` where that is not known."""

    @property
    @abstractmethod
    def finished(self) -> int:
        """How many runs have ended, one way or another."""

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether nothing is under way any more."""

    @abstractmethod
    def cancel(self) -> None:
        """Let what is under way be given up."""

    @abstractmethod
    def watch(self, fn: Callable[[Any], object]) -> Callable[[], None]:
        """Call ``fn(self)`` whenever a run has ended, on any thread; return how to stop it."""

    @abstractmethod
    def listing(self) -> tuple[list[str], list[list[str]]]:
        """Return the table as text: heads, and rows of cells."""

    @abstractmethod
    def describe(self) -> str:
        """Return in words how far it is."""
