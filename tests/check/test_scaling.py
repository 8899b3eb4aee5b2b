"""The check of standardizing: leaks and other mistakes have their messages."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.standardize)


def by(data, source, spread=np.std):
    return (data - source.mean(axis=0)) / spread(source, axis=0)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda train, test: [by(d, np.concatenate([train, test])) for d in (train, test)],
            "the test data has leaked into training",
        ),
        (lambda train, test: (by(train, train), by(test, test)), "the test data's own mean and"),
        (
            lambda train, test: [(d - train.mean()) / train.std() for d in (train, test)],
            "Each column has a mean and a deviation of its own",
        ),
        (lambda train, test: (train - train.mean(axis=0), test), "The division by the deviation"),
        (
            lambda train, test: [by(d, train, np.var) for d in (train, test)],
            "That divides by the variance",
        ),
        (lambda train, test: by(train, train), "expected two arrays"),
        (lambda train, test: (by(train, train), by(test, train)[:2]), "as test has; received"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_way_passes():
    def with_a_scaler(train, test):
        center, scale = np.mean(train, 0), np.sqrt(np.mean((train - np.mean(train, 0)) ** 2, 0))
        return [(train - center) / scale, (test - center) / scale]

    assert judged(with_a_scaler).startswith("ok: ")
