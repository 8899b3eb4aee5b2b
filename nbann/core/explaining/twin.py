"""The forward pass once more, in float64 and apart from the run, to see what a nudge does.

Imports the core's own parts only.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..builder import Builder
from ..expr import Gradient, Symbol
from ..program import Op
from .moment import Moment

if TYPE_CHECKING:
    from ..recipe import Recipe

Place = tuple[int, ...]


class _Apart(Builder):
    """Gives every array memory of its own, so that a nudge is seen by its own readers only.

    Ops whose arrays are one place in memory have no kernel; of arrays apart they have a copy.
    """

    def array(
        self,
        name: str,
        shape: Place,
        symbol: Symbol | Gradient,
        *,
        dtype: np.dtype[np.generic] | None = None,
        same_as: str | None = None,
        view: NDArray[Any] | None = None,
    ) -> str:
        if same_as is not None:
            view = self.program.arrays[same_as]
        if view is not None:
            shape, dtype = view.shape, view.dtype
        super().array(name, shape, symbol, dtype=dtype)
        if view is not None:  # what is remembered before the first time step, say, no op writes
            self.program.arrays[name][...] = view
        return name


class Twin:
    """The forward pass of a moment's batch, from the parameters that it was computed with.

    What was drawn at random, and what a hook has changed, is taken over.

    Parameters
    ----------
    recipe : Recipe
    moment : Moment
    data : iterable of str
        Names of the arrays that hold the batch.

    Raises
    ------
    ValueError
        The parameters that the batch was computed with are not there any more.
    """

    def __init__(self, recipe: Recipe, moment: Moment, data: tuple[str, ...]) -> None:
        self.moment = moment
        exact = replace(recipe, dtype=np.dtype(np.float64))
        state = exact.state()
        self.restraints = exact.restraints
        b = _Apart(state, moment.batch_size, restraints=exact.restraints)
        for name in data:
            symbol = moment.symbols[name]
            assert isinstance(symbol, Symbol)  # data is no gradient
            b.input(name, _exact(moment.arrays[name]), symbol, bound=True)
        b.forward(exact.model)
        b.loss(exact.loss, exact.penalty)
        self.program = b.finish()
        self.arrays = self.program.arrays
        for name in state.persistent.keys() & moment.arrays.keys() | set(state.names()):
            first = next((op for op in self.program if name in op.reads), None)
            if first is not None:
                state.arrays[name][...] = moment.value(moment.ops[first.index], name)
        self.cuts = [op for op in self.program if op._primitive.holds]
        with np.errstate(all="ignore"):
            for op in self.program:
                self._run(op)

    def _run(self, op: Op) -> None:
        if any(name in op.reads for name in op.writes):
            return  # running statistics: nothing of this batch depends on them
        if op.reads:
            for kernel in op.kernels:
                kernel()
        for name in op.writes:
            if not op.reads or name in self.moment.touched:
                self.arrays[name][...] = self.moment.arrays[name]

    def readers(self, name: str) -> list[Op]:
        """Return the ops that pass a gradient back to an array, once for each time they do."""
        return [op for op in self.program for r in op._primitive.passes_back_to if r == name]

    def side(self, name: str, reader: Op) -> frozenset[Op]:
        """Return the ops by which one that passes a gradient back sees an array.

        Normalization passes back what it reads by way of mean and deviation, which pass nothing
        back themselves.
        """
        own = {reader} if name in reader.reads else set()
        for first in self.program:
            if name in first.reads and not first._primitive.passes_back_to:
                changed = set(first.writes)
                for op in self.program.ops[first.index + 1 : reader.index]:
                    silent = not op._primitive.passes_back_to
                    if silent and any(read in changed for read in op.reads):
                        changed.update(op.writes)
                if any(read in changed for read in reader.reads):
                    own.add(first)
        return frozenset(own)

    def downstream(self, name: str, only: frozenset[Op] | None = None) -> list[Op]:
        """Return the ops that see a change of an array, or of what `only` read of it, in order.

        The gradient does not pass where it is cut or held, and so a change does not either.
        """
        changed = {name} if only is None else set()
        found = []
        for op in self.program:
            seen = any(read in changed for read in op.reads) or (only is not None and op in only)
            if seen and op not in self.cuts and not any(w in op.reads for w in op.writes):
                found.append(op)
                changed.update(op.writes)
        return found

    def total(self, losses: tuple[str, ...]) -> float:
        """Return the sum of some losses."""
        return math.fsum(float(self.arrays[name]) for name in losses)

    def changes(
        self,
        name: str,
        at: Place,
        steps: list[float],
        losses: tuple[str, ...],
        only: frozenset[Op] | None = None,
    ) -> Generator[tuple[float, float]]:
        """Yield the losses' sum, an element moved up and down by each step; put all back after."""
        array = self.arrays[name]
        silent = bool(at) and at[-1] in self.restraints.silent(name)
        ops = [] if silent else self.downstream(name, only)  # a silenced neuron tells nobody
        before = float(array[at])

        def loss_at(value: float) -> float:
            array[at] = value
            for op in ops:
                if only is not None:  # the others that read the array see it as it was
                    array[at] = value if op in only else before
                for kernel in op.kernels:
                    kernel()
            return self.total(losses)

        with np.errstate(all="ignore"):
            try:
                for step in steps:
                    high, low = before + step, before - step
                    yield loss_at(high), loss_at(low)
            finally:
                loss_at(before)


def _exact(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype.kind == "f" else array
