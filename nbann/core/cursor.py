"""Where a run stands and how it moves on; imports the core's own parts only.

Two ways, one arithmetic: `_bare` calls the kernels of whole batches in a bare loop; `advance`
goes op by op with hooks. Both call the same kernels in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from .data.batches import Batches, Rows
from .finite import Diverged, are_finite, culprit, is_finite
from .hooks import Paused, Unit, same_unit
from .interrupts import Interrupts
from .moves import Position, Ran, Stop
from .program import Op, Program
from .state import Snapshot
from .stopping import Rule

if TYPE_CHECKING:
    from .trainer import Trainer

CHUNK = 256
"""Batches at full speed between two looks at whether all numbers are finite."""


class Cursor:
    """The place in a run: which batch is loaded, how many of its ops are done, what follows."""

    def __init__(self, trainer: Trainer, batches: Batches) -> None:
        self.trainer = trainer
        self.batches = batches
        self.interrupts = Interrupts()
        self.moving = False
        self.epoch = 0
        self.batch = 0
        self._rows = batches.rows(0)
        # whether the hooks before the next op have been called, because one of them paused
        self._hooks_called = False
        # the op that first wrote NaN or infinity, while it stands at the start of that batch
        self.diverged: Op | None = None
        self.program = self._program(0)
        self._load()

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
        self.moving = True
        try:
            with self.interrupts.watched(), np.errstate(all="ignore"):
                yield
        finally:
            self.moving = False

    # ---- where ----------------------------------------------------------------------------------
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
        program, first = self.program, self.program.done
        resumed, self._hooks_called = self._hooks_called, False
        stop = self._end_of(unit)
        hooks = self.trainer._hooks
        try:
            for call in hooks.spliced(self.trainer, program, stop, resumed=resumed):
                call()
            program.done = stop
            if self.at_batch_end:
                if guarded:
                    self._check_finite()
                self.trainer._recorder.batch_done(program.arrays["loss"].item())
                if self.at_epoch_edge("after"):
                    self.trainer._recorder.epoch_done(self.epoch + 1)
                hooks.fire_end(self.trainer, program)
        except Paused as pause:
            self._hooks_called = pause.when == "before"
            return program.ops[first : program.done], True
        except KeyboardInterrupt:
            if not self.at_batch_end:
                self._rewind_batch()
            raise
        return program.ops[first:stop], False

    def step(self, unit: Unit, n: int) -> Ran:
        """Advance by whole units; see `Trainer.step`."""
        ops: list[Op] = []
        with self._under_way():
            while n and not self.interrupts.seen:
                ran, paused = self.advance(unit)
                ops += ran
                if paused:
                    return Ran(ops, True)
                n -= unit != "epoch" or self.position[1:] == (0, 0)
        return Ran(ops, False)

    def _end_of(self, unit: Unit) -> int:
        ops, done = self.program.ops, self.program.done
        if unit in ("batch", "epoch"):
            return len(ops)
        stop = done + 1
        while stop < len(ops) and same_unit(unit, ops[done], ops[stop]):
            stop += 1
        return stop

    def _enter_batch(self) -> None:
        if self.at_batch_end:
            self._go_on()
            self._load()

    def _go_on(self) -> None:
        """Stand at the start of the batch that comes next, which is yet to be loaded."""
        self.epoch, self.batch, _ = self.position
        if self.batch == 0:
            self._rows = self.batches.rows(self.epoch)
        self.program.done = 0  # it may be left for one of another size: its numbers are past
        self.program = self._program(self.batch)
        self.program.done = 0

    def _load(self) -> None:
        self.program.load(self._rows[self.batch])
        self.trainer._state.keep()

    def _program(self, batch: int) -> Program:
        return self.trainer._program_for(self.batches.length(batch))

    def _rewind_batch(self) -> None:
        self.trainer._state.restore_kept()
        self.program.done = 0
        self.program.touched.clear()

    def _check_finite(self) -> None:
        """Go back to the start of a batch that has brought forth numbers that are not finite."""
        if not is_finite(self.program):
            self.diverged = op = culprit(self.program)
            self._rewind_batch()
            raise Diverged(op)

    # ---- many batches at full speed --------------------------------------------------------------
    def run(self, epochs: int, rules: Sequence[Rule], *, guarded: bool) -> Stop:
        """Run whole epochs; see `Trainer.run`."""
        target = self.position.epoch + epochs
        single = any(rule.unit == "batch" for rule in rules)
        stop = Stop("epochs", self.position)
        with self._under_way():
            for rule in rules:
                rule.begin(self.trainer)
            while self.position.epoch < target and not self.interrupts.seen:
                goal = self.position.epoch + 1 if rules else target
                try:
                    goal = self.trainer._goal_of_autosaves(goal)
                    paused = self._move(goal, single=single, guarded=guarded)
                    self.trainer._autosave()
                except Diverged as found:
                    stop = Stop("nan", self.position._replace(op=found.op.index), found.op.name)
                    break
                reason = "paused" if paused else self._reason_to_stop(rules)
                if reason:
                    stop = Stop(reason, self.position)
                    break
            else:
                stop = Stop("epochs", self.position)
            if stop.reason != "paused" and not self.interrupts.seen:
                for rule in rules:
                    rule.end(self.trainer)
        return stop

    def _move(self, goal: int, *, single: bool, guarded: bool) -> bool:
        """Run some batches, at most to the end of epoch `goal`; return whether a hook paused."""
        if not self.trainer._hooks and self._stretch(goal, single=single, guarded=guarded):
            return False
        return self.advance("batch", guarded=guarded)[1]

    def _reason_to_stop(self, rules: Sequence[Rule]) -> str | None:
        """Ask all the rules, as some take notes; return the reason of the first that says stop."""
        epoch_done = self.position[1:] == (0, 0)
        reasons = [
            rule.reason
            for rule in rules
            if (epoch_done or rule.unit == "batch") and rule.asks_to_stop(self.trainer)
        ]
        return reasons[0] if reasons else None

    def _stretch(self, target: int, *, single: bool, guarded: bool = True) -> bool:
        """Run batches of one size in a bare loop; False where there is none to be run so.

        `single` runs one of them only, and keeps what it read. The batch before an evaluation, and
        the last of the run, are left to `advance`: it records the epoch, and keeps what it read, so
        that after a run its arithmetic can be shown. For a full batch many epochs are one stretch.
        """
        epoch, batch, op = self.position
        until = self.trainer._recorder.next_evaluation(epoch, target)
        if self.batches.whole:
            count = until - epoch - 1
        elif until == epoch + 1 or batch < self.batches.count - 1:
            count = self.batches.count - batch - 1
        else:
            count = 1  # an epoch's last batch may be smaller; nothing is due after this one
        if op or count < 1:
            return False
        count = min(count, CHUNK) if self.trainer._autosaves else count  # it looks at the clock
        if self.at_batch_end:
            self._go_on()
        self.trainer._state.forget()
        if single:
            self._one(guarded=guarded)
        else:
            self._many(count, guarded=guarded)
        return True

    def _one(self, *, guarded: bool) -> None:
        """Run a batch, and keep what it read."""
        self.trainer._state.keep()
        if not self._bare(self._ahead(0, 1)):
            self._load()
        elif guarded:
            loss = self.trainer.history.losses.pop()
            self._check_finite()
            self.trainer.history.losses.append(loss)

    def _many(self, count: int, *, guarded: bool) -> None:
        """Run `count` batches of one size, from the one at hand, and stand at the last that ran."""
        state, losses = self.trainer._state, self.trainer.history.losses
        first, done = (self.epoch, self.batch), 0
        while done < count:
            size = min(CHUNK, count - done)
            before = state.snapshot() if guarded else None
            ran = self._bare(self._ahead(done, size))
            well = not ran or (are_finite(losses[-ran:]) and np.isfinite(state.theta).all())
            if before is not None and not well:
                self._find_culprit(before, first, range(done, done + ran))
            done += ran
            if ran < size:
                break
        if done:
            self._stand_at(first, done - 1)
        else:
            self._load()

    def _ahead(self, start: int, count: int) -> list[Rows | None]:
        """Return the rows of `count` batches, the first of them `start` after the one at hand."""
        if self.batches.whole:
            return [None] * count
        return self._rows[self.batch + start : self.batch + start + count]

    def _stand_at(self, first: tuple[int, int], ahead: int) -> None:
        """Stand `ahead` batches of one size after the first of a stretch."""
        if self.batches.whole:
            self.epoch = first[0] + ahead
        else:
            self.batch = first[1] + ahead

    def _find_culprit(self, before: Snapshot, first: tuple[int, int], chunk: range) -> None:
        """Run a chunk once more, up to the batch that brought forth what is not finite.

        Each batch is looked at: weights may go bad long before a loss does, as an infinite one
        before a sigmoid shows in no loss.

        Raises
        ------
        Diverged
            Always; the cursor then stands at the start of that batch, with finite weights.
        """
        losses = self.trainer.history.losses
        del losses[len(losses) - len(chunk) :]
        self.trainer._state.restore(before)
        for ahead, rows in zip(chunk, self._ahead(chunk.start, len(chunk)), strict=True):
            self.program.load(rows)
            self.trainer._state.keep()
            for kernel in self.program.kernels:
                kernel()
            self.program.done = len(self.program)
            if not is_finite(self.program):
                self._stand_at(first, ahead)
                self._check_finite()
            losses.append(self.program.arrays["loss"].item())

    def _bare(self, batches: Iterable[Rows | None]) -> int:
        """Call the kernels of whole batches and note each loss: the inner loop of training."""
        program, interrupts = self.program, self.interrupts
        self.diverged = None
        program.touched.clear()
        kernels, load = program.kernels, program.load
        value, record = program.arrays["loss"].item, self.trainer.history.losses.append
        before = len(self.trainer.history.losses)
        interrupts.insistent = False
        for rows in batches:
            if interrupts.seen:
                break
            if rows is not None:
                load(rows)
            for kernel in kernels:
                kernel()
            record(value())
        interrupts.insistent = True
        ran = len(self.trainer.history.losses) - before
        if ran:
            program.done = len(program)
            self._hooks_called = False
        return ran
