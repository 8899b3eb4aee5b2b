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
from typing import Any

import anywidget
import traitlets as t

from nbann.core.errors import UnknownNameError
from nbann.core.render import significant
from nbann.core.trainer import Trainer
from nbann.core.units import UNITS, Unit
from nbann.panels import Dashboard, Panel
from nbann.panels.dashboard import as_panels

from . import timeline_view, wording
from .pictures import Pictures
from .player import Player
from .steering import Steering
from .why import Why

STATIC = Path(__file__).parent / "static"
FRAME_SECONDS = 1 / 30
DEFAULT_PANELS = ("loss", "decision", "weights")
SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


class StepThrough(Steering, anywidget.AnyWidget):
    """A trainer with buttons: step, back, play, run; the op in symbols, numbers, pictures; why.

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
    timeline = t.Dict().tag(sync=True)
    """The run from its first batch to its last, and where on it the trainer stands."""
    marks = t.List(t.Dict()).tag(sync=True)
    """Interventions and forks, at their places on the timeline; at most some 200."""
    branches = t.List(t.Dict()).tag(sync=True)
    """Lines of events that one can return to."""
    rate = t.Unicode("").tag(sync=True)
    """The learning rate in force."""
    why_rows = t.List(t.Dict()).tag(sync=True)
    """What `why` shows, row by row; empty while it is closed."""
    notice = t.Unicode("").tag(sync=True)
    """What was asked for last and can not be, in words, until the next action."""
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
        chosen = as_panels(DEFAULT_PANELS if panels is None else panels)
        self._pictures = Pictures(trainer, chosen, self.send)
        self._views = 0
        self._painted, self._pause = 0.0, FRAME_SECONDS
        self._held: ExitStack | None = None
        self._player = Player.of(trainer)
        self._why: Why | None = None
        # what the traits of these were made for; they are made anew for something else
        self._explained: tuple[Any, ...] | None = None
        self._acts: tuple[Any, ...] = ()
        super().__init__(unit=unit, speed=float(speed))
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
        return self._pictures.channels["panels"].board

    def describe(self) -> str:
        """Return in words what is shown now: position, op with its numbers, every picture."""
        view = wording.equation_view(self.trainer, self._element())
        lines = [wording.sentence(self.trainer, wording.place(self.trainer), view)]
        lines += [] if self._why is None else [self._why.words()]
        return "\n".join(lines + self._pictures.describe())

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
        data["text/html"] = self._pictures.html()
        return data, metadata

    # ---- errors ---------------------------------------------------------------------------------
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
        self._player.submit(self._guarded, self._look_at_another)

    def _look_at_another(self) -> None:
        """Show the element that was chosen; where one was explained, explain this one."""
        asked, self.notice = self._why is not None, ""
        self._show()
        if asked:
            with self._telling():
                self.why()

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
        self._let_go()
        if self._views:
            self._pictures.paint()
        self._painted = time.perf_counter()
        # at most 30 pictures a second; at full speed half of the time is for training, else a fifth
        taken = self._painted - begun
        share = 0.25 if self._player.mode == "play" else 1.0
        self._pause = max(FRAME_SECONDS - taken, share * taken)

    def _let_go(self) -> None:
        """Send the traits that were held back."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _catch_up(self) -> None:
        """Show now what was put off."""
        if self._held is not None:
            self._show()

    def _tell(self) -> None:
        """Bring the traits up to date."""
        trainer = self.trainer
        here, view = wording.place(trainer), wording.equation_view(trainer, self._element())
        with self.hold_sync():
            self.mode = self._player.mode or ""
            self.here = here
            self.equation = view
            self.rate = significant(trainer.learning_rate, 4)
            self._tell_timeline()
            self._tell_why()
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

    def _tell_timeline(self) -> None:
        trainer = self.trainer
        timeline = trainer.timeline
        self.timeline = timeline_view.line(trainer)
        acts = (timeline.number, len(timeline), timeline.applied, *timeline.branches)
        if acts != self._acts:
            self._acts = acts
            self.marks = timeline_view.marks(trainer)
            self.branches = timeline_view.branches(trainer)

    def _tell_why(self) -> None:
        """Show what is opened of an explanation; close it once the run stands elsewhere."""
        if self._why is not None:
            trainer, timeline = self.trainer, self.trainer.timeline
            line = (timeline.number, len(timeline), timeline.applied)
            shown = (self.equation["array"], self.equation["index"])
            now = (self._why, trainer.position, trainer.loaded, line, shown, self.mode)
            if self._explained is None or self._explained[0] is not self._why:
                self._explained = now
            elif now != self._explained:
                self._why = None
        if self._why is None:
            self._explained = None
        self.why_rows = [] if self._why is None else self._why.rows()

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
