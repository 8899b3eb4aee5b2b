"""Predicting and scoring: in pieces as in one pass, and without touching the batch in training."""

import gc
import weakref

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

import nbann
from nbann.core.scoring import evaluate

from .nets import HIDDEN, data, forward, loss_of, make


@pytest.mark.parametrize("n", [1, 4095, 4096, 4097, 10_000])
@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error", "half_sum", "half_mean"])
def test_any_number_of_rows_is_scored_as_in_one_pass(n, loss):
    trainer = make(HIDDEN, loss, l1=0.01, l2=0.1)
    X, labels, values = data(n, seed=1)
    y = labels if loss == "cross_entropy" else values
    parameters = list(trainer.parameters.values())
    expected = loss_of(HIDDEN, parameters, X, y, loss, l1=0.01, l2=0.1)
    assert trainer.evaluate((X, y))["loss"] == pytest.approx(expected, rel=1e-12)
    output = forward(HIDDEN, parameters, X)
    if loss == "cross_entropy":
        np.testing.assert_array_equal(trainer.predict(X), output.argmax(axis=1))
    else:
        np.testing.assert_allclose(trainer.predict(X), output, rtol=0, atol=1e-12)


def test_scores_are_scikit_learns():
    trainer = make(HIDDEN)
    trainer.run(20)
    X, labels, _ = data(50, seed=2)
    scores = trainer.evaluate((X, labels))
    probabilities = trainer.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    assert scores["loss"] == pytest.approx(
        log_loss(labels, probabilities, labels=[0, 1, 2]), rel=1e-12
    )
    assert scores["accuracy"] == accuracy_score(labels, trainer.predict(X))

    trainer = make(HIDDEN, "mean_squared_error")
    X, _, values = data(50, seed=2)
    expected = mean_squared_error(values, trainer.predict(X))
    assert trainer.evaluate((X, values)) == {"loss": pytest.approx(expected, rel=1e-12)}


def test_the_history_is_what_evaluate_says():
    test = data(9, seed=5)[:2]
    trainer = make(HIDDEN, batch_size=5, test=test)
    for epoch in range(3):
        trainer.run()
        for part, samples in (("train", trainer.train_data), ("test", test)):
            for name, value in trainer.evaluate(samples).items():
                assert trainer.history[f"{part}_{name}"][epoch] == value


def test_looking_in_the_midst_of_a_batch_changes_nothing():
    trainer = make(HIDDEN, batch_size=5, l1=0.01, l2=0.1)
    X, labels, _ = data(4097, seed=1)
    for _ in range(2 * len(trainer.program)):
        trainer.step("op")
        before = {name: trainer[name].copy() for name in trainer.names}
        trainer.evaluate((X, labels))
        trainer.predict(X[:5])
        trainer.predict_proba(X[:1])
        assert all(np.array_equal(trainer[n], a, equal_nan=True) for n, a in before.items())


def test_results_are_copies():
    trainer = make(HIDDEN, "mean_squared_error")
    X, _, _ = data()
    first = trainer.predict(X)
    kept = first.copy()
    trainer.predict(X + 1)
    np.testing.assert_array_equal(first, kept)


def test_memory_is_bounded_however_many_sizes_are_asked_for():
    trainer = make(HIDDEN)
    X, _, _ = data(100)
    for n in range(1, 101):
        assert len(trainer.predict(X[:n])) == n
    assert len(trainer._evaluator._programs) <= evaluate.CACHED


def test_one_output_is_a_column_of_values_or_two_classes():
    X, labels, values = data()
    spec = nbann.Sequential([nbann.Dense(1)])
    trainer = nbann.Trainer(spec, (X, values[:, 0]))
    assert trainer.predict(X).shape == (13,)

    layers = [nbann.Dense(1, weight=np.ones((3, 1))), nbann.Sigmoid()]
    trainer = nbann.Trainer(
        nbann.Sequential(layers), (X, (labels > 0).astype(int)), loss="mean_squared_error"
    )
    share = 1 / (1 + np.exp(-X.sum(axis=1)))
    np.testing.assert_array_equal(trainer.predict(X), share > 0.5)
    np.testing.assert_allclose(
        trainer.predict_proba(X), np.column_stack([1 - share, share]), atol=1e-15
    )
    assert trainer.evaluate((X, (labels > 0).astype(int)))["accuracy"] == np.mean(
        (share > 0.5) == (labels > 0)
    )


def test_probabilities_of_extreme_logits():
    layer = nbann.Dense(3, weight=[[1e4, 0.0, -1e4]], bias=False)
    trainer = nbann.Trainer(nbann.Sequential([layer]), ([[1.0], [-1.0]], [0, 2]))
    np.testing.assert_array_equal(trainer.predict_proba([[1.0], [-1.0]]), [[1, 0, 0], [0, 0, 1]])
    assert trainer.evaluate(([[1.0], [-1.0]], [0, 2]))["loss"] == 0
    assert trainer.evaluate(([[1.0], [-1.0]], [2, 0]))["loss"] == 2e4


def test_probabilities_need_a_loss_that_gives_them():
    X, _, values = data()
    with pytest.raises(ValueError, match="CrossEntropy"):
        make(HIDDEN, "half_sum").predict_proba(X)
    assert values.shape == (13, 3)


def test_a_metric_may_be_any_function():
    def worst(y, predicted):
        return np.abs(y - predicted).max()

    X, _, values = data()
    model = nbann.Sequential([nbann.Dense(1)])
    trainer = nbann.Trainer(model, (X, values[:, 0]), metrics=[worst])
    expected = np.abs(values[:, 0] - trainer.predict(X)).max()
    assert trainer.evaluate((X, values[:, 0]))["worst"] == expected
    trainer.run(2)
    assert list(trainer.history) == ["loss", "epoch", "train_loss", "train_worst"]


def test_no_metric_where_none_is_wanted():
    trainer = make(HIDDEN, metrics=[])
    trainer.run()
    assert list(trainer.history) == ["loss", "epoch", "train_loss"]


def test_a_large_program_frees_the_trainers_that_nobody_has_any_more(monkeypatch):
    def trained(large):
        monkeypatch.setattr(evaluate, "LARGE", large)
        net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
        trainer = nbann.Trainer(net, nbann.datasets.xor(), seed=0)
        trainer.run(epochs=1)
        return trainer

    gc.collect()
    gc.disable()
    try:
        first = weakref.ref(trained(2**40))
        second = weakref.ref(trained(2**40))
        assert first() is not None  # it refers to itself: to let it go is not enough
        third = trained(0)
    finally:
        gc.enable()
    assert first() is None
    assert second() is None
    assert third.position.epoch == 1
