"""A net as plain data and small arrays, for a canvas in the browser. Imports panels and the core.

`Net.layout` says what stands where and changes seldom; `Net.frame` has the numbers of the moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError
from nbann.core.render import significant
from nbann.core.trainer import Trainer
from nbann.panels import NetworkDiagram
from nbann.panels.lit import Lit
from nbann.panels.network_layout import Column
from nbann.panels.network_marks import Marks

from . import net_words
from .frames import Frame
from .net_layout import Part
from .net_limits import Limits

EDGES = ("weight", "gradient")
COLUMNS = 14
"""Columns drawn at once; of a deeper net those round the op at hand, under a strip of all."""


class Net:
    """One trainer's net, as a canvas shows it.

    Parameters
    ----------
    trainer : Trainer
    most : int
        Neurons shown of a layer, at least 3; of a wider one the first and the last.
    sample : int
        Which row of the batch the neurons show, from 0; the last one where the batch is shorter.
    edges : {"weight", "gradient"}
        What edges and biases show.

    Attributes
    ----------
    reason : str
        Why this net can not be drawn, in words; empty where it can.
    """

    most: int = 8
    sample: int = 0
    edges: str = "weight"

    def __init__(
        self, trainer: Trainer, *, most: int = 8, sample: int = 0, edges: str = "weight"
    ) -> None:
        self.trainer = trainer
        self.reason = NetworkDiagram().fits(trainer) or ""
        self._version = 0
        self._key: tuple[Any, ...] = ()
        self._layout: dict[str, Any] = {}
        self._limits = Limits(trainer)
        self._reader: Marks | None = None
        self.configure(most=most, sample=sample, edges=edges)
        if not self.reason and len(self.reader.columns) < 2:
            self.reason = (
                "is drawn as layers of neurons with edges between them, which this model has not."
            )

    def configure(
        self, *, most: int | None = None, sample: int | None = None, edges: str | None = None
    ) -> None:
        """Show more or fewer neurons, another sample, or something else along the edges.

        Raises
        ------
        ValueError
            A number out of range, or an unknown name; nothing has changed then.
        """
        if most is not None:
            most = whole_number("most", most, least=3)
        if sample is not None:
            sample = whole_number("sample", sample, least=0, mend="Pass e.g. sample=0.")
        if edges is not None and edges not in EDGES:
            raise UnknownNameError("edges", edges, EDGES)
        self.most = self.most if most is None else most
        self.sample = self.sample if sample is None else sample
        self.edges = self.edges if edges is None else edges
        self._reader = None

    @property
    def reader(self) -> Marks:
        """What knows how the net hangs together and where its numbers are."""
        if self._reader is None:
            self._reader = NetworkDiagram(self.sample, most=self.most).read(self.trainer)
        return self._reader

    # ---- what stands where -----------------------------------------------------------------------
    def layout(self) -> dict[str, Any]:
        """Return what is drawn, as plain data for a synced trait; the same object until it changes.

        "version" : counts its changes, so that a frame can name the layout it belongs to.
        "reason" : why nothing can be drawn, or "". "phases" : of the program.
        "columns" : for each its "title", "names" and "arrays" ("steps" of a recurrent one),
        "width", the "units" shown and the "slots" they stand in, "depth" from the left, the "band",
        "labels", "bias" (a name or "") with its "offset", "layer" (for silencing, or ""), the units
        that are "silenced" and the biases that are "frozen", as places among those shown, "skips"
        (columns a shortcut comes from), "loop".
        "links" : matrices between columns: "from", "to", "weight", whether "turned", "frozen".
        "wires" : what leads on unchanged: column, place, column, place.
        "strip" : of a deep net, the title of every column, and "first", that of `columns`.
        """
        first = 0 if self.reason else self._first()
        key = (self.most, first, self.trainer.restraints, self.trainer.program.phases)
        if key != self._key or not self._layout:
            self._key = key
            self._version += 1
            self._layout = self._laid_out(first)
        return self._layout

    def _first(self) -> int:
        """Return the first column that is drawn: of a deep net, so that the lit ones are there."""
        count = len(self.reader.columns)
        if count <= COLUMNS:
            return 0
        read, written = self.reader.lit
        lit = [i for lit in (written, read) for i in (*lit.nodes, *lit.edges, *lit.biases)]
        middle = lit[0] if lit else 0
        step = COLUMNS // 2  # the window moves by half of itself, so that it seldom does
        return min(max(0, (middle // step) * step - step // 2), count - COLUMNS)

    def _laid_out(self, first: int) -> dict[str, Any]:
        phases = list(self.trainer.program.phases)
        plain = {"version": self._version, "reason": self.reason, "first": first, "phases": phases}
        if self.reason:
            return plain | {"columns": [], "links": [], "wires": [], "strip": [], "chances": False}
        columns = self.reader.columns
        self._part = Part.of(self.reader, first, COLUMNS)
        deep = len(columns) > COLUMNS
        strip = [net_words.title(column) for column in columns] if deep else []
        told = any(name.startswith("loss.") and name.endswith("p") for name in self.trainer.names)
        return plain | self._part.plain() | {"strip": strip, "chances": told}

    # ---- the numbers of the moment ---------------------------------------------------------------
    def frame(self) -> Frame:
        """Return what the canvas shows now.

        Returns
        -------
        (dict, list of bytes)
            Two arrays of float64 (a hover shows the trainer's own number): values and gradients,
            each of the neurons column by column, then of the biases, then of the edges link by
            link, by input and then by neuron. NaN is what the loaded batch has not computed.

            "at" : which array each column shows, with the "index" of the first of its neurons (its
            last number counts on along "shape"); "graded" : the arrays whose gradient is there.
            "sample", "rows", "time". "limits" : of "nodes", "biases", "edges" and the latter two's
            gradients, by column or link. "op", "read", "written" : what is lit, by column (edges by
            link), and "way", 1 forward, -1 backward. "chances" : by column, the probabilities of
            the neurons shown; "dropped" : those that drop out. "loss", "words".
        """
        layout = self.layout()
        if self.reason:
            return {"layout": layout["version"], "words": f"Network {self.reason}"}, []
        self._limits.restart()
        part, arrays = self._part, self.trainer.program.arrays
        numbers = np.full((2, part.size), np.nan)
        values, graded = numbers[0], []
        at, indices = [], []
        for i, column in enumerate(part.columns):
            name = self.reader.array_of(column) or ""
            at.append(name)
            indices.append({"start": [], "shape": [column.width]})
            if name:
                row, indices[-1] = self._row(name, column.width)
                values[part.nodes[i]] = row[part.units[i]]
                self._limits.fit(f"node{i + part.first}", arrays[name])
                if self._is_graded(name):
                    numbers[1, part.nodes[i]] = self._row(f"{name}.grad", column.width)[0][
                        part.units[i]
                    ]
                    graded.append(name)
        for name, spot, take in self._parameters():
            values[spot] = take(arrays[name])
            self._limits.fit(name, arrays[name])
            if self._is_graded(name):
                numbers[1, spot] = take(arrays[f"{name}.grad"])
                self._limits.fit(f"{name}.grad", arrays[f"{name}.grad"])
                graded.append(name)
        known = self.trainer.is_current("loss")
        content = {
            "layout": layout["version"],
            "at": at,
            "index": indices,
            "graded": graded,
            "sample": min(self.sample, len(arrays["x"]) - 1),
            "rows": len(arrays["x"]),
            "time": self.reader.time if self.reader.steps else -1,
            "steps": self.reader.steps,
            "looked_up": [self._looked_up(part.columns[to]) for _, to, _ in part.links],
            "edges": self.edges,
            "dropped": [self._dropped(i) for i in range(len(part.columns))],
            "limits": self._limits.told(part),
            "chances": [self._chances(i) if part.columns[i].arrays else [] for i in part.ends],
            "ends": part.ends,
            "loss": significant(arrays["loss"].item(), 4) if known else "",
            **self._op(part),
        }
        if layout["strip"]:
            content["sizes"] = self._sizes()
        content["words"] = net_words.describe(self, content, values)
        return content, [values.tobytes(), numbers[1].tobytes()]

    def describe(self) -> str:
        """Return in words what is shown now."""
        return str(self.frame()[0]["words"])

    def _row(self, name: str, width: int) -> tuple[NDArray[Any], dict[str, list[int]]]:
        """Return the sample's numbers of an array (of sequences at the time step) and their index.

        The index is that of the first of them; the last axis or axes, of `shape`, go on from there.
        """
        array = self.trainer.program.arrays[name]
        sample = min(self.sample, len(array) - 1)
        row = array[sample]
        if row.size == width:
            return row.ravel(), {"start": [sample], "shape": list(row.shape)}
        time = min(self.reader.time, len(row) - 1)
        one = np.atleast_1d(row[time])
        shape = list(one.shape) if row.ndim > 1 else []
        return one, {"start": [sample, time], "shape": shape}

    def _is_graded(self, name: str) -> bool:
        grad = f"{name}.grad"
        return grad in self.trainer.program.arrays and self.trainer.is_current(grad)

    def _parameters(self) -> Iterator[tuple[str, slice, Any]]:
        """Yield biases and weights: the name, where its numbers stand, what takes those drawn."""
        part, reader = self._part, self.reader
        for i, spot in part.biases:
            column, units = part.columns[i], part.units[i]
            own = units + (column.gate * column.width if column.gates else 0)
            yield str(column.bias), spot, lambda array, own=own: array[own]
        for source, to, spot in part.links:
            column, grid = part.columns[to], part.grid(source, to)

            def take(array: NDArray[Any], column: Column = column, grid: Any = grid) -> Any:
                return reader._part(column, array)[grid].ravel()

            yield str(column.weight), spot, take

    def _looked_up(self, column: Column) -> int:
        """Return which row of a table a layer looks up; -1 where it is none."""
        return int(self._row("x", 1)[0][0]) if column.join == "look up" else -1

    def _dropped(self, i: int) -> list[int]:
        """Return which of a column's neurons shown drop out of this batch, as places."""
        dropped = self.reader.dropped(i + self._part.first)
        return np.flatnonzero(np.isin(self._part.units[i], dropped)).tolist() if dropped else []

    def _chances(self, end: int) -> list[float]:
        """Return the probabilities of a last column's neurons, once the loss has them."""
        chances = self.reader.probabilities(end + self._part.first)
        if chances is None:
            return []
        shown = chances[self._part.units[end]]
        return [float(p) for p in shown] if np.isfinite(shown).all() else []

    def _op(self, part: Part) -> dict[str, Any]:
        op = self.trainer.shown_op
        read, written = (part.places(lit) for lit in self.reader.lit)
        told = {
            "name": op.name,
            "phase": op.phase,
            "layer": op.layer,
            "ran": self.trainer.last_op is not None,
        }
        way = {"backward": -1, "update": 0, "loss": 0}.get(op.phase, _way(*self.reader.lit))
        return {"op": told, "read": read, "written": written, "way": way}

    def _sizes(self) -> list[float | None]:
        """Return how large each layer's numbers are for the batch, on average: for the strip."""
        found: list[float | None] = []
        for column in self.reader.columns:
            name = self.reader.array_of(column)
            size = float(np.abs(self.trainer[name]).mean()) if name else math.nan
            found.append(size if math.isfinite(size) else None)
        return found


def _way(read: Lit, written: Lit) -> int:
    """Return 1 where an op goes from left to right; -1 where it comes back, as in an RBM."""
    edges = read.edges | written.edges
    back = edges and written.nodes and max(written.nodes) < min(edges)
    return -1 if back else 1
