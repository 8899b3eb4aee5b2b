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
