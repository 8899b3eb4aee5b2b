"""Reads the arrays, lists and data frames that users pass; imports NumPy alone.

A frame or series is known by what it can do (`to_numpy`, `columns`, `name`), so that those of
pandas and Polars work and neither is needed.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value

LARGEST = np.iinfo(np.int64).max
EXACT = 2**53  # whole numbers beyond it are no longer told apart by float64

_PAD = "For sequences of unequal length use Dataset.from_sequences(list_of_arrays, y)."


def column_names(data: object) -> tuple[str, ...]:
    """Return the names of a frame's columns or a series' own; () where nobody has named them."""
    if not hasattr(data, "to_numpy"):
        return ()
    columns = getattr(data, "columns", None)
    if columns is not None:
        numbered = list(columns) == list(range(len(columns)))  # pandas' own, if it is given none
        return () if numbered else tuple(str(c) for c in columns)
    name = getattr(data, "name", None)
    return (name,) if isinstance(name, str) and name and np.ndim(data) == 1 else ()  # type: ignore[arg-type]


def as_numbers(data: object, what: str, expected: str) -> NDArray[Any]:
    """Return numbers as an array of any shape, or say what is in the way.

    Integers stay integers, and booleans booleans. Objects that are all whole numbers become
    integers, other numbers float64.

    Raises
    ------
    ValueError
        Masked values, rows of unequal length, text, complex numbers, dates, other objects, or
        integers beyond 64 bits; `expected` is what the message asks for.
    """
    _refuse_masked(data, what)
    array = _plain_array(data, what, expected)
    if array.dtype.kind == "O":
        array = _from_objects(array, what, expected, column_names(data))
    if array.dtype.kind in "UST":
        raise bad_value(what, expected, f"text ({array.dtype})", "Encode text as numbers first.")
    if array.dtype.kind not in "fiub":
        mend = "Turn it into real numbers first."
        raise bad_value(what, expected, f"values of type {array.dtype}", mend)
    if array.dtype.kind == "u" and array.size and int(array.max()) > LARGEST:
        raise _overflow(what, int(array.max()))
    return array


def as_text(data: object, what: str) -> NDArray[np.str_] | None:
    """Return text as an array of str, or None where there are no words at all.

    Raises
    ------
    ValueError
        Words among other things, such as a missing value among labels.
    """
    _refuse_masked(data, what)
    array = _plain_array(data, what, "numbers or words")
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    flat = array.astype(object).ravel() if array.dtype.kind in "OT" else np.empty(0, object)
    words = [isinstance(item, (str, bytes)) for item in flat]
    if not any(words):
        return None
    if not all(words):
        other = flat[words.index(False)]
        mend = "Fill in or drop what is missing first."
        raise bad_value(what, "labels that are all words, or all numbers", _short(other), mend)
    decoded = [item.decode() if isinstance(item, bytes) else str(item) for item in flat]
    return np.array(decoded, dtype=np.str_).reshape(array.shape)


def encoded(
    text: NDArray[np.str_], names: Sequence[str], what: str
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return labels from 0 and the names of the classes: those given, or the words in order.

    Raises
    ------
    ValueError
        A word that is none of the names.
    """
    found, labels = np.unique(text, return_inverse=True)
    labels = labels.reshape(text.shape)
    if not names:
        return labels, tuple(str(n) for n in found)
    places = {name: i for i, name in enumerate(names)}
    unknown = [str(n) for n in found if str(n) not in places]
    if unknown:
        known = ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")
        mend = "Name every class in target_names, in the order of the labels."
        raise bad_value(what, f"one of the classes {known}", repr(unknown[0]), mend)
    return np.array([places[str(n)] for n in found], dtype=np.intp)[labels], tuple(names)


def _plain_array(data: object, what: str, expected: str) -> NDArray[Any]:
    if hasattr(data, "toarray"):
        mend = f"Make it dense first: {what.split()[-1]}.toarray()."
        raise bad_value(what, expected, f"a sparse {type(data).__name__}", mend)
    try:
        array = np.asarray(data)
    except (TypeError, ValueError):
        lengths = _lengths(data)
        if lengths is None:
            mend = "Pass an array or a list of rows."
            raise bad_value(what, expected, type(data).__name__, mend) from None
        raise _ragged(what, expected, lengths) from None
    if array.ndim == 1 and array.dtype.kind == "O":
        lengths = _lengths(array)
        if lengths is not None and len(set(lengths)) > 1:
            raise _ragged(what, expected, lengths)
    return array


def _from_objects(
    array: NDArray[Any], what: str, expected: str, names: Sequence[str]
) -> NDArray[Any]:
    flat = list(array.ravel())
    if flat and all(isinstance(v, numbers.Integral) for v in flat):
        largest = max(flat, key=abs)
        if abs(int(largest)) > LARGEST:
            raise _overflow(what, int(largest))
        return np.array([int(v) for v in flat], dtype=np.int64).reshape(array.shape)
    values = np.empty(len(flat))
    for place, item in enumerate(flat):
        try:
            if isinstance(item, (str, bytes)):
                raise TypeError
            values[place] = float(item)
        except (TypeError, ValueError, OverflowError):
            index = [int(i) for i in np.unravel_index(place, array.shape)]
            where = f" at {index}" if index else ""
            if len(names) > 1:
                where = f" in column {names[index[-1]]!r}"
            mend = (
                "Encode text as numbers first."
                if isinstance(item, (str, bytes))
                else "Fill in or drop what is missing or not a number first."
            )
            raise bad_value(what, expected, f"{_short(item)}{where}", mend) from None
    return values.reshape(array.shape)


def _lengths(data: Any) -> list[int] | None:
    """Return how long the rows are, or None where these are no rows."""
    try:
        return None if any(isinstance(r, (str, bytes)) for r in data) else [len(r) for r in data]
    except TypeError:
        return None


def _refuse_masked(data: object, what: str) -> None:
    if np.ma.is_masked(data):
        mend = "Fill or drop them first, e.g. X.filled(X.mean())."
        raise bad_value(what, "no masked values", "some of them masked", mend)


def _short(item: object) -> str:
    text = repr(item)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(item).__name__})"


def _ragged(what: str, expected: str, lengths: list[int]) -> ValueError:
    received = f"rows of unequal length ({min(lengths)} to {max(lengths)})"
    if min(lengths) == max(lengths):
        received = f"rows of {lengths[0]} parts of unequal length"
    return bad_value(what, expected, received, _PAD)


def _overflow(what: str, value: int) -> ValueError:
    mend = "Number classes from 0; pass large values as floats."
    digits = str(value) if abs(value) < 10**30 else "one of more than 30 digits"
    return bad_value(what, f"integers of at most {LARGEST} (64 bits)", digits, mend)
