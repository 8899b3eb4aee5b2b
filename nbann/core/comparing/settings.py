"""Which settings of several trainers differ; imports NumPy and the core's own parts only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..checks import counted
from ..data.dataset import Dataset
from ..data.source import RowSource
from ..model import Model
from ..storing.descriptions import CLASSES, INITIALIZERS, argument_of, parameters_of
from ..storing.outside import fingerprint

if TYPE_CHECKING:
    from ..trainer import Trainer

LONGEST = 60
"""Characters of a value that are shown."""

_SIMPLE = ("l1", "l2", "penalty_per_sample", "shuffle", "seed")
_DATA = {"train": "training data", "validation": "validation data", "test": "test data"}
_ARRAYS = ("X", "y", "mask", "weight", "groups")


class Setting(NamedTuple):
    """A setting that differs: its name, and what it is in each of the trainers, in words."""

    name: str
    values: tuple[str, ...]


def differing(trainers: Sequence[Trainer]) -> list[Setting]:
    """Return the settings that are not the same in all trainers, in a fixed order.

    Model, loss, optimizer with their arguments one by one, batch size, penalties, order of the
    data, seed, dtype, data, and what was done to the runs by hand. What is only measured or stored
    (metrics, evaluations, memory) is left out: it changes no number of a run.
    """
    found: list[Setting] = []
    models = [trainer.model for trainer in trainers]
    _compare("model", models, _names_of(models), found)
    _compare("loss", [trainer.loss for trainer in trainers], {}, found)
    _compare("optimizer", [trainer.optimizer for trainer in trainers], {}, found)
    _compare("batch_size", [trainer._size for trainer in trainers], {}, found)
    for name in _SIMPLE:
        _compare(name, [trainer._given[name] for trainer in trainers], {}, found)
    _compare("dtype", [trainer._recipe.dtype.name for trainer in trainers], {}, found)
    for part, name in _DATA.items():
        _compare_data(name, [getattr(trainer, f"{part}_data") for trainer in trainers], found)
    done = [tuple((act.moment, act.text) for act in trainer.timeline) for trainer in trainers]
    _add("done by hand", [_acts(acts) for acts in done], _all_same(done, _equal), found)
    return found


def _compare(
    path: str, values: Sequence[Any], names: Mapping[int, str], found: list[Setting]
) -> None:
    """Compare values of one setting, down to the arguments of what is made of arguments."""
    first = values[0]
    if all(value is first for value in values):
        return
    kinds: set[Any] = {type(value) for value in values}
    kind: Any = type(first)
    path = names.get(id(first), path)
    if len(kinds) == 1 and kind in (*CLASSES.values(), *INITIALIZERS.values()):
        for name in parameters_of(kind):
            arguments = [_argument(value, name) for value in values]
            inner = name if path == "model" and name == "layers" else f"{path}.{name}"
            _compare(inner, arguments, names, found)
        return
    if kinds <= {list, tuple} and len({len(value) for value in values}) == 1:
        for place, parts in enumerate(zip(*values, strict=True)):
            _compare(f"{path}[{place}]", parts, names, found)
        return
    _add(path, [_shown(value) for value in values], _all_same(values, _equal), found)


def _argument(value: Any, name: str) -> Any:
    found = argument_of(value, name)
    return tuple(found) if isinstance(found, list) else found


def _names_of(models: Sequence[Model]) -> dict[int, str]:
    """Return what layers are called, by their identity."""
    return {id(layer): name for model in models for name, layer in model.leaves()}


def _add(name: str, shown: Sequence[str], same: bool, found: list[Setting]) -> None:
    if not same:
        found.append(Setting(name, tuple(shown)))


def _all_same(values: Sequence[Any], equal: Callable[[Any, Any], bool]) -> bool:
    return all(equal(values[0], value) for value in values[1:])


def _equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, RowSource) and isinstance(other, RowSource):
        return fingerprint(one) == fingerprint(other)
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return (
            isinstance(one, np.ndarray)
            and isinstance(other, np.ndarray)
            and np.array_equal(one, other)
        )
    return bool(one == other)


def _shown(value: Any) -> str:
    """Return a value as it stands in a table."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return _cut(f"{len(value)}: {', '.join(_shown(one) for one in value)}")
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if type(value).__name__ not in (*CLASSES, *INITIALIZERS) and callable(value):
        return _cut(str(getattr(value, "__qualname__", type(value).__qualname__)))
    return _cut(value if isinstance(value, str) else repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


# ---- data ----------------------------------------------------------------------------------------
def _compare_data(name: str, sets: Sequence[Dataset | None], found: list[Setting]) -> None:
    first = sets[0]
    same = _all_same(sets, _same_data)
    shown = []
    for data in sets:
        if data is None:
            shown.append("none")
            continue
        text = f"{data.name}, {' x '.join(map(str, data.X.shape))}"
        if first is not None and data is not first and not _same_data(first, data):
            text += _apart(first, data)
        shown.append(_cut(text))
    _add(name, shown, same, found)


def _same_data(one: Dataset | None, other: Dataset | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(_equal(getattr(one, key), getattr(other, key)) for key in _ARRAYS)


def _apart(first: Dataset, data: Dataset) -> str:
    """Return in words how far data of the same shape differs from the first."""
    lazy = any(isinstance(a, RowSource) for a in (data.X, data.y, first.X, first.y))
    if lazy or data.X.shape != first.X.shape or data.y.shape != first.y.shape:
        return ""
    rows = len(data.X)
    parts = [(getattr(first, key), getattr(data, key)) for key in ("X", "y")]
    other = np.zeros(rows, bool)
    for one, two in parts:
        other |= (np.asarray(one) != np.asarray(two)).reshape(rows, -1).any(axis=1)
    count = int(other.sum())
    return f" ({count:,} of {counted(rows, 'row')} other)" if count else " (weights or masks other)"


def _acts(acts: Sequence[tuple[Any, str]]) -> str:
    if not acts:
        return "nothing"
    return _cut("; ".join(text for _, text in acts))
