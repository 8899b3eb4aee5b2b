"""Metrics of a run: found by name, checked, computed; imports the core's own parts only."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import get_args

import numpy as np

from ..checks import check_installed
from ..errors import UnknownNameError, bad_value
from ..losses.loss import Task
from .metric import Array, Metric, MetricLike, Needs, Score, as_score, column
from .quantile_scores import coverage, mean_pinball_loss, quantile_metric
from .rankings import RankingMetric, kendall_tau, mean_average_precision, ndcg
from .scores import (
    SKLEARN,
    TopK,
    accuracy,
    balanced_accuracy,
    check_k,
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

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
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
        top_k_accuracy(2),
        top_k_accuracy(3),
        ndcg(),
        mean_average_precision,
        kendall_tau,
        coverage(0.9),
        mean_pinball_loss(0.5),
    )
} | {
    "mae": mean_absolute_error,
    "mse": mean_squared_error,
    "map": mean_average_precision,
}
_MODULES = {SKLEARN: "sklearn"}
_NDCG = re.compile(r"(linear_)?ndcg(?:_at_([1-9]\d{0,5}))?")
_TOP_K = re.compile(r"top_([1-9]\d{0,5})_accuracy")


def named(name: object) -> Metric:
    """Return the metric of a name; "top_<k>_accuracy", "ndcg_at_<k>" and others for any k."""
    gain = _NDCG.fullmatch(name) if isinstance(name, str) else None
    if gain:
        k = None if gain[2] is None else int(gain[2])
        return ndcg(k, "linear" if gain[1] else "exponential")
    top = _TOP_K.fullmatch(name) if isinstance(name, str) else None
    if top:
        return top_k_accuracy(int(top[1]))
    sure = quantile_metric(name) if isinstance(name, str) else None
    if sure:
        return sure
    if not isinstance(name, str) or name not in METRICS:
        raise UnknownNameError("metric", name, METRICS)
    return METRICS[name]


def as_metrics(
    metrics: Iterable[str | MetricLike] | str | MetricLike | None,
    task: Task,
    *,
    classes: int | None = None,
    several: bool = False,
    probabilities: bool = True,
    gives_quantile: Callable[[float], bool] = lambda q: True,
    ranked: bool = False,
) -> dict[str, MetricLike]:
    """Return metrics by name, each of which fits what is learned.

    Parameters
    ----------
    metrics : list of str, Metric or callable, or None
        None stands for accuracy where there are classes, for NDCG of rankings, else for none.
    task : {"classification", "regression", "ranking", "unsupervised"}
    classes : int, optional
        How many there are: fixes the shape of a confusion matrix.
    several : bool
        Whether a sample has several labels (or, of values, several columns).
    probabilities : bool
        Whether the net gives probabilities of classes.
    gives_quantile : callable
        Whether it gives a quantile of the values.
    ranked : bool
        Whether samples are queries with their documents.

    Raises
    ------
    ValueError
        An unknown name, one name twice, or a metric that does not fit: of labels for values, of
        values for labels, of probabilities that are not there, of one label for several; a function
        that can not be called with two arguments.
    ModuleNotFoundError
        A metric of scikit-learn, where that is not installed.
    """
    if metrics is None:
        usual = {"classification": ["accuracy"], "ranking": ["ndcg"]}
        metrics = usual.get(task, [])
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    if not isinstance(metrics, Iterable):
        mend = "Pass e.g. metrics=['accuracy']."
        raise bad_value("metrics", "a list of names or functions", repr(metrics), mend)
    found: dict[str, MetricLike] = {}
    for metric in metrics:
        name, one = _with_name(metric)
        if name == "loss":
            mend = "Rename the function: 'loss' is what the training minimizes."
            raise bad_value("metrics", "names other than 'loss'", repr(metric), mend)
        if name in found:
            mend = "Ask for each once, and give each function a name of its own."
            raise bad_value("metrics", "different names", f"{name!r} twice", mend)
        what = f"metric {name!r}"
        _check_fit(name, one, task, several, probabilities, ranked)
        for q in getattr(one, "quantiles", ()):
            if not gives_quantile(q):
                mend = "Train with loss=nbann.GaussianNLL(), or with Pinball and these quantiles."
                expected = f"a net that gives the quantile {q:g}"
                raise bad_value(what, expected, "a loss that gives none or others", mend)
        if isinstance(one, Metric):
            if one.requires:
                check_installed(_MODULES.get(one.requires, one.requires), what, one.requires)
            if isinstance(one.compute, TopK) and classes is not None:
                check_k(one.compute.k, classes)
            one = replace(one, classes=classes)
        found[name] = one
    return found


def measure(
    metrics: Mapping[str, MetricLike],
    y: Array,
    predicted: Array,
    probabilities: Callable[[], Array] | None = None,
    *,
    quantile: Callable[[float], Array] | None = None,
    steps: bool = False,
    mask: Array | None = None,
) -> dict[str, Score]:
    """Return every metric over samples, by name; each sample, or time step that is there, counts 1.

    Parameters
    ----------
    metrics : mapping of str to metric
    y, predicted : array of shape (n,) or (n, k)
        With `steps` (n, time) or (n, time, k).
    probabilities : callable, optional
        Returns the probabilities of classes, (n, k) or (n, time, k); asked for once at most.
    quantile : callable
        Returns a quantile of the values, shaped like `predicted`.
    steps : bool
        Whether there is a target at every time step.
    mask : array of shape (n, time), optional
        Which of them are there; not looked at without `steps`.
    """
    needs = {_needs(metric) for metric in metrics.values()}
    plain = needs - {"probabilities", "quantiles"}
    given: dict[Needs, Array] = dict.fromkeys(plain, predicted)
    if "probabilities" in needs and probabilities is not None:
        given["probabilities"] = probabilities()
    truth = column(_rows(y, steps, mask))
    rows = {what: _rows(array, steps, mask) for what, array in given.items()}
    query = np.nonzero(np.ones(y.shape[:2]) if mask is None else mask)[0] if steps else None
    scores: dict[str, Score] = {}
    for name, metric in metrics.items():
        if isinstance(metric, RankingMetric):
            scores[name] = as_score(name, metric(truth, rows["scores"], query))
        elif _needs(metric) == "quantiles" and quantile is not None:
            found = [_rows(quantile(q), steps, mask) for q in getattr(metric, "quantiles", ())]
            scores[name] = as_score(name, metric(truth, np.stack([*map(column, found)], axis=-1)))
        else:
            scores[name] = as_score(name, metric(truth, rows[_needs(metric)]))
    return scores


def _rows(array: Array, steps: bool, mask: Array | None) -> Array:
    """Return one row for each target: a sample, or a time step that is there."""
    if not steps:
        return array if array.ndim < 3 else array.reshape(len(array), -1)
    if mask is not None:
        return array[mask > 0]
    return array.reshape(-1, *array.shape[2:])


def _with_name(metric: object) -> tuple[str, MetricLike]:
    if isinstance(metric, Metric):
        return metric.name, metric
    if callable(metric):
        name = getattr(metric, "__name__", type(metric).__name__)
        _check_takes_two(name, metric)
        return name, metric
    return str(metric), named(metric)


def _check_takes_two(name: str, metric: Callable[..., object]) -> None:
    try:
        signature = inspect.signature(metric)
    except (TypeError, ValueError):  # one written in C need not tell
        return
    try:
        signature.bind(None, None)
    except TypeError:
        mend = "Pass e.g. metrics=['accuracy'], or a function of your own."
        expected = "a function f(y, predicted)"
        raise bad_value(f"metric {name!r}", expected, f"{name}{signature}", mend) from None


def _needs(metric: MetricLike) -> Needs:
    needs: Needs = getattr(metric, "needs", "predictions")
    return needs


def _check_fit(
    name: str,
    metric: MetricLike,
    task: Task,
    several: bool,
    probabilities: bool,
    ranked: bool,
) -> None:
    needs, what = _needs(metric), f"metric {name!r}"
    if needs not in get_args(Needs):
        raise UnknownNameError(f"need of the {what}", needs, get_args(Needs))
    if needs in ("labels", "probabilities") and task != "classification":
        mend = "Use e.g. 'mean_squared_error', 'mean_absolute_error' or 'r2'."
        raise bad_value(what, "class labels to compare", f"values (the task is {task})", mend)
    if needs in ("values", "quantiles") and task == "classification":
        mend = "Use e.g. 'accuracy', 'log_loss' or 'f1_macro'."
        raise bad_value(what, "values to compare", "class labels", mend)
    if needs == "probabilities" and not probabilities:
        mend = "Train with loss='cross_entropy', or use a metric of labels such as 'accuracy'."
        raise bad_value(what, "probabilities of classes", "a loss that gives none", mend)
    if needs == "scores" and not ranked:
        mend = "Train on a Dataset(X, y, groups=...)."
        raise bad_value(what, "data grouped by query", f"none (the task is {task})", mend)
    if several and needs in ("labels", "probabilities") and not getattr(metric, "several", True):
        own = ", ".join(repr(m.name) for m in METRICS.values() if m.several)
        raise bad_value(what, "one label a sample", "several", f"Use one of {own}.")
