"""The check of one step back through time, against central differences. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import (
    Array,
    call,
    first_wrong,
    known_mistake,
    not_yet,
    read_array,
    told_apart,
    tries,
)
from .differences import central_differences

SAMPLES, UNITS = 3, 4


def step_back(answer: Callable[..., Any]) -> str:
    """Check how blame passes from one time step of a recurrent net to the one before.

    The net has ``h_now = tanh(x + h_before @ U)``. The oracle are central differences of a loss
    whose gradient with respect to h_now is the blame that the answer is given.

    Parameters
    ----------
    answer : callable
        Called with the blame of h_now (samples, units), with h_now (samples, units) and with the
        recurrent weights U (units before, units now), it returns the blame of h_before.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first thing that is wrong.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.step_back(lambda blame, h, U: (blame * (1 - h**2)) @ U.T)
    'ok: the blame of all 12 states agrees with the central differences.'
    """
    for rng in tries():
        x, before = rng.normal(size=(2, SAMPLES, UNITS))
        U, blame = rng.normal(size=(UNITS, UNITS)), rng.normal(size=(SAMPLES, UNITS))

        def loss(states: Array, x: Array = x, U: Array = U, blame: Array = blame) -> float:
            return float((np.tanh(x + states @ U) * blame).sum())

        expected = central_differences(loss, before)
        h = np.tanh(x + before @ U)
        yours = read_array(
            call(answer, blame, h, U), before.shape, what="blame", shape_as="as h has"
        )
        wrong = first_wrong(yours, expected)
        if wrong is not None:
            texts = told_apart(float(expected[wrong]), float(yours[wrong]))
            raise not_yet(
                f"the blame of state {wrong[1]} one step before, for sample {wrong[0]}, should be "
                f"{texts[0]}, yours is {texts[1]}." + _hint(yours, blame, h, U)
            )
    return f"ok: the blame of all {SAMPLES * UNITS} states agrees with the central differences."


def _hint(yours: Array, blame: Array, h: Array, U: Array) -> str:
    """Return what mistake gives just this, if it is a known one."""
    slope = 1 - h**2
    known = {
        " That is without the slope of tanh.": blame @ U.T,
        " The slope belongs to the state now, so it comes before the weights.": blame @ U.T * slope,
        " The weights lead forward as U; going back they are turned, U.T.": (blame * slope) @ U,
        " That is the blame of the sum now; it has still to pass through the weights.": blame
        * slope,
    }
    return known_mistake(yours, known)
