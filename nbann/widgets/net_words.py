"""What a canvas of a net shows, in words: for those who hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbann.panels.network_layout import Column
from nbann.panels.text import listed, number, plain

if TYPE_CHECKING:
    from .net import Net


def title(column: Column) -> str:
    """Return what to call a column."""
    return "inputs" if column.arrays[0] == "x" else plain(column.layers[0])


def describe(net: Net, content: dict[str, Any], values: NDArray[np.float64]) -> str:
    """Return sizes, the sample's values in every layer that is drawn, and the op at hand."""
    part = net._part
    sizes = "-".join(str(column.width) for column in net.columns)
    words = [f"Network: {sizes}, sample {content['sample']} of {content['rows']} in the batch"]
    for column, name, spot, labels in zip(
        part.columns, content["at"], part.nodes, part.labels, strict=True
    ):
        if not name:
            words.append(f"{title(column)}: not computed yet in this batch")
            continue
        told = [number(float(v)) for v in values[spot]]
        if any(labels):
            told = [f"{label} {value}".strip() for label, value in zip(labels, told, strict=True)]
        more = column.width - len(told)
        what = "inputs" if name == "x" else plain(name)
        words.append(f"{what} " + listed(told, 8) + (f", {more} more not shown" if more else ""))
    if content["loss"]:
        words.append(f"loss {content['loss']}")
    op = content["op"]
    words.append(f"{'last' if op['ran'] else 'next'} op: {op['phase']} {plain(op['name'])}")
    return "; ".join(words) + "."
