"""What is locked until a guess is recorded: widgets, or all views of a trainer; uses the core."""

from __future__ import annotations

from typing import Any

from nbann.core.errors import bad_value
from nbann.core.trainer import Trainer

from .player import Player
from .transport import Transport

LONGEST = 120  # characters of the question that a locked widget shows


class GuessLocks:
    """The locks of one question.

    Parameters
    ----------
    unlocks : widget, Trainer, list of them, or None
        What waits for the guess; of a trainer all the views that it has or gets.
    question : str
        The key of the locks: a cell that is run again takes over the lock of its last run.

    Attributes
    ----------
    held : tuple
        What is locked by it.

    Raises
    ------
    ValueError
        Something that can not be locked.
    """

    def __init__(self, unlocks: Any, question: str) -> None:
        listed = unlocks if isinstance(unlocks, (list, tuple)) else [unlocks]
        self.held = tuple(one for one in listed if unlocks is not None)
        self._question = question
        for one in self.held:
            if not isinstance(one, (Trainer, Transport)):
                mend = "Pass a trainer, a StepThrough, a Playground or a Compare."
                raise bad_value("unlocks", "what can be locked", type(one).__name__, mend)

    def lock(self) -> None:
        """Lock all of it, and say for which question."""
        words = " ".join(self._question.split())
        short = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
        for one in self.held:
            _holder(one).lock(f"Guess first: {short}", self._question)

    def unlock(self) -> None:
        """Unlock all of it."""
        for one in self.held:
            _holder(one).unlock(self._question)


def _holder(one: Any) -> Any:
    """Return what holds the lock of a widget, or of all views of a trainer."""
    return Player.of(one) if isinstance(one, Trainer) else one
