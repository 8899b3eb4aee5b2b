"""Interventions to a document and arrays, and back; imports the core's own parts only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..parallel.dividing import MANY
from ..state import Snapshot
from ..timeline.acts import Act, Divide, Restore, Restrain, SetHyper, SetValues
from ..timeline.moment import Moment
from .container import Arrays, Document
from .faults import bad_file, item, items, whole
from .run import fitting

if TYPE_CHECKING:
    from ..trainer import Trainer


def describe_act(act: Act) -> tuple[Document, Arrays]:
    """Return an intervention as a section of a document, and its arrays."""
    section: Document = {"moment": list(act.moment), "kind": type(act).__name__}
    match act:
        case SetValues():
            section |= {"name": act.name}
            return section, {"places": act.places, "values": act.values, "before": act.before}
        case Divide():
            return section | {"workers": act.workers}, {}
        case SetHyper():
            section |= {"name": act.name, "value": act.value, "before": act.before}
            return section | {"shown": list(act.shown)}, {}
        case Restrain():
            names = sorted({name for name, _ in act.pairs})
            places = [sorted(place for n, place in act.pairs if n == name) for name in names]
            section |= {"which": act.which, "held": act.held, "what": act.what, "names": names}
            return section, {str(n): np.array(p, np.int64) for n, p in enumerate(places)}
        case Restore():
            section |= {"names": list(act.snapshot.arrays)}
            return section, {str(n): a for n, a in enumerate(act.snapshot.arrays.values())}
    raise TypeError(f"{type(act).__name__} can not be stored.")


def act_of(
    section: object, moment: Moment, trainer: Trainer, arrays: Mapping[str, NDArray[Any]]
) -> Act:
    """Return an intervention of a file, or say what does not fit the trainer."""
    kind = item(section, "kind", str)
    match kind:
        case "SetValues":
            return _set_values(section, moment, trainer, arrays)
        case "SetHyper":
            return _set_hyper(section, moment, trainer)
        case "Divide":
            return Divide(moment, whole(section, "workers", 0, MANY))
        case "Restrain":
            return _restrain(section, moment, trainer, arrays)
        case "Restore":
            return _restore(section, moment, trainer, arrays)
    raise bad_file("An intervention", "one that this nbann knows", repr(kind)[:40])


def _set_values(
    section: object, moment: Moment, trainer: Trainer, arrays: Mapping[str, NDArray[Any]]
) -> Act:
    name = item(section, "name", str)
    batches = trainer._cursor.batches  # an activation has as many rows as its batch
    program = trainer._program_for(batches.length(moment.step % batches.count))
    target = program.arrays.get(name)
    if target is None or target.dtype.kind != "f" or not target.flags.writeable:
        raise bad_file("An intervention", "an array that can be set", repr(name)[:60])
    writer = program.writer.get(name)
    there = writer is not None and writer.index < moment.done < trainer._timeline.ops
    if not trainer._persists(name) and (name in trainer._train or not there):
        raise bad_file("An intervention", "what had been computed at its moment", repr(name)[:60])
    places, flat = _places(arrays, "places", target.size), np.empty(0, target.dtype)
    values = fitting(arrays, "values", flat, places.shape)
    before = fitting(arrays, "before", flat, places.shape)
    if not np.isfinite(values).all():
        raise bad_file("An intervention", "finite numbers", "others")
    return SetValues(moment, name, places, values, before, target.shape)


def _set_hyper(section: object, moment: Moment, trainer: Trainer) -> Act:
    name = item(section, "name", str)
    known = (*trainer._state.hyper, *trainer.optimizer.shares)
    value, before = item(section, "value", float), item(section, "before", float)
    shown = item(section, "shown", list)
    fits = len(shown) == 3 and isinstance(shown[0], str) and all(_is_number(n) for n in shown[1:])
    if name not in known or not (_is_number(value) and _is_number(before) and fits):
        raise bad_file("An intervention", "a hyper-parameter and numbers", repr(name)[:60])
    words = (shown[0][:40], float(shown[1]), float(shown[2]))
    return SetHyper(moment, name, float(value), float(before), words)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _restrain(
    section: object, moment: Moment, trainer: Trainer, arrays: Mapping[str, NDArray[Any]]
) -> Act:
    which, held = item(section, "which", str), item(section, "held", bool)
    if which not in ("frozen", "silenced"):
        raise bad_file("An intervention", "'frozen' or 'silenced'", repr(which)[:40])
    known = trainer.elements_of(which)
    pairs: set[tuple[str, int]] = set()
    for number, name in enumerate(items(section, "names", str)):
        if name not in known:
            raise bad_file("An intervention", f"what can be {which}", repr(name)[:60])
        pairs.update((name, int(p)) for p in _places(arrays, str(number), known[name]))
    return Restrain(moment, which, frozenset(pairs), held, item(section, "what", str)[:200])


def _restore(
    section: object, moment: Moment, trainer: Trainer, arrays: Mapping[str, NDArray[Any]]
) -> Act:
    persistent = trainer._state.persistent
    found = {}
    for number, name in enumerate(items(section, "names", str)):
        if name not in persistent:
            raise bad_file("An intervention", "arrays of the state", repr(name)[:60])
        found[name] = fitting(arrays, str(number), persistent[name])
    return Restore(moment, Snapshot(found))


def _places(arrays: Mapping[str, NDArray[Any]], key: str, size: int) -> NDArray[np.intp]:
    places = arrays.get(key)
    fits = places is not None and places.ndim == 1 and places.dtype.kind == "i" and places.size
    if places is None or not fits or places.min() < 0 or places.max() >= size:
        raise bad_file("An intervention", f"places up to {size - 1}", "others")
    return places.astype(np.intp)
