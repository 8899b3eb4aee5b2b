"""The check of start weights: what it says of those that are too small, too large, or fixed."""

from functools import partial

import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.start_std)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda fan_in: (1 / fan_in) ** 0.5, "A half is lost in each: ReLU lets only half"),
        (lambda fan_in: 2 / fan_in, "That is the variance; the standard deviation is its root."),
        (lambda fan_in: 1.0, "grows by"),
        (lambda fan_in: 0.01, "shrinks by"),
        (lambda fan_in: (2 / 300) ** 0.5, "in layers of 150 neurons"),  # right for one width only
        (lambda fan_in: 0.0, "nothing comes through"),
        (lambda fan_in: -((2 / fan_in) ** 0.5), "never below 0"),
        (lambda fan_in: [0.1, 0.2], "expected one number"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_hes_weights_pass_every_time():
    assert {judged(lambda fan_in: (2 / fan_in) ** 0.5)[:3] for _ in range(20)} == {"ok:"}
