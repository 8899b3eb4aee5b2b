"""What holds of every check: right answers pass, and no trick does."""

import signal

import numpy as np
import pytest

from nbann import check
from nbann.check import asking

from .cases import CASES


def endless(*arguments):
    while True:
        pass


def rude(*arguments):
    raise SystemExit(0)


class Unreadable:
    def __array__(self, *arguments, **settings):
        raise RuntimeError("nothing to see here")


def recursive(*arguments):
    return recursive(*arguments)


def printing(right):
    def answer(*arguments):
        print(right(*arguments))

    return answer


def mapped(right, change):
    """A function whose every number is changed, whatever `right` returns."""

    def deep(value):
        if isinstance(value, tuple | list):
            return type(value)(deep(item) for item in value)
        if isinstance(value, dict):
            return {key: deep(item) for key, item in value.items()}
        return change(np.asarray(value, dtype=float))

    return lambda *arguments: deep(right(*arguments))


def tricks(right):
    """Answers that know nothing of the exercise, by name."""
    return {
        "no function": 3,
        "nothing": lambda *arguments: None,
        "dots": lambda *arguments: ...,
        "printing the right answer": printing(right),
        "what was passed in": lambda *arguments: arguments[0],
        "the last that was passed in": lambda *arguments: arguments[-1],
        "all that was passed in": lambda *arguments: arguments,
        "a text": lambda *arguments: "ok: your answer is right",
        "True": lambda *arguments: True,
        "zero": lambda *arguments: 0.0,
        "one": lambda *arguments: 1.0,
        "an error": lambda *arguments: 1 / 0,
        "an exit": rude,
        "endless": endless,
        "endless calls": recursive,
        "no arguments": lambda: 1,
        "NaN": mapped(right, lambda array: array * np.nan),
        "infinity": mapped(right, lambda array: array + np.inf),
        "the wrong sign": mapped(right, lambda array: -array - 0.25),
        "what can not be read": lambda *arguments: Unreadable(),
        "another shape": mapped(right, lambda array: np.ones((7, 5, 2))),
    }


def test_every_check_has_a_case():
    assert set(CASES) == set(check.__all__) - {"NotYet"}


@pytest.mark.parametrize("name", CASES)
def test_the_right_answer_passes(name):
    case = CASES[name]
    for _ in range(5):  # what it is tried with is new each time
        assert case.judge(case.right).startswith("ok: ")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("trick", tricks(None))
def test_no_trick_passes(name, trick, monkeypatch):
    case = CASES[name]
    if trick == "endless":
        monkeypatch.setattr(asking, "PATIENCE", 0.2)
    with pytest.raises(check.NotYet, match=r"^not yet: .{10}"):
        case.judge(tricks(case.right)[trick])


def test_code_is_stopped_where_no_thread_can_be_started(monkeypatch):
    """As in a browser's Python: lines are counted against the clock instead."""

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asking.threading.Timer, "start", refuse)
    monkeypatch.setattr(asking, "PATIENCE", 0.2)
    with pytest.raises(check.NotYet, match="did not come back within 0"):
        asking.call(endless, np.ones(2))
    assert asking.call(lambda a: a + 1, np.ones(2)).tolist() == [2, 2]


def test_code_is_stopped_where_the_interrupt_is_ignored(monkeypatch):
    """As in a process that was started in the background of a shell."""
    monkeypatch.setattr(asking, "PATIENCE", 0.2)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(check.NotYet, match="did not come back within 0"):
            asking.call(endless, np.ones(2))
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_exception_handler_of_the_learner_does_not_keep_it_running(monkeypatch):
    def stubborn(a):
        while True:
            try:
                a = a + 1
            except Exception:
                a = 0

    monkeypatch.setattr(asking, "PATIENCE", 0.2)
    with pytest.raises(check.NotYet, match="did not come back"):
        asking.call(stubborn, np.ones(2))
