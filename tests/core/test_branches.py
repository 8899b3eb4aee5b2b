"""Lines of events that were left, hooks in the past, and independent twins."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from .nets import copies, make, same_run
from .timelines import RUNS, do, same_state, walk


def trainer_with_a_branch():
    trainer = make(n=13, batch_size=5)
    trainer.run(4)
    trainer.goto(2, 1)
    trainer.learning_rate = 0.5
    trainer.run(2)
    return trainer


# ---- branches ------------------------------------------------------------------------------------
def test_acting_anew_in_the_past_keeps_the_future_as_a_branch():
    straight = make(n=13, batch_size=5)
    straight.run(4)
    trainer = trainer_with_a_branch()
    assert len(trainer.branches) == 1
    assert "from epoch 2, batch 1, op 0 on, to epoch 4, batch 0, op 0" in repr(trainer.branches)
    new = copies(trainer)
    assert trainer.switch(0) == (4, 0, 0)
    same_state(straight, trainer)
    assert len(trainer.branches) == 1  # the line that was left is one now
    trainer.switch(trainer.branches[0])
    for a, b in zip(new, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    assert trainer.learning_rate == 0.5
    trainer.goto(2, 0)
    assert trainer.learning_rate == 0.1


def test_going_forward_again_is_not_acting_anew():
    trainer = make(n=13, batch_size=5)
    trainer.run(2)
    trainer.learning_rate = 0.3
    trainer.run(2)
    end = copies(trainer)
    for unit in ("op", "layer", "phase", "batch", "epoch"):
        trainer.goto(1)
        while trainer.position < (4, 0, 0):
            trainer.step(unit)
        assert trainer.learning_rate == 0.3
        for a, b in zip(end, copies(trainer), strict=True):
            np.testing.assert_array_equal(a, b)
    trainer.goto(0, 2)
    trainer.run(4)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not trainer.branches


def test_branches_of_branches():
    trainer = make(n=13, batch_size=5)
    ends = []
    for rate in (0.2, 0.3, 0.4):
        trainer.run(3)
        ends.append(copies(trainer))
        trainer.back("epoch", 2)
        trainer.learning_rate = rate
    trainer.run(3)
    ends.append(copies(trainer))
    assert [branch.number for branch in trainer.branches] == [0, 1, 2]
    for number in (1, 0, 2, 0):
        trainer.switch(number)
        for a, b in zip(ends[number], copies(trainer), strict=True):
            np.testing.assert_array_equal(a, b)
    assert len(trainer.branches) == 3


def test_a_branch_that_there_is_not():
    trainer = trainer_with_a_branch()
    for wrong in (7, -1, "0", None, 0.0):
        with pytest.raises(ValueError, match=r"one of trainer\.branches: 0"):
            trainer.switch(wrong)


def test_the_oldest_branches_are_dropped_for_lack_of_memory_and_it_says_so():
    trainer = make(n=13, batch_size=5, timeline_memory=0.01, evaluate_every=None)
    trainer.run(20)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for number in range(5):
            trainer.goto(10)
            trainer.learning_rate = 0.2 + number / 100
            trainer.run(10)
    assert str(said[0].message).startswith("Dropped for lack of memory: branch 0, from epoch 10")
    assert "timeline_memory= above 0.01 MB" in str(said[0].message)
    kept = [branch.number for branch in trainer.branches]
    assert kept == list(range(5))[-len(kept) :]
    assert trainer.branches.nbytes <= 0.01 * 2**20
    assert "branch 0" in trainer.branches.dropped[0]
    assert "dropped" in repr(trainer.timeline)
    trainer.switch(kept[0])
    assert trainer.position == (20, 0, 0)


def test_memory_is_kept_to_with_many_snapshots_and_branches():
    trainer = make(
        [("dense", 300), "tanh", ("dense", 3)], n=13, batch_size=5, timeline_memory=1, l2=0.1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rate in (0.1, 0.2, 0.3, 0.4):
            trainer.run(60)
            trainer.back("epoch", 50)
            trainer.learning_rate = rate + 0.01
    assert 0 < trainer.timeline.nbytes <= 2**20


# ---- hooks ---------------------------------------------------------------------------------------
def test_observers_are_not_called_again_for_what_they_have_seen():
    trainer, seen = make(n=13, batch_size=5), []
    trainer.on("batch", lambda event: seen.append((event.epoch, event.batch)))
    trainer.run(3)
    every = [(e, b) for e in range(3) for b in range(3)]
    assert seen == every
    trainer.goto(1, 1)
    trainer.back("op", 3)
    trainer.step("batch", 2)
    trainer.run(1)
    trainer.goto(0)
    trainer.run(3)
    assert seen == every
    trainer.step("batch")
    assert seen == [*every, (3, 0)]
    trainer.goto(2)
    trainer.learning_rate = 0.7  # from here on all is new
    trainer.run(1)
    assert seen[len(every) + 1 :] == [(2, 0), (2, 1), (2, 2)]


def test_an_observer_of_later_sees_what_comes_again():
    trainer, seen = make(n=13, batch_size=5), []
    trainer.run(3)
    trainer.goto(1)
    trainer.on("epoch", lambda event: seen.append(event.epoch))
    trainer.run(3)
    assert seen == [1, 2, 3]


def test_breakpoints_stop_each_time():
    trainer = make(n=13, batch_size=5)
    trainer.on("op", op="dense2.affine")
    first = trainer.run(1)
    assert first.reason == "paused"
    assert "dense2.affine" in first.why
    trainer.run(1)
    trainer.goto(0)
    assert trainer.run(1).position == first.position


def noise(event):
    """Change values by what is there alone, so that it can be done again."""
    weight = event["dense1.weight"]
    weight += 0.01 * np.cos(40 * weight)


def test_a_hook_that_changes_values_is_part_of_the_run():
    trainer = make(n=13, batch_size=5)
    trainer.run(1)
    hook = trainer.on("batch", noise, modifies=True)
    trainer.run(1)
    hook.remove()
    trainer.run(1)
    assert [act.text.split()[0] for act in trainer.timeline] == ["attach", "remove"]
    straight = make(n=13, batch_size=5)
    weights = {}
    for epoch in range(3):
        own = straight.on("batch", noise, modifies=True) if epoch == 1 else None
        for batch in range(3):
            weights[epoch, batch] = copies(straight)
            straight.step("batch")
        if own:
            own.remove()
    for place in reversed(weights):
        trainer.goto(*place)
        for a, b in zip(weights[place], copies(trainer), strict=True):
            np.testing.assert_array_equal(a, b)
    assert hook.attached is False
    trainer.goto(1, 2)
    assert hook.attached
    trainer.goto(3)
    same_run(straight, trainer)
    assert not trainer.branches


def test_a_hook_attached_in_the_past_makes_a_branch():
    trainer = make(n=13, batch_size=5)
    trainer.run(3)
    trainer.goto(1)
    trainer.on("epoch", lambda event: None)
    assert not trainer.branches
    trainer.on("batch", noise, modifies=True)
    assert len(trainer.branches) == 1
    trainer.run(2)
    trainer.switch(0)
    straight = make(n=13, batch_size=5)
    straight.run(3)
    same_run(straight, trainer)


def test_a_hook_that_fails_on_the_way_back_leaves_the_run_whole():
    trainer, angry = make(n=13, batch_size=5), []

    def fail(event):
        if angry and event.batch == 1:
            raise OSError("no")
        noise(event)

    trainer.on("batch", fail, modifies=True)
    trainer.run(3)
    end = copies(trainer)
    angry.append(1)
    with pytest.raises(OSError, match="no"):
        trainer.goto(1, 2)
    angry.clear()
    trainer.goto(3)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(trainer.history["loss"]) == 9


# ---- twins ---------------------------------------------------------------------------------------
ACTS = [
    ("rate", 0.3),
    ("set", "last.weight", (0, 0), 1.0),
    ("freeze", "last.bias"),
    ("silence", "first", 0),
]
doings = st.lists(
    st.one_of(
        st.tuples(
            st.just("step"), st.sampled_from(["op", "phase", "batch", "epoch"]), st.integers(1, 3)
        ),
        st.tuples(st.just("back"), st.sampled_from(["op", "batch"]), st.integers(1, 3)),
        st.sampled_from(ACTS),
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(list(RUNS)), doings, doings)
def test_two_branches_with_the_same_actions_stay_the_same(name, before, after):
    trainer = RUNS[name]()
    for action in before:
        do(trainer, action)
    one, two = trainer.branch(), trainer.branch()
    here = trainer.position
    same_state(trainer, one)
    for action in after:
        do(one, action)
        do(two, action)
        same_state(one, two)
    assert trainer.position == here
    for action in after:
        do(trainer, action)
    same_state(trainer, one)


def test_a_twin_is_independent_and_has_the_same_past():
    trainer = trainer_with_a_branch()
    trainer.on("batch", noise, modifies=True)
    trainer.run(1)
    twin, end = trainer.branch(), copies(trainer)
    twin.learning_rate = 0.9
    twin.run(2)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    twin.goto(1)
    walk(straight := make(n=13, batch_size=5), (1, 0, 0))
    same_state(straight, twin)
    assert len(twin.branches) == 0
    assert len(trainer.timeline) == 2


def test_a_twin_of_a_float32_net_with_all_settings():
    trainer = RUNS["float32, adamw"]()
    trainer.step("op", 7)
    twin = trainer.branch()
    same_state(trainer, twin)
    assert twin["x"].dtype == np.float32


def test_nan_is_stood_before_and_a_smaller_rate_goes_on():
    X = np.array([[1.0], [2.0]])
    net = nbann.Sequential([nbann.Dense(1, weight=[[0.5]], bias=False)])
    trainer = nbann.Trainer(
        net,
        (X, X),
        loss="mean_squared_error",
        optimizer=nbann.SGD(1e3),
        batch_size=1,
        shuffle=False,
    )
    stop = trainer.run(200)
    assert stop.reason == "nan"
    assert stop.autopsy.op == stop.op
    assert trainer.position == (*stop.position[:2], 0)
    trainer.back("epoch", 10**6)
    trainer.learning_rate = 0.05
    assert trainer.run(200).reason == "epochs"
    assert trainer["dense1.weight"][0, 0] == pytest.approx(1.0)
    assert len(trainer.branches) == 1


def test_what_is_done_while_a_hook_before_an_op_has_paused():
    """A hook doubles a weight before an op and pauses; it is set there; then all is done again."""

    def double(event):
        event["dense1.weight"][0, 0] *= 2
        event.pause()

    def run():
        trainer = make(n=13, batch_size=5)
        trainer.on("op", double, op="dense2.affine", when="before", modifies=True)
        trainer.run(1)
        return trainer

    trainer, straight = run(), run()
    start = make(n=13, batch_size=5)["dense1.weight"][0, 0]
    assert trainer["dense1.weight"][0, 0] == 2 * start
    for one in (trainer, straight):
        one.set("dense1.weight", (0, 1), 0.5)
        assert one["dense1.weight"][0, 0] == 2 * start
        one.step("batch")
    end = copies(straight)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    trainer.back("batch")
    trainer.goto(0, 1)
    for a, b in zip(end, copies(trainer), strict=True):
        np.testing.assert_array_equal(a, b)


def test_memory_really_held_stays_within_the_budget():
    """What only a branch holds any more counts, too: snapshots are told apart by identity."""
    trainer = make([("dense", 300), "tanh", ("dense", 3)], n=13, batch_size=5, timeline_memory=1)
    most = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for turn in range(8):
            trainer.run(40)
            trainer.back("epoch", 2)
            trainer.learning_rate = 0.1 + turn / 1000
            lines = [trainer.timeline, *trainer.branches]
            states = {id(s): s.nbytes for line in lines for s in line.snapshots.states}
            most = max(most, sum(states.values()))
    assert len(trainer.branches) > 1
    assert most <= 2**20


def test_a_branch_is_found_by_any_whole_number_and_told_in_english():
    trainer = trainer_with_a_branch()
    assert trainer.switch(np.int64(0)) == (4, 0, 0)
    with pytest.raises(ValueError, match="branch: expected"):
        trainer.switch(False)
    trainer.goto(1)
    trainer.learning_rate = 0.7
    assert trainer.branches.words() == "2 branches"


def test_a_twin_numbers_its_lines_of_events_on():
    twin = trainer_with_a_branch().branch()
    twin.goto(1)
    twin.learning_rate = 0.7
    assert twin.branches[0].number != twin.timeline.number


def test_a_reset_right_after_a_reset_leaves_no_empty_branch():
    trainer = make(n=13, batch_size=5)
    trainer.on("batch", noise, modifies=True)
    trainer.run(1)
    trainer.reset()
    trainer.reset()
    assert len(trainer.branches) == 1
