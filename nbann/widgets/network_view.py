"""NetworkView: a net to look at, ask and change, neuron by neuron. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets as t

from nbann.core.trainer import Trainer
from nbann.core.units import Unit
from nbann.panels import NetworkDiagram

from . import wording
from .frames import FrameChannel
from .module import css, esm
from .net import Net
from .pictures import NARROW_WIDTH, Picture
from .steering import Steering
from .view import checked_trainer

WIDTH, HEIGHT = 590, 440


class NetworkView(Steering):
    """A net with its numbers: hover, select, ask why, change, freeze, silence.

    Parameters
    ----------
    trainer : Trainer
        Whose net it is. Python may go on using it: ``trainer.step()`` in another cell shows here.
    sample : int
        Which row of the batch the neurons show, from 0; the last one where the batch is shorter.
    edges : {"weight", "gradient"}
        What edges and biases show.
    most : int
        Neurons shown of a layer, at least 3; of a wider one the first and the last.
    unit, speed
        What Step and Play go on by, and how often a second; as in `StepThrough`.

    Raises
    ------
    ValueError
        Not a trainer; a number, name, unit or speed out of range.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(2)])
    >>> view = nbann.NetworkView(nbann.Trainer(net, ([[0.0], [1.0]], [0, 1])), edges="gradient")
    >>> view.step("batch")
    >>> [column["title"] for column in view.net["columns"]]
    ['inputs', 'dense1']
    """

    _esm = esm("network_view")
    _css = css("network_view")

    net = t.Dict().tag(sync=True)
    """What stands where; see `Net.layout`."""
    sample = t.Int(0).tag(sync=True)
    edges = t.Unicode("weight").tag(sync=True)
    most = t.Int(8).tag(sync=True)

    def __init__(
        self,
        trainer: Trainer,
        *,
        sample: int = 0,
        edges: str = "weight",
        most: int = 8,
        unit: Unit = "op",
        speed: float = 2.0,
    ) -> None:
        self.trainer = checked_trainer("NetworkView", trainer)
        self._net = Net(trainer, sample=sample, edges=edges, most=most)
        super().__init__(unit=unit, speed=speed, sample=sample, edges=edges, most=most)
        self._channels = {"network": FrameChannel("network", self._net.frame, self._post)}
        self._player = self._follow(trainer)
        self.observe(self._on_look, ["sample", "edges", "most"])
        self._show()

    def describe(self) -> str:
        """Return in words what is shown now: position, op with its numbers, the net."""
        view = wording.equation_view(self.trainer, self._element())
        lines = [wording.sentence(self.trainer, wording.place(self.trainer), view)]
        lines += [] if self._why is None else [self._why.words()]
        return "\n".join([*lines, self._net.describe()])

    def __repr__(self) -> str:
        return f"NetworkView({self.trainer!r})"

    @t.validate("sample", "edges", "most")
    def _check_look(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        try:
            self._net.configure(**{name: value})
        except ValueError as error:
            raise t.TraitError(str(error)) from None
        return value

    def _on_look(self, change: Any) -> None:
        self._loop.submit(self._guarded, self._show)

    def _tell(self) -> None:
        super()._tell()
        self.net = self._net.layout()

    def _stills(self) -> Sequence[Any]:
        panel = NetworkDiagram(self.sample, most=self.most)
        widths = (WIDTH, NARROW_WIDTH)
        return [Picture(self.trainer, [panel], widths, row_height=HEIGHT).board.render()]
