"""What a network picture reads off the trainer: values, weights, marks; imports the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, bad_value
from ..core.layers.embedding import Embedding
from ..core.models.heads import Heads
from ..core.models.hopfield import Hopfield
from ..core.models.hopfield_recall import HopfieldRecall
from ..core.models.som import SOM
from .base import Panel
from .lit import Lit, lit_by
from .network_layout import Column, columns_of, folded
from .network_places import Lanes

if TYPE_CHECKING:
    from ..core.program import Op
    from ..core.trainer import Trainer

Floats = NDArray[np.float64]
INSIDE = ("number", "bar", "heatmap")
EDGES = ("weight", "gradient")
DEEP = 13
"""Columns beyond which a net is drawn as a strip."""


class Reading(Panel):
    """The part of `NetworkDiagram` that knows what there is to show, and draws nothing."""

    columns: list[Column]

    def __init__(
        self,
        sample: int = 0,
        *,
        most: int = 8,
        inside: Literal["number", "bar", "heatmap"] = "number",
        edges: Literal["weight", "gradient"] = "weight",
        time: int | None = None,
    ) -> None:
        super().__init__()
        self.sample = whole_number("sample", sample, least=0, mend="Pass e.g. sample=0.")
        self.most = whole_number("most", most, least=3)
        for what, word, words in (("inside", inside, INSIDE), ("edges", edges, EDGES)):
            if word not in words:
                raise UnknownNameError(what, word, words)
        self.inside, self.edges = inside, edges
        mend = "Pass e.g. time=0, or None for that of the op."
        self._time = None if time is None else whole_number("time", time, least=0, mend=mend)

    def __repr__(self) -> str:
        given = [f"sample={self.sample}"] if self.sample else []
        given += [f"inside={self.inside!r}"] if self.inside != "number" else []
        given += [f"edges={self.edges!r}"] if self.edges != "weight" else []
        given += [f"time={self._time}"] if self._time is not None else []
        return f"NetworkDiagram({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for layers of neurons and for machines that have a picture; else why not."""
        if isinstance(trainer.model, (Hopfield, HopfieldRecall, SOM)):
            return None
        columns = columns_of(trainer)
        if len(columns) < 2 and not any(trainer.model.leaves()):
            return "draws layers of neurons, of which this model is not made."
        for name, shape in ((a, trainer[a].shape) for c in columns for a in c.arrays):
            if len(shape) > 3 and name != "x":
                return (
                    "draws a row of neurons for a sample, or for each step of a sequence; "
                    f"{name!r} has the shape {shape[1:]} for a sample."
                )
        return None

    # ---- what there is ---------------------------------------------------------------------------
    def _bind(self) -> None:
        trainer = self.trainer
        self.columns = columns_of(trainer)
        self.lanes = Lanes(
            [c.depth for c in self.columns],
            [c.sources for c in self.columns],
            self._heads(),
        )
        self.shown, self._slots = (
            list(part)
            for part in zip(
                *(
                    folded(c.width, most)
                    for c, most in zip(self.columns, self._most_of_each(), strict=True)
                ),
                strict=True,
            )
        )
        self._weighted = [i for i, c in enumerate(self.columns) if c.weight]
        self._biased = [i for i, c in enumerate(self.columns) if c.bias]
        read = {source for c in self.columns for source in c.sources}
        self.ends = [i for i in range(len(self.columns)) if i not in read]
        x = trainer["x"]
        first = next((layer for _, layer in trainer.model.leaves()), None)
        self.reads_things = isinstance(first, Embedding)
        sequences = x.ndim == 3 and self.columns[0].width == x.shape[2]
        self.steps = x.shape[1] if sequences or self.reads_things else 0
        if self._time is not None and self._time >= max(self.steps, 1):
            have = f"a time step below {self.steps}" if self.steps else "None: no sequences here"
            raise bad_value("time", have, self._time, "Leave it out for that of the op.")
        self._lit_of: tuple[Op | None, tuple[Lit, Lit]] = (None, (Lit(), Lit()))

    def _heads(self) -> list[str]:
        """Return the head that each column is a part of, "" for those of all."""
        if not isinstance(self.trainer.model, Heads):
            return [""] * len(self.columns)
        heads = self.trainer.model.heads
        first = [column.lane.partition(".")[0] for column in self.columns]
        return [head if head in heads else "" for head in first]

    def _most_of_each(self) -> list[int]:
        """Return how many neurons of each column are shown: fewer where they share the height."""
        bands = len({band for band in self.lanes.bands if band}) or 1
        keys = list(zip(self.lanes.bands, self.lanes.depths, strict=True))
        shared = [keys.count(key) * (bands if key[0] else 1) for key in keys]
        return [max(3, self.most // count) for count in shared]

    @property
    def deep(self) -> bool:
        """Whether the net is drawn as a strip."""
        return max(self.lanes.depths) + 1 > DEEP

    @property
    def op(self) -> Op:
        """The op that is lit: the one that ran last, else the next."""
        return self.trainer.shown_op

    @property
    def lit(self) -> tuple[Lit, Lit]:
        """Places that the op reads, and those that it writes."""
        if self._lit_of[0] is not self.op:
            self._lit_of = (self.op, lit_by(self.op, self.columns))
        return self._lit_of[1]

    @property
    def time(self) -> int:
        """The time step that is shown: the one asked for, else that of the op, or the last one."""
        if self._time is not None or not self.steps:
            return self._time or 0
        program = self.trainer.program
        for index in range(self.op.index, -1, -1):
            time = program[index].time
            if time is not None:
                return time
        return 0

    # ---- values ----------------------------------------------------------------------------------
    def names_at(self, column: Column) -> tuple[str, ...]:
        """Return a column's arrays in order; of a recurrent layer those of the time step."""
        if not column.steps:
            return column.arrays
        time = self.time
        steps = tuple(name.replace(".t*.", f".t{time}.") for name in column.steps)
        end = 0 if column.reverse else self.steps - 1
        whole = self.trainer[column.arrays[0]].ndim == 3 or time == end
        return (*steps, *column.arrays) if whole else steps

    def array_of(self, column: Column) -> str | None:
        """Return the newest array of a column that belongs to the loaded batch, if any does."""
        names = reversed(self.names_at(column))
        return next((name for name in names if self.trainer.is_current(name)), None)

    def row(self, name: str) -> Floats:
        """Return the shown sample's row of an array."""
        array = self.trainer[name]
        return np.asarray(array[min(self.sample, len(array) - 1)], float)

    def values(self, column: Column) -> Floats:
        """Return one value a neuron for the sample; NaN where nothing current is there."""
        name = self.array_of(column)
        return np.full(column.width, np.nan) if name is None else self._of_step(name, column.width)

    def _of_step(self, name: str, width: int) -> Floats:
        """Return the sample's row of an array, of sequences at the time step."""
        row = self.row(name)
        if row.size == width:
            return row.ravel()
        time = min(self.time, len(row) - 1)
        return np.atleast_1d(row[time])

    # ---- weights ---------------------------------------------------------------------------------
    def matrix(self, i: int, *, gradient: bool | None = None) -> Floats:
        """Return what the edges into a column show, (inputs, neurons); NaN where nothing is known.

        Of a layer with gates those of one gate, of a table the row that is looked up.
        """
        column = self.columns[i]
        assert column.weight is not None
        gradient = self.edges == "gradient" if gradient is None else gradient
        name = f"{column.weight}.grad" if gradient else column.weight
        array = self.trainer[name]
        if gradient and not self.trainer.is_current(name):
            array = np.full(array.shape, np.nan)
        return self._part(column, array)

    def _part(self, column: Column, array: NDArray) -> NDArray:
        """Return the part of a weight (or a mask over it) that leads to the neurons drawn."""
        if column.join == "look up":
            index = self._of_step("x", 1)[0]
            return array[int(index)][None, :]
        array = array.T if column.turned else array
        return array[..., self._gate(column)] if column.gates else array

    def _gate(self, column: Column) -> slice:
        return slice(column.gate * column.width, (column.gate + 1) * column.width)

    def bias(self, i: int) -> Floats:
        """Return the biases of a column's neurons."""
        column = self.columns[i]
        assert column.bias is not None
        array = self.trainer[column.bias]
        return array[self._gate(column)] if column.gates else array

    # ---- the end ---------------------------------------------------------------------------------
    def probabilities(self, i: int | None = None) -> Floats | None:
        """Return the sample's class probabilities if the loss has computed them in this batch.

        Parameters
        ----------
        i : int, optional
            Of which column, where a net has several heads.
        """
        i = self.ends[-1] if i is None else i
        column = self.columns[i]
        head = self.lanes.bands[i]
        name = f"loss.{head}.p" if head else "loss.p"
        if name not in self.trainer.names or not self.trainer.is_current(name):
            return None
        array = self.trainer[name]
        fits = array.ndim > 1 and array.shape[-1] == column.width
        return self._of_step(name, column.width) if fits else None
