"""Several runs beside one another, as plain data for a view; imports panels' words and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbann.core.checks import counted
from nbann.core.comparing.lockstep import Lockstep
from nbann.core.render import significant
from nbann.core.trainer import Trainer
from nbann.panels.text import plain

DIGITS = 4
_LOSSES = ("train_loss", "test_loss")


def columns(trainers: Sequence[Trainer]) -> list[str]:
    """Return the columns that any of the runs measures, besides epoch and losses; the batch's."""
    measured = dict.fromkeys(name for trainer in trainers for name in trainer.measured)
    return [name for name in measured if name not in ("epoch", *_LOSSES)] + ["loss"]


def usual(choices: Sequence[str]) -> str:
    """Return the column that is looked at first: how well it does on what it has not seen."""
    tests = [name for name in choices if name.startswith("test_")]
    return (tests or list(choices))[0]


def drawn(trainers: Sequence[Trainer], metric: str) -> list[str]:
    """Return the columns to be drawn: losses where there are any, and the one chosen."""
    there = [name for name in _LOSSES if any(name in t.measured for t in trainers)]
    return list(dict.fromkeys([*(there or ["loss"]), metric]))


def table(lockstep: Lockstep, names: Sequence[str], metric: str) -> dict[str, Any]:
    """Return the table of numbers: its head, and for each run its name, cells and state.

    A cell has its text, the exact number, and whether it is the best of its column.
    """
    trainers = lockstep.trainers
    shown = drawn(trainers, metric)
    values = [[_last(t, column) for column in shown] for t in trainers]
    best = [_best(column, [row[i] for row in values]) for i, column in enumerate(shown)]
    rows = []
    for name, trainer, row in zip(names, trainers, values, strict=True):
        cells = [_cell(done(trainer))]
        cells += [
            _cell(_number(value), value, best=value is not None and value == top)
            for value, top in zip(row, best, strict=True)
        ]
        count = parameters(trainer)
        cells.append(_cell(f"{count:,}"))
        rows.append({"name": name, "cells": cells} | state(lockstep, trainer))
    head = ["run", "done", *(column.replace("_", " ") for column in shown), "parameters"]
    return {"head": ["batch loss" if h == "loss" else h for h in head], "rows": rows}


def _cell(text: str, exact: float | None = None, *, best: bool = False) -> dict[str, Any]:
    return {"text": text, "exact": "" if exact is None else repr(exact), "best": best}


def _last(trainer: Trainer, column: str) -> float | None:
    value = trainer.history.last(column)
    return None if value is None or np.ndim(value) else float(value)


def _number(value: float | None) -> str:
    return "–" if value is None else significant(value, DIGITS).replace("-", "\N{MINUS SIGN}")


def _best(column: str, values: Sequence[float | None]) -> float | None:
    """Return the best of a column, where it is known which is: losses, shares that are right."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    if len(known) < 2 or len(set(known)) == 1:
        return None
    if column.endswith("loss"):
        return min(known)
    return max(known) if column.endswith(("accuracy", "r2")) else None


def parameters(trainer: Trainer) -> int:
    """Return how many weights and biases a trainer's model has."""
    return sum(array.size for array in trainer.parameters.values())


def done(trainer: Trainer) -> str:
    """Return how much a run has done: "3 epochs", "3 epochs + 2 batches"."""
    epoch, batch, op = trainer.position
    parts = [counted(epoch, "epoch")] if epoch or not (batch or op) else []
    parts += [counted(batch, "batch")] if batch else []
    parts += [counted(op, "op")] if op else []
    return " + ".join(parts)


def state(lockstep: Lockstep, trainer: Trainer) -> dict[str, str]:
    """Return why a run has been left behind, shortly and at length; empty where it was not."""
    stop = lockstep.stopped(trainer)
    if stop is None:
        return {"state": "", "why": ""}
    return {"state": f"stopped: not finite in {plain(stop.op)}", "why": plain(stop.why, 400)}


def ahead(lockstep: Lockstep, names: Sequence[str]) -> str:
    """Return who is ahead and who is waited for; empty where all stand at one place."""
    if lockstep.level:
        return ""
    at = {
        name: trainer.position
        for name, trainer in zip(names, lockstep.trainers, strict=True)
        if trainer in lockstep.going
    }
    behind = [name for name, position in at.items() if position == min(at.values())]
    before = [name for name, position in at.items() if position == max(at.values())]
    them = "it" if len(behind) == 1 else "them"
    return (
        f"{_and(before)} {'is' if len(before) == 1 else 'are'} ahead of {_and(behind)}: "
        f"Step moves {them} first."
    )


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def hindmost(lockstep: Lockstep) -> Trainer:
    """Return the trainer that moves next."""
    return min(lockstep.going, key=lambda trainer: trainer.position)


def sentences(table: dict[str, Any]) -> list[str]:
    """Return a table in words, a line for each run."""
    found = []
    for row in table["rows"]:
        pairs = zip(table["head"][1:], row["cells"], strict=True)
        parts = [f"{head} {cell['text']}" for head, cell in pairs]
        found.append(
            f"{row['name']}: {', '.join(parts)}" + (f"; {row['state']}" if row["state"] else "")
        )
    return found
