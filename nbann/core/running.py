"""Moving on at full speed: whole batches in a bare loop; imports the core's own parts only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import numpy as np

from .course import Course
from .cursor import Cursor
from .data.batches import Rows
from .finite import are_finite, is_finite
from .lazy_samples import is_lazy
from .moves import Stop
from .parallel.faults import WorkersError
from .state import Snapshot
from .stopping import Rule
from .timeline.moment import REST

CHUNK = 256
"""The most batches at full speed between two looks at whether all numbers are finite."""

CHUNK_SECONDS = 0.02
"""And the most training time: where one of them is slow, replaying many would be felt."""

COPYING = 0.015
"""The most of that time that copying the state may take; else there are more batches in a chunk."""


class Runner(Cursor):
    """The cursor as it runs whole epochs."""

    _chunk = CHUNK
    _paced = False
    _lost: WorkersError | None = None
    unread: BaseException | None = None
    """Why the rows of a batch could not be read, where a bare loop ended at it."""

    hasty = False
    """Whether somebody looks at the clock: then a stretch is no longer than a chunk."""

    def run(self, epochs: int, rules: Sequence[Rule], *, guarded: bool) -> Stop:
        """Run whole epochs; see `Trainer.run`."""
        course = Course(self, epochs, rules, guarded=guarded)
        with self._under_way():
            course.begin()
            stop = course.go()
        assert stop is not None, "only a deadline ends a run that is to go on"
        return stop

    def after_rules(self) -> None:
        """Do again what was done after this batch; what the rules have just done again is done."""
        if self.rules_follow and self.at_batch_end:
            self._catch_up(REST)

    def move(self, goal: int, *, single: bool, guarded: bool) -> bool:
        """Run some batches, at most to the end of epoch `goal`; return whether a hook paused."""
        if not self.trainer._hooks and self._stretch(goal, single=single, guarded=guarded):
            return False
        # arrays of the forward pass are sent to be looked at: after the last batch
        last = self.rules_follow or self.step_number_ahead == goal * self.batches.count - 1
        self.trainer._shows_workers(last)
        try:
            return self.advance("batch", guarded=guarded)[1]
        finally:
            self.trainer._shows_workers(True)

    def _stretch(self, target: int, *, single: bool, guarded: bool = True) -> bool:
        """Run batches of one size in a bare loop; False where there is none to be run so.

        `single` runs one of them only, and keeps what it read. The batch before an evaluation, and
        the last of the run, are left to `advance`: it records the epoch, and keeps what it read, so
        that after a run its arithmetic can be shown. So is a batch in which something is to be done
        that the timeline has ahead. For a full batch many epochs are one stretch.
        """
        epoch, batch, op = self.position
        until = self.trainer._recorder.next_evaluation(epoch, target)
        if self.batches.whole:
            count = until - epoch - 1
        elif until == epoch + 1:
            count = self.batches.count - batch - 1
        elif batch < self.batches.count - 1:  # nothing is due after the last one: if it is as large
            count = self.batches.count - batch - (not self.batches.even)
        else:
            count = 1
        ahead = self.timeline.next_step
        if ahead is not None:
            count = min(count, ahead - (epoch * self.batches.count + batch))
        if op or count < 1:
            return False
        if self.hasty:
            count = min(count, self._chunk if self._paced else 1)
        elif self.trainer._autosaves:
            count = min(count, CHUNK)  # they look at the clock as well
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
        state = self.trainer._state
        self.timeline.note(self.step_number, state.snapshot)
        state.keep()
        ran = self._bare(self._ahead(0, 1))
        self._check_workers((self.epoch, self.batch), 0)
        if not ran:
            self._tell_unread()
            self._load()
        elif guarded:
            loss = self.trainer.history.losses.pop()
            self._check_finite()
            self.trainer.history.losses.append(loss)

    def _many(self, count: int, *, guarded: bool) -> None:
        """Run `count` batches of one size, from the one at hand, and stand at the last that ran."""
        state, losses, timeline = self.trainer._state, self.trainer.history.losses, self.timeline
        first, begin, done = (self.epoch, self.batch), self.step_number, 0
        while done < count:
            # what an iterator gives can not be had again to find a culprit
            size = 1 if self.batches.once else min(self._chunk, count - done)
            due = timeline.is_due(begin + done)
            started = time.perf_counter()
            before = state.snapshot() if guarded or due else None
            copied = time.perf_counter()
            if before is not None and due:
                timeline.keep(begin + done, before)
            self.trainer._shows_workers(False)
            ran = self._bare(self._ahead(done, size))
            self.trainer._shows_workers(True)
            self._pace(copied - started, time.perf_counter() - copied, ran)
            well = (
                not guarded
                or not ran
                or (are_finite(losses[-ran:]) and bool(np.isfinite(state.theta).all()))
            )
            if before is not None and not well:
                self._find_culprit(before, first, range(done, done + ran))
            done += ran
            if ran < size:
                break
        self._check_workers(first, done)
        if done:
            self._stand_at(first, done - 1)
        self._tell_unread()
        if not done:
            self._load()

    def _tell_unread(self) -> None:
        """Raise what has kept the next batch from being read; all before it is done."""
        unread, self.unread = self.unread, None
        if unread is not None:
            raise unread

    def _pace(self, copying: float, training: float, batches: int) -> None:
        """Choose how many batches are run between two looks."""
        if copying:
            self.timeline.snapshots.took(copying)
        if batches:
            self._paced = True
            seconds = max(CHUNK_SECONDS, copying / COPYING)
            self._chunk = max(1, min(CHUNK, int(seconds * batches / max(training, 1e-9))))

    def _ahead(self, start: int, count: int) -> Sequence[Rows | None]:
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

    def _check_workers(self, first: tuple[int, int], done: int) -> None:
        """Where a batch could not be computed, stand at its start and raise why."""
        error, self._lost = self._lost, None
        if error is not None:
            self._stand_at(first, done)
            self._load()
            self._give_up(error)

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
            try:
                for kernel in self.program.kernels:
                    kernel()
            except WorkersError as error:
                self._lost = error
                self._check_workers(first, ahead)
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
        if is_lazy(self.trainer.train_data):
            load = self._read
        value, record = program.arrays["loss"].item, self.trainer.history.losses.append
        before = len(self.trainer.history.losses)
        interrupts.insistent = False
        self.unread = None
        try:
            for rows in batches:
                if interrupts.seen:
                    break
                if rows is not None:
                    load(rows)
                for kernel in kernels:
                    kernel()
                record(value())
        except WorkersError as error:
            self._lost = error
        except BaseException as error:  # of a file or a stream, or of what it calls; Ctrl-C, too
            self.unread = error
        interrupts.insistent = True
        ran = len(self.trainer.history.losses) - before
        if ran:
            program.done = len(program)
            self._hooks_called, self.loaded = False, True
            self._forget_acts()
        return ran

    def _read(self, rows: Rows | None) -> None:
        """Load rows of what may wait for ever, as a stream may: a second Ctrl-C ends that."""
        self.interrupts.insistent = True
        self.program.load(rows)
        self.interrupts.insistent = False
