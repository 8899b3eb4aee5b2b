"""Changing, asking why, going anywhere on the timeline: for views of one trainer.

What a person has typed wrongly is told in the card, in words; any other error with its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets as t

from nbann.core.checks import whole_number
from nbann.core.explaining.explanation import Explanation

from . import timeline_view, wording
from .transport import Transport
from .why import Why


class Steering(Transport):
    """A view with a timeline, the equation of the current op, editing, and explanations.

    `element` is what a person looks at. An explanation is closed once the run stands elsewhere.
    """

    element = t.List(t.Any()).tag(sync=True)
    """Which element's arithmetic is shown: [array name, [row, column]]; empty for the first."""
    equation = t.Dict().tag(sync=True)
    """The current op's formula, and its arithmetic for `element`."""
    timeline = t.Dict().tag(sync=True)
    """The run from its first batch to its last, and where on it the trainer stands."""
    curve = t.Dict().tag(sync=True)
    """The loss along the run, at most some 200 values at even distances; None is no number."""
    marks = t.List(t.Dict()).tag(sync=True)
    """Interventions and forks, at their places on the timeline; at most some 200."""
    branches = t.List(t.Dict()).tag(sync=True)
    """Lines of events that one can return to."""
    why_rows = t.List(t.Dict()).tag(sync=True)
    """What `why` shows, row by row; empty while it is closed."""

    def __init__(self, **traits: Any) -> None:
        self._why: Why | None = None
        # what the traits of these were made for; they are made anew for something else
        self._explained: tuple[Any, ...] | None = None
        self._acts: tuple[Any, ...] = ()
        super().__init__(**traits)
        self.observe(self._on_element, "element")

    # ---- what Python calls -----------------------------------------------------------------------
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

    # ---- what the browser says -------------------------------------------------------------------
    def _say_goto(self, content: dict[str, Any]) -> None:
        """Go to a place of the timeline; the view sends the next one once it has been told."""
        try:
            self._begin(pause=True)
            step = whole_number("step", content.get("step"), least=0)
            self.trainer.goto(*timeline_view.place(self.trainer, step))
            self._catch_up()
        finally:
            self.send({"type": "went", "id": content.get("id")})

    def _say_switch(self, content: dict[str, Any]) -> None:
        self._begin(pause=True)
        self.trainer.switch(content.get("number"))

    def _say_why(self, content: dict[str, Any]) -> None:
        self._begin()
        with self._telling():
            self.why()

    def _say_close_why(self, content: dict[str, Any]) -> None:
        self.close_why()

    def _say_unfold(self, content: dict[str, Any]) -> None:
        if self._why is not None:  # else a step has closed it while the message was under way
            self.notice = ""
            with self._telling():  # of what was set by hand there is no arithmetic to open
                self._why.toggle(content["path"])
            self._show()

    def _say_set(self, content: dict[str, Any]) -> None:
        self._begin()
        with self._telling():
            value = wording.as_number("set to", content.get("value"))
            self.trainer.set(content["name"], tuple(content["index"]), value)

    # ---- showing ---------------------------------------------------------------------------------
    def _on_element(self, change: Any) -> None:
        self._loop.submit(self._guarded, self._look_at_another)

    def _look_at_another(self) -> None:
        """Show the element that was chosen; where one was explained, explain this one."""
        asked, self.notice = self._why is not None, ""
        self._show()
        if asked:
            with self._telling():
                self.why()

    def _tell(self) -> None:
        super()._tell()
        self.equation = wording.equation_view(self.trainer, self._element())
        self._tell_timeline()
        self._tell_why()
        told = wording.sentence(self.trainer, self.here, self.equation)
        self.words = "" if self.mode else told

    def _tell_timeline(self) -> None:
        trainer = self.trainer
        timeline = trainer.timeline
        self.timeline = timeline_view.line(trainer)
        self.curve = timeline_view.curve(trainer)
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
