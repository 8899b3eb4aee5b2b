"""Every loss by its name; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import UnknownNameError, bad_value, uncalled
from .class_losses import BinaryCrossEntropy, CrossEntropy
from .loss import TARGET_SYMBOLS, Loss, Task
from .margin_losses import Hinge, PerceptronLoss
from .ranking_losses import LambdaRank, ListNet, RankNet
from .spread_losses import GaussianNLL, Pinball
from .value_losses import HalfSquaredError, Huber, MeanAbsoluteError, MeanSquaredError, Poisson

__all__ = [
    "DEFAULT_LOSS",
    "LOSSES",
    "SHORT_NAMES",
    "TARGET_SYMBOLS",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "GaussianNLL",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "LambdaRank",
    "ListNet",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "PerceptronLoss",
    "Pinball",
    "Poisson",
    "RankNet",
    "Task",
    "as_loss",
]

LOSSES: dict[str, type[Loss]] = {
    cls.kind: cls
    for cls in (
        CrossEntropy,
        BinaryCrossEntropy,
        MeanSquaredError,
        HalfSquaredError,
        MeanAbsoluteError,
        Huber,
        Poisson,
        GaussianNLL,
        Pinball,
        Hinge,
        PerceptronLoss,
        RankNet,
        LambdaRank,
        ListNet,
    )
}
SHORT_NAMES: dict[str, str] = {
    "bce": BinaryCrossEntropy.kind,
    "mae": MeanAbsoluteError.kind,
    "mse": MeanSquaredError.kind,
}
"""Further names that these losses are commonly called by."""
DEFAULT_LOSS: dict[Task, str] = {
    "classification": "cross_entropy",
    "regression": "mean_squared_error",
    "unsupervised": "mean_squared_error",
    "ranking": "lambdarank",
}


def as_loss(loss: Loss | str | None, task: Task) -> Loss:
    """Return a loss given as such, by name ("mse"), or (None) the usual one of the task.

    Raises
    ------
    ValueError
        A name that no loss has, a loss's class, or a task without a usual loss.
    """
    if loss is None:
        if task == "several":
            mend = "Use nbann.Heads(body, {...}), or pass y as an array."
            raise bad_value("model", "heads for several targets", "a net without", mend)
        if task not in DEFAULT_LOSS:
            raise UnknownNameError("task with a usual loss (pass loss=...)", task, DEFAULT_LOSS)
        loss = DEFAULT_LOSS[task]
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, type) and issubclass(loss, Loss):
        raise uncalled("loss", "a loss or its name", loss)
    if isinstance(loss, Mapping):
        mend = "Pass nbann.Losses({...}), for a net with nbann.Heads."
        raise bad_value("loss", "a loss or its name", "a dict", mend)
    name = SHORT_NAMES.get(loss, loss) if isinstance(loss, str) else loss
    if not isinstance(name, str) or name not in LOSSES:
        raise UnknownNameError("loss", loss, (*LOSSES, *SHORT_NAMES))
    return LOSSES[name]()
