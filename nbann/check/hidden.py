"""The check of a net whose weights are chosen by hand, by what it answers. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, not_yet, read_array, tries

PARTS = {"W1": (2, 2), "b1": (2,), "W2": (2,), "b2": ()}
MOVED = 0.1  # how far inputs may be from 0 and 1


def xor_net(answer: Callable[[], Any]) -> str:
    """Check weights for two hidden neurons and an output that compute "one, but not both".

    The oracle is what "one, but not both" means, on the four corners and on points up to 0.1 beside
    them: a net that decides right only at the very edge does not pass. The net is run here; neurons
    say 1 where their sum is above 0, else 0.

    Parameters
    ----------
    answer : callable
        Called with nothing, it returns W1 (inputs, hidden), b1 (hidden,), W2 (hidden,) and b2, a
        number.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first row that is answered wrong, and what the hidden neurons say of it.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.xor_net(lambda: ([[1, 1], [1, 1]], [-0.5, -1.5], [1, -1], -0.5))
    'ok: your net tells one from none and from both, with room to spare.'
    """
    returned = call(answer)
    if returned is None or returned is ...:
        raise not_yet("your function returns nothing; end it with `return W1, b1, W2, b2`.")
    if not isinstance(returned, tuple | list) or len(returned) != 4:
        received = type(returned).__name__
        raise not_yet(f"expected four things, W1, b1, W2 and b2; received {received}.")
    parts = {}
    for (name, shape), value in zip(PARTS.items(), returned, strict=True):
        parts[name] = read_array(value, shape, what=f"numbers of {name}", shape_as=f"for {name}")
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    _try(parts, corners, corners)
    for rng in tries(4):
        _try(parts, corners + rng.uniform(-MOVED, MOVED, size=corners.shape), corners)
    return "ok: your net tells one from none and from both, with room to spare."


def _try(parts: dict[str, Array], rows: Array, corners: Array) -> None:
    for row, corner in zip(rows, corners, strict=True):
        sums = row @ parts["W1"] + parts["b1"]
        hidden = (sums > 0).astype(float)
        output = float(hidden @ parts["W2"] + parts["b2"])
        should = int(corner.sum() == 1)
        if int(output > 0) != should:
            words = (
                f"for {row.round(2)} your net says {int(output > 0)}, and should say {should}. "
                f"The hidden sums are {sums.round(2)}, so the hidden neurons say "
                f"{hidden.astype(int)}; the output's sum is {output:.3g}."
            )
            if (row != corner).any():
                words += " The four corners are right, but this is close beside one: leave room."
            raise not_yet(words)
