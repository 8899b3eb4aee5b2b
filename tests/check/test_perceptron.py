"""The check of the perceptron's rule: which mistake it names first."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.perceptron_update)


def right(w, b, x, t):
    return (w + t * x, b + t) if t * (x @ w + b) <= 0 else (w, b)


def in_two_ifs(w, b, x, t):
    says = 1 if x @ w + b > 0 else -1
    if says != t or x @ w + b == 0:
        w, b = w + t * x, b + t
    return [w, b]


def test_right_answers_pass():
    assert judged(right).startswith("ok: ")
    assert judged(in_two_ifs).startswith("ok: ")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda w, b, x, t: (w, b), "A sum of 0 counts as a mistake, too."),
        (lambda w, b, x, t: (w - t * x, b - t), "It went the wrong way."),
        (lambda w, b, x, t: (w + t * x, b), "The new bias should be"),
        (lambda w, b, x, t: (w + t * x, b + t), "Then nothing changes, but yours does."),
        (lambda w, b, x, t: w + t * x, "expected two things"),
        (lambda w, b, x, t: (w + 0.5 * t * x, b + t), "The new weights should be"),
        (lambda w, b, x, t: (np.append(w, b), b), "as w has; received shape (3,)"),
        (lambda w, b, x, t: (w, None), "returns nothing; put the bias"),
    ],
)
def test_mistakes_are_named(answer, message):
    for _ in range(3):
        verdict = judged(answer)
        assert verdict.startswith("not yet: ")
        assert message in verdict


def test_who_forgets_the_truth_is_told_so():
    def always_up(w, b, x, t):
        return (w + x, b + 1) if t * (x @ w + b) <= 0 else (w, b)

    words = judged(always_up)
    assert "Which way it goes is up to the truth t." in words or "It went the wrong way." in words
