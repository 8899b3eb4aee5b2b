"""The check of one step of backpropagation, against central differences. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import call, first_wrong, not_yet, read_array, told_apart, tries

STEP = 1e-6  # distance of the central difference
SAMPLES, HIDDEN = 3, 4


def hidden_blame(answer: Callable[..., Any]) -> str:
    """Check how blame passes from outputs to hidden neurons with tanh.

    The oracle are central differences of a loss that has no derivative written down here: the sum
    of the outputs, each times the blame that the answer is given, so that this is their gradient.

    Parameters
    ----------
    answer : callable
        Called with the blame of the outputs (samples, outputs), the weights (hidden, outputs) and
        what the hidden neurons say (samples, hidden), it returns the gradient of the loss with
        respect to their sums (samples, hidden).

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
    >>> nbann.check.hidden_blame(lambda output_blame, W, a: output_blame @ W.T * (1 - a**2))
    'ok: the blame of all 12 sums agrees with the central differences.'
    """
    for rng in tries():
        _compare(answer, rng)
    return f"ok: the blame of all {SAMPLES * HIDDEN} sums agrees with the central differences."


def _compare(answer: Callable[..., Any], rng: np.random.Generator) -> None:
    z, weight = rng.normal(size=(SAMPLES, HIDDEN)), rng.normal(size=(HIDDEN, 2))
    output_blame = rng.normal(size=(SAMPLES, 2))
    a = np.tanh(z)

    def loss(sums: np.ndarray[Any, Any]) -> float:
        return float((np.tanh(sums) @ weight * output_blame).sum())

    expected = np.empty_like(z)
    for place in np.ndindex(z.shape):
        hair = np.zeros_like(z)
        hair[place] = STEP
        expected[place] = (loss(z + hair) - loss(z - hair)) / (2 * STEP)
    blame = read_array(
        call(answer, output_blame, weight, a),
        z.shape,
        what="blame",
        shape_as="a row for each flower and a column for each hidden neuron",
    )
    wrong = first_wrong(blame, expected)
    if wrong is not None:
        should, yours = told_apart(expected[wrong], blame[wrong])
        raise not_yet(
            f"the blame of hidden neuron {wrong[1]} for flower {wrong[0]} should be {should}, "
            f"yours is {yours}." + _hint(blame, output_blame @ weight.T, a)
        )


def _hint(blame: Any, came_back: Any, a: Any) -> str:
    """Return what mistake gives just this, if it is a known one."""
    if np.allclose(blame, came_back):
        return " That is the blame of what the neurons say; their slope is missing."
    if np.allclose(blame, came_back * a):
        return " You multiply by a; the slope of tanh is another function of a."
    if np.allclose(blame, came_back * a * (1 - a)):
        return " a * (1 - a) is the slope of the sigmoid; these neurons have tanh."
    if np.allclose(blame, came_back * (1 - a)):
        return " Nearly: the slope of tanh is 0 where a is -1, too."
    return ""
