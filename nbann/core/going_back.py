"""What a person asks of a run's past: back, forth, branches; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .changing import Changing
from .checks import whole_number
from .errors import UnknownNameError
from .moves import Position
from .timeline.branches import Branch, Branches
from .timeline.timeline import Timeline
from .units import UNITS, Unit

if TYPE_CHECKING:
    from .trainer import Trainer
    from .travelling import Traveller


class GoingBack(Changing):
    """The part of `Trainer` that travels in time."""

    _cursor: Traveller
    _given: dict[str, Any]

    @property
    def timeline(self) -> Timeline:
        """What was done to the run and when: a sequence of interventions, and how far it has come.

        Those that lie ahead, after going back, are done again where they were done.
        """
        return self._timeline

    @property
    def branches(self) -> Branches:
        """Lines of events that were left by acting anew in their past; see `switch`."""
        return self._timeline.branches

    def back(self, unit: Unit = "op", n: int = 1) -> Position:
        """Go back to where the last `unit` began, n times; at most to the start of the run.

        Every number is then what it was when the run stood there, bit for bit, the history
        included. Going on from there does again what was done, interventions included; a new one
        makes a branch of what lay ahead (`branches`).

        Parameters
        ----------
        unit : {"op", "layer", "phase", "batch", "epoch"}
            From the midst of one, the first step goes to its start.
        n : int
            How many, at least 1.

        Returns
        -------
        Position
            Where the trainer stands now.

        Raises
        ------
        ValueError
            An unknown unit, or n that is not a whole number of at least 1.
        RuntimeError
            Called from within a hook.

        Examples
        --------
        >>> import nbann
        >>> net = nbann.Sequential([nbann.Dense(2)])
        >>> trainer = nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]))
        >>> trainer.run(5).position, trainer.back("epoch", 2)
        (Position(epoch=5, batch=0, op=0), Position(epoch=3, batch=0, op=0))
        """
        if unit not in UNITS:
            raise UnknownNameError("unit", unit, UNITS)
        n = whole_number("n", n, least=1, mend="Pass e.g. n=1.")
        self._cursor.check_idle()
        return self._go(self._cursor.before(unit, n))

    def goto(self, epoch: int | None = None, batch: int = 0, op: int = 0) -> Position:
        """Go to any place of the run; beyond its end, by training on up to there.

        Parameters
        ----------
        epoch : int, optional
            Counted from 0; the one at hand by default.
        batch, op : int
            Batches of that epoch, and ops of that batch, that are done there.

        Returns
        -------
        Position
            Where the trainer stands now: there, or where a breakpoint or NaN stopped it on new
            ground.

        Raises
        ------
        ValueError
            A batch or op that there is not, or numbers below 0.
        RuntimeError
            Called from within a hook.
        """
        cursor = self._cursor
        cursor.check_idle()
        epoch = self.position.epoch if epoch is None else epoch
        numbers = {"epoch": epoch, "batch": batch, "op": op}
        mend = "Epochs, batches and ops are counted from 0."
        checked = [whole_number(key, n, least=0, mend=mend) for key, n in numbers.items()]
        return self._go(cursor.check(*checked))

    def _go(self, position: Position) -> Position:
        try:
            self._cursor.go(position)
        finally:
            self._changed()
        return self.position

    def switch(self, branch: Branch | int) -> Position:
        """Return to a line of events that was left, at its end; the one at hand becomes a branch.

        Parameters
        ----------
        branch : Branch or int
            One of `branches`, or its number.

        Raises
        ------
        ValueError
            There is none like that.
        RuntimeError
            Called from within a hook.
        """
        self._cursor.check_idle()
        try:
            self._cursor.switch(self.branches.find(branch))
        finally:
            self._changed()
        return self.position

    def branch(self, **changes: Any) -> Trainer:
        """Return an independent trainer that goes on from here, with the same past.

        Two that do the same stay equal, bit for bit. Hooks that change values are part of the run
        and go along; observers, and branches, stay behind.

        Parameters
        ----------
        **changes
            Arguments of `Trainer` that are others from here on: ``batch_size=5``, ``l2=0.01``,
            ``optimizer=nbann.Adam()``, a ``model`` with other activations, other data. The weights,
            and what the optimizer remembers where it is of the same kind, are carried over bit for
            bit; the history is, too. The new trainer begins at the batch at hand, in batches of
            another size at the epoch at hand; what was before is not in its timeline, and hooks are
            not attached to it.

        Raises
        ------
        RuntimeError
            Called from within a hook.
        ValueError
            An unknown setting, one that the constructor refuses, or a net whose weights have other
            names or shapes.

        Examples
        --------
        >>> import nbann
        >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
        >>> trainer.run(5).position.epoch, trainer.branch(l2=0.01, batch_size=2).position
        (5, Position(epoch=5, batch=0, op=0))
        """
        self._cursor.check_idle()
        if changes:
            from .continuing import continued  # once it is asked for: off the import path

            return continued(self, changes)  # type: ignore[arg-type]  # Trainer's alone
        twin: Trainer = type(self)(**self._given)  # type: ignore[assignment]  # Trainer's alone
        twin._cursor.follow(self._cursor)
        return twin
