"""One run of a sweep, wherever it is carried out; imports the core and NumPy.

A worker imports this module and nothing above it: no pictures, no widgets.
"""

from __future__ import annotations

import copy
import os
import platform
import signal
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..core.errors import UnknownNameError
from ..core.moves import Stop
from ..core.scoring.history import History
from ..core.scoring.monitor import Mode, mode_of
from ..core.stopping import EarlyStopping, Rule, as_rules
from ..core.storing.standing import standing_of
from ..core.trainer import Trainer
from ..core.version import version

Status = Literal["waiting", "done", "diverged", "failed", "interrupted", "not run"]
Measure = tuple[str, Callable[[Trainer], Any] | None]
"""A metric: its name, and what computes it, or None for a column of the history."""

USUAL_EPOCHS = 10

_made: weakref.WeakSet[Trainer] = weakref.WeakSet()


@dataclass(frozen=True)
class Asked:
    """What all runs of a sweep have in common.

    Attributes
    ----------
    build : callable
    until : list of Rule
    measures : tuple of (name, function or None), or None for all columns
    version : str
        Of the nbann that asks.
    home : tuple
        The process that asks; see `here`.
    """

    build: Callable[..., Any]
    until: list[Rule]
    measures: tuple[Measure, ...] | None
    version: str
    home: tuple[str, int]


@dataclass
class Outcome:
    """What a run has come to; plain data, which can leave a worker."""

    status: Status
    reason: str = ""
    traceback: str = ""
    history: History = field(default_factory=History)
    metrics: dict[str, float] = field(default_factory=dict)
    modes: dict[str, Mode | None] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    standing: bytes | None = None
    unmeasured: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()


def here() -> tuple[str, int]:
    """Return what tells this process from others, on this machine and on others."""
    return platform.node(), os.getpid()


def carry_out(
    asked: Asked, settings: Mapping[str, Any], epochs: int | None, stop: Any = None
) -> Outcome:
    """Build a trainer, train it, and tell what it came to; only Ctrl-C at home gets out.

    Parameters
    ----------
    asked : Asked
    settings : dict
        For build.
    epochs : int or None
        None: the usual number, and none for a trainer that `build` has trained already.
    stop : threading.Event, optional
        Set to let the run end at the next batch.
    """
    if version() != asked.version:
        return Outcome("failed", other_version(version(), asked.version))
    begun = time.perf_counter()
    outcome = Outcome("failed")
    with undisturbed(asked.home):
        try:
            _train(outcome, asked, settings, epochs, stop)
        except KeyboardInterrupt:
            outcome.status, outcome.reason = "not run", "interrupted"
        except BaseException as error:  # as those of pytest and asyncio: no reason to lose a sweep
            outcome.status = "failed"
            outcome.reason = f"{type(error).__name__}: {error}".strip().removesuffix(":")
            outcome.traceback = "".join(traceback.format_exception(error))
    outcome.seconds = time.perf_counter() - begun
    return outcome


def _train(
    outcome: Outcome, asked: Asked, settings: Mapping[str, Any], epochs: int | None, stop: Any
) -> None:
    trainer = made_by(asked.build, settings)
    outcome.measured = trainer.measured
    outcome.unmeasured = tuple(
        name
        for name, fn in asked.measures or ()
        if fn is None and name not in ("loss", *trainer.measured)
    )
    if outcome.unmeasured:  # told now, and not after hours of training
        known = ["loss", *trainer.measured]
        raise UnknownNameError("history column", outcome.unmeasured[0], known)
    fresh = trainer.position == (0, 0, 0)
    rules = copy.deepcopy(asked.until)
    interrupted = False
    try:
        ended = train(trainer, rules, epochs, stop)
    except KeyboardInterrupt:
        interrupted = True
        ended = Stop("interrupted", trainer.position)
    if stop is not None and stop.is_set() and ended.reason == "until":
        interrupted = True
    outcome.history = trainer.history.copy()
    outcome.epochs = trainer.position.epoch
    _measure(outcome, asked, trainer, rules)
    outcome.status, outcome.reason = _verdict(ended, trainer)
    if interrupted:
        outcome.status = "interrupted"
        outcome.reason = f"interrupted after {trainer.position.epoch} epochs"
    if fresh:
        outcome.standing = standing_of(trainer)


def train(trainer: Trainer, rules: list[Rule], epochs: int | None, stop: Any = None) -> Stop:
    """Train as long as is asked for; None is the usual, or nothing where `build` has trained."""
    if epochs is None:
        epochs = USUAL_EPOCHS if trainer.position == (0, 0, 0) else 0
    told = rules if stop is None else [*rules, *as_rules(lambda _: stop.is_set())]
    return trainer.run(epochs, told) if epochs else Stop("epochs", trainer.position)


def made_by(build: Callable[..., Any], settings: Mapping[str, Any]) -> Trainer:
    """Return the trainer that `build` makes of settings.

    Raises
    ------
    TypeError
        It made something else, or returned the same trainer as before.
    """
    trainer = build(**settings)
    if not isinstance(trainer, Trainer):
        raise TypeError(
            f"build: expected it to return a Trainer; received {type(trainer).__name__}. "
            f"End it with: return nbann.Trainer(...)."
        )
    if trainer in _made:
        raise TypeError(
            "build: expected a new Trainer at each call; received the same one again. "
            "Make the trainer within build."
        )
    _made.add(trainer)
    return trainer


def _verdict(ended: Stop, trainer: Trainer) -> tuple[Status, str]:
    if ended.reason == "nan":
        return "diverged", ended.why or "a number was not finite any more"
    losses = trainer.history.losses
    if losses and not np.isfinite(losses[-1]):
        return "diverged", f"the loss was {losses[-1]} at the end"
    if ended.reason == "epochs":
        return "done", ""
    return "done", f"{ended.reason}: {ended.why}" if ended.why else ended.reason


def _measure(outcome: Outcome, asked: Asked, trainer: Trainer, rules: list[Rule]) -> None:
    """Fill in the metrics: of a net whose best weights were put back, those of that epoch."""
    history = trainer.history
    place = history.evaluations - 1
    for rule in rules:
        best = isinstance(rule, EarlyStopping) and rule.restore_best and rule.best_epoch
        if best:
            place = history.evaluations_at(int(best)) - 1
    row = history.row(place) if place >= 0 else {}
    if history.losses:
        row["loss"] = history.losses[-1]
    measures = asked.measures
    if measures is None:
        names = [name for name in trainer.measured if name != "epoch"]
        measures = tuple((name, None) for name in names or ["loss"])  # where nothing is evaluated
    for name, fn in measures:
        value = row.get(name, np.nan) if fn is None else _measured(name, fn, trainer)
        if isinstance(value, float):
            outcome.metrics[name] = value
            outcome.modes[name] = _mode(name, fn, trainer)
        elif asked.measures is not None:
            raise TypeError(
                f"metrics: expected columns of single numbers; received {name!r}, of arrays. "
                f"Pass a function instead: metrics={{{name!r}: lambda trainer: ...}}."
            )


def _measured(name: str, fn: Callable[[Trainer], Any], trainer: Trainer) -> float:
    """Return what a function of the trainer measures; what goes wrong in it is told by its name."""
    value = fn(trainer)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"metrics: expected {name!r} to return a number; received {value!r:.60} "
            f"({type(value).__name__}). End it with: return float(...)."
        ) from error


def _mode(name: str, fn: Any, trainer: Trainer) -> Mode | None:
    if fn is not None:
        lower = getattr(fn, "lower_is_better", None)
        return None if lower is None else "min" if lower else "max"
    if name == "loss":
        return "min"
    try:
        return mode_of(name, trainer._metrics, trainer.model.lower_is_better)
    except ValueError:  # not known: whoever asks for the best has to say it
        return None


def other_version(there: str, wanted: str) -> str:
    """Say that a worker has another nbann."""
    return (
        f"workers: expected nbann {wanted}, as in this process; received one with nbann {there}. "
        f"Install the same on all of them: pip install nbann=={wanted}"
    )


# ---- what a worker is asked before and around a run ---------------------------------------------
@contextmanager
def undisturbed(home: tuple[str, int]) -> Iterator[None]:
    """Let a worker process finish what it does when Ctrl-C is meant for the one that asks.

    Matrix products take one thread there: the numbers then do not depend on how many processors a
    worker has, and workers do not fight for them.
    """
    if here() == home:
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if main else None
    with one_thread():
        if before is None:
            yield
            return
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


_limits: list[Any] = []
_limiting = threading.Lock()
_inside = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Let matrix products take one thread, until the last one that asked for it has left."""
    # it comes with scikit-learn, and has no types
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    global _inside
    with _limiting:
        if not _inside:
            _limits.append(threadpool_limits(limits=1, user_api="blas"))
        _inside += 1
    try:
        yield
    finally:
        with _limiting:
            _inside -= 1
            if not _inside:
                _limits.pop().restore_original_limits()
