"""What a watched column of the history says: one number, better low or high; core's own parts only.

Early stopping and schedules that watch a score ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..errors import UnknownNameError, bad_value
from .metric import MetricLike

Mode = Literal["min", "max"]


def as_mode(mode: Mode | None) -> Mode | None:
    """Return whether lower ("min") or higher ("max") is better, as given; None: to be inferred."""
    if mode not in ("min", "max", None):
        raise UnknownNameError("mode", mode, ("min", "max"))
    return mode


def mode_of(
    column: str, metrics: Mapping[str, MetricLike], measures: Mapping[str, bool] | None = None
) -> Mode:
    """Return what is better in a column of the history, where that is known.

    Known are the loss of any data, that of each head ("test_<head>_loss"), the metrics that say so
    by an attribute `lower_is_better`, as all those of `nbann.metrics` do whose value is a number,
    and `measures`. A metric's name says nothing of it, even if it ends as a loss does.

    Parameters
    ----------
    column : str
        "train_loss", "test_accuracy", ...: the data, and what is measured of it.
    metrics : mapping of str to metric
        Those of the trainer by name.
    measures : mapping of str to bool, optional
        What the model measures of itself, and whether lower is better; see `Model.lower_is_better`.

    Raises
    ------
    ValueError
        It is not known.
    """
    measure = column.partition("_")[2]
    if measure == "loss" or (measure.endswith("_loss") and measure not in metrics):
        return "min"
    lower = getattr(metrics.get(measure), "lower_is_better", (measures or {}).get(measure))
    if not isinstance(lower, bool):
        expected = "mode='min' or mode='max' for a column of which nbann knows neither"
        mend = "Pass mode='min' if lower is better, mode='max' if higher is."
        raise bad_value("monitor", expected, f"{column!r} without a mode", mend)
    return "min" if lower else "max"


def as_number(column: str, value: object) -> float:
    """Return a measure that can be higher or lower, or say that it is an array."""
    if not isinstance(value, float):
        mend = "Monitor e.g. 'test_loss'."
        raise bad_value("monitor", "a column of single numbers", f"{column!r}, of arrays", mend)
    return value
