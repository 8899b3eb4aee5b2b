"""The metrics themselves: accuracy, and those of scikit-learn; imports the core's own parts.

scikit-learn is loaded when a metric of it is first computed: the only import of the core beyond
NumPy, declared in `tests/test_import_floors.py`. A run that asks for none never loads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_installed, whole_number
from ..errors import bad_value
from .metric import Array, Metric

SKLEARN = "scikit-learn"

# ---- of class labels -----------------------------------------------------------------------------


def _accuracy(y: Array, predicted: Array, classes: int) -> float:
    right = y == predicted
    return float(np.mean(right if right.ndim == 1 else right.all(axis=1)))


def _balanced_accuracy(y: Array, predicted: Array, classes: int) -> Any:
    # recall of the classes that are there: what balanced_accuracy_score is, without its warning
    # about predicted classes that are not
    return sklearn_metrics().recall_score(y, predicted, labels=np.unique(y), average="macro")


def _f1_macro(y: Array, predicted: Array, classes: int) -> Any:
    return sklearn_metrics().f1_score(y, predicted, average="macro", zero_division=0.0)


def _confusion_matrix(y: Array, predicted: Array, classes: int) -> Any:
    return sklearn_metrics().confusion_matrix(y, predicted, labels=np.arange(classes))


# ---- of probabilities ----------------------------------------------------------------------------


def _log_loss(y: Array, p: Array, classes: int) -> Any:
    return sklearn_metrics().log_loss(y, _rows_of_one(p), labels=np.arange(p.shape[1]))


def _roc_auc(y: Array, p: Array, classes: int) -> Any:
    if y.ndim == 2:
        there = y.any(axis=0) & (y == 0).any(axis=0)
        return sklearn_metrics().roc_auc_score(y, p, average="macro") if there.all() else np.nan
    if len(np.unique(y)) < p.shape[1]:
        return np.nan  # some class has no sample, or no other class has
    if p.shape[1] == 2:
        return sklearn_metrics().roc_auc_score(y, p[:, 1])
    return sklearn_metrics().roc_auc_score(y, _rows_of_one(p), multi_class="ovr", average="macro")


def _perplexity(y: Array, p: Array, classes: int) -> float:
    given = p[np.arange(len(y)), y.astype(np.intp)]
    # what an exp has lost below its range was not 0: no text is impossible to a softmax
    least = np.finfo(p.dtype if p.dtype.kind == "f" else np.float64).tiny
    return float(np.exp(-np.log(np.maximum(given, least).astype(np.float64)).mean()))


@dataclass(frozen=True)
class TopK:
    """Computes the share of samples whose class is among the k most probable."""

    k: int

    def __call__(self, y: Array, p: Array, classes: int) -> Any:
        check_k(self.k, p.shape[1])
        two = p.shape[1] == 2  # for two classes scikit-learn asks for one column
        score = p[:, 1] if two else p
        labels = np.arange(p.shape[1])
        return sklearn_metrics().top_k_accuracy_score(y, score, k=self.k, labels=labels)


def check_k(k: int, classes: int) -> None:
    """Refuse a k with which every answer is right."""
    if k >= classes:
        mend = f"Among all {classes} classes every answer would be right."
        raise bad_value("top-k accuracy", f"k below {classes}", f"{k}", mend)


def _rows_of_one(p: Array) -> Array:
    """Return probabilities in float64 that add up to 1, as scikit-learn asks for."""
    exact = p.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    return exact


# ---- of values -----------------------------------------------------------------------------------


def _mean_squared_error(y: Array, predicted: Array, classes: int) -> Any:
    return sklearn_metrics().mean_squared_error(y, predicted)


def _mean_absolute_error(y: Array, predicted: Array, classes: int) -> Any:
    return sklearn_metrics().mean_absolute_error(y, predicted)


def _r2(y: Array, predicted: Array, classes: int) -> Any:
    return sklearn_metrics().r2_score(y, predicted) if len(y) > 1 else np.nan


def sklearn_metrics() -> Any:
    """Return scikit-learn's metrics, loaded now."""
    check_installed("sklearn", "A metric of scikit-learn", SKLEARN)
    from sklearn import metrics  # type: ignore[import-untyped]

    return metrics


# ---- with names and descriptions -----------------------------------------------------------------

accuracy = Metric(
    "accuracy",
    "labels",
    _accuracy,
    several=True,
    about="Share of samples whose label (of several: every label) is predicted right, in [0, 1].",
    lower_is_better=False,
    joined="share",
)
balanced_accuracy = Metric(
    "balanced_accuracy",
    "labels",
    _balanced_accuracy,
    about="Mean over the classes in y of the share of their samples that is found, in [0, 1].",
    lower_is_better=False,
    requires=SKLEARN,
)
f1_macro = Metric(
    "f1_macro",
    "labels",
    _f1_macro,
    several=True,
    about="Mean over the classes of 2 * precision * recall / (precision + recall), in [0, 1].",
    lower_is_better=False,
    requires=SKLEARN,
)
confusion_matrix = Metric(
    "confusion_matrix",
    "labels",
    _confusion_matrix,
    about="How many samples of class i (row) were taken for class j (column), shape (k, k).",
    requires=SKLEARN,
    joined="sum",
)
log_loss = Metric(
    "log_loss",
    "probabilities",
    _log_loss,
    about="Mean of -log(p[y]), the cross-entropy; p is clipped to what float64 tells from 0.",
    lower_is_better=True,
    requires=SKLEARN,
    joined="mean",
)
roc_auc = Metric(
    "roc_auc",
    "probabilities",
    _roc_auc,
    several=True,
    about="Area under the ROC curve, in [0, 1]; of more classes the mean of each against the rest. "
    "NaN if a class is not in y.",
    lower_is_better=False,
    requires=SKLEARN,
)
perplexity = Metric(
    "perplexity",
    "probabilities",
    _perplexity,
    about="exp of the mean of -log(p[y]): how many equally probable classes the net hesitates "
    "between, from 1 on; of k classes, k if it knows nothing.",
    lower_is_better=True,
)
mean_squared_error = Metric(
    "mean_squared_error",
    "values",
    _mean_squared_error,
    about="Mean of (y - predicted)**2 over all samples and columns.",
    lower_is_better=True,
    requires=SKLEARN,
    joined="mean",
)
mean_absolute_error = Metric(
    "mean_absolute_error",
    "values",
    _mean_absolute_error,
    about="Mean of |y - predicted| over all samples and columns.",
    lower_is_better=True,
    requires=SKLEARN,
    joined="mean",
)
r2 = Metric(
    "r2",
    "values",
    _r2,
    about="1 - sum((y - predicted)**2) / sum((y - mean(y))**2), the mean over columns: 1 is "
    "perfect, 0 no better than the mean. NaN for a single sample.",
    lower_is_better=False,
    requires=SKLEARN,
)


def top_k_accuracy(k: int = 2) -> Metric:
    """Return the metric "share of samples whose class is among the k most probable", in [0, 1].

    By name it is "top_2_accuracy", "top_5_accuracy", ...

    Parameters
    ----------
    k : int
        At least 1, and below the number of classes.
    """
    k = whole_number("k", k, least=1, mend="Pass e.g. k=2.")
    about = f"Share of samples whose class is among the {k} most probable, in [0, 1]."
    name = f"top_{k}_accuracy"
    return Metric(
        name,
        "probabilities",
        TopK(k),
        about=about,
        lower_is_better=False,
        requires=SKLEARN,
        joined="share",
    )
