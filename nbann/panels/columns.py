"""Columns of the data that an option names; imports the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, bad_value


def column_of(given: int | str, names: Sequence[str], what: str, *, several: bool = False) -> int:
    """Return the place of a column that is given by its number (below 0 from the end) or its name.

    Parameters
    ----------
    given : int or str
    names : sequence of str
    what : str
        What messages call it: "feature", "target".
    several : bool
        Whether it is one of several that were given together.

    Raises
    ------
    ValueError
        No column of that number or name.
    """
    if isinstance(given, str):
        listed = [str(name) for name in names]
        if given not in listed:
            raise UnknownNameError(what, given, listed)
        return listed.index(given)
    whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    if not whole or not -len(names) <= given < len(names):
        last = len(names) - 1
        if several:
            expected = f"columns from 0 to {last} or names"
            raise bad_value(f"{what}s", expected, repr(given), "Pass e.g. (0, 1).")
        expected = f"a column from 0 to {last} or a name"
        raise bad_value(what, expected, repr(given), f"Pass e.g. {what}=0 or its name.")
    return int(given) % len(names)


def sides_of_image(shape: Any, example: tuple[int, int]) -> tuple[int, int]:
    """Check rows and columns of an image that are given as an option.

    Raises
    ------
    ValueError
        Anything but two whole numbers of at least 1.
    """
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        mend = f"Pass rows and columns, e.g. shape={example}."
        raise bad_value("shape", "two whole numbers", repr(shape), mend)
    rows, columns = (whole_number("shape", side, least=1) for side in shape)
    return rows, columns
