"""What the panels of a sweep read off it: what varies, what a run is called; imports the core."""

from __future__ import annotations

import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core.errors import UnknownNameError, bad_value
from ..core.many_runs import ManyRuns, OneRun
from .text import number, plain

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
    found: dict[Any, Any] = {}
    for value in values:
        found.setdefault(identity(value), value)
    if found and all(is_number(value) for value in found.values()):
        return sorted(found.values())
    return list(found.values())


def identity(value: Any) -> Any:
    """Return what is the same for the same setting, and can be a key; 1 and 1.0 are one number."""
    if is_number(value):
        return value
    if isinstance(value, (list, tuple)):
        return type(value).__name__, tuple(identity(one) for one in value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if callable(value) and hasattr(value, "__name__"):
        return id(value)  # two functions may have one name: "<lambda>"
    return type(value).__name__, repr(value)


def is_number(value: object) -> bool:
    """Whether a setting is a number that has a place on a scale."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return real and abs(value) <= sys.float_info.max  # type: ignore[operator]  # just looked


def told_apart(values: Sequence[Any]) -> list[str]:
    """Return short text for each of some values, no two the same."""
    names = [said(value) for value in values]
    twice, pairs = Counter(names), zip(names, values, strict=True)
    return _numbered([repr(v) if twice[n] > 1 and is_number(v) else n for n, v in pairs])


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names with a number behind those that are there more than once."""
    twice, seen, found = Counter(names), Counter[str](), []
    for name in names:
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if twice[name] > 1 else name)
    return found


def neighbors(values: Sequence[Any], most: int) -> list[list[Any]]:
    """Return numbers in at most so many groups of neighbors, of about one size; others alone."""
    if len(values) <= most or not all(is_number(value) for value in values):
        return [[value] for value in values]
    ends = [len(values) * i // most for i in range(most + 1)]
    return [list(values[a:b]) for a, b in itertools.pairwise(ends)]


def groups_told_apart(groups: Sequence[Sequence[Any]]) -> list[str]:
    """Return what groups of values are called, no two the same: "0.1 to 0.25"."""
    if all(len(group) == 1 for group in groups):
        return told_apart([group[0] for group in groups])
    ends = [[number(float(group[i]), 2) for i in (0, -1)] for group in groups]
    return _numbered([low if low == high else f"{low} to {high}" for low, high in ends])


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
