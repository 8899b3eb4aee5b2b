"""Step, back, play, run, pause, reset: a view that moves a trainer. Imports the core."""

from __future__ import annotations

import time
from typing import Any

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

    trainer: Trainer
    _player: Player

    def __init__(self, *, unit: Unit, speed: float, **traits: Any) -> None:
        if unit not in UNITS:
            raise UnknownNameError("unit", unit, UNITS)
        if speed not in SPEEDS:
            raise UnknownNameError("speed", speed, map(str, SPEEDS))
        super().__init__(unit=unit, speed=float(speed), **traits)
        self.observe(self._on_pace, ["unit", "speed"])

    def _on_pace(self, change: Any) -> None:
        self._player.speed = self.speed
        self._player.unit = self.unit

    # ---- what Python calls -----------------------------------------------------------------------
    def step(self, unit: Unit | None = None, n: int = 1) -> None:
        """Press Step: go on by `unit` (by default the chosen one), n times."""
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
        self._begin(pause=True)
        return self.trainer.back(self.unit if unit is None else unit, n)

    def play(self) -> None:
        """Press Play: go on by the chosen unit, `speed` times a second, until `pause`.

        It begins when somebody can see it: at once where a view is open, else when one opens. In a
        notebook that runs without a browser it never does, and nothing is left running.
        """
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
        self._begin()
        count = whole_number("epochs", epochs, least=1)
        self._when_seen(self._player, lambda: self._player.run(count))

    def pause(self) -> None:
        """Press Pause."""
        self._waiting = None
        self._player.pause()
        self._show()

    def reset(self) -> None:
        """Press Reset: pause, and go back to the very same start."""
        self._begin(pause=True)
        self.trainer.reset()

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
        super()._tell()
        trainer, progress = self.trainer, self._player.progress
        self.mode = self._player.mode or ""
        self.here = wording.place(trainer)
        self.rate = significant(trainer.learning_rate, 4)
        self.progress = {} if progress is None else progress.told(trainer, time.perf_counter())
