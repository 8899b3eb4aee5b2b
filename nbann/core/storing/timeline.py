"""The timeline of a run to a document and arrays, and back; imports the core's own parts only.

A line of events is its interventions, some snapshots and how far it has come: with them the loaded
run can be gone back in. Hooks can not be in a file: of a run that they have changed, the present
alone is stored, with what is frozen or silenced in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..scoring.history import History
from ..state import Snapshot
from ..timeline.acts import Act, Restrain, SetValues, Splice, neuron_name
from ..timeline.branches import Branch
from ..timeline.moment import Moment
from ..timeline.snapshots import Snapshots
from .acts import act_of, describe_act
from .container import Arrays, Document
from .faults import bad_file, item, items, whole
from .run import FAR, describe_history, fitting, history_of, streams_of

if TYPE_CHECKING:
    from ..timeline.timeline import Timeline
    from ..trainer import Trainer

TIMELINE = "timeline/"
"""What the names of the arrays of the section "timeline" begin with."""

ROOM = 4 * 2**20
"""Bytes for the snapshots of a line of events in a file, the first of them apart."""


@dataclass(frozen=True)
class Line:
    """One line of events."""

    acts: Sequence[Act]
    end: Moment
    first: int
    snapshots: Snapshots
    record: History | None
    number: int


# ---- to a document -------------------------------------------------------------------------------
def describe_timeline(trainer: Trainer) -> tuple[Document | None, Arrays]:
    """Return the section of the timeline; where hooks have changed what was, of the present alone.

    None where hooks have changed it, and what the batch at hand began with is not there any more.
    """
    timeline = trainer._timeline
    if any(isinstance(act, Splice) for act in timeline.acts):
        present = _present(trainer)
        return (None, {}) if present is None else _describe(trainer, present, len(present.acts), [])
    # in the midst of a run, what has been run since it began is not noted in the timeline yet
    here = trainer._cursor.moment_at_rest
    line = Line(
        timeline.acts,
        max(timeline.end, here),
        timeline.first,
        timeline.snapshots,
        None if here >= timeline.end else timeline.record,
        timeline.number,
    )
    return _describe(trainer, line, timeline.applied, timeline.branches)


def _present(trainer: Trainer) -> Line | None:
    """Return a line of events that begins with the batch at hand, or if that is done the next one.

    What is frozen or silenced now was so from its start; of what was done in this batch, what still
    has a part in it is done again.
    """
    cursor, timeline, state = trainer._cursor, trainer._timeline, trainer._state
    step, ended, kept = cursor.step_number, cursor.at_batch_end, state.kept_snapshot()
    if kept is None and not ended:
        return None
    start = Moment(step, timeline.ops if ended else 0, 0)
    before = timeline.restraints(start)
    if ended:
        at, first, end, kept = Moment(step, 0), step + 1, Moment(step + 1, 0), state.snapshot()
    else:
        at, first, end = Moment(step - 1, timeline.ops), step, cursor.moment_at_rest
    held = [
        Restrain(max(at, Moment(0, 0)), which, pairs, True, _what(which, pairs))
        for which, pairs in (("frozen", before.frozen), ("silenced", before.silenced))
        if pairs
    ]
    later = [
        act
        for act in timeline.acts[: timeline.applied]
        if act.moment >= start
        and not isinstance(act, Splice)
        # what else was done at a batch's end is in the state
        and (isinstance(act, Restrain) or not ended)
    ]
    assert kept is not None
    acts = (*held, *later)
    return Line(acts, end, first, Snapshots([first], [kept]), None, timeline.number)


def _what(which: str, pairs: frozenset[tuple[str, int]]) -> str:
    if which == "frozen":
        return ", ".join(sorted({name for name, _ in pairs}))
    return ", ".join(neuron_name(array, unit) for array, unit in sorted(pairs))


def _describe(
    trainer: Trainer, line: Line, applied: int, branches: Sequence[Branch]
) -> tuple[Document, Arrays]:
    """Return a line of events, and the branches that have no hooks in them."""
    timeline = trainer._timeline
    document, arrays = _describe_line(line, TIMELINE)
    places = {id(act): place for place, act in enumerate(line.acts)}
    overrides = [(after, id(act)) for after, act in trainer._cursor.overrides]
    document |= {
        "applied": applied,
        "newest": timeline.newest,
        "overrides": [[after, places[act]] for after, act in overrides if act in places],
        "branches": [],
    }
    for branch in branches:
        if any(isinstance(act, Splice) for act in branch.acts):
            continue
        prefix = f"{TIMELINE}branches/{branch.number}/"
        left = Line(
            branch.acts, branch.end, branch.first, branch.snapshots, branch.record, branch.number
        )
        section, found = _describe_line(left, prefix)
        document["branches"].append(section | {"fork": list(branch.fork)})
        arrays |= found
    return document, arrays


def _describe_line(line: Line, prefix: str) -> tuple[Document, Arrays]:
    snapshots = line.snapshots.copy()
    snapshots.thin(ROOM)
    arrays: Arrays = {}
    for key in snapshots.states[0].arrays:
        stacked = np.stack([state.arrays[key] for state in snapshots.states])
        arrays[f"{prefix}state/{key}"] = stacked
    acts = []
    for place, act in enumerate(line.acts):
        section, found = describe_act(act)
        acts.append(section)
        arrays |= {f"{prefix}acts/{place}/{key}": array for key, array in found.items()}
    record = None
    if line.record is not None:
        record, found = describe_history(line.record, f"{prefix}record/")
        arrays |= found
    return {
        "number": line.number,
        "first": line.first,
        "end": list(line.end),
        "acts": acts,
        "steps": list(snapshots.steps),
        "streams": [state.streams for state in snapshots.states],
        "record": record,
    }, arrays


# ---- and back ------------------------------------------------------------------------------------
class Reading:
    """Reads lines of events of one file, for one trainer.

    Raises
    ------
    FileError
        Something is missing, out of its range, or does not fit the trainer.
    """

    def __init__(self, trainer: Trainer, arrays: Mapping[str, Any]) -> None:
        self.trainer = trainer
        self.arrays = arrays

    def line(self, document: object, prefix: str) -> Line:
        """Return a line of events."""
        first = whole(document, "first", 0, FAR)
        end = self.moment(document, "end")
        steps = items(document, "steps", int)
        if not steps or steps != sorted(set(steps)) or steps[0] != first or steps[-1] > end.step:
            raise bad_file("Snapshots", f"steps in order from {first} to {end.step}", steps[:5])
        states = self._states(items(document, "streams", dict), len(steps), prefix)
        acts: list[Act] = []
        of_acts = self._arrays_of_acts(f"{prefix}acts/")
        for place, section in enumerate(items(document, "acts", dict)):
            moment = self.moment(section, "moment")
            if not Moment(first - 1, 0, 0) <= moment <= end or (acts and moment < acts[-1].moment):
                raise bad_file("Interventions", "moments in order", list(moment))
            acts.append(act_of(section, moment, self.trainer, of_acts.get(str(place), {})))
        record = item(document, "record", dict, None)
        return Line(
            acts,
            end,
            first,
            Snapshots(steps, states),
            None
            if record is None
            else history_of(self.trainer, record, self.arrays, f"{prefix}record/"),
            whole(document, "number", 0, FAR),
        )

    def _arrays_of_acts(self, prefix: str) -> dict[str, dict[str, NDArray[Any]]]:
        """Return the arrays of each intervention of a line, by its number and their own names."""
        found: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in self.arrays.items():
            if name.startswith(prefix):
                place, _, key = name.removeprefix(prefix).partition("/")
                found.setdefault(place, {})[key] = array
        return found

    def _states(self, streams: Sequence[Any], count: int, prefix: str) -> list[Snapshot]:
        state = self.trainer._state
        if len(streams) != count:
            raise bad_file("Snapshots", f"generators of {count}", len(streams))
        stacked = {
            key: fitting(self.arrays, f"{prefix}state/{key}", array, (count, *array.shape))
            for key, array in state.persistent.items()
        }
        return [
            Snapshot(
                {key: np.array(array[n]) for key, array in stacked.items()},
                streams_of({"streams": streams[n]}, "streams", tuple(state.streams), needed=True),
            )
            for n in range(count)
        ]

    def moment(self, section: object, key: str) -> Moment:
        """Return a moment."""
        numbers = items(section, key, int)
        ops = self.trainer._timeline.ops
        if len(numbers) != 3 or not all(
            0 <= n <= most for n, most in zip(numbers, (FAR, ops, 3), strict=True)
        ):
            raise bad_file("A moment", f"a step, up to {ops} ops, a stage up to 3", numbers[:5])
        return Moment(*numbers)


def put_timeline_back(
    trainer: Trainer, document: Document | None, arrays: Mapping[str, Any]
) -> None:
    """Put a timeline into a trainer that stands where its run stood."""
    cursor, timeline = trainer._cursor, trainer._timeline
    if document is None:
        _begin_here(trainer)
        return
    line = read_line(trainer, document, arrays)
    if line.end < cursor.moment or line.first > cursor.step_number + cursor.at_batch_end:
        raise bad_file("The timeline", f"one with {list(cursor.moment)} in it", list(line.end))
    _take(timeline, line)
    timeline.applied = applied_of(document, line)
    if line.record is not None:
        _check_record(trainer, line.record)
    timeline.newest = whole(document, "newest", line.number, FAR)
    for override in items(document, "overrides", list):
        after, place = _pair(override, timeline.ops, len(line.acts) - 1)
        act = line.acts[place]
        if not isinstance(act, SetValues):
            raise bad_file("What was set in this batch", "elements", type(act).__name__)
        cursor.overrides.append((after, act))
    reading = Reading(trainer, arrays)
    numbers = {line.number}
    for section in items(document, "branches", dict):
        number = whole(section, "number", 0, timeline.newest)
        left = reading.line(section, f"{TIMELINE}branches/{number}/")
        if number in numbers or left.record is None:
            raise bad_file("A branch", "a number and a history of its own", number)
        numbers.add(number)
        fork = reading.moment(section, "fork")
        timeline.branches.put(
            Branch(
                fork,
                tuple(left.acts),
                left.end,
                left.first,
                left.snapshots,
                left.record,
                {},
                number,
            )
        )


def read_line(trainer: Trainer, document: Document, arrays: Mapping[str, Any]) -> Line:
    """Return the line of events that a file's run is on."""
    return Reading(trainer, arrays).line(document, TIMELINE)


def applied_of(document: Document, line: Line) -> int:
    """Return how many interventions lie behind."""
    return whole(document, "applied", 0, len(line.acts))


def _take(timeline: Timeline, line: Line) -> None:
    timeline.begin(line.first, line.snapshots.states[0], line.acts)
    timeline.snapshots, timeline.end = line.snapshots, line.end
    timeline.record, timeline.number = line.record, line.number


def _begin_here(trainer: Trainer) -> None:
    """Let the past begin with the batch at hand, or with the next one."""
    cursor, timeline, state = trainer._cursor, trainer._timeline, trainer._state
    kept = state.kept_snapshot()
    if cursor.at_batch_end or kept is None:
        timeline.begin(cursor.step_number + 1, state.snapshot())
    else:
        timeline.begin(cursor.step_number, kept)
        timeline.end = cursor.moment_at_rest


def _check_record(trainer: Trainer, record: History) -> None:
    now = trainer.history
    same = len(record.losses) >= len(now.losses) and record.evaluations >= now.evaluations
    if not same:
        raise bad_file("The timeline's history", "one that goes on from the run's", "a shorter one")


def _pair(value: Sequence[Any], most: int, last: int) -> tuple[int, int]:
    fits = len(value) == 2 and all(type(n) is int for n in value)
    if not fits or not (0 < value[0] <= most and 0 <= value[1] <= last):
        raise bad_file("What was set in this batch", "an op and an intervention", value[:5])
    return value[0], value[1]
