"""One run to an epoch, in one piece or in slices of time; imports the core's own parts only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .finite import Diverged
from .moves import Stop
from .stopping import Rule

if TYPE_CHECKING:
    from .running import Runner


class Course:
    """What `Trainer.run` has been asked for, and how far it has come.

    Each of its methods is called while the cursor is under way.

    Parameters
    ----------
    cursor : Runner
    epochs : int
        How many epochs to end from here.
    rules : sequence of Rule
        When to stop before that.
    guarded : bool
        Stop where a number is not finite.
    """

    def __init__(
        self, cursor: Runner, epochs: int, rules: Sequence[Rule], *, guarded: bool
    ) -> None:
        self.cursor, self.rules, self.guarded = cursor, rules, guarded
        self.target = cursor.position.epoch + epochs
        self._single = any(rule.unit == "batch" for rule in rules)

    def begin(self) -> None:
        """Tell the rules that it begins."""
        for rule in self.rules:
            rule.begin(self.cursor.trainer)

    def go(self, deadline: float | None = None) -> Stop | None:
        """Run on to the end; return None if `deadline` has come (``time.perf_counter``) before.

        The batch at which a slice ends keeps what it read, so that its arithmetic can be shown.
        """
        cursor, stop = self.cursor, None
        cursor.rules_follow, cursor.hasty = bool(self.rules), deadline is not None
        while stop is None and cursor.epochs_done < self.target and not cursor.interrupts.seen:
            late = deadline is not None and time.perf_counter() >= deadline
            stop = self._move(single=self._single or late)
            if late and stop is None and cursor.epochs_done < self.target:
                break
        else:
            stop = stop or Stop("epochs", cursor.position)
            self._end(stop)
        cursor.after_rules()
        cursor.rules_follow = cursor.hasty = False
        cursor.settle()
        return stop

    def _move(self, *, single: bool) -> Stop | None:
        """Run some batches and ask the rules; return why to stop, if so."""
        cursor, trainer = self.cursor, self.cursor.trainer
        goal = cursor.epochs_done + 1 if self.rules else self.target
        try:
            goal = trainer._goal_of_autosaves(goal)
            paused = cursor.move(goal, single=single, guarded=self.guarded)
            trainer._autosave()
        except Diverged as found:
            assert cursor.diverged is not None
            op, autopsy = cursor.diverged, found.autopsy
            return Stop("nan", cursor.position._replace(op=op.index), op.name, autopsy=autopsy)
        reason = "paused" if paused else self._reason_to_stop()
        cursor.after_rules()
        return Stop(reason, cursor.position, why=cursor.why if paused else "") if reason else None

    def _reason_to_stop(self) -> str | None:
        """Ask all the rules, as some take notes; return the reason of the first that says stop."""
        if not self.rules:
            return None
        cursor = self.cursor
        epoch_done = cursor.position[1:] == (0, 0)
        reasons = [
            rule.reason
            for rule in self.rules
            if (epoch_done or rule.unit == "batch") and rule.asks_to_stop(cursor.trainer)
        ]
        return reasons[0] if reasons else None

    def _end(self, stop: Stop) -> None:
        """Let the rules do what is left to do, unless a hook or Ctrl-C paused the run."""
        if stop.reason != "paused" and not self.cursor.interrupts.seen:
            for rule in self.rules:
                rule.end(self.cursor.trainer)
