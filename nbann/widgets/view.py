"""What all widgets share: views, messages, errors, being told by trainers.

The trainer is the truth: a widget's traits are what was last shown of it. Buttons and Python code
in another cell drive the same trainer, and each sees at once what the other did.
"""

from __future__ import annotations

import base64
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

import anywidget
import traitlets as t

from nbann.core.errors import UnknownNameError
from nbann.core.trainer import Trainer
from nbann.panels.stacked import stacked

from .frames import FrameChannel
from .loop import MainLoop
from .pictures import Look
from .player import Player

FRAME_SECONDS = 1 / 30


class View(anywidget.AnyWidget):
    """A widget that shows one or more trainers.

    A subclass names what it follows (`_follow`), brings its traits up to date (`_tell`), fills
    `_channels` with what it draws, draws it for the page as it is (`_dress`), says it in words
    (`describe`) and as still pictures (`_stills`). A message ``{"type": "step", ...}`` of the
    browser comes to its method ``_say_step(content)``.
    """

    words = t.Unicode("").tag(sync=True)
    """What a screen reader is told: empty while it plays."""
    notice = t.Unicode("").tag(sync=True)
    """What was asked for last and can not be, in words, until the next action."""
    error = t.Unicode("").tag(sync=True)
    """Traceback of what went wrong last, until the next action."""

    _drives: ClassVar[bool] = True
    """Whether it moves trainers, so that they pause once nobody looks at it any more."""
    _following: dict[Trainer, tuple[Callable[[], None], Player]] | None = None

    def __init__(self, **traits: Any) -> None:
        self._loop = MainLoop()
        self._views: set[str] = set()
        self._channels: dict[str, FrameChannel] = {}
        self._look = Look()
        self._painted, self._pause = 0.0, FRAME_SECONDS
        self._held: ExitStack | None = None
        self._refining = False
        self._waiting: Callable[[], None] | None = None
        self._following = {}
        super().__init__(**traits)
        self.on_msg(self._on_message)

    # ---- what a subclass fills in ----------------------------------------------------------------
    def describe(self) -> str:
        """Return in words what is shown now."""
        raise NotImplementedError

    def _tell(self) -> None:
        """Bring the traits up to date."""

    def _dress(self, look: Look) -> None:
        """Draw for the page as it is now."""

    def _stills(self) -> Sequence[Any]:
        """Return pictures (RGBA arrays) for where there is no live view, from top to bottom."""
        return ()

    def _post(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        """Send a message to all views."""
        self.send(content, buffers)

    def _unfinished(self) -> bool:
        """Whether a picture would be another one if it were drawn again, with nothing changed."""
        return False

    # ---- following trainers ----------------------------------------------------------------------
    def _follow(self, trainer: Trainer) -> Player:
        """Be told of all that a trainer does; return what plays it."""
        if self._following is None or trainer in self._following:
            raise RuntimeError("a trainer is followed once, by a widget that has been made")
        player = Player.of(trainer)
        player.listen(self._on_slice)
        self._following[trainer] = (trainer.watch(self._on_trainer), player)
        return player

    def _leave(self, trainer: Trainer) -> None:
        """Hear no more of a trainer; it stops playing if nobody else listens."""
        if self._following is not None and trainer in self._following:
            unwatch, player = self._following.pop(trainer)
            unwatch()
            player.leave(self._on_slice)

    def close(self) -> None:
        """Stop playing for this view, and let the trainers go."""
        for trainer in tuple(self._following or ()):  # ipywidgets closes what was never built, too
            self._leave(trainer)
        super().close()

    # ---- messages --------------------------------------------------------------------------------
    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        if buffers:
            content = content | {"buffers": buffers}
        self._loop.submit(self._guarded, self._command, content)

    def _command(self, content: dict[str, Any]) -> None:
        kind = content.get("type")
        answer = getattr(self, f"_say_{kind}", None)
        if answer is None:
            known = [name[5:] for name in dir(type(self)) if name.startswith("_say_")]
            raise UnknownNameError("message", kind, known)
        for _, player in (self._following or {}).values():
            player.heard = time.monotonic()
        answer(content)

    def _say_ready(self, content: dict[str, Any]) -> None:
        self._views.add(str(content.get("view", "")))
        self._say_look(content)
        self._start_what_waits()

    def _say_gone(self, content: dict[str, Any]) -> None:
        self._views.discard(str(content.get("view", "")))
        if not self._views and self._drives:
            for _, player in (self._following or {}).values():
                player.pause()

    def _say_look(self, content: dict[str, Any]) -> None:
        look = Look.of(content)
        if look != self._look:
            self._look = look
            self._dress(look)
        for channel in self._channels.values():
            channel.restart()
        self._paint_again()

    def _say_drawn(self, content: dict[str, Any]) -> None:
        """Note what a browser has drawn: the newest frame of each slot in one message."""
        drawn = content.get("drawn", {content.get("slot"): content.get("id")})
        for slot in drawn:
            if slot not in self._channels:
                raise UnknownNameError("slot", slot, self._channels)
        for slot, number in drawn.items():
            self._channels[slot].acknowledge(number)

    # ---- errors ----------------------------------------------------------------------------------
    def _guarded(self, fn: Callable[..., object], *args: Any) -> None:
        """Call a handler; what it raises is shown in the widget, for nothing else would show it."""
        try:
            fn(*args)
        except (Exception, KeyboardInterrupt) as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        for _, player in (self._following or {}).values():
            player.pause()
        self.error = "".join(traceback.format_exception(error))
        if not self._views:
            raise error

    def _begin(self, *, pause: bool = False) -> None:
        """Forget what was told of the last action."""
        if pause:
            for _, player in (self._following or {}).values():
                player.pause()
        self._waiting = None
        self.error = self.notice = ""

    def _when_seen(self, player: Player, start: Callable[[], None]) -> None:
        """Begin a play now where a view is open, else once one is.

        In a notebook that runs without a browser it never begins, and nothing is left running.
        """
        player.check_loop()
        self._waiting = start
        if self._views:
            self._start_what_waits()

    def _start_what_waits(self) -> None:
        start, self._waiting = self._waiting, None
        if start is not None:
            start()
            self._show()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell in the view, in words, what was asked for and can not be."""
        try:
            yield
        except ValueError as refused:
            self._show()  # a field shows again what is
            self.notice = str(refused)

    # ---- showing ---------------------------------------------------------------------------------
    def _on_slice(self, error: BaseException | None) -> None:
        if error is not None:
            self.error = "".join(traceback.format_exception(error))
        if not self._plays or time.perf_counter() - self._painted >= self._pause:
            self._guarded(self._show)

    @property
    def _plays(self) -> bool:
        return any(player.mode is not None for _, player in (self._following or {}).values())

    @property
    def _paced(self) -> bool:
        return any(player.mode == "play" for _, player in (self._following or {}).values())

    def _on_trainer(self, trainer: Trainer) -> None:
        """Show what Python did: in the browser 30 times a second at most, the last state always."""
        followed = (self._following or {}).get(trainer)
        if followed is not None and followed[1].driving:
            return  # `_on_slice` follows
        if time.perf_counter() - self._painted >= self._pause or not self._loop.is_there:
            self._guarded(self._show)
            return
        if self._held is None:
            self._held = ExitStack()
            self._held.enter_context(self.hold_sync())
            self._loop.submit(self._guarded, self._show)
        self._guarded(self._tell)

    def _show(self) -> None:
        """Bring traits and pictures up to date, in Python and in the browser."""
        begun = time.perf_counter()
        with self.hold_sync():
            self._tell()
        self._let_go()
        self._paint()
        self._painted = time.perf_counter()
        # at most 30 pictures a second; at full speed half of the time is for training, else a tenth
        taken = self._painted - begun
        share = 0.1 if self._paced else 1.0
        self._pause = max(FRAME_SECONDS - taken, share * taken)

    def _paint(self) -> None:
        """Send pictures of what is now to the views."""
        if self._views:
            for channel in self._channels.values():
                channel.paint()
            self._paint_again()

    def _paint_again(self) -> None:
        """Paint once more, soon, while a panel still computes what it shows."""
        if not self._refining and self._unfinished():
            self._refining = True
            self._loop.later(FRAME_SECONDS, self._guarded, self._refine)

    def _refine(self) -> None:
        self._refining = False
        if not self._plays:  # else the next slice paints
            self._paint()

    def _let_go(self) -> None:
        """Send the traits that were held back."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _catch_up(self) -> None:
        """Show now what was put off."""
        if self._held is not None:
            self._show()

    # ---- where there is no live view -------------------------------------------------------------
    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give the live view, and for where there is none one picture and its words."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data["text/plain"] = words = self.describe()
        if stills := self._stills():
            data["image/png"] = base64.b64encode(stacked(stills)).decode()
            metadata = {**metadata, "image/png": {"alt": words}}
        return data, metadata
