"""What an op reads and writes, as places in a network picture; imports the core."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .network_layout import Column

if TYPE_CHECKING:
    from ..core.program import Op


@dataclass
class Lit:
    """Places by kind: columns of neurons, and columns whose weights or biases are meant.

    What is both read and written (a weight in an update) counts as written.
    """

    nodes: set[int] = field(default_factory=set)
    edges: set[int] = field(default_factory=set)
    biases: set[int] = field(default_factory=set)

    def add(self, name: str, columns: list[Column]) -> None:
        """Add the place of an array; a gradient is where that is, whose gradient it is."""
        first = name.partition(".")[0]
        if first in ("y", "loss"):
            self.nodes.add(len(columns) - 1)
        elif first == "x":
            self.nodes.add(0)
        # the innermost layer that the name begins with: "block.dense1.weight" is not the block's
        owners = [
            (layer, i)
            for i, column in enumerate(columns)
            for layer in column.layers
            if name.startswith(layer + ".")
        ]
        if owners:
            layer, i = max(owners, key=lambda owner: len(owner[0]))
            kind = name.removeprefix(layer + ".").partition(".")[0]
            {"weight": self.edges, "bias": self.biases}.get(kind, self.nodes).add(i)
            if kind == "weight":  # one matrix may lead to two layers
                whose = f"{layer}.weight"
                self.edges.update(k for k, column in enumerate(columns) if column.weight == whose)


def lit_by(op: Op, columns: list[Column]) -> tuple[Lit, Lit]:
    """Return the places that an op reads, and those that it writes."""
    read, written = Lit(), Lit()
    for name in op.reads:
        read.add(name, columns)
    for name in op.writes:
        written.add(name, columns)
    read.edges -= written.edges
    read.biases -= written.biases
    return read, written
