"""StepThrough: watch and steer a trainer, op by op. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets as t

from nbann.core.trainer import Trainer
from nbann.core.units import Unit
from nbann.panels import Dashboard, Panel
from nbann.panels.dashboard import checked_trainer
from nbann.panels.registry import as_panels

from . import wording
from .frames import FrameChannel
from .inspecting import Inspecting
from .module import css, esm
from .pictures import Look, Picture
from .stops import Stops

DEFAULT_PANELS = ("loss", "decision", "weights")


class StepThrough(Inspecting, Stops):
    """A trainer with buttons: step, back, play, run; the op in symbols, numbers, pictures; why.

    Parameters
    ----------
    trainer : Trainer
        What is driven. Python may go on using it: ``trainer.step()`` in another cell shows here.
    panels : sequence of str or Panel, optional
        What is drawn below; see `Dashboard`. By default loss, decision boundary and weights.
    sample, edges, most
        What the network shows; as in `NetworkView`.
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

    _esm = esm("step_through")
    _css = css("step_through")

    ops = t.List(t.Dict()).tag(sync=True)
    """Every op of the program: what a list of them shows."""

    _kind: tuple[int, str] | None = None

    def __init__(
        self,
        trainer: Trainer,
        panels: Sequence[str | Panel] | None = None,
        *,
        sample: int = 0,
        edges: str = "weight",
        most: int = 8,
        unit: Unit = "op",
        speed: float = 2.0,
    ) -> None:
        checked = checked_trainer("StepThrough", trainer)
        chosen = as_panels(DEFAULT_PANELS if panels is None else panels)
        self._panels = Picture(checked, chosen, quiet=lambda: self._plays)
        super().__init__(checked, sample=sample, edges=edges, most=most, unit=unit, speed=speed)
        self._channels["panels"] = FrameChannel("panels", self._panels.frame, self._post)
        self._player = self._follow(trainer)
        self._show()

    @property
    def dashboard(self) -> Dashboard:
        """The panels below the network, as they are drawn for the view."""
        return self._panels.board

    def describe(self) -> str:
        """Return in words what is shown now: position, op with its numbers, every picture."""
        return f"{super().describe()}\n{self.dashboard.describe()}"

    def __repr__(self) -> str:
        return f"StepThrough({self.trainer!r})"

    def _tell(self) -> None:
        program = self.trainer.program
        kind = (len(program), program[0].name)  # divided over workers it has other ops
        if kind != self._kind:
            self._kind = kind
            self.ops = wording.op_list(self.trainer)
            there = {row["op"] for row in self.ops}
            self.breakpoints = [name for name in self.breakpoints if name in there]
        super()._tell()

    def _dress(self, look: Look) -> None:
        self._panels.dress(look)

    def _unfinished(self) -> bool:
        return self.dashboard.unfinished

    def _stills(self) -> Sequence[Any]:
        return [self.network_board.render(), self.dashboard.render()]
