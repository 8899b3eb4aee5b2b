"""A metric: what it is given, what it returns, what it refuses; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value

Needs = Literal["predictions", "labels", "values", "probabilities", "quantiles", "scores"]
Array = NDArray[Any]
Score = float | NDArray[np.float64]
MetricLike = Callable[[Array, Array], Any]
"""A `Metric`, or any function of the targets and what was predicted."""


@dataclass(frozen=True)
class Metric:
    """How well predictions fit targets: ``metric(y, predicted)``.

    Any function ``f(y, predicted)`` serves as a metric as well; what it is given can be said by an
    attribute of it, ``f.needs``, and what is better by ``f.lower_is_better``.

    Parameters
    ----------
    name : str
    needs : {"predictions", "labels", "values", "probabilities", "quantiles", "scores"}
        What `predicted` holds: predicted class labels (n,); values (n,) or (n, k); probabilities of
        the classes (n, k); those of the values' quantiles that are listed in `quantiles`, r of them
        on a further axis; a ranker's scores (n,), with the query of each row as a third argument of
        the call; or labels or values, whatever the net predicts.
    compute : callable
        ``compute(y, predicted, classes)``, with y of shape (n,), or (n, k) of several values or
        labels of 0 and 1.
    several : bool
        Whether it scores several labels a sample (y of 0 and 1, shape (n, k)) as well.
    classes : int, optional
        How many classes there are; a trainer fills it in. By default up to the highest label.
    about : str
        What it is, in words.
    requires : str
        A package beyond NumPy that computing it needs, by the name to install: "scikit-learn".
    quantiles : tuple of float
        Those that it needs, if it needs any.
    lower_is_better : bool, optional
        Whether a lower value is the better one, or a higher; None where neither is, or it is not
        known. Early stopping and schedules that watch a score ask for it.
    joined : {"share", "mean", "sum"}, optional
        How the scores of parts of the data give that of all of them: it is the share of the samples
        for which something holds, a mean over samples, or a sum. None: it has to see all at once.
    """

    name: str
    needs: Needs
    compute: Callable[[Array, Array, int], Any] = field(repr=False)
    several: bool = False
    classes: int | None = None
    about: str = field(default="", repr=False)
    requires: str = field(default="", repr=False)
    lower_is_better: bool | None = field(default=None, repr=False)
    quantiles: tuple[float, ...] = field(default=(), repr=False)
    joined: Literal["share", "mean", "sum"] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.about or type(self).__doc__)

    def __call__(self, y: object, predicted: object) -> Score:
        """Return a number, or an array; NaN where it is not defined.

        Raises
        ------
        ValueError
            Different numbers of rows, nothing at all, shapes that do not go together, or words.
        """
        truth, given = column(np.asarray(y)), np.asarray(predicted)
        if truth.dtype.kind not in "fiub" or given.dtype.kind not in "fiub":
            mend = "Number the classes first: names, y = np.unique(y, return_inverse=True)."
            wrong = given if truth.dtype.kind in "fiub" else truth
            raise bad_value(self.name, "arrays of numbers", f"type {wrong.dtype}", mend)
        if self.needs == "quantiles":
            return self._of_quantiles(truth, given)
        if self.needs != "probabilities":
            given = column(given)
        fits = truth.shape[:1] == given.shape[:1] if truth.ndim and given.ndim else False
        if self.needs != "probabilities" or truth.ndim == 2:
            fits = fits and truth.shape == given.shape
        if not fits or not truth.size or (self.needs == "probabilities" and given.ndim != 2):
            mend = "Pass one row for each row of y."
            expected = "predictions that go with y"
            received = f"y of shape {truth.shape} and predictions of shape {given.shape}"
            raise bad_value(self.name, expected, received, mend)
        if not np.isfinite(given).all():
            return float("nan")  # a net that has diverged; scikit-learn would raise
        classes = self.classes or (given.shape[1] if given.ndim == 2 else 0)
        if not classes and self.needs == "labels":
            classes = int(max(truth.max(), given.max(), 1)) + 1
        return as_score(self.name, self.compute(truth, given, classes))

    def _of_quantiles(self, truth: Array, given: Array) -> Score:
        """Return the score of quantiles, which have one axis more than the targets."""
        shape = (*truth.shape, len(self.quantiles))
        if len(self.quantiles) == 1 and given.shape == truth.shape:
            given = given[..., None]
        if given.shape != shape or not truth.size:
            expected = f"quantiles {self.quantiles} of each target, shape {shape}"
            mend = "Stack them: np.stack([lower, upper], axis=-1)."
            raise bad_value(self.name, expected, f"shape {given.shape}", mend)
        if not np.isfinite(given).all():
            return float("nan")
        return as_score(self.name, self.compute(truth, given, 0))


def as_score(name: str, value: Any) -> Score:
    """Return what a metric gave as a float or an array of floats, or say that it is neither."""
    try:
        if value is None:  # which NumPy takes for NaN
            raise TypeError
        score = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        mend = "Let the function return a float or an array of fixed shape."
        raise bad_value(
            f"metric {name!r}", "a number or an array of numbers", repr(value), mend
        ) from None
    return float(score) if score.ndim == 0 else score


def column(array: Array) -> Array:
    """Return (n, 1) as (n,), anything else as it is."""
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
