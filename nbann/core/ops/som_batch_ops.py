"""The batch rule of a self-organizing map: means that units go to; core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Number, Product, Quotient, Sum, Transpose
from ..losses.reduction_ops import PassedOver, difference
from ..program import Arrays, Kernel, Reader, Symbols

Place = tuple[int, ...]
_ONE = Number(1.0)


class MembersOp(PassedOver):
    """``m_iu = 1`` where u is the unit of sample i, else 0."""

    verb = "members"

    def __init__(self, winner: str, into: str) -> None:
        self.winner = winner
        self.reads = (winner,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        winner, members = arrays[self.winner], arrays[self.writes[0]]
        starts, place = np.arange(0, members.size, members.shape[1]), np.empty_like(winner)
        yield partial(members.fill, 0.0)
        yield partial(np.add, winner, starts, place)
        yield partial(members.reshape(-1).put, place, 1.0)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("one_hot", (symbol(self.winner),)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        gap = difference(entry(self.winner, at[0]), Number(float(at[1])))
        return difference(_ONE, Call("abs", (Call("sign", (gap,)),)))


class GatherOp(PassedOver):
    """``S_u = sum of the samples of unit u``, or without samples how many they are."""

    def __init__(self, members: str, x: str | None, into: str, verb: str) -> None:
        self.members, self.x, self.verb = members, x, verb
        self.reads = (members,) if x is None else (members, x)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        members, gathered = arrays[self.members], arrays[self.writes[0]]
        if self.x is None:
            yield partial(np.ones(len(members), members.dtype).dot, members, gathered)
        else:
            yield partial(members.T.dot, arrays[self.x], gathered)

    def equation(self, symbol: Symbols) -> Equation:
        members: Expr = symbol(self.members)
        if self.x is None:
            return Equation(symbol(self.writes[0]), Call("sum", (members,)))
        product = Product((Transpose(members), symbol(self.x)), "@")
        return Equation(symbol(self.writes[0]), product)

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        terms: list[Expr] = []
        for i in np.flatnonzero(entry.array(self.members)[:, at[0]]):
            member = entry(self.members, int(i), at[0])
            value = member if self.x is None else Product((member, entry(self.x, int(i), at[1])))
            terms.append(value)
        return Sum(tuple(terms)) if terms else Number(0.0)


class MeanOp(PassedOver):
    """``M_u = sum_c h_cu S_c / sum_c h_cu n_c``: the mean of all samples, weighted by neighborhood.

    Where nothing is in a unit's neighborhood it is the unit itself, which then stays.
    """

    verb = "mean"

    def __init__(self, near: str, total: str, count: str, weight: str, into: str) -> None:
        self.near, self.total, self.count, self.weight = near, total, count, weight
        self.reads = (near, total, count, weight)
        self.writes = (into,)

    @staticmethod
    def _least(dtype: np.dtype[np.floating]) -> float:
        return float(np.finfo(dtype).tiny / np.finfo(dtype).eps)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        near, total, count, weight = (arrays[name] for name in self.reads)
        mean = arrays[self.writes[0]]
        under, is_near = np.empty_like(count), np.empty(count.shape, bool)
        away = np.empty(count.shape, bool)
        least = np.array(self._least(count.dtype), count.dtype)
        yield partial(near.T.dot, total, mean)
        yield partial(near.T.dot, count, under)
        yield partial(np.greater, under, least, is_near)
        yield partial(np.maximum, under, least, out=under)
        yield partial(np.divide, mean, under[:, None], mean)
        yield partial(np.logical_not, is_near, away)
        yield partial(np.copyto, mean, weight, where=away[:, None])

    def equation(self, symbol: Symbols) -> Equation:
        near = Transpose(symbol(self.near))
        over = Product((near, symbol(self.total)), "@")
        under = Product((near, symbol(self.count)), "@")
        return Equation(symbol(self.writes[0]), Quotient(over, under))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        unit, feature = at
        units = range(entry.shape(self.near)[0])
        counts = tuple(Product((entry(self.near, c, unit), entry(self.count, c))) for c in units)
        if Sum(counts).value() <= self._least(entry.array(self.near).dtype):
            return entry(self.weight, *at)
        totals = (
            Product((entry(self.near, c, unit), entry(self.total, c, feature))) for c in units
        )
        return Quotient(Sum(tuple(totals)), Sum(counts))


class GapOp(PassedOver):
    """``C = M - w``: what leads the units to the means."""

    verb = "towards"

    def __init__(self, mean: str, weight: str, into: str) -> None:
        self.reads = (mean, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.subtract, *(arrays[name] for name in self.reads), arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), difference(*(symbol(n) for n in self.reads)))

    def element(self, entry: Reader, name: str, at: Place) -> Expr:
        return difference(*(entry(name, *at) for name in self.reads))
