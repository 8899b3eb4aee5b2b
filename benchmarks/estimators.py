"""Measures `nbann.sklearn` against scikit-learn: ``python -m benchmarks.estimators``.

Both fit in turns (A B A B ...) from the same random_state, validation of the data and all; they
have to end at the same loss. One BLAS thread; a number is the median of ours over theirs.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported

import argparse
import statistics
import warnings

import numpy as np
import sklearn.neural_network as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import nbann.sklearn as ours

from .measure import clock

ENDLESS = {"random_state": 1, "n_iter_no_change": np.inf}


def works():
    """Yield (name, estimator, X, y, settings)."""
    iris, digits = load_iris(return_X_y=True), load_digits(return_X_y=True)
    digits = digits[0] / 16, digits[1]
    cancer, diabetes = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True)
    small = {"hidden_layer_sizes": (6,), "max_iter": 2000, **ENDLESS}
    wide = {"hidden_layer_sizes": (64,), "batch_size": 32, "max_iter": 20, **ENDLESS}
    yield "iris 4-6-3, full batch, sgd, 2,000", "Classifier", *iris, {"solver": "sgd"} | small
    yield "iris 4-6-3, full batch, adam, 2,000", "Classifier", *iris, small
    batches = small | {"batch_size": 32, "max_iter": 200}
    yield "iris 4-6-3, batches of 32, adam, 200", "Classifier", *iris, batches
    yield "iris, all defaults, 200", "Classifier", *iris, {"random_state": 1}
    yield "digits 64-64-10, batches of 32, sgd, 20", "Classifier", *digits, wide | {"solver": "sgd"}
    yield "digits 64-64-10, batches of 32, adam, 20", "Classifier", *digits, wide
    usual = {"max_iter": 30, **ENDLESS}
    yield "digits 64-100-10, batches of 200, adam, 30", "Classifier", *digits, usual
    stopping = usual | {"early_stopping": True}
    yield "the same with early stopping", "Classifier", *digits, stopping
    yield "diabetes 10-100-1, adam, 200", "Regressor", diabetes[0], scale(diabetes[1]), ENDLESS
    hundred = {"max_iter": 100, **ENDLESS}
    yield "breast cancer 30-100-1, adam, 100", "Classifier", scale(cancer[0]), cancer[1], hundred
    full = {"solver": "lbfgs", "hidden_layer_sizes": (64,), "max_iter": 20, "random_state": 1}
    yield "digits 64-64-10, lbfgs, 20", "Classifier", *digits, full


def fits(kind, X, y, settings, repeat):
    """Return the two fits, each of which returns its last loss."""

    def one(module):
        def fit():
            for _ in range(repeat):
                net = getattr(module, f"MLP{kind}")(**settings).fit(X, y)
            return net.loss_

        return fit

    return one(theirs), one(ours)


def partial_fits(X, y, repeat):
    """Return epochs of `partial_fit` of the two, each of which returns its last loss."""

    def one(module):
        def fit():
            net = module.MLPClassifier((6,), random_state=1)
            for _ in range(20 * repeat):
                net.partial_fit(X, y, classes=np.unique(y))
            return net.loss_

        return fit

    return one(theirs), one(ours)


def row(name, pair, rounds):
    """Print the times of two fits and how they compare."""
    taken = []
    for number in range(rounds + 1):
        (one, loss), (other, same) = (clock(fit) for fit in pair)
        np.testing.assert_allclose(same, loss, rtol=1e-9, err_msg=f"{name}: other work was done")
        if number:  # the first round warms up
            taken.append((one, other))
    first, second = (statistics.median(column) for column in zip(*taken, strict=True))
    ratio = statistics.median(b / a for a, b in taken)
    print(f"| {name} | {first:.3f} | {second:.3f} | {ratio:.2f} |", flush=True)


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round: that it runs")
    rounds = 1 if parser.parse_args().quick else 7
    repeat = 1 if rounds == 1 else 3  # so that a fit takes long enough to be measured
    warnings.simplefilter("ignore", ConvergenceWarning)
    print("| work | scikit-learn, s | nbann, s | ratio |\n| --- | ---: | ---: | ---: |")
    for name, kind, X, y, settings in works():
        row(name, fits(kind, X, y, settings, repeat), rounds)
    X, y = load_iris(return_X_y=True)
    row("iris 4-6-3, partial_fit, 20 x 150 samples", partial_fits(X, y, repeat), rounds)
    digits = load_digits(return_X_y=True)
    row("digits 64-6-10, partial_fit, 20 x 1,797", partial_fits(*digits, repeat), rounds)


if __name__ == "__main__":
    main()
