"""The check of what turning a unit costs in a Hopfield net, by energies. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, known_mistake, not_yet, read_number, told_apart, tries

UNITS = 6


def energy_change(answer: Callable[..., Any]) -> str:
    """Check by how much the energy changes when one unit of a Hopfield net turns.

    The oracle is the energy ``E = -1/2 * s @ W @ s`` (Hopfield 1982), computed before and after.

    Parameters
    ----------
    answer : callable
        Called with symmetric weights W (units, units) whose diagonal is 0, the states s (units,) of
        -1 and 1, and a unit's number i, it returns the energy after turning unit i, minus the
        energy before.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first change that is wrong.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.energy_change(lambda W, s, i: 2 * s[i] * (W[i] @ s))
    'ok: your changes are the differences of energy, for every unit of 4 nets.'
    """
    for rng in tries(4):
        W = rng.normal(size=(UNITS, UNITS)).round(2)
        W = np.triu(W, 1) + np.triu(W, 1).T
        s = rng.choice([-1.0, 1.0], size=UNITS)
        for i in range(UNITS):
            turned = s.copy()
            turned[i] *= -1
            should = _energy(W, turned) - _energy(W, s)
            yours = read_number(call(answer, W, s, i), what="change")
            if not np.isclose(yours, should, rtol=1e-6, atol=1e-9):
                texts = told_apart(should, yours)
                raise not_yet(
                    f"unit {i} has the state {s[i]:g} and gets {W[i] @ s:.3g} from the others; "
                    f"turning it changes the energy by {texts[0]}, yours says {texts[1]}."
                    + _hint(yours, should, W, s, i)
                )
    return "ok: your changes are the differences of energy, for every unit of 4 nets."


def _energy(W: Array, s: Array) -> float:
    return float(-(s @ W @ s) / 2)


def _hint(yours: float, should: float, W: Array, s: Array, i: int) -> str:
    """Return what mistake gives just this, if it is a known one."""
    turned = s.copy()
    turned[i] *= -1
    known = {
        " It has the wrong sign: a unit that agrees with what it gets lies low already.": -should,
        " It is half of that: the unit goes from -1 to 1, which are 2 apart.": should / 2,
        " That is what the unit gets, whatever its own state is.": float(W[i] @ s),
        " That is the energy before.": _energy(W, s),
        " That is the energy afterward; subtract the one before.": _energy(W, turned),
    }
    return known_mistake(yours, known, rtol=1e-6, atol=1e-12)
