"""A net as columns of neurons, and how they hang together; imports NumPy and the core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.layers.embedding import Embedding
from ..core.layers.flatten import Flatten
from ..core.layers.recurrent import Recurrent
from ..core.layers.residual import Residual
from ..core.models.heads import Heads
from .network_machines import machine_columns

if TYPE_CHECKING:
    from ..core.layers.layer import Layer
    from ..core.trainer import Trainer

GATES = {"lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}
"""The gates of a recurrent layer, in the order in which they lie side by side in its weight."""

CANDIDATE = {"lstm": 2, "gru": 2}
"""Which of them proposes the new state: its weights are the ones that are drawn."""


@dataclass(frozen=True)
class Column:
    """The inputs, or a layer with what directly follows it on the same neurons (its activation).

    Attributes
    ----------
    layers : tuple of str
        Names of the layers that are drawn here; for the inputs, those without weights that come
        right after them, such as noise.
    arrays : tuple of str
        What they compute, in order: z, then a. Each holds a number for each neuron; of sequences,
        for each neuron at each time step.
    width : int
        Neurons, or inputs.
    weight, bias : str or None
        The parameters that lead here.
    turned : bool
        Whether the weight is another layer's, transposed: of a tied decoder.
    sources : tuple of int
        The columns that it reads, by their place in the list; the weight leads from the last one.
    depth : int
        How many columns stand before it, from the left.
    lane : str
        Of columns that stand above one another: the head, or "forward" and "backward".
    skips : tuple of (int, str)
        From which columns a shortcut leads here, and the name of each residual block.
    steps : tuple of str
        Of a recurrent layer, what a time step computes, in order: "rnn1.t*.z", "rnn1.t*.h".
    recurrent : str or None
        The weights from its own state of the step before.
    reverse : bool
        Whether it goes through time from the end.
    gates : tuple of str
        Names of the gates that lie side by side in weight, recurrent and bias.
    gate : int
        Which of them the edges are drawn of.
    join : str
        What leads here without weights: "beside" and "sum" of several columns, "flatten" of the
        steps of one; "look up" where the weight has a row for each thing.
    near : tuple of str
        Other arrays that are about these neurons.
    about_weight : tuple of str
        Other arrays that are about the weight.
    """

    layers: tuple[str, ...]
    arrays: tuple[str, ...]
    width: int
    weight: str | None = None
    bias: str | None = None
    turned: bool = False
    sources: tuple[int, ...] = ()
    depth: int = 0
    lane: str = ""
    skips: tuple[tuple[int, str], ...] = ()
    steps: tuple[str, ...] = ()
    recurrent: str | None = None
    reverse: bool = False
    gates: tuple[str, ...] = ()
    gate: int = 0
    join: str = ""
    near: tuple[str, ...] = ()
    about_weight: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What to call each of its arrays; layers may come right after the inputs, on them."""
        return ("inputs", *self.layers) if self.arrays[0] == "x" else self.layers

    @property
    def source(self) -> int:
        """The column that its weight leads from; -1 for the inputs."""
        return self.sources[-1] if self.sources else -1


def columns_of(trainer: Trainer) -> list[Column]:
    """Return the inputs and every layer as columns: a chain from left to right, heads in turn.

    Of a machine of two layers (RBM, BAM) these; of one without columns (Hopfield, SOM) the inputs.
    """
    machine = machine_columns(trainer)
    if machine:
        return [Column(**parts) for parts in machine]
    return layer_columns_of(trainer)


def layer_columns_of(trainer: Trainer) -> list[Column]:
    """Return the inputs and every layer that the model is made of; of a machine the inputs."""
    return _Columns(trainer).found


class _Columns:
    """Goes through the layers in order and puts each on a column, or opens one for it."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.known = set(trainer.names)
        self.apart = {*trainer.parameters, "x.mask"}  # what is read beside the values of neurons
        self.reads: dict[str, list[str]] = {}
        self.order: dict[str, int] = {}
        for op in trainer.program.structure:
            self.reads.setdefault(op.layer, []).extend(op.reads)
            self.order.update(dict.fromkeys(op.writes, op.index))
        leaves = dict(trainer.model.leaves())
        first = next(iter(leaves.values()), None)
        width = trainer["x"].shape[-1]
        if isinstance(first, Embedding):
            width = 1  # the number of a thing, at a time step
        self.found = [Column((), ("x",), width)]
        self.owner = {"x": 0}
        for name, layer in leaves.items():
            if f"{name}.out" in self.known:
                self._place(name, layer)

    def _place(self, name: str, layer: Layer) -> None:
        out, weight, bias = (f"{name}.{what}" for what in ("out", "weight", "bias"))
        sources = self._sources(name)
        at, width = sources[-1], self.trainer[out].shape[-1]
        last = self.found[at]
        turned = weight not in self.known
        if turned:  # by a matrix of another layer's, or by none
            writer = self.trainer.program.writer.get(out)
            reads = writer.reads if writer is not None else ()
            weight = next((read for read in reads if read.endswith(".weight")), weight)
        if isinstance(layer, Flatten) and at == 0 and last.arrays == ("x",) and not last.steps:
            last = replace(last, width=width)  # an image, say: all of it is the input
        lane = self._lane(name)
        joins = len(sources) > 1 and not isinstance(layer, Residual)
        joins |= bool(lane) and lane != last.lane  # the other heads do not see it
        if weight not in self.known and width == last.width and not joins:
            skips = [(s, name) for s in sources[:-1]] if isinstance(layer, Residual) else []
            self.found[at] = replace(
                last,
                layers=(*last.layers, name),
                arrays=(*last.arrays, out),
                skips=(*last.skips, *skips),
            )
            self.owner[name] = at
            return
        has_weight = weight in self.known
        column = Column(
            (name,),
            (out,),
            width,
            weight if has_weight else None,
            bias if bias in self.known else None,
            turned and has_weight,
            sources,
            1 + max(self.found[s].depth for s in sources),
            lane,
            join=""
            if has_weight and not isinstance(layer, Embedding)
            else self._join(layer, sources, width),
        )
        self.owner[name] = len(self.found)
        self.found.append(self._through_time(column, name, layer))

    def _sources(self, name: str) -> tuple[int, ...]:
        """Return the columns whose arrays a layer reads, in order; by default the one before."""
        own = len(self.found)
        reads = (r for r in self.reads.get(name, ()) if r not in self.apart)
        owners = [self._owner(read) for read in reads]
        found = tuple(dict.fromkeys(o for o in owners if o is not None))
        if isinstance(dict(self.trainer.model.leaves())[name], Residual):
            inside = self._owner(f"{self._last_inside(name)}.out")
            if inside is not None:
                found = (*(o for o in found if o != inside), inside)
        return found or (own - 1,)

    def _last_inside(self, block: str) -> str:
        return [n for n, _ in self.trainer.model.leaves() if n.startswith(block + ".")][-1]

    def _owner(self, array: str) -> int | None:
        """Return the column of the innermost layer that an array's name begins with."""
        name = array
        while name not in self.owner:
            name, dot, _ = name.rpartition(".")
            if not dot:
                return None
        return self.owner[name]

    def _lane(self, name: str) -> str:
        head = name.partition(".")[0]
        model = self.trainer.model
        lane = head if isinstance(model, Heads) and head in model.heads else ""
        if name.endswith((".forward", ".backward")):
            lane = f"{lane}.{name.rpartition('.')[2]}".lstrip(".")
        return lane

    def _join(self, layer: Layer, sources: tuple[int, ...], width: int) -> str:
        if isinstance(layer, Embedding):
            return "look up"
        if isinstance(layer, Flatten):
            return "flatten"
        if all(self.found[source].width == width for source in sources):
            return "sum"
        return "beside" if width == sum(self.found[s].width for s in sources) else ""

    def _through_time(self, column: Column, name: str, layer: Layer) -> Column:
        """Add to a column what a recurrent layer does at a time step."""
        if not isinstance(layer, Recurrent):
            return column
        start = f"{name}.t0."
        steps = [
            one
            for one in self.known
            if one.startswith(start)
            and "." not in one.removeprefix(start)
            and one != f"{start}x"
            and self.trainer[one].shape[1:] == (column.width,)
            and one in self.order
        ]
        steps.sort(key=lambda one: (self.order[one], one))
        return replace(
            column,
            steps=tuple(f"{name}.t*.{one.removeprefix(start)}" for one in steps),
            recurrent=f"{name}.recurrent",
            reverse=layer.reverse,
            gates=GATES.get(layer.kind, ()),
            gate=CANDIDATE.get(layer.kind, 0),
        )


def wires_of(columns: list[Column], i: int) -> list[tuple[int, int, int]]:
    """Return what leads to a column without weights: (column, neuron there, neuron here)."""
    column = columns[i]
    if column.join == "flatten":
        source, width = column.source, columns[column.source].width
        return [(source, unit % width, unit) for unit in range(column.width)]
    if column.join == "sum":
        return [(source, unit, unit) for source in column.sources for unit in range(column.width)]
    wires: list[tuple[int, int, int]] = []
    if column.join == "beside":
        for source in column.sources:
            start = len(wires)
            wires += [(source, unit, start + unit) for unit in range(columns[source].width)]
    return wires
