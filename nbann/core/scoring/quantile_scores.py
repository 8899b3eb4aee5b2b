"""Metrics of how sure predictions are: coverage of intervals, the pinball loss of a quantile.

NumPy and the core's own parts; the pinball loss is scikit-learn's, loaded when it is computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import number_in
from ..losses.loss import interval_of
from .metric import Array, Metric
from .scores import SKLEARN, sklearn_metrics

_NAMED = re.compile(r"(coverage|mean_pinball_loss)_(0\.\d{1,6})")


def quantile_metric(name: str) -> Metric | None:
    """Return the metric that a name such as "coverage_0.9" stands for; None for other names."""
    found = _NAMED.fullmatch(name)
    if not found or float(found[2]) == 0:
        return None
    return {"coverage": coverage, "mean_pinball_loss": mean_pinball_loss}[found[1]](float(found[2]))


@dataclass(frozen=True)
class _Pinball:
    """Computes scikit-learn's mean pinball loss of one quantile."""

    q: float

    def __call__(self, y: Array, predicted: Array, classes: int) -> Any:
        return sklearn_metrics().mean_pinball_loss(y, predicted[..., 0], alpha=self.q)


def _covered(y: Array, bounds: Array, classes: int) -> float:
    return float(np.mean((bounds[..., 0] <= y) & (y <= bounds[..., 1])))


def coverage(level: float = 0.9) -> Metric:
    """Return the metric "share of targets within the interval that should hold `level` of them".

    The bounds are the quantiles ``(1 - level) / 2`` and ``(1 + level) / 2``; it fits the better the
    nearer it is to `level`. By name it is "coverage_0.9", ... Called by oneself: ``coverage(0.9)(y,
    bounds)`` with bounds of shape (n, 2).

    Parameters
    ----------
    level : float
        In (0, 1).
    """
    level = number_in("level", level, above=0.0, below=1.0)
    return Metric(
        f"coverage_{level:g}",
        "quantiles",
        _covered,
        about=f"Share of targets within the interval that should hold {level:g} of them.",
        quantiles=interval_of(level),
    )


def mean_pinball_loss(q: float = 0.5) -> Metric:
    """Return the metric "mean of max(q * (y - a), (1 - q) * (a - y))", a the predicted q-quantile.

    By name it is "mean_pinball_loss_0.1", ...

    Parameters
    ----------
    q : float
        In (0, 1).
    """
    q = number_in("q", q, above=0.0, below=1.0)
    return Metric(
        f"mean_pinball_loss_{q:g}",
        "quantiles",
        _Pinball(q),
        about=f"Mean pinball loss of the predicted {q:g}-quantile, at least 0.",
        requires=SKLEARN,
        lower_is_better=True,
        quantiles=(q,),
    )
