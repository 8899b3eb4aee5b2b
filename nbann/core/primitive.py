"""The primitive: what an operation computes, how it reads, and the rule of its derivative.

Each primitive knows its kernels, its formula, the arithmetic of one element, and which primitives
its derivative consists of. The builder does the rest; there is no other backward pass anywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .expr import Equation, Expr, Number, Sum
from .program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from .builder import Builder


class Primitive(ABC):
    """One operation over named arrays.

    Attributes
    ----------
    verb : str
        What it does, the second half of its op's name ("affine" of "hidden.affine").
    reads, writes : tuple of str
        Names of arrays. Each array is written by one op of a program only; an array that is both
        read and written is state, updated in place.
    """

    verb: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    holds: ClassVar[str] = ""
    """Of an op that no gradient passes on purpose: in words, what is held as it is. A central
    difference does not look through it, and says so."""

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        """The arrays that `backward` asks `Builder.gradient` for; by default all that are read."""
        return self.reads

    @abstractmethod
    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        """Return bound NumPy calls which, in order, compute `writes` from `reads`.

        For small arrays the call itself is what costs: an array's methods ``a.dot`` and
        ``a.__setitem__`` take 0.2 microseconds less than ``np.dot`` and ``np.copyto``, and a single
        number in place takes thrice as long as into another.
        """

    @abstractmethod
    def equation(self, symbol: Symbols) -> Equation:
        """Return the formula over whole arrays; `symbol(name)` is how an array is written."""

    @abstractmethod
    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        """Return the arithmetic of ``name[at]``; `entry(name, *index)` is one element."""

    def backward(self, b: Builder) -> None:
        """Emit the ops that carry the gradient from `writes` to those `reads` that need one."""
        raise NotImplementedError(
            f"{type(self).__name__} has no derivative: it may stand in backward or update only."
        )


class AddUp(Primitive):
    """The total of several arrays of one shape: loss and penalty, gradients of a fork."""

    def __init__(self, parts: tuple[str, ...], into: str, verb: str = "sum") -> None:
        self.verb = verb
        self.reads = parts
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        first, second, *others = self.reads
        total = arrays[self.writes[0]]
        yield partial(np.add, arrays[first], arrays[second], total)
        for other in others:
            yield partial(np.add, total, arrays[other], total)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Sum(tuple(symbol(part) for part in self.reads)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Sum(tuple(entry(part, *at) for part in self.reads))

    def backward(self, b: Builder) -> None:
        for number, part in enumerate(self.reads, 1):
            if b.needs_gradient(part):
                total = self.writes[0] + ".grad"
                b.emit(Same(total, b.gradient(part, same_as=total), verb=f"pass_on_{number}"))


class Same(Primitive):
    """The same numbers: the derivative of a sum with respect to one of its terms.

    Where `into` is another name for the source no kernel is needed.
    """

    def __init__(self, source: str, into: str, verb: str) -> None:
        self.verb = verb
        self.reads = (source,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        source, into = arrays[self.reads[0]], arrays[self.writes[0]]
        if into is not source:
            yield partial(np.copyto, into, source)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), symbol(self.reads[0]))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return entry(self.reads[0], *at)


class Nothing(Primitive):
    """Zeros: the gradient of a parameter that the loss does not depend on."""

    verb = "no_gradient"

    def __init__(self, into: str) -> None:
        self.verb = f"no_gradient_of_{into.split('.')[-2]}"
        self.reads = ()
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(arrays[self.writes[0]].fill, 0.0)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Number(0.0))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Number(0.0)
