"""Primitives over the flat vectors: one formula for every parameter, whatever the net's depth."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..expr import Equation, Expr, Gradient, Product, Symbol
from ..primitive import Primitive
from ..program import Floats, Reader, Symbols
from ..state import VECTOR_SYMBOLS, State

BLOCK_BYTES = 512 * 1024
"""Longest stretch of a vector that is worked through at a time, so that it stays in the cache.

Measured with Adam: shorter ones cost more in calls than they save in memory traffic, and with a
million float32 parameters whole vectors take 8% longer.
"""


@dataclass(frozen=True)
class Terms:
    """What a formula is put together from: symbols for whole vectors, or one element's numbers.

    Attributes
    ----------
    vector : callable
        ``vector(suffix)`` is a flat vector or its element: "" of the parameters, ".grad", ...
    number : callable
        ``number(name)`` is a single number, such as "learning_rate".
    sign : str
        That of products: "" between symbols, "*" between numbers.
    """

    vector: Callable[[str], Expr]
    number: Callable[[str], Expr]
    sign: str

    def times(self, *factors: Expr) -> Product:
        """Return a product."""
        return Product(factors, self.sign)


class OverVectors(Primitive):
    """A primitive that writes one flat vector, by one formula for all of its elements.

    Parameters
    ----------
    state : State
    into : str
        Suffix of the vector that is written; "" is that of the parameters.
    vectors, numbers : tuple of str
        Suffixes of the vectors, and names of the single numbers, that are read.
    """

    def __init__(
        self, state: State, into: str, vectors: tuple[str, ...], numbers: tuple[str, ...] = ()
    ) -> None:
        self.state = state
        self.into = into
        self.reads = (*(name for suffix in vectors for name in state.names(suffix)), *numbers)
        self.writes = state.names(into)

    @abstractmethod
    def formula(self, of: Terms) -> Expr:
        """Return what is written, for whole vectors or for one element."""

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(flat_symbol(self.into), self.formula(Terms(flat_symbol, symbol, "")))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        parameter = name.removesuffix(self.into)
        return self.formula(Terms(lambda suffix: entry(parameter + suffix, *at), entry, "*"))

    def blocks(self, *suffixes: str) -> Iterator[tuple[Floats, ...]]:
        """Yield stretches of vectors, short enough for the cache, and a scratch of their length."""
        size, dtype = self.state.size, self.state.dtype
        count = -(-size * dtype.itemsize // BLOCK_BYTES)
        length = -(-size // max(count, 1))
        scratch = self.state.scratch(length)
        for start in range(0, size, max(length, 1)):
            stretch = slice(start, start + length)
            parts = tuple(self.state.vector(suffix)[stretch] for suffix in suffixes)
            yield *parts, scratch[: min(length, size - start)]


def flat_symbol(suffix: str) -> Symbol | Gradient:
    """Return how a whole vector is written: "" is theta, ".grad" its gradient."""
    theta = Symbol("theta")
    if suffix == "":
        return theta
    return Gradient(theta) if suffix == ".grad" else Symbol(VECTOR_SYMBOLS[suffix])
