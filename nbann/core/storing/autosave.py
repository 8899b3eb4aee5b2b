"""Saves a run by itself, every so often; imports the core's own parts only.

It costs the bare loop nothing: a run asks it between stretches of at most 256 batches.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..checks import number_in, whole_number
from .atomic import PathLike, checked_target
from .saving import write

if TYPE_CHECKING:
    from ..trainer import Trainer

SHARE = 0.1
"""Of the time, at most, that saving by the clock takes: where one takes long, they get fewer."""


class Autosave:
    """A handle on a trainer's saving by itself; `remove` ends it. See `Trainer.autosave`.

    Attributes
    ----------
    path : str or path
    saves : int
        How often it has saved.
    error : Exception or None
        Why the newest try failed; None if it did not.
    """

    def __init__(
        self, trainer: Trainer, path: PathLike, seconds: float | None, epochs: int | None
    ) -> None:
        self.path = path
        self.seconds = None if seconds is None else number_in("seconds", seconds, above=0.0)
        self.epochs = None if epochs is None else whole_number("epochs", epochs, least=1)
        if self.seconds is None and self.epochs is None:
            self.seconds = 60.0
        checked_target(path)
        self.saves = 0
        self.error: Exception | None = None
        self._trainer = trainer
        self._next = time.monotonic() + (self.seconds or 0.0)
        self._epoch = trainer.position.epoch
        self._ran = False  # since the watcher was last called
        self._moved_on = False  # since it was last saved
        self._told = False
        self._stop: Callable[[], None] | None = trainer.watch(self._moved)
        trainer._autosaves = (*trainer._autosaves, self)

    def remove(self) -> None:
        """Save no more; a second call does nothing."""
        if self._stop is not None:
            self._stop()
            self._stop = None
            rest = (one for one in self._trainer._autosaves if one is not self)
            self._trainer._autosaves = tuple(rest)

    @property
    def attached(self) -> bool:
        """Whether it still saves."""
        return self._stop is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        often = [f"{self.seconds:g} seconds"] if self.seconds is not None else []
        often += [f"{self.epochs} epochs"] if self.epochs is not None else []
        return f"<Autosave to {str(self.path)!r}, every {' or '.join(often)}>"

    # ---- what the trainer calls ------------------------------------------------------------------
    def goal(self, goal: int) -> int:
        """Return the epoch that a run may go to before it asks again."""
        self._ran = self._moved_on = True
        if self.epochs is None:
            return goal
        due = max(self._epoch + self.epochs, self._trainer.position.epoch + 1)
        return min(goal, due)

    def look(self) -> None:
        """Save if it is time and no batch is half-done."""
        if self._is_due() and self._at_rest():
            self._save()

    def _moved(self, trainer: Trainer) -> None:
        """Save at the end of a run, or if it is time."""
        goes_on = trainer._awaited  # it is called after each slice of a `run_async`, too
        ended, self._ran = self._ran and not goes_on, self._ran and goes_on
        self._epoch = min(self._epoch, trainer.position.epoch)  # it may have been reset
        if ended and self._moved_on and self._at_rest():
            self._save()
        else:
            self.look()

    def _is_due(self) -> bool:
        if self.seconds is not None and time.monotonic() >= self._next:
            return True
        epoch, batch, op = self._trainer.position
        done = epoch - self._epoch
        return self.epochs is not None and not (batch or op) and done >= self.epochs

    def _at_rest(self) -> bool:
        program = self._trainer.program
        return program.done in (0, len(program))

    def _save(self) -> None:
        begin = time.monotonic()
        try:
            write(self._trainer, self.path)
        except Exception as error:  # whatever it is, the run is worth more: it is told of, and kept
            self._tell(error)
        else:
            self.error, self._told = None, False
            self.saves += 1
            self._moved_on, self._epoch = False, self._trainer.position.epoch
        if self.seconds is not None:
            end = time.monotonic()
            self._next = end + max(self.seconds, (end - begin) / SHARE)

    def _tell(self, error: Exception) -> None:
        """Keep an error, and warn of it once until it has gone."""
        self.error = error
        told, self._told = self._told, True
        if not told:
            warnings.warn(
                f"{self!r} could not save: {error}. The run goes on, what was saved before is "
                f"still there, and it is tried again (see its .error).",
                UserWarning,
                stacklevel=2,
            )
