"""Errors: what they are caught as, and what they say."""

import pickle

import pytest

from nbann.core.checks import number_in, whole_number
from nbann.core.errors import UnknownNameError, bad_executor, bad_value, uncalled


def test_an_unknown_name_is_a_key_error_and_a_value_error():
    error = UnknownNameError("array", "hiden.weight", ["hidden.weight", "x", "y"])
    assert isinstance(error, KeyError)
    assert isinstance(error, ValueError)
    assert str(error) == (
        "Unknown array 'hiden.weight'. Did you mean 'hidden.weight'? "
        "Expected one of: hidden.weight, x, y."
    )


def test_without_a_near_name_none_is_suggested():
    assert "Did you mean" not in str(UnknownNameError("unit", "zzz", ["op", "layer"]))


@pytest.mark.parametrize(
    ("given", "known", "near"),
    [
        ("SGD", ["adam", "sgd"], "'sgd'"),
        ("CROSS_ENTROPY", ["cross_entropy", "hinge"], "'cross_entropy'"),
        ("dense1", ["Dense1", "x"], "'Dense1'"),
        ("ab", ["AB", "aB"], "'AB' or 'aB'"),
    ],
)
def test_case_counts_for_nothing_when_a_name_is_suggested(given, known, near):
    assert f"Did you mean {near}?" in str(UnknownNameError("name", given, known))


def test_a_class_that_was_not_called():
    class Bare:
        pass

    class Needy:
        def __init__(self, size, *rest, more=1, **others):
            pass

    assert str(uncalled("loss", "a loss", Bare)) == (
        "loss: expected a loss; received the class Bare. Call it: Bare()."
    )
    assert str(uncalled("rule", "a rule", Needy)).endswith("Call it: Needy(...).")


def test_a_long_list_of_names_is_cut():
    text = str(UnknownNameError("array", "q", [f"a{i:02}" for i in range(90)]))
    assert "a39, ..." in text
    assert "a40" not in text


def test_an_error_survives_the_way_between_processes():
    error = UnknownNameError("unit", "opp", ["op"])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_form_of_a_bad_value():
    error = bad_value("batch_size", "at least 1", 0, "Pass 32.")
    assert str(error) == "batch_size: expected at least 1; received 0. Pass 32."


@pytest.mark.parametrize("value", [0.5, 1, True, "1", None, float("nan"), float("inf"), 1j, [1]])
def test_numbers_in_a_range(value):
    good = value == 0.5
    if good:
        assert number_in("p", value, least=0.0, below=1.0) == 0.5
    else:
        with pytest.raises(ValueError, match=r"p: expected .* of at least 0 and below 1; received"):
            number_in("p", value, least=0.0, below=1.0)


@pytest.mark.parametrize(
    ("limits", "example"), [({"above": 0.0}, 0.1), ({"least": 0.0, "below": 1.0}, 0.5)]
)
def test_the_example_in_the_message_is_itself_good(limits, example):
    with pytest.raises(ValueError, match=f"p={example}"):
        number_in("p", -5, **limits)
    assert number_in("p", example, **limits) == example


def test_whole_numbers():
    assert whole_number("n", 3, least=1) == 3
    for bad in (0, -1, 1.0, True, "3", None):
        with pytest.raises(ValueError, match="whole number of at least 1"):
            whole_number("n", bad, least=1)


def test_an_executor_that_is_refused_is_both_kinds_and_leaves_a_worker():
    error = bad_executor("executor", "one that takes work", "one that is shut down", "Make one.")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ValueError)
    assert isinstance(again, RuntimeError)
    said = "executor: expected one that takes work; received one that is shut down. Make one."
    assert str(again) == str(error) == said
