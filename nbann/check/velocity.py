"""The check of momentum's update, by what a velocity must do. Imports `asking`."""

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
    read_pair,
    told_apart,
    tries,
)


def momentum_step(answer: Callable[..., Any]) -> str:
    """Check one update of gradient descent with momentum, ``v = m*v - rate*g``, ``w = w + v``.

    Three properties have that rule as their one solution. Without momentum a step is that of plain
    gradient descent. Where the gradient is 0 the weights coast on, each step m times the last. And
    under a constant gradient g the n-th step is the sum of a geometric series,
    ``-rate * g * (1 - m**n) / (1 - m)`` (Polyak, "Some methods of speeding up the convergence of
    iteration methods", 1964).

    Parameters
    ----------
    answer : callable
        Called with weights w and a velocity v, of one shape, the gradient at w, a learning rate and
        a momentum m, it returns the new w and the new v.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first property that does not hold.

    Examples
    --------
    >>> import nbann
    >>> def step(w, v, gradient, learning_rate, momentum):
    ...     v = momentum * v - learning_rate * gradient
    ...     return w + v, v
    >>> nbann.check.momentum_step(step)
    'ok: it steps, coasts and speeds up as momentum does.'
    """
    for rng in tries(3):
        _try(answer, rng)
    return "ok: it steps, coasts and speeds up as momentum does."


def _try(answer: Callable[..., Any], rng: np.random.Generator) -> None:
    w, g = rng.normal(size=3).round(2), rng.normal(size=3).round(2)
    v = rng.uniform(0.5, 1.5, size=3).round(2)
    rate, m = round(float(rng.uniform(0.1, 0.5)), 2), round(float(rng.uniform(0.5, 0.9)), 2)
    zero = np.zeros(3)

    new, _ = _step(answer, w, zero, g, rate, 0.0)
    _compare(new - w, -rate * g, f"with momentum 0 and gradient {g[0]:g}, learning rate {rate:g}, ")

    first, speed = _step(answer, w, v, zero, rate, m)
    words = f"with gradient 0, velocity {v[0]:g} and momentum {m:g} it should coast on: "
    _compare(first - w, m * v, words)
    second, _ = _step(answer, first, speed, zero, rate, m)
    _compare(second - first, m * m * v, "in the second step without a gradient, ")

    place, speed = w, zero
    for n in range(1, 6):
        before = place
        place, speed = _step(answer, place, speed, g, rate, m)
        words = f"under a constant gradient of {g[0]:g} (rate {rate:g}, momentum {m:g}), step {n}: "
        _compare(place - before, -rate * g * (1 - m**n) / (1 - m), words)


def _step(answer: Callable[..., Any], w: Array, v: Array, *rest: Any) -> tuple[Array, Array]:
    returned = read_pair(call(answer, w, v, *rest), "two things, the new w and the new v", "w, v")
    new, speed = (
        read_array(value, w.shape, what=what, shape_as="as w has")
        for value, what in zip(returned, ("weights", "velocities"), strict=True)
    )
    return new, speed


def _compare(moved: Array, should: Array, words: str) -> None:
    wrong = first_wrong(moved, should)
    if wrong is None:
        return
    hint = known_mistake(
        moved, {" It goes the wrong way.": -should, " It does not move at all.": 0.0}
    )
    texts = told_apart(float(should[wrong]), float(moved[wrong]))
    raise not_yet(f"{words}weight {wrong[0]} should move by {texts[0]}, yours by {texts[1]}.{hint}")
