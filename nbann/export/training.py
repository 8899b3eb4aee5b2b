"""What source says of a run's data, order and settings, and what it can not. Imports the core.

Text from data is written by `repr` only: no name of a layer, class or column becomes source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbann.core.errors import bad_value
from nbann.core.layers.activity_penalty import ActivityPenalty
from nbann.core.layers.recurrent import Recurrent
from nbann.core.optimizers import schedules
from nbann.core.timeline.acts import Splice
from nbann.core.trainer import Trainer

from .literals import MOST_NUMBERS, array_text
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
    if any(not isinstance(act, Splice) for act in trainer._timeline):
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
        (net.heads, "a net of one head to train", "several heads"),
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
        if isinstance(layer, ActivityPenalty):
            refused.append((True, "layers that add nothing to the loss", repr(layer)))
        if isinstance(layer, Recurrent) and layer.truncate is not None:
            refused.append((True, "gradients through all of time", repr(layer)))
    for found, expected, received in refused:
        if found:
            raise bad_value(f"{what} with training", expected, received, KEEP)


# ---- data ----------------------------------------------------------------------------------------
def data_lines(run: Run, *, as_given: bool = False) -> list[str]:
    """Return the lines after which ``X`` and ``y`` are what nbann trains on.

    y has the form in which the loss reads it, or `as_given` that of the data set.
    """
    data, net = run.trainer.train_data, run.net
    X, y = run.trainer._train["x"], data.y
    alike = run.trainer.task == "unsupervised"
    small = X.size + (0 if alike else y.size) <= MOST_NUMBERS
    floats = "" if net.indices else f"np.{net.dtype.name}"
    if small:
        lines = [f"X = {array_text(X, floats)}"]
        lines += [] if alike else [f"y = {array_text(y)}"]
    else:
        given = "X=ds.X" if alike else "X=ds.X, y=ds.y"
        lines = [
            f"# {X.size} numbers are too many to write here. They are read from a file; write it",
            f"# with:  ds = trainer.train_data; np.savez('data.npz', {given})",
            "with np.load('data.npz') as data:",
            f"    X = data['X'].astype({floats or 'int'})",
        ]
        lines += [] if alike else ["    y = data['y']"]
    if alike:
        return [*lines, "y = X"]
    target = "" if as_given else _target(run)
    return [*lines, target] if target else lines


def _target(run: Run) -> str:
    """Return the line that gives y the form in which the loss reads it."""
    net, kinds = run.net, run.trainer._train
    shape = ", ".join(map(str, kinds.get("y.sign", kinds["y"]).shape[1:]))
    number = f"np.{net.dtype.name}"
    if net.loss.kind == "cross_entropy":
        return "" if run.trainer.train_data.y.dtype.kind == "i" else "y = y.astype(int)"
    if "y.onehot" in kinds:
        return f"y = np.eye({net.output_shape[-1]}, dtype={number})[y.astype(int)]"
    if "y.sign" in kinds:
        if net.output_shape[-1] == 1:
            return f"y = (2 * y.reshape(len(y), {shape}) - 1).astype({number})"
        return f"y = 2 * np.eye({net.output_shape[-1]}, dtype={number})[y.astype(int)] - 1"
    return f"y = y.reshape(len(y), {shape}).astype({number})"


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
