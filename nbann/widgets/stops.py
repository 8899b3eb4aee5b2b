"""Breakpoints of a view: after which ops, and on what condition, a run stops. Imports the core."""

from __future__ import annotations

from typing import Any

import traitlets as t

from nbann.core.errors import UnknownNameError
from nbann.core.hook import Hook

from .steering import Steering


class Stops(Steering):
    """A view with breakpoints, which are hooks of its trainer for as long as the view is open.

    Once its last view has gone (its cell was run again) nobody can see or clear a breakpoint:
    none stops anything until a view opens again.
    """

    breakpoints = t.List(t.Unicode()).tag(sync=True)
    """Names of the ops after which a run stops, in the order of the program."""
    stop_when = t.Unicode("").tag(sync=True)
    """A condition in words on which it stops, too, e.g. "loss < 0.1"; see `Trainer.on`."""
    stopped = t.Unicode("").tag(sync=True)
    """Why it stopped last, until the next action."""

    _hooks: dict[str, Hook] | None = None
    _condition: Hook | None = None

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._hooks = {}
        self.observe(self._on_breakpoints, "breakpoints")
        self.observe(self._on_stop_when, "stop_when")

    # ---- what Python calls -----------------------------------------------------------------------
    def forward(self) -> None:
        """Go on at full speed, in the background, to the next breakpoint, once a view is open.

        Raises
        ------
        ValueError
            There is none, so that it would never stop.
        """
        self._check_free()
        self._check_free()
        self._begin()
        if not self.breakpoints and not self.stop_when:
            raise ValueError(
                "Forward goes to the next breakpoint; there is none. "
                "Click an operation in the list, or type a condition to stop on."
            )
        self._when_seen(self._player, self._player.forward)

    def close(self) -> None:
        """Stop playing for this view, remove its breakpoints, and let the trainer go."""
        self._take_down()
        super().close()

    # ---- what the browser says -------------------------------------------------------------------
    def _say_ready(self, content: dict[str, Any]) -> None:
        self._put_up()
        super()._say_ready(content)

    def _say_gone(self, content: dict[str, Any]) -> None:
        super()._say_gone(content)
        if not self._views:
            self._take_down()

    def _say_forward(self, content: dict[str, Any]) -> None:
        with self._telling():
            self.forward()

    def _say_breakpoint(self, content: dict[str, Any]) -> None:
        """Set the breakpoint after an op, or take it away."""
        name = content.get("op")
        others = [other for other in self.breakpoints if other != name]
        self.breakpoints = others if name in self.breakpoints else [*others, name]

    def _say_stop_when(self, content: dict[str, Any]) -> None:
        self._begin()
        with self._telling():
            self.stop_when = str(content.get("text", "")).strip()

    # ---- keeping hooks ---------------------------------------------------------------------------
    @t.validate("breakpoints")
    def _check_breakpoints(self, proposal: Any) -> list[str]:
        order = [op.name for op in self.trainer.program]
        for name in proposal["value"]:
            if name not in order:
                raise UnknownNameError("op", name, order)
        return sorted(set(proposal["value"]), key=order.index)

    def _put_up(self) -> None:
        """Stop again at what the traits say."""
        self._on_breakpoints(None)
        if self.stop_when and self._condition is None:
            self._condition = self.trainer.on("op", self.stop_when)

    def _take_down(self) -> None:
        """Stop at nothing, though the traits remember it."""
        for hook in (*(self._hooks or {}).values(), self._condition):
            if hook is not None:
                hook.remove()
        self._hooks, self._condition = {}, None

    def _on_breakpoints(self, change: Any) -> None:
        hooks = self._hooks if self._hooks is not None else {}
        for name in set(hooks) - set(self.breakpoints):
            hooks.pop(name).remove()
        for name in self.breakpoints:
            if name not in hooks:
                hooks[name] = self.trainer.on("op", op=name)
        self._hooks = hooks

    @t.validate("stop_when")
    def _check_stop_when(self, proposal: Any) -> str:
        text = str(proposal["value"]).strip()
        hook = self.trainer.on("op", text) if text else None  # refused before anything changes
        if self._condition is not None:
            self._condition.remove()
        self._condition = hook
        return text

    def _on_stop_when(self, change: Any) -> None:
        self._show()

    def _begin(self, *, pause: bool = False) -> None:
        super()._begin(pause=pause)
        self._player.why = ""

    def _tell(self) -> None:
        super()._tell()
        self.stopped = self._player.why
