"""The primitives of time: sequences taken apart and put together, steps left out, gradients cut.

Parts of an array are views of it wherever that can be: taking a sequence apart costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Call, Equation, Expr, Number, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder

_SHOWN = 4  # so many parts are listed in a formula, of more the first two and the last


def listed(parts: Sequence[Expr]) -> tuple[Expr, ...]:
    """Return the parts as they stand in a formula: dots in place of the middle of many."""
    if len(parts) <= _SHOWN:
        return tuple(parts)
    return (*parts[:2], Symbol("..."), parts[-1])


def copied(source: Floats, into: Floats) -> Iterable[Kernel]:
    """Return the kernel of a copy; none where both are the same place in memory."""
    if not np.shares_memory(source, into):
        yield partial(np.copyto, into, source)


class Alias(Primitive):
    """Another name for an array: ``out = h`` of the last step. It has no kernels."""

    def __init__(self, source: str, into: str, verb: str) -> None:
        self.verb = verb
        self.reads = (source,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        return copied(arrays[self.reads[0]], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), symbol(self.reads[0]))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return entry(self.reads[0], *at)

    def backward(self, b: Builder) -> None:
        pass_on(b, self.writes[0], self.reads[0])


def pass_on(b: Builder, whole: str, to: str) -> None:
    """Emit ``dL/d to = dL/d whole``: the gradient of a term of a sum, under another name."""
    gradient = whole + ".grad"
    if b.needs_gradient(to):
        b.emit(Alias(gradient, b.gradient(to, same_as=gradient), "pass_on"))


class Cut(Alias):
    """``h' = h``, but no gradient passes: the end of a stretch of truncated backpropagation."""

    holds = "not through what truncate= cuts off"

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("cut", (symbol(self.reads[0]),)))

    def backward(self, b: Builder) -> None:
        """Nothing: that is its purpose."""


class Unstack(Primitive):
    """``x -> x_0, ..., x_T``: a sequence (n, T, d) as its time steps (n, d)."""

    verb = "unstack"

    def __init__(self, source: str, steps: dict[int, str]) -> None:
        self.source = source
        self.steps = steps
        self.reads = (source,)
        self.writes = tuple(steps.values())

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        for time, name in self.steps.items():
            yield from copied(arrays[self.source][:, time], arrays[name])

    def equation(self, symbol: Symbols) -> Equation:
        parts = listed([symbol(name) for name in self.writes])
        return Equation(Call("stack", parts), symbol(self.source))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        time = next(time for time, step in self.steps.items() if step == name)
        return entry(self.source, at[0], time, *at[1:])

    def backward(self, b: Builder) -> None:
        if b.needs_gradient(self.source):
            gradients = [_gradient_of(b, self.steps[t]) for t in sorted(self.steps)]
            b.emit(Stack(gradients, b.gradient(self.source)))


def _gradient_of(b: Builder, name: str) -> str | None:
    return f"{name}.grad" if b.has_gradient(name) else None


class Stack(Primitive):
    """``(h_0, ..., h_T) -> h``: time steps (n, d) as a sequence (n, T, d); None stands for zeros.

    Steps that are views of the sequence have been put together by being written.
    """

    verb = "stack"

    def __init__(self, steps: Sequence[str | None], into: str) -> None:
        self.steps = tuple(steps)
        self.reads = tuple(step for step in steps if step is not None)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        whole = arrays[self.writes[0]]
        if all(step and np.shares_memory(arrays[step], whole) for step in self.steps):
            return
        nothing = np.zeros_like(whole[:, :1])
        parts = tuple(arrays[step][:, None] if step else nothing for step in self.steps)
        yield partial(np.concatenate, parts, 1, whole)

    def equation(self, symbol: Symbols) -> Equation:
        parts = [symbol(step) if step else Number(0.0) for step in self.steps]
        return Equation(symbol(self.writes[0]), Call("stack", listed(parts)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        step = self.steps[at[1]]
        return entry(step, at[0], *at[2:]) if step else Number(0.0)

    def backward(self, b: Builder) -> None:
        gradient = self.writes[0] + ".grad"
        whole = b.program.arrays[gradient]
        needed = {t: s for t, s in enumerate(self.steps) if s and b.needs_gradient(s)}
        parts = {t: b.gradient(step, view=whole[:, t]) for t, step in needed.items()}
        b.emit(Unstack(gradient, parts))


def unstack(b: Builder, x: str, name: str) -> list[str]:
    """Emit a sequence's time steps ``<name>.t0.x``, ...; return their names.

    Parts of the data can not be written to, as the data can not.
    """
    whole, symbol = b.program.arrays[x], b.symbol(x)
    assert isinstance(symbol, Symbol)  # it is no gradient
    steps = {}
    for time in range(whole.shape[1]):
        view = whole[:, time]
        view.flags.writeable = x in b.program.writer
        sub = f"{symbol.sub},{time}" if symbol.sub else str(time)
        steps[time] = b.array(f"{name}.t{time}.x", view.shape, Symbol(symbol.base, sub), view=view)
    b.emit(Unstack(x, steps))
    return list(steps.values())
