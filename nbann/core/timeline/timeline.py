"""The timeline of a run: what was done to it and when, snapshots, branches; the core's own parts.

What has been run is not stored but run again: a run is deterministic, so that the nearest snapshot
and what was done since give every number again, bit for bit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..checks import counted
from ..moves import Position
from ..restraints import Restraints
from ..scoring.history import History
from .acts import Act, Compiled, Divide, SetValues, Splice
from .branches import Branch, Branches
from .moment import START, Moment
from .snapshots import Snapshots

if TYPE_CHECKING:
    from ..hook import Hook
    from ..state import Snapshot

MB = 2**20
LISTED = 50
"""How many interventions are shown."""


class Timeline(Sequence[Act]):
    """What was done to a run, in order; and all that is needed to stand at any op of it again.

    As a sequence it holds the interventions of this line of events, those ahead of where the
    trainer stands included.

    Attributes
    ----------
    acts : list of Act
        The interventions, in order.
    applied : int
        How many of them lie behind.
    end : Moment
        How far this line of events has come.
    number, newest : int
        Of this line of events: 0 is the first, 1 what was done anew in its past, ...; the last one
        given.
    first : int
        The step with which it begins; there is nothing to go back to before it.
    snapshots : Snapshots
    record : History or None
        Of the whole line, while the trainer stands in its past.
    branches : Branches
        Lines of events that have been left.
    budget : int
        Bytes for snapshots and branches.
    batches, ops : int
        Batches in an epoch, ops in a batch that is computed in one piece.
    """

    def __init__(
        self, budget: int, batches: int, ops: int, ops_divided: Callable[[int], int]
    ) -> None:
        self.budget = budget
        self._ops_divided = ops_divided
        self._ops_by_workers = {0: ops}
        self.batches, self.ops = batches, ops
        self.branches = Branches(self)
        self.number = self.newest = 0
        self.acts: list[Act] = []
        self._of_acts = 0
        self.applied = 0
        self.end = START
        self.first = 0
        self.snapshots = Snapshots()
        self.record: History | None = None

    def begin(self, step: int, state: Snapshot, acts: Sequence[Act] = ()) -> None:
        """Begin a new line of events with a state; the branches stay."""
        self._replace_acts(acts)
        self.applied = len(self.acts)
        self.end = Moment(step, 0)
        self.first = step
        self.snapshots = Snapshots([step], [state])
        self.record = None

    # ---- as a list of interventions --------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.acts)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # as Sequence overloads it
        return self.acts[index]

    def __iter__(self) -> Iterator[Act]:
        return iter(self.acts)

    def __repr__(self) -> str:
        lines = [
            f"<Timeline: {counted(len(self.acts), 'intervention')}, run up to "
            f"{self.words(self.end)}; {counted(len(self.snapshots), 'snapshot')}, "
            f"{self.nbytes / MB:.1f} of {self.budget / MB:.3g} MB"
            + (f"; {self.branches.words()}" if self.branches or self.branches.dropped else "")
            + ">"
        ]
        hidden = max(len(self.acts) - LISTED, 0)
        if hidden:
            lines.append(f"  ... {hidden} before these ...")
        for number, act in enumerate(self.acts[hidden:], hidden):
            ahead = "  (ahead)" if number >= self.applied else ""
            lines.append(f"  {self.words(act.moment)}: {act.text}{ahead}")
        return "\n".join(lines)

    def position_of(self, moment: Moment | Act) -> Position:
        """Return a moment, or that of an intervention, as epoch, batch and op that come next."""
        if isinstance(moment, Act):
            moment = moment.moment
        if moment.done and moment.done >= self.ops_at(moment.step):
            return Position(*divmod(moment.step + 1, self.batches), 0)
        return Position(*divmod(moment.step, self.batches), moment.done)

    def words(self, moment: Moment) -> str:
        """Return a moment in words."""
        epoch, batch, op = self.position_of(moment)
        return f"epoch {epoch}, batch {batch}, op {op}"

    @property
    def nbytes(self) -> int:
        """How much memory snapshots, interventions and branches take, about."""
        return self.snapshots.nbytes + self._of_acts + self.branches.nbytes

    # ---- what lies ahead -------------------------------------------------------------------------
    @property
    def next_moment(self) -> Moment | None:
        """When the next intervention comes that was recorded and lies ahead."""
        return self.acts[self.applied].moment if self.applied < len(self.acts) else None

    @property
    def next_step(self) -> int | None:
        """The step of `next_moment`."""
        return self.acts[self.applied].moment.step if self.applied < len(self.acts) else None

    def due(self, moment: Moment, *, of_hooks: bool = True) -> Iterator[Act]:
        """Yield those ahead that come up to a moment, each counted as applied when it is asked.

        Without those `of_hooks`, up to the first that a hook does itself.
        """
        while self.applied < len(self.acts) and self.acts[self.applied].moment <= moment:
            if self.acts[self.applied].by_hook and not of_hooks:
                return
            self.applied += 1
            yield self.acts[self.applied - 1]

    def behind(self, step: int) -> list[Act]:
        """Return what lies behind of what was done in a batch."""
        start = bisect_left(self.acts, Moment(step, 0, 0), key=lambda act: act.moment)
        return self.acts[start : self.applied]

    def rewind(self, moment: Moment) -> None:
        """Count as applied only what comes before a moment."""
        self.applied = bisect_left(self.acts, moment, key=lambda act: act.moment)

    def was_changed_within(self, step: int) -> bool:
        """Whether something that lies behind was done after a batch's first op."""
        return self.applied > 0 and self.acts[self.applied - 1].moment > Moment(step, 0)

    def was_acted(self, moment: Moment) -> bool:
        """Whether something was done just at a moment."""
        place = bisect_left(self.acts, moment, key=lambda act: act.moment)
        return place < len(self.acts) and self.acts[place].moment == moment

    def is_touched(self, moment: Moment) -> bool:
        """Whether something was done between the start of a moment's batch and the moment."""
        start = bisect_left(self.acts, Moment(moment.step, 0, 0), key=lambda act: act.moment)
        return start < len(self.acts) and self.acts[start].moment <= moment

    # ---- what was in force -----------------------------------------------------------------------
    def restraints(self, before: Moment | None = None) -> Restraints:
        """Return what the interventions that lie behind (and before a moment) have held back."""
        restraints = Restraints()
        for act in self.acts[: self.applied]:
            if isinstance(act, Compiled) and (before is None or act.moment < before):
                restraints = act.of(restraints)
        return restraints

    def workers_at(self, step: int) -> int:
        """Return over how many workers a step's batch is divided, the steps ahead included."""
        workers = 0
        for act in self.acts:
            if act.moment > Moment(step, 0):
                break
            if isinstance(act, Divide):
                workers = act.workers
        return workers

    def ops_at(self, step: int) -> int:
        """Return how many ops a step's batch has."""
        workers = self.workers_at(step)
        if workers not in self._ops_by_workers:  # asked for every mark that a view shows
            self._ops_by_workers[workers] = self._ops_divided(workers)
        return self._ops_by_workers[workers]

    def spliced(self) -> set[Hook]:
        """Return the hooks that change values, by the interventions that lie behind."""
        hooks: set[Hook] = set()
        for act in self.acts[: self.applied]:
            if isinstance(act, Splice):
                (hooks.add if act.attached else hooks.discard)(act.hook)
        return hooks

    def hooks(self) -> list[Hook]:
        """Return every hook that changes values at some time."""
        return list(dict.fromkeys(act.hook for act in self.acts if isinstance(act, Splice)))

    def replace_hooks(self, by: Mapping[Hook, Hook]) -> None:
        """Put other hooks in the places of these."""
        self.acts = [
            replace(act, hook=by[act.hook]) if isinstance(act, Splice) else act for act in self.acts
        ]

    # ---- what is recorded ------------------------------------------------------------------------
    def reach(self, moment: Moment) -> None:
        """Note how far the run has come."""
        if moment >= self.end:
            self.end = moment
            self.record = None

    def leave(self, moment: Moment, history: History) -> None:
        """Keep what has been measured, before the run is looked at in its past."""
        self.reach(moment)
        if self.record is None:
            self.record = history.copy()

    def note(self, step: int, copy: Callable[[], Snapshot]) -> None:
        """Take a snapshot at the start of a batch, where it is time for one."""
        if self.is_due(step):
            self.keep(step, copy())

    def is_due(self, step: int) -> bool:
        """Whether it is time for a snapshot, at the start of a batch."""
        return self.budget > 0 and self.snapshots.is_due(step) and not self._begun(step)

    def keep(self, step: int, state: Snapshot) -> None:
        """Keep the state at the start of a batch, before anything is done to it there."""
        if not self._begun(step):
            self.snapshots.add(step, state)
            self._afford()

    def _begun(self, step: int) -> bool:
        """Whether something has been done at this step already."""
        return self.applied > 0 and self.acts[self.applied - 1].moment >= Moment(step, 0, 0)

    def _afford(self) -> None:
        room = self.budget - self.branches.nbytes - self._of_acts
        if self.snapshots.nbytes > room:
            self.snapshots.thin(max(room, 0))
            self.branches.share()

    # ---- acting ----------------------------------------------------------------------------------
    def add(self, act: Act, history: History, hooks: Sequence[Hook]) -> Act | None:
        """Record an intervention; what lay ahead of another one is kept as a branch.

        Returns
        -------
        Act or None
            What is to be done: the one that was recorded the first time, if it is the same; None
            where it has just been made.
        """
        if self.applied < len(self.acts) and self.acts[self.applied].is_same(act):
            self.applied += 1
            return self.acts[self.applied - 1]
        last = self.acts[self.applied - 1] if self.applied else None
        if last is not None and not isinstance(act, Splice) and last.is_same(act):
            return None
        ahead = self.first <= act.moment.step and act.moment < self.end
        if ahead or self.applied < len(self.acts):
            self.fork(act.moment, history, hooks)
        self.acts.append(act)
        self._of_acts += act.nbytes
        self.applied = len(self.acts)
        self.end = max(self.end, act.moment)
        for hook in hooks:  # what it has seen of later, in a batch since rewound, will be another
            hook.seen = min(hook.seen, act.moment)
        return act

    def join(self) -> bool:
        """Let the last two interventions be one, where the second sets anew what the first has set.

        So a number that is dragged to and fro is one intervention, from what it was before the
        first to what the last has made of it.

        Returns
        -------
        bool
            Whether they were: both set the same elements at the same moment, and nothing lies
            ahead.
        """
        if self.applied < len(self.acts) or self.applied < 2:
            return False
        first, last = self.acts[-2:]
        if not (isinstance(first, SetValues) and isinstance(last, SetValues)):
            return False
        if first.by_hook or last.by_hook or not last.sets_what(first):
            return False
        self.acts[-2:] = [replace(last, before=first.before)]
        self._of_acts -= first.nbytes
        self.applied -= 1
        return True

    def repeat(self, act: Act, within: Moment | None = None) -> Act | None:
        """Return what was recorded when a hook did this the first time, if it was.

        Parameters
        ----------
        act : Act
            What the hook does when it is called again.
        within : Moment, optional
            Of the intervention for which the batch is being computed once more.
        """
        for one in self.acts[self.applied : self.applied + 1]:
            at = within or act.moment
            if one.by_hook and type(one) is type(act) and one.moment == at:
                self.applied += 1
                return one
        if within is not None and isinstance(act, Splice):
            splices = (one for one in self.behind(act.moment.step) if isinstance(one, Splice))
            return next((one for one in splices if one.does_as(act)), None)
        return None

    def _replace_acts(self, acts: Sequence[Act]) -> None:
        self.acts = list(acts)
        self._of_acts = sum(act.nbytes for act in self.acts)

    def fork(self, moment: Moment, history: History, hooks: Sequence[Hook]) -> None:
        """Leave this line of events at a moment: what comes later is a branch from now on."""
        self.branches.keep(self.as_branch(moment, history, hooks))
        self.renumber()
        self._replace_acts(self.acts[: self.applied])
        self.snapshots.cut(moment.step)
        self.branches.share()
        self.record = None
        self.end = moment

    def renumber(self) -> None:
        """Give this line of events a number of its own: it is another one from now on."""
        self.newest += 1
        self.number = self.newest

    def as_branch(self, fork: Moment, history: History, hooks: Sequence[Hook]) -> Branch:
        """Return this whole line of events as a branch."""
        record = history.copy() if self.record is None else self.record
        return Branch(
            fork=fork,
            acts=tuple(self.acts),
            end=self.end,
            first=self.first,
            snapshots=self.snapshots.copy(),
            record=record,
            number=self.number,
            seen={hook: hook.seen for hook in hooks},
        )

    def parts_from(self, branch: Branch) -> Moment:
        """Return the moment up to which this line of events and a branch are one."""
        if self.first != branch.first:  # they begin at different times: nothing is shared
            return Moment(min(self.first, branch.first), 0, 0)
        pairs = zip(self.acts, branch.acts, strict=False)
        common = next((n for n, (a, b) in enumerate(pairs) if a is not b), None)
        if common is None:
            common = min(len(self.acts), len(branch.acts))
        following = [acts[common].moment for acts in (self.acts, branch.acts) if common < len(acts)]
        return min([self.end, branch.end, *following])

    def take(self, branch: Branch) -> None:
        """Go on with the line of events of a branch; the caller then goes to a place in it."""
        self.number = branch.number
        self.newest = max(self.newest, self.number)  # of another trainer's line of events, too
        self._replace_acts(branch.acts)
        self.applied = 0
        self.end, self.first = branch.end, branch.first
        self.snapshots = branch.snapshots.copy()
        self.record = branch.record.copy()
