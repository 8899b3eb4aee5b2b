"""What a condition says of its numbers: true, false, or not to be told yet; the core's parts only.

A truth is True, False or None. None means that something it reads has not been computed in this
batch. "not", "and" and "or" treat it as Kleene's logic of three values does (Introduction to
Metamathematics, 1952, section 64): what is not known never makes a condition true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .condition_values import Quantity, Reads, first_not_finite, place_of
from .program import Op, Program
from .render import significant
from .units import same_unit

if TYPE_CHECKING:
    from .hook import Event
    from .trainer import Trainer

Words = Callable[["Event"], str | None]
DIGITS = 4
"""Significant digits of the numbers in what a stop says."""

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Truth:
    """Something that holds or not: how it is asked, what it reads, the numbers it goes by."""

    holds: Callable[[Event], bool | None]
    reads: Reads
    words: tuple[Words, ...]


def _known(trainer: Trainer, reads: Reads) -> bool:
    """Whether all that is read belongs to the loaded batch, or has been measured at all."""
    for name in reads.arrays:
        if not trainer.is_current(name):
            return False
    return all(trainer.history.last(name) is not None for name in reads.columns)


def compared(first: Quantity, rest: Sequence[tuple[str, Quantity]], texts: Sequence[str]) -> Truth:
    """Return ``a < b <= c ...`` of single numbers; `texts` are how they were written."""
    quantities = (first, *(quantity for _, quantity in rest))
    reads = Reads()
    for quantity in quantities:
        reads |= quantity.reads
    value = first.value
    steps = tuple((COMPARISONS[sign], quantity.value) for sign, quantity in rest)

    def holds(event: Event) -> bool | None:
        if not _known(event.trainer, reads):
            return None
        try:
            left = value(event)
            for compare, other in steps:
                right = other(event)
                if not compare(left, right):
                    return False
                left = right
        except IndexError:  # a row that a smaller batch does not have
            return None
        return True

    shown = {text: q for text, q in zip(texts, quantities, strict=True) if q.reads}
    return Truth(holds, reads, tuple(_telling(text, q) for text, q in shown.items()))


def _telling(text: str, quantity: Quantity) -> Words:
    def tell(event: Event) -> str | None:
        if not _known(event.trainer, quantity.reads):
            return None
        try:
            return f"{text} = {significant(float(quantity.value(event)), DIGITS)}"
        except IndexError:
            return None

    return tell


# ---- logic ---------------------------------------------------------------------------------------
def negated(truth: Truth) -> Truth:
    """Return "not": what is not known stays so."""

    def holds(event: Event) -> bool | None:
        found = truth.holds(event)
        return None if found is None else not found

    return Truth(holds, truth.reads, truth.words)


def joined(truths: Sequence[Truth], *, decisive: bool) -> Truth:
    """Return "and" (one False decides) or "or" (one True does)."""
    reads = Reads()
    for truth in truths:
        reads |= truth.reads

    def holds(event: Event) -> bool | None:
        result: bool | None = not decisive
        for truth in truths:
            found = truth.holds(event)
            if found is decisive:
                return decisive
            if found is None:
                result = None
        return result

    return Truth(holds, reads, tuple(dict.fromkeys(w for truth in truths for w in truth.words)))


# ---- NaN and infinity ----------------------------------------------------------------------------
def not_finite(of: Quantity, text: str) -> Truth:
    """Return whether any element is NaN or infinite."""

    def find(event: Event) -> tuple[str, tuple[int, ...], float] | None:
        return first_not_finite([(text, np.asarray(of.value(event)))])

    def holds(event: Event) -> bool | None:
        if not _known(event.trainer, of.reads):
            return None
        try:
            return find(event) is not None
        except IndexError:
            return None

    def tell(event: Event) -> str | None:
        return _element(find(event)) if holds(event) else None

    return Truth(holds, of.reads, (tell,))


def anything_not_finite() -> Truth:
    """Return whether NaN or infinity is among what the event is about.

    After an op, layer or phase: among what its ops wrote. Before one: among what the first of them
    is about to read, so far as it has been computed. Of a batch or epoch: the loss and parameters.
    """

    def find(event: Event) -> tuple[str, tuple[int, ...], float] | None:
        return first_not_finite(_of_event(event))

    return Truth(
        lambda event: find(event) is not None,
        Reads(always=True),
        (lambda event: _element(find(event)),),
    )


def _of_event(event: Event) -> Iterator[tuple[str, NDArray[Any]]]:
    program = event.trainer.program
    if event.op is None:
        names = ["loss", *program.state.names()]
    elif event.when == "before":
        names = [*event.op.reads]
    else:
        names = [name for op in _stretch(program, event) for name in op.writes]
    return ((n, program.arrays[n]) for n in names if event.trainer.is_current(n))


def _stretch(program: Program, event: Event) -> Sequence[Op]:
    """Return the ops of the event's op, layer or phase, up to the one that ran last."""
    last = event.op
    assert last is not None
    first = last.index
    while event.unit != "op" and first and same_unit(event.unit, program.ops[first - 1], last):
        first -= 1
    return program.ops[first : last.index + 1]


def _element(found: tuple[str, tuple[int, ...], float] | None) -> str | None:
    if found is None:
        return None
    name, index, value = found
    return f"{place_of(name, index)} = {significant(value, DIGITS)}"


# ---- every so often ------------------------------------------------------------------------------
def every(n: int, places: Sequence[int] | None) -> Truth:
    """Return whether this is the n-th, 2n-th, ... time since the start of the run.

    It is counted from where the run stands, not from calls, so that going back and coming again
    finds the same: epochs, batches, or the ops, layers and phases of all batches before.

    Parameters
    ----------
    n : int
        At least 1.
    places : sequence of int, optional
        The indices of the ops at which it is asked in each batch, in order; by default all of the
        unit's.
    """

    def holds(event: Event) -> bool:
        return _number(event, places) % n == 0

    def tell(event: Event) -> str:
        return f"{event.unit} number {_number(event, places)}"

    return Truth(holds, Reads(always=True), (tell,))


def _number(event: Event, places: Sequence[int] | None) -> int:
    """Return which epoch, batch, op, ... of the run this is, counted from 1."""
    if event.unit == "epoch":
        return event.epoch + 1
    batches = event.epoch * event.trainer.batches + event.batch
    if event.op is None:
        return batches + 1
    if places is None:
        ops = event.trainer.program.ops
        ends = [op.index for op in ops[:-1] if not _same(event, op, ops[op.index + 1])]
        ends.append(len(ops) - 1)
        # before a stretch it is the first of its ops, after it the last: the same stretch's number
        return batches * len(ends) + 1 + sum(end < event.op.index for end in ends)
    return batches * len(places) + 1 + sum(place < event.op.index for place in places)


def _same(event: Event, a: Op, b: Op) -> bool:
    return event.unit != "op" and same_unit(event.unit, a, b)
