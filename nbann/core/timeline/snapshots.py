"""Copies of a run's state by step, thinned out under a budget of memory; imports NumPy alone."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from ..state import Snapshot

APART = 1024
"""The most batches between two snapshots, as long as there is memory for them."""

SECONDS = 0.005
"""Or the most training time, so that replaying from one to the next is not felt."""

SHARE = 0.02
"""The most of the training time that copying may take."""

KEPT = 0.75
"""The part of the room that is filled once snapshots have been thinned out."""


class Snapshots:
    """Snapshots of the state at the start of some batches, in order.

    All of what has been run lies within a bounded number of batches after one of them; what was run
    lately lies close after one. The first is never dropped.

    Parameters
    ----------
    steps : list of int
        Batches done before each snapshot.
    states : list of Snapshot
    """

    def __init__(
        self, steps: list[int] | None = None, states: list[Snapshot] | None = None
    ) -> None:
        self.steps: list[int] = [] if steps is None else steps
        self.states: list[Snapshot] = [] if states is None else states
        self._size = self.states[0].nbytes if self.states else 0  # all are of one layout
        self._last = time.perf_counter()
        self._cost = 0.0

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def nbytes(self) -> int:
        """How much memory they take, about."""
        return len(self.states) * self._size

    def at_or_before(self, step: int) -> tuple[int, Snapshot]:
        """Return the last snapshot that is not after a step, and its step."""
        place = bisect_right(self.steps, step) - 1
        if place < 0:
            raise LookupError(f"no snapshot at or before step {step}")
        return self.steps[place], self.states[place]

    def is_due(self, step: int) -> bool:
        """Whether it is time for another one, at the start of a batch."""
        ahead = step - self.steps[-1]
        if ahead <= 0:
            return False
        wait = max(SECONDS, self._cost / SHARE)
        return ahead >= APART or time.perf_counter() - self._last >= wait

    def took(self, seconds: float) -> None:
        """Note what copying the state takes; the next one then waits accordingly."""
        self._cost = seconds

    def add(self, step: int, state: Snapshot) -> None:
        """Keep a snapshot, unless there is one of that step."""
        place = bisect_left(self.steps, step)
        if place == len(self.steps) or self.steps[place] != step:
            self.steps.insert(place, step)
            self.states.insert(place, state)
            self._size = self._size or state.nbytes
        if place >= len(self.steps) - 1:
            self._last = time.perf_counter()

    def cut(self, step: int) -> None:
        """Drop those after a step, the first one apart."""
        place = max(bisect_right(self.steps, step), 1)
        del self.steps[place:], self.states[place:]
        self._last = time.perf_counter()

    def keep_only(self, wanted: Callable[[int, Snapshot], bool]) -> None:
        """Drop those that are not wanted, by step and state, the first one apart."""
        pairs = list(zip(self.steps, self.states, strict=True))
        kept = [*pairs[:1], *(pair for pair in pairs[1:] if wanted(*pair))]
        self.steps = [step for step, _ in kept]
        self.states = [state for _, state in kept]

    def copy(self, after: int = -1) -> Snapshots:
        """Return another list of the same snapshots: those after a step."""
        place = bisect_right(self.steps, after)
        return Snapshots(self.steps[place:], self.states[place:])

    def thin(self, room: int) -> None:
        """Drop snapshots until they take at most `room` bytes, the first one apart.

        What stays is spread evenly, and the closer together the nearer to the end.
        """
        sizes = self.nbytes
        if sizes <= room or len(self) < 2:
            return
        count = max(int(KEPT * room / (sizes / len(self))), 1)
        if count == 1:
            del self.steps[1:], self.states[1:]
            return
        end = self.steps[-1]
        evenly = 2 * (end - self.steps[0] + 1) / count
        nearness = 1 / 64
        while True:
            chosen = self._spread(end, evenly, nearness)
            if len(chosen) <= count:
                break
            nearness *= 1.5
            evenly *= 1.05
        self.steps = [self.steps[i] for i in chosen]
        self.states = [self.states[i] for i in chosen]

    def _spread(self, end: int, evenly: float, nearness: float) -> list[int]:
        """Return which to keep if gaps may be `evenly` long, or a share of the way to the end."""
        chosen = [len(self) - 1]
        for place in range(len(self) - 2, 0, -1):
            allowed = min(evenly, nearness * (end - self.steps[place - 1]))
            if self.steps[chosen[-1]] - self.steps[place - 1] > allowed:
                chosen.append(place)
        return [0, *reversed(chosen)]
