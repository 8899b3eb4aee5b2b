"""What each sample of a batch adds to a gradient or a loss; imports NumPy and the core's own parts.

A loss is a mean over the samples (or a weighted one, or a sum), so that each sample's own gradient
is what it adds, divided by its share in that mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

import numpy as np
from numpy.typing import NDArray

from .moment import Moment
from .term import Term

Numbers = NDArray[np.float64]


def per_sample(terms: Iterable[Term], samples: int) -> tuple[Numbers, float]:
    """Return what each sample adds, shape (samples,), and what belongs to none (a penalty)."""
    parts: list[list[float]] = [[] for _ in range(samples)]
    common: list[float] = []
    for term in terms:
        for part in term.parts or (term,):
            (common if part.sample is None else parts[part.sample]).append(part.value)
    return np.array([fsum(part) for part in parts]), fsum(common)


def shares(moment: Moment, *, summed: bool) -> Numbers:
    """Return how much each sample's own loss counts in the batch's, shape (samples,).

    The mean: 1/n each. With weights: the sample's weight over all weights. A sum: 1, and with one
    weight a sample that weight.
    """
    n = moment.batch_size
    weight = moment.arrays.get("y.weight")
    if weight is None:
        return np.full(n, 1.0 if summed else 1.0 / n)
    exact = weight.astype(np.float64)
    if summed:
        # of several rows a sample each has a weight of its own, which its own loss then includes
        return exact.reshape(n) if exact.size == n else np.ones(n)
    counts = moment.arrays.get("y.factor", weight).astype(np.float64)
    total = float(exact.sum())
    rows = counts.reshape(n, -1).sum(axis=1)
    return rows / total if total else np.zeros(n)


def own(parts: Numbers, share: Numbers) -> Numbers:
    """Return each sample's own gradient; NaN where a sample does not count, for it left no trace.

    Parameters
    ----------
    parts, share : array of shape (samples,)
        What each sample adds, and how much it counts.
    """
    return np.divide(parts, share, out=np.full_like(parts, np.nan), where=share != 0)
