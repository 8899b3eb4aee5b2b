"""A playground's state as plain data, and back; all of it is checked. Imports the core."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from nbann.core.data.dataset import Dataset
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.units import UNITS

from .playground_choices import CONTROLS, DRAWN, OWN
from .playground_own import MOST_BYTES
from .playground_setup import Setup
from .transport import SPEEDS

FORMAT, VERSION = "nbann playground", 1
MOST_NUMBERS = 20_000
"""Own data of more numbers are not written into a state."""
MOST_TEXT = 4 * MOST_BYTES

_PARTS = {"format", "version", "setup", "view", "hidden", "own", "note", "weights"}
_VIEW = {"unit", "speed", "show_test", "discretize"}


def setup_document(setup: Setup) -> dict[str, Any]:
    """Return a setup in plain data, without own data."""
    document = {f.name: getattr(setup, f.name) for f in fields(setup) if f.name != "own"}
    document["layers"] = [{"units": u, "activation": a} for u, a in setup.layers]
    document["features"] = list(setup.features)
    document["drawn"] = [list(point) for point in setup.drawn]
    return document


def own_document(data: Dataset) -> dict[str, Any] | None:
    """Return own data in plain data, or None where they are too many."""
    if data.X.size > MOST_NUMBERS:
        return None
    return {
        "X": data.X.tolist(),
        "y": data.y.tolist(),
        "task": data.task,
        "feature_names": list(data.feature_names),
        "target_names": list(data.target_names),
        "name": data.name,
    }


def setup_of(document: Any, own: Dataset | None = None) -> Setup:
    """Return the setup that plain data say.

    Raises
    ------
    ValueError
        Unknown fields, wrong types, numbers out of range, own data that are missing.
    """
    known = [f.name for f in fields(Setup) if f.name != "own"]
    given = _mapping("setup", document, known)
    if "layers" in given:
        given["layers"] = [_layer(layer) for layer in _listed("layers", given["layers"])]
    for name in ("features", "drawn"):
        if name in given:
            given[name] = tuple(_listed(name, given[name]))
    if given.get("data") == OWN and own is None:
        mend = "Pass them: Playground.from_json(..., data=...)."
        raise bad_value("this state", "its own data", "a state that was saved without", mend)
    begun = Setup() if own is None else Setup().changed(data=OWN, own=own)
    if given.get("data") not in (None, OWN, DRAWN):
        begun = begun.changed(data=given["data"])
    elif given.get("data") == DRAWN:
        begun = begun.changed(data=DRAWN, drawn=given.get("drawn", ()))
    return begun.changed(**{k: v for k, v in given.items() if k != "data"})


def own_of(document: Any) -> Dataset:
    """Return the own data that plain data say."""
    names = ("X", "y", "task", "feature_names", "target_names", "name")
    given = _mapping("own", document, names)
    rows = _listed("own X", given.get("X"))
    if len(rows) * len(_listed("a row of own X", rows[0] if rows else None)) > MOST_NUMBERS:
        raise bad_value("own X", f"at most {MOST_NUMBERS:,} numbers", "more", "Pass data=....")
    features, classes = (_words(n, given.get(n, [])) for n in ("feature_names", "target_names"))
    if given.get("task") not in ("classification", "regression"):
        mend = 'Write "classification" or "regression".'
        raise bad_value("own task", "a task", repr(given.get("task"))[:60], mend)
    name = given.get("name", "data")
    if not isinstance(name, str):
        raise bad_value("own name", "text", repr(name)[:60], "")
    y = _listed("own y", given.get("y"))
    return Dataset(rows, y, given["task"], features, classes, name)


def read(source: str | os.PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a state: from JSON text, from a file's path, or as a dict.

    Raises
    ------
    ValueError
        No JSON, another format, too large, parts that are not known.
    FileNotFoundError
    """
    document: Any = source
    if isinstance(source, str | os.PathLike):
        text = source if isinstance(source, str) and source.lstrip()[:1] in "{[" else _text(source)
        if len(text) > MOST_TEXT:
            raise bad_value("state", f"at most {MOST_TEXT:,} characters", f"{len(text):,}", "")
        try:
            document = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            mend = "Pass what to_json has written."
            raise bad_value("state", "JSON", str(error)[:100], mend) from None
    found = _mapping("state", document, _PARTS)
    if found.get("format") != FORMAT or found.get("version") != VERSION:
        received = f"{found.get('format')!r:.40}, version {found.get('version')!r:.20}"
        mend = "Pass what to_json of this version has written."
        raise bad_value("state", f"{FORMAT!r}, version {VERSION}", received, mend)
    found["view"] = _mapping("view", found.get("view", {}), _VIEW)
    for name in ("show_test", "discretize"):
        if not isinstance(found["view"].get(name, False), bool):
            raise bad_value(name, "true or false", repr(found["view"][name])[:60], "")
    _check_choice("unit", found["view"].get("unit", "epoch"), UNITS)
    _check_choice("speed", found["view"].get("speed", 10.0), SPEEDS)
    found["hidden"] = _words("hidden", found.get("hidden", []))
    for control in found["hidden"]:
        if control not in CONTROLS:
            raise UnknownNameError("control", control, CONTROLS)
    return found


def weights_of(document: Any, setup: Setup) -> dict[str, Any] | None:
    """Return start weights by name, of the setup's shapes, or None where there are none."""
    if document is None:
        return None
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = len(setup.features)
    names = [f"hidden{place}" for place in range(1, len(setup.layers) + 1)]
    widths = [*(units for units, _ in setup.layers), setup.outputs]
    for name, units in zip((*names, "output"), widths, strict=True):
        shapes |= {f"{name}.weight": (inputs, units), f"{name}.bias": (units,)}
        inputs = units
    given = _mapping("weights", document, shapes)
    return {name: _numbers(name, given.get(name), shape) for name, shape in shapes.items()}


def _numbers(name: str, values: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of a shape, all of it finite numbers."""
    try:
        array = np.array(values, dtype=np.float64)
    except (OverflowError, TypeError, ValueError):
        array = np.array(np.nan)
    if array.shape != shape or not np.isfinite(array).all():
        expected = f"finite numbers of shape {shape}"
        raise bad_value(f"weights {name!r}", expected, repr(values)[:60], "")
    return array


def _check_choice(what: str, value: Any, offered: Any) -> None:
    if isinstance(value, bool) or value not in tuple(offered):
        raise UnknownNameError(what, str(value)[:40], map(str, offered))


def _text(path: str | os.PathLike[str]) -> str:
    file = Path(path)
    if any(len(os.fsencode(part)) > 255 for part in file.parts):  # it is no path at all
        mend = "Pass what to_json has written, or the path of a file."
        raise bad_value("state", "JSON", repr(str(path))[:60], mend)
    if file.is_dir():
        mend = f"Add a name: {str(file / 'start.json')!r}."
        raise bad_value("state", "a file", f"the folder {str(file)!r}", mend)
    if file.is_file() and file.stat().st_size > MOST_TEXT:
        raise bad_value("state", f"at most {MOST_TEXT:,} bytes", f"{file.stat().st_size:,}", "")
    try:
        return file.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        mend = "Pass what to_json has written."
        raise bad_value("state", "text in UTF-8", str(error)[:100], mend) from None


def _no_constant(name: str) -> float:
    raise ValueError(f"numbers are finite; received {name}")


def _mapping(what: str, value: Any, known: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise bad_value(what, "names with values", repr(value)[:60], "")
    for name in value:
        if name not in known:
            raise UnknownNameError(f"part of {what}", str(name)[:60], known)
    return dict(value)


def _listed(what: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise bad_value(what, "a list", repr(value)[:60], "")
    return list(value)


def _words(what: str, value: Any) -> list[str]:
    words = _listed(what, value)
    if not all(isinstance(word, str) for word in words):
        raise bad_value(what, "a list of words", repr(value)[:60], "")
    return words


def _layer(document: Any) -> tuple[Any, Any]:
    if isinstance(document, Mapping):
        given = _mapping("a layer", document, ("units", "activation"))
        return given.get("units"), given.get("activation", "tanh")
    pair = _listed("a layer", document)
    return (pair[0], pair[1]) if len(pair) == 2 else (pair[0] if pair else None, "tanh")


def dumped(state: Mapping[str, Any]) -> str:
    """Return a state as JSON text; what a setup says stands on lines of its own."""
    return (
        json.dumps(state, indent=1, allow_nan=False)
        if len(str(state)) < 5000
        else json.dumps(state, allow_nan=False)
    )
