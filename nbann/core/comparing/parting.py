"""Finds where two runs part, by stepping branches of them; imports NumPy and the core alone.

Two batches are compared once they are done, since each array of a step is written by one op; where
they differ both go back to the batch's start and are compared op by op. The trainers themselves
are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import counted, number_in, whole_number
from ..moves import Position
from ..timeline.acts import SetValues
from .difference import Difference, Kind
from .settings import differing

if TYPE_CHECKING:
    from ..program import Op
    from ..timeline.acts import Act
    from ..trainer import Trainer


class Parting:
    """The search for where two runs part for the first time.

    Parameters
    ----------
    one, other : Trainer
    names : (str, str)
        What they are called in words.
    tolerance : float
        Numbers a and b are taken as equal where ``|a - b| <= tolerance * max(1, |a|, |b|)``.
    epochs : int, optional
        How far to look, counted from the start; by default as far as both have come, but at least
        the first batch.
    """

    def __init__(
        self,
        one: Trainer,
        other: Trainer,
        names: tuple[str, str] = ("the first", "the second"),
        tolerance: float = 0.0,
        epochs: int | None = None,
    ) -> None:
        self.tolerance = number_in("tolerance", tolerance, least=0.0)
        if epochs is not None:
            epochs = whole_number("epochs", epochs, least=1)
        self.names = names
        self.settings = tuple(differing([one, other]))
        starts = [divmod(t.timeline.first, t.batches) for t in (one, other)]
        self.start = max(starts)
        here = min(one.position, other.position)
        first_batch = Position(*self.start, 1)
        self.until = max(here, first_batch) if epochs is None else Position(epochs, 0, 0)
        self.twins = (one.branch(), other.branch())
        for twin in self.twins:
            twin.goto(*self.start)
        # which numbers are settings, and are told as such
        self._settings = {*one.hyper, *other.hyper}
        self.found: Difference | None = None

    def run(self) -> Difference:
        """Return where they part, or that they agree as far as was looked."""
        for _ in self.steps():
            pass
        if self.found is None:
            raise RuntimeError("the search has ended without a result")
        return self.found

    def steps(self) -> Iterator[Position]:
        """Search batch by batch; yield how far it has come. The result is in `found`."""
        self.found = self._at_start()
        while self.found is None and self._here < self.until:
            one, other = self.twins
            if one.position != other.position:
                self.found = self._told("data", self._here, words=self._lengths())
                break
            for twin in self.twins:
                _step_batch(twin)
            if not self._alike() or self._in_batch():
                for twin in self.twins:
                    twin.back("batch")
                self.found = self._by_op()
            yield self._here
        if self.found is None:
            self.found = self._told("agree", self._here)

    @property
    def _here(self) -> Position:
        return min(twin.position for twin in self.twins)

    def _told(self, kind: Kind, position: Position, **more: Any) -> Difference:
        settings, tolerance = self.settings, self.tolerance
        return Difference(
            self.names, kind, position, tolerance=tolerance, settings=settings, **more
        )

    # ---- at the start, and in a batch's data -----------------------------------------------------
    def _at_start(self) -> Difference | None:
        wrong = self._in_state()
        return None if wrong is None else self._told("start", Position(*self.start, 0), **wrong)

    def _in_data(self) -> dict[str, Any] | None:
        """Compare what no op has written and no state holds."""
        one, other = self.twins
        ours = {*one.program.writer, *one._state.arrays}
        names = (n for n in one.program.arrays if n not in ours and n in other.program.arrays)
        return self._first_of(names)

    def _lengths(self) -> str:
        """Return in words that an epoch is over in one of them, and not in the other."""
        counts = [counted(twin.batches, "batch") for twin in self.twins]
        a, b = self.names
        return f"an epoch has {counts[0]} in {a} and {counts[1]} in {b}"

    # ---- within a batch --------------------------------------------------------------------------
    def _alike(self) -> bool:
        """Whether both programs have the same ops."""
        one, other = ([op.name for op in twin.program] for twin in self.twins)
        return one == other

    def _in_batch(self) -> bool:
        """Whether anything differs in a batch that is done in both."""
        one, other = self.twins
        names = [n for n in one.program.arrays if n in other.program.arrays]
        written = {name for op in one.program for name in op.writes}
        names = [n for n in names if n not in self._settings or n in written]
        return self._first_of(names) is not None

    def _by_op(self) -> Difference:
        """Step through a batch in which they part; tell where."""
        for twin in self.twins:
            twin._cursor.enter()  # so that the arrays of now are those of this batch
        position = self._here
        if wrong := self._in_data():
            return self._told("data", position, **wrong)
        if wrong := self._in_state():
            return self._told("start", position, **wrong, done=self._by_hand(position, 0))
        programs = [twin.program for twin in self.twins]
        for place in range(min(map(len, programs))):
            position = position._replace(op=place)
            a, b = (program[place] for program in programs)
            if a.name != b.name:
                return self._other_op(position, a, b)
            for twin in self.twins:
                twin.step("op")
            done, set_ = self._by_hand(position, place + 1), self._set_by_hand(position)
            names = [n for n in (*set_, *a.writes) if n in programs[1].arrays]
            if wrong := self._first_of(names) or self._in_state():
                return self._told("op", position, op=a.name, **wrong, done=done)
        place = position.op + 1
        ends = [program[place] if place < len(program) else None for program in programs]
        return self._other_op(position._replace(op=place), *ends)

    def _in_state(self) -> dict[str, Any] | None:
        """Compare what persists from batch to batch: parameters, the optimizer's memory."""
        one, other = self.twins
        names = (n for n in one._state.arrays if n in other._state.arrays and one._persists(n))
        return self._first_of(n for n in names if n not in self._settings)

    def _other_op(self, position: Position, a: Op | None, b: Op | None) -> Difference:
        texts = [f"{op.name!r}" if op is not None else "none any more" for op in (a, b)]
        words = f"there the op is {texts[0]} in {self.names[0]} and {texts[1]} in {self.names[1]}"
        return self._told("program", position, op=a.name if a else None, words=words)

    def _acts_at(self, position: Position, done: int) -> Iterator[tuple[str, Act]]:
        """Yield what was done by hand in this batch, up to so many ops, and to whom."""
        step = position.epoch * self.twins[0].batches + position.batch
        for name, twin in zip(self.names, self.twins, strict=True):
            ops = len(twin.program)
            for act in twin.timeline:
                moment = act.moment
                before = moment.step == step - 1 and moment.done >= ops
                after = moment.step == step + 1 and moment.done == 0 and done >= ops
                if (moment.step == step and moment.done <= done) or before or after:
                    yield name, act

    def _by_hand(self, position: Position, done: int) -> tuple[str, ...]:
        return tuple(f"{act.text} in {name}" for name, act in self._acts_at(position, done))

    def _set_by_hand(self, position: Position) -> list[str]:
        acts = [act for _, act in self._acts_at(position, position.op + 1)]
        names = [act.name for act in acts if isinstance(act, SetValues)]
        return [name for name in names if all(name in twin.names for twin in self.twins)]

    # ---- numbers ---------------------------------------------------------------------------------
    def _first_of(self, names: Any) -> dict[str, Any] | None:
        """Return what is to be told of the first array that differs; None where none does."""
        one, other = self.twins
        for name in names:
            a, b = one.program.arrays[name], other.program.arrays[name]
            if a.shape != b.shape:
                first, second = self.names
                words = f"{name} has shape {a.shape} in {first} and {b.shape} in {second}"
                return {"array": name, "words": words}
            if np.array_equal(a, b):
                continue
            wrong = self._unequal(a, b)
            if wrong.any():
                return {"array": name} | _most(a, b, wrong)
        return None

    def _unequal(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if self.tolerance:
            with np.errstate(invalid="ignore", over="ignore"):
                size = np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
                same = same | (np.abs(a - b) <= self.tolerance * size)
        return ~np.asarray(same)


def _most(a: NDArray[Any], b: NDArray[Any], wrong: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the element that differs most, and how many do."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.where(
            wrong, np.nan_to_num(np.abs(np.subtract(a, b, dtype=float)), nan=np.inf), -1
        )
    place = np.unravel_index(int(size.argmax()), a.shape) if a.shape else ()
    index = tuple(int(i) for i in place)
    values = float(a[index]), float(b[index])
    return {"index": index, "values": values, "differing": int(wrong.sum()), "size": a.size}


def _step_batch(twin: Trainer) -> None:
    """Go on to the end of the batch, whatever hooks that are part of the run pause on the way."""
    before = twin.position[:2]
    while twin.position[:2] == before:
        twin.step("batch")
