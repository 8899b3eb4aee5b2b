"""The check of a turned unit's energy: each usual mistake has its message."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.energy_change)


def turned(s, i):
    return np.where(np.arange(len(s)) == i, -s, s)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda W, s, i: -2 * s[i] * (W[i] @ s), "It has the wrong sign"),
        (lambda W, s, i: s[i] * (W[i] @ s), "It is half of that"),
        (lambda W, s, i: -(s @ W @ s) / 2, "That is the energy before."),
        (lambda W, s, i: -(turned(s, i) @ W @ turned(s, i)) / 2, "That is the energy afterward"),
        (lambda W, s, i: 2 * s * (W @ s), "received an array of shape (6,)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_the_difference_itself_passes():
    def difference(W, s, i):
        t = turned(s, i)
        return (s @ W @ s - t @ W @ t) / 2

    assert judged(difference).startswith("ok: ")
