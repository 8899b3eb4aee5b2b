"""The check of standardizing without a leak, against scikit-learn's scaler. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, first_wrong, not_yet, read_array, told_apart, tries


def standardize(answer: Callable[..., Any]) -> str:
    """Check that data is standardized with what the training data alone says.

    The oracle is `sklearn.preprocessing.StandardScaler`, fitted on the training data.

    Parameters
    ----------
    answer : callable
        Called with the features of training and test data, (samples, features) each, it returns
        both standardized: the training data with mean 0 and deviation 1 in each column, the test
        data by the very same steps.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first number that is wrong.

    Examples
    --------
    >>> import nbann
    >>> def standardize(train, test):
    ...     mean, deviation = train.mean(axis=0), train.std(axis=0)
    ...     return (train - mean) / deviation, (test - mean) / deviation
    >>> nbann.check.standardize(standardize)
    'ok: both are standardized, and nothing of the test data has leaked.'
    """
    from sklearn.preprocessing import StandardScaler

    for rng in tries(3):
        train, test = (
            rng.normal(center, spread, size=(rows, 3)).round(2)
            for rows, center, spread in ((9, 5, 2), (5, 8, 4))
        )
        returned = call(answer, train, test)
        if returned is None or returned is ...:
            raise not_yet("your function returns nothing; end it with `return train, test`.")
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            received = type(returned).__name__
            raise not_yet(f"expected two arrays, train and test; received {received}.")
        scaler = StandardScaler().fit(train)
        for name, data, value in zip(("train", "test"), (train, test), returned, strict=True):
            yours = read_array(value, data.shape, what="numbers", shape_as=f"as {name} has")
            should = scaler.transform(data)
            wrong = first_wrong(yours, should, rtol=1e-7)
            if wrong is not None:
                texts = told_apart(float(should[wrong]), float(yours[wrong]))
                raise not_yet(
                    f"{data[wrong]:g} in column {wrong[1]} of {name} should become {texts[0]}, "
                    f"yours becomes {texts[1]}." + _hint(yours, data, train, test)
                )
    return "ok: both are standardized, and nothing of the test data has leaked."


def _hint(yours: Array, data: Array, train: Array, test: Array) -> str:
    """Return what mistake gives just this, if it is a known one."""
    both = np.concatenate([train, test])
    known = {
        " That uses mean and deviation of both: the test data has leaked into training.": both,
        " That uses the test data's own mean and deviation; a single new sample has none.": test,
    }
    for words, source in known.items():
        if np.allclose(yours, (data - source.mean(axis=0)) / source.std(axis=0)):
            return words
    if np.allclose(yours, (data - train.mean()) / train.std()):
        return " Each column has a mean and a deviation of its own: axis=0."
    if np.allclose(yours, data - train.mean(axis=0)):
        return " The division by the deviation is missing."
    if np.allclose(yours, (data - train.mean(axis=0)) / train.var(axis=0)):
        return " That divides by the variance; the deviation is its root."
    return ""
