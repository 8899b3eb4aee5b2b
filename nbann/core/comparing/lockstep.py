"""Moves several trainers together, as if they were one; imports the core's own parts only.

Whoever is behind moves, and all of them where they are level: an epoch waits for those that are
still in it, and so does a batch. So runs with other numbers of batches, or of ops in a batch, keep
together by epoch, and one that Python has moved ahead is caught up with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from ..errors import UnknownNameError, bad_value
from ..moves import Position, Ran, Stop
from ..units import UNITS, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..program import Op
    from ..trainer import Trainer

Level = Callable[[Position], tuple[int, ...]]

_LEVELS: dict[str, Level] = {
    "op": lambda p: p,
    "layer": lambda p: p[:2],
    "phase": lambda p: p[:2],
    "batch": lambda p: p[:2],
    "epoch": lambda p: p[:1],
}
"""What of a position makes trainers level, by unit: within a batch layers and phases are counted
by nobody, as programs may have others."""

_LEVELS_BACK: dict[str, Level] = {
    "op": lambda p: p,
    "layer": lambda p: (p[0], p[1], p[2] > 0),
    "phase": lambda p: (p[0], p[1], p[2] > 0),
    "batch": lambda p: (p[0], p[1], p[2] > 0),
    "epoch": lambda p: (p[0], p[1:] > (0, 0)),
}


class Lockstep:
    """Several trainers that move together.

    Parameters
    ----------
    trainers : sequence of Trainer
        At least one, each once.

    Attributes
    ----------
    trainers : tuple of Trainer
    """

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        self.trainers = tuple(trainers)
        if not self.trainers or len(set(self.trainers)) < len(self.trainers):
            mend = "Make a second one of the same: trainer.branch()."
            raise bad_value("trainers", "each trainer once", "one of them twice, or none", mend)
        self._stopped: dict[Trainer, tuple[Position, Stop]] = {}
        self._moving = False
        self._watchers: list[Callable[[Any], object]] = []

    def __repr__(self) -> str:
        return f"<Lockstep of {len(self.trainers)} trainers at {tuple(self.position)}>"

    # ---- where they stand ------------------------------------------------------------------------
    @property
    def going(self) -> tuple[Trainer, ...]:
        """Those that NaN has not stopped; if it has stopped all of them, all."""
        return tuple(t for t in self.trainers if self.stopped(t) is None) or self.trainers

    @property
    def position(self) -> Position:
        """Where those of `going` stand that are furthest behind."""
        return min(t.position for t in self.going)

    @property
    def level(self) -> bool:
        """Whether all of `going` stand at one position."""
        return len({t.position for t in self.going}) == 1

    def stopped(self, trainer: Trainer) -> Stop | None:
        """Return why a run has left a trainer behind (NaN), until it is moved otherwise."""
        where, stop = self._stopped.get(trainer, (None, None))
        return stop if where == trainer.position else None

    # ---- moving ----------------------------------------------------------------------------------
    def step(self, unit: Unit = "op", n: int = 1) -> Ran:
        """Let those of `going` that are furthest behind go on by a unit, n times.

        Returns
        -------
        Ran
            The ops that ran, trainer after trainer; `paused` if a hook of one has stopped it.
        """
        self._check(unit)
        n = whole_number("n", n, least=1, mend="Pass e.g. n=1.")
        ops: list[Op] = []
        with self._together():
            for _ in range(n):
                level = _LEVELS[unit]
                behind = min(level(t.position) for t in self.going)
                whys = []
                for trainer in [t for t in self.going if level(t.position) == behind]:
                    ran = trainer.step(unit)
                    ops += ran
                    whys += [ran.why] if ran.paused else []
                if whys:
                    return Ran(ops, True, "; ".join(filter(None, whys)))
        return Ran(ops, False)

    def run(self, epochs: int = 1, until: Callable[[Any], object] | None = None) -> Stop:
        """Train all at full speed to the end of the epoch that is `epochs` from the hindmost.

        They take turns epoch by epoch. One whose numbers are not finite any more is left where it
        stopped, and the others go on.

        Parameters
        ----------
        epochs : int
            At least 1.
        until : callable, optional
            ``until(self)`` is asked after each batch; something true stops all.

        Returns
        -------
        Stop
            `reason`: "epochs", "until", "paused", or "nan" where all have stopped for that.
        """
        target = self.position.epoch + whole_number("epochs", epochs, least=1)
        asked = None if until is None else (lambda _: until(self))
        with self._together():
            while going := self._going(target):
                trainer = min(going, key=lambda t: t.position)
                stop = trainer.run(1, until=asked)
                if stop.reason == "nan":
                    self._stopped[trainer] = trainer.position, stop
                elif stop.reason != "epochs":
                    return Stop(stop.reason, self.position, why=stop.why)
        failed = [why for t in self.trainers if (why := self.stopped(t)) is not None]
        if len(failed) == len(self.trainers):
            return failed[0]
        return Stop("epochs", self.position)

    def _going(self, target: int) -> list[Trainer]:
        return [t for t in self.trainers if t.position.epoch < target and self.stopped(t) is None]

    def back(self, unit: Unit = "op", n: int = 1) -> Position:
        """Let those that are furthest ahead go back by a unit, n times; see `Trainer.back`."""
        self._check(unit)
        n = whole_number("n", n, least=1, mend="Pass e.g. n=1.")
        with self._together():
            for _ in range(n):
                level = _LEVELS_BACK[unit]
                ahead = max(level(t.position) for t in self.trainers)
                for trainer in [t for t in self.trainers if level(t.position) == ahead]:
                    trainer.back(unit)
        return self.position

    def reset(self) -> None:
        """Let all go back to their very same starts."""
        self._stopped.clear()
        with self._together():
            for trainer in self.trainers:
                trainer.reset()

    def _check(self, unit: Unit) -> None:
        if unit not in UNITS:
            raise UnknownNameError("unit", unit, UNITS)

    # ---- being watched ---------------------------------------------------------------------------
    def watch(self, fn: Callable[[Any], object]) -> Callable[[], None]:
        """Call ``fn(self)`` after every move, of all together or of one by itself."""
        if not self._watchers:
            self._unwatch = [t.watch(self._heard) for t in self.trainers]
        self._watchers.append(fn)

        def stop() -> None:
            if fn in self._watchers:
                self._watchers.remove(fn)
                if not self._watchers:
                    for unwatch in self._unwatch:
                        unwatch()

        return stop

    def _heard(self, trainer: Trainer) -> None:
        if not self._moving:
            self._tell()

    def _tell(self) -> None:
        for watcher in tuple(self._watchers):
            watcher(self)

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Tell watchers once, after all have moved."""
        self._moving = True
        try:
            yield
        finally:
            self._moving = False
            self._tell()
