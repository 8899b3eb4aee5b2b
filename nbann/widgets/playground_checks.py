"""Checks of a playground's settings, one by one. Imports the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nbann.core.checks import number_in, whole_number
from nbann.core.data.dataset import Dataset
from nbann.core.errors import UnknownNameError, bad_value

from .playground_choices import ACTIVATIONS, MOST_DRAWN, MOST_LAYERS, MOST_UNITS

FAR = 1e6  # how far from 0 a drawn point may lie
MOST_COLUMNS = 1000


class HiddenLayer(NamedTuple):
    """A hidden layer: its neurons, and their activation."""

    units: int
    activation: str = "tanh"


class Point(NamedTuple):
    """A point that was drawn: where, and its class, from 0."""

    x1: float
    x2: float
    label: int


def check_own(own: object) -> None:
    """Refuse own data that a playground can not learn from."""
    if not isinstance(own, Dataset):
        mend = "Pass nbann.Dataset(X, y)."
        raise bad_value("own data", "a Dataset", type(own).__name__, mend)
    if own.task not in ("classification", "regression") or own.X.ndim != 2:
        mend = "Other nets are built with nbann.Trainer."
        raise bad_value("own data", "a table with classes or values to learn", repr(own), mend)
    if own.y.ndim != 1 and (own.task == "classification" or own.y.shape[1] > 1):
        mend = "Choose one of the columns of y."
        raise bad_value("own data", "one target a sample", f"y of shape {own.y.shape}", mend)
    if own.X.shape[1] > MOST_COLUMNS:
        expected = f"at most {MOST_COLUMNS} columns"
        raise bad_value("own data", expected, f"{own.X.shape[1]}", "Choose some of them.")
    if own.weight is not None or own.mask is not None or own.groups is not None:
        mend = "Use nbann.Trainer for those."
        raise bad_value("own data", "data without weights, mask or groups", repr(own), mend)


def named(what: str, value: object, known: Iterable[str]) -> str:
    """Return a name that is known."""
    known = tuple(known)
    if not isinstance(value, str) or value not in known:
        raise UnknownNameError(what, value if isinstance(value, str) else repr(value)[:60], known)
    return value


def up_to(name: str, value: Any, least: int, most: int) -> int:
    """Return a whole number in a range."""
    number = whole_number(name, value, least=least, mend=f"It may be from {least} to {most}.")
    if number > most:
        mend = f"It may be from {least} to {most}."
        raise bad_value(name, f"a whole number of at most {most}", f"{number}", mend)
    return number


def at_most(name: str, value: Any, most: float) -> float:
    """Return a number from 0 to the most."""
    number = number_in(name, value, least=0.0)
    if number > most:
        mend = f"It may be from 0 to {most:g}."
        raise bad_value(name, f"a number of at most {most:g}", f"{number:g}", mend)
    return number


def above_0(name: str, value: Any, most: float) -> float:
    """Return a number above 0."""
    number = number_in(name, value, above=0.0)
    return at_most(name, number, most)


def flag(name: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise bad_value(name, "True or False", repr(value)[:60], f"Pass {name}=True.")
    return value


def _sequence(name: str, value: object, most: int) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        raise bad_value(name, "a list", repr(value)[:60], "")
    if len(value) > most:
        raise bad_value(name, f"at most {most} of them", f"{len(value)}", "Take some away.")
    return list(value)


def as_texts(name: str, value: object) -> list[str]:
    """Return texts."""
    texts = _sequence(name, value, MOST_COLUMNS)
    for text in texts:
        if not isinstance(text, str):
            raise bad_value(name, "terms as text", repr(text)[:60], 'Pass e.g. ["x1", "x2^2"].')
    return texts


def as_layers(value: object) -> tuple[HiddenLayer, ...]:
    """Return hidden layers, given as (neurons, activation) or neurons alone."""
    found = []
    for place, layer in enumerate(_sequence("layers", value, MOST_LAYERS), 1):
        one: Any = (layer,) if isinstance(layer, int) else layer
        if isinstance(one, str | bytes) or not isinstance(one, Sequence) or not 1 <= len(one) <= 2:
            mend = 'Pass e.g. (4, "tanh").'
            raise bad_value(f"layer {place}", "neurons and activation", repr(layer)[:60], mend)
        units = up_to(f"neurons of layer {place}", one[0], 1, MOST_UNITS)
        activation = named("activation", one[1] if len(one) == 2 else "tanh", ACTIVATIONS)
        found.append(HiddenLayer(units, activation))
    return tuple(found)


def as_points(value: object) -> tuple[Point, ...]:
    """Return drawn points, given as (x1, x2, class)."""
    found = []
    for point in _sequence("drawn", value, MOST_DRAWN):
        if isinstance(point, str | bytes) or not isinstance(point, Sequence) or len(point) != 3:
            mend = "Pass e.g. (0.5, -1.0, 0)."
            raise bad_value("a drawn point", "(x1, x2, class)", repr(point)[:60], mend)
        x1, x2 = (number_in("a drawn point's place", c) for c in point[:2])
        if max(abs(x1), abs(x2)) > FAR:
            mend = f"Stay within {FAR:g} of 0."
            raise bad_value("a drawn point", "a place on the plane", f"({x1:g}, {x2:g})", mend)
        found.append(Point(x1, x2, up_to("a drawn point's class", point[2], 0, 9)))
    return tuple(found)
