"""The check of dropout, by what it must do to many numbers. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import call, not_yet, read_array, tries

SHAPE = (200, 150)


def dropout(answer: Callable[..., Any]) -> str:
    """Check dropout as it is while training, by its properties.

    Every number is either 0 or its old self divided by ``1 - rate``; the share of zeros is `rate`,
    within five standard deviations; which ones are dropped changes from call to call and does not
    follow rows or columns (Srivastava and others, 2014, scaled while training, as is usual now).

    Parameters
    ----------
    answer : callable
        Called with an array (samples, neurons), a rate between 0 and 1 and a
        `numpy.random.Generator`, it returns an array of that shape.

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
    >>> nbann.check.dropout(lambda a, rate, rng: a * (rng.random(a.shape) >= rate) / (1 - rate))
    'ok: the right share is dropped, anywhere, and the rest makes up for it.'
    """
    for rng in tries(3):
        rate = float(rng.choice([0.2, 0.3, 0.4, 0.6, 0.7]))
        a = rng.uniform(0.5, 1.5, size=SHAPE) * rng.choice([-1.0, 1.0], size=SHAPE)
        first, second = (
            read_array(call(answer, a, rate, own), SHAPE, what="numbers", shape_as="as a has")
            for own in rng.spawn(2)
        )
        _check_share(first, a, rate)
        _check_scale(first, a, rate)
        if np.array_equal(first == 0, second == 0):
            raise not_yet(
                "two calls drop the very same neurons; draw anew each time, with the generator "
                "`rng` that you are given."
            )
        for axis, name in ((0, "column"), (1, "row")):
            whole = (first == 0).all(axis=axis)
            if whole.any():
                raise not_yet(
                    f"a whole {name} is dropped; each number should be dropped or kept by itself."
                )
    return "ok: the right share is dropped, anywhere, and the rest makes up for it."


def _check_share(dropped: Any, a: Any, rate: float) -> None:
    share = float((dropped == 0).mean())
    slack = 5 * np.sqrt(rate * (1 - rate) / a.size)
    if abs(share - rate) <= slack:
        return
    hint = ""
    if abs(share - (1 - rate)) <= slack:
        hint = " You keep the share that should be dropped."
    elif share == 0:
        hint = " Nothing is dropped."
    raise not_yet(f"for rate {rate:g} about {rate:.0%} should be 0, yours has {share:.1%}.{hint}")


def _check_scale(dropped: Any, a: Any, rate: float) -> None:
    kept = dropped != 0
    factors = dropped[kept] / a[kept]
    should = 1 / (1 - rate)
    if np.allclose(factors, should, rtol=1e-9):
        return
    hint = ""
    if np.allclose(factors, 1):
        hint = " Without it the next layer gets less while training than later, when all are there."
    elif np.allclose(factors, 1 / rate) or np.allclose(factors, 1 - rate):
        hint = " Divide by the share that is kept."
    wrong = int(np.argmax(~np.isclose(factors, should)))
    raise not_yet(
        f"for rate {rate:g} what is kept should be multiplied by {should:.4g}, yours is multiplied "
        f"by {factors[wrong]:.4g}.{hint}"
    )
