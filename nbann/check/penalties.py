"""The check of scikit-learn's L2 penalty, against scikit-learn's own losses. Imports `asking`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, known_mistake, not_yet, read_number, told_apart, tries

STILL = 1e-300  # a learning rate with which nothing moves


def sklearn_penalty(answer: Callable[..., Any]) -> str:
    """Check the L2 penalty that `sklearn.neural_network.MLPClassifier` adds to its loss.

    The oracle is the classifier itself: its first loss with `alpha`, minus that without, at the
    same weights.

    Parameters
    ----------
    answer : callable
        Called with coefs, the list of weight matrices, alpha, and the number of samples in the
        batch, it returns the penalty.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the penalty that it should be.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.sklearn_penalty(
    ...     lambda coefs, alpha, n: alpha / 2 * sum((W**2).sum() for W in coefs) / n
    ... )
    'ok: your penalty is what scikit-learn adds, for 3 nets.'
    """
    for rng in tries(3):
        n, alpha = int(rng.integers(5, 40)), round(float(rng.uniform(0.5, 5)), 2)
        X, y = rng.normal(size=(n, 3)), np.arange(n) % 2
        seed = int(rng.integers(1000))
        without, coefs = _first_loss(X, y, 0.0, seed)
        should = _first_loss(X, y, alpha, seed)[0] - without
        yours = read_number(call(answer, coefs, alpha, n), what="penalty")
        if not np.isclose(yours, should, rtol=1e-6, atol=1e-9):
            texts = told_apart(should, yours)
            raise not_yet(
                f"for alpha = {alpha:g}, {n} samples and weights of shapes "
                f"{' and '.join(str(W.shape) for W in coefs)} scikit-learn adds {texts[0]}, yours "
                f"says {texts[1]}." + _hint(yours, should, coefs, alpha, n)
            )
    return "ok: your penalty is what scikit-learn adds, for 3 nets."


def _first_loss(X: Array, y: Any, alpha: float, seed: int) -> tuple[float, list[Array]]:
    """Return the loss at the first weights, and these."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier(
        hidden_layer_sizes=(4,),
        solver="sgd",
        learning_rate_init=STILL,
        momentum=0.0,
        alpha=alpha,
        batch_size=len(X),
        max_iter=1,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X, y)
    return float(net.loss_curve_[0]), net.coefs_


def _hint(yours: float, should: float, coefs: list[Array], alpha: float, n: int) -> str:
    """Return what mistake gives just this, if it is a known one."""
    l1 = sum(float(np.abs(W).sum()) for W in coefs)
    first = float((coefs[0] ** 2).sum())
    known = {
        " It is twice that: there is a half.": 2 * should,
        " It is not divided by the number of samples.": n * should,
        " The half and the number of samples are missing.": 2 * n * should,
        " alpha is missing.": should / alpha,
        " That is the first layer alone.": alpha / 2 * first / n,
        " The weights are squared, not taken without their sign.": alpha / 2 * l1 / n,
    }
    return known_mistake(yours, known, rtol=1e-6)
