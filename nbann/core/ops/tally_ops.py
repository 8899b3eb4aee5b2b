"""Counts that are kept while an epoch runs: mistakes that were made, units that were turned.

A count is state, as running statistics are: going back finds it as it was. Imports the core's own
parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum
from ..losses.reduction_ops import PassedOver, difference, times
from ..program import Arrays, Kernel, Reader, Symbols

_ONE = Number(1.0)


class WrongSignOp(PassedOver):
    """``w_i = 1`` where ``t_i * z_i <= 0``, else 0: the sign is not that of the target."""

    verb = "mistakes"

    def __init__(self, z: str, into: str) -> None:
        self.z = z
        self.reads = (z, "y.sign")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, sign, wrong = arrays[self.z], arrays["y.sign"], arrays[self.writes[0]]
        agree = np.empty_like(z)
        yield partial(np.multiply, sign, z, agree)
        yield partial(np.less_equal, agree, np.zeros_like(z), wrong)

    def equation(self, symbol: Symbols) -> Equation:
        right = Call("step", (times(symbol("y.sign"), symbol(self.z)),))
        return Equation(symbol(self.writes[0]), difference(_ONE, right))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        right = Call("step", (times(entry("y.sign", *at), entry(self.z, *at)),))
        return difference(_ONE, right)


class WrongClassOp(PassedOver):
    """``w_i = 1`` where the class of the largest output is not the true one, else 0."""

    verb = "mistakes"

    def __init__(self, z: str, into: str) -> None:
        self.z = z
        self.reads = (z, "y")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, wrong = arrays[self.z], arrays[self.writes[0]]
        largest = np.empty(z.shape[:-1], np.intp)
        yield partial(np.argmax, z, -1, largest)
        yield partial(np.not_equal, largest, arrays["y"], wrong)

    def _differ(self, largest: Expr, label: Expr) -> Expr:
        return Call("abs", (Call("sign", (difference(largest, label),)),))

    def equation(self, symbol: Symbols) -> Equation:
        largest = Call("argmax", (symbol(self.z),))
        return Equation(symbol(self.writes[0]), self._differ(largest, symbol("y")))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        outputs = tuple(entry(self.z, *at, j) for j in range(entry.shape(self.z)[-1]))
        return self._differ(Call("argmax", outputs), entry("y", *at))


class TallyOp(PassedOver):
    """``M = M + sum(w)``, which begins at 0 with an epoch; k counts the epoch's batches.

    With N batches in an epoch ``M = min(k, 1) * M + sum(w)`` and then ``k = (k + 1) mod N``.

    Parameters
    ----------
    each : tuple of str
        What is counted: arrays of 0 and 1.
    total, batch : str
        The buffers of M and k.
    batches : int
        N.
    """

    verb = "count"

    def __init__(self, each: tuple[str, ...], total: str, batch: str, batches: int) -> None:
        self.each, self.total, self.batch, self.batches = each, total, batch, batches
        self.reads = (*each, total, batch)
        self.writes = (total, batch)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        total, batch = arrays[self.total], arrays[self.batch]
        goes_on, new, following = (np.empty_like(total) for _ in range(3))
        before = goes_on
        one = np.ones_like(total)
        yield partial(np.minimum, batch, one, out=goes_on)
        yield partial(np.multiply, total, goes_on, goes_on)
        for each in self.each:
            yield partial(np.add.reduce, arrays[each], None, None, new)
            yield partial(np.add, before, new, total)
            before = total
        yield partial(np.add, batch, one, following)
        yield partial(np.remainder, following, np.array(float(self.batches), total.dtype), batch)

    def equation(self, symbol: Symbols) -> Equation:
        kept = Product((Call("min", (symbol(self.batch), _ONE)), symbol(self.total)))
        counted = (Call("sum", (symbol(each),)) for each in self.each)
        return Equation(symbol(self.total), Sum((kept, *counted)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        batch = entry(self.batch)
        if name == self.batch:
            following, epoch = Sum((batch, _ONE)), Number(float(self.batches))
            whole = Product((epoch, Call("floor", (Quotient(following, epoch),))))
            return Sum((following, Negative(whole)))
        kept = Product((Call("min", (batch, _ONE)), entry(self.total)))
        places = ((each, place) for each in self.each for place in np.ndindex(*entry.shape(each)))
        return Sum((kept, *(entry(each, *place) for each, place in places)))
