"""Where two runs part for the first time, as a record and in words; the core's own parts only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..checks import counted
from ..moves import Position
from ..render import significant
from .settings import Setting

Kind = Literal["agree", "start", "data", "op", "program"]
DIGITS = 3


@dataclass(frozen=True)
class Difference:
    """Where the runs of two trainers part for the first time; printed, it says so in words.

    Attributes
    ----------
    names : (str, str)
        What the trainers are called.
    kind : {"agree", "start", "data", "op", "program"}
        They agree as far as was looked; or part before the first op (start weights), in a batch's
        data, in what an op writes, or because the next op is another one.
    position : Position
        Epoch, batch and op at which they part, counted from 0; with "agree" how far was looked.
    op : str or None
        Name of that op; with "program" that of the first trainer.
    array : str or None
        What it has written.
    index : tuple of int
        The element that differs most.
    values : (float, float) or None
        What it is in each of them; None where shapes or ops differ.
    differing, size : int
        How many elements of the array differ, of how many.
    words : str
        Beside numbers: the two shapes, the two ops.
    done : tuple of str
        What was done by hand just there.
    tolerance : float
        Up to which difference numbers are taken as equal; 0: to the bit.
    settings : tuple of Setting
        What the two trainers were told otherwise, in whatever way they part.
    """

    names: tuple[str, str]
    kind: Kind
    position: Position
    op: str | None = None
    array: str | None = None
    index: tuple[int, ...] = ()
    values: tuple[float, float] | None = None
    differing: int = 0
    size: int = 0
    words: str = ""
    done: tuple[str, ...] = ()
    tolerance: float = 0.0
    settings: tuple[Setting, ...] = ()

    def __bool__(self) -> bool:
        """Whether they part at all."""
        return self.kind != "agree"

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, first: int = 0, minus: str = "-") -> str:
        """Return where they part, in one sentence.

        Parameters
        ----------
        first : {0, 1}
            What epochs, batches and ops are counted from: 0 as in Python, 1 as in widgets.
        minus : str
            How the sign of a number below 0 is written.
        """
        a, b = self.names
        to_what = f"to within {self.tolerance:g}" if self.tolerance else "to the bit"
        if self.kind == "agree":
            return f"{a} and {b} agree {to_what} up to {self._place(first, op=False)}."
        if self.kind == "start" and self.position[1:] == (0, 0):
            head = f"{a} and {b} part at the start, before the first op"
        else:
            head = f"{a} and {b} agree {to_what} up to {self._place(first, op=self.kind != 'data')}"
        return f"{head}: {self._what(minus)}{self._by_hand()}."

    def _place(self, first: int, *, op: bool) -> str:
        epoch, batch, number = self.position
        where = f"epoch {epoch + first}, batch {batch + first}"
        if self.kind == "data":
            return f"the data of {where}"
        name = f" {self.op!r}" if self.op is not None and self.kind == "op" else ""
        return f"{where}, op {number + first}{name}" if op else where

    def _what(self, minus: str) -> str:
        if self.values is None:
            return self.words
        a, b = self.names
        one, two = (text.replace("-", minus) for text in apart(*self.values))
        place = f"[{','.join(map(str, self.index))}]" if self.index else ""
        text = f"{self.array}{place} is {one} in {a} and {two} in {b}"
        if self.size > 1:
            text += f" ({self.differing:,} of its {counted(self.size, 'element')} "
            text += "differs)" if self.differing == 1 else "differ, this one most)"
        return text

    def _by_hand(self) -> str:
        return f"; done by hand: {'; '.join(self.done)}" if self.done else ""


def apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to tell them apart."""
    for digits in range(DIGITS, 18):
        texts = significant(one, digits), significant(other, digits)
        if texts[0] != texts[1] or not math.isfinite(one):
            return texts
    return texts
