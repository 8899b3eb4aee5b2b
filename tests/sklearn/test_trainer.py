"""What has trained an estimator can be stepped through, and its numbers are the estimator's."""

import numpy as np
import pytest
import sklearn.neural_network as theirs

import nbann
from nbann.sklearn import MLPClassifier, MLPRegressor

from .twins import SETS, alone, distance, fitted, pair, weights


def trained(trainer):
    """Return all weights of a trainer in the order of `weights`."""
    names = sorted(trainer.parameters, key=lambda name: name.endswith(".bias"))
    return np.concatenate([trainer.parameters[name].ravel() for name in names])


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("name", ["iris", "cancer", "labels", "diabetes", "linnerud"])
def test_its_weights_are_the_fitted_ones(name, solver):
    X, y = SETS[name]
    (_, net) = fitted(pair(name, solver=solver, hidden_layer_sizes=(4, 3), max_iter=5), X, y)
    trainer = net.trainer_
    assert isinstance(trainer, nbann.Trainer)
    assert list(trainer.parameters) == [
        f"{layer}.{part}"
        for layer in ("hidden1", "hidden2", "output")
        for part in ("weight", "bias")
    ]
    np.testing.assert_array_equal(trained(trainer), weights(net))
    found = trainer.predict(X)
    expected = net.predict(X)
    np.testing.assert_allclose(
        found, np.searchsorted(net.classes_, expected) if name == "iris" else expected, rtol=1e-10
    )
    if solver != "lbfgs":
        assert trainer.position == (5, 0, 0)
        np.testing.assert_array_equal(np.isfinite(trainer.history["loss"]), True)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("batch_size", [40, 150])
def test_the_whole_fit_can_be_stepped_through_again(solver, batch_size):
    X, y = SETS["iris"]
    settings = {"solver": solver, "batch_size": batch_size, "max_iter": 4}
    _, net = fitted(pair("iris", **settings), X, y)
    start, _ = fitted(
        pair("iris", **settings | {"max_iter": 1, "learning_rate_init": 1e-300}), X, y
    )
    trainer = net.trainer_
    fitted_weights = weights(net)
    trainer.reset()
    np.testing.assert_allclose(trained(trainer), weights(start), atol=1e-15)
    while trainer.position.epoch < 4:
        trainer.step("op")
    np.testing.assert_array_equal(trained(trainer), fitted_weights)
    # what has been fitted stays as it is, whatever becomes of the trainer
    trainer.run(epochs=2)
    np.testing.assert_array_equal(weights(net), fitted_weights)
    # and going on is what a longer fit would have done
    (longer, _) = fitted(pair("iris", **settings | {"max_iter": 6}), X, y)
    np.testing.assert_allclose(trained(trainer), weights(longer), atol=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("name", ["iris", "cancer", "labels", "diabetes", "linnerud", "counts"])
def test_its_gradients_are_right_and_its_ops_say_what_they_do(name, solver, weighted):
    X, y = SETS[name]
    X, y = X[:13], y[:13] if name != "cancer" else SETS[name][1][10:23]
    loss = {"loss": "poisson"} if name == "counts" else {}
    weight = np.random.RandomState(0).uniform(0.5, 2, 13) if weighted else None
    net = alone(name, solver=solver, batch_size=5, max_iter=2, activation="tanh", **loss)
    fitted([net], X, y, weight=weight)
    trainer = net.trainer_
    assert trainer.check_gradients().error < 1e-6
    trainer.step("batch")
    for op in trainer.program:
        for written in op.writes:
            for place in {
                (0,) * trainer[written].ndim,
                tuple(n - 1 for n in trainer[written].shape),
            }:
                equation = op.arithmetic(place, written)
                assert equation.value() == pytest.approx(
                    trainer[written][place], rel=1e-9, abs=1e-12
                )
                assert op.formula


def test_a_hook_sees_the_training_of_partial_fit():
    X, y = SETS["iris"]
    net = MLPClassifier(5, random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    seen = []
    net.trainer_.on("op", lambda event: seen.append(event.op.name), phase="update")
    net.partial_fit(X, y)
    assert seen == ["adam.count", "adam.first_moment", "adam.second_moment", "adam.update"]
    plain = MLPClassifier(5, random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    assert distance(net, plain.partial_fit(X, y)) == 0
    # a fit can not be paused
    net.trainer_.on("op", lambda event: event.pause(), phase="backward")
    assert distance(net.partial_fit(X, y), plain.partial_fit(X, y)) == 0


@pytest.mark.parametrize(
    ("X", "y", "coef", "dear", "cheap"),
    [
        ([[1e4], [-1e4]], [0, 1], [[1.0]], 2, 0.0),
        ([[1e4], [-1e4], [0.0]], [0, 2, 1], [[-1.0, 0.0, 1.0]], 2, np.log(3)),
    ],
)
def test_a_cut_off_probability_costs_what_scikit_learn_says(X, y, coef, dear, cheap):
    """-log(eps) is 36.04; the logits here are far beyond."""
    for kind in (MLPClassifier, theirs.MLPClassifier):
        net = kind((), alpha=0, max_iter=1, solver="sgd", learning_rate_init=1e-9, warm_start=True)
        fitted([net], X, y)
        net.coefs_, net.intercepts_ = [np.array(coef)], [np.zeros(len(coef[0]))]
        fitted([net], X, y)
        expected = (dear * 52 * np.log(2) + cheap) / len(X)
        assert net.loss_ == pytest.approx(expected, rel=1e-12)


def test_several_values_report_the_mean_and_minimize_the_sum():
    """The one place where scikit-learn's loss and gradient are not of one function."""
    X, y = SETS["linnerud"]
    net = MLPRegressor(
        hidden_layer_sizes=(), alpha=0.0, solver="sgd", max_iter=1, random_state=0, momentum=0.0
    )
    fitted([net], X, y)
    error = net.trainer_["loss.error"]
    assert net.loss_ == pytest.approx(np.mean(error**2) / 2)
    assert net.trainer_["loss"] == pytest.approx(np.sum(error**2) / 2 / len(X))
    np.testing.assert_allclose(net.trainer_["output.bias.grad"], error.mean(axis=0), rtol=1e-12)
