"""What an update will do that has not run yet; imports the core's own parts only."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..expr import Entry, Equation
from ..program import Op, Reader
from .moment import Moment


class _NotYetError(LookupError):
    """Something the update depends on has not been computed in this batch."""


class _Foresight(Reader):
    """Reads what an op of the update will read: what its forerunners have yet to write, too."""

    def __init__(self, moment: Moment, op: Op) -> None:
        super().__init__(moment, op)
        self._moment, self._at = moment, op

    def _to_come(self, name: str) -> Op | None:
        """Return the op that is yet to write an array before it is read."""
        writer = self._moment.writer.get(name)
        if writer is None or not self._moment.done <= writer.index < self._at.index:
            return None
        if writer.phase != "update":
            raise _NotYetError(name)
        return writer

    def __call__(self, name: str, *at: int) -> Entry:
        writer = self._to_come(name)
        if writer is None:
            return super().__call__(name, *at)
        right = writer._primitive.element(_Foresight(self._moment, writer), name, at)
        return Entry(name, at, self._moment.symbols[name], right.value())

    def array(self, name: str) -> NDArray[Any]:
        if self._to_come(name) is not None:
            raise _NotYetError(name)
        return super().array(name)


def foreseen(moment: Moment, name: str, at: tuple[int, ...]) -> Equation | None:
    """Return the update that an element will get; None where its gradient is not there yet."""
    op = moment.writer[name]
    try:
        right = op._primitive.element(_Foresight(moment, op), name, at)
        return Equation(Entry(name, at, moment.symbols[name], right.value()), right)
    except _NotYetError:
        return None
