"""The check of principal components: each usual mistake has its message."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.pca_reconstruction)


def directions(Z, k):
    return np.linalg.svd(Z, full_matrices=False)[2][:k]


def centered(X, k):
    Z = X - X.mean(axis=0)
    V = directions(Z, k)
    return Z @ V.T @ V


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda X, k: X, "That is X itself: nothing was left out."),
        (centered, "The mean is missing"),
        (lambda X, k: np.broadcast_to(X.mean(axis=0), X.shape).copy(), "That is the mean alone."),
        (lambda X, k: X @ directions(X, k).T @ directions(X, k), "Subtract the mean of each"),
        (lambda X, k: (X - X.mean(axis=0)) @ directions(X - X.mean(axis=0), k).T, "as X has"),
        (lambda X, k: X.mean(axis=0) + centered(X, k + 1), "your mean squared error is"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_way_passes():
    def by_covariance(X, k):
        mean = X.mean(axis=0)
        V = np.linalg.eigh(np.cov(X.T))[1][:, ::-1][:, :k]
        return mean + (X - mean) @ V @ V.T

    assert judged(by_covariance).startswith("ok: ")
