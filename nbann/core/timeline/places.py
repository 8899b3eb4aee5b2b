"""Where moments lie on a run that is drawn from left to right; imports the core's own parts only.

What the widgets' timeline and the loss curve have in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..moves import Position
from .moment import Moment

if TYPE_CHECKING:
    from .branches import Branch
    from .timeline import Timeline


def place_of(timeline: Timeline, moment: Moment) -> float:
    """Return a moment as a number of batches, broken where it lies within one."""
    return round(moment.step + min(moment.done / timeline.ops_at(moment.step), 1.0), 4)


def parting(timeline: Timeline, branch: Branch) -> Moment | None:
    """Return where a branch parts from this line; None while it is the same as far as both came."""
    moment = timeline.parts_from(branch)
    acts = {act.moment for act in (*timeline.acts, *branch.acts)}
    return moment if moment < timeline.end or moment in acts else None


def where(position: Position) -> str:
    """Return a position in words, counted as people count."""
    epoch, batch, op = position
    return f"epoch {epoch + 1}, batch {batch + 1}" + (f", op {op + 1}" if op else "")
