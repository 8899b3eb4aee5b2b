"""The largest numbers that led to one that is not finite; NumPy and the core's own parts only."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .autopsy_record import Largest
from .expr import Entry, Equation, Expr
from .program import Op, Program
from .state import Snapshot, State

ROWS = 8
"""Arrays that are shown on the way to the number."""


def before(state: State, name: str) -> NDArray[np.floating]:
    """Return a parameter as it was at the start of the batch, if that was kept."""
    kept = state.kept(name)
    return state.arrays[name] if kept is None else kept


class Growth:
    """How many times larger the parameters are than some batches before."""

    def __init__(self, state: State, earlier: Snapshot | None) -> None:
        self._state = state
        self._earlier: dict[str, NDArray[np.floating]] = {}
        start = 0
        for p in state.parameters if earlier is not None and "" in earlier.arrays else ():
            assert earlier is not None
            self._earlier[p.name] = earlier.arrays[""][start : start + p.size]
            start += p.size

    def of(self, name: str) -> float | None:
        """Return the growth of a parameter; None of anything else, and where it is not known."""
        if name not in self._earlier:
            return None
        then = float(np.abs(self._earlier[name]).max(initial=0.0))
        now = float(np.abs(before(self._state, name)).max(initial=0.0))
        return now / then if then > 0 else None


def rows_of(
    program: Program, op: Op, equation: Equation | None, growth: Growth
) -> Iterator[Largest]:
    """Yield what led to the number: what it was computed from, then what that was computed from.

    Where there is a choice of how to go on back, it is to the largest number.
    """
    nearest = op.reads if equation is None else _entries(equation.right) or op.reads
    seen: set[str] = set()
    queue: list[tuple[float, int]] = []  # the largest first; then the place of who wrote it

    def look_at(reader: Op, names: Sequence[str]) -> Iterator[Largest]:
        for name in names:
            row = None if name in seen else _row(program, reader, name, growth)
            seen.add(name)
            if row is None:
                continue
            yield row
            writer = program.writer.get(name)
            if writer is not None and writer.index < reader.index:
                heapq.heappush(queue, (-abs(row.value), writer.index))

    rows = list(look_at(op, nearest))
    yield from rows[:ROWS]
    shown = len(rows)
    while queue and shown < ROWS:
        writer = program.ops[heapq.heappop(queue)[1]]
        for row in look_at(writer, writer.reads):
            if shown < ROWS:
                yield row
            shown += 1


def _row(program: Program, reader: Op, name: str, growth: Growth) -> Largest | None:
    try:
        array = program.value(reader, name)
    except ValueError:
        return None
    if not array.size or array.dtype.kind != "f":
        return None
    sizes = np.nan_to_num(np.abs(array), nan=np.inf, posinf=np.inf)  # NaN is worst of all
    place = np.unravel_index(int(sizes.argmax()), array.shape)
    index = tuple(int(i) for i in place)
    return Largest(name, _layer(program, name), float(array[index]), index, growth.of(name))


def _layer(program: Program, name: str) -> str:
    if name in program.state.names():
        return name.rpartition(".")[0]
    if name in program.state.hyper:
        return "setting"
    writer = program.writer.get(name)
    return "data" if writer is None else writer.layer


def _entries(node: Expr) -> tuple[str, ...]:
    """Return the names of the arrays that an element's arithmetic reads, in order."""
    if isinstance(node, Entry):
        return (node.name,)
    found: list[str] = []
    for field in getattr(type(node), "__dataclass_fields__", {}):
        value = getattr(node, field)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expr):
                found += _entries(part)
    return tuple(dict.fromkeys(found))
