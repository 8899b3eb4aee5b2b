"""The check of principal components, against scikit-learn's PCA. Imports `asking`."""

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


def pca_reconstruction(answer: Callable[..., Any]) -> str:
    """Check what is left of samples that are described by k numbers each.

    The oracle is `sklearn.decomposition.PCA`: there and back again.

    Parameters
    ----------
    answer : callable
        Called with X (samples, features) and k, it returns the samples as k principal components
        give them back, of the shape of X.

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
    >>> import numpy as np, nbann
    >>> def reconstruct(X, k):
    ...     mean = X.mean(axis=0)
    ...     U, s, V = np.linalg.svd(X - mean, full_matrices=False)
    ...     return mean + (X - mean) @ V[:k].T @ V[:k]
    >>> nbann.check.pca_reconstruction(reconstruct)
    'ok: your reconstructions are those of PCA, for 1, 2 and 3 numbers a sample.'
    """
    from sklearn.decomposition import PCA

    for rng in tries():
        X = (rng.normal(size=(12, 5)) @ rng.normal(size=(5, 5)) + 4 * rng.normal(size=5)).round(2)
        for k in (1, 2, 3):
            pca = PCA(k, svd_solver="full").fit(X)
            should = pca.inverse_transform(pca.transform(X))
            yours = read_array(
                call(answer, X, k), X.shape, what="reconstructions", shape_as="as X has"
            )
            wrong = first_wrong(yours, should, rtol=1e-6, atol=1e-6)
            if wrong is not None:
                texts = told_apart(float(should[wrong]), float(yours[wrong]))
                error, least = (float(((Z - X) ** 2).mean()) for Z in (yours, should))
                raise not_yet(
                    f"for k = {k}, feature {wrong[1]} of sample {wrong[0]} should come back as "
                    f"{texts[0]}, yours is {texts[1]}; your mean squared error is {error:.3g}, and "
                    f"{least:.3g} can be had." + _hint(yours, X, should, k)
                )
    return "ok: your reconstructions are those of PCA, for 1, 2 and 3 numbers a sample."


def _hint(yours: Array, X: Array, should: Array, k: int) -> str:
    """Return what mistake gives just this, if it is a known one."""
    mean = X.mean(axis=0)
    bare = np.linalg.svd(X, full_matrices=False)[2][:k]
    known = {
        " That is X itself: nothing was left out.": X,
        " The mean is missing: add it again in the end.": should - mean,
        " That is the mean alone.": mean,
        " Subtract the mean of each feature first: directions start from the middle.": (
            X @ bare.T @ bare
        ),
    }
    return known_mistake(yours, known)
