"""A net of which one number is selected: asked about, changed, frozen, silenced. Imports the core.

What is selected stays so when the run goes on; its numbers are those of where the run stands.
"""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets as t

from nbann.core.errors import UnknownNameError
from nbann.core.trainer import Trainer
from nbann.panels import Dashboard, NetworkDiagram

from . import wording
from .frames import Frame, FrameChannel
from .net import Net
from .pictures import NARROW_WIDTH, Picture
from .steering import Steering
from .why import Why, number

WIDTHS, HEIGHT = (590, NARROW_WIDTH), 440
"""Of the still picture, in pixels: in a wide view, in a narrow one."""


class Inspecting(Steering):
    """A view of one trainer with its net, drawn natively; select, drag, freeze and silence."""

    net = t.Dict().tag(sync=True)
    """What stands where; see `Net.layout`."""
    sample = t.Int(0).tag(sync=True)
    """Which row of the batch the neurons show."""
    edges = t.Unicode("weight").tag(sync=True)
    """What edges and biases show: "weight" or "gradient"."""
    most = t.Int(8).tag(sync=True)
    """Neurons shown of a layer, at least 3."""
    selected = t.List(t.Any()).tag(sync=True)
    """The selected element: [array name, [row, column]]; empty for none."""
    inspected = t.Dict().tag(sync=True)
    """What is known of it, and what can be done; empty for none."""

    _moves = Steering._moves | {"drag", "freeze", "silence"}
    _answers: ClassVar[dict[str, str]] = {**Steering._answers, "drag": "dragged"}
    keeps_asking = False
    """Whether what is selected is explained anew at each place where the run comes to rest."""

    _network: Net

    def __init__(self, trainer: Trainer, *, sample: int, edges: str, most: int, **traits: Any):
        self.trainer = trainer
        self._network = Net(trainer, sample=sample, edges=edges, most=most)
        self._dragging: tuple[Any, ...] = ()
        self._frozen: tuple[Any, ...] = ()
        self._board: tuple[Any, Dashboard] | None = None
        self._why_note = ""
        self._letting_go = False
        super().__init__(sample=sample, edges=edges, most=most, **traits)
        self._channels["network"] = FrameChannel("network", self._network_frame, self._post)
        self.observe(self._on_look, ["sample", "edges", "most"])
        self.observe(self._on_selected, "selected")

    @property
    def network_board(self) -> Dashboard:
        """The net as matplotlib draws it: for where there is no live view, and in words."""
        look = (self._look, self.sample, self.most, self.edges)
        if self._board is None or self._board[0] != look:
            panel = NetworkDiagram(
                self.sample,
                most=self.most,
                edges="gradient" if self.edges == "gradient" else "weight",
            )
            picture = Picture(self.trainer, [panel], WIDTHS, row_height=HEIGHT)
            picture.dress(self._look)
            self._board = (look, picture.board)
        return self._board[1]

    def describe(self) -> str:
        """Return in words what is shown now: position, op with its numbers, the net."""
        view = wording.equation_view(self.trainer, self._element())
        lines = [wording.sentence(self.trainer, wording.place(self.trainer), view)]
        lines += [] if self._why is None else [self._why.words()]
        return "\n".join([*lines, self.network_board.describe()])

    def _network_frame(self) -> Frame:
        """Return the numbers of the net; of one that is not drawn natively its picture."""
        content, buffers = self._network.frame()
        if self._network.reason:
            board = self.network_board
            content = content | {"mime": "image/jpeg", "words": board.describe()}
            buffers = [board.jpeg()]
        return content, buffers

    # ---- what Python calls -----------------------------------------------------------------------
    def drag(self, name: str, index: list[int] | tuple[int, ...], value: float) -> None:
        """Drag an element's number: as often as one likes, and still one intervention.

        Raises
        ------
        UnknownNameError, ValueError
            As `Trainer.set` does.
        """
        self._begin(pause=True)
        trainer = self.trainer
        timeline = trainer.timeline
        trainer.set(name, tuple(index), value)
        where = (name, tuple(index), timeline.number)
        if self._dragging == (*where, len(timeline) - 1) and timeline.join():
            self._acts = ()  # the mark stands where it stood, and says another number
            self._show()
        self._dragging = (*where, len(timeline))

    def drop(self) -> None:
        """Let go of what was dragged: the next `drag` is another intervention."""
        self._dragging = ()

    # ---- what the browser says -------------------------------------------------------------------
    def _say_drag(self, content: dict[str, Any]) -> None:
        """Set a number that is being dragged; the view sends the next one once it has been told."""
        try:
            self._begin()
            with self._telling():
                value = wording.as_number("drag to", content.get("value"))
                self.drag(content["name"], content["index"], value)
            self._catch_up()
        finally:
            self.send({"type": "dragged", "id": content.get("id")})

    def _say_drop(self, content: dict[str, Any]) -> None:
        self.drop()

    def _say_freeze(self, content: dict[str, Any]) -> None:
        """Freeze an element or a whole parameter, or let it learn again."""
        self._begin()
        index = content.get("index")
        act = self.trainer.freeze if content.get("on") else self.trainer.unfreeze
        with self._telling():
            act(content["name"], None if index is None else tuple(index))

    def _say_silence(self, content: dict[str, Any]) -> None:
        self._begin()
        act = self.trainer.silence if content.get("on") else self.trainer.unsilence
        with self._telling():
            act(content["layer"], content["neuron"])

    # ---- traits ----------------------------------------------------------------------------------
    @t.validate("sample", "edges", "most")
    def _check_look(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        try:
            self._network.configure(**{name: value})
        except ValueError as error:
            raise t.TraitError(str(error)) from None
        return value

    def _on_look(self, change: Any) -> None:
        chosen = self.selected
        if change["name"] == "sample" and len(chosen) == 2 and len(chosen[1]) == 2:
            name, (_, unit) = chosen
            if name not in self.trainer.parameters:
                self.selected = [name, [change["new"], unit]]
        self._loop.submit(self._guarded, self._show)

    @t.validate("selected")
    def _check_selected(self, proposal: Any) -> list[Any]:
        value: list[Any] = self._check_element(proposal)
        if not value:
            return value
        name, index = value
        names = self.trainer.names
        if name not in names:
            raise t.TraitError(str(UnknownNameError("array", name, names)))
        shape = self.trainer[name].shape
        if name not in self.trainer.parameters and index and shape:
            index[0] = min(index[0], shape[0] - 1)  # a shorter batch has fewer samples
        fits = len(index) == len(shape)
        if not fits or any(not 0 <= i < n for i, n in zip(index, shape, strict=True)):
            there = f"an index into {name!r} of shape {shape}"
            raise t.TraitError(f"selected: expected {there}; received {index}.")
        return [name, index]

    def _on_selected(self, change: Any) -> None:
        if not self._letting_go:
            self._loop.submit(self._guarded, self._inspect)

    def _inspect(self) -> None:
        """Show what is selected, and what it is made of."""
        self.notice = self._why_note = ""
        if not self.selected:
            self.close_why()
            return
        self.element = self.selected
        self._why = None
        self._show()
        if self._why is None and not self.mode:
            with self._telling():
                self.why(*self.selected)

    def _on_element(self, change: Any) -> None:
        if self.element != self.selected:
            super()._on_element(change)

    def _look_at_another(self) -> None:
        """Show the element that was chosen elsewhere: nothing is selected in the net any more."""
        if self.selected and self.element != self.selected:
            self._letting_go = True
            try:
                self.selected = []
            finally:
                self._letting_go = False
        super()._look_at_another()

    # ---- showing ---------------------------------------------------------------------------------
    def _tell(self) -> None:
        self.net = self._network.layout()
        super()._tell()
        self.inspected = self._inspected() if self.selected else {}

    def _tell_why(self) -> None:
        """Explain what is selected anew where the run stands, at rest, if this view does so."""
        before = self._why
        super()._tell_why()
        if not (self.keeps_asking and self.selected and self._why is None):
            return
        self._why_note = "Pause to see what it is made of." if self.mode else ""
        if self.mode:
            return
        try:
            explanation = self.trainer.explain(self.selected[0], self._place())
        except ValueError as not_yet:
            self._why_note = str(not_yet)
            return
        self._why = Why(explanation) if before is None else before.again(explanation)
        super()._tell_why()

    def _place(self) -> tuple[int, ...]:
        """Return the index of what is selected; of a shorter batch the last sample."""
        name, index = self.selected[0], tuple(self.selected[1])
        if name not in self.trainer.parameters and index:
            index = (min(index[0], len(self.trainer[name]) - 1), *index[1:])
        return index

    def _inspected(self) -> dict[str, Any]:
        trainer = self.trainer
        name, index = self.selected[0], self._place()
        parameter = name in trainer.parameters
        told: dict[str, Any] = {
            "name": name,
            "index": list(index),
            "parameter": parameter,
            "exact": self._exact(name, index),
            "gradient": self._exact(f"{name}.grad", index),
            "fixed": wording.obstacle(trainer, name),
            "frozen": False,
            "all_frozen": False,
            "layer": "",
            "silenced": False,
            "note": self._why_note,
        }
        told["value"], told["slope"] = (
            number(float(told[key])) if told[key] else "" for key in ("exact", "gradient")
        )
        if parameter:
            return told | self._frozen_told(name, index)
        return told | self._voice(name, index)

    def _exact(self, name: str, index: tuple[int, ...]) -> str:
        """Return an element to the last digit; nothing where it has not been computed."""
        trainer = self.trainer
        known = name in trainer.program.arrays and trainer.is_current(name)
        return repr(float(trainer[name][index])) if known else ""

    def _frozen_told(self, name: str, index: tuple[int, ...]) -> dict[str, Any]:
        """Return whether a parameter's element, and all of it, is frozen."""
        frozen = self.trainer.restraints.frozen
        array = self.trainer[name]
        if self._frozen[:2] != (frozen, name):
            whole = sum(one == name for one, _ in frozen) == array.size
            self._frozen = (frozen, name, whole)
        place = 0
        for i, size in zip(index, array.shape, strict=True):
            place = place * size + i
        return {"frozen": (name, place) in frozen, "all_frozen": self._frozen[2]}

    def _voice(self, name: str, index: tuple[int, ...]) -> dict[str, Any]:
        """Return by which layer a neuron can be silenced, and whether it is."""
        columns = self.net.get("columns", ())
        column = next((c for c in columns if name in c["arrays"]), None)
        if column is None or not index:
            return {}
        unit, silenced = index[-1], self.trainer.restraints.silenced
        silent = any((array, unit) in silenced for array in column["arrays"])
        return {"layer": column["layer"], "silenced": silent}
