"""What `nbann.sweep` is asked for, checked before anything runs; imports the core."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..core.checks import whole_number
from ..core.errors import bad_value, steps_to_user
from ..core.stopping import Until, as_rules
from ..core.trainer import Trainer
from ..core.version import version
from .driver import Job
from .grids import Grid, Settings, Taken, seeds_of, settings_of, with_seeds
from .results import Sweep
from .task import Asked, Measure, here

Metrics = str | Sequence[str | Callable[[Trainer], Any]] | Mapping[str, Callable[[Trainer], Any]]


def checked(
    build: Callable[..., Trainer],
    grid: Grid,
    metrics: Metrics | None,
    seeds: int | Iterable[int] | None,
    epochs: int | None,
    until: Until | Iterable[Until] | None,
    runs: int | None,
    sampler_seed: int,
) -> tuple[Asked, list[Job], Sweep]:
    """Return what is asked for, the runs, and the sweep that they will fill."""
    if not callable(build) or isinstance(build, Trainer):
        mend = "Pass a function: def build(learning_rate): return nbann.Trainer(...)."
        received = f"{build!r:.60} ({type(build).__name__})"
        raise bad_value("build", "a function that returns a Trainer", received, mend)
    taken = Taken(build)
    listed = settings_of(grid, runs, sampler_seed)
    own_epochs = not taken.takes("epochs") and any("epochs" in one for one in listed)
    if own_epochs and epochs is not None:
        mend = "Leave one of them out."
        raise bad_value("epochs", "one of the grid's 'epochs' and epochs=", "both", mend)
    given_seeds = seeds_of(seeds, taken, listed)
    if not any(listed) and given_seeds is None:
        mend = "Pass e.g. {'learning_rate': [0.1, 0.01]}, or several seeds."
        raise bad_value("grid", "at least one setting", "none", mend)
    asked = Asked(build, as_rules(until), measures_of(metrics), version(), here())
    jobs: list[Job] = []
    settings: list[Settings] = []
    seen = set()
    for one in with_seeds(listed, given_seeds):
        passed = {n: v for n, v in one.items() if not (own_epochs and n == "epochs")}
        taken.check(passed | ({"seed": 0} if given_seeds else {}))
        long = one["epochs"] if own_epochs and "epochs" in one else epochs
        key = _same(one)
        if key not in seen:
            seen.add(key)
            long = None if long is None else whole_number("epochs", long, least=1)
            jobs.append(Job(len(jobs), passed, long))
            settings.append(dict(one))
    twice = len(listed) * len(given_seeds or [0]) - len(jobs)
    if twice:
        warnings.warn(
            f"grid: {twice} of the runs are there more than once; each is run once.",
            UserWarning,
            stacklevel=steps_to_user(),
        )
    seeded = [one.pop("seed") if given_seeds else None for one in settings]
    return asked, jobs, Sweep(asked, settings, jobs, seeded, taken.defaults)


def _same(settings: Settings) -> str:
    """Return text that is the same for the same plain settings; objects are their own."""
    return repr({name: _plainly(value) for name, value in sorted(settings.items())})


def _plainly(value: object) -> Any:
    if isinstance(value, (bool, int, float, str, type(None))):
        return value
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [_plainly(one) for one in value]
    return id(value)


def measures_of(metrics: Metrics | None) -> tuple[Measure, ...] | None:
    """Return metrics as pairs of a name and a function, which is None for columns of the history.

    Raises
    ------
    ValueError
        Something else than names and functions, or none.
    """
    if metrics is None:
        return None
    mend = "Pass e.g. metrics=['test_loss'], or {'weights': lambda trainer: ...}."
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    found: list[Measure] = []
    if isinstance(metrics, Mapping):
        found = [(name, fn) for name, fn in metrics.items()]
    elif isinstance(metrics, Iterable):
        for one in metrics:
            name = one if isinstance(one, str) else getattr(one, "__name__", repr(one))
            found.append((name, None if isinstance(one, str) else one))
    if not found:
        raise bad_value("metrics", "names of columns, or functions", repr(metrics), mend)
    for name, fn in found:
        if not isinstance(name, str) or not (fn is None or callable(fn)):
            raise bad_value("metrics", "names of columns, or functions", repr(fn or name), mend)
    if len({name for name, _ in found}) < len(found):
        raise bad_value("metrics", "each name once", repr([n for n, _ in found]), mend)
    return tuple(found)
