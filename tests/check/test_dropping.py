"""The check of dropout: each usual mistake has its message."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.dropout)


def mask(a, rate, rng):
    return rng.random(a.shape) >= rate


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda a, rate, rng: a * mask(a, rate, rng), "Without it the next layer gets less"),
        (lambda a, rate, rng: a * ~mask(a, rate, rng) / rate, "You keep the share that should be"),
        (lambda a, rate, rng: a * mask(a, rate, rng) * (1 - rate), "Divide by the share that is"),
        (lambda a, rate, rng: a / (1 - rate), "Nothing is dropped."),
        (
            lambda a, rate, rng: a * mask(a, rate, np.random.default_rng(0)) / (1 - rate),
            "two calls drop the very same neurons",
        ),
        (
            lambda a, rate, rng: a * (rng.random((1, a.shape[1])) >= rate) / (1 - rate),
            "",  # columns: the share is off or a whole column is gone
        ),
        (lambda a, rate, rng: (a * mask(a, rate, rng))[:3], "as a has; received shape (3, 150)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_changing_the_input_is_told():
    def in_place(a, rate, rng):
        a *= mask(a, rate, rng) / (1 - rate)
        return a

    assert "changes the array that it is given" in judged(in_place)


def test_a_choice_of_each_passes():
    def chosen(a, rate, rng):
        return np.where(rng.binomial(1, rate, a.shape), 0, a / (1 - rate))

    assert judged(chosen).startswith("ok: ")
