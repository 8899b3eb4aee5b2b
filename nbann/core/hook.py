"""One hook: a callable, where it is called, and with what; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .program import Op
from .timeline.moment import NEVER, Moment
from .units import Unit, When

if TYPE_CHECKING:
    from .conditions import Condition
    from .hooks import Hooks
    from .trainer import Trainer


class Paused(Exception):  # noqa: N818 (not an error: it leads from a hook back to the cursor)
    """Leaves the list of kernels where a hook asked for a pause, "before" or "after" an op."""

    def __init__(self, when: When, why: str) -> None:
        self.when = when
        self.why = why


class Respliced(Exception):  # noqa: N818 (likewise)
    """Leaves the list of kernels where a hook has attached or removed another one."""

    def __init__(self, when: When) -> None:
        self.when = when


class Event:
    """What a hook is called with.

    Attributes
    ----------
    trainer : Trainer
    unit, when : str
        What was attached for: "op", "layer", ...; "before" or "after".
    op : Op or None
        The op just run (after) or about to run (before); None for units "batch" and "epoch".
    epoch, batch : int
        Where in the run, counted from 0.
    """

    __slots__ = (
        "_handed",
        "_hook",
        "_modifies",
        "_pause",
        "_why",
        "batch",
        "epoch",
        "op",
        "trainer",
        "unit",
        "when",
    )

    trainer: Trainer
    op: Op | None
    epoch: int
    batch: int

    def __init__(self, trainer: Trainer, hook: Hook, op: Op | None, epoch: int, batch: int) -> None:
        self.trainer = trainer
        self._hook = hook
        self.unit = hook.unit
        self.when = hook.when
        self.op = op
        self.epoch = epoch
        self.batch = batch
        self._modifies = hook.modifies
        self._pause = False
        self._why = ""
        self._handed: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array by name: read-only, unless attached with ``modifies=True``.

        Data ("x", "y") can not be written to by any hook.
        """
        view = self.trainer._view(name, writable=self._modifies)
        if self._modifies:
            self._handed.setdefault(name, (view, view.copy()))
        return view

    def _changed(self) -> list[str]:
        """Return every name of the arrays that the hook has written other numbers into."""
        if not self._handed:
            return []
        arrays = self.trainer.program.arrays
        changed = [
            arrays[name]
            for name, (view, before) in self._handed.items()
            if not np.array_equal(view, before, equal_nan=view.dtype.kind == "f")
        ]
        if not changed:
            return []
        return [n for n, a in arrays.items() if any(np.shares_memory(a, c) for c in changed)]

    def __repr__(self) -> str:
        where = self.op.name if self.op else self.unit
        return f"<Event {self.when} {where}, epoch {self.epoch}, batch {self.batch}>"

    @property
    def phase(self) -> str | None:
        """Phase of the op."""
        return self.op.phase if self.op else None

    @property
    def layer(self) -> str | None:
        """Layer of the op."""
        return self.op.layer if self.op else None

    def pause(self, why: str = "") -> None:
        """Stop the run here; `step` or `run` goes on from this very place.

        Parameters
        ----------
        why : str
            What ``run(...).why`` then says; by default which hook it was.
        """
        self._pause = True
        self._why = why


@dataclass(eq=False)
class Hook:
    """A handle on an attached callable; `remove` detaches it.

    Attributes
    ----------
    condition : Condition or None
        When it is called, of the times at which it could be.
    places : frozenset of int or None
        After (or before) which ops the condition can come to be met; None for any.
    seen : Moment
        What it was called for last: it is not called for that again when the run goes back and
        comes again, unless it `modifies` values, or `pauses`.
    pauses : bool
        Whether it has ever asked for a pause: then it is a breakpoint, and is asked each time.
    """

    fn: Callable[[Event], object]
    unit: Unit
    when: When
    phase: str | None
    layer: str | None
    op: str | None
    modifies: bool
    _owner: Hooks
    condition: Condition | None = None
    places: frozenset[int] | None = None
    number: int = 0
    seen: Moment = NEVER
    pauses: bool = False

    def remove(self) -> None:
        """Detach, from this moment on; a second call does nothing."""
        self._owner.remove(self)

    @property
    def attached(self) -> bool:
        """Whether it is still called."""
        return self in self._owner

    def __repr__(self) -> str:
        parts = [
            f"{key}={value!r}" for key in ("phase", "layer", "op") if (value := getattr(self, key))
        ]
        asked = "" if self.condition is None else f" if {self.condition.text}"
        return f"<Hook {self.when} {self.unit}{' ' * bool(parts)}{', '.join(parts)}{asked}>"

    def is_like(self, other: Hook) -> bool:
        """Whether another one is this one, or does the same at the same places."""
        return self is other or (
            _deed(self.fn) == _deed(other.fn)
            and _text(self.condition) == _text(other.condition)
            and (self.unit, self.when, self.phase, self.layer, self.op, self.modifies)
            == (other.unit, other.when, other.phase, other.layer, other.op, other.modifies)
        )

    def matches(self, op: Op) -> bool:
        """Whether the op is one of those that the hook was narrowed to."""
        return (
            self.phase in (None, op.phase)
            and self.layer in (None, op.layer)
            and self.op in (None, op.name)
            and (self.places is None or op.index in self.places)
        )

    def call(self, event: Event) -> None:
        """Call it for an event, if its condition is met."""
        if self.condition is None or self.condition.holds(event):
            self.fn(event)


def _deed(fn: object) -> tuple[object, ...]:
    """Return what a function does, be it defined anew each time that a hook attaches it.

    Two that were made by one definition do the same if what they hold from around it is the same.
    """
    code = getattr(fn, "__code__", None)
    if code is None:
        return (fn,)
    held = [cell.cell_contents for cell in getattr(fn, "__closure__", None) or ()]
    held += [getattr(fn, "__defaults__", None), getattr(fn, "__self__", None)]
    return (code, *map(id, held))


def _text(condition: Condition | None) -> str:
    return "" if condition is None else condition.text
