"""Plays a trainer in the background of a kernel, in one asyncio task. Imports the core only.

The kernel stays responsive because the task trains for some milliseconds at a time, then sleeps.
"""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from nbann.core.hooks import Unit
from nbann.core.trainer import Trainer

from .heeding import heed, heed_no_more
from .loop import MainLoop

SLICE = 0.015  # seconds of training between two looks at the kernel's other work
STRETCH = 1_000_000  # epochs asked for at a time where there is no end in sight
REST = 0.005  # seconds of sleep: with 0, Pause takes 200-280 ms to come through; else below 100
UNSEEN = 600.0  # seconds that are played without a word from any page; each frame drawn is one
NEVER_BEHIND = 1.0  # seconds of steps caught up at most, after the kernel was busy elsewhere


@dataclass
class Progress:
    """How far a run to a given epoch has come."""

    start: int
    target: int
    since: float

    def words(self, epoch: int, now: float) -> str:
        """Return e.g. "120 of 500 epochs, 340 epochs/s, 1 s left"."""
        done, total = epoch - self.start, self.target - self.start
        rate = done / max(now - self.since, 1e-9)
        text = f"{done} of {total} epochs"
        if done:
            text += f", {rate:.3g} epochs/s, {(total - done) / rate:.0f} s left"
        return text

    def told(self, trainer: Trainer, now: float) -> dict[str, Any]:
        """Return the share that is done and the words, for a view."""
        epoch = trainer.position.epoch
        return {"fraction": self.fraction(epoch), "words": self.words(epoch, now)}

    def fraction(self, epoch: int) -> float:
        """Return the share that is done, in [0, 1]."""
        return (epoch - self.start) / (self.target - self.start)


class Player:
    """What moves a trainer while a person looks on; one for each trainer (`Player.of`).

    Attributes
    ----------
    mode : str or None
        "play": so many units a second; "run": full speed to an epoch; "forward": full speed until
        a hook pauses it; None: at rest.
    why : str
        Why a hook has paused it, in words.
    unit : str
        What is played.
    speed : float
        Units a second, above 0.
    heard : float
        When a page has last said something, by `time.monotonic`.
    locks : dict of str to str
        Why views of the trainer may not move it, by key; see `lock`.
    """

    _players: ClassVar[weakref.WeakKeyDictionary[Trainer, Player]] = weakref.WeakKeyDictionary()

    @classmethod
    def of(cls, trainer: Trainer) -> Player:
        """Return the trainer's player; two views of one trainer share it."""
        if trainer not in cls._players:
            cls._players[trainer] = cls(trainer)
        player = cls._players[trainer]
        player._loop.find()
        return player

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = weakref.ref(trainer)  # the registry would keep trainers alive otherwise
        self._loop = MainLoop()
        self._task: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[BaseException | None], object]] = []
        self.mode: str | None = None
        self.unit: Unit = "op"
        self.speed = 2.0
        self.progress: Progress | None = None
        self.driving = False
        self.why = ""
        self.heard = 0.0
        self.locks: dict[str, str] = {}

    # ---- locking --------------------------------------------------------------------------------
    def lock(self, reason: str, key: str = "") -> None:
        """Disable the buttons of every view of the trainer, there is or will be, and say why."""
        self.locks[key] = reason
        self.pause()
        self._tell(None)

    def unlock(self, key: str = "") -> None:
        """Take away the lock of this key, if it is there."""
        self.locks.pop(key, None)
        self._tell(None)

    # ---- listening ------------------------------------------------------------------------------
    def listen(self, fn: Callable[[BaseException | None], object]) -> None:
        """Call ``fn(error)`` after every slice, with the exception that ended the play, if any."""
        self._listeners.append(fn)

    def leave(self, fn: Callable[[BaseException | None], object]) -> None:
        """Stop listening; when nobody is left, stop playing."""
        if fn in self._listeners:
            self._listeners.remove(fn)
        if not self._listeners:
            self.pause()

    # ---- moving ---------------------------------------------------------------------------------
    def play(self, unit: Unit) -> None:
        """Play units at `speed` until paused."""
        self.check_loop()
        self.unit, self.mode, self.progress = unit, "play", None
        self._start()

    def run(self, epochs: int) -> None:
        """Train at full speed to the end of the epoch that is `epochs` from here."""
        self.check_loop()
        trainer = self._trainer()
        if trainer is not None:
            start = trainer.position.epoch
            self.mode, self.progress = "run", Progress(start, start + epochs, time.perf_counter())
            self._start()

    def forward(self) -> None:
        """Train at full speed until a hook pauses the run."""
        self.check_loop()
        self.mode, self.progress, self.why = "forward", None, ""
        self._start()

    @property
    def is_running(self) -> bool:
        """Whether its task is there, which tells the listeners when it ends."""
        return self._task is not None and not self._task.done()

    def pause(self) -> None:
        """Stop after the slice at hand."""
        self.mode = None

    def interrupt(self) -> None:
        """Stop as by `pause`, and say that it was the kernel's interrupt."""
        if self.mode is not None:
            self.mode, self.why = None, "the kernel was interrupted"

    def check_loop(self) -> None:
        """Raise `RuntimeError` where there is no event loop to play on."""
        if not self._loop.is_there:
            raise RuntimeError(
                "Play needs a notebook's event loop; in a script call trainer.run() or .step()."
            )

    def _start(self) -> None:
        self.heard = time.monotonic()
        if self._task is None or self._task.done():
            self._task = self._loop.start(self._drive())

    async def _drive(self) -> None:
        error: BaseException | None = None
        last, due = time.perf_counter(), 1.0  # the first step comes at once
        try:
            while self.mode is not None and (trainer := self._trainer()) is not None:
                heed(interrupt_all)
                now = time.perf_counter()
                due, last = due + min(now - last, NEVER_BEHIND) * self.speed, now
                self.driving = True
                try:
                    due = self._slice(trainer, due, now + SLICE)
                finally:
                    self.driving = False
                if self.mode == "play" and time.monotonic() - self.heard > UNSEEN:
                    # a closed tab says no farewell; a kernel that plays on is never idle
                    self.mode, self.why = None, "no page has shown it for a while"
                del trainer
                self._tell(None)
                await asyncio.sleep(REST)
        except KeyboardInterrupt:  # it came while a slice was training
            self.interrupt()
        except Exception as raised:
            error = raised  # shown by the listeners: a task has nobody to raise to
        finally:
            self.mode = self.progress = None
            if all(player.mode is None for player in Player._players.values()):
                heed_no_more(interrupt_all)
            self._tell(error)

    def _slice(self, trainer: Trainer, due: float, deadline: float) -> float:
        """Train until `deadline`; return the number of units that are still owed."""
        if self.mode != "play":
            here = trainer.position.epoch
            left = STRETCH if self.progress is None else self.progress.target - here
            stop = None
            if left > 0:
                stop = trainer.run(left, until=lambda _: time.perf_counter() > deadline)
            if stop is not None and stop.reason == "nan":
                raise FloatingPointError(str(stop.autopsy))
            # only a run to an end that was named is done when its epochs are
            goes_on = ("until",) if self.progress is not None else ("until", "epochs")
            if stop is None or stop.reason not in goes_on:
                self.mode = None
            self.why = stop.why if stop is not None and stop.reason == "paused" else ""
            return 0.0
        while due >= 1.0:
            due -= 1.0
            sound = not _is_astray(trainer)  # who plays on from where it went astray may look on
            if (ran := trainer.step(self.unit)).paused:
                self.mode, self.why = None, ran.why
                return 0.0
            if sound and _is_astray(trainer):
                raise FloatingPointError(
                    "The loss is not a finite number any more, so that nothing more is learned. "
                    "Go back or reset, and lower the learning rate; Run tells the op that failed."
                )
            if time.perf_counter() > deadline:
                return min(due, 1.0)  # faster than it can be: what is owed is let go
        return due

    def _tell(self, error: BaseException | None) -> None:
        for listener in tuple(self._listeners):
            listener(error)


def _is_astray(trainer: Trainer) -> bool:
    """Whether the loss of the loaded batch has been computed and is no finite number.

    Several trainers in lockstep look after that themselves: one may stop, and the others go on.
    """
    if (
        not isinstance(trainer, Trainer)
        or not trainer._guarded
        or "loss" not in trainer.names
        or not trainer.is_current("loss")
    ):
        return False
    return not math.isfinite(float(trainer["loss"]))


def interrupt_all() -> None:
    """Stop all that plays in this kernel."""
    for player in tuple(Player._players.values()):
        player.interrupt()
