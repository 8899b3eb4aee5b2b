"""The check of a gradient that is put together from the parts of workers. Imports `asking`."""

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
    told_apart,
    tries,
)
from .differences import COARSE, central_differences


def reduce_gradients(answer: Callable[..., Any]) -> str:
    """Check a gradient that is put together from those of workers.

    The oracle are central differences of the mean squared error over all rows, of which each worker
    has a part; the loss is a polynomial of second degree, of which they are exact but for rounding.

    Parameters
    ----------
    answer : callable
        Called with an array of the workers' gradients, a row each, (workers, weights), and an array
        of how many samples each of them had, (workers,), it returns the gradient of the mean loss
        of all samples, (weights,).

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first number that is wrong.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.reduce_gradients(lambda gradients, counts: counts @ gradients / counts.sum())
    'ok: your sum of parts is the gradient of the whole batch, however the rows are divided.'
    """
    for rng in tries(4):
        counts = np.array([2, 6]) if rng.integers(2) else rng.permutation([1, 3, 7])
        X, y = rng.normal(size=(counts.sum(), 2)), rng.normal(size=counts.sum())
        w = rng.normal(size=2)
        ends = np.cumsum(counts)
        gradients = np.array(
            [
                _slopes(X[end - n : end], y[end - n : end], w)
                for n, end in zip(counts, ends, strict=True)
            ]
        )
        found = read_array(
            call(answer, gradients, counts), w.shape, what="gradient", shape_as="as each worker's"
        )
        should = _slopes(X, y, w)
        wrong = first_wrong(found, should)
        if wrong is not None:
            texts = told_apart(should[wrong], found[wrong])
            pairs = zip(gradients[:, wrong[0]], counts, strict=True)
            parts = " and ".join(f"{part:.4g} ({n} samples)" for part, n in pairs)
            raise not_yet(
                f"of the parts {parts} the whole is {texts[0]}, yours is {texts[1]}."
                + _hint(found, gradients, counts)
            )
    return "ok: your sum of parts is the gradient of the whole batch, however the rows are divided."


def _slopes(X: Array, y: Array, w: Array) -> Array:
    """Return how the mean squared error grows with each weight, by central differences."""

    def loss(weights: Array) -> float:
        return float(((X @ weights - y) ** 2).mean())

    return central_differences(loss, w, COARSE)


def _hint(found: Array, gradients: Array, counts: Array) -> str:
    """Return what mistake gives just this, if it is a known one."""
    known = {
        " Each worker counts alike there, however few samples it had.": gradients.mean(axis=0),
        " That is a plain sum: it grows with the number of workers.": gradients.sum(axis=0),
        " Divide by the number of all samples.": counts @ gradients,
        " Divide by the number of all samples, not of workers.": counts @ gradients / len(counts),
        " It is divided by the number of workers once too often.": counts
        @ gradients
        / counts.sum()
        / len(counts),
        " These are the shares of the rows the wrong way around: who had more counts more.": (
            1 / counts
        )
        @ gradients
        / (1 / counts).sum(),
    }
    return known_mistake(found, known)
