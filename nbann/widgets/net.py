"""A net as plain data and small arrays, for a canvas in the browser. Imports panels and the core.

`Net.layout` says what stands where and changes seldom; `Net.frame` has the numbers of the moment.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError
from nbann.core.program import Op
from nbann.core.render import significant
from nbann.core.trainer import Trainer
from nbann.panels import NetworkDiagram
from nbann.panels.lit import Lit, lit_by
from nbann.panels.network_layout import Column, columns_of
from nbann.panels.scale import Limit

from . import net_words
from .frames import Frame
from .net_layout import Part, held_by, part_of

EDGES = ("weight", "gradient")
COLUMNS = 14
"""Columns drawn at once; of a deeper net those round the op at hand, above a strip of all."""

Places = dict[str, list[int]]


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

    def __init__(
        self, trainer: Trainer, *, most: int = 8, sample: int = 0, edges: str = "weight"
    ) -> None:
        self.trainer = trainer
        self.reason = NetworkDiagram().fits(trainer) or ""
        self.columns: list[Column] = [] if self.reason else columns_of(trainer)
        self._version = 0
        self._key: tuple[Any, ...] = ()
        self._layout: dict[str, Any] = {}
        self._lit: dict[tuple[Any, ...], tuple[Lit, Lit]] = {}
        self._limits: dict[str, Limit] = {}
        self._seen: tuple[Any, ...] = ((0, 0, 0), 0)
        self.configure(most=most, sample=sample, edges=edges)

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

    most: int = 8
    sample: int = 0
    edges: str = "weight"

    # ---- what stands where -----------------------------------------------------------------------
    def layout(self) -> dict[str, Any]:
        """Return what is drawn, as plain data for a synced trait; the same object until it changes.

        "version" : counts its changes, so that a frame can name the layout it belongs to.
        "reason" : why nothing can be drawn, or "".
        "columns" : for each its "title", "names" and "arrays", "width", the "units" shown and the
        "slots" they stand in, "labels", "bias" (a name or ""), "layer" (for silencing, or ""),
        the units that are "silenced" and the biases that are "frozen", as places among those shown.
        "links" : matrices between columns: "from", "to", "weight", whether "turned", "frozen".
        "strip" : of a deep net, the title of every column, and "first", that of `columns`.
        """
        key = (self.most, self._first(), self.trainer.restraints)
        if key != self._key or not self._layout:
            self._key = key
            self._version += 1
            self._layout = self._laid_out(key[1])
        return self._layout

    def _first(self) -> int:
        """Return the first column that is drawn: of a deep net, so that the lit ones are there."""
        count = len(self.columns)
        if count <= COLUMNS:
            return 0
        read, written = self._lit_by(self.trainer.shown_op)
        lit = [i for lit in (written, read) for i in (*lit.nodes, *lit.edges, *lit.biases)]
        middle = lit[0] if lit else 0
        step = COLUMNS // 2  # the window moves by half of itself, so that it seldom does
        return min(max(0, (middle // step) * step - step // 2), count - COLUMNS)

    def _laid_out(self, first: int) -> dict[str, Any]:
        plain: dict[str, Any] = {"version": self._version, "reason": self.reason, "first": first}
        drawn = self.columns[first : first + COLUMNS]
        self._part: Part = part_of(self.trainer, self.columns, drawn, first, self.most)
        held = held_by(self.trainer.restraints, self._part)
        deep = len(self.columns) > COLUMNS
        plain["phases"] = list(self.trainer.program.phases)
        plain["strip"] = [net_words.title(c) for c in self.columns] if deep else []
        return plain | held

    # ---- the numbers of the moment ---------------------------------------------------------------
    def frame(self) -> Frame:
        """Return what the canvas shows now.

        Returns
        -------
        (dict, list of bytes)
            Two arrays of float64 (a hover shows the trainer's own number): values and gradients,
            each of the neurons column by column, then of the biases, then of the edges link by
            link, by input and then by neuron. NaN is what the loaded batch has not computed.

            "at" : which array each column shows; "graded" : the arrays whose gradient is there.
            "sample", "rows". "limits" : of "nodes", "biases",
            "edges" and the latter two's "gradients", by column or link. "op", "read", "written" :
            what is lit, by column (edges by link), and "way", 1 forward, -1 backward. "chances" :
            the probabilities of the outputs shown. "loss", "words".
        """
        layout = self.layout()
        if self.reason:
            return {"layout": layout["version"], "words": f"Network: {self.reason}"}, []
        self._restart()
        part, trainer = self._part, self.trainer
        arrays, current = trainer.program.arrays, trainer.is_current
        values, gradients = np.full((2, part.size), np.nan)
        at, graded, row = [], [], 0
        for i, (column, spot) in enumerate(zip(part.columns, part.nodes, strict=True)):
            name = next((n for n in reversed(column.arrays) if current(n)), "")
            at.append(name)
            if name:
                array = arrays[name]
                row = min(self.sample, len(array) - 1)
                values[spot] = array[row][part.units[i]]
                self._fit(f"node{i}", array)
                if (grad := arrays.get(f"{name}.grad")) is not None and current(f"{name}.grad"):
                    gradients[spot] = grad[row][part.units[i]]
                    graded.append(name)
        for name, spot, index, turned in part.parameters:
            array = arrays[name]
            values[spot] = (array.T if turned else array)[index].ravel()
            self._fit(name, array)
            if (grad := arrays.get(f"{name}.grad")) is not None and current(f"{name}.grad"):
                gradients[spot] = (grad.T if turned else grad)[index].ravel()
                self._fit(f"{name}.grad", grad)
                graded.append(name)
        content = {
            "layout": layout["version"],
            "at": at,
            "graded": graded,
            "sample": row,
            "rows": len(arrays["x"]),
            "edges": self.edges,
            "limits": self._limits_of(part),
            "chances": self._chances(part, row),
            "outputs": part.has_outputs and "loss.p" in arrays,
            "loss": significant(arrays["loss"].item(), 4) if current("loss") else "",
            **self._op(part),
        }
        content["words"] = net_words.describe(self, content, values)
        if layout["strip"]:
            content["sizes"] = self._sizes()
        return content, [values.tobytes(), gradients.tobytes()]

    def describe(self) -> str:
        """Return in words what is shown now."""
        return str(self.frame()[0]["words"])

    def _restart(self) -> None:
        """Let limits that have grown go, if the run has gone back or to another branch."""
        position, line = self.trainer.position, self.trainer.timeline.number
        if position < self._seen[0] or line != self._seen[1]:
            self._limits.clear()
        self._seen = (position, line)

    def _fit(self, key: str, array: NDArray[Any]) -> None:
        self._limits.setdefault(key, Limit()).fit(extent(array))

    def _limits_of(self, part: Part) -> dict[str, list[float]]:
        def of(*keys: str) -> list[float]:
            return [self._limits[k].value if k in self._limits else 1.0 for k in keys]

        biases, weights = part.biases, part.weights
        return {
            "nodes": of(*(f"node{i}" for i in range(len(part.columns)))),
            "biases": of(*biases),
            "edges": of(*weights),
            "bias_gradients": of(*(f"{n}.grad" for n in biases)),
            "edge_gradients": of(*(f"{n}.grad" for n in weights)),
        }

    def _chances(self, part: Part, row: int) -> list[float]:
        """Return the probabilities of the outputs that are shown, once the loss has them."""
        trainer = self.trainer
        if not part.has_outputs or "loss.p" not in trainer.program.arrays:
            return []
        if not trainer.is_current("loss.p"):
            return []
        chances = trainer["loss.p"][row][part.units[-1]]
        return [float(p) for p in chances] if np.isfinite(chances).all() else []

    def _lit_by(self, op: Op) -> tuple[Lit, Lit]:
        key = (op.phase, op.name, op.reads, op.writes)
        if key not in self._lit:
            self._lit[key] = lit_by(op, self.columns)
        return self._lit[key]

    def _op(self, part: Part) -> dict[str, Any]:
        op = self.trainer.shown_op
        read, written = (part.places(lit) for lit in self._lit_by(op))
        ran = self.trainer.last_op is not None
        told = {"name": op.name, "phase": op.phase, "layer": op.layer, "ran": ran}
        way = {"backward": -1, "update": 0, "loss": 0}.get(op.phase, 1)
        return {"op": told, "read": read, "written": written, "way": way}

    def _sizes(self) -> list[float | None]:
        """Return how large each layer's numbers are for the batch, on average: for the strip."""
        found: list[float | None] = []
        for column in self.columns:
            name = next((n for n in reversed(column.arrays) if self.trainer.is_current(n)), "")
            size = float(np.abs(self.trainer[name]).mean()) if name else math.nan
            found.append(size if math.isfinite(size) else None)
        return found


def extent(array: NDArray[Any]) -> float:
    """Return the largest size among the finite numbers of an array, 0 where there is none."""
    if not array.size:
        return 0.0
    size = max(float(array.max()), -float(array.min()))
    if math.isfinite(size):
        return size
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0
