"""Metrics: scikit-learn's numbers, and metrics that do not fit what is learned are refused."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

import nbann
from nbann import metrics
from nbann.core.scoring.metrics import as_metrics, measure

from .nets import HIDDEN, data, make

CLASSES = 4


def truth(n=60, classes=CLASSES, seed=0):
    """Return labels of all classes, predicted labels, and probabilities."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    p = rng.dirichlet(np.ones(classes), n)
    return y, p.argmax(axis=1), p


# ---- against scikit-learn ------------------------------------------------------------------------

OF_LABELS = {
    "accuracy": oracle.accuracy_score,
    "balanced_accuracy": oracle.balanced_accuracy_score,
    "f1_macro": lambda y, z: oracle.f1_score(y, z, average="macro"),
    "confusion_matrix": oracle.confusion_matrix,
}
OF_PROBABILITIES = {
    "log_loss": oracle.log_loss,
    "roc_auc": lambda y, p: oracle.roc_auc_score(y, p, multi_class="ovr"),
    "top_1_accuracy": lambda y, p: oracle.top_k_accuracy_score(y, p, k=1),
    "top_2_accuracy": lambda y, p: oracle.top_k_accuracy_score(y, p, k=2),
    "top_3_accuracy": lambda y, p: oracle.top_k_accuracy_score(y, p, k=3),
}
OF_VALUES = {
    "mean_squared_error": oracle.mean_squared_error,
    "mse": oracle.mean_squared_error,
    "mean_absolute_error": oracle.mean_absolute_error,
    "mae": oracle.mean_absolute_error,
    "r2": oracle.r2_score,
}


def one(name, task="classification", **settings):
    return as_metrics([name], task, **settings)[name]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", OF_LABELS)
def test_metrics_of_labels(name, seed):
    y, z, _ = truth(seed=seed)
    expected = OF_LABELS[name](y, z)
    for metric in (one(name), one(name, classes=CLASSES), getattr(metrics, name)):
        for labels in (y, y.astype(float), y.astype(np.uint8), y[:, None], list(y)):
            np.testing.assert_allclose(metric(labels, z), expected, rtol=1e-14)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_metrics_of_probabilities(name, seed):
    y, _, p = truth(seed=seed)
    assert one(name, classes=CLASSES)(y, p) == pytest.approx(
        OF_PROBABILITIES[name](y, p), rel=1e-13
    )


@pytest.mark.parametrize("columns", [None, 1, 3])
@pytest.mark.parametrize("name", OF_VALUES)
def test_metrics_of_values(name, columns):
    rng = np.random.default_rng(1)
    y, z = rng.normal(size=(2, 30) if columns is None else (2, 30, columns))
    assert one(name, "regression")(y, z) == pytest.approx(OF_VALUES[name](y, z), rel=1e-14)


@pytest.mark.parametrize("name", ["log_loss", "roc_auc", "top_1_accuracy"])
def test_two_classes(name):
    y, z, p = truth(classes=2)
    expected = {
        "log_loss": oracle.log_loss(y, p[:, 1]),
        "roc_auc": oracle.roc_auc_score(y, p[:, 1]),
        "top_1_accuracy": oracle.accuracy_score(y, z),
    }[name]
    assert one(name, classes=2)(y, p) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "roc_auc"])
def test_several_labels_a_sample(name):
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, (40, 3)), rng.uniform(size=(40, 3))
    z = (p > 0.5).astype(int)
    expected = {
        "accuracy": oracle.accuracy_score(y, z),
        "f1_macro": oracle.f1_score(y, z, average="macro"),
        "roc_auc": oracle.roc_auc_score(y, p),
    }[name]
    metric = one(name, several=True, classes=3)
    given = p if metric.needs == "probabilities" else z
    assert metric(y.astype(float), given) == pytest.approx(expected, rel=1e-14)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(2, 4), st.integers(0, 100))
def test_any_labels_give_no_warning(n, classes, seed):
    """Also where a class is in y alone, in the predictions alone, or nowhere."""
    rng = np.random.default_rng(seed)
    y, z = rng.integers(0, classes, (2, n))
    with warnings.catch_warnings(action="error"):
        ours = {name: one(name, classes=classes)(y, z) for name in OF_LABELS}
    with warnings.catch_warnings(action="ignore"):
        for name in ("accuracy", "balanced_accuracy", "f1_macro"):
            assert ours[name] == pytest.approx(OF_LABELS[name](y, z), rel=1e-14)
        expected = oracle.confusion_matrix(y, z, labels=range(classes))
    np.testing.assert_array_equal(ours["confusion_matrix"], expected)
    assert ours["confusion_matrix"].shape == (classes, classes)


def test_where_a_metric_is_not_defined_it_is_nan():
    p = np.full((3, 2), 0.5)
    assert np.isnan(metrics.roc_auc([1, 1, 1], p))
    assert np.isnan(metrics.roc_auc([0, 1, 1], np.full((3, 3), 1 / 3)))
    assert np.isnan(metrics.roc_auc([[1, 0], [1, 1], [1, 0]], p))
    assert np.isnan(metrics.r2([1.0], [2.0]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_net_that_has_diverged_scores_nan(bad):
    assert np.isnan(metrics.mean_squared_error([1.0, 2.0], [1.0, bad]))
    assert np.isnan(metrics.log_loss([0, 1], [[0.5, 0.5], [bad, 0.5]]))


def test_probabilities_of_single_precision():
    """Rows that add up to 1 to 7 digits only, at which scikit-learn would warn."""
    y, _, p = truth(500)
    single = p.astype(np.float32)
    assert one("log_loss")(y, single) == pytest.approx(oracle.log_loss(y, p), rel=1e-6)
    assert one("roc_auc")(y, single) == pytest.approx(OF_PROBABILITIES["roc_auc"](y, p), rel=1e-4)


def test_a_sure_mistake_costs_what_float64_can_hold():
    assert metrics.log_loss([0], [[0.0, 1.0]]) == pytest.approx(-np.log(np.finfo(float).eps))


# ---- objects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in metrics.__all__ if n.islower()])
def test_a_metric_says_what_it_is(name):
    metric = getattr(metrics, name)
    if name == "top_k_accuracy":
        metric = metric(2)
    elif name in ("coverage", "mean_pinball_loss"):
        metric = metric(0.5)
    elif name == "ndcg":
        metric = metric()
    assert metric.name.replace("top_2", "top_k").removesuffix("_0.5") == name
    assert metric.needs in ("labels", "probabilities", "values", "quantiles", "scores")
    assert metric.__doc__.endswith(".")
    assert pickle.loads(pickle.dumps(metric)) == metric


@pytest.mark.parametrize(
    ("metric", "y", "predicted"),
    [
        (metrics.accuracy, [0, 1], [0, 1, 1]),
        (metrics.accuracy, [], []),
        (metrics.accuracy, 1, 1),
        (metrics.accuracy, [[0, 1], [1, 0]], [0, 1]),
        (metrics.r2, [[0.5, 1], [1, 0]], [[1.0], [2.0]]),
        (metrics.log_loss, [0, 1], [0.5, 0.5]),
        (metrics.log_loss, [0, 1], [[0.5, 0.5]]),
    ],
)
def test_shapes_that_do_not_go_together(metric, y, predicted):
    with pytest.raises(ValueError, match=rf"{metric.name}: expected predictions that go with y"):
        metric(y, predicted)


def test_top_k():
    y, _, p = truth()
    assert metrics.top_k_accuracy(2)(y, p) == oracle.top_k_accuracy_score(y, p, k=2)
    with pytest.raises(ValueError, match=r"k below 4; received 4\. Among all 4 classes every"):
        metrics.top_k_accuracy(4)(y, p)
    with pytest.raises(ValueError, match="k: expected a whole number of at least 1"):
        metrics.top_k_accuracy(0)


# ---- which metrics a run takes -------------------------------------------------------------------


def values(y, predicted):
    return 1.0


def wants_probabilities(y, p):
    return p.shape[1]


wants_probabilities.needs = "probabilities"


def wants_nonsense(y, p):
    return 0.0


wants_nonsense.needs = "probabilites"

FIT = [
    (None, "classification", {}, ["accuracy"]),
    (None, "regression", {}, []),
    (None, "unsupervised", {}, []),
    ("accuracy", "classification", {}, ["accuracy"]),
    (values, "regression", {}, ["values"]),
    (["mse", metrics.r2], "regression", {}, ["mse", "r2"]),
    (["mae"], "unsupervised", {}, ["mae"]),
    (["top_7_accuracy"], "classification", {"classes": 10}, ["top_7_accuracy"]),
    ((metrics.top_k_accuracy(2), "log_loss"), "classification", {}, ["top_2_accuracy", "log_loss"]),
    ([values, wants_probabilities], "classification", {}, ["values", "wants_probabilities"]),
    (["f1_macro", "roc_auc"], "classification", {"several": True}, ["f1_macro", "roc_auc"]),
]


@pytest.mark.parametrize(("asked", "task", "options", "names"), FIT)
def test_metrics_that_fit(asked, task, options, names):
    assert list(as_metrics(asked, task, **options)) == names


MISFIT = [
    (["acuracy"], "classification", {}, "Unknown metric 'acuracy'. Did you mean 'accuracy'"),
    (
        ["top_0_accuracy"],
        "classification",
        {},
        "Unknown metric 'top_0_accuracy'. Did you mean 'top",
    ),
    (["top_k_accuracy"], "classification", {}, "Did you mean 'top_"),
    ([3], "classification", {}, "Unknown metric 3"),
    (5, "classification", {}, "a list of names or functions; received 5"),
    (["r2"], "classification", {}, "'r2': expected values to compare; received class labels. Use"),
    (["accuracy"], "regression", {}, r"'accuracy': expected class labels .*\(the task is regr"),
    ([metrics.log_loss], "unsupervised", {}, "'log_loss': expected class labels"),
    (["accuracy", "accuracy"], "classification", {}, "received 'accuracy' twice"),
    ([lambda y, z: 0.0, lambda y, z: 1.0], "regression", {}, "'<lambda>' twice"),
    (["roc_auc"], "classification", {"probabilities": False}, "a loss that gives none. Train with"),
    (
        ["log_loss"],
        "classification",
        {"several": True},
        "one label a sample.*Use one of 'accuracy'",
    ),
    (["top_3_accuracy"], "classification", {"classes": 3}, "k below 3; received 3"),
    ([wants_nonsense], "regression", {}, "'probabilites'. Did you mean 'probabilities'"),
]


@pytest.mark.parametrize(("asked", "task", "options", "message"), MISFIT)
def test_metrics_that_do_not_fit(asked, task, options, message):
    with pytest.raises(ValueError, match=message):
        as_metrics(asked, task, **options)


# ---- measuring -----------------------------------------------------------------------------------


def test_time_steps_that_are_not_there_do_not_count():
    rng = np.random.default_rng(3)
    mask = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0]])
    y, p = rng.integers(0, 2, (3, 4)), rng.dirichlet([1, 1], (3, 4))
    asked = as_metrics(["accuracy", "log_loss", "confusion_matrix"], "classification", classes=2)
    there = mask == 1
    for labels in (y, y[..., None].astype(float)):
        scores = measure(asked, labels, p.argmax(axis=-1), lambda: p, steps=True, mask=mask)
        assert scores["accuracy"] == np.mean(p.argmax(axis=-1)[there] == y[there])
        assert scores["log_loss"] == pytest.approx(oracle.log_loss(y[there], p[there]))
        expected = oracle.confusion_matrix(y[there], p.argmax(axis=-1)[there])
        np.testing.assert_array_equal(scores["confusion_matrix"], expected)
    every = measure(asked, y, p.argmax(axis=-1), lambda: p, steps=True)
    assert every["log_loss"] == pytest.approx(oracle.log_loss(y.ravel(), p.reshape(-1, 2)))
    values = rng.normal(size=(2, 3, 4, 2))
    error = as_metrics(["r2"], "regression")
    scores = measure(error, *values, steps=True, mask=mask)
    assert scores["r2"] == pytest.approx(oracle.r2_score(values[0][there], values[1][there]))


def test_images_are_compared_pixel_by_pixel():
    images = np.random.default_rng(0).normal(size=(2, 5, 4, 3))
    scores = measure(as_metrics(["mse"], "unsupervised"), *images)
    assert scores["mse"] == pytest.approx(np.mean((images[0] - images[1]) ** 2))


def test_probabilities_are_asked_for_once_and_only_if_needed():
    y, z, p = truth()
    asked = []

    def probabilities():
        asked.append(1)
        return p

    measure(as_metrics(["accuracy"], "classification"), y, z, probabilities)
    assert not asked
    both = as_metrics(["log_loss", "roc_auc", wants_probabilities], "classification")
    assert measure(both, y, z, probabilities)["wants_probabilities"] == CLASSES
    assert len(asked) == 1


@pytest.mark.parametrize("result", [None, "good", {"a": 1}, [1, [2]]])
def test_a_function_that_returns_no_number(result):
    def odd(y, z):
        return result

    with pytest.raises(ValueError, match="metric 'odd': expected a number or an array of numbers"):
        measure({"odd": odd}, np.zeros(2), np.zeros(2))


# ---- in a run ------------------------------------------------------------------------------------

EVERY = ["accuracy", "log_loss", "confusion_matrix", "top_2_accuracy", "balanced_accuracy"]


def test_metrics_stand_in_the_history():
    X, labels, _ = data(30, seed=4)
    trainer = make(HIDDEN, test=(X, labels), metrics=[*EVERY, wants_probabilities])
    trainer.run(3)
    history = trainer.history
    assert history["test_confusion_matrix"].shape == (3, 3, 3)
    p = trainer.predict_proba(X)
    z = trainer.predict(X)
    expected = oracle.confusion_matrix(labels, z, labels=range(3))
    np.testing.assert_array_equal(history["test_confusion_matrix"][-1], expected)
    np.testing.assert_array_equal(history.last("test_confusion_matrix"), expected)
    assert history["test_log_loss"][-1] == pytest.approx(oracle.log_loss(labels, p))
    assert history["test_log_loss"][-1] == pytest.approx(history["test_loss"][-1], rel=1e-12)
    assert history["test_top_2_accuracy"][-1] == oracle.top_k_accuracy_score(labels, p, k=2)
    assert history["test_balanced_accuracy"][-1] == oracle.balanced_accuracy_score(labels, z)
    assert history["train_wants_probabilities"].tolist() == [3, 3, 3]
    scores = trainer.evaluate((X, labels))
    for name in EVERY:
        np.testing.assert_array_equal(scores[name], history[f"test_{name}"][-1])


def test_metrics_of_values_in_a_run():
    trainer = make(HIDDEN, "mean_squared_error", metrics=["mse", "mae", "r2"])
    trainer.run(2)
    X, _, values = data()
    z = trainer.predict(X)
    assert trainer.history["train_mse"][-1] == pytest.approx(trainer.history["train_loss"][-1])
    assert trainer.history["train_mae"][-1] == oracle.mean_absolute_error(values, z)
    assert trainer.history["train_r2"][-1] == oracle.r2_score(values, z)


def test_a_run_refuses_metrics_that_do_not_fit():
    with pytest.raises(ValueError, match="'r2': expected values"):
        make(HIDDEN, metrics=["r2"])
    with pytest.raises(ValueError, match="k below 3"):
        make(HIDDEN, metrics=["top_3_accuracy"])
    with pytest.raises(ValueError, match="'accuracy': expected class labels"):
        make(HIDDEN, "mean_squared_error", metrics=["accuracy"])
    X, labels, _ = data()
    net = nbann.Sequential([nbann.Dense(3)])
    with pytest.raises(ValueError, match="a loss that gives none"):
        nbann.Trainer(net, (X, labels), loss="hinge", metrics=["log_loss"])


def test_metrics_of_several_labels_in_a_run():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, (20, 4))
    net = nbann.Sequential([nbann.Dense(4)])
    asked = ["accuracy", "f1_macro", "roc_auc"]
    trainer = nbann.Trainer(net, (X, y), loss="binary_cross_entropy", metrics=asked)
    trainer.run(2)
    z = trainer.predict(X)
    scores = trainer.evaluate((X, y))
    assert scores["accuracy"] == oracle.accuracy_score(y, z)
    assert scores["f1_macro"] == oracle.f1_score(y, z, average="macro", zero_division=0.0)
    assert scores["roc_auc"] == pytest.approx(oracle.roc_auc_score(y, trainer.predict_proba(X)))
    with pytest.raises(ValueError, match="one label a sample"):
        nbann.Trainer(net, (X, y), loss="binary_cross_entropy", metrics=["log_loss"])


def test_metrics_of_time_steps_in_a_run():
    """Several sequences of unequal length, a label at each step: those filled up do not count."""
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(length, 2)) for length in (5, 2, 3, 1)]
    ds = nbann.Dataset.from_sequences(sequences, [(s[:, 0] > 0).astype(int) for s in sequences])
    net = nbann.Sequential([nbann.Dense(2)])
    trainer = nbann.Trainer(net, ds, test=ds, metrics=["accuracy", "log_loss", "confusion_matrix"])
    trainer.run(5)
    there = ds.mask == 1
    y, p = ds.y[there], trainer.predict_proba(ds.X, ds.mask)[there]
    scores = trainer.evaluate(ds)
    assert scores["accuracy"] == oracle.accuracy_score(y, p.argmax(axis=1))
    assert scores["log_loss"] == pytest.approx(oracle.log_loss(y, p))
    assert scores["loss"] == pytest.approx(scores["log_loss"])
    assert scores["confusion_matrix"].sum() == 11
    assert trainer.history["test_confusion_matrix"].shape == (5, 2, 2)


def test_words_of_a_test_set_in_a_run():
    X, words = np.array([[0.0], [1.0], [2.0], [3.0]]), ["no", "no", "yes", "maybe"]
    net = nbann.Sequential([nbann.Dense(3)])
    trainer = nbann.Trainer(net, (X, words), test=(X[1:3], ["no", "yes"]))
    trainer.run(30)
    names = np.array(trainer.train_data.target_names)
    expected = np.mean(names[trainer.predict(X)] == words)
    assert trainer.evaluate((X, words))["accuracy"] == expected
    right = names[trainer.predict(X[1:3])] == ["no", "yes"]
    assert trainer.history["test_accuracy"][-1] == right.mean()
    with pytest.raises(ValueError, match="received 'perhaps'"):
        trainer.evaluate((X[:1], ["perhaps"]))
