"""The embedding: a row of numbers for each thing; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import whole_number
from ..expr import Call, Equation, Expr, Number, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols
from ..state import Initializer, check_given
from .initializers import as_initializer
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class Embedding(Layer):
    """``a = weight[x]``: looks up a learned row for each whole number in x.

    The first layer of a net whose inputs stand for things: words, items, users. (Bengio et al., "A
    Neural Probabilistic Language Model", JMLR 3, 2003.)

    Parameters
    ----------
    count : int
        How many things there are; x holds whole numbers from 0 to count - 1.
    units : int
        Length of a row.
    name : str, optional
    weight : array of shape (count, units), optional
        Given start values; drawn by `init` if left out.
    init : str or callable
        By default normal with standard deviation 0.01.

    Arrays
    ------
    ``<name>.weight`` (count, units); ``<name>.out``: the shape of x, and units.
    """

    kind = "embedding"

    def __init__(
        self,
        count: int,
        units: int,
        *,
        name: str | None = None,
        weight: Any = None,
        init: Initializer | str = "normal",
    ) -> None:
        super().__init__(name)
        self.takes_indices = whole_number("Embedding count", count, least=1)
        self.units = whole_number("Embedding units", units, least=1)
        self.weight = weight
        self.init = as_initializer(init)

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"Embedding({self.takes_indices}, {self.units}{name})"

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        table = (self.takes_indices, self.units)
        weight: Any = self.init
        if self.weight is not None:
            mend = f"The weight of Embedding {name!r} has a row for each thing."
            weight = check_given(f"{name}.weight", self.weight, table, mend)
        plan.parameter(f"{name}.weight", table, weight, Symbol("W", name), penalized=True)
        return (*shape, self.units)

    def emit(self, b: Builder, name: str, x: str) -> str:
        out = b.array(f"{name}.out", (*b.shape(x), self.units), Symbol("a", name))
        b.emit(LookUp(x, f"{name}.weight", out))
        return out


class LookUp(Primitive):
    """``a = W[x]``."""

    verb = "look_up"

    def __init__(self, x: str, weight: str, into: str) -> None:
        self.x, self.weight = x, weight
        self.reads = (x, weight)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        # "clip" spares NumPy a buffered copy; the range was checked when the data came in
        yield partial(arrays[self.weight].take, arrays[self.x], 0, arrays[self.writes[0]], "clip")

    def equation(self, symbol: Symbols) -> Equation:
        row = Call("row", (symbol(self.weight), symbol(self.x)))
        return Equation(symbol(self.writes[0]), row)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        thing = int(entry(self.x, *at[:-1]).number)
        return entry(self.weight, thing, at[-1])

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.weight,)

    def backward(self, b: Builder) -> None:
        b.emit(LookUpGradient(self.x, self.writes[0] + ".grad", b.gradient(self.weight)))


class LookUpGradient(Primitive):
    """``dL/dW[i] = sum of dL/da over the places where x is i``."""

    verb = "weight_gradient"

    def __init__(self, x: str, da: str, into: str) -> None:
        self.x, self.da = x, da
        self.reads = (x, da)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        gradient = arrays[self.writes[0]]
        yield partial(gradient.fill, 0.0)
        yield partial(np.add.at, gradient, arrays[self.x], arrays[self.da])

    def equation(self, symbol: Symbols) -> Equation:
        where = Call("where", (symbol(self.x), symbol(self.da)))
        return Equation(symbol(self.writes[0]), Call("sum", (where,)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        thing, unit = at
        places = np.argwhere(entry.array(self.x) == thing)
        found = tuple(entry(self.da, *(int(i) for i in place), unit) for place in places)
        return Sum(found) if found else Number(0.0)
