"""NetworkView: a net to look at, ask and change, neuron by neuron. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbann.core.trainer import Trainer
from nbann.core.units import Unit
from nbann.panels.dashboard import checked_trainer

from .inspecting import Inspecting
from .module import css, esm


class NetworkView(Inspecting):
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

    keeps_asking = True

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
        checked = checked_trainer("NetworkView", trainer)
        super().__init__(checked, sample=sample, edges=edges, most=most, unit=unit, speed=speed)
        self._player = self._follow(trainer)
        self._show()

    def __repr__(self) -> str:
        return f"NetworkView({self.trainer!r})"

    def _stills(self) -> Sequence[Any]:
        return [self.network_board.render()]
