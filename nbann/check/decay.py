"""The check of an update with a penalty on large weights. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from .differences import COARSE, central_differences


def l2_update(answer: Callable[..., Any]) -> str:
    """Check one update of gradient descent with an L2 penalty.

    The oracle are central differences of loss and penalty together, l2/2 times the sum of all
    squared weights; both are polynomials, of which they are exact but for rounding.

    Parameters
    ----------
    answer : callable
        Called with weights W (inputs, neurons), the gradient of the loss without penalty, of the
        same shape, a learning rate and l2, it returns the new weights.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first weight that is wrong.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.l2_update(lambda W, gradient, rate, l2: W - rate * (gradient + l2 * W))
    'ok: your weights are those of gradient descent on loss and penalty together.'
    """
    for rng in tries(4):
        W, gradient = rng.normal(size=(3, 2)).round(2), rng.normal(size=(3, 2)).round(2)
        rate, l2 = round(float(rng.uniform(0.1, 0.9)), 2), round(float(rng.uniform(0.1, 0.9)), 2)
        new = read_array(call(answer, W, gradient, rate, l2), W.shape, what="weights",
                         shape_as="as W has")  # fmt: skip
        should = W - rate * _slopes(W, gradient, l2)
        wrong = first_wrong(new, should)
        if wrong is not None:
            texts = told_apart(should[wrong], new[wrong])
            raise not_yet(
                f"a weight of {W[wrong]:g} with gradient {gradient[wrong]:g}, learning rate "
                f"{rate:g} and l2 {l2:g} should become {texts[0]}, yours becomes {texts[1]}."
                + _hint(new, W, gradient, rate, l2)
            )
    return "ok: your weights are those of gradient descent on loss and penalty together."


def _slopes(W: Array, gradient: Array, l2: float) -> Array:
    """Return how loss and penalty grow with each weight, by central differences."""

    def total(weights: Array) -> float:
        return float((gradient * weights).sum() + l2 / 2 * (weights**2).sum())

    return central_differences(total, W, COARSE)


def _hint(new: Array, W: Array, gradient: Array, rate: float, l2: float) -> str:
    """Return what mistake gives just this, if it is a known one."""
    known = {
        " That is without the penalty.": W - rate * gradient,
        " It goes uphill: the sign is wrong.": W + rate * (gradient + l2 * W),
        " The derivative of a square has a 2, which the half in l2/2 takes away.": W
        - rate * (gradient + 2 * l2 * W),
        " The penalty's gradient is scaled by the learning rate, too.": W
        - rate * gradient
        - l2 * W,
        " The penalty pushes weights toward 0, yours away from it.": W - rate * (gradient - l2 * W),
        " You add the penalty itself; the update needs its derivative.": W
        - rate * (gradient + l2 / 2 * W**2),
    }
    return known_mistake(new, known)
