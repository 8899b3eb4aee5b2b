"""What a network picture shows, in words; imports the core's names only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .network_layout import feature_names, output_names
from .text import listed, number, plain

if TYPE_CHECKING:
    from .network_diagram import NetworkDiagram


def describe(panel: NetworkDiagram) -> str:
    """Return sizes, the sample's values in every layer, its probabilities, and the lit op."""
    trainer = panel.trainer
    rows = len(trainer["x"])
    sizes = "-".join(str(column.width) for column in panel.columns)
    parts = [f"{sizes}, sample {min(panel.sample, rows - 1)} of {rows} in the batch"]
    parts += [_column(panel, i) for i in range(len(panel.columns))]
    chances = panel.probabilities()
    if chances is not None:
        named = zip(output_names(trainer), chances, strict=True)
        parts.append("probabilities " + listed(f"{plain(n)} {number(float(p))}" for n, p in named))
    if trainer.is_current("loss"):
        parts.append(f"loss {number(float(trainer['loss']))}")
    return "; ".join([*parts, _op(panel)]) + "."


def _column(panel: NetworkDiagram, i: int) -> str:
    column = panel.columns[i]
    shown = panel.array_of(column)
    if shown is None:
        return f"{' and '.join(map(plain, column.names))}: not computed yet in this batch"
    values = panel.values(column).tolist()
    if i == 0 and shown == "x":
        names = feature_names(panel.trainer)
        return "inputs " + listed(
            f"{plain(n)} {number(v)}" for n, v in zip(names, values, strict=True)
        )
    return f"{plain(shown)} " + listed(map(number, values))


def _op(panel: NetworkDiagram) -> str:
    op = panel.op
    reads, writes = (listed(map(plain, names), 4) for names in (op.reads, op.writes))
    if panel.trainer.last_op is None:
        return f"next op: {op.phase} {plain(op.name)}, reads {reads}; writes {writes}"
    return f"last op: {op.phase} {plain(op.name)}, read {reads}; wrote {writes}"
