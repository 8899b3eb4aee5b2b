"""The checks of the estimators' parameters, before anything is fitted; the core and NumPy only."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.checks import number_in, whole_number
from nbann.core.errors import UnknownNameError, bad_value

STOCHASTIC = ("adam", "sgd")
"""The solvers that train in batches; "lbfgs" looks at all samples at once."""

Check = Callable[[str, object], object]


def check_parameters(estimator: Any, own: Mapping[str, Check] | None = None) -> None:
    """Refuse parameters that are out of their range; `own` are checks of this estimator's alone.

    Raises
    ------
    ValueError
        With the parameter's name, what it may be, and what it is.
    """
    layer_sizes(estimator.hidden_layer_sizes)
    for name, check in (_CHECKS | dict(own or {})).items():
        if hasattr(estimator, name):
            check(name, getattr(estimator, name))


def layer_sizes(sizes: Any) -> tuple[int, ...]:
    """Return the neurons of each hidden layer, given as a list of them or, for one, a number."""
    if not isinstance(sizes, Iterable) or isinstance(sizes, (str, bytes)):
        sizes = [sizes]
    mend = "Pass e.g. hidden_layer_sizes=(100,), or () for none."
    return tuple(whole_number("hidden_layer_sizes", size, least=1, mend=mend) for size in sizes)


def as_weights(sample_weight: Any, rows: int) -> NDArray[np.float64] | None:
    """Return what each sample counts as an array of shape (rows,), or None.

    Parameters
    ----------
    sample_weight : array-like of shape (rows,), float or None
        At least 0 and finite; a single number counts for each.

    Raises
    ------
    ValueError
        Anything else.
    """
    if sample_weight is None:
        return None
    mend = "Pass one number for each sample."
    try:
        weights = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        given = type(sample_weight).__name__
        raise bad_value("sample_weight", "numbers", given, mend) from None
    if weights.ndim == 0:
        weights = np.full(rows, weights)
    if weights.shape != (rows,):
        raise bad_value("sample_weight", f"shape ({rows},)", f"shape {weights.shape}", mend)
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        expected = "finite numbers of at least 0, not all of them zero"
        raise bad_value("sample_weight", expected, "others among them", mend)
    return weights


def _number(**limits: float) -> Check:
    return lambda name, value: number_in(name, value, **limits)


def _whole(least: int) -> Check:
    return lambda name, value: whole_number(name, value, least=least)


def one_of(*names: str) -> Check:
    """Return the check that a parameter is one of some words."""

    def check(name: str, value: object) -> None:
        if not isinstance(value, str) or value not in names:
            raise UnknownNameError(name, value, names)

    return check


def _flag(name: str, value: object) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise bad_value(name, "True or False", repr(value), f"Pass e.g. {name}=True.")


def check_verbose(name: str, value: object) -> None:
    """Refuse what is neither a flag nor a level of talkativeness."""
    if not isinstance(value, (bool, np.bool_)):
        whole_number(name, value, least=0, mend="Pass True or False.")


def _batch_size(name: str, value: object) -> None:
    if not isinstance(value, str) or value != "auto":
        mend = "Pass a number of samples, or 'auto' for min(200, samples)."
        whole_number(name, value, least=1, mend=mend)


def _momentum(name: str, value: object) -> None:
    if number_in(name, value, least=0.0) > 1:
        raise bad_value(name, "a number of at most 1", repr(value), "Pass e.g. momentum=0.9.")


def _patience(name: str, value: object) -> None:
    if not isinstance(value, numbers.Real) or not math.isinf(value) or value < 0:
        mend = "Pass a number of epochs, or numpy.inf to go on to max_iter."
        whole_number(name, value, least=1, mend=mend)


_CHECKS: dict[str, Check] = {
    "loss": one_of("log_loss", "squared_error", "poisson"),
    "activation": one_of("identity", "logistic", "tanh", "relu"),
    "solver": one_of("lbfgs", *STOCHASTIC),
    "alpha": _number(least=0.0),
    "batch_size": _batch_size,
    "learning_rate": one_of("constant", "invscaling", "adaptive"),
    "learning_rate_init": _number(above=0.0),
    "power_t": _number(least=0.0),
    "max_iter": _whole(1),
    "shuffle": _flag,
    "tol": _number(least=0.0),
    "verbose": check_verbose,
    "warm_start": _flag,
    "momentum": _momentum,
    "nesterovs_momentum": _flag,
    "early_stopping": _flag,
    "validation_fraction": _number(least=0.0, below=1.0),
    "beta_1": _number(least=0.0, below=1.0),
    "beta_2": _number(least=0.0, below=1.0),
    "epsilon": _number(above=0.0),
    "n_iter_no_change": _patience,
    "max_fun": _whole(1),
}
