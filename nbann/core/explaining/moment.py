"""A program as it stands at one moment, with numbers of its own; imports the core's own parts only.

An explanation is made of the numbers that were there when it was asked for: training may go on, and
what it says stays true of that batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..expr import Gradient
from ..program import Op, Program
from ..state import Array, State


class _Kept:
    """What persists as it was at the start of the batch: what `Program.value` asks a state for."""

    def __init__(self, state: State) -> None:
        self.hyper = frozenset(state.hyper)
        self._kept: dict[str, Array] = {}
        for name in state.arrays:
            kept = state.kept(name) if _persists(state, name) else None
            if kept is not None:
                self._kept[name] = kept.copy()

    def kept(self, name: str) -> Array | None:
        return self._kept.get(name)


def _persists(state: State, name: str) -> bool:
    """Whether an array may have been kept: gradients and what else passes has not."""
    owner = _owner(name, state.names())
    return owner is None or name.removeprefix(owner) in state.persistent


def _owner(name: str, parameters: Iterable[str]) -> str | None:
    return next((p for p in parameters if name == p or name.startswith(p + ".")), None)


class Moment(Program):
    """Copies of all arrays of a program; reads like it, and does not run.

    Attributes
    ----------
    parameters : frozenset of str
        Names of what is trained by gradient.
    """

    def __init__(self, program: Program) -> None:
        self.batch_size = program.batch_size
        self.symbols = program.symbols
        self.ops, self.writer = program.ops, program.writer
        self.kernels = ()
        self.done, self.touched = program.done, dict(program.touched)
        self.changed_by = dict(program.changed_by)
        self.output = program.output
        self.parameters = frozenset(program.state.names())
        self.held = frozenset(program.state.arrays)
        self.arrays = {name: _still(array) for name, array in program.arrays.items()}
        self.state = cast(State, _Kept(program.state))

    # ---- what is what ---------------------------------------------------------------------------
    def owner(self, name: str) -> str | None:
        """Return the parameter that an array belongs to: its gradient, its velocity, ..."""
        while name not in self.parameters:
            name, dot, _ = name.rpartition(".")
            if not dot:
                return None
        return name

    @cached_property
    def gradients(self) -> frozenset[str]:
        """The arrays that hold derivatives of the loss, or sums of them on their way.

        Where a model learns by another rule, what stands for them: "<parameter>.grad".
        """
        found: set[str] = set()
        for op in self.ops:
            if op.phase == "backward":
                derived = any(read in found for read in op.reads)
                found.update(
                    w for w in op.writes if derived or isinstance(self.symbols[w], Gradient)
                )
            elif op.phase != "update":
                named = (w for w in op.writes if w.endswith((".grad", ".data_grad")))
                found.update(w for w in named if self.owner(w))
        return frozenset(found)

    @cached_property
    def deltas(self) -> frozenset[str]:
        """The gradients that a parameter's is computed from: of weighted sums, of scaled ones."""
        found: set[str] = set()
        for op in self.ops:
            if op.phase == "backward" and any(self.owner(name) for name in op.writes):
                reads = (read for read in op.reads if read in self.gradients)
                found.update(read for read in reads if not self.owner(read))
        return frozenset(found)

    @cached_property
    def losses(self) -> tuple[str, ...]:
        """The loss and, where it is a total, what it is the total of."""
        total = self.writer.get("loss")
        parts = total.reads if total is not None and total.name == "loss.total" else ()
        return ("loss", *parts)

    def is_source(self, name: str) -> bool:
        """Whether a gradient comes straight from the loss, not from other gradients."""
        return not any(read in self.gradients for read in self.writer[name].reads)

    def is_before(self, op: Op | None, name: str) -> bool:
        """Whether what an op read is what was there before this batch's update of it."""
        writer = self.writer.get(name)
        if op is None or writer is None or name not in writer.reads:
            return False
        return op.index <= writer.index < self.done

    def kind(self, name: str) -> str:
        """Return what kind of number an array holds; see `Explanation.kind`."""
        writer = self.writer.get(name)
        if name in self.parameters:
            return "parameter"
        if writer is None:
            return "state" if name in self.held else "given"
        if name in self.gradients:
            return "gradient"
        if name in self.losses:
            return "loss"
        if writer.phase == "update" or name in writer.reads:
            return "state"
        return "slope" if writer.phase == "backward" else "activation"

    # ---- what depends on what -------------------------------------------------------------------
    def reads(self, op: Op, name: str) -> list[str]:
        """Return what one of an op's arrays is computed from: of flat vectors its own part."""
        owner = self.owner(name)
        if owner is None or len(op.writes) == 1:
            return list(op.reads)
        return [read for read in op.reads if self.owner(read) in (None, owner)]

    def slice(self, name: str) -> tuple[Op, ...]:
        """Return every op that an array depends on, in order of the program."""
        ops: dict[int, Op] = {}
        seen: set[str] = set()
        asked = [name] if name in self.writer else []
        while asked:
            name = asked.pop()
            if name in seen:
                continue
            seen.add(name)
            op = self.writer[name]
            ops[op.index] = op
            for read in self.reads(op, name):
                writer = self.writer.get(read)
                if writer is not None and writer.index < op.index:
                    asked.append(read)
        return tuple(ops[index] for index in sorted(ops))

    @cached_property
    def elements(self) -> int:
        """How many numbers all arrays hold together."""
        return sum(array.size for array in self.arrays.values())


def _still(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that nothing changes: a copy, or itself where it can not be written to."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    return array.copy() if base.flags.writeable else array
