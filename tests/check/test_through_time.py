"""The check of a step back through time: each usual mistake has its message."""

from functools import partial

import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.step_back)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda blame, h, U: blame @ U.T, "That is without the slope of tanh."),
        (lambda blame, h, U: blame @ U.T * (1 - h**2), "so it comes before the weights"),
        (lambda blame, h, U: (blame * (1 - h**2)) @ U, "going back they are turned"),
        (lambda blame, h, U: blame * (1 - h**2), "it has still to pass through the weights"),
        (lambda blame, h, U: (blame * h) @ U.T, "should be"),
        (lambda blame, h, U: (blame * (1 - h**2)) @ U.T[:, :2], "as h has; received shape (3, 2)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_way_passes():
    def by_rows(blame, h, U):
        return [U @ (b * (1 - a * a)) for b, a in zip(blame, h, strict=True)]

    assert judged(by_rows).startswith("ok: ")
