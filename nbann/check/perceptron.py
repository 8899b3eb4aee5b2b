"""The check of the perceptron's rule, against scikit-learn's Perceptron. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, not_yet, read_array, read_number, read_pair, told_apart, tries

SAMPLES = 40


def perceptron_update(answer: Callable[..., Any]) -> str:
    """Check what a perceptron does after one sample.

    The oracle is `sklearn.linear_model.Perceptron`, which sees the same samples one by one.

    Parameters
    ----------
    answer : callable
        Called with weights w (features,), bias b, a sample x (features,) and its truth t, 1 or -1,
        it returns the new weights and the new bias. A sample is a mistake where t * (x @ w + b) is
        not above 0.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first sample after which weights or bias are wrong.

    Examples
    --------
    >>> import nbann
    >>> def update(w, b, x, t):
    ...     return (w + t * x, b + t) if t * (x @ w + b) <= 0 else (w, b)
    >>> nbann.check.perceptron_update(update)
    'ok: your neuron changes as scikit-learn does, over 40 samples.'
    """
    for rng in tries():
        _compare(answer, rng)
    return f"ok: your neuron changes as scikit-learn does, over {SAMPLES} samples."


def _compare(answer: Callable[..., Any], rng: np.random.Generator) -> None:
    from sklearn.linear_model import Perceptron

    X = rng.normal(size=(SAMPLES, 2)).round(2)
    truths = np.where(X @ rng.normal(size=2) + 0.3 * rng.normal(size=SAMPLES) > 0, 1, -1)
    oracle = Perceptron(shuffle=False)
    w, b = np.zeros(2), 0.0
    for number, (x, t) in enumerate(zip(X, truths, strict=True)):
        new_w, new_b = _read(call(answer, w, b, x, int(t)))
        oracle.partial_fit(x[None], [t], classes=[-1, 1])
        should_w, should_b = oracle.coef_[0], float(oracle.intercept_[0])
        if not np.allclose(np.append(new_w, new_b), np.append(should_w, should_b), atol=1e-9):
            raise not_yet(_words(number, (w, b), (x, int(t)), (new_w, new_b), (should_w, should_b)))
        w, b = new_w, new_b


def _read(returned: Any) -> tuple[Array, float]:
    words = "two things, the new weights and the new bias (`return w, b`)"
    weights, bias = read_pair(returned, words, "w, b")
    array = read_array(weights, (2,), what="weights", shape_as="as w has")
    return array, read_number(bias, what="bias")


def _words(
    number: int,
    before: tuple[Array, float],
    sample: tuple[Array, int],
    yours: tuple[Array, float],
    should: tuple[Array, float],
) -> str:
    (w, b), (x, t) = before, sample
    z = float(x @ w + b)
    judged = "a mistake" if t * z <= 0 else "right"
    words = (
        f"sample {number} is {x} with truth {t}; the weights {w} and the bias {b:g} add up to "
        f"{z:.3g}, which is {judged}. "
    )
    if t * z > 0:
        return words + "Then nothing changes, but yours does."
    if np.array_equal(np.append(*yours), np.append(w, b)):
        zero = " A sum of 0 counts as a mistake, too." if z == 0 else ""
        return words + f"Then both change, but yours do not.{zero}"
    if np.allclose(yours[0], should[0]):
        pair = told_apart(should[1], yours[1])
        return words + f"The new bias should be {pair[0]}, yours is {pair[1]}."
    hint = ""
    if np.allclose(yours[0] - w, w - should[0]):
        hint = " It went the wrong way."
    elif t == -1 and np.allclose(yours[0] - w, x):
        hint = " Which way it goes is up to the truth t."
    return words + f"The new weights should be {should[0]}, yours are {yours[0]}.{hint}"
