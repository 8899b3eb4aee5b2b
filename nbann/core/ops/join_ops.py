"""The primitives that part and join arrays along their last axis: gates, directions of time.

Parts of an array are views of it: parting costs nothing, joining is one copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Number, Symbol
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols
from .time_ops import copied, listed

if TYPE_CHECKING:
    from ..builder import Builder


class Split(Primitive):
    """``z -> (z_1, z_2, ...)``: the last axis in parts, which are views of z.

    Parameters
    ----------
    source : str
    parts : sequence of str or None
        In order; None for one that nobody asks for.
    edges : sequence of int
        Where they begin on the last axis, and where the last one ends: (0, 4, 8) for two of 4.
    verb : str
    """

    def __init__(
        self,
        source: str,
        parts: Sequence[str | None],
        edges: Sequence[int],
        verb: str = "split",
    ) -> None:
        self.verb = verb
        self.source = source
        self.parts = tuple(parts)
        self.edges = tuple(edges)
        self.reads = (source,)
        self.writes = tuple(part for part in parts if part is not None)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        whole = arrays[self.source]
        for name, (start, stop) in zip(self.parts, pairwise(self.edges), strict=True):
            if name is not None:
                yield from copied(whole[..., start:stop], arrays[name])

    def equation(self, symbol: Symbols) -> Equation:
        parts = [Symbol("...") if part is None else symbol(part) for part in self.parts]
        return Equation(Call("concatenate", listed(parts)), symbol(self.source))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        start = self.edges[self.parts.index(name)]
        return entry(self.source, *at[:-1], start + at[-1])

    def backward(self, b: Builder) -> None:
        parts = [f"{part}.grad" if part and b.has_gradient(part) else None for part in self.parts]
        b.emit(Concatenate(parts, self.edges, b.gradient(self.source), f"{self.verb}_gradient"))


class Concatenate(Primitive):
    """``(h_1, h_2, ...) -> h``: side by side on the last axis; None stands for zeros.

    Parameters as those of `Split`.
    """

    def __init__(
        self,
        parts: Sequence[str | None],
        edges: Sequence[int],
        into: str,
        verb: str = "concatenate",
    ) -> None:
        self.verb = verb
        self.parts = tuple(parts)
        self.edges = tuple(edges)
        self.reads = tuple(part for part in parts if part is not None)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        whole = arrays[self.writes[0]]
        stretches = [whole[..., start:stop] for start, stop in pairwise(self.edges)]
        parts = tuple(
            np.zeros_like(stretch) if part is None else arrays[part]
            for part, stretch in zip(self.parts, stretches, strict=True)
        )
        yield partial(np.concatenate, parts, -1, whole)

    def equation(self, symbol: Symbols) -> Equation:
        parts = [Number(0.0) if part is None else symbol(part) for part in self.parts]
        return Equation(symbol(self.writes[0]), Call("concatenate", listed(parts)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        number = next(i for i, stop in enumerate(self.edges[1:]) if at[-1] < stop)
        part = self.parts[number]
        return Number(0.0) if part is None else entry(part, *at[:-1], at[-1] - self.edges[number])

    def backward(self, b: Builder) -> None:
        gradient = self.writes[0] + ".grad"
        whole = b.program.arrays[gradient]
        parts = [
            b.gradient(part, view=whole[..., start:stop])
            if part and b.needs_gradient(part)
            else None
            for part, (start, stop) in zip(self.parts, pairwise(self.edges), strict=True)
        ]
        b.emit(Split(gradient, parts, self.edges, f"{self.verb}_gradient"))
