"""How a run moves on within a batch; imports the core's own parts only.

`advance` goes op by op with hooks; `running.py` calls whole batches in a bare loop. Both call the
same kernels in the same order.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NoReturn

from .acting import Acting
from .finite import Diverged, culprit, is_finite
from .hook import Paused, Respliced
from .moves import Ran
from .parallel.faults import WorkersError
from .program import Op, Program
from .timeline.moment import PAUSED, REST, Moment
from .units import Unit, same_unit


class Cursor(Acting):
    """The place in a run, as it moves on: by op, layer, phase, batch or epoch."""

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
        if not self.program.done:  # with what is due here this batch may be another program's
            self._catch_up(REST)
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
        except WorkersError as error:
            if not self.at_batch_end:
                self._rewind_batch()
            self._give_up(error)
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

    def _in_one_piece(self) -> Program:
        """Run a batch that workers have computed once more here, where each number can be seen."""
        state = self.trainer._state
        state.restore_kept()
        program = self.trainer._other_program(self.program.batch_size, workers=0)
        program.load(self.program.rows)
        for kernel in program.kernels:
            kernel()
        program.done = len(program)
        return program

    def _give_up(self, error: WorkersError) -> NoReturn:
        """Raise what kept a batch from being computed, at whose start it stands; or Ctrl-C."""
        if self.interrupts.seen:
            raise KeyboardInterrupt from error
        raise error

    def _end_of(self, unit: Unit) -> int:
        ops, done = self.program.ops, self.program.done
        if unit in ("batch", "epoch"):
            return len(ops)
        stop = done + 1
        while stop < len(ops) and same_unit(unit, ops[done], ops[stop]):
            stop += 1
        return stop

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

    def _check_finite(self) -> None:
        """Go back to the start of a batch that has brought forth numbers that are not finite.

        Raises
        ------
        Diverged
            It has.
        """
        if not is_finite(self.program):
            from .autopsy import perform  # only needed once something has gone wrong

            # what has grown is told from the start of the run, wherever snapshots happen to be
            snapshots = self.timeline.snapshots
            start = snapshots.states[0] if snapshots.steps[0] < self.step_number else None
            if self.restraints.workers:
                op, whole = culprit(self.program), self._in_one_piece()
                autopsy = perform(whole, self.epoch, self.batch, earlier=start)
            else:
                autopsy = perform(self.program, self.epoch, self.batch, earlier=start)
                op = self.program[autopsy.op]
            self._rewind_batch()
            self.diverged = op
            raise Diverged(autopsy)
