"""A moment of a run, finer than a position; imports the standard library only."""

from __future__ import annotations

from typing import NamedTuple

AFTER, REST, BEFORE, PAUSED = 0, 1, 2, 3
"""Stages between two ops, in order: within a move once the hooks after the first have been called,
at rest, among the hooks before the second, at rest once one of these has paused."""


class Moment(NamedTuple):
    """Where in a run something was done; moments are ordered as they come.

    Attributes
    ----------
    step : int
        Batches done before the one that is loaded: ``epoch * batches + batch``.
    done : int
        Ops of that batch that are done.
    stage : int
        Which of the stages between two ops.
    """

    step: int
    done: int
    stage: int = REST

    @property
    def in_passing(self) -> bool:
        """Whether it is in the midst of a move: a hook or a rule has the word."""
        return self.stage in (AFTER, BEFORE)


START = Moment(0, 0)
NEVER = Moment(-1, 0)
