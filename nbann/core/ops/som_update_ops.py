"""How the units of a self-organizing map follow; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..expr import (
    Call,
    Equation,
    Expr,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from ..losses.reduction_ops import PassedOver, difference
from ..optimizers.flat import OverVectors, Terms
from ..optimizers.schedule_ops import numbers_of
from ..optimizers.schedules import Schedule
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from ..state import State

Place = tuple[int, ...]
_TWO, _ONE = Number(2.0), Number(1.0)
TABLE = 512
"""Most units of which a step looks distances up; those of more are computed, to spare memory."""


class RadiusOp(PassedOver):
    """``sigma = max(rule, least)``: the radius of this step's neighborhood."""

    verb = "radius"

    def __init__(self, state: State, schedule: Schedule, radius: str, least: float) -> None:
        self.state, self.schedule = state, schedule
        self.radius, self.least = radius, least
        self.reads = (radius, *schedule.reads)  # which is state that it sets anew
        self.writes = (radius,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rule, read = self.schedule.value, numbers_of(self.state)
        least, put = self.least, arrays[self.radius].fill

        def write() -> None:
            put(max(rule(read), least))

        yield write

    def equation(self, symbol: Symbols) -> Equation:
        rule = self.schedule.formula(symbol)
        return Equation(symbol(self.radius), Call("max", (rule, Number(self.least))))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        return Call("max", (self.schedule.formula(entry), Number(self.least)))


class NeighborhoodOp(PassedOver):
    """``h_cu = exp(-r**2 / (2 sigma**2))``, r from c to u on the grid; or 1 within sigma, else 0.

    Parameters
    ----------
    positions : array of shape (units, 2)
        Where the units lie.
    radius : str
    into : str
    winner : str, optional
        Of which sample's unit the neighborhood is; by default that of every unit.
    bubble : bool
        Whether it ends at the radius.
    """

    verb = "neighborhood"

    def __init__(
        self,
        positions: NDArray[np.float64],
        radius: str,
        into: str,
        *,
        winner: str | None,
        bubble: bool,
    ) -> None:
        self.positions, self.radius, self.bubble = positions, radius, bubble
        self.winner = winner
        self.reads = (radius,) if winner is None else (winner, radius)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        radius, near = arrays[self.radius], arrays[self.writes[0]]
        square, scale = np.empty_like(radius), np.empty_like(radius)
        if self.winner is None:
            grid = self._table(near.dtype)
        else:
            grid = np.empty_like(near)
            yield from self._row(arrays[self.winner], grid)
        yield partial(np.multiply, radius, radius, square)
        if self.bubble:
            yield partial(np.less_equal, grid, square, near)
            return
        yield partial(np.divide, np.array(-0.5, near.dtype), square, scale)
        yield partial(np.multiply, grid, scale, near)
        yield partial(np.exp, near, near)

    def _table(self, dtype: np.dtype[np.floating]) -> Floats:
        """Return the squared distances of all pairs of units."""
        gaps = [np.subtract.outer(axis, axis) for axis in self.positions.T]
        table: Floats = (gaps[0] ** 2 + gaps[1] ** 2).astype(dtype)
        return table

    def _row(self, winner: NDArray[np.intp], into: Floats) -> Iterable[Kernel]:
        """Return kernels that write the squared distances of all units from one."""
        if len(self.positions) <= TABLE:
            yield partial(self._table(into.dtype).take, winner, 0, into, "clip")
            return
        axes = np.ascontiguousarray(self.positions.T, into.dtype)
        center, gaps = np.empty((2, 1), into.dtype), np.empty_like(axes)
        yield partial(axes.take, winner, 1, center, "clip")
        yield partial(np.subtract, axes, center, gaps)
        yield partial(np.multiply, gaps, gaps, gaps)
        yield partial(np.add.reduce, gaps, 0, None, into[0])

    def _of(self, squared: Expr, radius: Expr) -> Expr:
        square = Power(radius, _TWO)
        if self.bubble:
            return difference(_ONE, Call("step", (difference(squared, square),)))
        return Call("exp", (Negative(Quotient(squared, Product((_TWO, square)))),))

    def equation(self, symbol: Symbols) -> Equation:
        squared = Power(Symbol("r"), _TWO)
        return Equation(symbol(self.writes[0]), self._of(squared, symbol(self.radius)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        row, unit = at
        if self.winner is not None:
            row = int(entry(self.winner, row).number)
        gap = self.positions[row] - self.positions[unit]
        return self._of(Number(float(gap @ gap)), entry(self.radius))


class FollowOp(OverVectors):
    """``w_u = w_u + learning_rate * h_cu * (x - w_u)``: all units follow, the nearer the more."""

    verb = "update"

    def __init__(self, state: State, weight: str, near: str, gap: str) -> None:
        super().__init__(state, "", ("",), ("learning_rate",))
        self.weight, self.near, self.gap = weight, near, gap
        self.reads = (weight, near, gap, "learning_rate")
        self.writes = (weight,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        weight, near, gap = arrays[self.weight], arrays[self.near], arrays[self.gap]
        strength, step = np.empty_like(near), np.empty_like(gap)
        yield partial(np.multiply, near, self.state.hyper["learning_rate"], strength)
        yield partial(np.multiply, gap, strength.T, step)
        yield partial(np.add, weight, step, weight)

    def formula(self, of: Terms) -> Expr:
        raise NotImplementedError("What the weights follow is no flat vector: see `equation`.")

    def equation(self, symbol: Symbols) -> Equation:
        weight, near, gap, rate = (symbol(name) for name in self.reads)
        return Equation(weight, Sum((weight, Product((rate, near, gap), "o"))))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        near, rate = entry(self.near, 0, at[0]), entry("learning_rate")
        return Sum((entry(name, *at), Product((rate, near, entry(self.gap, *at)))))
