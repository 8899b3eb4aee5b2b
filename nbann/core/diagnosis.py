"""What ails a run, in words: rules over layer statistics and history; NumPy and the core's parts.

The rules, each with its threshold and its reason, are in `diagnosis_rules.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from .finite import culprit
from .layer_stats import layer_stats, stats_over
from .layer_table import LayerStats
from .program import Op

if TYPE_CHECKING:
    from .recipe import Samples
    from .trainer import Trainer

ROWS = 4096
"""Training rows that are looked at, evenly spaced: enough for a share, and soon done."""

LEARNED = 0.75
"""The share of a constant guess's error which a net must have got rid of to count as having
learned. A net that works is not ill, whatever its units look like: Trask's net has half of its
hidden sigmoids saturated when it is right on every row."""


@dataclass(frozen=True)
class Finding:
    """One thing that ails a run.

    Attributes
    ----------
    kind : str
        "not_finite", "dead_relu", "saturation", "identical_units", "vanishing_gradient",
        "exploding_gradient", "learning_rate_too_high", "learning_rate_too_low", "plateau" or
        "overfitting".
    layer : str or None
        Full name of the layer where it shows; None where it is the run as a whole.
    message : str
        What was found, in words, with its numbers, and what may mend it.
    measure, threshold : float
        What was measured, and from where on the rule speaks.
    reason : str
        Why the threshold is what it is, with its source.
    """

    kind: str
    layer: str | None
    message: str
    measure: float
    threshold: float
    reason: str

    def __str__(self) -> str:
        where = "" if self.layer is None else f" at {self.layer}"
        return f"{self.kind.replace('_', ' ')}{where}: {self.message}"


class Diagnosis(Sequence[Finding]):
    """What `diagnose` has found, in the order of the rules; prints as words."""

    def __init__(self, findings: Sequence[Finding], batches: int) -> None:
        self._findings = tuple(findings)
        self.batches = batches

    def __len__(self) -> int:
        return len(self._findings)

    @overload
    def __getitem__(self, index: int | str) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | str | slice) -> Finding | tuple[Finding, ...]:
        """Return a finding by its place, or the one of a kind; `KeyError` if there is none."""
        if isinstance(index, str):
            for finding in self._findings:
                if finding.kind == index:
                    return finding
            raise KeyError(f"{index!r} is not among what was found: {', '.join(self.kinds) or '-'}")
        return self._findings[index]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of what was found."""
        return tuple(finding.kind for finding in self._findings)

    def describe(self) -> str:
        """Say in words what was found, and why it counts."""
        if not self._findings:
            return self._nothing()
        return "\n".join(f"{finding}\n    Why: {finding.reason}" for finding in self._findings)

    def __repr__(self) -> str:
        return "\n".join(map(str, self._findings)) or self._nothing()

    def _nothing(self) -> str:
        if not self.batches:
            return "nothing found (no batch has run yet)"
        return f"nothing found after {self.batches} batch{'es' * (self.batches > 1)}"


class Case:
    """What the rules read: a run as it stands, measured once and only where a rule asks for it.

    Attributes
    ----------
    trainer : Trainer
    batch : LayerStats
        The layers in the batch that is loaded, gradients included.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.batch = layer_stats(trainer)

    @cached_property
    def rows(self) -> Samples:
        """Up to `ROWS` rows of the training data."""
        samples = self.trainer._train
        every = -(-len(samples["x"]) // ROWS)
        return {name: array[::every] for name, array in samples.items()}

    @cached_property
    def whole(self) -> LayerStats:
        """How the layers' outputs fare over the training data, with the weights of now."""
        return stats_over(self.trainer, self.rows)

    @cached_property
    def outputs(self) -> NDArray[np.floating]:
        """What the net gives for `rows`."""
        return self.trainer._evaluator.outputs(self.rows)

    @cached_property
    def learned(self) -> float:
        """The share of a constant guess's error that the net has got rid of; 1 at best.

        Of classes ``1 - (wrong labels) / (those of guessing the commonest)``; of values R2, which
        is ``1 - (squared error) / (that of guessing the mean)``.
        """
        predicted = self.trainer._evaluator.predict(self.outputs)
        y = self.rows["y"].reshape(predicted.shape)
        weight = self.rows.get("y.weight")
        if weight is not None:  # rows and time steps that do not count
            predicted, y = predicted[weight > 0], y[weight > 0]
        if predicted.dtype.kind == "f":
            with np.errstate(all="ignore"):
                error = float(((predicted - y) ** 2).mean(dtype=np.float64))
            guess = float(y.var(axis=0, dtype=np.float64).mean())
        else:
            error, guess = float((predicted != y).mean()), _wrong_guesses(y)
        if guess == 0:
            return 1.0 if error == 0 else 0.0
        return 1 - error / guess if math.isfinite(error) else -math.inf

    @property
    def works(self) -> bool:
        """Whether the net has learned, see `LEARNED`."""
        return self.learned >= LEARNED

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """The finite losses of all batches."""
        losses = self.trainer.history["loss"]
        return losses[np.isfinite(losses)]

    @property
    def start(self) -> float:
        """The loss that the run began with: of its first batches, some 32 rows in all."""
        count = -(-32 // self.trainer._batches.size)
        return float(np.median(self.losses[:count]))

    @cached_property
    def levels(self) -> NDArray[np.float64]:
        """The medians of up to 20 equal stretches of the losses.

        A stretch is at least 5 batches, and an epoch or 256 rows, so that noise evens out.
        """
        losses = self.losses
        rows = min(self.trainer.batches, -(-256 // self.trainer._batches.size))
        length = max(5, rows, -(-len(losses) // 20))
        whole = len(losses) // length
        return np.median(losses[len(losses) - whole * length :].reshape(whole, length), axis=1)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a column of the evaluations, finite numbers only; empty if it is not measured."""
        history = self.trainer.history
        column = history[name] if name in history else np.empty(0)
        return column[np.isfinite(column)]

    @cached_property
    def curve(self) -> NDArray[np.float64]:
        """The training loss without the noise of batches: over all data, where that is known."""
        if self.trainer.batches == 1:
            return self.losses
        return self.column("train_loss")

    @cached_property
    def culprit(self) -> Op | None:
        """The op that first wrote a number that is not finite, if there is such a number."""
        program = self.trainer.program
        if self.trainer._cursor.diverged:
            return self.trainer._cursor.diverged
        theta = self.trainer._state.theta
        if np.isfinite(theta).all() and np.isfinite(self.trainer.history.losses[-1:]).all():
            return None
        return culprit(program)


def _wrong_guesses(y: NDArray[Any]) -> float:
    """Return the share of labels that are wrong if the commonest (of each column) is guessed."""
    columns = y.T if y.ndim == 2 else [y.reshape(-1)]
    commonest = [np.unique(column, return_counts=True)[1].max() / len(column) for column in columns]
    return float(1 - np.mean(commonest))


Rule = Callable[[Case], Iterator[Finding]]


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
    from .diagnosis_rules import RULES  # it imports this module

    case = Case(trainer)
    findings = [finding for rule in RULES for finding in rule(case)]
    return Diagnosis(findings, len(trainer.history.losses))
