"""The check of a derivative, against central differences of the function. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nbann.core.errors import UnknownNameError

from .asking import Array, call, first_wrong, known_mistake, not_yet, read_array, told_apart
from .differences import FINE

Function = Callable[[Array], Array]


def derivative(
    answer: Callable[..., Any],
    of: Function,
    *,
    given: str = "z",
    at: tuple[float, ...] = (0.0, 0.5, -0.5, 1.3, -2.0),
) -> str:
    """Check a derivative that the learner wrote against central differences of the function itself.

    Parameters
    ----------
    answer : callable
        The learner's function; called with one array, it returns the slopes, in the same shape.
    of : callable
        The function whose derivative it is, from array to array.
    given : {"z", "a"}
        What `answer` is called with: the argument z, or the value a = of(z).
    at : tuple of float
        The values of z that are tried.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first thing that is wrong: an exception, no value, a wrong shape, NaN, a wrong
        slope, or code that does not come back within 5 seconds.

    Examples
    --------
    >>> import numpy as np, nbann
    >>> nbann.check.derivative(lambda z: 2 * z, of=np.square)
    'ok: your slopes agree with the central differences at 5 places.'
    """
    if given not in ("z", "a"):
        raise UnknownNameError("given", given, ("a", "z"))
    z = np.array(at, dtype=np.float64)
    argument = z if given == "z" else of(z)
    slopes = read_array(call(answer, argument), z.shape, what="slopes", shape_as="as the input has")
    expected = (of(z + FINE) - of(z - FINE)) / (2 * FINE)  # element by element
    wrong = first_wrong(slopes, expected)
    if wrong is not None:
        should, yours = told_apart(expected[wrong], slopes[wrong])
        raise not_yet(
            f"for z = {z[wrong]:g} the slope should be {should}, yours is {yours}."
            + _hint(slopes, expected, z, of(z))
        )
    return f"ok: your slopes agree with the central differences at {len(z)} places."


def _hint(slopes: Array, expected: Array, z: Array, values: Array) -> str:
    """Return what mistake gives just these slopes, if it is a known one."""
    known = {
        " It has the wrong sign.": -expected,
        " That is the function itself, not its slope.": values,
        " That is z itself, not a slope.": z,
    }
    return known_mistake(slopes, known)
