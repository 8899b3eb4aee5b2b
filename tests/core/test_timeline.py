"""Going back and coming again: every number as it was, proved by a run from scratch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .nets import make
from .timelines import RUNS, Line, do, same_state, walk

UNITS = ["op", "layer", "phase", "batch", "epoch"]

moves = st.one_of(
    st.tuples(st.just("step"), st.sampled_from(UNITS), st.integers(1, 4)),
    st.tuples(st.just("back"), st.sampled_from(UNITS), st.integers(1, 4)),
    st.tuples(st.just("goto"), st.floats(0, 1.1)),
    st.tuples(st.just("run"), st.integers(1, 2)),
)
acts = st.one_of(
    st.tuples(st.just("rate"), st.sampled_from([0.01, 0.2, 0.7])),
    st.tuples(
        st.just("set"),
        st.just("last.weight"),
        st.tuples(st.integers(-1, 1), st.integers(0, 2)),
        st.sampled_from([-1.5, 0.0, 2.0]),
    ),
    st.tuples(st.sampled_from(["freeze", "unfreeze"]), st.sampled_from(["last.bias", "first"])),
    st.tuples(
        st.sampled_from(["silence", "unsilence"]), st.sampled_from(["first", "last"]), st.just(1)
    ),
)
walks = st.lists(st.one_of(moves, moves, acts), min_size=1, max_size=9)


def move(trainer, action):
    match action:
        case ("goto", share):
            epoch, batch, op = trainer.timeline.position_of(trainer.timeline.end)
            ops, batches = len(trainer.program), trainer.batches
            whole = int(share * ((epoch * batches + batch) * ops + op))
            place, op = divmod(whole, ops)
            trainer.goto(*divmod(place, batches), op)
        case (method, *arguments):
            getattr(trainer, method)(*arguments)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(RUNS)), walks)
def test_a_walk_in_time_is_at_each_place_a_run_from_scratch(name, actions):
    trainer, line = RUNS[name](), Line(RUNS[name])
    for action in actions:
        if action[0] in ("step", "back", "goto", "run"):
            move(trainer, action)
        else:
            place, known = trainer.position, list(trainer.timeline)
            do(trainer, action)
            if list(trainer.timeline) != known:  # letting go of what is free changes nothing
                line.acted(place, action)
        same_state(line.at(trainer.position), trainer)


@pytest.mark.parametrize("name", RUNS)
def test_every_op_of_a_run_backward(name):
    """All arrays are compared, those too that hold what the batch before has left in them."""
    trainer = RUNS[name]()
    trainer.run(2)
    trainer.step("op", 5)
    stop = trainer.position
    fresh, seen = RUNS[name](), {}
    while True:
        seen[fresh.position] = {n: fresh[n].copy() for n in fresh.names}
        if fresh.position == stop:
            break
        fresh.step("op")
    for position in sorted(seen, reverse=True)[:: 1 if trainer.batches == 1 else 3]:
        trainer.goto(*position)
        assert trainer.position == position
        for array, expected in seen[position].items():
            np.testing.assert_array_equal(trainer[array], expected, f"{array} at {position}")


@pytest.mark.parametrize("unit", UNITS)
def test_back_is_the_reverse_of_step(unit):
    trainer = make(n=13, batch_size=5)
    places = [trainer.position]
    for _ in range(7):
        trainer.step(unit)
        places.append(trainer.position)
    for place in places[-2::-1]:
        assert trainer.back(unit) == place == trainer.position
    assert trainer.back(unit, 5) == (0, 0, 0)  # there is nothing before the start


def test_back_from_the_midst_goes_to_the_start_of_the_unit():
    trainer = make(n=13, batch_size=5)
    trainer.run(1)
    trainer.step("op", 6)
    assert trainer.back("batch") == (1, 0, 0)
    assert trainer.back("batch") == (0, 2, 0)
    trainer.goto(1, 1, 4)
    assert trainer.back("epoch") == (1, 0, 0)
    assert trainer.back("epoch") == (0, 0, 0)


def test_goto_beyond_the_end_trains_on():
    trainer, straight = make(n=13, batch_size=5), make(n=13, batch_size=5)
    trainer.run(1)
    assert trainer.goto(3, 2, 4) == (3, 2, 4)
    walk(straight, (3, 2, 4))
    same_state(straight, trainer)
    trainer.goto(0)
    assert trainer.goto(5) == (5, 0, 0)
    walk(straight, (5, 0, 0))
    same_state(straight, trainer)


def test_the_history_is_that_of_the_place_and_comes_back():
    trainer = make(n=13, batch_size=5, evaluate_every=2)
    trainer.run(6)
    whole = {name: trainer.history[name] for name in trainer.history}
    trainer.goto(3, 1)
    assert len(trainer.history["loss"]) == 10
    np.testing.assert_array_equal(trainer.history["loss"], whole["loss"][:10])
    np.testing.assert_array_equal(trainer.history["epoch"], [2])
    trainer.goto(6)
    for name, column in whole.items():
        np.testing.assert_array_equal(trainer.history[name], column)
    trainer.goto(0)
    assert list(trainer.history) == ["loss"]


@pytest.mark.parametrize("memory", [0, 0.02, 64])
def test_any_memory_will_do(memory):
    run, straight = (make(n=13, batch_size=5, timeline_memory=m) for m in (memory, 64))
    run.run(400)
    assert run.timeline.snapshots.nbytes <= memory * 2**20 or len(run.timeline.snapshots) == 1
    run.goto(211, 1, 7)
    walk(straight, (211, 1, 7))
    same_state(straight, run)


def test_wrong_places_are_told():
    trainer = make(n=13, batch_size=5)
    trainer.run(1)
    before = trainer.position
    for wrong in [(0, 3), (0, 0, 99), (-1,), (0, -1), (0.5,), ("a",), (True,)]:
        with pytest.raises(ValueError, match="expected"):
            trainer.goto(*wrong)
    for wrong in [("ops",), ("op", 0), ("op", 1.5)]:
        with pytest.raises(ValueError, match="xpected"):
            trainer.back(*wrong)
    assert trainer.position == before


def test_a_hook_can_not_travel():
    trainer = make(n=13, batch_size=5)
    errors = []

    def travel(event):
        for call in (event.trainer.back, event.trainer.branch, lambda: event.trainer.goto(0)):
            with pytest.raises(RuntimeError, match="midst") as error:
                call()
            errors.append(error)

    trainer.on("batch", travel)
    trainer.step("batch")
    assert len(errors) == 3


# ---- a number that is dragged --------------------------------------------------------------------
def test_two_settings_of_the_same_elements_become_one():
    trainer = make()
    name = next(iter(trainer.parameters))
    before = float(trainer[name].flat[0])
    trainer.step("op", 2)
    trainer.set(name, (0, 0), 1.0)
    assert not trainer.timeline.join()  # there is one alone
    trainer.set(name, (0, 0), 2.0)
    size = trainer.timeline.nbytes
    assert trainer.timeline.join()
    assert trainer.timeline.nbytes < size
    (act,) = trainer.timeline
    assert act.values.tolist() == [2.0]
    assert act.before.tolist() == [before]
    trainer.back("op")
    assert trainer[name].flat[0] == before
    trainer.step("op")
    assert trainer[name].flat[0] == 2.0


def test_what_differs_in_place_moment_or_kind_is_not_joined():
    trainer = make()
    name = next(iter(trainer.parameters))
    trainer.set(name, (0, 0), 1.0)
    trainer.set(name, (0, 1), 1.0)
    assert not trainer.timeline.join()
    trainer.step("op")
    trainer.set(name, (0, 1), 2.0)
    assert not trainer.timeline.join()
    trainer.freeze(name)
    trainer.set(name, (0, 1), 3.0)
    assert not trainer.timeline.join()
    trainer.set(name, (0, 1), 4.0)
    trainer.back("batch")
    assert not trainer.timeline.join()  # they lie ahead
    assert len(trainer.timeline) == 6
