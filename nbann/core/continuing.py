"""Another trainer, with other settings, that goes on from where one stands; the core alone."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import UnknownNameError, bad_value
from .moves import Position
from .scoring.history import History
from .state import Snapshot, State
from .timeline.acts import Restrain
from .timeline.moment import Moment

if TYPE_CHECKING:
    from .trainer import Trainer


def continued(trainer: Trainer, changes: Mapping[str, Any]) -> Trainer:
    """Return a trainer with other settings, with the same weights, at the same epoch.

    See `Trainer.branch`.
    """
    given = trainer._given
    for name in changes:
        if name not in given:
            raise UnknownNameError("setting", name, given)
    twin = type(trainer)(**(given | dict(changes)))
    _check_layout(trainer, twin)
    epoch, batch, _ = trainer.position
    same = _same_batches(trainer, twin)
    at = Position(epoch, batch if same else 0, 0)
    step = epoch * twin.batches + at.batch

    _take_over(twin._state, _at_batch_start(trainer), fresh="optimizer" in changes)
    twin.history.become(_history(trainer, twin, step, same=same))
    twin._timeline.begin(step, state := twin._state.snapshot())
    with twin._cursor._under_way():
        twin._cursor._begin_at(step, state)
    _restrain(trainer, twin)
    return twin


def _check_layout(trainer: Trainer, twin: Trainer) -> None:
    """Refuse another net: its weights could not be these."""
    old, new = ({p.name: p.shape for p in one._recipe.plan.parameters} for one in (trainer, twin))
    if old != new:
        changed = next(n for n in (*old, *new) if old.get(n) != new.get(n))
        mend = "Make a new Trainer for another net; it starts from its own seed."
        expected = f"a net with the same weights ({changed!r} of shape {old.get(changed)})"
        raise bad_value("branch", expected, f"{new.get(changed)}", mend)


def _same_batches(trainer: Trainer, twin: Trainer) -> bool:
    """Whether batch b of an epoch stands for the same part of it in both."""
    mine, theirs = trainer._cursor.batches, twin._cursor.batches
    return (mine.samples, mine.size) == (theirs.samples, theirs.size)


def _at_batch_start(trainer: Trainer) -> Snapshot:
    """Return the state with which the batch at hand is begun anew.

    Weights that a person has set in the midst of it are among them, as long as its update has not
    begun.
    """
    state, program = trainer._state, trainer.program
    kept = state.kept_snapshot() if trainer.position.op else None
    if kept is None:
        return state.snapshot()
    if not any(op.phase == "update" for op in program.ops[: program.done]):
        kept.arrays[""] = state.theta.copy()
    return kept


def _take_over(state: State, snapshot: Snapshot, *, fresh: bool) -> None:
    """Put what another state held in its place, where there is such a place.

    With a `fresh` optimizer, hyper-parameters are its own; what a like one remembered stays.
    """
    for name, values in snapshot.arrays.items():
        mine = state.persistent.get(name)
        if mine is not None and mine.shape == values.shape and not (fresh and name in state.hyper):
            mine[...] = values
    streams = {name: s for name, s in snapshot.streams.items() if name in state.streams}
    state.restore_streams(Snapshot({}, streams))


def _history(trainer: Trainer, twin: Trainer, step: int, *, same: bool) -> History:
    """Return what has been measured so far, as the twin's columns.

    Losses of batches of another size are not those of its own: NaN stands for them, as for what
    was not measured.
    """
    found, past = History(), trainer.history
    found.losses = past.losses[:step] if same else array("d", [np.nan]) * step
    for place in range(past.evaluations):
        row = past.row(place)
        found.add_epoch({name: row.get(name, np.nan) for name in twin._recorder.columns})
    return found


def _restrain(trainer: Trainer, twin: Trainer) -> None:
    """Freeze and silence what was."""
    for which in ("frozen", "silenced"):
        held = getattr(trainer.restraints, which)
        there = twin.elements_of(which)
        pairs = frozenset((name, i) for name, i in held if i < there.get(name, 0))
        if pairs:
            twin._act(partial(_held, which, pairs))


def _held(which: str, pairs: frozenset[tuple[str, int]], moment: Moment) -> Restrain:
    return Restrain(moment, which, pairs, True, f"{len(pairs)} as before")
