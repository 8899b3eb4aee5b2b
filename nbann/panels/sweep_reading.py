"""What the panels of a sweep read off it: what varies, what a run is called; imports the core."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core.errors import UnknownNameError, bad_value
from ..core.many_runs import ManyRuns, OneRun
from .text import plain

SEED = "seed"


def value_of(run: OneRun, name: str) -> Any:
    """Return a setting of a run, or the seed that it was given."""
    if name == SEED and SEED not in run.settings:
        return run.seed
    return run.settings.get(name)


def names_in(sweep: ManyRuns) -> list[str]:
    """Return the settings, and the seed where there is one."""
    seeded = any(run.seed is not None for run in sweep.runs)
    return [*sweep.setting_names, *([SEED] if seeded and SEED not in sweep.setting_names else [])]


def varied(sweep: ManyRuns) -> list[str]:
    """Return the settings that are not the same in all runs, the seed last."""
    names = names_in(sweep)
    return [name for name in names if len(distinct(value_of(r, name) for r in sweep.runs)) > 1]


def distinct(values: Iterable[Any]) -> list[Any]:
    """Return each value once: numbers in their order, others as they come."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(said(value, 200), value)
    if found and all(is_number(value) for value in found.values()):
        return sorted(found.values())
    return list(found.values())


def is_number(value: object) -> bool:
    """Whether a setting is a number that has a place on a scale."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return real and math.isfinite(float(value))  # type: ignore[arg-type]  # just looked


def said(value: object, longest: int = 24) -> str:
    """Return a setting's value as short text."""
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−")
    if isinstance(value, (list, tuple)):
        return plain("(" + ", ".join(said(one) for one in value) + ")", longest)
    return plain(getattr(value, "__name__", value), longest)


def called(run: OneRun, names: Sequence[str]) -> str:
    """Return what a run is called: "rate=0.1, depth=2"."""
    inner = ", ".join(f"{plain(name)}={said(value_of(run, name))}" for name in names)
    return inner or f"run {run.index}"


def checked_setting(sweep: ManyRuns, name: str | None, what: str) -> str | None:
    """Return the name of a setting, or say which there are."""
    if name is not None and name not in names_in(sweep):
        raise UnknownNameError(f"setting for {what}", name, names_in(sweep))
    return name


def checked_text(name: object, what: str) -> str | None:
    """Return a name that is given as an option, or None."""
    if name is not None and not isinstance(name, str):
        raise bad_value(what, "a name", repr(name), f"Pass e.g. {what}='learning_rate'.")
    return name


def best_of(sweep: ManyRuns, metric: str) -> OneRun | None:
    """Return the run that is best by a metric, or None where there is none, or none is better."""
    done = [r for r in sweep.runs if r.status == "done" and np.isfinite(number_of(r, metric))]
    try:
        lower = sweep.mode_of(metric) == "min"
    except ValueError:
        return None
    return min(done, key=lambda r: number_of(r, metric) * (1 if lower else -1), default=None)


def number_of(run: OneRun, metric: str) -> float:
    """Return what a run has come to, NaN where it has not."""
    return float(run.metrics.get(metric, math.nan))


def counts_of(runs: Iterable[OneRun], statuses: Sequence[str]) -> str:
    """Return how many runs have one of these statuses: "2 failed, 1 diverged"."""
    found = Counter(run.status for run in runs)
    return ", ".join(f"{found[status]} {status}" for status in statuses if found[status])


def measured_as(column: str) -> str:
    """Return a column's name as words."""
    return "batch loss" if column == "loss" else plain(column).replace("_", " ")
