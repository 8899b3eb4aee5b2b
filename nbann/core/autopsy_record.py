"""What an autopsy tells: its records, and their words; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .condition_values import place_of
from .expr import Equation
from .render import significant
from .scoring.findings import Finding


@dataclass(frozen=True)
class Largest:
    """The largest |value| of an array on the way, as it was read.

    Attributes
    ----------
    array : str
    layer : str
        "data" for what is given.
    value : float
        With its sign.
    index : tuple of int
        Where it stands.
    growth : float or None
        Of a parameter, how many times larger its largest |value| is than some batches before.
    """

    array: str
    layer: str
    value: float
    index: tuple[int, ...]
    growth: float | None = None

    def __str__(self) -> str:
        grown = "" if self.growth is None else f", {significant(self.growth, 3)} times what it was"
        place = place_of(self.array, self.index)
        return f"{place} = {significant(self.value, 4)} ({self.layer}{grown})"


@dataclass(frozen=True)
class Autopsy:
    """What led to the first number that is not finite, and what may mend it; print it.

    Attributes
    ----------
    epoch, batch : int
        Counted from 0.
    op, phase, layer : str
        The first op that wrote such a number.
    op_index, ops : int
        Its place in the program, counted from 0, and how many ops there are.
    time : int or None
        Its time step, in a net that is unrolled through time.
    array : str
        The first array that it wrote such a number into.
    index : tuple of int
        The first such element of the array.
    value : float
        NaN or infinity.
    count, size : int
        How many elements of the array are not finite, and how many it has.
    kind : str
        How it came to be: see `autopsy_origin.Origin`.
    origin : str
        The same with the numbers.
    equation : Equation or None
        The arithmetic of that element; None where what the op read is not kept.
    largest : tuple of Largest
        What the op read, and what led to that: the nearest first.
    loss, gradient_norm : float or None
        Of this batch, where they had been computed.
    learning_rate : float or None
        In force in this batch.
    causes : tuple of Finding
        What usually mends it, each with its measure, threshold and reason.
    now : str
        What can be done from where the trainer stands.
    """

    epoch: int
    batch: int
    op: str
    op_index: int
    ops: int
    phase: str
    layer: str
    time: int | None
    array: str
    index: tuple[int, ...]
    value: float
    count: int
    size: int
    kind: str
    origin: str
    equation: Equation | None
    largest: tuple[Largest, ...]
    loss: float | None
    gradient_norm: float | None
    learning_rate: float | None
    causes: tuple[Finding, ...]
    now: str

    @property
    def summary(self) -> str:
        """The line that alone says it all."""
        time = "" if self.time is None else f", time step {self.time}"
        return (
            f"Epoch {self.epoch}, batch {self.batch}: {self.op} ({self.phase}, layer {self.layer}"
            f"{time}) wrote the first number that is not finite: "
            f"{place_of(self.array, self.index)} = {significant(self.value, 4)} ({self.kind})."
        )

    def __str__(self) -> str:
        return self.text()

    def text(self, *, digits: int = 4, terms: int | None = 8) -> str:
        """Return it all in words, line by line.

        Parameters
        ----------
        digits : int
            Significant digits of the arithmetic's numbers.
        terms : int or None
            Longest sum shown in full; None: no limit.
        """
        return "\n".join(self._lines(digits, terms))

    def latex(self, *, digits: int = 4, terms: int | None = 8) -> str:
        """Return the arithmetic of the element as LaTeX (without dollar signs); "" if not kept."""
        return "" if self.equation is None else self.equation.latex(digits=digits, terms=terms)

    def _lines(self, digits: int, terms: int | None) -> Iterator[str]:
        yield self.summary
        yield f"  op {self.op_index} of {self.ops}; {self.count} of {self.size} elements of " + (
            f"{self.array} are not finite"
        )
        if self.equation is not None:
            yield f"  {self.equation.text(digits=digits, terms=terms)}"
        yield f"  {self.kind}: {self.origin}"
        numbers = {
            "loss": self.loss,
            "gradient norm": self.gradient_norm,
            "learning rate": self.learning_rate,
        }
        known = [f"{n} {significant(v, 4)}" for n, v in numbers.items() if v is not None]
        if known:
            yield f"  {', '.join(known)}"
        if self.largest:
            yield "The largest numbers that led there:"
            yield from (f"  {row}" for row in self.largest)
        yield "What usually mends it:"
        yield from (f"  {cause}\n      Why: {cause.reason}" for cause in self.causes)
        yield f"Now: {self.now}"
