"""Going to another time of a run: the nearest snapshot, and from there on again; the core only."""

from __future__ import annotations

import numpy as np

from .data.source import RowSource
from .errors import bad_value
from .moves import Position
from .program import Program
from .running import Runner
from .state import Snapshot
from .timeline.branches import Branch
from .timeline.moment import PAUSED, REST, Moment
from .units import Unit, same_unit

FAR = 64
"""Batches that are run again merely to show the numbers that an array held before its op has run;
where it would take more, it holds NaN."""


class Traveller(Runner):
    """The cursor as it goes back and forth in time."""

    # ---- where to --------------------------------------------------------------------------------
    def ops_of(self, step: int) -> int:
        """Return how many ops the batch of a step has."""
        return len(self._program_at(step))

    def _program_at(self, step: int) -> Program:
        """Return a program like that of a step: batches may have been divided over workers then."""
        batch, workers = step % self.batches.count, self.timeline.workers_at(step)
        if workers == self.restraints.workers:
            return self._program(batch)
        return self.trainer._other_program(self.batches.length(batch), workers)

    def moment_of(self, position: Position) -> Moment:
        """Return the moment at which a run stands at a position, as it was left."""
        step = position.epoch * self.batches.count + position.batch
        moment = Moment(step, position.op)
        if self.timeline.was_acted(moment._replace(stage=PAUSED)):
            return moment._replace(stage=PAUSED)
        if position.op or step <= self.timeline.first or self.timeline.is_touched(moment):
            return moment
        return Moment(step - 1, self.ops_of(step - 1))

    def check(self, epoch: int, batch: int, op: int) -> Position:
        """Return a position that there is, or say what is wrong with it."""
        if batch >= self.batches.count:
            mend = "Batches are counted from 0."
            raise bad_value("batch", f"at most {self.batches.count - 1}", f"{batch}", mend)
        ops = self.ops_of(epoch * self.batches.count + batch)
        if op >= ops:
            mend = "Ops are counted from 0; the one after the last is op 0 of the next batch."
            raise bad_value("op", f"at most {ops - 1}", f"{op}", mend)
        if epoch * self.batches.count + batch < self.timeline.first:
            first = self.timeline.first // self.batches.count
            mend = "What was before is not known to this trainer."
            raise bad_value("epoch", f"at least {first}", f"{epoch}", mend)
        return Position(epoch, batch, op)

    def before(self, unit: Unit, n: int) -> Position:
        """Return the position n units back from here, at the earliest the start of the run."""
        epoch, batch, op = self.position
        begin = divmod(self.timeline.first, self.batches.count)
        for _ in range(n):
            if (epoch, batch, op) <= (*begin, 0):
                break
            if unit == "epoch":
                epoch, batch, op = (epoch if batch or op else epoch - 1), 0, 0
            elif unit == "batch" and op:
                op = 0
            else:
                if not op:
                    epoch, batch = divmod(
                        epoch * self.batches.count + batch - 1, self.batches.count
                    )
                    op = self.ops_of(epoch * self.batches.count + batch)
                op = 0 if unit == "batch" else self._start_of(unit, epoch, batch, op)
        return max(Position(epoch, batch, op), Position(*begin, 0))

    def _start_of(self, unit: Unit, epoch: int, batch: int, op: int) -> int:
        """Return where the unit begins that ends with the op before `op`, or has it in it."""
        ops = self._program_at(epoch * self.batches.count + batch).ops
        op -= 1
        while unit != "op" and op and same_unit(unit, ops[op - 1], ops[op]):
            op -= 1
        return op

    # ---- going there -----------------------------------------------------------------------------
    def travel(self, target: Moment) -> None:
        """Stand at a moment that has been before, every number as it was then.

        Should a hook that changes values raise an error on the way, the run stands at the start of
        a batch before, from where all can be reached again.
        """
        here, timeline = self.moment, self.timeline
        sought = self._sought(target)
        step, state = timeline.snapshots.at_or_before(sought)
        if not step == target.step == self.step_number:
            self.batches.check_again("Going back")
        timeline.leave(here, self.trainer.history)
        on_the_way = step <= here.step <= sought or here.step == target.step
        begun = self._hooks_called or not self.loaded
        if here > target or not on_the_way or self.torn or begun:
            self._begin_at(step, state)
        self.diverged, self._hooks_called = None, False
        self.travelling = True
        self.follow_history()
        try:
            self._run_again(target)
        except BaseException:
            self.recover()
            raise
        finally:
            self.travelling = False
        self.follow_history()

    def recover(self) -> None:
        """Stand at the start of a batch before, from where all can be reached again."""
        self.timeline.leave(self.moment, self.trainer.history)
        step, state = self.timeline.snapshots.at_or_before(self.step_number)
        self._begin_at(step, state)
        self.diverged, self._hooks_called = None, False
        self.follow_history()

    def _run_again(self, target: Moment) -> None:
        """Go from here to a later moment, as it was gone before."""
        while self.step_number < target.step:
            self._finish_batch()
            self.stand(*divmod(self.step_number + 1, self.batches.count))
            self._snapshot_on_the_way(target.step)
            self._load_again(target.step)
        self.walk(target.done, again=True)
        if target.stage == PAUSED:  # the hooks before the next op have been called
            op = self.program.ops[target.done]
            self.trainer._hooks.fire_at(self.trainer, op, "before", again=True)
            self._hooks_called = True
            self._catch_up(PAUSED)

    def _begin_at(self, step: int, state: Snapshot) -> None:
        """Stand at the start of a batch, with what was frozen, silenced and spliced in by then."""
        self.torn = False
        self.timeline.rewind(Moment(step, 0, 0))
        for program in self.trainer._programs.values():
            program.clear()  # what is not computed yet must not be a number of the future
        restraints = self.timeline.restraints()
        if restraints != self.restraints:
            self.trainer._restrain(restraints)
        self.trainer._hooks.put_modifying(self.timeline.spliced())
        self.stand(*divmod(step, self.batches.count))
        self.trainer._state.restore(state)
        self._load()

    def _sought(self, target: Moment) -> int:
        """Return the step from which to run again, so that what is not computed yet shows as then.

        An array whose op has not run yet holds what it held in the last batch of that size, or NaN
        if there was none.
        """
        step = target.step
        batch = step % self.batches.count
        if target.done == self.ops_of(step) or step <= self.timeline.first or self.batches.once:
            return step
        size = self.batches.length(batch)
        earlier = range(step - 1, max(self.timeline.first, step - FAR) - 1, -1)
        same = (s for s in earlier if self.batches.length(s % self.batches.count) == size)
        return next(same, step - 1)

    @property
    def _is_changed(self) -> bool:
        """Whether something else happens in this batch than its ops."""
        ahead = self.timeline.next_step == self.step_number
        return ahead or bool(self.trainer._hooks.modifying)

    def _load_again(self, target: int) -> None:
        """Load a batch on the way; what it reads is kept where that is needed."""
        if self.step_number == target or self._is_changed:
            self._load()
        else:
            self.program.load(self._rows[self.batch])
            self.loaded = True

    def _finish_batch(self) -> None:
        """Run what is left of the loaded batch, as it was run before."""
        if not self.program.done:
            self._catch_up(REST)
        if self._is_changed or self.program.done:
            self.walk(len(self.program), again=True)
            return
        for kernel in self.program.kernels:
            kernel()
        self.program.done = len(self.program)
        self._record(guarded=False, again=True)

    def _snapshot_on_the_way(self, target: int) -> None:
        """Leave snapshots on the way, the closer together the nearer to where it leads.

        Who goes back one batch goes back another one soon.
        """
        left = target - self.step_number
        if left & (left - 1) == 0:  # 0, 1, 2, 4, 8, ...
            self.timeline.keep(self.step_number, self.trainer._state.snapshot())

    def go(self, position: Position) -> None:
        """Stand at a position: one that has been, or else run up to it."""
        with self._under_way():
            target = self.moment_of(position)
            if target <= self.timeline.end:
                self.travel(target)
                return
            if self.moment < self.timeline.end:
                self.travel(self.timeline.end)
        self._run_up_to(position)

    def _run_up_to(self, position: Position) -> None:
        """Run on to a position that has not been before; a pause or NaN ends it on the way."""
        here = self.position
        if here.epoch < position.epoch:
            stop = self.run(position.epoch - here.epoch, [], guarded=self.trainer._guarded)
            if stop.reason != "epochs":
                return
        if self.position.epoch == position.epoch and self.position < position:
            batches = position.batch - self.position.batch
            paused = bool(batches) and self.step("batch", batches).paused
            ops = position.op - self.position.op
            if not paused and ops > 0 and self.position[:2] == position[:2]:
                self.step("op", ops)

    def follow(self, other: Traveller) -> None:
        """Take over another trainer's run: its line of events, and where it stands in it."""
        mine, timeline = self.trainer, self.timeline
        for name, array in other.trainer._train.items():
            if isinstance(array, RowSource):
                continue  # nobody feeds a file
            if not np.array_equal(array, mine._train[name]):  # an estimator has fed other data
                kept = mine._train[name]
                kept.flags.writeable = True
                kept[...] = array
                kept.flags.writeable = False
        self.batches.order = other.batches.order
        here = other.moment
        timeline.take(other.timeline.as_branch(here, other.trainer.history, ()))
        mine.history.become(other.trainer.history.copy())
        hooks = mine._hooks.adopt(timeline.hooks())
        timeline.replace_hooks(hooks)
        with self._under_way():
            self._begin_at(timeline.first, timeline.snapshots.states[0])
            self.travel(max(here, Moment(timeline.first, 0)))  # one loaded may stand before it

    def switch(self, branch: Branch) -> None:
        """Go on with a line of events that was left, at its end."""
        timeline, hooks = self.timeline, self.trainer._hooks
        self.batches.check_again("switch")
        with self._under_way():
            timeline.leave(self.moment, self.trainer.history)
            fork = timeline.parts_from(branch)
            left = timeline.as_branch(fork, self.trainer.history, list(hooks))
            timeline.branches.remove(branch)
            timeline.take(branch)
            self.trainer.history.become(branch.record.copy())
            try:
                self._begin_at(timeline.first, timeline.snapshots.states[0])
                self.travel(timeline.end)
            finally:  # a hook that changes values may fail on the way
                for hook in hooks:
                    hook.seen = branch.seen.get(hook, min(hook.seen, branch.fork))
                if left.end > fork or (left.acts[-1:] and left.acts[-1].moment > fork):
                    timeline.branches.keep(left)
