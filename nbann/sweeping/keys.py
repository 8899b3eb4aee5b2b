"""What makes two runs the same run: a digest of build, settings and length; imports the core."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from .shipping import packed
from .task import Asked

if TYPE_CHECKING:
    from .driver import Job

_PLAIN = (bool, int, str, type(None))


def keys_of(asked: Asked, jobs: Iterable[Job]) -> list[str]:
    """Return a name for the record of each run: 32 hexadecimal digits.

    It depends on nbann's version, on `build` (its name, its code and what it holds: defaults,
    variables of a function round it but for lists and sets, the object of a method; not the code of
    what it calls), on the settings, the epochs and the rules of stopping, and not on the metrics.

    Raises
    ------
    ValueError
        A setting that can not be written down.
    """
    build, until = said_of(asked.build), [said_of(rule) for rule in asked.until]
    found = []
    for job in jobs:
        settings = {name: said_of(value) for name, value in job.settings.items()}
        parts = [asked.version, build, settings, job.epochs, until]
        found.append(_digest(json.dumps(parts, sort_keys=True).encode())[:32])
    return found


def said_of(value: object, within: tuple[object, ...] = ()) -> Any:
    """Return plain data that is the same for the same value, in this process and in another.

    Parameters
    ----------
    value : object
    within : tuple of object
        What it is found in: functions and objects may hold themselves.

    Raises
    ------
    ValueError
        Something that is no data: a lock, an open file.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if any(one is value for one in within):
        return {"itself": len(within)}
    within = (*within, value)
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [said_of(one, within) for one in value]}
    if isinstance(value, Mapping):
        pairs = [[said_of(k, within), said_of(v, within)] for k, v in value.items()]
        return {"mapping": pairs}
    if isinstance(value, (set, frozenset)):  # their order differs from process to process
        return {"set": sorted(json.dumps(said_of(one, within)) for one in value)}
    if isinstance(value, np.ndarray) and value.dtype != object:
        kept = np.ascontiguousarray(value)
        return {"array": [str(kept.dtype), kept.shape, _digest(kept.tobytes())]}
    if isinstance(value, functools.partial):
        return {"partial": said_of([value.func, value.args, value.keywords], within)}
    if isinstance(value, type):
        return {"class": f"{value.__module__}.{value.__qualname__}"}
    if callable(value) and hasattr(value, "__qualname__"):
        held = _held_by(value, within)
        home = getattr(value, "__module__", None)
        return {"function": [home, value.__qualname__, code_of(value), *held]}
    fn = getattr(value, "fn", None)
    if callable(fn):  # the rule round a function of the user's
        return {"rule": said_of(fn, within)}
    return {"object": _said_of_object(value, within)}


def _held_by(fn: Callable[..., Any], within: tuple[object, ...]) -> list[Any]:
    """Return what a function holds: the object of a method, variables of a function round it."""
    held = [getattr(fn, "__self__", None)]
    for cell in getattr(fn, "__closure__", None) or ():
        with suppress(ValueError):  # an empty cell
            held.append(cell.cell_contents)
    return [_said_of_held(one, within) for one in held]


def _said_of_held(value: object, within: tuple[object, ...]) -> Any:
    if isinstance(value, ModuleType):
        return {"module": value.__name__}
    if not isinstance(value, (list, set)):  # what changes as runs are made: a log, most often
        with suppress(ValueError, RecursionError):  # a lock, say: no number depends on it
            return said_of(value, within)
    return {"other": f"{type(value).__module__}.{type(value).__qualname__}"}


def _said_of_object(value: object, within: tuple[object, ...]) -> Any:
    """Return what an object is made of, as it tells those who copy it.

    Not its pickle: cloudpickle's of a notebook's own classes differs from process to process.
    """
    if isinstance(value, (bytes, bytearray)):
        return _digest(value)
    try:
        made = value.__reduce_ex__(4)
    except Exception:  # whatever an object's own __reduce__ may raise
        return _digest(packed("grid", value))
    if isinstance(made, str):
        return made
    call, arguments, *more = made
    state, *items = [*more, None, None, None][:3]
    listed = [None if one is None else list(one) for one in items]
    return said_of([call, arguments, state, *listed], within)


def _digest(data: bytes | bytearray) -> str:
    return hashlib.sha256(data).hexdigest()


def code_of(fn: Callable[..., Any]) -> str:
    """Return a digest of what a Python function does, wherever its lines stand; else nothing."""
    code = getattr(fn, "__code__", None)
    defaults = [getattr(fn, "__defaults__", None), getattr(fn, "__kwdefaults__", None)]
    if not isinstance(code, CodeType):
        return ""
    text = repr((_described(code), [repr(d) for d in defaults if " at 0x" not in repr(d)]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _described(code: CodeType) -> tuple[Any, ...]:
    inner = [_described(c) if isinstance(c, CodeType) else _constant(c) for c in code.co_consts]
    return code.co_code.hex(), code.co_names, inner


def _constant(value: object) -> str:
    """Return a constant of code as text; a set's order differs from process to process."""
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(repr, value))})"
    return repr(value)
