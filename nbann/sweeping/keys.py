"""What makes two runs the same run: a digest of build, settings and length; imports the core."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

import numpy as np

from .shipping import packed
from .task import Asked

_PLAIN = (bool, int, str, type(None))


def key_of(asked: Asked, settings: Mapping[str, Any], epochs: int | None) -> str:
    """Return a name for the record of a run: 32 hexadecimal digits.

    It depends on nbann's version, on `build` (its name and its code, not that of what it calls),
    on the settings, the epochs and the rules of stopping, and not on the metrics.

    Raises
    ------
    ValueError
        A setting that can not be written down.
    """
    parts = [
        asked.version,
        said_of(asked.build),
        {name: said_of(value) for name, value in settings.items()},
        epochs,
        [said_of(rule) for rule in asked.until],
    ]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def said_of(value: object) -> Any:
    """Return plain data that is the same for the same value, in this process and in another."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [said_of(one) for one in value]}
    if isinstance(value, Mapping):
        return {"mapping": [[said_of(k), said_of(v)] for k, v in value.items()]}
    if isinstance(value, np.ndarray) and value.dtype != object:
        kept = np.ascontiguousarray(value)
        return {"array": [str(kept.dtype), kept.shape, hashlib.sha256(kept.tobytes()).hexdigest()]}
    if isinstance(value, functools.partial):
        return {"partial": said_of([value.func, value.args, value.keywords])}
    if isinstance(value, type):
        return {"class": f"{value.__module__}.{value.__qualname__}"}
    if callable(value) and hasattr(value, "__qualname__"):
        return {"function": [value.__module__, value.__qualname__, code_of(value)]}
    fn = getattr(value, "fn", None)
    if callable(fn):  # the rule round a function of the user's
        return {"rule": said_of(fn)}
    return {"object": hashlib.sha256(packed("grid", value)).hexdigest()}


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
