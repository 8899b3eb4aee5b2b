"""Training beside other work: `await trainer.run_async()`; imports the core's own parts only."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable

from .checks import whole_number
from .course import Course
from .going_back import GoingBack
from .moves import Stop
from .stopping import Until, as_rules

SLICE = 0.03  # seconds of training between two looks at other work
REST = 0.005  # seconds left to it at least: after none at all, a kernel's messages pile up


class Awaiting(GoingBack):
    """The part of `Trainer` that shares a thread with other work."""

    _guarded: bool
    _awaited = False

    async def run_async(
        self, epochs: int = 1, until: Until | Iterable[Until] | None = None
    ) -> Stop:
        """Train as `run` does, with the same numbers, and let other work have its turns meanwhile.

        It trains for some hundredths of a second at a time, and never rests in the midst of a
        batch. In between, others can look at the trainer and change it: what is set takes effect
        from the next batch on, as between two calls of `run`. Whoever *moves* it meanwhile (`step`,
        `run`, `back`, `goto`, `reset`, `switch`) takes it over: this run then ends as "paused".
        Where it is cancelled the trainer stands at the end of a batch and can go on from there.

        A notebook's next cell waits for one that awaits. For cells to run meanwhile let it be a
        task: ``task = asyncio.create_task(trainer.run_async(500))``, later ``await task``.

        Parameters
        ----------
        epochs, until
            As of `run`.

        Returns
        -------
        Stop
            As of `run`.

        Raises
        ------
        ValueError
            As `run` does.
        asyncio.CancelledError
            It was cancelled, or by Ctrl-C in a notebook's cell. Elsewhere Ctrl-C does what it does
            in any coroutine, after the batch at hand.
        RuntimeError
            Another `run_async` of this trainer is under way, or it was called from within a hook.

        Examples
        --------
        >>> import asyncio, nbann
        >>> net = nbann.Sequential([nbann.Dense(2)])
        >>> trainer = nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]))
        >>> asyncio.run(trainer.run_async(5)).reason  # in a notebook: await trainer.run_async(5)
        'epochs'
        """
        epochs = whole_number("epochs", epochs, least=1)
        rules = as_rules(until)
        if self._awaited:
            raise RuntimeError(
                "run_async: expected a trainer at rest; received one of which a run_async is under "
                "way. Await that one, or cancel its task."
            )
        self._cursor.check_idle()
        self._awaited = True
        try:
            course = Course(self._cursor, epochs, rules, guarded=self._guarded)
            return await self._follow(course)
        finally:
            self._awaited = False
            self._changed()

    async def _follow(self, course: Course) -> Stop:
        """Run in slices of time, to the end or until somebody else has moved the trainer."""
        cursor, stop = self._cursor, self._slice(course, begin=True)
        while stop is None:
            self._changed()
            place = cursor.position
            await asyncio.sleep(REST)
            if self._cursor is not cursor or cursor.position != place:
                why = "moved from elsewhere while run_async was under way"
                return Stop("paused", self._cursor.position, why=why)
            stop = self._slice(course)
        return stop

    def _slice(self, course: Course, *, begin: bool = False) -> Stop | None:
        """Run for some time; return why the run has stopped, if it has."""
        try:
            with self._cursor._under_way():
                if begin:
                    course.begin()
                return course.go(time.perf_counter() + SLICE)
        except KeyboardInterrupt:
            # the batch at hand is done: now for him who would have heard of it, had we not listened
            signal.raise_signal(signal.SIGINT)
            return None
