"""A loaded run has the past of the saved one: it is gone back in, branched, taken up again."""

import random
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann
from nbann.core.storing.container import read_container
from nbann.core.storing.faults import FileError

from .nets import copies, make, same_run
from .test_branches import noise
from .test_hostile_files import ODD, changed, forged, places
from .timelines import RUNS, do, same_state

doings = st.lists(
    st.one_of(
        st.tuples(
            st.just("step"), st.sampled_from(["op", "phase", "batch", "epoch"]), st.integers(1, 3)
        ),
        st.tuples(st.just("back"), st.sampled_from(["op", "batch", "epoch"]), st.integers(1, 3)),
        st.sampled_from(
            [
                ("rate", 0.3),
                ("set", "last.weight", (0, 0), 1.0),
                ("set", "last.bias", ..., 0.5),
                ("freeze", "last.bias"),
                ("silence", "first", 0),
                ("unfreeze", "last"),
            ]
        ),
    ),
    max_size=7,
)


def saved_and_loaded(trainer, folder):
    path = folder / "run.npz"
    trainer.save(path)
    return nbann.Trainer.load(path)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(list(RUNS)), doings, doings)
def test_a_loaded_run_goes_back_and_on_as_the_saved_one(tmp_path_factory, name, before, after):
    trainer = RUNS[name]()
    for action in before:
        do(trainer, action)
    loaded = saved_and_loaded(trainer, tmp_path_factory.mktemp("runs"))
    same_state(trainer, loaded)
    assert repr(trainer.branches) == repr(loaded.branches)
    assert [act.text for act in trainer.timeline] == [act.text for act in loaded.timeline]
    for action in after:
        do(trainer, action)
        do(loaded, action)
        same_state(trainer, loaded)


def test_branches_and_best_weights_are_in_the_file(tmp_path):
    trainer = make(n=13, batch_size=5, optimizer=nbann.SGD(2.0))
    trainer.run(60, until=nbann.EarlyStopping("train_loss", patience=2))
    trainer.back("epoch", 3)
    trainer.silence("dense1", 1)
    trainer.run(2)
    loaded = saved_and_loaded(trainer, tmp_path)
    for one in (trainer, loaded):
        one.switch(0)
        one.goto(1)
        one.run(1)
    for a, b in zip(copies(trainer), copies(loaded), strict=True):
        np.testing.assert_array_equal(a, b)
    assert loaded.timeline.number == trainer.timeline.number


def test_in_the_past_the_future_is_in_the_file(tmp_path):
    trainer = make(n=13, batch_size=5)
    trainer.run(4)
    trainer.goto(1, 2)
    loaded = saved_and_loaded(trainer, tmp_path)
    assert len(loaded.history["loss"]) == 5
    for one in (trainer, loaded):
        one.goto(4)
    same_state(trainer, loaded)


def test_of_a_run_that_hooks_have_changed_the_present_alone_is_in_the_file(tmp_path):
    trainer = make(n=13, batch_size=5)
    trainer.on("batch", noise, modifies=True)
    trainer.run(2)
    trainer.save(tmp_path / "run.npz")
    with pytest.warns(UserWarning, match="Attach them again"):
        loaded = nbann.Trainer.load(tmp_path / "run.npz")
    assert loaded.back("epoch", 5) == (2, 0, 0)  # what was before is not known
    with pytest.raises(ValueError, match="at least 2"):
        loaded.goto(1)
    loaded.on("batch", noise, modifies=True)
    for one in (trainer, loaded):
        one.run(2)
        one.back("batch", 2)
    same_state(trainer, loaded)


def test_a_long_past_is_thinned_in_the_file(tmp_path):
    trainer = make([("dense", 400), "tanh", ("dense", 3)], n=13, batch_size=1, evaluate_every=None)
    trainer.run(300)
    assert len(trainer.timeline.snapshots) > 5
    path = tmp_path / "run.npz"
    trainer.save(path)
    assert path.stat().st_size < 12 * 2**20
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = nbann.Trainer.load(path)
    for one in (trainer, loaded):
        one.goto(123, 4, 5)
    same_state(trainer, loaded)


def test_odd_entries_of_a_timeline_are_refused_or_harmless(tmp_path):
    trainer = RUNS["adam"]()
    for act in [
        ("rate", 0.3),
        ("set", "last.weight", (0, 0), 1.0),
        ("freeze", "last.bias"),
        ("silence", "first", 0),
    ]:
        trainer.step("batch", 2)
        do(trainer, act)
    best = trainer.model_snapshot()
    trainer.run(1)
    trainer.restore_model(best)
    trainer.back("batch", 4)
    trainer.learning_rate = 0.1
    trainer.step("phase", 2)
    trainer.set("tanh1.out", (0, 2), 0.7)
    trainer.back("op")
    path = tmp_path / "run.npz"
    trainer.save(path)
    with path.open("rb") as file:
        document, arrays = read_container(file, "")
    del document["arrays"]
    chance, outcomes = random.Random(3), []
    for way in places(document["timeline"], ("timeline",)):
        for value in chance.sample(ODD, 5):
            outcomes.append(tried(path, changed(document, way, value), arrays))
    for name in arrays:
        if name.startswith("timeline/"):
            less = {key: array for key, array in arrays.items() if key != name}
            outcomes.append(tried(path, document, less))
            outcomes.append(tried(path, document, arrays | {name: arrays[name][:0]}))
    assert outcomes.count("refused") > 200
    assert outcomes.count("loaded") > 20


def tried(path, document, arrays):
    path.write_bytes(forged(document, arrays))
    try:
        loaded = nbann.Trainer.load(path)
    except FileError as error:
        assert "expected" in str(error)  # noqa: PT017
        return "refused"
    loaded.step("op")
    loaded.back("batch", 2)
    assert repr(loaded.timeline)
    return "loaded"


def test_a_twin_can_be_saved(tmp_path):
    trainer = make(n=13, batch_size=5)
    trainer.run(2)
    trainer.goto(1)
    trainer.learning_rate = 0.4
    trainer.branch().save(tmp_path / "twin.npz")
    assert nbann.Trainer.load(tmp_path / "twin.npz").learning_rate == 0.4


def test_activations_set_in_a_smaller_batch_and_single_numbers_come_back(tmp_path):
    trainer = make(n=13, batch_size=5, optimizer=nbann.Adam(0.05))
    trainer.set("step_count", (), 7)
    trainer.goto(0, 2, 2)  # the batch of what remains
    trainer.set("tanh1.out", ..., 0.5)
    trainer.run(2)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    for one in (trainer, loaded):
        one.goto(0, 2, 2)
    assert (loaded["tanh1.out"] == 0.5).all()
    same_run(trainer, loaded)
    loaded.goto(0)
    assert loaded["step_count"] == 7


def test_what_was_loaded_without_its_past_has_twins_and_branches(tmp_path):
    trainer = make(n=13, batch_size=5)
    trainer.on("batch", lambda event: None, modifies=True).remove()
    trainer.run(4)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    same_run(trainer, loaded.branch())
    loaded.run(1)
    loaded.reset()
    loaded.run(1)
    loaded.switch(0)
    assert loaded.position == (5, 0, 0)
    assert loaded.switch(loaded.branches[0]) == (1, 0, 0)


def test_what_is_held_stays_so_where_hooks_have_changed_the_run(tmp_path):
    """Frozen weights, silenced neurons and numbers set by hand are part of the present."""
    trainer = make([("dense", 4), "relu", ("dense", 3)], n=13, batch_size=5)
    trainer.on("batch", lambda event: None, modifies=True)
    trainer.run(1)
    trainer.freeze("dense1.bias")
    trainer.silence("relu1", 1)
    trainer.step("op", 3)
    trainer.set("relu1.out", (0, 0), 3.0)
    for steps in (0, 1, 100):
        trainer.step("op", max(steps, 1))
        trainer.save(tmp_path / "run.npz")
        with pytest.warns(UserWarning, match="Attach them again"):
            loaded = nbann.Trainer.load(tmp_path / "run.npz")
        bias = trainer["dense1.bias"].copy()
        assert loaded.restraints == trainer.restraints
        same_state(trainer, loaded)
        for one in (trainer, loaded):
            one.run(2)
        same_state(trainer, loaded)
        np.testing.assert_array_equal(loaded["dense1.bias"], bias)
        loaded.back("epoch")
        loaded.run(1)
        same_state(trainer, loaded)


def test_what_is_frozen_at_the_end_of_a_batch_has_no_part_in_it(tmp_path):
    trainer = make(n=13, batch_size=5, optimizer=nbann.SGD(0.1, momentum=0.9))
    trainer.step("batch", 2)
    trainer.freeze("dense1.bias")
    loaded = saved_and_loaded(trainer, tmp_path)
    for one in (trainer, loaded):
        explained = one.explain("dense1.bias", 0)
        assert explained.before != explained.value  # the batch has moved it
        assert explained.after == explained.value == one["dense1.bias"][0]
        one.run(1)
        assert one["dense1.bias"][0] == explained.value
    same_state(trainer, loaded)


def test_numbers_of_branches_are_their_own_in_a_trainer_that_went_its_own_way(tmp_path):
    trainer = make(n=13, batch_size=5)
    trainer.run(2)
    trainer.back("batch", 2)
    trainer.learning_rate = 0.5
    trainer.run(1)
    twin = trainer.branch()
    for rate in (0.7, 0.6):
        twin.back("batch")
        twin.learning_rate = rate
    numbers = [branch.number for branch in twin.branches] + [twin.timeline.number]
    assert len(set(numbers)) == 3
    assert "2 branches" in repr(twin.branches)
    loaded = saved_and_loaded(twin, tmp_path)
    assert [branch.number for branch in loaded.branches] == numbers[:-1]


def test_data_is_not_set_by_a_file(tmp_path):
    """Nor what its moment had not computed: `set` would have refused both."""
    trainer = RUNS["plain"]()
    trainer.step("op", 2)
    trainer.set("tanh1.out", (0, 2), 0.7)
    trainer.back("op")
    trainer.learning_rate = 0.1
    path = tmp_path / "run.npz"
    trainer.save(path)
    with path.open("rb") as file:
        document, arrays = read_container(file, "")
    del document["arrays"]
    act = ("timeline", "branches", 0, "acts", 0)
    for entry, value in (("name", "x"), ("name", "last.out"), ("moment", [0, 1, 1])):
        assert tried(path, changed(document, (*act, entry), value), arrays) == "refused"
