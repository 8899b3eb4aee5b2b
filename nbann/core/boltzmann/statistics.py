"""The primitives of contrastive divergence's statistics, and of the gradient that they make.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Negative, Number, Product, Quotient, Sum, Symbol, Transpose
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols


class _Mean(Primitive):
    """A sum over rows, divided by a count.

    Parameters
    ----------
    count : int
        What the sum is divided by: the number of rows, mostly.
    called : str
        How formulas call it.
    """

    def __init__(self, count: int, called: str) -> None:
        self.count, self.called = count, Symbol(called)

    def _share(self, dtype: np.dtype[np.floating]) -> np.ndarray:
        return np.array(1.0 / self.count, dtype)


class Correlation(_Mean):
    """``<v h> = v.T @ h / n``: how often a visible and a hidden unit are on together."""

    def __init__(
        self, visible: str, hidden: str, into: str, verb: str, count: int, called: str
    ) -> None:
        super().__init__(count, called)
        self.visible, self.hidden = visible, hidden
        self.verb = verb
        self.reads = (visible, hidden)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        into = arrays[self.writes[0]]
        yield partial(arrays[self.visible].T.dot, arrays[self.hidden], into)
        yield partial(np.multiply, into, self._share(into.dtype), into)

    def equation(self, symbol: Symbols) -> Equation:
        product = Product((Transpose(symbol(self.visible)), symbol(self.hidden)), "@")
        return Equation(symbol(self.writes[0]), Quotient(product, self.called))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        i, j = at
        rows = range(entry.shape(self.visible)[0])
        pairs = (Product((entry(self.visible, n, i), entry(self.hidden, n, j))) for n in rows)
        return Quotient(Sum(tuple(pairs)), Number(float(self.count)))


class Activity(_Mean):
    """``<s> = sum of s over the samples / n``: how often a unit is on."""

    def __init__(self, units: str, into: str, verb: str, count: int, called: str) -> None:
        super().__init__(count, called)
        self.units = units
        self.verb = verb
        self.reads = (units,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        units = arrays[self.units]
        shares = np.full(len(units), self._share(units.dtype))
        yield partial(shares.dot, units, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        total = Call("sum", (symbol(self.units),))
        return Equation(symbol(self.writes[0]), Quotient(total, self.called))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        rows = range(entry.shape(self.units)[0])
        total = Sum(tuple(entry(self.units, n, *at) for n in rows))
        return Quotient(total, Number(float(self.count)))


class Contrast(Primitive):
    """``gradient = <s>_model - <s>_data``: downhill is from the model's statistics to the data's.

    It stands where a gradient does, and no loss has it as its derivative.
    """

    def __init__(self, model: str, data: str, into: str, verb: str) -> None:
        self.model, self.data = model, data
        self.verb = verb
        self.reads = (model, data)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.subtract, arrays[self.model], arrays[self.data], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        right = Sum((symbol(self.model), Negative(symbol(self.data))))
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Sum((entry(self.model, *at), Negative(entry(self.data, *at))))
