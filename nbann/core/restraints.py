"""What is held back: frozen parameters and silenced neurons, as parts of the ops that they change.

A program is compiled anew with them, op for op the same: nothing is paid where nothing is held, and
the arithmetic of every op says what it does. Imports NumPy and the core's own parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .expr import Equation, Expr, Number, Product
from .optimizers.flat import OverVectors
from .primitive import Primitive
from .program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from .builder import Builder
    from .state import State

TIME = re.compile(r"\.t\d+\.")
EVERY_STEP = ".t*."
"""Stands for all time steps in the name of a silenced array: "rnn1.t*.h"."""

_NONE: NDArray[np.intp] = np.empty(0, np.intp)


@dataclass(frozen=True)
class Restraints:
    """What does not move, and who does not speak.

    Attributes
    ----------
    frozen : frozenset of (str, int)
        Parameters' elements that no update moves: array and place in it, counted along its rows.
    silenced : frozenset of (str, int)
        Neurons whose output is 0: array and column. "rnn1.t*.h" stands for all time steps.
    workers : int
        Over how many workers a batch is divided; 0 where it is computed in one piece. It stands
        here as it does the same: programs are compiled anew with it, and the timeline knows when.
    """

    frozen: frozenset[tuple[str, int]] = frozenset()
    silenced: frozenset[tuple[str, int]] = frozenset()
    workers: int = 0

    def __bool__(self) -> bool:
        return bool(self.frozen or self.silenced or self.workers)

    def changed(self, which: str, pairs: Iterable[tuple[str, int]], *, held: bool) -> Restraints:
        """Return these with some elements added to "frozen" or "silenced", or taken out."""
        before: frozenset[tuple[str, int]] = getattr(self, which)
        after = before | frozenset(pairs) if held else before - frozenset(pairs)
        return replace(self, **{which: after})  # type: ignore[arg-type]  # never `workers`

    def silent(self, array: str) -> NDArray[np.intp]:
        """Return the columns of an array, or of a gradient ("<array>.grad"), that are 0."""
        if not self.silenced:
            return _NONE
        name = TIME.sub(EVERY_STEP, array.removesuffix(".grad"))
        return np.array(sorted(unit for one, unit in self.silenced if one == name), np.intp)

    def held(self, state: State) -> NDArray[np.bool_]:
        """Return which elements of the flat vectors stay as they are."""
        held = np.zeros(state.size, bool)
        start = 0
        for p in state.parameters:
            held[[start + place for name, place in self.frozen if name == p.name]] = True
            start += p.size
        return held

    def over(self, primitive: Primitive, state: State) -> Primitive:
        """Return a primitive as it is under these restraints: mostly the very same."""
        silent = {name: self.silent(name) for name in primitive.writes}
        if any(units.size for units in silent.values()):
            return Silenced(primitive, silent)
        if not self.frozen or not isinstance(primitive, OverVectors):
            return primitive
        moves = primitive.into in state.persistent
        return Held(primitive, state, self.held(state)) if moves else primitive


def bare(primitive: Primitive) -> Primitive:
    """Return a primitive as it is without restraints."""
    return primitive.inner if isinstance(primitive, _Restrained) else primitive


FREE = Restraints()


class _Restrained(Primitive):
    """An op that does what another one does, but for some elements."""

    def __init__(self, inner: Primitive) -> None:
        self.inner = inner
        self.verb, self.reads, self.writes = inner.verb, inner.reads, inner.writes

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return self.inner.passes_back_to

    def equation(self, symbol: Symbols) -> Equation:
        return self.inner.equation(symbol)

    def backward(self, b: Builder) -> None:
        self.inner.backward(b)


class Silenced(_Restrained):
    """``a = 0`` in the columns of silenced neurons; so is their gradient, which ends there."""

    def __init__(self, inner: Primitive, silent: dict[str, NDArray[np.intp]]) -> None:
        super().__init__(inner)
        self.silent = silent

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield from self.inner.kernels(arrays)
        for name, units in self.silent.items():
            if units.size:
                yield partial(arrays[name].__setitem__, (..., units), 0.0)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        inner = self.inner.element(entry, name, at)
        if at[-1] not in self.silent[name]:
            return inner
        silenced = Product((Number(0.0), inner))
        return silenced if silenced.value() == 0 else Number(0.0)  # 0 * inf is no number


class Held(_Restrained):
    """The optimizer's step, after which frozen elements are put back to what they were."""

    def __init__(self, inner: OverVectors, state: State, held: NDArray[np.bool_]) -> None:
        super().__init__(inner)
        self.state, self.held, self.into = state, held, inner.into

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        vector = self.state.vector(self.into)
        before = np.empty_like(vector)
        yield partial(np.copyto, before, vector)
        yield from self.inner.kernels(arrays)
        yield partial(np.copyto, vector, before, where=self.held)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        _, start = self.state.place(name)
        place = start + int(np.ravel_multi_index(at, entry.shape(name)) if at else 0)
        if self.held[place]:
            return entry(name, *at)
        return self.inner.element(entry, name, at)
