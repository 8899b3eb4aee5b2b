"""Central differences of a function of many numbers, the oracle of several checks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .asking import Array

FINE = 1e-6  # distance for smooth functions
COARSE = 1e-5  # for polynomials of degree 2, of which they are exact but for rounding


def central_differences(of: Callable[[Array], float], at: Array, step: float = FINE) -> Array:
    """Return how fast ``of(at)`` grows with each element of `at`; the shape is that of `at`.

    Examples
    --------
    >>> central_differences(lambda w: float((w**2).sum()), np.array([1.0, -3.0]), COARSE).round(6)
    array([ 2., -6.])
    """
    slopes = np.empty_like(at)
    for place in np.ndindex(at.shape):
        hair = np.zeros_like(at)
        hair[place] = step
        slopes[place] = (of(at + hair) - of(at - hair)) / (2 * step)
    return slopes
