"""Step, back, play, run, pause, reset: a view that moves a trainer. Imports the core."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import traitlets as t

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError
from nbann.core.moves import Position
from nbann.core.render import significant
from nbann.core.trainer import Trainer
from nbann.core.units import UNITS, Unit

from . import wording
from .player import Player
from .view import View

SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


class Transport(View):
    """The part of a view that moves `trainer`; buttons and Python call the same methods."""

    unit = t.Enum(list(UNITS), default_value="op").tag(sync=True)
    speed = t.Enum(list(SPEEDS), default_value=2.0).tag(sync=True)
    units = t.List(t.Unicode(), list(UNITS)).tag(sync=True)
    speeds = t.List(t.Float(), list(SPEEDS)).tag(sync=True)
    mode = t.Unicode("").tag(sync=True)
    """"play", "run" or "" at rest."""
    here = t.Dict().tag(sync=True)
    """Where the run stands: epoch, batch, op (each counted from 1), loss."""
    rate = t.Unicode("").tag(sync=True)
    """The learning rate in force."""
    progress = t.Dict().tag(sync=True)
    """Of a run: the fraction that is done, and its words; empty without one."""
    locked = t.Unicode("").tag(sync=True)
    """Why nothing can be moved from here, in words; empty where it can. See `lock`."""

    trainer: Trainer
    _player: Player
    _moves: ClassVar[frozenset[str]] = frozenset(
        ("step", "back", "play", "run", "reset", "rate", "forward", "goto", "switch", "set")
    )
    """Messages that move or change the run: those that a lock refuses."""
    _answers: ClassVar[dict[str, str]] = {"goto": "went"}
    """What the browser is told once such a message is dealt with, refused or not."""

    def __init__(self, *, unit: Unit, speed: float, **traits: Any) -> None:
        if unit not in UNITS:
            raise UnknownNameError("unit", unit, UNITS)
        if speed not in SPEEDS:
            raise UnknownNameError("speed", speed, map(str, SPEEDS))
        self._locks: dict[str, str] = {}
        super().__init__(unit=unit, speed=float(speed), **traits)
        self.observe(self._on_pace, ["unit", "speed"])

    def _on_pace(self, change: Any) -> None:
        self._player.speed = self.speed
        self._player.unit = self.unit

    # ---- what Python calls -----------------------------------------------------------------------
    def step(self, unit: Unit | None = None, n: int = 1) -> None:
        """Press Step: go on by `unit` (by default the chosen one), n times."""
        self._check_free()
        self._begin()
        ran = self.trainer.step(self.unit if unit is None else unit, n)
        if ran.paused:
            self._player.why = ran.why
            self._show()

    def back(self, unit: Unit | None = None, n: int = 1) -> Position:
        """Press Back: pause, and go back by `unit` (by default the chosen one), n times.

        Returns
        -------
        Position
            Where the trainer stands now: at the earliest at the start of the run.
        """
        self._check_free()
        self._begin(pause=True)
        return self.trainer.back(self.unit if unit is None else unit, n)

    def play(self) -> None:
        """Press Play: go on by the chosen unit, `speed` times a second, until `pause`.

        It begins when somebody can see it: at once where a view is open, else when one opens. In a
        notebook that runs without a browser it never does, and nothing is left running.
        """
        self._check_free()
        self._begin()
        self._player.speed = self.speed
        self._when_seen(self._player, lambda: self._player.play(self.unit))

    def run(self, epochs: int) -> None:
        """Press Run: train at full speed, in the background, to the end of an epoch.

        Like `play` it begins when a view is open; ``trainer.run(epochs)`` trains at once.

        Parameters
        ----------
        epochs : int
            How many epochs from here, at least 1.
        """
        self._check_free()
        self._begin()
        count = whole_number("epochs", epochs, least=1)
        self._when_seen(self._player, lambda: self._player.run(count))

    def pause(self) -> None:
        """Press Pause."""
        self._waiting = None
        self._player.pause()
        if not self._player.is_running:  # else it tells us itself, in a moment
            self._show()

    def reset(self) -> None:
        """Press Reset: pause, and go back to the very same start."""
        self._check_free()
        self._begin(pause=True)
        self.trainer.reset()

    # ---- a lock ----------------------------------------------------------------------------------
    def lock(self, reason: str, key: str = "") -> None:
        """Disable the buttons of this view, and say why; see `nbann.Predict`.

        Its methods (`step`, `run`, ...) raise `RuntimeError` meanwhile. The trainer itself is not
        locked: ``trainer.step()`` works as ever.

        Parameters
        ----------
        reason : str
            What is shown, e.g. "Guess first."
        key : str
            Each key is a lock of its own; the view is free once all of them are unlocked.
        """
        self._locks[key] = str(reason)
        self._player.pause()
        self._show()

    def unlock(self, key: str = "") -> None:
        """Take away the lock of this key, if it is there."""
        self._locks.pop(key, None)
        self._show()

    @property
    def _reason(self) -> str:
        """Why nothing can be moved, by a lock of this view or of the trainer's player."""
        return next(iter((self._locks | self._player.locks).values()), "")

    def _check_free(self) -> None:
        """Raise `RuntimeError` if this view is locked: it may not move the trainer then."""
        if self._reason:
            raise RuntimeError(f"{type(self).__name__} is locked: {self._reason}")

    def _command(self, content: dict[str, Any]) -> None:
        if self._reason and content.get("type") in self._moves:
            self._show()  # a field shows again what is
            self.notice = self._reason
            if answer := self._answers.get(content["type"]):  # the view waits for one
                self.send({"type": answer, "id": content.get("id")})
            return
        super()._command(content)

    # ---- what the browser says -------------------------------------------------------------------
    def _say_step(self, content: dict[str, Any]) -> None:
        self.step()

    def _say_back(self, content: dict[str, Any]) -> None:
        self.back()

    def _say_play(self, content: dict[str, Any]) -> None:
        self.play()

    def _say_run(self, content: dict[str, Any]) -> None:
        with self._telling():
            self.run(content.get("epochs", 1))

    def _say_pause(self, content: dict[str, Any]) -> None:
        self.pause()

    def _say_reset(self, content: dict[str, Any]) -> None:
        self.reset()

    def _say_rate(self, content: dict[str, Any]) -> None:
        self._begin()
        with self._telling():
            self.trainer.learning_rate = wording.as_number("rate", content.get("value"))

    # ---- showing ---------------------------------------------------------------------------------
    def _tell(self) -> None:
        self._tell_motion()
        self.here = wording.place(self.trainer)
        self.rate = significant(self.trainer.learning_rate, 4)

    def _tell_motion(self) -> None:
        """Tell whether and how it moves, whatever it is that moves."""
        progress = self._player.progress
        self.mode = self._player.mode or ""
        self.locked = self._reason
        told = {} if progress is None else progress.told(self.trainer, time.perf_counter())
        self.progress = told
