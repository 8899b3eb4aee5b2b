"""The check of scikit-learn's penalty: each usual mistake has its message."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.sklearn_penalty)


def squares(coefs):
    return sum((W**2).sum() for W in coefs)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda coefs, alpha, n: alpha * squares(coefs) / n, "It is twice that"),
        (lambda coefs, alpha, n: alpha / 2 * squares(coefs), "not divided by the number"),
        (lambda coefs, alpha, n: alpha * squares(coefs), "The half and the number of samples"),
        (lambda coefs, alpha, n: squares(coefs) / 2 / n, "alpha is missing."),
        (lambda coefs, alpha, n: alpha / 2 * (coefs[0] ** 2).sum() / n, "the first layer alone"),
        (
            lambda coefs, alpha, n: alpha / 2 * sum(np.abs(W).sum() for W in coefs) / n,
            "The weights are squared",
        ),
        (lambda coefs, alpha, n: [W**2 for W in coefs], "expected an array of numbers"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_way_to_write_it_passes():
    def by_vectors(coefs, alpha, n):
        flat = np.concatenate([W.ravel() for W in coefs])
        return float(alpha * flat @ flat / (2 * n))

    assert judged(by_vectors).startswith("ok: ")
