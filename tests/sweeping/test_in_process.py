"""Sweeps in this process: rows, numbers, failures, the best, trainers brought back."""

import asyncio
import math
import sys

import numpy as np
import pytest

import nbann

from . import builds


@pytest.fixture(scope="module")
def found():
    return nbann.sweep(builds.build, builds.GRID, "in process", seeds=[5, 7], epochs=4)


def test_rows_are_the_product_with_seeds_last(found):
    rows = [(r, n, s) for r in (0.02, 0.5) for n in (3, 6) for s in (5, 7)]
    table = found.table
    assert list(zip(table["rate"], table["neurons"], table["seed"], strict=True)) == rows
    assert table.dtype["rate"] == np.float64
    assert table.dtype["neurons"] == np.int64
    assert table["status"].tolist() == ["done"] * 8
    assert table["epochs"].tolist() == [4] * 8
    assert table["run"].tolist() == list(range(8))


def test_numbers_are_those_of_a_trainer_run_by_hand(found):
    for run in found:
        trainer = builds.build(**run.settings, seed=run.seed)
        trainer.run(4)
        for column in trainer.history:
            np.testing.assert_array_equal(run.history[column], trainer.history[column])
        row = found.table[run.index]
        for name in ("train_loss", "test_loss", "test_accuracy"):
            assert row[name] == trainer.history[name][-1]


def test_a_trainer_is_brought_back_where_it_stood_and_goes_on(found):
    run = found[3]
    by_hand = builds.build(**run.settings, seed=run.seed)
    by_hand.run(4)
    back = run.trainer()
    assert back.position == by_hand.position
    X = by_hand.test_data.X
    np.testing.assert_array_equal(back.predict_proba(X), by_hand.predict_proba(X))
    assert back.evaluate(back.test_data)["loss"] == found.table["test_loss"][3]
    back.run(2)
    by_hand.run(2)
    np.testing.assert_array_equal(back.history["loss"], by_hand.history["loss"])
    np.testing.assert_array_equal(back["dense1.weight"], by_hand["dense1.weight"])
    back.goto(epoch=1, batch=1, op=0)
    by_hand.goto(epoch=1, batch=1, op=0)
    np.testing.assert_array_equal(back["dense1.weight"], by_hand["dense1.weight"])
    assert found.trainer(3) is not found.trainer(run)


def test_the_best_is_by_the_metrics_own_direction(found):
    loss, accuracy = found.table["test_loss"], found.table["test_accuracy"]
    assert found.best("test_loss").index == loss.argmin()
    assert found.best().index == loss.argmin()
    assert found.best("test_accuracy").metrics["test_accuracy"] == accuracy.max()
    assert found.best("test_loss", "max").index == loss.argmax()
    assert found.best("seconds").seconds == found.table["seconds"].min()
    with pytest.raises(nbann.core.errors.UnknownNameError, match=r"test_acuracy.*test_accuracy"):
        found.best("test_acuracy")
    with pytest.raises(ValueError, match="mode"):
        found.best("test_loss", "least")


def test_a_frame_is_the_table(found):
    pandas = pytest.importorskip("pandas", reason="a frame is pandas' own")
    frame = found.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.index.name == "run"
    for name in found.table.dtype.names[1:]:
        np.testing.assert_array_equal(frame[name].to_numpy(), found.table[name])


def test_a_frame_without_pandas_says_what_to_install(found, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install pandas"):
        found.to_frame()


def fragile(rate=0.1, what="fine"):
    if what == "raises":
        raise RuntimeError("no <b>luck</b>")
    if what == "exits":
        sys.exit(3)
    if what == "nothing":
        return None
    return builds.build(rate)


def test_what_fails_is_a_row_with_its_reason():
    grid = {"what": ["fine", "raises", "exits", "nothing"]}
    found = nbann.sweep(fragile, grid, "in process", epochs=2)
    assert found.table["status"].tolist() == ["done", "failed", "failed", "failed"]
    assert found[1].reason == "RuntimeError: no <b>luck</b>"
    assert "in fragile" in found[1].traceback
    assert found[2].reason == "SystemExit: 3"
    assert "NoneType" in found[3].reason
    assert math.isnan(found.table["test_loss"][1])
    assert found.best("test_loss").index == 0
    with pytest.raises(ValueError, match="no <b>luck"):
        found[1].trainer()
    html = found._repr_html_()
    assert "no &lt;b&gt;luck&lt;/b&gt;" in html
    assert "<b>luck" not in html
    assert "RuntimeError" in repr(found)


def test_a_diverged_run_says_where_and_keeps_its_trainer():
    found = nbann.sweep(builds.steep, {"rate": [0.1, 1e120]}, "in process", epochs=5)
    assert found.table["status"].tolist() == ["done", "diverged"]
    by_hand = builds.steep(1e120)
    stop = by_hand.run(5)
    assert stop.reason == "nan"
    assert found[1].reason == stop.why
    assert found[1].trainer().position == by_hand.position
    assert found.best("train_loss").index == 0


def test_all_failed_has_no_best_and_says_so():
    found = nbann.sweep(fragile, {"what": ["raises"]}, "in process")
    with pytest.raises(ValueError, match="1 failed"):
        found.best("test_loss" if "test_loss" in found.metric_names else "seconds")
    assert "1 failed" in found.describe()


def test_metrics_are_columns_or_functions():
    def largest(trainer):
        return float(abs(trainer["dense1.weight"]).max())

    largest.lower_is_better = True
    found = nbann.sweep(
        builds.build, {"rate": [0.1, 0.9]}, metrics=["test_accuracy", largest, "loss"], epochs=2
    )
    assert found.metric_names == ("test_accuracy", "largest", "loss")
    weights = [abs(run.trainer()["dense1.weight"]).max() for run in found]
    assert found.table["largest"].tolist() == weights
    assert found.table["loss"].tolist() == [run.history["loss"][-1] for run in found]
    assert found.best("largest").index == int(np.argmin(weights))


def test_best_weights_put_back_are_what_the_row_tells():
    rule = nbann.EarlyStopping("test_loss", patience=3)
    found = nbann.sweep(
        builds.build, {"rate": [3.0, 6.0], "neurons": [40]}, until=rule, epochs=80, seeds=2
    )
    assert rule.best is None  # each run has its own copy
    stopped = [run for run in found if run.reason.startswith("early stopping")]
    assert stopped
    for run in stopped:
        trainer = run.trainer()
        assert run.metrics["test_loss"] == run.history["test_loss"].min()
        assert trainer.evaluate(trainer.test_data)["loss"] == run.metrics["test_loss"]


def test_epochs_can_be_a_setting_and_a_build_may_have_trained():
    found = nbann.sweep(builds.build, {"epochs": [1, 3]})
    assert found.table["epochs"].tolist() == [1, 3]
    assert found.table["epochs (result)"].tolist() == [1, 3]

    def trained(rate):
        trainer = builds.build(rate)
        trainer.run(2)
        return trainer

    found = nbann.sweep(trained, {"rate": [0.1]})
    assert found[0].epochs == 2
    assert found[0].trainer().position.epoch == 2
    assert nbann.sweep(builds.build, {"rate": [0.1]})[0].epochs == 10


def test_the_same_trainer_twice_is_no_independent_run():
    trainer = builds.build()
    found = nbann.sweep(lambda rate: trainer, {"rate": [0.1, 0.2]}, epochs=1)
    assert found.table["status"].tolist() == ["done", "failed"]
    assert "new Trainer" in found[1].reason


def test_without_room_for_states_a_run_is_done_again(monkeypatch):
    monkeypatch.setattr("nbann.sweeping.results.ROOM", 0)
    found = nbann.sweep(builds.build, {"rate": [0.1]}, epochs=3)
    by_hand = builds.build(0.1)
    by_hand.run(3)
    back = found[0].trainer()
    np.testing.assert_array_equal(back["dense1.weight"], by_hand["dense1.weight"])


class Outcome(BaseException):
    """Such as pytest's own, which are no `Exception`."""


@pytest.mark.parametrize("kind", [GeneratorExit, asyncio.CancelledError, Outcome])
def test_an_error_of_any_kind_is_a_row(kind):
    def build(rate):
        if rate == 0.2:
            raise kind("no luck")
        return builds.build(rate)

    found = nbann.sweep(build, {"rate": [0.1, 0.2, 0.3]}, "in process", epochs=1)
    assert found.table["status"].tolist() == ["done", "failed", "done"]
    assert found[1].reason == f"{kind.__name__}: no luck"


@pytest.mark.parametrize("value", [None, "high", np.ones(2), [1.0]])
def test_a_metric_that_returns_no_number_is_named(value):
    found = nbann.sweep(builds.build, {"rate": [0.1]}, metrics={"own": lambda t: value}, epochs=1)
    assert found[0].status == "failed"
    assert "expected 'own' to return a number; received" in found[0].reason
    assert type(value).__name__ in found[0].reason
