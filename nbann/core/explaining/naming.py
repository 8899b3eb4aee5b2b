"""Says where an element is and what a row is called; imports the core's own parts only."""

from __future__ import annotations

from dataclasses import dataclass

from ..expr import Entry, Expr
from ..render import Text
from .linear import entries, size
from .moment import Moment

SHORT = 3
"""Elements in a term that is called by its arithmetic, not by one of them."""


@dataclass(frozen=True, slots=True)
class Where:
    """Row of the batch, time step, place in its layer, and layer of an element."""

    sample: int | None = None
    step: int | None = None
    neuron: int | None = None
    layer: str = ""


class Naming:
    """Names the parts of what is explained at one moment."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self._names = Text(numbers=False)
        self._homes: dict[str, tuple[str, int | None, bool]] = {}

    def where(self, name: str, index: tuple[int, ...]) -> Where:
        """Return where an element is; of a gradient, where that is what it belongs to."""
        if not name:
            return Where()
        if name not in self._homes:
            self._homes[name] = self._home(name)
        layer, step, of_batch = self._homes[name]
        if not of_batch or not index:
            return Where(layer=layer, step=step)
        if step is None and len(index) == 3:
            step = index[1]
        return Where(index[0], step, index[-1] if len(index) > 1 else None, layer)

    def _home(self, name: str) -> tuple[str, int | None, bool]:
        moment = self.moment
        base = name.rpartition(".grad")[0] if name in moment.gradients else name
        op = moment.writer.get(base) or moment.writer.get(name)
        layer, step = ("", None) if op is None else (op.layer, op.time)
        shape = moment.arrays[name].shape
        of_batch = name not in moment.held and moment.owner(name) is None
        return layer, step, of_batch and bool(shape) and shape[0] == moment.batch_size

    # ---- labels ---------------------------------------------------------------------------------
    def gradient_label(self, of: Entry, where: Where) -> str:
        """Return what a gradient is called among those that make up another."""
        time = "" if where.step is None else f", step {where.step}"
        if self.moment.owner(of.name) is not None and where.sample is not None:
            return f"sample {where.sample}{time}"
        mine = self.where(of.name, of.index)
        neuron = where.layer if where.neuron is None else f"{where.layer} neuron {where.neuron}"
        other = where.sample not in (None, mine.sample)
        return f"{neuron}{time}, sample {where.sample}" if other else f"{neuron}{time}"

    def plain_label(self, of: Entry, kind: str, expression: Expr, where: Where) -> str:
        """Return what any other term is called."""
        if kind == "loss" and where.sample is not None:
            step = "" if where.step is None else f", step {where.step}"
            main = self.main_entry(expression, kind)
            several = main is not None and self.moment.arrays[main.name].shape[-1] > 1
            of_several = several and where.neuron is not None
            return f"sample {where.sample}{step}" + f", output {where.neuron}" * of_several
        if kind == "gradient" and self.moment.owner(of.name) is not None:
            names = {entry.name for entry in entries(expression)}
            if not names or names & self.moment.parameters:
                return "penalty"
        if size(expression, SHORT + 1) <= SHORT:
            return self._names.expression(expression)
        main = self.main_entry(expression, kind)
        return "..." if main is None else f"with {self._names.entry(main)}"

    def main_entry(self, expression: Expr, kind: str) -> Entry | None:
        """Return the element that a term opens into: the one that tells most of it."""
        found = list(entries(expression))
        return min(found, key=lambda entry: self._rank(entry.name, kind), default=None)

    def _rank(self, name: str, kind: str) -> int:
        moment = self.moment
        writer = moment.writer.get(name)
        if name in moment.gradients:
            return 0
        if name in moment.parameters:
            return 3
        if moment.owner(name) is not None:  # a velocity, a moment
            return 1
        if writer is None:
            return 5 if name in moment.held else 4
        return 4 if writer.phase == "update" else 2
