"""Metrics of rankings: of each query by itself, and the mean over queries; NumPy alone.

scikit-learn scores one query at a time, in about a millisecond; here all of them are scored at
once, to the same numbers (the tests compare).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import whole_number
from ..data.queries import as_groups, rows_of, side_by_side
from ..errors import UnknownNameError, bad_value
from ..losses.ranking_losses import GAINS, MOST, Gain, discounts, gains, ideal
from .metric import Array, Metric, Score, column

PAIRS = 2**21
"""Pairs of documents that are looked at in one go: 16 MB for each array of them."""
OfQueries = Callable[[Array, Array, Array], Array]
"""Scores queries from relevance, scores and which are there, each (queries, T): NaN where the
metric is not defined."""


@dataclass(frozen=True)
class RankingMetric(Metric):
    """A metric of the scores of documents, query by query: ``metric(y, scores, groups)``.

    Its `compute` takes relevance, scores and which documents are there, each (queries, T), and
    returns a number for each query: NaN where it is not defined, which the mean leaves out.
    """

    def __call__(self, y: object, predicted: object, groups: object = None) -> Score:
        """Return the mean over the queries; NaN where it is defined for none.

        Parameters
        ----------
        y, predicted : array of shape (n,)
            Relevance of at least 0, and scores.
        groups : array, optional
            A query id for each row, or the sizes of the queries; None: all are one query.

        Raises
        ------
        ValueError
            Shapes that do not go together, relevance below 0, what is no number.
        """
        found = self.of_queries(y, predicted, groups)
        found = found[~np.isnan(found)]
        return float(found.mean()) if found.size else float("nan")

    def of_queries(self, y: object, predicted: object, groups: object = None) -> Array:
        """Return the metric of each query, in the order of their first documents; see the call."""
        truth, given = column(np.asarray(y)), column(np.asarray(predicted))
        numbers = truth.dtype.kind in "fiub" and given.dtype.kind in "fiub"
        if not numbers or truth.ndim != 1 or truth.shape != given.shape or not truth.size:
            mend = "Pass one score for each document."
            expected = "relevance and scores of shape (n,)"
            received = f"{truth.dtype} of {truth.shape} and {given.dtype} of {given.shape}"
            raise bad_value(self.name, expected, received, mend)
        if not (np.isfinite(truth).all() and (truth >= 0).all()):
            mend = "Relevance is 0 for what is of no use, and grows from there."
            raise bad_value(self.name, "finite relevance of at least 0", "other numbers", mend)
        ids = np.zeros(len(truth), np.int64) if groups is None else as_groups(groups, len(truth))
        rows = rows_of(ids)
        if not np.isfinite(given).all():
            return np.full(len(rows), np.nan)  # a net that has diverged
        chunk = max(1, PAIRS // rows.shape[1] ** 2)
        parts = [rows[start : start + chunk] for start in range(0, len(rows), chunk)]
        return np.concatenate([self._of_rows(truth, given, part) for part in parts])

    def _of_rows(self, truth: Array, given: Array, rows: Array) -> Array:
        there = rows >= 0
        y, scores = (side_by_side(a.astype(np.float64), rows) for a in (truth, given))
        found: Array = self.compute(y, scores, there)  # type: ignore[arg-type]
        return found


@dataclass(frozen=True)
class NDCG:
    """Computes the discounted cumulative gain of each query, over that of the best order."""

    k: int | None
    gain: Gain

    def __call__(self, y: Array, scores: Array, there: Array) -> Array:
        gain = np.where(there, gains(y, self.gain), 0.0)
        worth = discounts(y.shape[1])
        if self.k is not None:
            worth[self.k :] = 0.0
        below = np.concatenate([[0.0], np.cumsum(worth)])
        above, equal = _standings(scores, there)
        # documents of one score share the places that they take together
        share = (below[above + equal] - below[above]) / np.maximum(equal, 1)
        best = ideal(gain, self.k)
        found = _quotient((gain * share).sum(axis=1), best)
        return found.clip(0.0, 1.0)  # the same sum in another order may be an ulp above 1


def _average_precision(y: Array, scores: Array, there: Array) -> Array:
    relevant = (y > 0) & there
    up = scores[:, None, :] >= scores[:, :, None]  # j at or above i
    up &= there[:, None, :]
    hits = (up & relevant[:, None, :]).sum(axis=2)
    precision = hits / np.maximum(up.sum(axis=2), 1)
    return _quotient((precision * relevant).sum(axis=1), relevant.sum(axis=1))


def _kendall_tau(y: Array, scores: Array, there: Array) -> Array:
    pair = there[:, :, None] & there[:, None, :]
    by_relevance = np.sign(y[:, :, None] - y[:, None, :]) * pair
    by_score = np.sign(scores[:, :, None] - scores[:, None, :]) * pair
    agreed = (by_relevance * by_score).sum(axis=(1, 2))
    ordered, told = (np.abs(order).sum(axis=(1, 2)) for order in (by_relevance, by_score))
    size = np.sqrt(ordered * told)
    tau = np.divide(agreed, size, out=np.zeros_like(size), where=size > 0)
    return np.where(ordered > 0, tau, np.nan)


def _standings(scores: Array, there: Array) -> Iterator[Array]:
    """Yield for each document how many stand above it, and how many beside it, itself included."""
    for compare in (np.greater, np.equal):
        seen = compare(scores[:, None, :], scores[:, :, None])
        yield (seen & there[:, None, :]).sum(axis=2)


def _quotient(over: Array, under: Array) -> Array:
    found: Array = np.full(len(over), np.nan)
    np.divide(over, under, out=found, where=under > 0)
    return found


def ndcg(k: int | None = None, gain: Gain = "exponential") -> RankingMetric:
    """Return the metric NDCG, or NDCG@k: normalized discounted cumulative gain, in [0, 1].

    ``DCG = sum_i g_i / log2(1 + rank_i)`` over the first k places, divided by that of the best
    order; documents of equal scores share the mean of their places' discounts. With the linear gain
    these are scikit-learn's `ndcg_score`; with the exponential one ``g = 2**relevance - 1`` (Burges
    et al., "Learning to Rank using Gradient Descent", ICML 2005, section 6). The mean over the
    queries that have a relevant document. By name: "ndcg", "ndcg_at_10", and with the linear gain
    "linear_ndcg", "linear_ndcg_at_10".

    Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20, 2002.

    Parameters
    ----------
    k : int, optional
        At least 1.
    gain : {"exponential", "linear"}

    Raises
    ------
    ValueError
        A k below 1, another word.

    Examples
    --------
    >>> import nbann
    >>> round(nbann.metrics.ndcg(k=2)([3, 2, 0], [0.1, 0.7, 0.4]), 4)
    0.3374
    """
    k = None if k is None else whole_number("k", k, least=1, mend="Pass e.g. k=10.")
    if gain not in GAINS:
        raise UnknownNameError("gain", gain, GAINS)
    name = ("" if gain == "exponential" else "linear_") + ("ndcg" if k is None else f"ndcg_at_{k}")
    about = "Discounted gain of the documents in the order of their scores, over that of the best "
    about += "order: the mean over queries, in [0, 1]."
    return _metric(name, NDCG(k, gain), about)


def usual_ndcg(y: Array) -> str:
    """Return the name of NDCG with the usual gain for relevance y, or with the one that it bears.

    Values such as prices leave no ``2**y - 1`` to be had.
    """
    return "ndcg" if y.max(initial=0.0) <= MOST else "linear_ndcg"


def _metric(name: str, compute: Any, about: str) -> RankingMetric:
    return RankingMetric(name, "scores", compute, about=about, lower_is_better=False)


mean_average_precision = _metric(
    "mean_average_precision",
    _average_precision,
    "Mean over the queries that have a relevant document (relevance above 0) of their average "
    "precision, as scikit-learn's average_precision_score has it, in [0, 1].",
)
kendall_tau = _metric(
    "kendall_tau",
    _kendall_tau,
    "Mean over the queries whose relevance differs of Kendall's tau-b of relevance and scores, as "
    "scipy.stats.kendalltau has it, in [-1, 1]; 0 for a query whose scores are all equal.",
)
