"""What a condition reads: numbers and arrays at the time of an event; NumPy and the core's parts.

`condition_text.py` puts these together, `conditions.py` asks them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import bad_value
from .scoring.layer_stats import norm

if TYPE_CHECKING:
    from .hook import Event
    from .program import Program

Value = Callable[["Event"], Any]
Index = tuple[int | slice, ...]


@dataclass(frozen=True)
class Reads:
    """What something depends on, and so when it can change.

    Attributes
    ----------
    arrays : tuple of str
        Arrays of the program: after the op that writes them.
    columns : tuple of str
        Columns of the history: at the end of a batch.
    start : bool
        Epoch, batch, learning rate: as a batch begins.
    always : bool
        After any op.
    """

    arrays: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    start: bool = False
    always: bool = False

    def __or__(self, other: Reads) -> Reads:
        return Reads(
            tuple(dict.fromkeys(self.arrays + other.arrays)),
            tuple(dict.fromkeys(self.columns + other.columns)),
            self.start or other.start,
            self.always or other.always,
        )

    def __bool__(self) -> bool:
        return bool(self.arrays or self.columns or self.start or self.always)


@dataclass(frozen=True)
class Quantity:
    """A number, shape (), or an array of them; always in float64."""

    value: Value
    shape: tuple[int, ...] = ()
    reads: Reads = Reads()


def constant(number: float) -> Quantity:
    """Return a number that stands in the condition itself."""
    return Quantity(lambda event: number)


def named_array(name: str, program: Program) -> Quantity:
    """Return an array of the program that is loaded when the event happens."""
    array = program.arrays[name]
    reads = Reads((name,))

    def number(event: Event) -> float:
        return float(event.trainer.program.arrays[name].item())

    def as_it_is(event: Event) -> NDArray[Any]:
        return event.trainer.program.arrays[name]

    def in_float64(event: Event) -> NDArray[Any]:
        return event.trainer.program.arrays[name].astype(np.float64)

    if not array.shape:
        return Quantity(number, (), reads)
    same = array.dtype == np.float64
    return Quantity(as_it_is if same else in_float64, array.shape, reads)


def column(name: str) -> Quantity:
    """Return the newest number of a column of the history."""

    def newest(event: Event) -> float:
        value = np.asarray(event.trainer.history.last(name))  # there is one: that was asked first
        if value.size != 1:
            mend = "Write a function: condition(event) -> bool."
            raise bad_value(name, "a column of numbers", f"arrays of shape {value.shape}", mend)
        return float(value.item())

    return Quantity(newest, (), Reads(columns=(name,)))


PLACES: dict[str, Value] = {
    "epoch": lambda event: float(event.epoch),  # as floats: 0 % 0 is no number
    "batch": lambda event: float(event.batch),
    "learning_rate": lambda event: event.trainer.learning_rate,
}
"""Where a run stands, each counted from 0, and the learning rate of the update that comes next."""


def gradient_norm(parameters: Iterable[str]) -> Quantity:
    """Return the 2-norm of the gradients of these parameters together."""
    names = tuple(f"{name}.grad" for name in parameters)

    def length(event: Event) -> float:
        arrays = event.trainer.program.arrays
        return math.hypot(*(_norm(arrays[name]) for name in names))

    return Quantity(length, (), Reads(names))


# ---- arithmetic ----------------------------------------------------------------------------------
def _norm(array: NDArray[Any]) -> float:
    flat = array.reshape(-1)
    square = float(flat.dot(flat))
    # in float32 as well, squares in this range have lost nothing
    return math.sqrt(square) if 1e-20 < square < 1e30 else norm([array])


REDUCTIONS: dict[str, Callable[[NDArray[Any]], Any]] = {
    "norm": _norm,
    "max": np.max,
    "min": np.min,
    "mean": np.mean,
    "sum": np.sum,
    "std": np.std,
}
ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": np.divide,  # Python's own raises at 0
    "%": np.remainder,
}


def reduced(name: str, of: Quantity) -> Quantity:
    """Return one number for all elements: norm, max, min, mean, sum or std (over n)."""
    function, value = REDUCTIONS[name], of.value

    def number(event: Event) -> float:
        array = np.asarray(value(event))
        if not array.size:  # a slice of rows that this batch, a smaller one, does not have
            raise IndexError
        return float(function(array))

    return Quantity(number, (), of.reads)


def each(name: str, of: Quantity) -> Quantity:
    """Return abs, sqrt, log or exp, element by element."""
    function, value = ELEMENTWISE[name], of.value
    return Quantity(lambda event: function(value(event)), of.shape, of.reads)


def negative(of: Quantity) -> Quantity:
    """Return minus a quantity."""
    value = of.value
    return Quantity(lambda event: -value(event), of.shape, of.reads)


def combined(sign: str, a: Quantity, b: Quantity) -> Quantity:
    """Return ``a + b``, ``a - b``, ``a * b``, ``a / b`` or ``a % b``.

    Raises
    ------
    ValueError
        Shapes that do not go together.
    """
    function, left, right = ARITHMETIC[sign], a.value, b.value
    shape = np.broadcast_shapes(a.shape, b.shape)
    return Quantity(lambda event: function(left(event), right(event)), shape, a.reads | b.reads)


def element(of: Quantity, index: Index) -> Quantity:
    """Return an element, or a part, of an array.

    Raises
    ------
    IndexError
        There is no such element.
    """
    shape = np.broadcast_to(0.0, of.shape)[index].shape
    value = of.value
    if shape:
        return Quantity(lambda event: value(event)[index], shape, of.reads)
    return Quantity(lambda event: float(value(event)[index]), (), of.reads)


def first_not_finite(
    arrays: Iterable[tuple[str, NDArray[Any]]],
) -> tuple[str, tuple[int, ...], float] | None:
    """Return name, index and value of the first element that is NaN or infinite, if there is one.

    In order of the arrays, then of the elements as they lie in memory's order of rows.
    """
    for name, array in arrays:
        bad = ~np.isfinite(array)
        if bad.any():
            place = np.unravel_index(int(bad.argmax()), array.shape)
            index = tuple(int(i) for i in place)
            return name, index, float(array[index])
    return None


def place_of(name: str, index: tuple[int, ...]) -> str:
    """Return how one element is written: ``hidden.weight[0,1]``."""
    return name + (f"[{','.join(map(str, index))}]" if index else "")
