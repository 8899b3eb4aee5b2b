"""What a network picture shows, in words; imports the core's names only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.layers.normalization import BatchNorm, LayerNorm
from .network_layout import feature_names, output_names
from .scale import rounding
from .text import counted, listed, number, plain

if TYPE_CHECKING:
    from ..core.trainer import Trainer
    from .network_diagram import NetworkDiagram


def describe(panel: NetworkDiagram) -> str:
    """Return sizes, the sample's values in the layers seen, weights, marks, and the lit op."""
    trainer, seen = panel.trainer, panel.seen
    parts = [_sizes(panel)]
    if len(panel.columns) > 1:
        if panel.steps:
            parts.append(f"time step {panel.time} of 0 to {panel.steps - 1}")
        parts += [_column(panel, i) for i in seen]
        parts += _parameters(panel, seen)
        parts += [word for i in seen for word in _links(panel, i)]
    parts += [word for part in panel.parts for word in part.describe()]
    parts += [word for i in range(len(panel.columns)) for word in _marks(panel, i)]
    for i in panel.ends:
        chances = panel.probabilities(i)
        if chances is not None:
            head = f" of {plain(panel.lanes.bands[i])}" if panel.lanes.bands[i] else ""
            names = output_names(trainer)
            if head or len(names) != len(chances):
                names = tuple(f"class {k}" for k in range(len(chances)))
            named = zip(names, chances, strict=True)
            said = listed(f"{plain(n)} {number(float(p))}" for n, p in named)
            parts.append(f"probabilities{head} {said}")
    if trainer.is_current("loss"):
        parts.append(f"{loss_word(trainer)} {number(float(trainer['loss']))}")
    return "; ".join([*parts, _op(panel)]) + "."


def loss_word(trainer: Trainer) -> str:
    """Return what the array "loss" is: a loss, or the energy of a machine."""
    writer = trainer.program.writer.get("loss")
    return "energy" if writer is not None and writer.phase == "energy" else "loss"


def asides(panel: NetworkDiagram) -> list[str]:
    """Return what stands beside the key: the time step, what edges are, what marks mean."""
    words = []
    if panel.steps:
        words.append(f"t = {panel.time} of 0…{panel.steps - 1}")
    if panel.deep:
        words.append("bars over 4 decades")
    gates = {c.gates[c.gate] for c in panel.columns if c.gates}
    if panel.edges == "gradient":
        words.append("edges: gradients")
    if gates:
        words.append(f"edges: gate {', '.join(sorted(gates))}")
    every = range(len(panel.columns))
    if any(panel.dropped(i) for i in every):
        words.append("/ dropped")
    if panel.trainer.restraints.silenced:
        words.append("× silenced")
    if panel.trainer.restraints.frozen:
        words.append("‖ frozen")
    return words


def _sizes(panel: NetworkDiagram) -> str:
    rows = len(panel.trainer["x"])
    where = f"sample {min(panel.sample, rows - 1)} of {rows} in the batch"
    if len(panel.columns) < 2:
        return where
    if panel.deep:
        first, last = panel.columns[0].width, panel.columns[-1].width
        return f"from {counted(first, 'input')} to {counted(last, 'neuron')}, {where}"
    bands = list(dict.fromkeys(band for band in panel.lanes.bands if band))
    body = [c.width for c, b in zip(panel.columns, panel.lanes.bands, strict=True) if not b]
    sizes = "-".join(map(str, body))
    if bands:
        heads = []
        for band in bands:
            own = zip(panel.columns, panel.lanes.bands, strict=True)
            widths = "-".join(str(c.width) for c, b in own if b == band)
            heads.append(f"{plain(band)} {widths}")
        sizes += f" with heads {listed(heads)}"
    return f"{sizes}, {where}"


def _column(panel: NetworkDiagram, i: int) -> str:
    column = panel.columns[i]
    shown = panel.array_of(column)
    if shown is None:
        return f"{' and '.join(map(plain, column.names))}: not computed yet in this batch"
    values = panel.values(column).tolist()
    names = feature_names(panel.trainer)
    if i == 0 and panel.reads_things:
        return f"input {values[0]:.0f}"
    if i == 0 and shown == "x":
        if len(names) != len(values):
            return "inputs " + listed(map(number, values))
        return "inputs " + listed(
            f"{plain(n)} {number(v)}" for n, v in zip(names, values, strict=True)
        )
    return f"{plain(shown)} " + listed(map(number, values))


def _parameters(panel: NetworkDiagram, seen: list[int]) -> list[str]:
    """Return from where to where weights (or their gradients) and biases reach."""
    noise = rounding(*panel.trainer.parameters.values())  # in a bias that nothing depends on, say
    words = []
    weighted = [i for i in panel._weighted if i in seen and panel.columns[i].source in seen]
    if weighted:
        what, edge = ("gradients", 0.0) if panel.edges == "gradient" else ("weights", noise)
        said = []
        for i in weighted:
            column = panel.columns[i]
            gate = f" (gate {column.gates[column.gate]})" if column.gates else ""
            gate += " turned" if column.turned else ""
            said.append(f"{plain(column.weight)}{gate} {_range(panel.matrix(i), edge)}")
        words.append(f"{what} {listed(said)}")
    biased = [i for i in panel._biased if i in seen]
    if biased:
        said = [f"{plain(panel.columns[i].bias)} {_range(panel.bias(i), noise)}" for i in biased]
        words.append(f"biases {listed(said)}")
    return words


def _range(values: NDArray[np.floating], noise: float) -> str:
    known = values[~np.isnan(values)]
    if not known.size:
        return "not computed yet"
    low, high = (number(float(end), noise=noise) for end in (known.min(), known.max()))
    return low if low == high else f"{low} to {high}"


def _links(panel: NetworkDiagram, i: int) -> list[str]:
    """Return what leads to a column beside its weight."""
    column, columns = panel.columns[i], panel.columns
    name, words = plain(column.layers[-1] if column.layers else "inputs"), []
    for source, block in column.skips:
        words.append(f"{plain(block)} adds a shortcut from {plain(columns[source].names[-1])}")
    if column.recurrent:
        after = "after" if column.reverse else "before"
        words.append(f"{name} reads its own state of the step {after}")
    if column.join == "look up":
        index = int(panel._of_step("x", 1)[0])
        words.append(f"{name} looks up row {index} of {counted(_rows(panel, i), 'row')}")
    elif column.join == "flatten":
        words.append(f"{name} is all time steps side by side")
    elif column.join and len(column.sources) > 1:
        joined = listed(plain(columns[source].names[-1]) for source in column.sources)
        how = "the sum of" if column.join == "sum" else "side by side"
        words.append(f"{name} is {how} {joined}")
    kinds = dict(panel.trainer.model.leaves())
    for layer in column.layers:
        if isinstance(kinds.get(layer), BatchNorm):
            words.append(f"{plain(layer)} normalizes each neuron over the batch")
        elif isinstance(kinds.get(layer), LayerNorm):
            words.append(f"{plain(layer)} normalizes over the neurons of a sample")
    return words


def _rows(panel: NetworkDiagram, i: int) -> int:
    weight = panel.columns[i].weight
    assert weight is not None
    return len(panel.trainer[weight])


def _marks(panel: NetworkDiagram, i: int) -> list[str]:
    column, words = panel.columns[i], []
    name = " and ".join(map(plain, column.names))
    for units, what in ((panel.dropped(i), "dropped"), (panel.silenced(i), "silenced")):
        if units:
            said = f"{what} of {name}: {'neuron' if len(units) == 1 else 'neurons'} "
            words.append(said + listed(map(str, units)))
    if panel.trainer.restraints.frozen:
        held = [("weight", column.weight, panel.frozen)] if i in panel._weighted else []
        held += [("bias", column.bias, panel.frozen_biases)] if i in panel._biased else []
        for what, parameter, of in held:
            mask = of(i)
            if mask.any():
                many = "biases" if what == "bias" else None
                count = counted(int(mask.sum()), what, many)
                words.append(f"frozen of {plain(parameter)}: {count} of {mask.size}")
    return words


def _op(panel: NetworkDiagram) -> str:
    op = panel.op
    ran = panel.trainer.last_op is not None
    read, wrote = ("read", "wrote") if ran else ("reads", "writes")
    reads, writes = (listed(map(plain, names), 4) for names in (op.reads, op.writes))
    does = [f"{read} {reads}"] if reads else []  # an order that is drawn reads nothing
    does += [f"{wrote} {writes}"] if writes else []
    return f"{'last' if ran else 'next'} op: {op.phase} {plain(op.name)}, {'; '.join(does)}"
