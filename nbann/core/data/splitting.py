"""Draws rows for the parts of a split, each class in proportion; imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.integer]

MANY = 2**18
"""From so many rows on their numbers are kept in 32 bits."""


def drawn(rng: np.random.Generator, groups: list[Rows], count: int) -> list[Rows]:
    """Draw `count` rows in all, from each group in proportion (largest remainders first)."""
    sizes = np.array([len(g) for g in groups])
    exact = sizes * count / sizes.sum()
    take = np.floor(exact).astype(int)
    for group in np.argsort(take - exact, kind="stable")[: count - take.sum()]:
        take[group] += 1
    # copies, so that what was not drawn is let go of
    return [rng.permutation(g)[:k].copy() for g, k in zip(groups, take, strict=True)]


def parts(
    rng: np.random.Generator, n: int, labels: NDArray[np.generic] | None, counts: list[int]
) -> list[Rows]:
    """Return the rows of each part, in ascending order: as many as `counts` say, then the rest.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Rows in all, more than the counts add up to.
    labels : array of shape (n,) or None
        Classes that keep their shares in each part.
    counts : list of int
    """
    dtype = np.intp if n < MANY else np.int32 if n < 2**31 else np.int64
    groups: list[Rows] = [np.arange(n, dtype=dtype)]
    if labels is not None:
        groups = [np.flatnonzero(labels == k).astype(dtype, copy=False) for k in np.unique(labels)]
    found, left = [], np.ones(n, bool)
    for count in counts:
        chosen = drawn(rng, groups, count)
        found.append(np.sort(np.concatenate(chosen)))
        left[found[-1]] = False
        if len(found) < len(counts):
            groups = [g[left[g]] for g in groups]
            groups = [g for g in groups if len(g)]
    del groups
    return [*found, np.flatnonzero(left).astype(dtype, copy=False)]
