"""Generators and their states: those of `RandomState` draw as it does, and go through files."""

import json

import numpy as np
import pytest

from nbann.core.plan import Plan
from nbann.core.state import State
from nbann.core.storing.faults import FileError
from nbann.core.storing.setup import checked_stream
from nbann.core.streams import generator, set_state, size_of, state_of

KINDS = (np.random.MT19937, np.random.PCG64)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_draws_what_the_random_state_would(kind):
    legacy = np.random.RandomState(kind(3))
    legacy.normal(size=3)  # an odd number: one is kept for the next call
    made = generator(state_of(legacy))
    expected = legacy.uniform(size=(700, 3))
    found = np.empty((700, 3))
    made.random(None, np.float64, found)
    np.testing.assert_array_equal(found, expected)
    other = np.random.RandomState(kind(3))
    other.normal(size=3)
    set_state(other, state_of(made))
    assert other.normal() == legacy.normal(), "what is kept for the next call stays"
    assert other.uniform() == legacy.uniform()


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_is_comparable_and_goes_through_json_and_a_files_check(kind):
    source = np.random.Generator(kind(1))
    source.random(5)
    state = state_of(source)
    read = checked_stream(json.loads(json.dumps(state)))
    assert read == state
    assert state == state_of(generator(read))
    drawn = source.random(9)
    assert state != state_of(source)
    np.testing.assert_array_equal(generator(read).random(9), drawn)
    assert size_of(state) >= len(json.dumps(state)) / 2


def test_a_run_starts_where_its_plan_says():
    plan = Plan()
    plan.stream("first")
    plan.stream("second", state_of(np.random.RandomState(7)))
    plan.stream("third")
    plain = Plan()
    for name in ("first", "second", "third"):
        plain.stream(name)
    states = [
        State([], np.dtype(float), {}, {}, streams=p.streams, stream_starts=p.stream_starts)
        for p in (plan, plain)
    ]
    for state in states:
        state.initialize(5, {})
    drawn = [{name: s.random(4) for name, s in state.streams.items()} for state in states]
    np.testing.assert_array_equal(drawn[0]["second"], np.random.RandomState(7).uniform(size=4))
    for name in ("first", "third"):
        np.testing.assert_array_equal(drawn[0][name], drawn[1][name])
    before = states[0].snapshot()
    states[0].initialize(5, {})
    assert not states[0].snapshot().is_same(before)
    states[0].restore(before)
    assert states[0].snapshot().is_same(before)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("key", ""),
        ("key", "g" * 4992),
        ("key", "A" * 4992),
        ("pos", 625),
        ("pos", -1),
        ("pos", "1"),
    ],
)
def test_odd_states_in_files_are_refused(key, value):
    state = state_of(np.random.RandomState(0))
    state["state"][key] = value
    with pytest.raises(FileError):
        checked_stream(state)


def test_kinds_do_not_mix():
    with pytest.raises(ValueError, match=r"one of PCG64.*received one of MT19937"):
        set_state(generator(), state_of(np.random.RandomState(0)))
    with pytest.raises(ValueError, match=r"PCG64 or MT19937.*Philox"):
        state_of(np.random.RandomState(np.random.Philox(0)))
