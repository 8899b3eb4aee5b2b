"""A builder within which a loss has names of its own: several of them in one program.

A loss calls its arrays "y", "loss.error", ...; within a scope these are "y.size" and
"loss.size.error". So any loss can be one of several without knowing of it. The core's own parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..expr import Entry, Equation, Expr, Gradient, Product, Symbol
from ..primitive import Primitive
from ..program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder
    from ..program import Program
    from ..state import State


class Scope:
    """A builder as a loss sees it, under other names.

    Parameters
    ----------
    b : Builder
    name : str
        What its names get between: "y.onehot" is "y.<name>.onehot".
    output : str
        The array that the loss is of.
    scaled_by : str or None
        The array of a single number that the gradient of the output is multiplied by; None for 1.
    """

    def __init__(self, b: Builder, name: str, output: str, scaled_by: str | None) -> None:
        self.b, self.name, self.output, self.scaled_by = b, name, output, scaled_by

    def full(self, name: str) -> str:
        """Return the name in the program of what the loss calls by this one."""
        first, dot, rest = name.partition(".")
        if first not in ("y", "loss") or name in (self.output, f"{self.output}.grad"):
            return name
        return f"{first}.{self.name}{dot}{rest}"

    # ---- what a loss asks a builder for ----------------------------------------------------------
    @property
    def state(self) -> State:
        return self.b.state

    @property
    def program(self) -> Program:
        return cast("Program", _Program(self))

    @property
    def batch_size(self) -> int:
        return self.b.batch_size

    @property
    def training(self) -> bool:
        return self.b.training

    def has(self, name: str) -> bool:
        return self.b.has(self.full(name))

    def shape(self, name: str) -> tuple[int, ...]:
        return self.b.shape(self.full(name))

    def symbol(self, name: str) -> Symbol | Gradient:
        return self.b.symbol(self.full(name))

    def needs_gradient(self, name: str) -> bool:
        return self.b.needs_gradient(self.full(name))

    def has_gradient(self, name: str) -> bool:
        return self.b.has_gradient(self.full(name))

    def array(
        self,
        name: str,
        shape: tuple[int, ...],
        symbol: Symbol | Gradient,
        *,
        same_as: str | None = None,
        **how: Any,
    ) -> str:
        if isinstance(symbol, Symbol):
            symbol = Symbol(symbol.base, f"{symbol.sub},{self.name}" if symbol.sub else self.name)
        source = None if same_as is None else self.full(same_as)
        self.b.array(self.full(name), shape, symbol, same_as=source, **how)
        return name

    def emit(self, primitive: Primitive) -> None:
        outside, self.b.layer = self.b.layer, f"loss.{self.name}"
        self.b.emit(Scoped(primitive, self))
        self.b.layer = outside

    def gradient(
        self, name: str, *, same_as: str | None = None, view: NDArray[Any] | None = None
    ) -> str:
        if name == self.output and self.scaled_by is not None:
            own = f"loss.{self.name}.gradient"
            symbol = Symbol("g", self.name)
            self.b.array(own, self.b.shape(name), symbol, same_as=same_as and self.full(same_as))
            return "loss.gradient"
        source = None if same_as is None else self.full(same_as)
        return self.b.gradient(self.full(name), same_as=source, view=view)


class _Program:
    """The arrays of a program under the names that a loss calls them by."""

    def __init__(self, scope: Scope) -> None:
        self.arrays = _Renamed(scope.b.program.arrays, scope)


class _Renamed(Mapping[str, Any]):
    """A mapping by the names within a scope."""

    def __init__(self, of: Mapping[str, Any], scope: Scope) -> None:
        self._of, self._scope = of, scope

    def __getitem__(self, name: str) -> Any:
        return self._of[self._scope.full(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)


class _Reader:
    """What a primitive reads single elements with, under the names within a scope."""

    def __init__(self, entry: Reader, scope: Scope) -> None:
        self._entry, self._scope = entry, scope

    def __call__(self, name: str, *at: int) -> Entry:
        return self._entry(self._scope.full(name), *at)

    def array(self, name: str) -> NDArray[Any]:
        return self._entry.array(self._scope.full(name))

    def shape(self, name: str) -> tuple[int, ...]:
        return self._entry.shape(self._scope.full(name))


class Scoped(Primitive):
    """A primitive of a loss, under the names of the whole program."""

    def __init__(self, inner: Primitive, scope: Scope) -> None:
        self.inner, self.scope = inner, scope
        self.verb = inner.verb
        self.reads = tuple(map(scope.full, inner.reads))
        self.writes = tuple(map(scope.full, inner.writes))
        self._own = dict(zip(self.writes, inner.writes, strict=True))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return tuple(map(self.scope.full, self.inner.passes_back_to))

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return self.inner.kernels(_Renamed(arrays, self.scope))

    def equation(self, symbol: Symbols) -> Equation:
        return self.inner.equation(lambda name: symbol(self.scope.full(name)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        reader = cast("Reader", _Reader(entry, self.scope))
        return self.inner.element(reader, self._own[name], at)

    def backward(self, b: Builder) -> None:
        scope = self.scope
        self.inner.backward(cast("Builder", scope))
        own = f"loss.{scope.name}.gradient"
        if scope.scaled_by is not None and b.has(own) and scope.output in self.passes_back_to:
            outside, b.layer = b.layer, f"loss.{scope.name}"
            b.emit(ScaledGradient(own, scope.scaled_by, b.gradient(scope.output)))
            b.layer = outside


class ScaledGradient(Primitive):
    """``dL/dz = dL/dL_head * g``: a head's own gradient by what its loss counts."""

    verb = "scale_gradient"

    def __init__(self, own: str, factor: str, into: str) -> None:
        self.own, self.factor = own, factor
        self.reads = (own, factor)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.multiply, arrays[self.own], arrays[self.factor], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        right = Product((symbol(self.factor), symbol(self.own)), "o")
        return Equation(symbol(self.writes[0]), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Product((entry(self.factor), entry(self.own, *at)))
