"""Measures `nbann.sklearn.BernoulliRBM` against scikit-learn's: ``python -m benchmarks.kinds.rbm``.

Both fit the digits in turns (A B A B ...) from the same random_state, validation and compiling and
all; they have to come to the same weights. One BLAS thread; a number is the median of ours over
theirs, of processor time.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported

import argparse
import statistics

import numpy as np
import sklearn.neural_network as theirs
from sklearn.datasets import load_digits

import nbann.sklearn as ours

from ..measure import clock

SETTINGS = {"n_components": 100, "learning_rate": 0.05, "random_state": 0}


def works(X):
    """Yield (name, what is fitted): functions of a module that return its weights."""
    for dtype in (np.float64, np.float32):
        for size in (10, 100):
            name = f"digits 64-100, {np.dtype(dtype).name}, batches of {size}, 10 epochs"
            yield name, fit_of(X.astype(dtype), size)


def fit_of(X, size):
    """Return what fits the machine of a module once."""

    def of(module):
        estimator = module.BernoulliRBM(batch_size=size, n_iter=10, **SETTINGS)
        return lambda: estimator.fit(X).components_

    return of


def partial_fits(X):
    """Return what takes 200 single steps on 10 samples."""

    def of(module):
        estimator = module.BernoulliRBM(**SETTINGS)

        def fit():
            for start in range(0, 200):
                estimator.partial_fit(X[start : start + 10])
            return estimator.components_

        return fit

    return of


def ratio(of, rounds):
    """Return the median of ours over theirs, in turns; raise where the weights differ."""
    found = []
    for _ in range(rounds):
        taken, weights = zip(*(clock(of(module)) for module in (ours, theirs)), strict=True)
        tolerance = 1e-9 if weights[0].dtype == np.float64 else 1e-3
        np.testing.assert_allclose(*weights, rtol=0, atol=tolerance)
        found.append(taken[0] / taken[1])
    return statistics.median(found)


def main():
    """Print one line a work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    X = load_digits().data / 16
    for name, of in works(X):
        print(f"{name}: {ratio(of, rounds):.2f}", flush=True)
    print(f"200 partial fits of 10 samples: {ratio(partial_fits(X), rounds):.2f}")


if __name__ == "__main__":
    main()
