"""Sends runs out, takes in what comes back, and does again what a killed worker has lost.

Imports the core and its own neighbors. One thread drives a sweep: the one that called it, or one in
the background.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from .crew import Crew
from .task import Asked, Outcome, carry_out, one_thread

_TICK = 0.2  # seconds after which a cancellation is looked for
_TOGETHER = 2  # deaths of workers that a run may see beside others before it is run alone
_ALONE = 1  # deaths of its worker while it ran alone, after which it is to blame


@dataclass
class Job:
    """A run that is to be done, and how often its worker has died."""

    index: int
    settings: Mapping[str, Any]
    epochs: int | None
    together: int = 0
    alone: int = 0


class Driver:
    """Carries out the runs of one sweep.

    Parameters
    ----------
    jobs : list of Job
    take : callable
        ``take(index, outcome)`` is told of each run that has ended.
    note : callable
        ``note(text)`` is told what people should hear of.
    """

    def __init__(
        self,
        asked: Asked,
        jobs: list[Job],
        take: Callable[[int, Outcome], object],
        note: Callable[[str], object],
    ) -> None:
        self._asked, self._take, self._note = asked, take, note
        self._waiting = deque(jobs)
        self._suspects: deque[Job] = deque()
        self._flying: dict[Future[Any], Job] = {}
        self.cancelled = threading.Event()

    # ---- in this process ---------------------------------------------------------------------
    def run_here(self, *, stoppable: bool) -> None:
        """Do one run after the other; `stoppable` by `cancelled` within a run, too."""
        stop = self.cancelled if stoppable else None
        with one_thread():
            while self._waiting and not self.cancelled.is_set():
                job = self._waiting[0]
                outcome = carry_out(self._asked, job.settings, job.epochs, stop)
                self._waiting.popleft()
                self._keep(job, outcome)

    def _keep(self, job: Job, outcome: Outcome) -> None:
        """Hand on what a run has come to, Ctrl-C or not; one that was interrupted ends it all."""
        if outcome.status in ("interrupted", "not run"):
            self.cancelled.set()
        try:
            self._take(job.index, outcome)
        except KeyboardInterrupt:
            self._take(job.index, outcome)
            raise

    # ---- on an executor ----------------------------------------------------------------------
    def run_on(self, crew: Crew) -> None:
        """Send runs to an executor until all are done, or it is cancelled, or Ctrl-C comes."""
        self._crew = crew
        with one_thread() if crew.here else nullcontext():
            try:
                while not self.cancelled.is_set() and self._send():
                    ended, _ = wait(self._flying, _TICK, return_when=FIRST_COMPLETED)
                    self._take_in(ended)
            except BaseException:
                self.cancelled.set()
                raise
            finally:
                self._give_up()

    def _send(self) -> bool:
        """Submit what there is room for; return whether anything is under way."""
        room = self._crew.at_once
        while self._waiting and (room is None or len(self._flying) < room):
            self._submit(self._waiting.popleft())
            if self.cancelled.is_set():
                return False
        if not self._flying and not self._waiting and self._suspects:
            self._submit(self._suspects.popleft())  # alone, so that nobody else can be to blame
        return bool(self._flying) or bool(self._suspects) or bool(self._waiting)

    def _submit(self, job: Job) -> None:
        try:
            future = self._crew.submit(job.settings, job.epochs)
        except ValueError as error:  # settings that can not be sent
            self._keep(job, Outcome("failed", str(error)))
        except BrokenExecutor:
            self._waiting.appendleft(job)
            self._renew()
        except Exception as error:  # a RuntimeError of Python's own; dask's are of other kinds
            self._waiting.clear()  # what is under way comes back all the same
            self._suspects.clear()
            self._note(f"The executor takes no more work ({error}): the rest is not run.")
        else:
            self._flying[future] = job
            if future.done():  # by an executor that calls at once
                self._take_in({future})

    def _take_in(self, ended: set[Future[Any]]) -> None:
        broken = []
        for future in ended:
            job = self._flying[future]
            try:
                outcome = future.result()
            except KeyboardInterrupt:  # of a worker that Ctrl-C has reached as well
                del self._flying[future]
                raise
            except CancelledError:
                self._cancelled_elsewhere(job)
            except BaseException as error:  # whatever an executor makes of a worker that is gone
                if _is_death(error):
                    broken.append((job, error))
                else:
                    self._keep(job, Outcome("failed", f"{type(error).__name__}: {error}"))
            else:
                self._keep(job, outcome)
            self._flying.pop(future, None)
        if broken:
            self._redo(broken)

    def _redo(self, broken: list[tuple[Job, BaseException]]) -> None:
        """Put runs whose worker has died back in line, unless they are what kills it."""
        whole = any(isinstance(error, BrokenExecutor) for _, error in broken)
        if whole:  # none of the others comes back either
            broken += [(job, broken[0][1]) for job in self._flying.values()]
            self._flying.clear()
        alone = len(broken) == 1 and not self._flying
        for job, error in broken:
            if alone and job.together >= _TOGETHER:
                job.alone += 1
            elif isinstance(error, BrokenExecutor):
                job.together += 1
            else:  # dask has tried several times already
                job.together = _TOGETHER
            if job.alone >= _ALONE:
                reason = f"its worker died each time ({type(error).__name__}: {error})"
                self._keep(job, Outcome("failed", reason))
            elif job.together >= _TOGETHER:
                self._suspects.append(job)
            else:
                self._waiting.append(job)
        if whole:
            self._renew()

    def _renew(self) -> None:
        if self._waiting or self._suspects:
            self._note(
                f"A worker was killed: {self._crew.renew()}, and what it had begun is run again."
            )

    def _give_up(self) -> None:
        """Keep what has ended meanwhile, cancel the rest, and let the crew go."""
        try:
            for future, job in self._flying.items():
                if future.done():
                    if not future.cancelled() and future.exception() is None:
                        self._take(job.index, future.result())
                elif self._crew.cancels:
                    future.cancel()
        finally:  # whoever is impatient may press Ctrl-C once more
            self._crew.close(at_once=self.cancelled.is_set())

    def _cancelled_elsewhere(self, job: Job) -> None:
        """Note a run whose future somebody else has cancelled, by a shutdown for example."""
        self._take(job.index, Outcome("not run", "the executor has cancelled it"))


def _is_death(error: BaseException) -> bool:
    """Whether an executor says so that a worker is gone; dask's own error is known by its name."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
