"""The place in a run: which batch is loaded, how much of it is done; the core alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from .data.batches import Batches, Rows
from .hook import Hook
from .interrupts import Interrupts
from .moves import Position
from .program import Op, Program
from .timeline.acts import Act, SetValues
from .timeline.moment import AFTER, PAUSED, REST, Moment

if TYPE_CHECKING:
    from .timeline.timeline import Timeline
    from .trainer import Trainer


class Place:
    """The place in a run: which batch is loaded, how many of its ops are done, what follows."""

    def __init__(self, trainer: Trainer, batches: Batches) -> None:
        self.trainer = trainer
        self.batches = batches
        self.interrupts = Interrupts()
        self.moving = False
        self.epoch = 0
        self.batch = 0
        self._rows: Sequence[Rows | None] = batches.rows(0)
        # which of the hooks between two ops are being called, while it moves
        self.stage = AFTER
        # whether the hooks before the next op have been called, because one of them paused
        self._hooks_called = False
        # whether a hook that failed has left the batch as no run would: not to be gone on from here
        self.torn = False
        # whether the rows of this batch have been read: those of a file or a stream may fail to be
        self.loaded = False
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
    def step_number_ahead(self) -> int:
        """Batches of the run before the one that is under way, or that comes next."""
        return self.step_number + self.at_batch_end

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
        return self.program.done == len(self.program.ops)

    @property
    def position(self) -> Position:
        """The place of the next op."""
        if not self.at_batch_end:
            return Position(self.epoch, self.batch, self.program.done)
        if self.batch + 1 < self.batches.count:
            return Position(self.epoch, self.batch + 1, 0)
        return Position(self.epoch + 1, 0, 0)

    @property
    def epochs_done(self) -> int:
        """How many epochs are done: that of `position`."""
        return self.epoch + (self.batch + 1 == self.batches.count and self.at_batch_end)

    @property
    def next_op(self) -> Op:
        """The op that runs next."""
        if not self.at_batch_end:
            return self.program.ops[self.program.done]
        return self._program(self.position.batch).ops[0]

    def at_epoch_edge(self, when: str) -> bool:
        """Whether the loaded batch is the epoch's first ("before") or last ("after")."""
        return self.batch == (0 if when == "before" else self.batches.count - 1)

    # ---- the next batch --------------------------------------------------------------------------
    def enter(self) -> None:
        """Leave a batch that is done for the next one: what follows is of that one."""
        with np.errstate(all="ignore"):
            self._enter_batch()
        self.timeline.reach(self.moment)

    def _enter_batch(self) -> None:
        if self.at_batch_end:
            self._go_on()
            state = self.trainer._state
            if self.batches.once:  # it is as far as can be gone back
                self.timeline.keep(self.step_number, state.snapshot())
            else:
                self.timeline.note(self.step_number, state.snapshot)
            self._load()
        elif not self.loaded:  # it could not be read when it was gone on to
            self._load()

    def _go_on(self) -> None:
        """Stand at the start of the batch that comes next, which is yet to be loaded."""
        epoch, batch, _ = self.position
        self.stand(epoch, batch)

    def stand(self, epoch: int, batch: int) -> None:
        """Stand at the start of a batch, which is yet to be loaded."""
        if epoch != self.epoch:
            if self.batches.order is None:
                self._rows = ()  # let go of it first: it may be large
            self._rows = self.batches.rows(epoch)
        self.epoch, self.batch, self.loaded = epoch, batch, False
        self.program.done = 0  # it may be left for one of another size: its numbers are past
        self.program = self._program(batch)
        self.program.done = 0
        self._forget_acts()

    def _load(self) -> None:
        self.program.load(self._rows[self.batch])
        self.loaded = True
        self.trainer._state.keep()
        self._forget_acts()

    def _forget_acts(self) -> None:
        """Forget what was done in the loaded batch: another one is, or it is at its start."""
        self.overrides.clear()
        self._at_start.clear()

    def _program(self, batch: int) -> Program:
        return self.trainer._program_for(self.batches.length(batch))
