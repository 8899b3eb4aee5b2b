"""The check of standardizing without a leak, against scikit-learn's scaler. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import (
    Array,
    call,
    first_wrong,
    known_mistake,
    not_yet,
    read_array,
    read_pair,
    told_apart,
    tries,
)


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
        words = "two arrays, train and test"
        returned = read_pair(call(answer, train, test), words, "train, test")
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
    middle = data - train.mean(axis=0)
    known = {
        " That uses mean and deviation of both: the test data has leaked into training.": (
            data - both.mean(axis=0)
        )
        / both.std(axis=0),
        " That uses the test data's own mean and deviation; a single new sample has none.": (
            data - test.mean(axis=0)
        )
        / test.std(axis=0),
        " Each column has a mean and a deviation of its own: axis=0.": (data - train.mean())
        / train.std(),
        " The division by the deviation is missing.": middle,
        " That divides by the variance; the deviation is its root.": middle / train.var(axis=0),
    }
    return known_mistake(yours, known)
