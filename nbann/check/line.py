"""The check of a line's gradient, against central differences of the loss. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, known_mistake, not_yet, read_number, read_pair, told_apart, tries
from .differences import COARSE, central_differences

SAMPLES = 7


def line_gradient(answer: Callable[..., Any]) -> str:
    """Check the gradient of the mean squared error of a line.

    The oracle are central differences of the loss; the loss is a polynomial of degree 2, of which
    they are exact but for rounding.

    Parameters
    ----------
    answer : callable
        Called with x and y (samples,), a weight w and a bias b, it returns how fast the mean of
        (w * x + b - y)**2 grows with w, and with b.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first of the two that is wrong.

    Examples
    --------
    >>> import numpy as np, nbann
    >>> def gradient(x, y, w, b):
    ...     error = w * x + b - y
    ...     return 2 * np.mean(error * x), 2 * np.mean(error)
    >>> nbann.check.line_gradient(gradient)
    'ok: both slopes of the loss agree with central differences, for 6 lines.'
    """
    for rng in tries(6):
        _compare(answer, rng)
    return "ok: both slopes of the loss agree with central differences, for 6 lines."


def _compare(answer: Callable[..., Any], rng: np.random.Generator) -> None:
    x, y = rng.normal(size=SAMPLES).round(1), rng.normal(5, 2, size=SAMPLES).round(1)
    w, b = round(float(rng.normal()), 2), round(float(rng.normal()), 2)

    def loss(line: Array) -> float:
        return float(np.mean((line[0] * x + line[1] - y) ** 2))

    slopes = central_differences(loss, np.array([w, b]), COARSE)
    expected = dict(zip("wb", slopes.tolist(), strict=True))
    words = "two numbers, the slope with w and the slope with b"
    returned = read_pair(call(answer, x, y, w, b), words, "slope_w, slope_b")
    for (name, should), value in zip(expected.items(), returned, strict=True):
        yours = read_number(value, what=f"slope with {name}")
        if not np.isclose(yours, should, rtol=1e-6, atol=1e-6):
            texts = told_apart(should, yours)
            raise not_yet(
                f"for w = {w:g} and b = {b:g} the loss should change by {texts[0]} for each unit "
                f"of {name}, yours says {texts[1]}." + _hint(yours, should, expected)
            )


def _hint(yours: float, should: float, expected: dict[str, float]) -> str:
    """Return what mistake gives just this, if it is a known one."""
    other = expected["b"] if should == expected["w"] else expected["w"]
    known = {
        " It has the wrong sign: the error is what the line says, minus what is true.": -should,
        " It is half of that: the derivative of a square has a factor of 2.": should / 2,
        " That is the sum over all samples; the loss is their mean.": should * SAMPLES,
        " It lacks the factor 2, and is a sum where the loss is a mean.": should * SAMPLES / 2,
        " That is the slope with the other one: did you swap them?": other,
    }
    return known_mistake(yours, known, rtol=1e-6, atol=1e-9)
