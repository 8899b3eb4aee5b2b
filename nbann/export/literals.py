"""Arrays and calls as text: numbers, and text by `repr`. Imports NumPy and the core's errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.errors import bad_value

WIDTH = 92
MOST_NUMBERS = 6000
"""Data of more numbers are read from a file by the text."""
MOST_WEIGHTS = 100_000
"""A net of more numbers is not written as text."""


def call(name: str, *args: object, **settings: object) -> str:
    """Return a call as text; arguments that are `Text` stand as they are."""
    parts = [shown(one) for one in args]
    parts += [f"{key}={shown(value)}" for key, value in settings.items()]
    return f"{name}({', '.join(parts)})"


def long_call(name: str, **settings: object) -> list[str]:
    """Return a call on as many lines as it needs."""
    whole = call(name, **settings)
    if len(whole) <= WIDTH:
        return [whole]
    return [f"{name}(", *(f"    {key}={shown(value)}," for key, value in settings.items()), ")"]


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as the argument of ``np.zeros``."""
    return repr(shape[0]) if len(shape) == 1 else shown(shape)


class Text(str):
    """Text that is source already."""


def shown(value: object) -> str:
    """Return a value as source."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, list | tuple):
        inside = ", ".join(map(shown, value))
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)


def array_text(array: NDArray[Any], dtype: str = "", before: str = "") -> str:
    """Return an array as a call of ``np.array``, on lines of about one width.

    Parameters
    ----------
    array : array
        Of any number of axes.
    dtype : str
        Source of the dtype, "np.float32"; by default that of the numbers.
    before : str
        What the lines begin with.
    """
    values = array.tolist()
    end = f", {dtype})" if dtype else ")"
    whole = f"np.array({values!r}{end}"
    if len(before) + len(whole) <= WIDTH or array.ndim == 0:
        return whole
    inner = before + "    "
    if array.ndim == 1:
        lines = wrapped(values, inner)
    elif array.ndim == 2:
        lines = [line for row in values for line in _row(row, inner)]
    else:
        flat = array_text(array.ravel(), dtype, before)
        return f"{flat}.reshape({shown(array.shape)})"
    return "\n".join(["np.array([", *lines, f"{before}]{end}"])


def _row(row: list[Any], before: str) -> list[str]:
    whole = f"{before}{row!r},"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"{before}[", *wrapped(row, before + "    "), f"{before}],"]


def wrapped(values: Iterable[object], before: str) -> list[str]:
    """Return literals on lines of about one width, each followed by a comma."""
    lines, line = [], before
    for value in values:
        text = f"{value!r}, "
        if len(line) + len(text) > WIDTH and line != before:
            lines.append(line.rstrip())
            line = before
        line += text
    return [*lines, line.rstrip()] if line != before else lines


def table_text(name: str, texts: Mapping[str, str]) -> list[str]:
    """Return the lines of a dict of source by name."""
    if not texts:
        return [f"{name} = {{}}"]
    return [f"{name} = {{", *(f"    {key!r}: {text}," for key, text in texts.items()), "}"]


def check_size(arrays: Mapping[str, NDArray[Any]], what: str) -> None:
    """Refuse to write a net of too many numbers as text.

    Raises
    ------
    ValueError
    """
    size = sum(array.size for array in arrays.values())
    if size > MOST_WEIGHTS:
        mend = "Use nbann.export.to_torch or to_onnx, or trainer.save(path)."
        expected = f"a net of at most {MOST_WEIGHTS} numbers to be written as text"
        raise bad_value(what, expected, size, mend)
