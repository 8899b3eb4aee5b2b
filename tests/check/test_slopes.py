"""Exercise checks: right answers pass, wrong ones get the message that helps."""

import numpy as np
import pytest

import nbann
from nbann import check
from nbann.check import asking

from .verdicts import in_words


def judged(answer, **options):
    """The verdict on a slope of tanh, in words."""
    return in_words(check.derivative, answer, of=np.tanh, **({"given": "a"} | options))


def test_right_answers_pass():
    assert judged(lambda a: 1 - a**2).startswith("ok: ")
    assert judged(lambda a: [1 - v * v for v in a]).startswith("ok: ")
    assert judged(lambda z: 1 / np.cosh(z) ** 2, given="z").startswith("ok: ")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda a: a, "for z = 0 the slope should be 1, yours is 0. That is the function itself"),
        (lambda a: a**2 - 1, "should be 1, yours is -1. It has the wrong sign"),
        (lambda a: a * (1 - a), "for z = 0 the slope should be 1, yours is 0."),
        (lambda a: 1 - a, "for z = 0.5 the slope should be 0.786, yours is 0.538."),
        (lambda a: (1 - a**2) * 1.0001, "should be 1, yours is 1.0001."),
        (lambda a: print(1 - a**2), "returns nothing"),
        (lambda a: ..., "returns nothing"),
        (lambda a: (1 - a**2)[:3], "expected shape (5,), as the input has; received shape (3,)"),
        (lambda a: 1 - a[0] ** 2, "received shape ()"),
        (lambda a: np.where(a > 0, np.nan, 1 - a**2), "NaN"),
        (lambda a: "1 - a**2", "expected an array of numbers; received str"),
        (lambda a: (1 - a**2) + 1j, "expected an array of numbers"),
        (lambda a: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (lambda a: missing, "raised NameError"),  # noqa: F821  # what a learner may write
        (lambda: 1, "raised TypeError"),
        (1, "expected a function; received 1"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong_first(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_no_hint_where_it_would_be_untrue():
    """At z = 0 the slope of the sigmoid is tanh's value; that is no reason to say so."""
    assert "function itself" not in judged(lambda a: a * (1 - a))
    assert "function itself" not in judged(lambda a: 0 * a)


def test_the_argument_may_not_be_changed():
    def squares(a):
        a *= a
        return 1 - a

    assert "changes the array" in judged(squares)


def test_an_endless_loop_is_stopped(monkeypatch):
    def endless(a):
        while True:
            a = a + 1

    monkeypatch.setattr(asking, "PATIENCE", 0.3)
    assert judged(endless) == "not yet: your function did not come back within 0.3 seconds."


def test_the_verdict_is_shown_without_a_traceback():
    with pytest.raises(check.NotYet) as raised:
        check.derivative(lambda a: a, of=np.square)
    assert raised.value._render_traceback_() == [str(raised.value)]


def test_an_unknown_argument_is_the_teachers_mistake():
    with pytest.raises(ValueError, match="Unknown given 'b'"):
        check.derivative(np.cos, of=np.sin, given="b")


def test_it_is_reached_from_the_package():
    assert nbann.check is check
