"""The check of a line's gradient: each usual mistake has its message."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.line_gradient)


def error(x, y, w, b):
    return w * x + b - y


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda *a: (-2 * np.mean(error(*a) * a[0]), 0), "It has the wrong sign"),
        (lambda *a: (np.mean(error(*a) * a[0]), np.mean(error(*a))), "It is half of that"),
        (lambda *a: (2 * sum(error(*a) * a[0]), 2 * sum(error(*a))), "That is the sum over all"),
        (lambda *a: (sum(error(*a) * a[0]), sum(error(*a))), "It lacks the factor 2, and is a sum"),
        (lambda *a: (2 * np.mean(error(*a)), 2 * np.mean(error(*a) * a[0])), "did you swap them?"),
        (lambda *a: (2 * np.mean(error(*a) * a[0]), 0.0), "for each unit of b, yours says 0."),
        (lambda *a: 2 * np.mean(error(*a)), "expected two numbers"),
        (lambda *a: (error(*a), error(*a)), "expected one number; received an array of shape (7,)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_right_answers_pass():
    def with_a_matrix(x, y, w, b):
        design = np.stack([x, np.ones_like(x)], axis=1)
        return list(2 / len(x) * design.T @ (design @ [w, b] - y))

    assert judged(with_a_matrix).startswith("ok: ")
