"""StepThrough: watch and steer a trainer, op by op. Imports anywidget, panels and the core.

The trainer is the truth: buttons and Python code in another cell drive the same one, and the widget
shows where it stands.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import traitlets as t

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError
from nbann.core.trainer import Trainer
from nbann.core.units import UNITS, Unit
from nbann.panels import Dashboard, Panel
from nbann.panels.dashboard import as_panels

from . import wording
from .frames import FrameChannel
from .player import Player

STATIC = Path(__file__).parent / "static"
FRAME_SECONDS = 1 / 30
DEFAULT_PANELS = ("loss", "decision", "weights")
# The pixels of the pictures in a view of full width (1100), so that nothing is scaled there, and in
# one below 700, where everything stands in one column.
NETWORK_WIDTH, NETWORK_HEIGHT, BOARD_WIDTH, NARROW_WIDTH = 590, 440, 1082, 560
SHARPEST = 2.0  # device pixels a pixel; more costs time that nobody sees
SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


class Look(NamedTuple):
    """What a page asks of the pictures."""

    theme: str = "light"
    narrow: bool = False
    density: float = 1.0


class StepThrough(anywidget.AnyWidget):
    """A trainer with buttons: step by any unit, play, run; the op in symbols, numbers, pictures.

    Parameters
    ----------
    trainer : Trainer
        What is driven. Python may go on using it: ``trainer.step()`` in another cell shows here.
    panels : sequence of str or Panel, optional
        What is drawn below; see `Dashboard`. By default loss, decision boundary and weights.
    unit : {"op", "layer", "phase", "batch", "epoch"}
        What Step and Play go on by.
    speed : float
        Units a second while it plays, one of 0.5, 1, 2, 5, 10, 20, 50.

    Raises
    ------
    ValueError
        Not a trainer, an unknown unit, speed or panel.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(2)])
    >>> widget = nbann.StepThrough(nbann.Trainer(net, ([[0.0], [1.0]], [0, 1])), panels=["loss"])
    >>> widget.step("phase")
    >>> widget.here["op"], widget.equation["layer"]
    (1, 'dense1')
    """

    _esm = STATIC / "step_through.js"
    _css = STATIC / "step_through.css"

    unit = t.Enum(list(UNITS), default_value="op").tag(sync=True)
    speed = t.Enum(list(SPEEDS), default_value=2.0).tag(sync=True)
    units = t.List(t.Unicode(), list(UNITS)).tag(sync=True)
    speeds = t.List(t.Float(), list(SPEEDS)).tag(sync=True)
    mode = t.Unicode("").tag(sync=True)
    """"play", "run" or "" at rest."""
    ops = t.List(t.Dict()).tag(sync=True)
    here = t.Dict().tag(sync=True)
    """Where the run stands: epoch, batch, op (each counted from 1), loss."""
    equation = t.Dict().tag(sync=True)
    """The current op's formula, and its arithmetic for `element`."""
    element = t.List(t.Any()).tag(sync=True)
    """Which element's arithmetic is shown: [array name, [row, column]]; empty for the first."""
    progress = t.Dict().tag(sync=True)
    words = t.Unicode("").tag(sync=True)
    """What a screen reader is told: empty while it plays."""
    error = t.Unicode("").tag(sync=True)
    """Traceback of what went wrong last, until the next action."""

    _unwatch: Callable[[], None] | None = None

    def __init__(
        self,
        trainer: Trainer,
        panels: Sequence[str | Panel] | None = None,
        *,
        unit: Unit = "op",
        speed: float = 2.0,
    ) -> None:
        if not isinstance(trainer, Trainer):
            raise ValueError(
                f"StepThrough: expected a Trainer; received {type(trainer).__name__}. "
                f"Make one first: trainer = nbann.Trainer(net, data)."
            )
        if unit not in UNITS:
            raise UnknownNameError("unit", unit, UNITS)
        if speed not in SPEEDS:
            raise UnknownNameError("speed", speed, map(str, SPEEDS))
        self.trainer = trainer
        self._panels = as_panels(DEFAULT_PANELS if panels is None else panels)
        self._look = Look()
        boards = self._boards()
        self._views = 0
        self._painted, self._pause = 0.0, FRAME_SECONDS
        self._held: ExitStack | None = None
        self._player = Player.of(trainer)
        super().__init__(unit=unit, speed=float(speed))
        self._channels = {
            slot: FrameChannel(slot, board, self.send) for slot, board in boards.items()
        }
        self.ops = wording.op_list(trainer)
        self._player.listen(self._on_slice)
        self._unwatch = trainer.watch(self._on_trainer)
        self.on_msg(self._on_message)
        self.observe(self._on_element, "element")
        self.observe(self._on_pace, ["unit", "speed"])
        self._show()

    @property
    def dashboard(self) -> Dashboard:
        """The panels below the network, as they are drawn for the view."""
        return self._channels["panels"].board

    # ---- what Python calls -----------------------------------------------------------------------
    def step(self, unit: Unit | None = None, n: int = 1) -> None:
        """Press Step: go on by `unit` (by default the chosen one), n times."""
        self.error = ""
        self.trainer.step(self.unit if unit is None else unit, n)

    def play(self) -> None:
        """Press Play: go on by the chosen unit, `speed` times a second, until `pause`."""
        self.error = ""
        self._player.speed = self.speed
        self._player.play(self.unit)
        self._show()

    def run(self, epochs: int) -> None:
        """Press Run: train at full speed, in the background, to the end of an epoch.

        Parameters
        ----------
        epochs : int
            How many epochs from here, at least 1.
        """
        self.error = ""
        self._player.run(whole_number("epochs", epochs, least=1))
        self._show()

    def pause(self) -> None:
        """Press Pause."""
        self._player.pause()
        self._show()

    def reset(self) -> None:
        """Press Reset: pause, and go back to the very same start."""
        self.error = ""
        self._player.pause()
        self.trainer.reset()

    def describe(self) -> str:
        """Return in words what is shown now: position, op with its numbers, every picture."""
        boards = (channel.board for channel in self._channels.values())
        view = wording.equation_view(self.trainer, self._element())
        return "\n".join(
            [
                wording.sentence(self.trainer, wording.place(self.trainer), view),
                *(b.describe() for b in boards),
            ]
        )

    def close(self) -> None:
        """Stop playing for this view, and let the trainer go."""
        if self._unwatch is not None:  # ipywidgets closes what could not be built, too
            self._unwatch()
            self._player.leave(self._on_slice)
        super().close()

    def __repr__(self) -> str:
        return f"StepThrough({self.trainer!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give the live view, and for where there is none a picture and its words."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data["text/plain"] = self.describe()
        data["text/html"] = "".join(c.board.html() for c in self._channels.values())
        return data, metadata

    # ---- what the browser says -----------------------------------------------------------------
    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[bytes]) -> None:
        self._player.submit(self._guarded, self._command, content)

    def _command(self, content: dict[str, Any]) -> None:
        kind = content.get("type")
        match kind:
            case "step":
                self.step()
            case "play":
                self.play()
            case "pause":
                self.pause()
            case "run":
                self.run(content.get("epochs", 1))
            case "reset":
                self.reset()
            case "ready":
                self._views += 1
                self._dress(content)
            case "gone":
                self._views = max(0, self._views - 1)
                if not self._views:
                    self._player.pause()
            case "look":
                self._dress(content)
            case "drawn":
                self._channels[content["slot"]].acknowledge(content["id"])
            case _:
                raise UnknownNameError("message", kind, ("step", "play", "pause", "run", "reset"))

    def _dress(self, content: dict[str, Any]) -> None:
        """Draw for the page as it is: light or dark, wide or narrow, with its density of pixels."""
        look = Look(
            "dark" if content.get("dark") else "light",
            bool(content.get("narrow")),
            min(max(float(content.get("density", 1.0)), 1.0), SHARPEST),
        )
        if look != self._look:
            self._look = look
            for slot, board in self._boards().items():
                self._channels[slot].board = board
        for channel in self._channels.values():
            channel.restart()

    def _boards(self) -> dict[str, Dashboard]:
        """Lay out the pictures. Panels keep what they were made with and are drawn anew."""
        theme, narrow, density = self._look
        options: dict[str, Any] = {"theme": theme, "scale": density}
        width = NARROW_WIDTH if narrow else BOARD_WIDTH
        network_width = NARROW_WIDTH if narrow else NETWORK_WIDTH
        return {
            "network": Dashboard(
                self.trainer, ["network"], width=network_width, row_height=NETWORK_HEIGHT, **options
            ),
            "panels": Dashboard(self.trainer, self._panels, width=width, **options),
        }

    def _guarded(self, fn: Any, *args: Any) -> None:
        """Call a handler; what it raises is shown in the widget, for nothing else would show it."""
        try:
            fn(*args)
        except (Exception, KeyboardInterrupt) as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._player.pause()
        self.error = "".join(traceback.format_exception(error))
        if not self._views:
            raise error

    def _on_element(self, change: Any) -> None:
        self._player.submit(self._guarded, self._show)

    def _on_pace(self, change: Any) -> None:
        self._player.speed = self.speed
        self._player.unit = self.unit

    # ---- showing --------------------------------------------------------------------------------
    def _on_slice(self, error: BaseException | None) -> None:
        if error is not None:
            self.error = "".join(traceback.format_exception(error))
        if self._player.mode is None or time.perf_counter() - self._painted >= self._pause:
            self._guarded(self._show)

    def _on_trainer(self, _: Trainer) -> None:
        """Show what Python did: in the browser 30 times a second at most, the last state always."""
        if self._player.driving:
            return  # `_on_slice` follows
        if time.perf_counter() - self._painted >= self._pause or not self._player.has_loop:
            self._guarded(self._show)
            return
        if self._held is None:
            self._held = ExitStack()
            self._held.enter_context(self.hold_sync())
            self._player.submit(self._guarded, self._show)
        self._guarded(self._tell)

    def _show(self) -> None:
        """Bring traits and pictures up to date, in Python and in the browser."""
        begun = time.perf_counter()
        self._tell()
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._views:
            for channel in self._channels.values():
                channel.paint()
        self._painted = time.perf_counter()
        # at most 30 pictures a second, and no more than half of the time spent on them
        self._pause = max(FRAME_SECONDS, 2 * (self._painted - begun))

    def _tell(self) -> None:
        """Bring the traits up to date."""
        trainer = self.trainer
        here, view = wording.place(trainer), wording.equation_view(trainer, self._element())
        with self.hold_sync():
            self.mode = self._player.mode or ""
            self.here = here
            self.equation = view
            self.words = "" if self.mode else wording.sentence(trainer, here, view)
            progress = self._player.progress
            epoch = trainer.position.epoch
            self.progress = (
                {}
                if progress is None
                else {
                    "fraction": progress.fraction(epoch),
                    "words": progress.words(epoch, time.perf_counter()),
                }
            )

    def _element(self) -> wording.Element | None:
        return (self.element[0], tuple(self.element[1])) if self.element else None

    @t.validate("element")
    def _check_element(self, proposal: Any) -> list[Any]:
        value = proposal["value"]
        try:
            name, index = value or ("", ())
            checked = [str(name), [int(i) for i in index]]
        except (TypeError, ValueError):
            raise t.TraitError(
                f"element: expected [array name, [row, column]] or []; received {value!r}. "
                f"Pass e.g. ['hidden.out', [0, 2]]."
            ) from None
        return checked if value else []
