"""What ails a run, in words: rules over its layers and history; imports the core's parts only.

The rules, each with its threshold and its reason, are in `scoring/diagnosis_rules.py` and
`scoring/diagnosis_curves.py`; what they read is in `scoring/diagnosis_case.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .diagnosis_case import Case
from .diagnosis_curves import (
    learning_rate_too_high,
    learning_rate_too_low,
    overfitting,
    plateau,
)
from .diagnosis_rules import (
    dead_relu,
    exploding_gradient,
    identical_units,
    not_finite,
    saturation,
    vanishing_gradient,
)
from .findings import Diagnosis, Finding
from .layer_stats import check_layered
from .layer_table import LayerStats

if TYPE_CHECKING:
    from ..trainer import Trainer

RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    not_finite,
    dead_relu,
    saturation,
    identical_units,
    vanishing_gradient,
    exploding_gradient,
    learning_rate_too_high,
    learning_rate_too_low,
    plateau,
    overfitting,
)


def diagnose(trainer: Trainer) -> Diagnosis:
    """Say in words what ails a run, by rules over its layers and its history.

    Dead ReLUs, saturation, vanishing and exploding gradients, a plateau, overfitting, a learning
    rate too high or too low, numbers that are not finite: each rule has its threshold and its
    reason (`Finding.threshold`, `Finding.reason`). They see the batch that is loaded, the history,
    and forward passes over at most `ROWS` training rows; nothing of the run changes.

    A rule of thumb is no proof: a net may recover from what looks ill, and fail without a sign.

    Parameters
    ----------
    trainer : Trainer

    Returns
    -------
    Diagnosis
        A sequence of findings, empty where nothing was found.

    Raises
    ------
    ValueError
        The model has no forward pass through layers: the rules are about nets that have one.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(2)])
    >>> sgd = nbann.SGD(learning_rate=0.5)
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor(), optimizer=sgd, batch_size=None)
    >>> trainer.run(epochs=500).reason
    'epochs'
    >>> nbann.diagnose(trainer)
    nothing found after 500 batches
    """
    check_layered(trainer, "diagnose")
    case = Case(trainer)
    findings = [finding for rule in RULES for finding in rule(case)]
    return Diagnosis(findings, len(trainer.history.losses))


def gradient_findings(trainer: Trainer, stats: LayerStats) -> list[Finding]:
    """Return what the rules of vanishing and exploding gradients find, and no others.

    Parameters
    ----------
    trainer : Trainer
    stats : LayerStats
        Of the batch that is loaded: `layer_stats`, or `gradient_stats`.
    """
    case = Case(trainer, stats)
    if case.culprit is not None:  # outputs that overflowed tell as well
        case = Case(trainer)
    return [*vanishing_gradient(case), *exploding_gradient(case)]
