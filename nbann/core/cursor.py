"""Where a run stands and how it moves on; imports the core's own parts only.

Two ways, one arithmetic: `_bare` calls the kernels of whole batches in a bare loop; `advance`
goes op by op with hooks. Both call the same kernels in the same order.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .batches import Batches, Rows
from .hooks import Paused, Unit, same_unit
from .program import Op, Program

if TYPE_CHECKING:
    from .trainer import Trainer


class Position(NamedTuple):
    """Where a run stands: whole epochs, batches of this epoch, ops of this batch that are done."""

    epoch: int
    batch: int
    op: int


class Ran(tuple[Op, ...]):
    """The ops that a step ran, in order; `paused` tells whether a hook stopped it short."""

    paused: bool

    def __new__(cls, ops: Iterable[Op], paused: bool) -> Ran:
        self = super().__new__(cls, ops)
        self.paused = paused
        return self

    def __repr__(self) -> str:
        shown = ", ".join(op.name for op in self[:4]) + (
            f", ... ({len(self)} ops)" if len(self) > 4 else ""
        )
        return f"<Ran {shown}{' (paused)' if self.paused else ''}>"


class Stop(NamedTuple):
    """Why a run stopped ("epochs": it is done; "until", "paused") and where it stands."""

    reason: str
    position: Position


class Interrupts:
    """Turns Ctrl-C into a flag while a run is on, so that no batch is left half-done.

    Attributes
    ----------
    seen : bool
        Whether it came.
    insistent : bool
        Whether a second one raises at once: a hook may not come back, a bare loop always does.
    """

    def __init__(self) -> None:
        self.seen = False
        self.insistent = True

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.seen and self.insistent:
            raise KeyboardInterrupt
        self.seen = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch for Ctrl-C; on leaving, raise `KeyboardInterrupt` if it came."""
        self.seen, self.insistent = False, True
        # only the main thread receives signals, and a handler set from C can not be put back
        previous = signal.getsignal(signal.SIGINT) if _in_main_thread() else None
        if previous is None:
            yield
            return
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
        if self.seen:
            raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


class Cursor:
    """The place in a run: which batch is loaded, how many of its ops are done, what follows."""

    def __init__(self, trainer: Trainer, batches: Batches) -> None:
        self.trainer = trainer
        self.batches = batches
        self.interrupts = Interrupts()
        self._moving = False
        self.epoch = 0
        self.batch = 0
        self._rows = batches.rows(0)
        # whether the hooks before the next op have been called, because one of them paused
        self._hooks_called = False
        self.program = self._program(0)
        self._load()

    def check_idle(self) -> None:
        """Raise `RuntimeError` if a step or run is under way: nothing else may move it then."""
        if self._moving:
            raise RuntimeError(
                "The trainer is in the midst of a step or run; a hook or another thread can not "
                "move it as well. Call event.pause() in the hook, and go on once the call returned."
            )

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        self.check_idle()
        self._moving = True
        try:
            with self.interrupts.watched(), np.errstate(all="ignore"):
                yield
        finally:
            self._moving = False

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
    def advance(self, unit: Unit) -> tuple[tuple[Op, ...], bool]:
        """Run to the end of the next `unit` of this batch; return what ran, and if a hook paused.

        Raises
        ------
        KeyboardInterrupt
            As a hook raised it; the cursor then stands at the start of the batch.
        """
        self._enter_batch()
        program, first = self.program, self.program.done
        resumed, self._hooks_called = self._hooks_called, False
        stop = self._end_of(unit)
        hooks = self.trainer._hooks
        try:
            for call in hooks.spliced(self.trainer, program, stop, resumed=resumed):
                call()
            program.done = stop
            if self.at_batch_end:
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

    # ---- many batches at full speed --------------------------------------------------------------
    def run(self, epochs: int, until: Callable[[Trainer], object] | None) -> Stop:
        """Run whole epochs; see `Trainer.run`."""
        target = self.position.epoch + epochs
        reason = "epochs"
        with self._under_way():
            while self.position.epoch < target and not self.interrupts.seen:
                bare = not self.trainer._hooks and self._stretch(target, single=until is not None)
                if not bare and self.advance("batch")[1]:
                    reason = "paused"
                    break
                if until is not None and until(self.trainer):
                    reason = "until"
                    break
        return Stop(reason, self.position)

    def _stretch(self, target: int, *, single: bool) -> bool:
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
        count = 1 if single else count
        if self.at_batch_end:
            self._go_on()
        self.trainer._state.forget()
        if single:
            self.trainer._state.keep()
        rows = repeat(None, count) if self.batches.whole else self._rows[batch : batch + count]
        ran = self._bare(rows)
        if not ran:
            self._load()
        elif self.batches.whole:
            self.epoch += ran - 1
        else:
            self.batch += ran - 1
        return True

    def _bare(self, batches: Iterable[Rows | None]) -> int:
        """Call the kernels of whole batches and note each loss: the inner loop of training."""
        program, interrupts = self.program, self.interrupts
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
