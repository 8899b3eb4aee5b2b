"""Sweeps whose grid or build is unusual, and what is said of it."""

import threading

import pytest

import nbann
from nbann.core.errors import UnknownNameError

from . import builds


def test_runs_that_are_there_twice_are_run_once():
    with pytest.warns(UserWarning, match="1 of the runs are there more than once"):
        found = nbann.sweep(builds.build, {"rate": [0.1, 0.2, 0.1]}, epochs=1)
    assert found.table["rate"].tolist() == [0.1, 0.2]


def test_one_and_one_point_oh_and_true_are_three():
    def build(flag):
        return builds.build()

    found = nbann.sweep(build, {"flag": [1, 1.0, True]}, epochs=1)
    assert [type(run.settings["flag"]) for run in found] == [int, float, bool]


def test_settings_may_differ_from_run_to_run():
    grid = [{"rate": 0.3}, {"neurons": 7}, {"rate": 0.5, "neurons": 2}]
    found = nbann.sweep(builds.build, grid, epochs=1)
    assert found.table["rate"].tolist() == [0.3, 0.1, 0.5]  # the default of build
    assert found.table["neurons"].tolist() == [4, 7, 2]


def test_settings_may_be_classes_layers_and_shapes():
    def build(act, layers, sgd):
        parts = [part for n in layers for part in (nbann.Dense(n), act())]
        train, test = builds.data()
        net = nbann.Sequential([*parts, nbann.Dense(2)])
        return nbann.Trainer(net, train, test=test, optimizer=sgd)

    grid = {
        "act": [nbann.Tanh, nbann.ReLU],
        "layers": [(3,), (3, 3)],
        "sgd": ["adam", nbann.SGD(learning_rate=0.3)],
    }
    found = nbann.sweep(build, grid, epochs=1)
    assert found.table["status"].tolist() == ["done"] * 8
    assert found.table["layers"][2] == (3, 3)
    assert len({run.metrics["train_loss"] for run in found}) == 8
    assert "Tanh" in repr(found)


def test_only_seeds():
    found = nbann.sweep(builds.build, {}, seeds=3, epochs=1)
    assert found.table["seed"].tolist() == [0, 1, 2]


def test_a_needed_seed_is_0():
    def build(rate, seed):
        return builds.build(rate, seed=seed)

    assert nbann.sweep(build, {"rate": [0.1]}, epochs=1)[0].seed == 0


def test_settings_with_the_names_of_columns():
    def build(status, seconds, run):
        return builds.build()

    found = nbann.sweep(build, {"status": ["a"], "seconds": [1], "run": [2]}, epochs=1)
    assert found.table["status"].tolist() == ["a"]
    assert found.table["status (result)"].tolist() == ["done"]
    assert found.table["run"].tolist() == [2]
    assert found.table["run (result)"].tolist() == [0]
    assert "1 done" in found.describe()


def test_a_metric_that_no_run_measures_is_told_before_training():
    trained = []

    def build(rate):
        trainer = builds.build(rate)
        trainer.on("batch", lambda event: trained.append(1))
        return trainer

    with pytest.raises(UnknownNameError, match=r"test_acuracy.*Did you mean 'test_accuracy'"):
        nbann.sweep(build, {"rate": [0.1, 0.2]}, metrics="test_acuracy")
    assert trained == []


def test_a_metric_that_some_runs_do_not_measure():
    def build(held_out):
        train, test = builds.data()
        net = nbann.Sequential([nbann.Dense(2)])
        return nbann.Trainer(net, train, test=test if held_out else None)

    found = nbann.sweep(build, {"held_out": [True, False]}, metrics="test_loss", epochs=1)
    assert found.table["status"].tolist() == ["done", "failed"]
    assert "test_loss" in found[1].reason


def test_a_metric_of_arrays_is_refused_in_words():
    def build(rate):
        train, test = builds.data()
        net = nbann.Sequential([nbann.Dense(2)])
        return nbann.Trainer(net, train, test=test, metrics=["confusion_matrix"])

    found = nbann.sweep(build, {"rate": [1]}, metrics=["test_confusion_matrix"], epochs=1)
    assert "single numbers" in found[0].reason
    found = nbann.sweep(build, {"rate": [1]}, epochs=1)
    assert "test_confusion_matrix" not in found.metric_names
    assert found[0].history["test_confusion_matrix"].shape == (1, 2, 2)


def test_many_runs_of_a_build_that_can_not_be_sent_are_done_here():
    lock = threading.Lock()

    def build(rate):
        with lock:
            return builds.build(rate)

    grid = {"rate": [0.1, 0.2, 0.3, 0.4, 0.5]}
    with pytest.warns(UserWarning, match="in this process.*lock"):
        found = nbann.sweep(build, grid, epochs=1)
    assert found.table["status"].tolist() == ["done"] * 5


def test_a_trainer_that_evaluates_nothing_has_its_batch_loss():
    def build(rate):
        train, _ = builds.data()
        net = nbann.Sequential([nbann.Dense(2)])
        return nbann.Trainer(net, train, evaluate_every=None)

    found = nbann.sweep(build, {"rate": [1, 2]}, epochs=2)
    assert found.metric_names == ("loss",)
    assert found.best().metrics["loss"] == found[0].history["loss"][-1]
    words = nbann.Dashboard(found).describe()
    assert "Runs: batch loss of 2 runs; best run 0" in words


def test_one_who_looks_on_and_fails_does_not_bring_it_down():
    def fails(sweep):
        raise OSError("the terminal has gone")

    begun = threading.Event()

    def build(rate):
        begun.wait(60)
        return builds.build(rate)

    found = nbann.sweep(build, {"rate": [0.1, 0.2]}, "in process", epochs=1, wait=False)
    found.watch(fails)
    begun.set()
    assert found.wait().table["status"].tolist() == ["done", "done"]
    assert any("the terminal has gone" in note for note in found.notes)
