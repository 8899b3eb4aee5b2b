"""Which neurons and edges of a net a canvas draws, and where their numbers stand in a vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.restraints import Restraints
from nbann.core.trainer import Trainer
from nbann.panels.lit import Lit
from nbann.panels.network_layout import Column, feature_names, folded, output_names
from nbann.panels.text import plain

from . import net_words

Units = NDArray[np.intp]


@dataclass
class Part:
    """Columns that are drawn, and the places of their numbers in the vectors of a frame.

    Attributes
    ----------
    columns : list of Column
    first : int
        Which column of the net the first of them is.
    units, slots : list of array
        The neurons shown of each, and in which slots from the top.
    nodes : list of slice
        Where the numbers of each column's neurons stand.
    parameters : list of (name, slice, index, turned)
        Where those of biases and weights stand, and which elements they are.
    links : list of (from, to)
        The columns between which each weight leads.
    labels : list of list of str
    has_outputs : bool
        Whether the last column is the net's output.
    shapes : dict
        Of the parameters.
    """

    columns: list[Column]
    first: int
    units: list[Units]
    slots: list[NDArray[np.float64]]
    nodes: list[slice]
    parameters: list[tuple[str, slice, Any, bool]]
    links: list[tuple[int, int]]
    labels: list[list[str]]
    has_outputs: bool
    shapes: dict[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """How many numbers there are."""
        ends = [*self.nodes, *(spot for _, spot, _, _ in self.parameters)]
        return int(max(spot.stop for spot in ends))

    @property
    def biases(self) -> list[str]:
        """The biases' names, in the order of their columns."""
        return [c.bias for c in self.columns if c.bias is not None]

    @property
    def weights(self) -> list[str]:
        """The weights' names, in the order of the links."""
        return [str(self.columns[to].weight) for _, to in self.links]

    def places(self, lit: Lit) -> dict[str, list[int]]:
        """Return what is lit as places among what is drawn: columns, and links for edges."""
        last = self.first + len(self.columns)
        nodes, biases = (
            sorted(i - self.first for i in found if self.first <= i < last)
            for found in (lit.nodes, lit.biases)
        )
        edges = [k for k, (_, to) in enumerate(self.links) if to + self.first in lit.edges]
        return {"nodes": nodes, "edges": edges, "biases": biases}


def part_of(
    trainer: Trainer, every: list[Column], drawn: list[Column], first: int, most: int
) -> Part:
    """Work out what is drawn of some columns."""
    folds = [folded(column.width, most) for column in drawn]
    units, slots = [u for u, _ in folds], [s for _, s in folds]
    nodes, links, at = [], [], 0
    parameters: list[tuple[str, slice, Any, bool]] = []
    for shown in units:
        nodes.append(slice(at, at + len(shown)))
        at += len(shown)
    for column, shown in zip(drawn, units, strict=True):
        if column.bias is not None:
            parameters.append((column.bias, slice(at, at + len(shown)), shown, False))
            at += len(shown)
    for to, column in enumerate(drawn):
        source = to - 1
        if column.weight is None or source < 0:
            continue
        size = len(units[source]) * len(units[to])
        index = np.ix_(units[source], units[to])
        parameters.append((column.weight, slice(at, at + size), index, column.turned))
        links.append((source, to))
        at += size
    shapes = {name: trainer[name].shape for name, _, _, _ in parameters}
    ends = (first == 0, bool(drawn) and drawn[-1] is every[-1])
    labels = _labels(trainer, drawn, units, *ends)
    return Part(drawn, first, units, slots, nodes, parameters, links, labels, ends[1], shapes)


def _labels(
    trainer: Trainer, drawn: list[Column], units: list[Units], inputs: bool, outputs: bool
) -> list[list[str]]:
    labels = [[""] * len(shown) for shown in units]
    for at, there, names in ((-1, outputs, output_names), (0, inputs, feature_names)):
        given = names(trainer) if there and drawn else ()
        if len(given) == (drawn[at].width if drawn else -1):
            labels[at] = [plain(given[unit]) for unit in units[at]]
    return labels


def held_by(restraints: Restraints, part: Part) -> dict[str, Any]:
    """Return columns and links as plain data, with what of them is frozen or silenced."""
    frozen: dict[tuple[str, bool], list[int]] = {}  # a matrix may lead both ways
    for name, _, index, turned in part.parameters:
        flat = _flat(part.shapes[name], index, turned).tolist()
        frozen[name, turned] = [
            k for k, place in enumerate(flat) if (name, place) in restraints.frozen
        ]
    columns = []
    for column, units, slots, labels in zip(
        part.columns, part.units, part.slots, part.labels, strict=True
    ):
        arrays = (*column.arrays, *getattr(column, "steps", ()))
        columns.append(
            {
                "title": net_words.title(column),
                "names": [plain(n) for n in column.names],
                "arrays": list(column.arrays),
                "width": column.width,
                "units": units.tolist(),
                "slots": slots.tolist(),
                "labels": labels,
                "bias": column.bias or "",
                "layer": column.layers[0] if column.layers and column.arrays[0] != "x" else "",
                "silenced": [
                    k
                    for k, unit in enumerate(units.tolist())
                    if any((array, unit) in restraints.silenced for array in arrays)
                ],
                "frozen": frozen.get((column.bias or "", False), []),
            }
        )
    links = [
        {
            "from": source,
            "to": to,
            "weight": str(column.weight),
            "turned": column.turned,
            "frozen": frozen[str(column.weight), column.turned],
        }
        for source, to in part.links
        for column in (part.columns[to],)
    ]
    return {"columns": columns, "links": links}


def _flat(shape: tuple[int, ...], index: Any, turned: bool) -> NDArray[np.intp]:
    """Return elements of a parameter as counted along its rows, in the order of a frame."""
    places = np.arange(np.prod(shape)).reshape(shape)
    return np.asarray((places.T if turned else places)[index].ravel(), np.intp)
