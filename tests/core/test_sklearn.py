"""Equality with scikit-learn's MLPs: same start, full batch, no momentum, 1e-12 over 50 epochs."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor

import nbann

ACTIVATIONS = {"relu": nbann.ReLU, "tanh": nbann.Tanh, "logistic": nbann.Sigmoid}
ALPHA = 0.15  # scikit-learn divides its L2 by the number of samples


def fitted_once(estimator, X, y, weights, biases):
    """Return an estimator that stands at the given weights with everything else in place.

    scikit-learn takes no start weights. One `partial_fit` builds its arrays; they are overwritten
    in place, and without momentum its optimizer remembers nothing of that first step.
    """
    classes = {"classes": np.unique(y)} if isinstance(estimator, MLPClassifier) else {}
    estimator.partial_fit(X, y, **classes)
    for own, given in zip(estimator.coefs_ + estimator.intercepts_, weights + biases, strict=True):
        own[...] = given
    return estimator


def estimator_of(kind, activation, rows, rate):
    return kind(
        hidden_layer_sizes=(6, 5), activation=activation, solver="sgd", alpha=ALPHA, momentum=0.0,
        nesterovs_momentum=False, batch_size=rows, shuffle=False, learning_rate_init=rate,
        random_state=0,
    )  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_fifty_epochs(kind, activation):
    classify = kind is MLPClassifier
    X, y = (load_iris if classify else load_diabetes)(return_X_y=True)
    if classify:
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    else:
        y = (y - y.mean()) / y.std()
    rate, n = 0.05, len(X)
    rng = np.random.default_rng(1)
    sizes = [X.shape[1], 6, 5, 3 if classify else 1]
    weights = [rng.normal(0, 0.5, (a, b)) for a, b in pairwise(sizes)]
    biases = [rng.normal(0, 0.1, b) for b in sizes[1:]]

    layers = []
    for weight, bias in zip(weights, biases, strict=True):
        layers += [nbann.Dense(len(bias), weight=weight, bias=bias), ACTIVATIONS[activation]()]
    trainer = nbann.Trainer(
        nbann.Sequential(layers[:-1]),
        (X, y),
        loss=nbann.CrossEntropy() if classify else nbann.HalfSquaredError("mean"),
        optimizer=nbann.SGD(rate),
        l2=ALPHA / n,
        batch_size=None,
    )
    theirs = fitted_once(estimator_of(kind, activation, n, rate), X, y, weights, biases)
    for _ in range(50):
        theirs.partial_fit(X, y)
        trainer.step("epoch")
        assert trainer["loss"].item() == pytest.approx(theirs.loss_, abs=1e-12)
    ours = trainer.parameters
    for i, (coefs, intercepts) in enumerate(zip(theirs.coefs_, theirs.intercepts_, strict=True), 1):
        np.testing.assert_allclose(ours[f"dense{i}.weight"], coefs, rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours[f"dense{i}.bias"], intercepts, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(theirs.loss_curve_[1:], theirs.loss_curve_[-50:])
    np.testing.assert_allclose(
        trainer.history["loss"], theirs.loss_curve_[-50:], rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(trainer.predict(X), theirs.predict(X), rtol=0, atol=1e-12)
    if classify:
        probabilities = theirs.predict_proba(X)
        np.testing.assert_allclose(trainer.predict_proba(X), probabilities, rtol=0, atol=1e-12)
        assert trainer.evaluate((X, y))["accuracy"] == theirs.score(X, y)


def test_the_comparison_can_fail():
    """With momentum the two part within a few epochs: the equality above is not vacuous."""
    X, y = load_iris(return_X_y=True)
    layer = nbann.Dense(3, weight=np.zeros((4, 3)))
    ours = nbann.Trainer(
        nbann.Sequential([layer]), (X, y), optimizer=nbann.SGD(0.05, 0.5), batch_size=None
    )
    theirs = MLPClassifier(
        hidden_layer_sizes=(), solver="sgd", alpha=0.0, momentum=0.0, nesterovs_momentum=False,
        batch_size=150, shuffle=False, learning_rate_init=0.05,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = fitted_once(theirs, X, y, [np.zeros((4, 3))], [np.zeros(3)])
    for _ in range(3):
        theirs.partial_fit(X, y)
        ours.step("epoch")
    assert np.abs(ours["dense1.weight"] - theirs.coefs_[0]).max() > 1e-3
