"""The check of a softmax: by the properties that only softmax has. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import call, first_wrong, not_yet, read_array, told_apart, tries


def softmax(answer: Callable[..., Any]) -> str:
    """Check a softmax that the learner wrote, large scores included.

    The oracle are three properties that have one solution: every probability is above 0, each row
    sums to 1, and the logarithms of two probabilities of a row differ as their scores do
    (Bridle 1990).

    Parameters
    ----------
    answer : callable
        Called with scores of shape (samples, classes), it returns probabilities of that shape.

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
    >>> import numpy as np, nbann
    >>> def softmax(z):
    ...     e = np.exp(z - z.max(axis=1, keepdims=True))
    ...     return e / e.sum(axis=1, keepdims=True)
    >>> nbann.check.softmax(softmax)
    'ok: your rows sum to 1, and no score is too large for them.'
    """
    for rng in tries():
        for scores in (rng.normal(size=(4, 3)), rng.normal(size=(2, 5)) + 3.0):
            _check_rows(answer, scores)
    large = np.array([[1000.0, 999.0, 998.0], [-1000.0, -1001.0, -999.0]])
    try:
        _check_rows(answer, large)
    except AssertionError as verdict:
        words = str(verdict).removeprefix("not yet: ")
        raise not_yet(
            f"small scores are right, but of scores near 1000 or -1000: {words} "
            "e to the power of 1000 is more than a float can hold: what may you subtract "
            "from all scores of a row?"
        ) from None
    return "ok: your rows sum to 1, and no score is too large for them."


def _check_rows(answer: Callable[..., Any], scores: np.ndarray[Any, Any]) -> None:
    p = read_array(
        call(answer, scores), scores.shape, what="probabilities", shape_as="as the scores have"
    )
    if (p < 0).any() or (p == 0).any():
        raise not_yet(f"every probability should be above 0; the lowest of yours is {p.min():.3g}.")
    sums = p.sum(axis=1)
    wrong = first_wrong(sums, np.ones(len(p)), rtol=1e-9)
    if wrong is not None:
        hint = ""
        if abs(p.sum() - 1) < 1e-9:
            hint = " All rows together sum to 1: sum each row by itself, with axis=1."
        elif np.allclose(p.sum(axis=0), 1):
            hint = " Your columns sum to 1: each row is a sample, so sum along axis=1."
        _, yours = told_apart(1.0, sums[wrong])
        raise not_yet(f"row {wrong[0]} should sum to 1; yours sums to {yours}.{hint}")
    apart, should = np.log(p[:, :1] / p), scores[:, :1] - scores
    wrong = first_wrong(apart, should, rtol=1e-7)
    if wrong is not None:
        row, k = wrong
        factor, ratio = told_apart(np.exp(should[wrong]), p[row, 0] / p[row, k])
        raise not_yet(
            f"the scores of row {row} are {scores[row, 0]:.3g} for class 0 and "
            f"{scores[row, k]:.3g} for class {k}, so class 0 should be "
            f"e^({scores[row, 0]:.3g} - ({scores[row, k]:.3g})) = {factor} times "
            f"as probable; in yours it is {ratio} times."
        )
