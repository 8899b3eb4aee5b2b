"""Sending `build` and settings to other processes, by value where they could not import them.

Imports the core and joblib, which comes with scikit-learn and has cloudpickle in it. What is
unpickled here is what this process, or the one that asked, has pickled itself: never a file.
"""

from __future__ import annotations

import pickle
import sys
import threading
from contextlib import ExitStack, suppress
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from ..core.errors import bad_value
from ..core.storing.machine import facts
from .task import Asked, Outcome, carry_out

_pickling = threading.Lock()  # which modules go by value is kept for the whole process


def packed(what: str, value: object, *more: object) -> bytes:
    """Return a value as bytes that `unpacked` can read in another process.

    Parameters
    ----------
    what : str
        What the message calls it.
    value : object
    *more : object
        Functions whose modules are sent along if no other process could import them.

    Raises
    ------
    ValueError
        It can not be sent; the message says why and what to do.
    """
    cloudpickle = _cloudpickle()
    modules = {module for module in map(_home, more) if module is not None}
    with _pickling, ExitStack() as stack:
        for module in modules:
            if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
                cloudpickle.register_pickle_by_value(module)
                stack.callback(cloudpickle.unregister_pickle_by_value, module)
        try:
            data: bytes = cloudpickle.dumps(value)
        except Exception as error:  # whatever an object's own __reduce__ may raise
            mend = (
                "Make what it uses (locks, open files, widgets, trainers, ...) within it, or run "
                "the sweep in this process: executor='in process' or executor='threads'."
            )
            expected = "something that can be sent to another process"
            received = f"what can not be ({type(error).__name__}: {error})"
            raise bad_value(what, expected, received, mend) from error
    return data


def _cloudpickle() -> Any:
    """Return cloudpickle, which joblib needs from 1.6 on and had within itself before."""
    try:
        import cloudpickle  # type: ignore[import-untyped]  # it has no types
    except ModuleNotFoundError:
        from joblib.externals import cloudpickle  # type: ignore[import-untyped]  # nor has this
    return cloudpickle


def _home(fn: object) -> ModuleType | None:
    """Return the module of a function if another process could not import it from where it is."""
    name = getattr(fn, "__module__", None) or getattr(type(fn), "__module__", None)
    module = sys.modules.get(str(name))
    if module is None or name in ("__main__", "builtins"):  # cloudpickle sends __main__ by value
        return None
    path, found = None, None
    for i in range(str(name).count(".") + 1):
        part = ".".join(str(name).split(".")[: i + 1])
        with suppress(ImportError, ValueError):
            found = PathFinder.find_spec(part, path)
        if found is None:
            break
        path = found.submodule_search_locations
    here = getattr(module, "__file__", None)
    same = found is not None and (here is None or found.origin == here)
    return None if same else module


def unpacked(data: bytes) -> Any:
    """Return what `packed` was given."""
    return pickle.loads(data)


def carry_out_packed(asked: bytes, settings: bytes, epochs: int | None, attempt: str) -> Outcome:
    """Do one run in a worker; what can not be unpacked there is a failed run.

    No two attempts have one name: dask takes a call with the same arguments for the same task, and
    would answer with the death of the last one.
    """
    try:
        common: Asked = unpacked(asked)
        given = unpacked(settings)
    except Exception as error:  # a module that the worker does not have, most of the time
        return Outcome("failed", unloadable(error))
    return carry_out(common, given, epochs)


def unloadable(error: BaseException) -> str:
    """Say that a worker can not load build or its settings."""
    return (
        f"workers: expected build and its settings to load there; received "
        f"{type(error).__name__}: {error}. Install what they import on the workers as well."
    )


def look_about(asked: bytes) -> tuple[dict[str, str], str]:
    """Return what a worker runs on, and why it can not load `build` (empty: it can)."""
    try:
        unpacked(asked)
    except Exception as error:  # told to the one who asks
        return facts(), unloadable(error)
    return facts(), ""
