"""The check of one step of backpropagation: each usual mistake has its message."""

from functools import partial

import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.hidden_blame)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda blame, W, a: blame @ W.T, "their slope is missing"),
        (lambda blame, W, a: blame @ W.T * a, "the slope of tanh is another function of a"),
        (lambda blame, W, a: blame @ W.T * a * (1 - a), "these neurons have tanh"),
        (lambda blame, W, a: blame @ W.T * (1 - a), "is 0 where a is -1, too"),
        (lambda blame, W, a: blame @ W.T * (a**2 - 1), "should be"),
        (lambda blame, W, a: blame, "a column for each hidden neuron; received shape (3, 2)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_way_passes():
    def by_rows(blame, W, a):
        return [(W @ b) * (1 - s * s) for b, s in zip(blame, a, strict=True)]

    assert judged(by_rows).startswith("ok: ")
