"""The check of one step of backpropagation, against central differences. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import call, first_wrong, known_mistake, not_yet, read_array, told_apart, tries
from .differences import central_differences

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

    expected = central_differences(loss, z)
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
    known = {
        " That is the blame of what the neurons say; their slope is missing.": came_back,
        " You multiply by a; the slope of tanh is another function of a.": came_back * a,
        " a * (1 - a) is the slope of the sigmoid; these neurons have tanh.": came_back
        * a
        * (1 - a),
        " Nearly: the slope of tanh is 0 where a is -1, too.": came_back * (1 - a),
    }
    return known_mistake(blame, known)
