"""Draws rows for the parts of a split, each class in proportion; imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def drawn(rng: np.random.Generator, groups: list[Rows], count: int) -> list[Rows]:
    """Draw `count` rows in all, from each group in proportion (largest remainders first)."""
    sizes = np.array([len(g) for g in groups])
    exact = sizes * count / sizes.sum()
    take = np.floor(exact).astype(int)
    for group in np.argsort(take - exact, kind="stable")[: count - take.sum()]:
        take[group] += 1
    return [rng.permutation(g)[:k] for g, k in zip(groups, take, strict=True)]


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
    groups = [np.arange(n)]
    if labels is not None:
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    found = []
    for count in counts:
        chosen = drawn(rng, groups, count)
        found.append(np.sort(np.concatenate(chosen)))
        groups = [np.setdiff1d(g, c) for g, c in zip(groups, chosen, strict=True)]
        groups = [g for g in groups if len(g)]
    return [*found, np.sort(np.concatenate(groups))]
