"""From a grid, a list or a sampler to the settings of each run; imports the core and NumPy."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, bad_value

Settings = dict[str, Any]
Grid = Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]] | Callable[..., Mapping[str, Any]]

_FORMS = (
    "a dict of lists (every combination is run), a list of dicts (each is run), "
    "or a sampler(rng) -> dict together with runs="
)
_EXAMPLE = "Pass e.g. {'learning_rate': [0.1, 0.01], 'depth': [1, 2]}."


def settings_of(grid: Grid, runs: int | None, sampler_seed: int) -> list[Settings]:
    """Return the settings of each run, in order.

    Parameters
    ----------
    grid : dict of lists, iterable of dicts, or sampler
    runs : int, optional
        How many are taken from a sampler or an iterable.
    sampler_seed : int
        Of the generator that a sampler is given.

    Raises
    ------
    ValueError
        Nothing to run, a value where a list of them is meant, names that are no text.
    """
    if runs is not None:
        runs = whole_number("runs", runs, least=1)
    if isinstance(grid, Mapping):
        if runs is not None:
            mend = "Leave runs out, or pass a sampler: lambda rng: {...}."
            raise bad_value("runs", "no number beside a dict of lists", str(runs), mend)
        return _product(grid)
    if isinstance(grid, (type, str, bytes)):
        raise bad_value("grid", _FORMS, repr(grid), _EXAMPLE)
    if isinstance(grid, Iterable):
        found = list(itertools.islice(grid, runs)) if runs else _all_of(grid)
    elif callable(grid):
        found = _drawn(grid, runs, sampler_seed)
    else:
        raise bad_value("grid", _FORMS, f"{grid!r:.60} ({type(grid).__name__})", _EXAMPLE)
    if not found:
        raise bad_value("grid", "at least one run", "an empty one", _EXAMPLE)
    return [_checked(one, f"run {i}") for i, one in enumerate(found)]


def _all_of(grid: Iterable[Any]) -> list[Any]:
    """Return all that an iterable gives, unless it has no end."""
    found = list(itertools.islice(grid, 1_000_001))
    if len(found) > 1_000_000:
        mend = "Say how many are to be run: sweep(..., runs=100)."
        raise bad_value("grid", "at most 1,000,000 runs", "more", mend)
    return found


def _product(grid: Mapping[Any, Any]) -> list[Settings]:
    lists = {}
    for name, values in grid.items():
        _check_name(name)
        lists[name] = _listed(name, values)
    return [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]


def _listed(name: str, values: object) -> list[Any]:
    mend = f"Put it in a list: {{{name!r}: [{values!r:.40}]}}."
    single = isinstance(values, (str, bytes, Mapping)) or getattr(values, "shape", None) == ()
    if single or not isinstance(values, Iterable):
        raise bad_value(f"grid[{name!r}]", "a list of values", f"{values!r:.60}", mend)
    if isinstance(values, (set, frozenset)):
        mend = f"Give them an order: sorted({name})."
        raise bad_value(f"grid[{name!r}]", "a list of values", "a set, which has no order", mend)
    found = [plain(value) for value in values]
    if not found:
        mend = "List at least one value, or leave the setting out."
        raise bad_value(f"grid[{name!r}]", "at least one value", "an empty list", mend)
    return found


def plain(value: Any) -> Any:
    """Return NumPy's numbers and texts as Python's, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _drawn(sampler: Callable[..., Any], runs: int | None, seed: int) -> list[Any]:
    if runs is None:
        mend = "Say how many runs: sweep(..., runs=20)."
        raise bad_value("grid", "runs= beside a sampler", "a sampler alone", mend)
    rng = np.random.default_rng(whole_number("sampler_seed", seed, least=0))
    try:
        takes = len(inspect.signature(sampler).parameters)
    except (TypeError, ValueError):  # one written in C tells nothing of itself
        takes = 1
    return [sampler(rng) if takes else sampler() for _ in range(runs)]


def _checked(settings: object, where: str) -> Settings:
    if not isinstance(settings, Mapping):
        raise bad_value(f"grid, {where}", "a dict of settings", f"{settings!r:.60}", _EXAMPLE)
    for name in settings:
        _check_name(name)
    return {name: plain(value) for name, value in settings.items()}


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        mend = "Settings are passed to build by name: build(**settings)."
        raise bad_value("grid", "names of settings as text", repr(name), mend)


# ---- what build takes ---------------------------------------------------------------------------
class Taken:
    """What `build` takes, as far as its signature says.

    Attributes
    ----------
    names : tuple of str or None
        None: anything goes.
    needed : tuple of str
    defaults : dict
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self.names: tuple[str, ...] | None = None
        self.needed: tuple[str, ...] = ()
        self.defaults: Settings = {}
        try:
            parameters = inspect.signature(build).parameters.values()
        except (TypeError, ValueError):  # one written in C tells nothing of itself
            return
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        self.needed = tuple(p.name for p in named if p.default is p.empty)
        self.defaults = {p.name: p.default for p in named if p.default is not p.empty}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            self.names = tuple(p.name for p in named)

    def takes(self, name: str) -> bool:
        """Whether a setting can be passed to it."""
        return self.names is None or name in self.names

    def check(self, settings: Settings) -> None:
        """Raise where a setting is unknown or one that is needed is missing."""
        for name in settings:
            if not self.takes(name):
                raise UnknownNameError("setting", name, self.names or ())
        missing = [name for name in self.needed if name not in settings]
        if missing:
            mend = f"Add it to the grid, or give it a default: def build(..., {missing[0]}=...)."
            expected = f"a value for each of {', '.join(self.needed)}"
            raise bad_value("grid", expected, f"none for {', '.join(missing)}", mend)


def seeds_of(
    seeds: int | Iterable[int] | None, taken: Taken, settings: Sequence[Settings]
) -> list[int] | None:
    """Return the seeds of each setting, or None where build is given none.

    Raises
    ------
    ValueError
        Seeds for a build that takes none, or beside those of the grid; negative ones.
    """
    in_grid = any("seed" in one for one in settings)
    if seeds is None:
        return [0] if "seed" in taken.needed and not in_grid else None
    if in_grid:
        mend = "Leave seeds out, or take 'seed' out of the grid."
        raise bad_value("seeds", "none beside a grid with the setting 'seed'", repr(seeds), mend)
    if not taken.takes("seed"):
        mend = "Let it take one: def build(..., seed): return nbann.Trainer(..., seed=seed)."
        raise bad_value("seeds", "a build with a parameter 'seed'", "one without", mend)
    if isinstance(seeds, Iterable) and not isinstance(seeds, (str, bytes)):
        found = [whole_number("seeds", plain(s), least=0, mend=_SEEDS) for s in seeds]
    else:
        found = list(range(whole_number("seeds", plain(seeds), least=1, mend=_SEEDS)))
    if not found:
        raise bad_value("seeds", "at least one", "an empty list", _SEEDS)
    return found


_SEEDS = "Pass a number of seeds, seeds=3, or the seeds themselves, seeds=[0, 1, 2]."


def with_seeds(settings: Iterable[Settings], seeds: list[int] | None) -> Iterator[Settings]:
    """Yield each setting with each seed."""
    for one in settings:
        if seeds is None:
            yield one
        for seed in seeds or ():
            yield one | {"seed": seed}
