"""The check of an update with a penalty: each usual mistake has its message."""

from functools import partial

import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.l2_update)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda W, g, r, l2: W - r * g, "That is without the penalty."),
        (lambda W, g, r, l2: W + r * (g + l2 * W), "It goes uphill"),
        (lambda W, g, r, l2: W - r * (g + 2 * l2 * W), "which the half in l2/2 takes away"),
        (lambda W, g, r, l2: W - r * g - l2 * W, "scaled by the learning rate, too"),
        (lambda W, g, r, l2: W - r * (g - l2 * W), "yours away from it"),
        (lambda W, g, r, l2: W - r * (g + l2 / 2 * W**2), "needs its derivative"),
        (lambda W, g, r, l2: W - r * (g + l2 / 2 * (W**2).sum()), "should become"),
        (lambda W, g, r, l2: (W - r * g)[0], "as W has; received shape (2,)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_way_to_write_it_passes():
    assert judged(lambda W, g, r, l2: (1 - r * l2) * W - r * g).startswith("ok: ")
