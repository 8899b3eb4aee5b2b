"""Lines of events that have been left, kept so that one can return; NumPy and the core's parts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checks import counted
from ..errors import bad_value
from ..scoring.history import History
from .acts import Act
from .moment import Moment
from .snapshots import Snapshots

if TYPE_CHECKING:
    from ..hook import Hook
    from .timeline import Timeline

SHARE = 0.5
"""The part of the memory that branches may take; the rest is for the line of events at hand."""


@dataclass(eq=False)
class Branch:
    """A line of events from the start of the run to where it was left.

    Attributes
    ----------
    fork : Moment
        Where it was left for another one.
    acts : tuple of Act
        Its interventions.
    end : Moment
        How far it has come.
    first : int
        The step with which it begins.
    snapshots : Snapshots
    record : History
        All that was measured.
    seen : mapping of Hook to Moment
        What each hook was called for last.
    number : int
        Of the line of events, for good: 0 is the first, 1 what was done anew in its past, ...
    words : str
        Where it forks and how far it comes.
    nbytes : int
        How much memory it takes, about, beside what it shares with the line that it forked from.
    """

    fork: Moment
    acts: tuple[Act, ...]
    end: Moment
    first: int
    snapshots: Snapshots
    record: History
    seen: Mapping[Hook, Moment]
    number: int
    words: str = ""
    nbytes: int = 0

    def __repr__(self) -> str:
        loss = self.record.last("loss")
        last = "" if loss is None else f", last loss {loss:.4g}"
        return f"<Branch {self.number}: {self.words}{last}>"

    @property
    def own(self) -> Snapshots:
        """Its snapshots after the fork; those before are the other line's as well."""
        return self.snapshots.copy(after=self.fork.step)

    def thin(self, room: int) -> None:
        """Drop snapshots after the fork until they take at most `room` bytes; measure the rest."""
        own = self.own
        own.thin(room)
        if own.nbytes > room:
            own = Snapshots()
        self.snapshots.cut(self.fork.step)
        for step, state in zip(own.steps, own.states, strict=True):
            self.snapshots.add(step, state)
        acts = sum(act.nbytes for act in self.acts if act.moment > self.fork)
        first = self.snapshots.states[0].nbytes  # as if no other line began with it as well
        self.nbytes = 1000 + first + own.nbytes + self.record.nbytes + acts

    def share(self, held: Set[int]) -> None:
        """Drop those snapshots before the fork that nobody else holds any more."""
        self.snapshots.keep_only(lambda step, state: step > self.fork.step or id(state) in held)


class Branches(Sequence[Branch]):
    """The lines of events that have been left, the oldest first; `Trainer.switch` returns to one.

    Attributes
    ----------
    dropped : list of str
        What had to be dropped for lack of memory, in words.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._kept: list[Branch] = []
        self.dropped: list[str] = []

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # as Sequence overloads it
        return self._kept[index]

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._kept)

    def __repr__(self) -> str:
        lines = [f"<Branches: {self.words()}>", *(f"  {branch!r}" for branch in self._kept)]
        return "\n".join(lines + [f"  dropped: {text}" for text in self.dropped])

    def words(self) -> str:
        """Return how many there are, and how many have been dropped."""
        lost = f", {len(self.dropped)} dropped for lack of memory" if self.dropped else ""
        return counted(len(self), "branch") + lost

    @property
    def nbytes(self) -> int:
        """How much memory they take, about."""
        return sum(branch.nbytes for branch in self._kept)

    def find(self, branch: object) -> Branch:
        """Return a branch given as such or by its number.

        Raises
        ------
        ValueError
            There is none like that.
        """
        whole = isinstance(branch, int | np.integer) and not isinstance(branch, bool)
        for one in self._kept:
            if one is branch or (whole and one.number == branch):
                return one
        there = ", ".join(str(one.number) for one in self._kept) or "none, so far"
        mend = "See trainer.branches; acting anew in the past of a run makes one."
        raise bad_value("branch", f"one of trainer.branches: {there}", repr(branch), mend)

    def keep(self, branch: Branch) -> None:
        """Keep a branch; where there is no memory for all, drop the oldest, and say so."""
        self.put(branch)
        lost = []
        room = int(SHARE * self._timeline.budget)
        while self._kept and self.nbytes > room:
            lost.append(f"branch {self._kept[0].number}, {self._kept.pop(0).words}")
        self.share()
        if lost:
            self.dropped += lost
            warnings.warn(
                f"Dropped for lack of memory: {'; '.join(lost)}. To keep more, make the trainer "
                f"with timeline_memory= above {self._timeline.budget / 2**20:.3g} MB.",
                stacklevel=2,
            )

    def put(self, branch: Branch) -> None:
        """Put a branch to the others, with a share of the memory."""
        words = self._timeline.words
        branch.words = f"from {words(branch.fork)} on, to {words(branch.end)}"
        branch.thin(int(SHARE * self._timeline.budget) // 4)
        self._kept.append(branch)

    def share(self) -> None:
        """Let branches have no snapshots of what they share with others but those others hold.

        What is held for its own sake alone is counted as memory.
        """
        lines = [self._timeline.snapshots, *(branch.own for branch in self._kept)]
        held = {id(state) for line in lines for state in line.states}
        for branch in self._kept:
            branch.share(held)

    def remove(self, branch: Branch) -> None:
        """Take a branch out."""
        self._kept.remove(branch)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self.dropped.clear()
