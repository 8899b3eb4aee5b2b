"""Conditions of breakpoints: when a run is to stop, in words or as a function; the core's parts.

trainer.on("batch", ...)    loss > 2
grad_norm(hidden) < 1e-6
nan
every 10
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .condition_text import ConditionText
from .condition_truths import Truth
from .condition_values import Reads
from .errors import bad_value
from .program import Op, Program

if TYPE_CHECKING:
    from .hook import Event


class Condition:
    """When a breakpoint stops a run; `as_condition` makes one.

    Attributes
    ----------
    text : str
        What was asked for, in one way of writing it.
    reads : Reads
        What it depends on.
    """

    def __init__(self, text: str, truth: Truth) -> None:
        self.text = text
        self.reads = truth.reads
        self._truth = truth

    def __repr__(self) -> str:
        return f"<Condition {self.text}>"

    __str__ = __repr__

    @property
    def arrays(self) -> tuple[str, ...]:
        """The arrays of the program that it reads."""
        return self.reads.arrays

    def holds(self, event: Event) -> bool:
        """Whether it is met now.

        An array that the ops of this batch have not written yet holds numbers of the batch before.
        A comparison that reads one is neither true nor false, and never meets a condition, not by
        "not" either. The same goes for a history column that has no number yet, and for rows that
        a smaller last batch does not have.
        """
        with np.errstate(all="ignore"):  # a condition may well divide by 0, and compare infinity
            return self._truth.holds(event) is True

    def why(self, event: Event) -> str:
        """Say what a stop says: the condition, and the numbers of now that it goes by."""
        with np.errstate(all="ignore"):
            words = [words(event) for words in self._truth.words]
        numbers = ", ".join(dict.fromkeys(word for word in words if word))
        return f"{self.text}: {numbers}" if numbers else self.text

    def ops(self, program: Program) -> tuple[Op, ...]:
        """Return the ops after which it can come to be met, in order.

        A hook on them alone does what one on every op would, and does not stop again and again
        while the numbers stay what they are. The parameters change with the update; epoch, batch,
        data and learning rate as a batch begins, which is seen after its first op; columns of the
        history at its end.
        """
        reads = self.reads
        if reads.always:
            return program.ops
        places = {0} if reads.start else set()
        for name in reads.arrays:
            writer = program.writer.get(name)
            places.add(0 if writer is None else writer.index)
        if reads.columns:
            places.add(len(program) - 1)
        return tuple(program.ops[place] for place in sorted(places))


Given = Condition | str | Callable[["Event"], object]


def as_condition(
    condition: Given,
    program: Program,
    columns: Iterable[str] = (),
    places: Sequence[int] | None = None,
) -> Condition:
    """Return a condition given as text, as a function, or as such.

    Text compares numbers: arrays by name (one element: ``hidden.weight[0,1]``; all of it:
    ``max(abs(hidden.out))``), columns of the history (``test_accuracy``: the newest number),
    ``epoch`` and ``batch`` (counted from 0), ``learning_rate`` (of the update that comes next).
    ``norm`` is the 2-norm of an array, ``grad_norm(hidden)`` that of the gradients of all of a
    layer's parameters, ``grad_norm()`` of all there are. ``nan`` is met by NaN or infinity in what
    the op wrote, or at the end of a batch in its loss and the parameters; ``nan(hidden.out)`` by
    one in that array. ``every 10`` is met at the 10th, 20th, ... since the start of the run,
    wherever the run comes from. ``and``, ``or``, ``not`` and brackets join them.

    Parameters
    ----------
    condition : str, callable or Condition
        At most 500 characters; or ``condition(event) -> bool``.
    program : Program
        Of the largest batch: the names and shapes that a text may ask for.
    columns : iterable of str
        Names of history columns, present or to come.
    places : sequence of int, optional
        Indices of the ops at which it will be asked in each batch, for "every"; by default all.

    Raises
    ------
    ValueError
        A text that is not understood, with the piece that is not; something else than text or a
        function. An unknown name comes with those nearest to it.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(2, name="hidden")])
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor())
    >>> as_condition("loss>2 or max( abs(hidden.weight) ) > 9", trainer.program)
    <Condition loss > 2 or max(abs(hidden.weight)) > 9>
    """
    if isinstance(condition, Condition):
        return condition
    if isinstance(condition, str):
        read = ConditionText(condition, program, columns, places)
        return Condition(read.text, read.truth)
    if callable(condition) and not isinstance(condition, type):
        return _asked(condition)
    expected = "text such as 'loss > 2', or a function condition(event) -> bool"
    mend = "Pass e.g. 'loss > 2', 'nan' or 'every 10'."
    raise bad_value("A condition", expected, repr(condition)[:60], mend)


def _asked(fn: Callable[[Event], object]) -> Condition:
    name = getattr(fn, "__name__", "") or type(fn).__name__
    text = "a function" if name == "<lambda>" else name
    return Condition(text, Truth(lambda event: bool(fn(event)), Reads(always=True), ()))
