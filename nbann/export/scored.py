"""What a loss scores: the outputs of a net, or of each of its heads. Imports the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbann.core.losses.loss import Loss

from .reading import Array, Net, Shape


@dataclass(frozen=True)
class Scored:
    """One output of a net, and how it is scored and read.

    Attributes
    ----------
    name : str
        Of the head; "" of a net of one.
    loss : Loss
    task : str
    shape : tuple of int
        Of a sample of the output.
    weight : float
        How much its loss counts.
    """

    name: str
    loss: Loss
    task: str
    shape: Shape
    weight: float = 1.0

    @property
    def width(self) -> int:
        """How many neurons give it."""
        return self.shape[-1]

    def targets(self, samples: Mapping[str, Array]) -> dict[str, Array]:
        """Return what its loss reads of a program's samples: "y", "y.onehot", ..."""
        start = f"y.{self.name}" if self.name else "y"
        return {
            f"y{name.removeprefix(start)}": array
            for name, array in samples.items()
            if name == start or name.startswith(f"{start}.")
        }

    def given(self, y: Array) -> Array:
        """Return its own of the targets of a data set."""
        return y

    def of(self, name: str) -> str:
        """Return the source of its own of a dict by head, or of what is no dict."""
        return f"{name}[{self.name!r}]" if self.name else name


@dataclass(frozen=True)
class ScoredHead(Scored):
    """One head's output."""

    head: Any = None

    def given(self, y: Array) -> Array:
        part: Array = self.head.target(y)
        return part


def scored_of(net: Net) -> list[Scored]:
    """Return what the loss of a net scores."""
    if not net.heads:
        return [Scored("", net.loss, net.task, net.output_shape)]
    rows = net.output_shape[:-1]
    return [
        ScoredHead(name, head.loss, head.task, (*rows, head.width), head.weight, head)
        for name, head in net.loss.heads.items()
    ]
