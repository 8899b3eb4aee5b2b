"""What source says of a run's order and settings, and what it can not say. Imports the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbann.core.data.streaming import Column
from nbann.core.errors import bad_value
from nbann.core.layers.recurrent import Recurrent
from nbann.core.optimizers import schedules
from nbann.core.timeline.acts import Splice
from nbann.core.trainer import Trainer

from .reading import Net

KEEP = "Pass weights=True for source that predicts with the trained weights."
USUAL_EPOCHS = 10


@dataclass(frozen=True)
class Run:
    """How a trainer trains, as far as source can say it.

    Attributes
    ----------
    seed, size, epochs, samples : int
        Of the order; rows in a batch; epochs to train; rows of the data.
    shuffle : bool
    l1, l2 : float
    per_sample : bool
    notes : tuple of str
        What the reader is to be told.
    """

    trainer: Trainer
    net: Net
    seed: int
    size: int
    epochs: int
    samples: int
    shuffle: bool
    l1: float
    l2: float
    per_sample: bool
    notes: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether a batch holds all samples."""
        return self.size >= self.samples


def run_of(trainer: Trainer, net: Net, epochs: int | None) -> Run:
    """Return how a trainer trains.

    Raises
    ------
    ValueError
        What source can not repeat.
    """
    _check(trainer, net)
    penalty = trainer._recipe.penalty
    epoch, batch, op = trainer.position
    notes = []
    if batch or op:
        notes.append(f"The trainer stands within epoch {epoch}; this trains whole epochs.")
    timeline = trainer._timeline
    if timeline.first:
        notes.append("The run goes on from where another one was; this starts from the beginning.")
    if any(not isinstance(act, Splice) for act in timeline.acts[: timeline.applied]):
        notes.append("The run was changed by hand on its way; this trains without that.")
    return Run(
        trainer=trainer,
        net=net,
        seed=trainer._seed,
        size=trainer._size,
        epochs=(epoch or USUAL_EPOCHS) if epochs is None else epochs,
        samples=len(trainer._train["x"]),
        shuffle=trainer._shuffle,
        l1=penalty.l1 if penalty else 0.0,
        l2=penalty.l2 if penalty else 0.0,
        per_sample=bool(penalty and penalty.per_sample),
        notes=tuple(notes),
    )


def _check(trainer: Trainer, net: Net) -> None:
    what = "to_code"
    data = trainer.train_data
    refused: list[tuple[Any, str, str]] = [
        (isinstance(data.X, Column), "rows that are there when asked for", "a Stream"),
        (trainer._recipe.ranked, "data without groups to train on", "a ranking"),
        (trainer._order is not None, "an order drawn from the seed", "shuffle= a function"),
        (data.weight is not None, "samples that count alike", "data with weights"),
        (
            data.mask is not None and not np.all(data.mask),
            "sequences without padding",
            "data with a mask",
        ),
        (trainer.restraints, "a net without frozen or silenced elements", "some"),
        (trainer._hooks.modifying, "a run that no hook changes", "a hook with modifies=True"),
    ]
    for part in net.every():
        layer = part.layer
        if isinstance(layer, Recurrent) and layer.truncate is not None:
            refused.append((True, "gradients through all of time", repr(layer)))
    for found, expected, received in refused:
        if found:
            raise bad_value(f"{what} with training", expected, received, KEEP)


# ---- order and rate ------------------------------------------------------------------------------
def order_line(run: Run) -> str:
    """Return the line that sets ``order`` to the samples' order in an epoch, nbann's own."""
    if run.whole or not run.shuffle:
        return "order = np.arange(len(X))"
    return f"order = np.random.default_rng([{run.seed}, 1, epoch]).permutation(len(X))"


def rate_of(run: Run) -> str:
    """Return the learning rate as source, of ``epoch`` and ``batch``: those done so far.

    Raises
    ------
    ValueError
        A schedule that watches a score.
    """
    optimizer = run.trainer.optimizer
    rule = optimizer.schedule
    if rule is None:
        return repr(optimizer.learning_rate)
    return _rate(rule, "")


def _rate(rule: object, shift: str) -> str:
    if isinstance(rule, schedules.Constant):
        return repr(rule.learning_rate)
    count = "epoch"
    if getattr(rule, "counter", None) == schedules.COUNTERS["batch"]:
        count = "batch"
    n = f"max(0, {count} - {shift})" if shift else count
    if isinstance(rule, schedules.StepDecay):
        return f"{rule.start!r} * {rule.factor!r} ** ({n} // {rule.every})"
    if isinstance(rule, schedules.ExponentialDecay):
        return f"{rule.start!r} * {rule.factor!r} ** {n}"
    if isinstance(rule, schedules.CosineDecay):
        wave = f"np.cos(np.pi * min({n}, {rule.steps}) / {rule.steps})"
        return f"{rule.end!r} + ({rule.start!r} - {rule.end!r}) * (1 + {wave}) / 2"
    if isinstance(rule, schedules.LinearWarmup) and not shift:
        then = _rate(rule._rule, str(rule.steps))
        return f"min(({count} + 1) / {rule.steps}, 1.0) * ({then})"
    expected = "a learning rate that follows from the number of epochs or batches"
    raise bad_value("to_code with training", expected, repr(rule), KEEP)


def counts_batches(rate: str) -> bool:
    """Whether a learning rate depends on the number of batches."""
    return "batch" in rate


def loop_lines(run: Run, rows: str) -> tuple[list[str], str]:
    """Return the lines down to a batch, whose rows are then ``rows``, and what comes before a line.

    `rows` is the source that makes them of ``order[begin : end]``, with {} for that. Where a batch
    is the whole data there are no rows.
    """
    head = f"for epoch in range({run.epochs}):"
    if run.whole:
        return [head], " " * 4
    part = rows.format(f"order[begin : begin + {run.size}]")
    inner = f"    for begin in range(0, len(X), {run.size}):"
    return [head, f"    {order_line(run)}", inner, f"        rows = {part}"], " " * 8
