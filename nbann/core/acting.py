"""What interventions do to the batch at hand, and how they are recorded; the core alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np

from .hook import Hook
from .place import Place
from .restraints import Restraints
from .timeline.acts import Act, Compiled, Restore, SetHyper, SetValues, Splice
from .timeline.moment import PAUSED, REST


class Acting(Place, ABC):
    """The place in a run, as it is acted on."""

    @abstractmethod
    def follow_history(self) -> None:
        """Let the history be that of the moment, while the run is on its way in the past."""

    @property
    def restraints(self) -> Restraints:
        """What is frozen or silenced now."""
        return self.trainer._recipe.restraints

    def record(self, act: Act) -> Act | None:
        """Record an act on the timeline; return what is to be done.

        A hook that is called again does again what it did, which is recorded already.
        """
        timeline, trainer = self.timeline, self.trainer
        act = replace(act, by_hook=self.caller is not None and self.caller.modifies)
        if self.recomputing is not None:  # hyper-parameters follow from the batch: not recorded
            within = self.recomputing.moment
            if not isinstance(act, Splice):
                if act.by_hook and self._to_redo and self._to_redo[0][1].by_hook:
                    del self._to_redo[0]
                return act
            done = timeline.repeat(act, within)
            if done is not None:
                return done
            act = replace(act, moment=within)
        elif self.replaying:
            return timeline.repeat(act) or act
        return timeline.add(act, trainer.history, list(trainer._hooks))

    def catch_up_before(self, hook: Hook) -> None:
        """Do what others did the first time before a hook that changes values was called."""
        if hook.modifies and self.recomputing is not None:
            self._redo((self.program.done, self.stage), until_hook=True)
        elif hook.modifies:
            for act in self.timeline.due(self.moment, of_hooks=False):
                act.apply(self)

    @abstractmethod
    def recover(self) -> None:
        """Stand where all is whole, after an error in the midst of an intervention."""

    def again(self, act: Act) -> None:
        """Compute the loaded batch once more, up to where it stands: an act has changed something.

        Only hooks that change values are called. What others have done is done again in its place.
        """
        hooks, trainer, stop = self.trainer._hooks, self.trainer, self.program.done
        outer, self.recomputing = self.recomputing, act
        state = trainer._state
        state.restore_kept()
        for name, value in self._at_start.items():
            state.arrays[name][...] = value
            state.keep([name])
        self.program.load(self._rows[self.batch])
        self._to_redo = self._acts_to_redo(stop)
        try:
            for op in self.program.ops[:stop]:
                self._redo((op.index, REST))
                hooks.fire_at(trainer, op, "before", again=True)
                self._redo((op.index, PAUSED))
                for kernel in op.kernels:
                    kernel()
                self.program.done = op.index + 1
                hooks.fire_at(trainer, op, "after", again=True)
                for after, override in self.overrides:
                    if after == op.index + 1:
                        self._write(override)
            self._redo((stop, REST))
            if act.moment.stage == PAUSED:
                hooks.fire_at(trainer, self.program.ops[stop], "before", again=True)
                self._redo((stop, PAUSED))
        finally:
            self.recomputing = outer

    def _acts_to_redo(self, stop: int) -> list[tuple[tuple[int, int], Act]]:
        """Return what was done in this batch beside `overrides`, and by which op and stage.

        A number set at rest is in force from the first op that reads it.
        """
        found = []
        for act in self.timeline.behind(self.step_number):
            place = act.moment[1:]
            if isinstance(act, SetHyper) and not act.moment.in_passing:
                reads = (op.index for op in self.program.ops[:stop] if act.name in op.reads)
                place = min(place, (next(reads, stop), PAUSED))
            elif not isinstance(act, SetHyper) and not (
                isinstance(act, Restore) and act.moment.in_passing and act.moment.done
            ):
                continue
            found.append((place, act))
        return sorted(found, key=lambda pair: pair[0])

    def _redo(self, place: tuple[int, int], *, until_hook: bool = False) -> None:
        """Do again what was done up to a place, but for what hooks do again themselves."""
        acts = self._to_redo
        while acts and acts[0][0] <= place and not (until_hook and acts[0][1].by_hook):
            act = acts.pop(0)[1]
            if not act.by_hook:
                act.apply(self)

    def _write(self, act: SetValues) -> None:
        """Set elements by hand, and say that no op has written them so."""
        array = self.program.arrays[act.name]
        act.write(array)
        self._touch("trainer.set", array)

    def _touch(self, by: str, *arrays: object) -> None:
        """Say that arrays hold other numbers than their ops have written."""
        program = self.program
        changed = [n for n, a in program.arrays.items() if any(_overlap(a, b) for b in arrays)]
        program.touch(changed, by)

    def override(self, act: SetValues) -> None:
        """Set elements of an array, and compute what follows from it in this batch."""
        state, program = self.trainer._state, self.program
        writer = program.writer.get(act.name)
        after = 0 if writer is None or writer.index >= program.done else writer.index + 1
        if after:
            self.overrides.append((after, act))
        else:
            state.restore_kept()
            act.write(program.arrays[act.name])
            state.keep([state.place(act.name)[0]])
        self.again(act)

    def set_number(self, act: SetHyper) -> None:
        """Set a hyper-parameter, in force from the next update on, the one under way included."""
        state, program = self.trainer._state, self.program
        kept = state.kept(act.name)
        if kept is not None:
            self._at_start.setdefault(act.name, float(kept.item()))
        read = any(act.name in op.reads for op in program.ops[: program.done])
        under_way = read and not self.at_batch_end
        if under_way and not act.moment.in_passing and self.recomputing is None:
            self.again(act)
            return
        state.arrays[act.name][...] = act.value
        if not read:
            state.keep([act.name])
        elif under_way:
            program.touch([act.name], "trainer.set")

    def put_back(self, act: Restore) -> None:
        """Put whole arrays back, and compute what follows from them in this batch."""
        state, arrays = self.trainer._state, act.snapshot.arrays
        if self.recomputing is not None or (act.moment.in_passing and self.program.done):
            state.restore(act.snapshot)  # what this batch has written is not what is there now
            self._touch("Restoring earlier weights", *(state.persistent[name] for name in arrays))
            return
        state.restore_kept()
        state.restore(act.snapshot)
        state.keep(arrays)  # the batch reads these
        self.again(act)

    def restrain(self, restraints: Restraints, act: Compiled) -> None:
        """Freeze, silence or divide, in programs that are compiled anew."""
        self.trainer._restrain(restraints)
        if not self.at_batch_end:
            done = self.program.done
            self.program = self._program(self.batch)
            self.program.done = done
            self.again(act)


def _overlap(a: object, b: object) -> bool:
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b)
