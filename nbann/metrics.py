"""Metrics under their public names, for ``Trainer(metrics=[...])``; imports the core only.

All but accuracy, perplexity and those of rankings are computed by scikit-learn, in some
milliseconds each, more than an epoch of a small net takes: with many epochs, let
``Trainer(evaluate_every=10)`` ask less often.
"""

from .core.scoring.metric import Metric
from .core.scoring.metrics import METRICS
from .core.scoring.quantile_scores import coverage, mean_pinball_loss
from .core.scoring.rankings import RankingMetric, kendall_tau, mean_average_precision, ndcg
from .core.scoring.scores import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    f1_macro,
    log_loss,
    mean_absolute_error,
    mean_squared_error,
    perplexity,
    r2,
    roc_auc,
    top_k_accuracy,
)

__all__ = [
    "METRICS",
    "Metric",
    "RankingMetric",
    "accuracy",
    "balanced_accuracy",
    "confusion_matrix",
    "coverage",
    "f1_macro",
    "kendall_tau",
    "log_loss",
    "mean_absolute_error",
    "mean_average_precision",
    "mean_pinball_loss",
    "mean_squared_error",
    "ndcg",
    "perplexity",
    "r2",
    "roc_auc",
    "top_k_accuracy",
]
