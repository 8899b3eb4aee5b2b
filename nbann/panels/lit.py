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

    What is both read and written (a weight in an update) counts as written. `skips` are columns to
    which a shortcut leads, `loops` those whose own state of another time step is meant.
    """

    nodes: set[int] = field(default_factory=set)
    edges: set[int] = field(default_factory=set)
    biases: set[int] = field(default_factory=set)
    skips: set[int] = field(default_factory=set)
    loops: set[int] = field(default_factory=set)

    def add(self, name: str, columns: list[Column], time: int | None = None) -> None:
        """Add the place of an array; a gradient is where that is, whose gradient it is."""
        _Places(columns).add(self, name, time)


class _Places:
    """Where every array belongs, looked up by the layer that its name begins with."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns
        self.owner = {layer: i for i, column in enumerate(columns) for layer in column.layers}
        self.exact: dict[str, list[tuple[str, int]]] = {}
        heads = [column.lane.partition(".")[0] for column in columns]
        self.lanes = {head: i for i, head in enumerate(heads) if head}  # the last one of each
        self.skips = {block: i for i, c in enumerate(columns) for _, block in c.skips}
        for i, column in enumerate(columns):
            for kind, names in (
                ("nodes", (*column.arrays, *column.near)),
                ("edges", (column.weight, *column.about_weight)),
                ("biases", (column.bias,)),
            ):
                for name in names:
                    if name is not None:
                        self.exact.setdefault(name, []).append((kind, i))

    def add(self, lit: Lit, name: str, time: int | None) -> None:
        first, _, rest = name.partition(".")
        if first in ("y", "loss"):
            lane = rest.partition(".")[0]
            lit.nodes.add(self.lanes.get(lane, len(self.columns) - 1))
            return
        if first == "x":
            lit.nodes.add(0)
            return
        known = self.exact.get(name) or self.exact.get(name.partition(".grad")[0])
        for kind, i in known or ():
            getattr(lit, kind).add(i)
        if not known:
            self._add_inside(lit, name, time)

    def _add_inside(self, lit: Lit, name: str, time: int | None) -> None:
        """Add an array by the innermost layer: "block.dense1.weight" is not the block's."""
        layer = name
        while layer not in self.owner:
            layer, dot, _ = layer.rpartition(".")
            if not dot:
                head = name.partition(".")[0]
                if head in self.lanes:  # a head's output under its own name: "kind.out"
                    lit.nodes.add(self.lanes[head])
                return
        i = self.owner[layer]
        kind = name.removeprefix(layer + ".").partition(".")[0]
        if kind in ("projection", "shortcut") and layer in self.skips:
            lit.skips.add(i)
        elif kind == "recurrent" or kind == "start" or self._other_step(kind, time):
            lit.loops.add(i)
        else:
            {"weight": lit.edges, "bias": lit.biases}.get(kind, lit.nodes).add(i)

    @staticmethod
    def _other_step(kind: str, time: int | None) -> bool:
        """Whether "t3" is another time step than that of the op."""
        return time is not None and kind[:1] == "t" and kind[1:].isdigit() and int(kind[1:]) != time


def lit_by(op: Op, columns: list[Column]) -> tuple[Lit, Lit]:
    """Return the places that an op reads, and those that it writes."""
    read, written, places = Lit(), Lit(), _Places(columns)
    recurrent = {c.layers[0] for c in columns if c.steps}
    time = op.time if op.layer in recurrent else None
    for name in op.reads:
        places.add(read, name, time)
    for name in op.writes:
        places.add(written, name, time)
    if op.layer in places.skips:  # a sum with the shortcut, or what comes back through it
        (read if op.phase == "forward" else written).skips.add(places.skips[op.layer])
    read.edges -= written.edges
    read.biases -= written.biases
    read.loops -= written.loops
    read.skips -= written.skips
    return read, written
