"""When a run stops before its last epoch; imports the core's own parts only."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from .checks import number_in, whole_number
from .errors import UnknownNameError, bad_value, uncalled
from .scoring.monitor import Mode, as_mode, as_number, mode_of
from .state import Snapshot

if TYPE_CHECKING:
    from .trainer import Trainer


class Rule(ABC):
    """Says when a run is to stop; `Trainer.run(until=...)` asks it."""

    reason: str
    """What `Stop.reason` then says."""

    unit: Literal["batch", "epoch"] = "epoch"
    """After which of them it is asked."""

    def begin(self, trainer: Trainer) -> None:  # noqa: B027 (most rules have nothing to get ready)
        """Get ready for a run: called before the first batch."""

    @abstractmethod
    def asks_to_stop(self, trainer: Trainer) -> bool:
        """Whether the run is to stop here."""

    def end(self, trainer: Trainer) -> None:  # noqa: B027 (nor anything left to do)
        """Do what is left to do when a run has ended, unless a hook or Ctrl-C paused it."""


class Asked(Rule):
    """A callable of the user's: ``fn(trainer)`` is asked after each batch."""

    reason = "until"
    unit = "batch"

    def __init__(self, fn: Callable[[Trainer], object]) -> None:
        self.fn = fn

    def asks_to_stop(self, trainer: Trainer) -> bool:
        return bool(self.fn(trainer))


class MaxTime(Rule):
    """Stop at the first end of a batch after so many seconds of this run.

    Parameters
    ----------
    seconds : float
        Above 0.
    """

    reason = "max time"
    unit = "batch"

    def __init__(self, seconds: float) -> None:
        self.seconds = number_in("seconds", seconds, above=0.0)
        self._end = math.inf

    def __repr__(self) -> str:
        return f"MaxTime({self.seconds:g})"

    def begin(self, trainer: Trainer) -> None:
        self._end = time.monotonic() + self.seconds

    def asks_to_stop(self, trainer: Trainer) -> bool:
        return time.monotonic() >= self._end


class _Watching(Rule):
    """A rule about a column of the history, which grows with each evaluation."""

    def __init__(self, monitor: str | None, mode: Mode | None) -> None:
        if monitor is not None and not isinstance(monitor, str):
            mend = "Pass e.g. monitor='test_loss'."
            raise bad_value("monitor", "the name of a column of the history", repr(monitor), mend)
        self.monitor = monitor
        self.mode = as_mode(mode)
        self._column = ""
        self._lower = True
        self._seen = 0

    def begin(self, trainer: Trainer) -> None:
        measured = trainer.measured
        column = self.monitor
        if column is None:
            losses = [f"{part}_loss" for part in ("validation", "test", "train")]
            column = next((name for name in losses if name in measured), "test_loss")
        if column not in measured:
            if not measured:
                mend = "Leave evaluate_every at 1, or another whole number."
                raise bad_value("monitor", "a trainer that evaluates", "evaluate_every=None", mend)
            raise UnknownNameError("column to monitor", column, measured)
        self._column = column
        measures = trainer.model.lower_is_better
        self._lower = (self.mode or mode_of(column, trainer._metrics, measures)) == "min"
        self._seen = trainer.history.evaluations

    @property
    def _mode(self) -> str:
        """How the mode is shown, where it was given."""
        return "" if self.mode is None else f", mode={self.mode!r}"

    def _newest(self, trainer: Trainer) -> float | None:
        """Return the monitored number if it is a new one."""
        if trainer.history.evaluations == self._seen:
            return None
        self._seen = trainer.history.evaluations
        return as_number(self._column, trainer.history.last(self._column))


class TargetReached(_Watching):
    """Stop once a measure is as good as asked for.

    Parameters
    ----------
    monitor : str
        A column of the history: "test_accuracy", "train_loss", ...
    target : float
        What is better low is to sink to it, what is better high to rise to it.
    mode : {"min", "max"}, optional
        Whether lower or higher is better. By default inferred where that is known: losses are
        better low, and each metric of `nbann.metrics` says what it is, as do the errors, stable
        patterns and pseudo-likelihood that a model measures of itself. For another function it is
        to be said here, or by an attribute of it, ``f.lower_is_better = True``.

    Raises
    ------
    ValueError
        An argument out of its range; when the run begins, a column that the trainer does not
        measure, or one without a mode of which neither is known.
    """

    reason = "target reached"

    def __init__(self, monitor: str, target: float, *, mode: Mode | None = None) -> None:
        super().__init__(monitor, mode)
        self.target = number_in("target", target)

    def __repr__(self) -> str:
        return f"TargetReached({self.monitor!r}, {self.target:g}{self._mode})"

    def asks_to_stop(self, trainer: Trainer) -> bool:
        value = self._newest(trainer)
        if value is None:
            return False
        return value <= self.target if self._lower else value >= self.target


class EarlyStopping(_Watching):
    """Stop when a measure has not improved for some evaluations (Prechelt, 1998).

    Lutz Prechelt, "Early Stopping - But When?", Neural Networks: Tricks of the Trade, 1998.

    Parameters
    ----------
    monitor : str, optional
        A column of the history; by default the loss on the validation data, else on the test data,
        else on the training data.
    mode : {"min", "max"}, optional
        Whether lower or higher is better; by default inferred as by `TargetReached`.
    patience : int
        Evaluations without an improvement that are borne, at least 1.
    min_delta : float
        By more than this a measure must be better to count as improved, at least 0. NaN never is.
    restore_best : bool
        Put the parameters of the best evaluation back when the run ends, for whatever reason but a
        pause or Ctrl-C.

    Attributes
    ----------
    best : float or None
        The best value so far in this run.
    best_epoch : int or None
        The epochs done when it was measured.

    Raises
    ------
    ValueError
        An argument out of its range; when the run begins, a column that the trainer does not
        measure, or one without a mode of which neither is known.
    """

    reason = "early stopping"

    def __init__(
        self,
        monitor: str | None = None,
        *,
        mode: Mode | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        super().__init__(monitor, mode)
        self.patience = whole_number("patience", patience, least=1)
        self.min_delta = number_in("min_delta", min_delta, least=0.0)
        self.restore_best = bool(restore_best)
        self.best: float | None = None
        self.best_epoch: int | None = None
        self._waited = 0
        self._weights: Snapshot | None = None

    def __repr__(self) -> str:
        return f"EarlyStopping({self.monitor!r}, patience={self.patience}{self._mode})"

    def begin(self, trainer: Trainer) -> None:
        super().begin(trainer)
        self.best = self.best_epoch = self._weights = None
        self._waited = 0

    def asks_to_stop(self, trainer: Trainer) -> bool:
        value = self._newest(trainer)
        if value is None:
            return False
        if self.best is None:
            gain = -math.inf if math.isnan(value) else math.inf
        else:
            gain = self.best - value if self._lower else value - self.best
        if gain > self.min_delta:  # never true of NaN
            self.best, self.best_epoch = value, int(trainer.history["epoch"][-1])
            self._waited = 0
            if self.restore_best:
                self._weights = trainer.model_snapshot()
            return False
        self._waited += 1
        return self._waited >= self.patience

    def end(self, trainer: Trainer) -> None:
        if self._weights is not None:
            trainer.restore_model(self._weights)


Until = Rule | Callable[["Trainer"], object]


def as_rules(until: Until | Iterable[Until] | None) -> list[Rule]:
    """Return rules given as such, as callables, or as a list of both."""
    if until is None:
        return []
    if isinstance(until, str):
        mend = f"For a condition in words attach a breakpoint: trainer.on('batch', {until!r})."
        raise bad_value("until", "a callable until(trainer) -> bool, or a rule", repr(until), mend)
    many: object = [until] if isinstance(until, Rule) or callable(until) else until
    rules: list[Rule] = []
    for one in many if isinstance(many, Iterable) else [many]:
        if isinstance(one, type) and issubclass(one, Rule):
            raise uncalled("until", "a rule", one)
        if not isinstance(one, Rule) and not callable(one):
            raise bad_value(
                "until",
                "a callable until(trainer) -> bool, or a rule such as EarlyStopping()",
                repr(one),
                "Pass e.g. a lambda.",
            )
        rules.append(one if isinstance(one, Rule) else Asked(one))
    return rules
