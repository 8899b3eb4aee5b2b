"""What Python and the browser ask of a StepThrough: moving on, going back, changing, why.

A mixin, for `step_through.py` alone. What a person has typed wrongly is told in the card, in words;
any other error is shown with its traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.explaining.explanation import Explanation
from nbann.core.moves import Position
from nbann.core.trainer import Trainer
from nbann.core.units import Unit

from . import timeline_view, wording
from .pictures import Pictures
from .player import Player
from .why import Why

MESSAGES = (
    "step", "back", "goto", "switch", "play", "pause", "run", "reset", "why", "close_why", "unfold",
    "set", "rate", "ready", "gone", "look", "drawn",
)  # fmt: skip


class Steering:
    """The part of `StepThrough` that acts on the trainer."""

    trainer: Trainer
    unit: Unit
    speed: float
    error: str
    notice: str
    equation: dict[str, Any]
    _player: Player
    _pictures: Pictures
    _views: int
    _why: Why | None
    # what is to begin once a view is there
    _waiting: Callable[[], None] | None = None

    # ---- what Python calls -----------------------------------------------------------------------
    def step(self, unit: Unit | None = None, n: int = 1) -> None:
        """Press Step: go on by `unit` (by default the chosen one), n times."""
        self._begin()
        self.trainer.step(self.unit if unit is None else unit, n)

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
        self._when_seen(self._play)

    def _play(self) -> None:
        self._player.speed = self.speed
        self._player.play(self.unit)
        self._show()

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
        self._when_seen(lambda: self._run(count))

    def _run(self, epochs: int) -> None:
        self._player.run(epochs)
        self._show()

    def pause(self) -> None:
        """Press Pause."""
        self._waiting = None
        self._player.pause()
        self._show()

    def reset(self) -> None:
        """Press Reset: pause, and go back to the very same start."""
        self._begin(pause=True)
        self.trainer.reset()

    def why(self, name: str | None = None, index: int | Sequence[int] | None = None) -> Explanation:
        """Press why?: pause, and show what a number is made of, below the equation.

        Parameters
        ----------
        name : str, optional
            An array; by default the one that is shown.
        index : int or sequence of int, optional
            Which element; by default the one that is shown, of another array ``()``.

        Returns
        -------
        Explanation
            As from ``trainer.explain(name, index)``.

        Raises
        ------
        UnknownNameError, ValueError
            As `Trainer.explain` does: no such array; not computed yet in this batch.
        """
        self._begin(pause=True)
        if name is None:
            name = self.equation["array"]
            index = self.equation["index"] if index is None else index
        explanation = self.trainer.explain(name, () if index is None else index)
        self._why = Why(explanation)
        self._show()
        return explanation

    def close_why(self) -> None:
        """Close what `why` has shown."""
        self._why = None
        self._show()

    # ---- what the browser says -----------------------------------------------------------------
    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[bytes]) -> None:
        self._player.submit(self._guarded, self._command, content)

    def _command(self, content: dict[str, Any]) -> None:
        kind = content.get("type")
        match kind:
            case "step" | "back" | "play" | "pause" | "reset" | "close_why":
                getattr(self, kind)()
            case "run":
                self.run(content.get("epochs", 1))
            case "goto":
                self._go(content)
            case "switch":
                self._begin(pause=True)
                self.trainer.switch(content.get("number"))
            case "unfold":
                self._unfold(content["path"])
            case "why" | "set" | "rate":
                self._begin()
                with self._telling():
                    getattr(self, f"_say_{kind}")(content)
            case "ready":
                self._views += 1
                self._pictures.dress(content)
                self._start_what_waits()
            case "gone":
                self._views = max(0, self._views - 1)
                if not self._views:
                    self._player.pause()
            case "look":
                self._pictures.dress(content)
            case "drawn":
                self._pictures.channels[content["slot"]].acknowledge(content["id"])
            case _:
                raise UnknownNameError("message", kind, MESSAGES)

    def _go(self, content: dict[str, Any]) -> None:
        """Go to a place of the timeline; the view sends the next one once it has been told."""
        try:
            self._begin(pause=True)
            step = whole_number("step", content.get("step"), least=0)
            self.trainer.goto(*timeline_view.place(self.trainer, step))
            self._catch_up()
        finally:
            self.send({"type": "went", "id": content.get("id")})

    def _say_why(self, content: dict[str, Any]) -> None:
        self.why()

    def _unfold(self, path: str) -> None:
        if self._why is not None:  # else a step has closed it while the message was under way
            self._why.toggle(path)
            self._show()

    def _say_set(self, content: dict[str, Any]) -> None:
        value = as_number("set to", content.get("value"))
        self.trainer.set(content["name"], tuple(content["index"]), value)

    def _say_rate(self, content: dict[str, Any]) -> None:
        self.trainer.learning_rate = as_number("rate", content.get("value"))

    # ---- helpers ---------------------------------------------------------------------------------
    def _begin(self, *, pause: bool = False) -> None:
        """Forget what was told of the last action."""
        if pause:
            self._player.pause()
        self._waiting = None
        self.error = self.notice = ""

    def _when_seen(self, start: Callable[[], None]) -> None:
        """Begin a play now where a view is open, else once one is."""
        self._player.check_loop()
        self._waiting = start
        if self._views:
            self._start_what_waits()

    def _start_what_waits(self) -> None:
        start, self._waiting = self._waiting, None
        if start is not None:
            start()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell in the card what was asked for and can not be."""
        try:
            yield
        except ValueError as refused:
            self._show()  # a field shows again what is
            self.notice = str(refused)

    def _element(self) -> wording.Element | None:
        return (self.element[0], tuple(self.element[1])) if self.element else None


def as_number(what: str, text: object) -> float:
    """Return a number that a person has typed.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return float(str(text).strip().replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        received = repr(text)[:40] if str(text).strip() else "nothing"
        raise bad_value(what, "a number", received, "Type e.g. 0.5.") from None
