"""The check of a softmax: each mistake that learners make has a message of its own."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.softmax)


def naive(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (naive, "small scores are right, but of scores near 1000 or -1000: there is a NaN"),
        (lambda z: np.exp(z) / np.exp(z).sum(), "sum each row by itself, with axis=1"),
        (lambda z: np.exp(z) / np.exp(z).sum(axis=0), "so sum along axis=1"),
        (lambda z: np.exp(z), "row 0 should sum to 1; yours sums to"),
        (lambda z: abs(z) / abs(z).sum(axis=1, keepdims=True), "times as probable; in yours it is"),
        (lambda z: naive(2 * z), "times as probable"),
        (lambda z: naive(z)[:, 0], "as the scores have; received shape (4,)"),
        (lambda z: np.eye(z.shape[1])[z.argmax(axis=1)], "every probability should be above 0"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_other_ways_to_a_right_answer_pass():
    def by_logarithms(z):
        top = z.max(axis=1, keepdims=True)
        return np.exp(z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True)))

    assert judged(by_logarithms).startswith("ok: ")
    assert judged(lambda z: [list(row) for row in by_logarithms(z)]).startswith("ok: ")
