"""Random generators and their states, as a run keeps them; imports NumPy and the core's errors.

A state is a dict that JSON can hold and ``==`` can compare. PCG64 is NumPy's own, and what nbann
draws from; MT19937 is that of `numpy.random.RandomState`, for those who have to draw as it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import bad_value

KINDS = ("PCG64", "MT19937")  # by name: numpy.random is loaded when the first one is made
WORDS = 624
"""Numbers of 32 bits that the state of an MT19937 consists of."""


def generator(state: Mapping[str, Any] | None = None) -> np.random.Generator:
    """Return a generator in a state; by default a PCG64, which is yet to be set."""
    name = "PCG64" if state is None else state["bit_generator"]
    kind = getattr(np.random, KINDS[KINDS.index(name)])
    made = np.random.Generator(kind(0))
    if state is not None:
        set_state(made, state)
    return made


def state_of(source: np.random.Generator | np.random.RandomState) -> dict[str, Any]:
    """Return where a generator stands, as a dict of texts and whole numbers.

    Raises
    ------
    ValueError
        A RandomState of another kind of generator.
    """
    if isinstance(source, np.random.RandomState):
        legacy: Any = source.get_state(legacy=False)
        if legacy["bit_generator"] not in KINDS:
            mend = "Pass e.g. numpy.random.RandomState(0)."
            expected = f"a RandomState of {' or '.join(KINDS)}"
            raise bad_value("random_state", expected, legacy["bit_generator"], mend)
        # a normal number that is kept for the next call belongs to it, not to what draws
        state = {key: part for key, part in legacy.items() if key not in ("has_gauss", "gauss")}
    else:
        state = dict(source.bit_generator.state)
    if state["bit_generator"] == "MT19937":
        words = np.asarray(state["state"]["key"], "<u4")
        state["state"] = {"key": words.tobytes().hex(), "pos": int(state["state"]["pos"])}
    return state


def set_state(
    target: np.random.Generator | np.random.RandomState, state: Mapping[str, Any]
) -> None:
    """Put a generator where another one of its kind has stood.

    Raises
    ------
    ValueError
        The state is that of another kind of generator.
    """
    kind = state["bit_generator"]
    numbers = dict(state)
    if kind == "MT19937":
        words = np.frombuffer(bytes.fromhex(state["state"]["key"]), "<u4").astype(np.uint32)
        numbers["state"] = {"key": words, "pos": state["state"]["pos"]}
    if isinstance(target, np.random.RandomState):
        target.set_state({**target.get_state(legacy=False), **numbers})
        return
    own = type(target.bit_generator).__name__
    if own != kind:
        mend = "A generator goes on where one of its own kind has stood."
        raise bad_value("The state of a generator", f"one of {own}", f"one of {kind}", mend)
    target.bit_generator.state = numbers


def size_of(state: Mapping[str, Any]) -> int:
    """Return how much memory a state takes, about, in bytes."""
    return 700 + (8 * WORDS if state["bit_generator"] == "MT19937" else 0)
