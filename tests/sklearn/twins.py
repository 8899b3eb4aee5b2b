"""Data, and scikit-learn's estimators beside ours: made alike, trained alike, compared."""

import warnings

import numpy as np
import sklearn.neural_network as theirs
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_linnerud,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import nbann.sklearn as ours


def _sets():
    iris, digits = load_iris(return_X_y=True), load_digits(return_X_y=True)
    cancer, diabetes = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True)
    linnerud = load_linnerud(return_X_y=True)
    labels = make_multilabel_classification(n_samples=90, n_classes=4, random_state=0)
    return {
        "iris": iris,
        "words": (iris[0], np.array(["setosa", "versicolor", "virginica"])[iris[1]]),
        "digits": (digits[0][:450] / 16, digits[1][:450]),
        "cancer": (scale(cancer[0]), cancer[1]),
        "cancer unscaled": cancer,
        "labels": labels,
        "diabetes": (diabetes[0], scale(diabetes[1])),
        "counts": (diabetes[0], np.round(diabetes[1] / 30)),
        "linnerud": (scale(linnerud[0]), scale(linnerud[1])),
    }


SETS = _sets()
VALUES = ("diabetes", "counts", "linnerud")
"""The sets whose targets are values; the others have classes."""


def pair(name, **settings):
    """Return scikit-learn's estimator for a data set, and ours, with the same settings."""
    return alone(name, theirs, **settings), alone(name, **settings)


def alone(name, module=ours, **settings):
    """Return our estimator for a data set."""
    kind = "MLPRegressor" if name in VALUES else "MLPClassifier"
    settings = {"random_state": 1, "hidden_layer_sizes": (6,), "max_iter": 30} | settings
    return getattr(module, kind)(**settings)


def weights(estimator):
    """Return all weights and biases as one vector."""
    return np.concatenate([w.ravel() for w in [*estimator.coefs_, *estimator.intercepts_]])


def distance(one, other):
    """Return the largest difference between the weights of two estimators."""
    return np.abs(weights(one) - weights(other)).max()


def fitted(estimators, X, y, *, weight=None, method="fit", **extra):
    """Call fit or partial_fit of each; not having converged is no matter here."""
    if weight is not None:
        extra["sample_weight"] = weight
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # scikit-learn before 1.7 passes to SciPy what SciPy since 1.16 wants no more
        warnings.filterwarnings("ignore", "scipy.optimize: The `disp`", DeprecationWarning)
        for estimator in estimators:
            getattr(estimator, method)(X, y, **extra)
    return estimators


def assert_same(one, other, X, tolerance=1e-10):
    """Compare weights, record and predictions of two fitted estimators."""
    assert one.n_iter_ == other.n_iter_
    assert one.t_ == other.t_
    np.testing.assert_allclose(weights(other), weights(one), rtol=0, atol=tolerance)
    np.testing.assert_allclose(other.loss_, one.loss_, rtol=tolerance, atol=tolerance)
    for name in ("loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_"):
        mine, yours = getattr(other, name, "missing"), getattr(one, name, "missing")
        assert (mine is None, mine == "missing") == (yours is None, yours == "missing"), name
        if not isinstance(yours, str) and yours is not None:
            np.testing.assert_allclose(mine, yours, rtol=tolerance, atol=tolerance, err_msg=name)
    same_predictions(one, other, X, tolerance)


def same_predictions(one, other, X, tolerance=1e-10):
    """Compare what two fitted estimators say of X."""
    if hasattr(one, "predict_proba"):
        np.testing.assert_array_equal(other.predict(X), one.predict(X))
        np.testing.assert_allclose(
            other.predict_proba(X), one.predict_proba(X), rtol=0, atol=tolerance
        )
    else:
        np.testing.assert_allclose(other.predict(X), one.predict(X), rtol=tolerance, atol=tolerance)
