"""Where a run stands, and how it moves on within a batch; imports the core's own parts only.

`advance` goes op by op with hooks; `running.py` calls whole batches in a bare loop. Both call the
same kernels in the same order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .data.batches import Batches
from .finite import Diverged, is_finite
from .hooks import Hook, Paused, Respliced
from .interrupts import Interrupts
from .moves import Position, Ran
from .program import Op, Program
from .restraints import Restraints
from .state import Snapshot
from .timeline.acts import Act, Restore, Restrain, SetHyper, SetValues, Splice
from .timeline.moment import AFTER, PAUSED, REST, Moment
from .units import Unit, same_unit

if TYPE_CHECKING:
    from .timeline.timeline import Timeline
    from .trainer import Trainer


class Cursor(ABC):
    """The place in a run: which batch is loaded, how many of its ops are done, what follows."""

    def __init__(self, trainer: Trainer, batches: Batches) -> None:
        self.trainer = trainer
        self.batches = batches
        self.interrupts = Interrupts()
        self.moving = False
        self.epoch = 0
        self.batch = 0
        self._rows = batches.rows(0)
        # which of the hooks between two ops are being called, while it moves
        self.stage = AFTER
        # whether the hooks before the next op have been called, because one of them paused
        self._hooks_called = False
        # whether a hook that failed has left the batch as no run would: not to be gone on from here
        self.torn = False
        # whether it is on its way to another time, where all has been before
        self.travelling = False
        # whether rules are asked after each batch: what they did is done again only after that
        self.rules_follow = False
        # why a hook has paused last, in words
        self.why = ""
        # the op that first wrote NaN or infinity, while it stands at the start of that batch
        self.diverged: Op | None = None
        # what was set by hand in this batch, and after how many ops it takes effect
        self.overrides: list[tuple[int, SetValues]] = []
        # the hook that has the word, and whether all that it does has been done before
        self.caller: Hook | None = None
        self.replaying = False
        # the intervention for which this batch is being computed once more
        self.recomputing: Act | None = None
        # what was done in it, and is still to be done once more
        self._to_redo: list[tuple[tuple[int, int], Act]] = []
        # what hyper-parameters that have been set in this batch were at its start
        self._at_start: dict[str, float] = {}
        self.program = self._program(0)
        self._load()

    @property
    def timeline(self) -> Timeline:
        """What was done to the run, and when."""
        return self.trainer._timeline

    def check_idle(self) -> None:
        """Raise `RuntimeError` if a step or run is under way: nothing else may move it then."""
        if self.moving:
            raise RuntimeError(
                "The trainer is in the midst of a step or run; a hook or another thread can not "
                "move it as well. Call event.pause() in the hook, and go on once the call returned."
            )

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        self.check_idle()
        self.moving, self.stage, self.rules_follow = True, AFTER, False
        try:
            with self.interrupts.watched(), np.errstate(all="ignore"):
                yield
        finally:
            self.moving = False
            self.timeline.reach(self.moment)

    # ---- where ----------------------------------------------------------------------------------
    @property
    def step_number(self) -> int:
        """Batches of the run before the one that is loaded."""
        return self.epoch * self.batches.count + self.batch

    @property
    def moment(self) -> Moment:
        """Where in the run it is now."""
        stage = PAUSED if self._hooks_called else self.stage if self.moving else REST
        return Moment(self.step_number, self.program.done, stage)

    @property
    def moment_at_rest(self) -> Moment:
        """The same, as if the move under way had ended here."""
        moment = self.moment
        return moment._replace(stage=max(moment.stage, REST))

    @property
    def at_batch_end(self) -> bool:
        """Whether the loaded batch is done."""
        return self.program.done == len(self.program)

    @property
    def position(self) -> Position:
        """The place of the next op."""
        if not self.at_batch_end:
            return Position(self.epoch, self.batch, self.program.done)
        if self.batch + 1 < self.batches.count:
            return Position(self.epoch, self.batch + 1, 0)
        return Position(self.epoch + 1, 0, 0)

    @property
    def next_op(self) -> Op:
        """The op that runs next."""
        if not self.at_batch_end:
            return self.program.ops[self.program.done]
        return self._program(self.position.batch).ops[0]

    def at_epoch_edge(self, when: str) -> bool:
        """Whether the loaded batch is the epoch's first ("before") or last ("after")."""
        return self.batch == (0 if when == "before" else self.batches.count - 1)

    # ---- one batch, by units ---------------------------------------------------------------------
    def advance(self, unit: Unit, *, guarded: bool = False) -> tuple[tuple[Op, ...], bool]:
        """Run to the end of the next `unit` of this batch; return what ran, and if a hook paused.

        Raises
        ------
        KeyboardInterrupt
            As a hook raised it; the cursor then stands at the start of the batch.
        Diverged
            If `guarded`: a number is not finite; the cursor then stands at the start of the batch.
        """
        self._enter_batch()
        self.diverged = None
        first, stop = self.program.done, self._end_of(unit)
        resumed, self._hooks_called = self._hooks_called, False
        try:
            if self.timeline.next_step == self.step_number:
                self.walk(stop, resumed=resumed, guarded=guarded)
            else:
                self._call(stop, resumed=resumed, guarded=guarded)
        except Paused as pause:
            self._hooks_called = pause.when == "before"
            self.why = pause.why
            # what was done the first time while the run stood here
            self._catch_up(PAUSED if self._hooks_called else REST)
            return self.program.ops[first : self.program.done], True
        except KeyboardInterrupt:
            if not self.at_batch_end:
                self._rewind_batch()
            raise
        except Diverged:
            raise
        except Exception:
            self.torn = True
            raise
        return self.program.ops[first:stop], False

    def _call(self, stop: int, *, resumed: bool, guarded: bool) -> None:
        """Call the kernels up to `stop`, with the hooks that are spliced between them."""
        program, hooks = self.program, self.trainer._hooks
        while program.done < stop:
            try:
                for call in hooks.spliced(self.trainer, program, stop, resumed=resumed):
                    call()
            except Respliced as place:  # a hook has attached another one: from there on with both
                resumed = place.when == "before"
            else:
                program.done = stop
        if self.at_batch_end:
            self._record(guarded=guarded)
            hooks.fire_end(self.trainer, program)

    def walk(
        self, stop: int, *, resumed: bool = False, guarded: bool = False, again: bool = False
    ) -> None:
        """Run op by op up to `stop`, with hooks, and interventions that are ahead on the timeline.

        Where something was done at `stop`, and the run was then left at rest, it is done as well.

        Parameters
        ----------
        stop : int
        resumed : bool
            Leave out the hooks before the next op, which have been called.
        guarded : bool
            Stop where a number is not finite.
        again : bool
            All this has been before: only hooks that change values are called, nothing is noted.
        """
        hooks = self.trainer._hooks
        self._catch_up(REST)
        while self.program.done < stop:
            op = self.program.ops[self.program.done]
            if not resumed:
                hooks.fire_at(self.trainer, op, "before", again=again)
            resumed = False
            self._catch_up(PAUSED)
            for kernel in self.program.ops[op.index].kernels:
                kernel()
            self.program.done = op.index + 1
            if self.at_batch_end:
                self._record(guarded=guarded, again=again)
            hooks.fire_at(self.trainer, self.program.ops[op.index], "after", again=again)
            if not (self.at_batch_end and self.rules_follow):
                self._catch_up(REST)

    def _catch_up(self, stage: int) -> None:
        """Do what is ahead on the timeline, up to a stage of where the run is."""
        moment = Moment(self.step_number, self.program.done, stage)
        for act in self.timeline.due(moment):
            act.apply(self)

    def _record(self, *, guarded: bool, again: bool = False) -> None:
        """Note what a batch just done has brought forth, and an epoch if that is done as well."""
        if guarded:
            self._check_finite()
        recorder = self.trainer._recorder
        if again:
            record = self.timeline.record
            if record is not None and self.at_epoch_edge("after"):
                recorder.epoch_done_again(self.epoch + 1, record)
            if self.trainer._hooks.modifying:  # they may read it
                self.follow_history()
            return
        recorder.batch_done(self.program.arrays["loss"].item())
        if self.at_epoch_edge("after"):
            recorder.epoch_done(self.epoch + 1)

    def follow_history(self) -> None:
        """Let the history, of which there is a record, be that of the moment."""
        record = self.timeline.record
        if record is not None:
            batches = self.step_number + self.at_batch_end
            epochs = record.evaluations_at(batches // self.batches.count)
            self.trainer.history.follow(record, batches, epochs)

    def step(self, unit: Unit, n: int) -> Ran:
        """Advance by whole units; see `Trainer.step`."""
        ops: list[Op] = []
        with self._under_way():
            while n and not self.interrupts.seen:
                ran, paused = self.advance(unit)
                ops += ran
                if paused:
                    self.settle()
                    return Ran(ops, True, self.why)
                n -= unit != "epoch" or self.position[1:] == (0, 0)
            self.settle()
        return Ran(ops, False)

    def settle(self) -> None:
        """Do what was done the first time when the run stood here, at the start of a batch."""
        ahead = self.timeline.next_moment
        if ahead is None or not self.at_batch_end:
            return
        if ahead <= Moment(self.step_number + 1, 0, REST):
            self._enter_batch()
            self._catch_up(REST)

    def _end_of(self, unit: Unit) -> int:
        ops, done = self.program.ops, self.program.done
        if unit in ("batch", "epoch"):
            return len(ops)
        stop = done + 1
        while stop < len(ops) and same_unit(unit, ops[done], ops[stop]):
            stop += 1
        return stop

    def enter(self) -> None:
        """Leave a batch that is done for the next one: what follows is of that one."""
        with np.errstate(all="ignore"):
            self._enter_batch()
        self.timeline.reach(self.moment)

    def _enter_batch(self) -> None:
        if self.at_batch_end:
            self._go_on()
            self.timeline.note(self.step_number, self.trainer._state.snapshot)
            self._load()

    def _go_on(self) -> None:
        """Stand at the start of the batch that comes next, which is yet to be loaded."""
        epoch, batch, _ = self.position
        self.stand(epoch, batch)

    def stand(self, epoch: int, batch: int) -> None:
        """Stand at the start of a batch, which is yet to be loaded."""
        if epoch != self.epoch:
            self._rows = self.batches.rows(epoch)
        self.epoch, self.batch = epoch, batch
        self.program.done = 0  # it may be left for one of another size: its numbers are past
        self.program = self._program(batch)
        self.program.done = 0
        self._forget_acts()

    def _load(self) -> None:
        self.program.load(self._rows[self.batch])
        self.trainer._state.keep()
        self._forget_acts()

    def _forget_acts(self) -> None:
        """Forget what was done in the loaded batch: another one is, or it is at its start."""
        self.overrides.clear()
        self._at_start.clear()

    def _program(self, batch: int) -> Program:
        return self.trainer._program_for(self.batches.length(batch))

    def _rewind_batch(self) -> None:
        self.trainer._state.restore_kept()
        self.program.done = 0
        self.program.touched.clear()
        self._forget_acts()
        if self.timeline.was_changed_within(self.step_number):  # what was kept is not the start
            self.torn = True
            self.travel(Moment(self.step_number, 0, REST))

    @abstractmethod
    def travel(self, target: Moment) -> None:
        """Stand at a moment that has been before, every number as it was then."""

    def _check_finite(self, earlier: Snapshot | None = None) -> None:
        """Go back to the start of a batch that has brought forth numbers that are not finite.

        Parameters
        ----------
        earlier : Snapshot, optional
            Of some batches before, to tell what has grown since; by default the last one that the
            timeline has.

        Raises
        ------
        Diverged
            It has.
        """
        if not is_finite(self.program):
            from .autopsy import perform  # only needed once something has gone wrong

            step, snapshots = self.step_number, self.timeline.snapshots
            if earlier is None and snapshots.steps[0] < step:
                _, earlier = snapshots.at_or_before(step - 1)
            autopsy = perform(self.program, self.epoch, self.batch, earlier=earlier)
            op = self.program[autopsy.op]
            self._rewind_batch()
            self.diverged = op
            raise Diverged(autopsy)

    # ---- recording -------------------------------------------------------------------------------
    def record(self, act: Act) -> Act | None:
        """Record an act on the timeline; return what is to be done.

        A hook that is called again does again what it did, which is recorded already.
        """
        timeline, trainer = self.timeline, self.trainer
        act = replace(act, by_hook=self.caller is not None and self.caller.modifies)
        if self.recomputing is not None:  # hyper-parameters follow from the batch: not recorded
            within = self.recomputing.moment
            if not isinstance(act, Splice):
                if act.by_hook and self._to_redo and self._to_redo[0][1].by_hook:
                    del self._to_redo[0]
                return act
            done = timeline.repeat(act, within)
            if done is not None:
                return done
            act = replace(act, moment=within)
        elif self.replaying:
            return timeline.repeat(act) or act
        return timeline.add(act, trainer.history, list(trainer._hooks))

    def catch_up_before(self, hook: Hook) -> None:
        """Do what others did the first time before a hook that changes values was called."""
        if hook.modifies and self.recomputing is not None:
            self._redo((self.program.done, self.stage), until_hook=True)
        elif hook.modifies:
            for act in self.timeline.due(self.moment, of_hooks=False):
                act.apply(self)

    @abstractmethod
    def recover(self) -> None:
        """Stand where all is whole, after an error in the midst of an intervention."""

    # ---- what interventions do -------------------------------------------------------------------
    @property
    def restraints(self) -> Restraints:
        """What is frozen or silenced now."""
        return self.trainer._recipe.restraints

    def again(self, act: Act) -> None:
        """Compute the loaded batch once more, up to where it stands: an act has changed something.

        Only hooks that change values are called. What others have done is done again in its place.
        """
        hooks, trainer, stop = self.trainer._hooks, self.trainer, self.program.done
        outer, self.recomputing = self.recomputing, act
        state = trainer._state
        state.restore_kept()
        for name, value in self._at_start.items():
            state.arrays[name][...] = value
            state.keep([name])
        self.program.load(self._rows[self.batch])
        self._to_redo = self._acts_to_redo(stop)
        try:
            for op in self.program.ops[:stop]:
                self._redo((op.index, REST))
                hooks.fire_at(trainer, op, "before", again=True)
                self._redo((op.index, PAUSED))
                for kernel in op.kernels:
                    kernel()
                self.program.done = op.index + 1
                hooks.fire_at(trainer, op, "after", again=True)
                for after, override in self.overrides:
                    if after == op.index + 1:
                        self._write(override)
            self._redo((stop, REST))
            if act.moment.stage == PAUSED:
                hooks.fire_at(trainer, self.program.ops[stop], "before", again=True)
                self._redo((stop, PAUSED))
        finally:
            self.recomputing = outer

    def _acts_to_redo(self, stop: int) -> list[tuple[tuple[int, int], Act]]:
        """Return what was done in this batch beside `overrides`, and by which op and stage.

        A number set at rest is in force from the first op that reads it.
        """
        found = []
        for act in self.timeline.behind(self.step_number):
            place = act.moment[1:]
            if isinstance(act, SetHyper) and not act.moment.in_passing:
                reads = (op.index for op in self.program.ops[:stop] if act.name in op.reads)
                place = min(place, (next(reads, stop), PAUSED))
            elif not isinstance(act, SetHyper) and not (
                isinstance(act, Restore) and act.moment.in_passing and act.moment.done
            ):
                continue
            found.append((place, act))
        return sorted(found, key=lambda pair: pair[0])

    def _redo(self, place: tuple[int, int], *, until_hook: bool = False) -> None:
        """Do again what was done up to a place, but for what hooks do again themselves."""
        acts = self._to_redo
        while acts and acts[0][0] <= place and not (until_hook and acts[0][1].by_hook):
            act = acts.pop(0)[1]
            if not act.by_hook:
                act.apply(self)

    def _write(self, act: SetValues) -> None:
        """Set elements by hand, and say that no op has written them so."""
        array = self.program.arrays[act.name]
        act.write(array)
        self._touch("trainer.set", array)

    def _touch(self, by: str, *arrays: object) -> None:
        """Say that arrays hold other numbers than their ops have written."""
        program = self.program
        changed = [n for n, a in program.arrays.items() if any(_overlap(a, b) for b in arrays)]
        program.touch(changed, by)

    def override(self, act: SetValues) -> None:
        """Set elements of an array, and compute what follows from it in this batch."""
        state, program = self.trainer._state, self.program
        writer = program.writer.get(act.name)
        after = 0 if writer is None or writer.index >= program.done else writer.index + 1
        if after:
            self.overrides.append((after, act))
        else:
            state.restore_kept()
            act.write(program.arrays[act.name])
            state.keep([state.place(act.name)[0]])
        self.again(act)

    def set_number(self, act: SetHyper) -> None:
        """Set a hyper-parameter, in force from the next update on, the one under way included."""
        state, program = self.trainer._state, self.program
        kept = state.kept(act.name)
        if kept is not None:
            self._at_start.setdefault(act.name, float(kept.item()))
        read = any(act.name in op.reads for op in program.ops[: program.done])
        under_way = read and not self.at_batch_end
        if under_way and not act.moment.in_passing and self.recomputing is None:
            self.again(act)
            return
        state.arrays[act.name][...] = act.value
        if not read:
            state.keep([act.name])
        elif under_way:
            program.touch([act.name], "trainer.set")

    def put_back(self, act: Restore) -> None:
        """Put whole arrays back, and compute what follows from them in this batch."""
        state, arrays = self.trainer._state, act.snapshot.arrays
        if self.recomputing is not None or (act.moment.in_passing and self.program.done):
            state.restore(act.snapshot)  # what this batch has written is not what is there now
            self._touch("Restoring earlier weights", *(state.persistent[name] for name in arrays))
            return
        state.restore_kept()
        state.restore(act.snapshot)
        state.keep(arrays)  # the batch reads these
        self.again(act)

    def restrain(self, restraints: Restraints, act: Restrain) -> None:
        """Freeze or silence, in programs that are compiled anew."""
        self.trainer._restrain(restraints)
        if not self.at_batch_end:
            done = self.program.done
            self.program = self._program(self.batch)
            self.program.done = done
            self.again(act)


def _overlap(a: object, b: object) -> bool:
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b)
