"""Single weights, chosen by name and index; imports NumPy and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import UnknownNameError, bad_value
from ..core.program import element_index

if TYPE_CHECKING:
    from ..core.trainer import Trainer


def places_of(
    weights: Sequence[tuple[str, Any]], trainer: Trainer
) -> list[tuple[str, tuple[int, ...], int]]:
    """Return each weight's name, index and place in the flat vector of all parameters.

    Raises
    ------
    ValueError
        An array or an index that there is not; one weight twice.
    """
    parameters, found = trainer.parameters, []
    begins = np.cumsum([0, *(array.size for array in parameters.values())])
    for name, given in weights:
        if name not in parameters:
            raise UnknownNameError("weight", name, parameters)
        shape = parameters[name].shape
        index = element_index(name, shape, given)
        begin = begins[list(parameters).index(name)]
        found.append((name, index, int(begin + np.ravel_multi_index(index, shape))))
    if found[0] == found[1]:
        raise bad_value("weights", "two different ones", repr(weights), "Choose another one.")
    return found


def weight_pair(weights: object) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """Return two weights as pairs of name and index, or say how to name them."""
    mend = 'Pass e.g. weights=(("hidden.weight", (0, 1)), ("output.bias", 0)).'
    expected = "two weights, each as its array's name and an index"
    try:
        first, second = weights  # type: ignore[misc]
        pairs = tuple((name, index) for name, index in (first, second))
    except (TypeError, ValueError):
        raise bad_value("weights", expected, repr(weights)[:60], mend) from None
    if not all(isinstance(name, str) for name, _ in pairs):
        raise bad_value("weights", expected, repr(weights)[:60], mend)
    return pairs[0], pairs[1]
