"""Turns a trainer's timeline into plain data for a view; imports the core only.

A run is drawn from its first batch to its last one; a place on it is the number of batches begun.
So a place and the status line name the same batch: "epoch 3, batch 2" is where that batch has run.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from nbann.core.moves import Position
from nbann.core.timeline.moment import Moment
from nbann.core.timeline.places import parting, place_of, where
from nbann.core.trainer import Trainer

MOST_MARKS = 200
"""Marks that are sent; of more, the latest."""
MOST_POINTS = 200
"""Points of the loss along the timeline."""


def line(trainer: Trainer) -> dict[str, Any]:
    """Return where the line of events begins and ends, and where on it the trainer stands."""
    timeline, batches = trainer.timeline, trainer.batches
    epoch, batch, done = trainer.loaded
    at = _begun(Moment(epoch * batches + batch, done))
    here = trainer.position
    return {
        "first": timeline.first,
        "end": max(_begun(timeline.end), at),
        "at": at,
        "start": (here.epoch * batches + here.batch, here.op) <= (timeline.first, 0),
        "batches": batches,
    }


def curve(trainer: Trainer) -> dict[str, Any]:
    """Return the `loss` of every `stride`-th batch of the line; None where it is no number.

    Strides are powers of 2, so that the curve of a longer run keeps its old points.
    """
    timeline = trainer.timeline
    history = trainer.history if timeline.record is None else timeline.record
    count, stride = len(history.losses) - timeline.first, 1
    while count / stride > MOST_POINTS:
        stride *= 2
    losses = history.losses[timeline.first :: stride]  # of a long run only these are copied
    shown = [float(f"{loss:.4g}") if isfinite(loss) else None for loss in losses]
    return {"stride": stride, "loss": shown}


def marks(trainer: Trainer) -> list[dict[str, Any]]:
    """Return a mark for each intervention, and for where each branch has been left.

    Each is a dict of `step` (a place, broken where it lies within a batch), `words`, `kind` ("act",
    "fork", or "more": how many there is no room for) and, of an act, whether it lies `ahead`.
    """
    timeline = trainer.timeline
    forks = [
        _mark(trainer, moment, f"branch {branch.number} parts here", "fork")
        for branch in list(timeline.branches)[-MOST_MARKS // 4 :]
        if (moment := parting(timeline, branch)) is not None
    ]
    room = MOST_MARKS - len(forks)
    first = max(0, len(timeline) - room)
    acts = [
        _mark(trainer, act.moment, act.text, "act", ahead=first + place >= timeline.applied)
        for place, act in enumerate(timeline[first:])
    ]
    if first:
        words = f"{first} earlier interventions are not shown: see trainer.timeline"
        acts.insert(0, {"step": timeline.first, "words": words, "kind": "more", "ahead": False})
    return acts + forks


def branches(trainer: Trainer) -> list[dict[str, Any]]:
    """Return the lines of events that one can return to: their numbers, and where they differ."""
    found = []
    for branch in trainer.timeline.branches:
        end = _reached(trainer, branch.end)
        loss = branch.record.last("loss")
        words = f"branch {branch.number}: to {end}"
        words += "" if loss is None else f", loss {loss:.3g}"
        found.append({"number": branch.number, "words": words})
    return found


def place(trainer: Trainer, step: int) -> Position:
    """Return where to go for a place: to where its batch is done, at the end as far as it came."""
    timeline = trainer.timeline
    if step >= _begun(timeline.end):
        return timeline.position_of(timeline.end)
    return Position(*divmod(max(step, timeline.first), trainer.batches), 0)


def _reached(trainer: Trainer, moment: Moment) -> str:
    """Return how far a line has come, by the batch that a view shows there: the last one begun."""
    timeline, begun = trainer.timeline, _begun(moment)
    within = 0 < moment.done < timeline.ops_at(moment.step)
    if within or begun <= timeline.first:
        return where(timeline.position_of(moment))
    return where(Position(*divmod(begun - 1, trainer.batches), 0))


def _begun(moment: Moment) -> int:
    """Return how many batches have been begun by a moment."""
    return moment.step + (moment.done > 0)


def _mark(
    trainer: Trainer, moment: Moment, text: str, kind: str, *, ahead: bool = False
) -> dict[str, Any]:
    timeline = trainer.timeline
    at = place_of(timeline, moment)
    words = f"{where(timeline.position_of(moment))}: {text}"
    return {"step": at, "words": words, "kind": kind, "ahead": ahead}
