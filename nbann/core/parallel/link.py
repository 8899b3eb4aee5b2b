"""Between a trainer's ops and those who compute: asks, waits, asks again; the core alone.

What a worker is asked carries all that its answer depends on (parameters, rows, where the random
generators stand) but the data, which it holds. So whoever is asked again, wherever, gives the same
answer, and the loss of a worker costs the time of one part of one batch.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from ..streams import set_state, state_of
from .compiling import recipe_of_parts
from .faults import LostWorkersError, WorkersError
from .lanes import Lanes, check_version
from .part import Answer, Asked, Failed
from .rows import Division, Own, counts_of, weights_of

if TYPE_CHECKING:
    from ..program import Floats
    from ..trainer import Trainer

TRIES = 5
"""How often one part of a batch is asked for, where worker after worker is lost."""

IMPATIENCE = 3.0
"""Seconds that an answer may take after Ctrl-C; then the batch is given up."""

LOOK = 0.2
"""Seconds between two looks at whether Ctrl-C came."""


class Link:
    """What a trainer whose batches are divided knows of its workers.

    Attributes
    ----------
    lanes : Lanes
        Where the parts are computed: in this process, unless others have been passed.
    shows : bool
        Whether the batch at hand is one that is looked at: then workers send the arrays of their
        forward pass as well.
    counts, total : list of float, float
        What the rows of each worker count in the batch at hand (its samples, or what they weigh);
        all together.
    answers : list of Answer or None
        The last ones; None where a worker had no row in the batch.
    redone : int
        How many parts of batches have been computed once more because a worker was lost.
    """

    def __init__(self, trainer: Trainer, lanes: Lanes) -> None:
        self.trainer = trainer
        self.lanes = lanes
        self.shows = True
        self.counts: list[float] = []
        self.total = 0.0
        self.answers: list[Answer | None] = []
        self.redone = 0
        self._shown = True
        self._own: list[Own] = []
        self._asked: list[Asked | None] = []
        self._tickets: dict[int, Any] = {}
        self._recipe = trainer._recipe
        self._session, self._version = uuid.uuid4().hex, 0

    @property
    def workers(self) -> int:
        """Over how many workers batches are divided."""
        return self.trainer._recipe.restraints.workers

    # ---- what the ops call ----------------------------------------------------------------------
    def send(self, worker: int, share: Floats) -> None:
        """Ask a worker for its part of the batch at hand, and write what share that is."""
        if worker == 0:
            self._begin()
        if self.trainer._recipe.loss.summed:
            share[...] = 1.0
        else:
            share[...] = self.counts[worker] / self.total if self.total else 0.0
        asked = self._asked[worker]
        if asked is not None:
            try:
                self._submit(worker, asked)
            except LostWorkersError as lost:  # another one is asked when the answer is due
                if lost.final:
                    raise

    def receive(self, worker: int, loss: Floats, grad: Floats) -> None:
        """Write what a worker answers; where it is lost, ask another one."""
        asked = self._asked[worker]
        if asked is None:
            self.answers[worker] = None
            loss[...], grad[...] = 0.0, 0.0
            return
        answer = self._answer(worker, asked)
        self.answers[worker] = answer
        loss[...], grad[...] = answer.loss, answer.grad

    def gather(self) -> None:
        """Write what workers have shown, and let the random generators stand where theirs do."""
        answers = [(own, a) for own, a in zip(self._own, self.answers, strict=True) if a]
        program = self.trainer._cursor.program
        for name in program.shown:
            array = program.arrays[name]
            if self.shows:
                for own, answer in answers:
                    array[own.places] = answer.shown[name]
            elif self._shown:  # they are of a batch before
                array.fill(np.nan)
        self._shown = self.shows
        for name, state in answers[0][1].streams.items():
            set_state(self.trainer._state.streams[name], state)

    # ---- asking ---------------------------------------------------------------------------------
    def _begin(self) -> None:
        """Work out who gets what of the batch at hand."""
        trainer = self.trainer
        if trainer._recipe is not self._recipe:  # what is silenced, or how many they are
            self._recipe = trainer._recipe
            self._version += 1
        program, state = trainer._cursor.program, trainer._state
        self.lanes.settle(self.workers)
        self._own = self.division.parts(program.rows)
        weights = weights_of(trainer._train, program.rows)
        self.counts = counts_of(self._own, weights)
        self.total = sum(self.counts)
        theta = state.theta.copy()
        streams = {name: state_of(stream) for name, stream in state.streams.items()}
        shown = program.shown if self.shows else ()
        self._asked = [
            Asked(theta, own.rows, own.places, program.batch_size, streams, shown)
            if len(own.rows)
            else None
            for own in self._own
        ]
        self.answers = [None] * self.workers
        self._tickets.clear()

    @property
    def division(self) -> Division:
        """Which rows are whose."""
        return Division(len(self.trainer._train["x"]), self.workers)

    def _submit(self, worker: int, asked: Asked, *, anew: bool = False) -> None:
        key = (self._session, self._version, worker)
        if anew or not self.lanes.has(key):
            held = self.division.held(worker)
            samples = {name: array[held] for name, array in self.trainer._train.items()}
            payload = (recipe_of_parts(self.trainer._recipe), samples)
            self._tickets[worker] = self.lanes.submit(key, asked, payload)
        else:
            self._tickets[worker] = self.lanes.submit(key, asked, None)

    def _answer(self, worker: int, asked: Asked) -> Answer:
        for _ in range(TRIES):
            try:
                if worker not in self._tickets:
                    self._submit(worker, asked)
                answer = self._wait(worker)
                if answer is None:  # it does not hold its rows: a new process, or one long unused
                    self._submit(worker, asked, anew=True)
                    answer = self._wait(worker)
            except LostWorkersError as lost:
                self.redone += 1
                self._tickets.pop(worker, None)
                if lost.final:
                    raise
                continue
            if answer is None:
                self._tickets.pop(worker, None)
                continue
            if isinstance(answer, Failed):
                raise WorkersError(
                    f"Worker {worker + 1} could not compute its part: {answer.error}. The trainer "
                    f"stands at the start of the batch; trainer.gather() computes batches here.\n"
                    f"{answer.trace}"
                )
            try:
                check_version(f"Worker {worker + 1}", answer.version)
            except ValueError as error:
                raise WorkersError(str(error)) from error
            return answer
        raise LostWorkersError(f"each of {TRIES} workers that were asked for a part was lost")

    def _wait(self, worker: int) -> Answer | Failed | None:
        """Wait for an answer, and for no more than a while once Ctrl-C came."""
        ticket, pressed = self._tickets[worker], 0.0
        while True:
            try:
                return self.lanes.result(ticket, LOOK)
            except TimeoutError:
                if not self.trainer._cursor.interrupts.seen:
                    continue
                pressed = pressed or time.monotonic()
                if time.monotonic() - pressed > IMPATIENCE:
                    text = "Ctrl-C came, and no answer within some seconds"
                    raise LostWorkersError(text, final=True) from None
