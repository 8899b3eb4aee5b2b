"""How associative memories recall: fields, states that follow their signs, and the energy.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum, Transpose
from ..losses.reduction_ops import PassedOver, difference
from ..program import Arrays, Kernel, Reader, Symbols

Place = tuple[int, ...]
_TWO = Number(2.0)


class FieldOp(PassedOver):
    """``h = s @ W``, or ``h = s @ W.T``: what all others together urge each unit to be."""

    def __init__(
        self, s: str, weight: str, into: str, *, transposed: bool = False, verb: str = "field"
    ) -> None:
        self.s, self.weight, self.transposed, self.verb = s, weight, transposed, verb
        self.reads = (s, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        s, weight = arrays[self.s], arrays[self.weight]
        yield partial(s.dot, weight.T if self.transposed else weight, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        weight: Expr = symbol(self.weight)
        right = Product((symbol(self.s), Transpose(weight) if self.transposed else weight), "@")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        *row, unit = at
        terms = []
        for k in range(entry.shape(self.s)[-1]):
            way = (unit, k) if self.transposed else (k, unit)
            terms.append(Product((entry(self.s, *row, k), entry(self.weight, *way))))
        return Sum(tuple(terms))


class UnitFieldOp(PassedOver):
    """``h_u = sum_k W_uk s_k`` of the units u that are asked in this step."""

    verb = "field"

    def __init__(self, units: str, weight: str, state: str, into: str) -> None:
        self.units, self.weight, self.state = units, weight, state
        self.reads = (units, weight, state)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        units, weight = arrays[self.units].reshape(-1), arrays[self.weight]
        rows = np.empty((len(units), len(weight)), weight.dtype)
        yield partial(weight.take, units, 0, rows, "clip")  # the trainer has checked the numbers
        yield partial(rows.dot, arrays[self.state], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        right = Product((symbol(self.weight), symbol(self.state)), "@")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        unit = int(entry(self.units, at[0], 0).number)
        others = range(entry.shape(self.state)[0])
        return Sum(
            tuple(Product((entry(self.weight, unit, k), entry(self.state, k))) for k in others)
        )


class SignOp(PassedOver):
    """``s = sgn(h)``; where h = 0 a unit stays as it is in `before`, or without one is 0.

    Without `into` the states `before` are written themselves.
    """

    def __init__(
        self, field: str, before: str | None, into: str | None = None, verb: str = "state"
    ) -> None:
        self.field, self.before, self.verb = field, before, verb
        target = before if into is None else into
        assert target is not None
        self.reads = (field,) if before is None else (field, before)
        self.writes = (target,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        field, state = arrays[self.field], arrays[self.writes[0]]
        if self.before is None:
            yield partial(np.sign, field, state)
            return
        decided, sign = np.empty(field.shape, bool), np.empty_like(field)
        yield partial(np.not_equal, field, np.zeros_like(field), decided)
        yield partial(np.sign, field, sign)
        if self.before != self.writes[0]:
            yield partial(np.copyto, state, arrays[self.before])
        yield partial(np.copyto, state, sign, where=decided)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("sign", (symbol(self.field),)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        field = entry(self.field, *at)
        if self.before is not None and field.number == 0:
            return entry(self.before, *at)
        return Call("sign", (field,))


class UnitStateOp(PassedOver):
    """``s_u = sgn(h_u)`` of the units u that are asked; where h = 0 a unit stays as it is."""

    verb = "state"

    def __init__(self, units: str, field: str, state: str) -> None:
        self.units, self.field, self.state = units, field, state
        self.reads = (units, field, state)
        self.writes = (state,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        units, field = arrays[self.units].reshape(-1), arrays[self.field]
        state = arrays[self.state]
        new, undecided = np.empty_like(field), np.empty(field.shape, bool)
        kept = np.empty_like(field)
        yield partial(state.take, units, None, kept, "clip")
        yield partial(np.sign, field, new)
        yield partial(np.equal, field, np.zeros_like(field), undecided)
        yield partial(np.copyto, new, kept, where=undecided)
        yield partial(state.put, units, new)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.state), Call("sign", (symbol(self.field),)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        place = np.flatnonzero(entry.array(self.units).reshape(-1) == at[0])
        before = entry(self.state, *at)
        if not place.size:
            return before
        field = entry(self.field, int(place[0]))
        return before if field.number == 0 else Call("sign", (field,))


class TurnedOp(PassedOver):
    """``w = 1`` where ``sgn(h)`` is not 0 and not the state that there is, else 0."""

    def __init__(
        self, field: str, state: str, into: str, units: str | None = None, verb: str = "turned"
    ) -> None:
        self.field, self.state, self.units, self.verb = field, state, units, verb
        self.reads = (field, state) if units is None else (field, state, units)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        field, state, turned = arrays[self.field], arrays[self.state], arrays[self.writes[0]]
        sign = np.empty_like(field)
        decided, other = np.empty(field.shape, bool), np.empty(field.shape, bool)
        if self.units is not None:
            there = np.empty_like(field)
            yield partial(state.take, arrays[self.units].reshape(-1), None, there, "clip")
            state = there
        yield partial(np.sign, field, sign)
        yield partial(np.not_equal, field, np.zeros_like(field), decided)
        yield partial(np.not_equal, sign, state, other)
        yield partial(np.multiply, decided, other, turned)

    def _turned(self, field: Expr, state: Expr) -> Expr:
        sign = Call("sign", (field,))
        gap = Call("sign", (difference(sign, state),))
        return Call("abs", (Product((sign, gap)),))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(
            symbol(self.writes[0]), self._turned(symbol(self.field), symbol(self.state))
        )

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        place = at if self.units is None else (int(entry(self.units, at[0], 0).number),)
        return self._turned(entry(self.field, *at), entry(self.state, *place))


class EnergyOp(PassedOver):
    """``E = -1/2 * sum(s * h)``, or without the half; of several patterns the mean.

    Parameters
    ----------
    state, field : str
        States, and what all others urge them to be.
    into : str
    half : bool
        Whether each pair of units is met twice, as within one layer.
    """

    verb = "energy"

    def __init__(self, state: str, field: str, into: str, *, half: bool) -> None:
        self.state, self.field, self.half = state, field, half
        self.reads = (state, field)
        self.writes = (into,)

    def _factor(self, shape: Place) -> float:
        rows = shape[0] if len(shape) == 2 else 1
        return -(0.5 if self.half else 1.0) / rows

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        state, field = arrays[self.state], arrays[self.field]
        energy = arrays[self.writes[0]]
        total = np.empty_like(energy)
        factor = np.array(self._factor(state.shape), energy.dtype)
        yield partial(state.reshape(-1).dot, field.reshape(-1), total)
        yield partial(np.multiply, total, factor, energy)

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((symbol(self.state), symbol(self.field)), "o")
        total: Expr = Call("sum", (product,))
        return Equation(
            symbol(self.writes[0]), Negative(Quotient(total, _TWO) if self.half else total)
        )

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        shape = entry.shape(self.state)
        terms = (
            Product((entry(self.state, *place), entry(self.field, *place)))
            for place in np.ndindex(*shape)
        )
        return Product((Number(self._factor(shape)), Sum(tuple(terms))))


class ReadUnitsOp(PassedOver):
    """``a = s_u``: the states of some units."""

    verb = "read"

    def __init__(self, units: str, state: str, into: str) -> None:
        self.units, self.state = units, state
        self.reads = (units, state)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(
            arrays[self.state].take, arrays[self.units], None, arrays[self.writes[0]], "clip"
        )

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), symbol(self.state))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        return entry(self.state, int(entry(self.units, *at).number))
