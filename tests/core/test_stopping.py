"""When a run stops before its last epoch: against Keras, a loop by hand, and a clock that obeys."""

import json
import math
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from .nets import copies, data, make, same_run

LOWER_IS_BETTER = {"scripted_error": True, "scripted_mae": True, "scripted_score": False}
GOLDENS = json.loads((Path(__file__).parents[1] / "goldens" / "stopping.json").read_text())


def scripted(values, name="scripted_error", **settings):
    """A trainer whose measure runs through `values`, an epoch each; the list of its weights."""
    left = iter(values)

    def measure(y, predicted):
        return next(left)

    measure.__name__ = name
    if name in LOWER_IS_BETTER:
        measure.lower_is_better = LOWER_IS_BETTER[name]
    settings = {"batch_size": 5} | settings
    trainer = make(metrics=[measure], **settings)
    weights = []
    trainer.on("epoch", lambda event: weights.append(copies(trainer)))
    return trainer, weights


def equal(arrays, others):
    return all(np.array_equal(a, b) for a, b in zip(arrays, others, strict=True))


# ---- early stopping ------------------------------------------------------------------------------
@pytest.mark.parametrize("number", range(len(GOLDENS["cases"])))
def test_early_stopping_against_keras(number):
    case = GOLDENS["cases"][number]
    name = "scripted_score" if case["mode"] == "min" else "scripted_error"  # mode= beats the metric
    for restore, expected in zip((True, False), case["keras"], strict=True):
        trainer, weights = scripted(case["values"], name)
        given_ = {key: case[key] for key in ("mode", "patience", "min_delta")}
        rule = nbann.EarlyStopping(f"train_{name}", restore_best=restore, **given_)
        stop = trainer.run(len(case["values"]), until=rule)
        ran, best, there = expected
        assert [trainer.position.epoch, rule.best_epoch] == [ran, best]
        assert rule.best == case["values"][best - 1]
        assert equal(copies(trainer), weights[there - 1])
        assert stop.reason == ("early stopping" if ran < len(case["values"]) else stop.reason)
        assert len(trainer.history["train_loss"]) == ran


def test_early_stopping_on_validation_data_against_a_loop_by_hand():
    """40 noisy rows, a net far too large: the loop keeps the best weights itself."""
    X, y, _ = data(60)
    train, validation, test = (X[:20], y[:20]), (X[20:40], y[20:40]), (X[40:], y[40:])

    def trainer():
        net = nbann.Sequential([nbann.Dense(30, init="he_normal"), nbann.ReLU(), nbann.Dense(3)])
        sgd = nbann.SGD(0.3)
        return nbann.Trainer(
            net, train, validation=validation, test=test, optimizer=sgd, batch_size=7
        )

    ruled, plain = trainer(), trainer()
    stop = ruled.run(500, until=nbann.EarlyStopping(patience=6))
    best, weights, waited, epochs = math.inf, None, 0, 0
    while waited < 6 and epochs < 500:
        plain.step("epoch")
        epochs += 1
        loss = plain.evaluate(validation)["loss"]
        if loss < best:
            best, weights, waited = loss, copies(plain), 0
        else:
            waited += 1
    assert stop.reason == "early stopping"
    assert ruled.position == (epochs, 0, 0)
    assert ruled.history["validation_loss"].min() == best
    assert ruled.evaluate(validation)["loss"] == best
    assert equal(copies(ruled), weights)
    assert not equal(copies(ruled), copies(plain))


@pytest.mark.parametrize(
    ("parts", "column"),
    [((), "train_loss"), (("test",), "test_loss"), (("test", "validation"), "validation_loss")],
)
def test_what_is_watched_by_default(parts, column):
    X, y, _ = data(20)
    trainer = make(**{part: (X[:9] + len(part), y[:9]) for part in parts})
    rule = nbann.EarlyStopping(patience=100)
    trainer.run(5, until=rule)
    assert rule.best == trainer.history[column].min()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("at", [0, 2])
def test_a_measure_that_is_not_finite_is_no_improvement(bad, at):
    values = [5.0, 4.0, 3.0, 2.0, 1.0]
    values[at] = bad
    trainer, weights = scripted(values)
    rule = nbann.EarlyStopping("train_scripted_error", patience=2)
    assert trainer.run(5, until=rule).reason == "epochs"
    assert (rule.best, rule.best_epoch) == (1.0, 5)
    assert equal(copies(trainer), weights[4])


def test_a_measure_that_is_never_a_number_stops_when_patience_is_over():
    trainer, weights = scripted([math.nan] * 9)
    rule = nbann.EarlyStopping("train_scripted_error", patience=3)
    assert trainer.run(9, until=rule).reason == "early stopping"
    assert (rule.best, rule.best_epoch, trainer.position.epoch) == (None, None, 3)
    assert equal(copies(trainer), weights[2])  # there is nothing better to go back to


def test_patience_counts_evaluations_and_best_epoch_epochs():
    trainer, _ = scripted([3, 2, 4, 5, 6, 7], evaluate_every=3)
    rule = nbann.EarlyStopping("train_scripted_error", patience=2)
    trainer.run(30, until=rule)
    assert (trainer.position.epoch, rule.best_epoch) == (12, 6)
    assert trainer.history["epoch"].tolist() == [3, 6, 9, 12]


def test_each_run_begins_anew():
    trainer, weights = scripted([1, 2, 3, 9, 8, 9, 9])
    rule = nbann.EarlyStopping("train_scripted_error", patience=2)
    assert trainer.run(9, until=rule).position.epoch == 3
    assert trainer.run(9, until=rule).position.epoch == 7
    assert (rule.best, rule.best_epoch) == (8, 5)
    assert equal(copies(trainer), weights[4])


def test_a_pause_leaves_the_weights_of_now():
    trainer, weights = scripted([1, 2, 3, 4])
    trainer.on("epoch", lambda event: event.epoch == 1 and event.pause())
    stop = trainer.run(4, until=nbann.EarlyStopping("train_scripted_error"))
    assert stop.reason == "paused"
    assert equal(copies(trainer), weights[1])


def test_running_statistics_belong_to_the_best_weights():
    values = iter([3.0, 1.0, 2.0, 2.0])

    def scripted_error(y, predicted):
        return next(values)

    X, y, _ = data(20)
    net = nbann.Sequential([nbann.Dense(4), nbann.BatchNorm(name="norm"), nbann.Dense(3)])
    trainer = nbann.Trainer(net, (X, y), batch_size=5, metrics=[scripted_error])
    kept = []
    trainer.on("epoch", lambda event: kept.append(trainer["norm.running_mean"].copy()))
    trainer.run(4, until=nbann.EarlyStopping("train_scripted_error", mode="min"))
    np.testing.assert_array_equal(trainer["norm.running_mean"], kept[1])
    assert not np.array_equal(kept[1], kept[3])


def test_going_on_from_the_best_weights():
    """What is restored is what the next batch is computed with, and what its arithmetic shows."""
    trainer, weights = scripted([2, 1, 3, 4, 5, 6, 7, 8], optimizer=nbann.SGD(0.5))
    trainer.run(4, until=nbann.EarlyStopping("train_scripted_error"))
    with pytest.raises(ValueError, match=r"changed 'dense1\.weight'"):
        trainer.arithmetic("dense1.weight", (0, 0))  # the update's numbers are gone: none is shown
    trainer.step("op")
    expected = trainer["x"] @ weights[1][0] + weights[1][1]
    np.testing.assert_allclose(trainer["dense1.out"], expected, rtol=1e-14)
    shown = trainer.arithmetic("dense1.out", (0, 0))
    assert shown.right.value() == pytest.approx(trainer["dense1.out"][0, 0], rel=1e-14)


def test_a_run_that_diverged_stands_with_the_best_weights():
    """It stands in a batch: the weights that are put in are those that this batch reads."""
    trainer = make([("dense", 3)], loss="mean_squared_error", batch_size=5)
    weights = []
    trainer.on("epoch", lambda event: weights.append(copies(trainer)))
    trainer.run(3)
    trainer.learning_rate = 1e9
    rule = nbann.EarlyStopping(patience=99)
    assert trainer.run(99, until=rule).reason == "nan"
    assert rule.best_epoch == 4
    assert equal(copies(trainer), weights[3])
    trainer.learning_rate = 0.1
    trainer.step("op")
    expected = trainer["x"] @ weights[3][0] + weights[3][1]
    np.testing.assert_allclose(trainer["dense1.out"], expected, rtol=1e-14)
    trainer.step("batch")
    shown = trainer.arithmetic("dense1.out", (0, 0)).right.value()  # of weights updated since
    assert shown == pytest.approx(trainer["dense1.out"][0, 0], rel=1e-12)


# ---- what is better ------------------------------------------------------------------------------
def error_rate(y, predicted):
    """The share of wrong labels: its name tells nothing, but low is good."""
    return float(np.mean(y != predicted))


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_measure_of_the_user_s_own_is_watched_as_told(mode):
    values = [0.5, 0.2, 0.9, 0.4, 0.3]
    trainer, weights = scripted(values, "error_rate")
    rule = nbann.EarlyStopping("train_error_rate", mode=mode, patience=99)
    trainer.run(5, until=rule)
    best = (min if mode == "min" else max)(values)
    assert (rule.best, rule.best_epoch) == (best, values.index(best) + 1)
    assert equal(copies(trainer), weights[values.index(best)])
    trainer, _ = scripted(values, "error_rate")
    target = nbann.TargetReached("train_error_rate", 0.5, mode=mode)
    assert trainer.run(5, until=target).position.epoch == 1
    trainer, _ = scripted(values, "error_rate")
    target = nbann.TargetReached("train_error_rate", 0.45, mode=mode)
    assert trainer.run(5, until=target).position.epoch == (2 if mode == "min" else 1)


@pytest.mark.parametrize(
    "metric", [error_rate, nbann.metrics.Metric("error_rate", "labels", lambda y, p, k: 0.5)]
)
@pytest.mark.parametrize(
    "rule",
    [
        nbann.EarlyStopping("train_error_rate"),
        nbann.TargetReached("train_error_rate", 0.1),
        nbann.EarlyStopping("epoch"),
    ],
)
def test_what_is_better_is_never_guessed(rule, metric):
    trainer = make(metrics=[metric])
    message = r"monitor: expected mode='min' or mode='max' .*; received '.*' without .* Pass mode="
    with pytest.raises(ValueError, match=message):
        trainer.run(3, until=rule)
    assert trainer.position == (0, 0, 0)


@pytest.mark.parametrize("wrong", [None, 1, "yes"])
def test_an_attribute_that_says_neither_is_not_taken_for_an_answer(wrong):
    def measure(y, predicted):
        return 0.0

    measure.lower_is_better = wrong
    with pytest.raises(ValueError, match=r"monitor: expected mode="):
        make(metrics=[measure]).run(1, until=nbann.EarlyStopping("train_measure"))


CLASS_METRICS = ["accuracy", "balanced_accuracy", "f1_macro", "log_loss", "roc_auc",
                 "top_2_accuracy"]  # fmt: skip
VALUE_METRICS = ["mse", "mae", "r2"]


@pytest.mark.parametrize("name", CLASS_METRICS + VALUE_METRICS)
def test_of_every_metric_of_nbann_s_the_better_net_has_the_better_score(name):
    """The oracle is what is predicted: the targets themselves against their mirror image."""
    metric = nbann.metrics.METRICS[name]
    y = np.array([0, 1, 2, 0, 1, 2, 2])
    right = {"labels": y, "values": y, "probabilities": np.eye(3)[y] * 0.7 + 0.1}[metric.needs]
    turned = {"labels": (y + 1) % 3, "values": -y, "probabilities": np.eye(3)[(y + 1) % 3] * 0.7 +
              [0.12, 0.1, 0.08]}[metric.needs]  # fmt: skip
    good, bad = metric(y, right), metric(y, turned)
    assert good != bad
    assert metric.lower_is_better is (good < bad)


@pytest.mark.parametrize("name", CLASS_METRICS + VALUE_METRICS + ["loss"])
def test_what_nbann_measures_needs_no_mode(name):
    loss = "cross_entropy" if name in CLASS_METRICS else "mean_squared_error"
    trainer = make(metrics=[] if name == "loss" else [name], loss=loss)
    column = f"train_{name}"
    rule = nbann.EarlyStopping(column, patience=99)
    trainer.run(12, until=rule)
    low = name in ("loss", "log_loss", "mse", "mae")
    assert rule.best == (np.min if low else np.max)(trainer.history[column])
    assert np.ptp(trainer.history[column]) > 0


@pytest.mark.parametrize(
    ("model", "measure", "better_low"),
    [
        (lambda: nbann.SOM(2, 3, "batch"), "quantization_error", True),
        (lambda: nbann.SOM(2, 3, "batch"), "topographic_error", True),
        (lambda: nbann.RBM(3), "reconstruction_error", True),
        (lambda: nbann.RBM(3), "pseudo_likelihood", False),
        (nbann.Hopfield, "stable", False),
    ],
)
def test_what_a_model_measures_of_itself_needs_no_mode(model, measure, better_low):
    """What is expected is where the mode is said."""
    X = np.random.default_rng(0).choice([0.0, 1.0], (3, 40))
    mode, found = "min" if better_low else "max", []
    for rule in (nbann.EarlyStopping(f"train_{measure}", patience=2),
                 nbann.EarlyStopping(f"train_{measure}", patience=2, mode=mode)):  # fmt: skip
        trainer = nbann.Trainer(model(), X)
        trainer.run(20, until=rule)
        found.append((rule.best, rule.best_epoch, trainer.position))
        column = trainer.history[f"train_{measure}"]
        assert rule.best == (min if better_low else max)(column)
    assert found[0] == found[1]


def test_a_schedule_follows_what_a_model_measures_of_itself():
    X = np.random.default_rng(0).choice([0.0, 1.0], (9, 6))
    rates = []
    for mode in (None, "max"):
        rule = nbann.schedules.ReduceOnPlateau(
            0.5, monitor="train_pseudo_likelihood", patience=1, mode=mode
        )
        trainer = nbann.Trainer(nbann.RBM(3), X, optimizer=nbann.SGD(rule))
        trainer.run(12)
        rates.append(trainer.learning_rate)
    assert rates[0] == rates[1] < 0.5


def test_what_says_nothing_by_itself_is_not_guessed():
    trainer = nbann.Trainer(nbann.RBM(3), np.eye(4))
    with pytest.raises(ValueError, match="'train_free_energy' without a mode"):
        trainer.run(2, until=nbann.EarlyStopping("train_free_energy"))


def test_a_confusion_matrix_has_no_better():
    trainer = make(metrics=["confusion_matrix"])
    with pytest.raises(ValueError, match=r"monitor: expected mode="):
        trainer.run(2, until=nbann.EarlyStopping("train_confusion_matrix"))
    with pytest.raises(ValueError, match=r"monitor: expected a column of single numbers"):
        trainer.run(2, until=nbann.EarlyStopping("train_confusion_matrix", mode="max"))


def test_rules_show_the_mode_that_was_given():
    assert repr(nbann.EarlyStopping("a", mode="min")) == (
        "EarlyStopping('a', patience=10, mode='min')"
    )
    assert repr(nbann.TargetReached("a", 0.5, mode="max")) == "TargetReached('a', 0.5, mode='max')"
    assert repr(nbann.EarlyStopping()) == "EarlyStopping(None, patience=10)"


# ---- the other rules -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "values", "target", "epochs"),
    [
        ("scripted_score", [0.1, 0.5, 0.9, 0.7], 0.9, 3),
        ("scripted_score", [0.1, 0.5, 0.8, 0.7], 0.9, 4),
        ("scripted_error", [9, 5, 2, 4], 2, 3),
        ("scripted_mae", [1, 5, 2, 4], 2, 1),
        ("scripted_score", [math.nan, math.nan, 0.95, 0], 0.9, 3),
    ],
)
def test_target_reached(name, values, target, epochs):
    trainer, _ = scripted(values, name)
    stop = trainer.run(4, until=nbann.TargetReached(f"train_{name}", target))
    assert stop.position.epoch == epochs
    reached = values[epochs - 1] == target or epochs < 4
    assert stop.reason == ("target reached" if reached else "epochs")


def test_a_target_of_before_the_run_does_not_count():
    trainer, _ = scripted([0.99, 0.1, 0.2, 0.95, 0.3], "scripted_score", evaluate_every=2)
    trainer.run(2)
    stop = trainer.run(8, until=nbann.TargetReached("train_scripted_score", 0.9))
    assert stop.position.epoch == 8


@pytest.mark.parametrize("size", [None, 5])
def test_max_time_stops_at_the_end_of_a_batch(monkeypatch, size):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    trainer = make(batch_size=size)
    rule = nbann.MaxTime(2.5)

    def tick(asked):
        now[0] += 0.5
        return False

    stop = trainer.run(50, until=[tick, rule])
    assert stop.reason == "max time"
    assert len(trainer.history["loss"]) == 5
    now[0] += 1000  # time between runs does not count
    trainer.run(50, until=[tick, rule])
    assert len(trainer.history["loss"]) == 10


def test_max_time_by_the_clock():
    trainer = make(batch_size=1)
    began = time.perf_counter()
    stop = trainer.run(10**9, until=nbann.MaxTime(0.05))
    assert stop.reason == "max time"
    assert 0.05 <= time.perf_counter() - began < 5


@given(at=st.integers(1, 25), size=st.sampled_from([None, 4, 5]))
@settings(max_examples=30, deadline=None)
def test_a_callable_is_asked_after_each_batch(at, size):
    trainer, plain = make(batch_size=size), make(batch_size=size)
    stop = trainer.run(25, until=lambda t: len(t.history["loss"]) == at)
    plain.step("batch", at)
    same_run(trainer, plain)
    assert stop == ("until", plain.position, None)


def test_rules_in_a_list_are_all_asked_and_the_first_names_the_reason():
    """The epoch that reaches the target is the best one: its weights stay."""
    trainer, weights = scripted([0.2, 0.4, 0.95, 0.5], "scripted_score")
    best = nbann.EarlyStopping("train_scripted_score", patience=3)
    rules = [nbann.TargetReached("train_scripted_score", 0.9), best]
    stop = trainer.run(4, until=rules)
    assert stop.reason == "target reached"
    assert best.best_epoch == 3
    assert equal(copies(trainer), weights[2])
    trainer, weights = scripted([0.2, 0.4, 0.95, 0.5], "scripted_score")
    stop = trainer.run(4, until=[best, lambda t: t.position.epoch == 3])
    assert stop.reason == "until"
    assert (best.best_epoch, equal(copies(trainer), weights[2])) == (3, True)


@pytest.mark.parametrize("first", [0, 1])
def test_of_several_reasons_the_first_rule_s_is_told(first):
    trainer, _ = scripted([2, 3, 0])
    early = nbann.EarlyStopping("train_scripted_error", patience=1)
    rules = [early, lambda t: t.position.epoch == 2]
    stop = trainer.run(3, until=rules if first == 0 else rules[::-1])
    assert stop.reason == ("early stopping", "until")[first]
    assert stop.position.epoch == 2


def test_a_run_with_rules_gives_the_same_numbers():
    ruled, plain = make(batch_size=4), make(batch_size=4)
    rules = [nbann.MaxTime(1e6), nbann.EarlyStopping(patience=99, restore_best=False)]
    assert ruled.run(7, until=[*rules, lambda t: False]).reason == "epochs"
    plain.run(7)
    same_run(ruled, plain)


def test_an_error_in_a_callable_leaves_the_batch_done():
    trainer, plain = make(batch_size=4), make(batch_size=4)

    def ask(asked):
        if len(asked.history["loss"]) == 6:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trainer.run(9, until=ask)
    plain.step("batch", 6)
    same_run(trainer, plain)
    trainer.run(1)
    plain.run(1)
    same_run(trainer, plain)


# ---- what does not fit ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: nbann.EarlyStopping(patience=0),
            "patience: expected a whole number of at least 1",
        ),
        (lambda: nbann.EarlyStopping(min_delta=-1), "min_delta: expected .* of at least 0"),
        (lambda: nbann.EarlyStopping(3), "monitor: expected the name of a column"),
        (lambda: nbann.TargetReached("train_loss", math.nan), "target: expected a finite number"),
        (lambda: nbann.TargetReached("train_loss", "low"), "target: expected a finite number"),
        (
            lambda: nbann.EarlyStopping(mode="auto"),
            "Unknown mode 'auto'.*Expected one of: max, min",
        ),
        (lambda: nbann.TargetReached("a", 1.0, mode="Min"), "Did you mean 'min'"),
        (lambda: nbann.MaxTime(0), "seconds: expected a finite number above 0"),
    ],
)
def test_settings_out_of_range(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("until", "message"),
    [
        (nbann.EarlyStopping("validation_loss"), "Did you mean"),
        (nbann.TargetReached("accuracy", 0.9), "Unknown column to monitor 'accuracy'"),
        ("train_loss", "until: expected a callable"),
        ([nbann.MaxTime(1), None], "until: expected a callable"),
        (7, "until: expected a callable"),
        (nbann.EarlyStopping, r"until: .*received the class EarlyStopping\. Call it: .*g\(\)\."),
        (
            [nbann.MaxTime(1), nbann.TargetReached],
            r"received the class TargetReached\. Call it: TargetReached\(\.\.\.\)\.",
        ),
    ],
)
def test_a_rule_that_does_not_fit_is_told_before_the_first_batch(until, message):
    trainer = make()
    with pytest.raises(ValueError, match=message):
        trainer.run(3, until=until)
    assert trainer.position == (0, 0, 0)
    assert len(trainer.history["loss"]) == 0


def test_watching_a_trainer_that_never_evaluates():
    with pytest.raises(ValueError, match="monitor: expected a trainer that evaluates"):
        make(evaluate_every=None).run(3, until=nbann.EarlyStopping())
