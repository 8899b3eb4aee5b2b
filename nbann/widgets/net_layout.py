"""Which neurons and edges of a net a canvas draws, and where their numbers stand in a vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.panels.lit import Lit
from nbann.panels.network_layout import Column, feature_names, output_names, wires_of
from nbann.panels.network_marks import Marks
from nbann.panels.text import plain

from . import net_words

Places = dict[str, list[int]]


@dataclass
class Part:
    """Columns that are drawn, and the places of their numbers in the vectors of a frame.

    Columns are counted from the first that is drawn; `first` is that one among those of the net.
    """

    reader: Marks
    first: int
    columns: list[Column]
    units: list[NDArray[np.intp]] = field(default_factory=list)
    nodes: list[slice] = field(default_factory=list)
    biases: list[tuple[int, slice]] = field(default_factory=list)
    links: list[tuple[int, int, slice]] = field(default_factory=list)
    size: int = 0

    @classmethod
    def of(cls, reader: Marks, first: int, count: int) -> Part:
        """Work out what is drawn of some columns."""
        part = cls(reader, first, reader.columns[first : first + count])
        part.units = [np.asarray(u) for u in reader.shown[first : first + count]]
        part.nodes = [part._room(len(shown)) for shown in part.units]
        part.biases = [
            (i, part._room(len(part.units[i]))) for i, c in enumerate(part.columns) if c.bias
        ]
        for to, column in enumerate(part.columns):
            source = column.source - first
            if column.weight is not None and source >= 0:
                size = len(part.units[source]) * len(part.units[to])
                part.links.append((source, to, part._room(size)))
        return part

    def _room(self, count: int) -> slice:
        self.size += count
        return slice(self.size - count, self.size)

    @property
    def ends(self) -> list[int]:
        """The columns that nothing reads: the net's outputs."""
        ends = [i - self.first for i in self.reader.ends]
        return [i for i in ends if 0 <= i < len(self.columns)]

    def grid(self, source: int, to: int) -> tuple[NDArray[np.intp], ...]:
        """Return which elements of a matrix between two columns are drawn, as an index."""
        return np.ix_(self.units[source], self.units[to])

    def places(self, lit: Lit) -> Places:
        """Return what is lit as places among what is drawn: columns, and links for edges."""
        last = self.first + len(self.columns)

        def here(found: set[int]) -> list[int]:
            return sorted(i - self.first for i in found if self.first <= i < last)

        edges = [k for k, (_, to, _) in enumerate(self.links) if to + self.first in lit.edges]
        both = sorted({*here(lit.skips), *here(lit.loops)})
        return {
            "nodes": here(lit.nodes),
            "edges": edges,
            "biases": here(lit.biases),
            "ways": both,
        }

    # ---- as plain data ---------------------------------------------------------------------------
    def plain(self) -> dict[str, Any]:
        """Return columns, links, wires and shortcuts as plain data."""
        columns = [self._column(i) for i in range(len(self.columns))]
        links = [self._link(source, to) for source, to, _ in self.links]
        return {"columns": columns, "links": links, "wires": self._wires()}

    def _column(self, i: int) -> dict[str, Any]:
        column, at = self.columns[i], i + self.first
        reader, shown = self.reader, self.units[i]
        silenced = reader.silenced(at)
        return {
            "title": net_words.title(column),
            "names": [plain(n) for n in column.names] or ["units"],
            "arrays": list(column.arrays),
            "width": column.width,
            "units": shown.tolist(),
            "slots": reader._slots[at].tolist(),
            "depth": column.depth - self.columns[0].depth,
            "band": reader.lanes.bands[at],
            "labels": self._labels(at),
            "end": i in self.ends,
            "bias": column.bias or "",
            "layer": column.layers[0] if column.layers and column.arrays[0] != "x" else "",
            "silenced": [k for k, unit in enumerate(shown.tolist()) if unit in silenced],
            "frozen": _true(reader.frozen_biases(at)[shown]) if column.bias else [],
            "offset": _offset(column),
            "skips": [s - self.first for s, _ in column.skips if s >= self.first and s != at],
            "loop": bool(column.steps),
            "reverse": column.reverse,
            "steps": list(column.steps),
            "counts": at == 0 and reader.reads_things,
        }

    def _link(self, source: int, to: int) -> dict[str, Any]:
        column = self.columns[to]
        frozen: list[int] = []
        if self.reader.trainer.restraints.frozen:
            mask = self.reader.frozen(to + self.first)[self.grid(source, to)]
            frozen = _true(mask.ravel())
        return {
            "from": source,
            "to": to,
            "weight": str(column.weight),
            "turned": column.turned,
            "offset": _offset(column),
            "looks_up": column.join == "look up",
            "frozen": frozen,
        }

    def _labels(self, at: int) -> list[str]:
        """Return a name for each neuron shown of the inputs, and of the outputs; else "" each."""
        reader, column, shown = self.reader, self.reader.columns[at], self.reader.shown[at]
        trainer = reader.trainer
        names: tuple[str, ...] = ()
        if at == 0:
            names = feature_names(trainer)
        elif trainer.program.output in column.arrays:
            names = output_names(trainer)
        fits = len(names) == column.width
        return [plain(names[unit]) if fits else "" for unit in shown]

    def _wires(self) -> list[list[int]]:
        """Return lines between neurons that are one number: column, place, column, place."""
        found = []
        for to in range(len(self.columns)):
            here = {int(unit): k for k, unit in enumerate(self.units[to])}
            for source, there, unit in wires_of(self.reader.columns, to + self.first):
                start = source - self.first
                if start >= 0 and unit in here:
                    places = np.flatnonzero(self.units[start] == there)
                    found += [[start, int(k), to, here[unit]] for k in places]
        return found


def _offset(column: Column) -> int:
    """Return where the gate that is drawn begins in weight and bias."""
    return column.gate * column.width if column.gates else 0


def _true(mask: NDArray[np.bool_]) -> list[int]:
    return np.flatnonzero(mask).tolist()
