"""Rows that are made of those of a source, block by block; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .source import Array, At, RowSource


class Picked(RowSource):
    """Some rows of another source, in any order."""

    def __init__(self, source: RowSource, rows: At) -> None:
        self._source = source
        if isinstance(rows, slice):
            count = rows.stop - rows.start
        else:
            count = len(rows)
            if len(source) < 2**31:
                rows = rows.astype(np.int32)
        self._rows = rows
        self.shape, self.dtype = (count, *source.shape[1:]), source.dtype

    def read(self, rows: At) -> Array:
        mine = self._rows
        if isinstance(mine, slice):
            if isinstance(rows, slice):
                return self._source.read(slice(mine.start + rows.start, mine.start + rows.stop))
            return self._source.read(rows + mine.start)
        return self._source.read(mine[rows])


class Made(RowSource):
    """What a function makes of the rows of another source, row by row."""

    def __init__(self, source: RowSource, function: Callable[[Array], Array]) -> None:
        self.source, self._function = source, function
        first = function(source.read(slice(0, 1)))
        self.shape, self.dtype = (len(source), *first.shape[1:]), first.dtype
        self.whole, self.steady = source.whole, source.steady

    def read(self, rows: At) -> Array:
        block = self.source.read(rows)
        try:
            return self._function(block)
        except ValueError:
            self.source.blame(rows, self._function)
            raise

    def made_by(self, *arguments: object) -> bool:
        """Whether its function is one that these were bound to."""
        bound = getattr(self._function, "args", ())
        return len(bound) == len(arguments) and all(
            one is other for one, other in zip(bound, arguments, strict=True)
        )


class Narrow(RowSource):
    """Small whole numbers, one a row, held in memory in one or two bytes each.

    A call to the system for each label of a batch would take as long as one for each row of X.
    """

    def __init__(self, held: Array, dtype: np.dtype[Any]) -> None:
        self._held = held
        self.shape, self.dtype = held.shape, dtype

    def read(self, rows: At) -> Array:
        return self._held[rows].astype(self.dtype)


def narrowed(source: RowSource) -> RowSource:
    """Return labels that fit one or two bytes as `Narrow`, anything else as it is."""
    if source.ndim != 1 or source.dtype.kind not in "iub" or not source.steady:
        return source
    low = min(int(block.min()) for _, block in source.blocks())
    high = max(int(block.max()) for _, block in source.blocks())
    kinds: tuple[Any, ...] = (np.uint8, np.int16)
    for dtype in kinds:
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            held = np.empty(len(source), dtype)
            for start, block in source.blocks():
                held[start : start + len(block)] = block
            return Narrow(held, source.dtype)
    return source


class Together:
    """Several arrays that a function makes of the same rows, such as labels and one-hot rows.

    Parameters
    ----------
    sources : sequence of source, array or None
        Of as many rows each; the function is given the rows of each, or None.
    function : callable
        Returns a dict of arrays, row by row.
    """

    def __init__(
        self,
        sources: Sequence[RowSource | Array | None],
        function: Callable[..., dict[str, Array]],
    ) -> None:
        self._sources, self._function = tuple(sources), function
        self.steady = all(one.steady for one in sources if isinstance(one, RowSource))
        self._last: At | None = None
        self._made: dict[str, Array] = {}

    def read(self, rows: At) -> dict[str, Array]:
        """Return the arrays of some rows; those asked for last are still there."""
        last = self._last
        again = rows is last or (isinstance(rows, slice) and isinstance(last, slice))
        if not again or (rows is not last and rows != last):
            parts = [
                one if one is None else one.read(rows) if isinstance(one, RowSource) else one[rows]
                for one in self._sources
            ]
            try:
                self._made, self._last = self._function(*parts), rows
            except ValueError:
                for one in self._sources:
                    if isinstance(one, RowSource):
                        one.blame(rows, partial(self._function_of, one))
                raise
        return self._made

    def _function_of(self, source: RowSource, block: Array) -> object:
        """Call the function with rows of one of the sources, and nothing of the others."""
        return self._function(*(block if one is source else None for one in self._sources))

    def parts(self, count: int) -> dict[str, RowSource]:
        """Return each of the arrays, of `count` rows, as a source of its own."""
        first = self.read(slice(0, 1))
        return {name: _Part(self, name, count, array) for name, array in first.items()}


class _Part(RowSource):
    """One of the arrays that are made together."""

    def __init__(self, whole: Together, name: str, count: int, first: Array) -> None:
        self._whole, self._name = whole, name
        self.shape, self.dtype = (count, *first.shape[1:]), first.dtype
        self.steady = whole.steady

    def read(self, rows: At) -> Array:
        return self._whole.read(rows)[self._name]
