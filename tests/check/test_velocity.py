"""The check of momentum: each usual mistake has its message."""

from functools import partial

import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.momentum_step)


def rule(change):
    def step(w, v, g, rate, m):
        v = change(w, v, g, rate, m)
        return w + v, v

    return step


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda w, v, g, r, m: (w - r * g, v), "it should coast on: weight 0 should move by"),
        (rule(lambda w, v, g, r, m: m * v + r * g), "It goes the wrong way."),
        (rule(lambda w, v, g, r, m: m * v - (1 - m) * r * g), "step 1: "),
        (rule(lambda w, v, g, r, m: v - r * g), "it should coast on"),
        (lambda w, v, g, r, m: (w + m * v - r * g, v), "in the second step without a gradient"),
        (lambda w, v, g, r, m: (w, m * v - r * g), "It does not move at all."),
        (lambda w, v, g, r, m: w + m * v - r * g, "expected two things"),
        (lambda w, v, g, r, m: (w + m * v - r * g, [1.0]), "as w has; received shape (1,)"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_the_other_sign_of_velocity_passes_only_if_it_coasts_the_told_way():
    """Some write v = m*v + rate*g and w - v: for a velocity that is given, another rule."""

    def other(w, v, g, rate, m):
        v = m * v + rate * g
        return w - v, v

    assert "it should coast on" in judged(other)
