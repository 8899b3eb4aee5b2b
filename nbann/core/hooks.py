"""Hooks: callables spliced into a program between its ops; imports the core's own parts only.

Where no hook is attached, the list of kernels that runs is the program's own: nothing is paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .errors import UnknownNameError, bad_value
from .hook import Event, Hook, Paused, Respliced
from .program import PHASES, Kernel, Op, Program
from .timeline.moment import AFTER, BEFORE
from .units import UNITS, Unit, When, same_unit

if TYPE_CHECKING:
    from .conditions import Given
    from .trainer import Trainer


class Hooks:
    """The hooks of one trainer, and the lists of kernels with hooks spliced in."""

    def __init__(self, journal: Callable[[Hook, bool], Hook]) -> None:
        self._hooks: list[Hook] = []
        self.version = 0  # grows whenever one is put in or taken out
        self._plans: dict[Program, Places] = {}
        self._made = 0
        # a hook that changes values is attached and removed by way of the timeline
        self._journal = journal

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def __len__(self) -> int:
        return len(self._hooks)

    def __contains__(self, hook: object) -> bool:
        return hook in self._hooks

    def add(
        self,
        program: Program,
        unit: Unit,
        fn: Callable[[Event], object] | None,
        *,
        condition: Given | None,
        columns: Iterable[str],
        phase: str | None,
        layer: str | None,
        op: str | None,
        when: When,
        modifies: bool,
    ) -> Hook:
        """Attach a callable; see `Trainer.on`."""
        for kind, value, known in (
            ("unit", unit, UNITS),
            ("phase", phase, _phases(program)),
            ("layer", layer, tuple(dict.fromkeys(o.layer for o in program))),
            ("op", op, tuple(o.name for o in program)),
            ("when", when, ("before", "after")),
        ):
            if value is not None and value not in known:
                raise UnknownNameError(kind, value, known)
        if fn is not None and not callable(fn):
            raise ValueError(
                f"A hook: expected a callable fn(event); received {fn!r}. Pass a function."
            )
        if fn is None and modifies:
            mend = "Pass a function that changes something."
            raise bad_value("A hook that modifies", "a callable fn(event)", "None", mend)
        for kind, value in (("phase", phase), ("layer", layer), ("op", op)):
            if value is not None and kind not in _NARROWED_BY[unit]:
                raise ValueError(
                    f"A hook on each {unit}: expected no {kind}=, which is part of a {unit}; "
                    f'received {kind}={value!r}. Use trainer.on("op", ..., {kind}={value!r}).'
                )
        hook = Hook(fn or _pause, unit, when, phase, layer, op, modifies, self, number=self._made)
        hook.pauses = fn is None
        if not any(hook.matches(one) for one in program):  # programs of all batch sizes agree
            raise _met_by_none(hook, program)
        if condition is not None:
            _narrow(hook, program, condition, columns)
        self._made += 1
        if modifies:
            return self._journal(hook, True)
        self.put(hook, attached=True)
        return hook

    def remove(self, hook: Hook) -> None:
        """Detach a hook, if it is attached."""
        if hook not in self._hooks:
            return
        if hook.modifies:
            self._journal(hook, False)
        else:
            self.put(hook, attached=False)

    def put(self, hook: Hook, *, attached: bool) -> None:
        """Put a hook in, or take it out."""
        others = [one for one in self._hooks if one is not hook]
        self._hooks = sorted([*others, hook], key=_number) if attached else others
        self._plans.clear()
        self.version += 1

    def put_modifying(self, hooks: Iterable[Hook]) -> None:
        """Put these in, and take all others out that change values."""
        observers = [hook for hook in self._hooks if not hook.modifies]
        self._hooks = sorted([*observers, *hooks], key=_number)
        self._plans.clear()

    def adopt(self, hooks: Iterable[Hook]) -> dict[Hook, Hook]:
        """Return copies of another trainer's hooks as this one's own; none is attached yet."""
        copies = {}
        for hook in sorted(hooks, key=_number):
            copies[hook] = replace(hook, _owner=self, number=self._made)
            self._made += 1
        return copies

    def recompiled(self) -> None:
        """Forget the places in programs that are not used any more."""
        self._plans.clear()

    @property
    def modifying(self) -> list[Hook]:
        """Those that change values."""
        return [hook for hook in self._hooks if hook.modifies]

    def __iter__(self) -> Iterator[Hook]:
        return iter(self._hooks)

    def spliced(
        self, trainer: Trainer, program: Program, stop: int, *, resumed: bool
    ) -> Sequence[Kernel]:
        """Return the kernels from the next op up to `stop`, with the hooks between them.

        The hooks after a program's last op are not among them: the batch is recorded first, then
        `fire_end` calls them. `resumed` leaves out the hooks before the next op, which have been
        called.
        """
        if not self._hooks and program.done == 0 and stop == len(program):
            return program.kernels
        places = self._places(program)
        calls: list[Kernel] = []
        for op in program.ops[program.done : stop]:
            before = places.get((op.index, "before"))
            if before and not (resumed and op.index == program.done):
                calls.append(partial(fire, trainer, before, op, "before", spliced=True))
            calls.extend(op.kernels)
            after = places.get((op.index, "after"))
            if after and op.index + 1 < len(program):
                calls.append(partial(fire, trainer, after, op, "after", spliced=True))
        return calls

    def fire_at(self, trainer: Trainer, op: Op, when: When, *, again: bool) -> None:
        """Call the hooks before or after an op; if all has been before, only those that change."""
        hooks = self._places(trainer.program).get((op.index, when), []) if self._hooks else []
        called = [hook for hook in hooks if hook.modifies] if again else hooks
        if called:
            fire(trainer, called, op, when, again=again)

    def fire_end(self, trainer: Trainer, program: Program) -> None:
        """Call the hooks after the last op of a program: on ops, on the batch, on the epoch."""
        if not self._hooks:
            return
        last = program.ops[-1]
        fire(trainer, self._places(program).get((last.index, "after"), ()), last, "after")

    def _places(self, program: Program) -> Places:
        """Return the hooks by their places; those on epoch and batch sit at a program's ends."""
        if program not in self._plans:
            places: Places = defaultdict(list)
            for hook in sorted(self._hooks, key=_call_order):
                for op in _at_edges(program, hook.unit, hook.when):
                    if hook.matches(op):
                        places[op.index, hook.when].append(hook)
            self._plans[program] = dict(places)
        return self._plans[program]


Places = dict[tuple[int, When], list[Hook]]

_NARROWED_BY: dict[Unit, tuple[str, ...]] = {
    "op": ("phase", "layer", "op"),
    "layer": ("phase", "layer"),
    "phase": ("phase",),
    "batch": (),
    "epoch": (),
}


def _phases(program: Program) -> tuple[str, ...]:
    """Return the phases that a hook may be narrowed to; a net without parameters lacks some."""
    return PHASES if set(program.phases) <= set(PHASES) else program.phases


def _met_by_none(hook: Hook, program: Program) -> ValueError:
    """Build the error for filters each of which some op meets, but no op all of them."""
    given = {key: value for key in _NARROWED_BY["op"] if (value := getattr(hook, key))}
    if hook.op:
        op = program[hook.op]
        mend = f"{op.name!r} is of phase {op.phase!r} and layer {op.layer!r}: pass op= alone."
    else:
        there = (op for op in program if hook.layer in (None, op.layer))
        phases = " and ".join(dict.fromkeys(repr(op.phase) for op in there))
        mend = f"{hook.layer or 'This net'} has ops of phase {phases} alone."
    filters = ", ".join(f"{key}={value!r}" for key, value in given.items())
    return bad_value(f"A hook on each {hook.unit}", "filters that an op meets", filters, mend)


def _number(hook: Hook) -> int:
    return hook.number


def _call_order(hook: Hook) -> int:
    """Return a sort key: epochs begin before their batches and end after them."""
    size = UNITS.index(hook.unit)
    return size if hook.when == "after" else -size


def fire(
    trainer: Trainer,
    hooks: Iterable[Hook],
    op: Op,
    when: When,
    *,
    again: bool = False,
    spliced: bool = False,
) -> None:
    """Call the hooks that sit at one place; all are called even if one of them asks for a pause.

    Where all this has been before (`again`), nobody pauses.

    Raises
    ------
    Paused
        One of them did.
    Respliced
        One of them has attached or removed another one, and the list of kernels that this is
        called from (`spliced`) is not that of now any more.
    """
    version = trainer._hooks.version
    cursor = trainer._cursor
    cursor.program.done = op.index + (when == "after")
    cursor.stage = BEFORE if when == "before" else AFTER
    pause: list[str] = []
    moment = cursor.moment
    for hook in hooks:
        anew = hook.modifies or hook.pauses or hook.seen < moment
        if anew and hook.attached and (hook.unit != "epoch" or cursor.at_epoch_edge(when)):
            event = Event(
                trainer,
                hook,
                None if hook.unit in ("batch", "epoch") else op,
                cursor.epoch,
                cursor.batch,
            )
            cursor.catch_up_before(hook)
            before = cursor.caller, cursor.replaying
            cursor.caller, cursor.replaying = hook, again
            try:
                hook.call(event)
            finally:
                cursor.caller, cursor.replaying = before
                cursor.program.touch(event._changed())
            hook.seen = max(hook.seen, moment)
            hook.pauses |= event._pause
            if event._pause:
                pause.append(event._why or f"{hook!r} paused")
    cursor.stage = AFTER
    if pause and not again:
        raise Paused(when, "; ".join(pause))
    if spliced and trainer._hooks.version != version:
        raise Respliced(when)


def _pause(event: Event) -> None:
    """Pause: what a breakpoint does."""
    hook = event._hook
    event.pause(repr(hook) if hook.condition is None else hook.condition.why(event))


def _narrow(hook: Hook, program: Program, condition: Given, columns: Iterable[str]) -> None:
    """Give a hook its condition; on ops, where a change of what it reads can have met it."""
    ops = [op for edge in _at_edges(program, hook.unit, hook.when) if hook.matches(op := edge)]
    from .conditions import as_condition  # reads text: only loaded once there is some

    places = None if hook.unit in ("batch", "epoch") else [op.index for op in ops]
    hook.condition = as_condition(condition, program, columns, places)
    if hook.unit == "op" and hook.condition.text[:5] != "every":
        shift = hook.when == "before"
        may = {(op.index + shift) % len(program) for op in hook.condition.ops(program)}
        known = [op.index for op in ops]
        hook.places = frozenset(may & set(known)) or frozenset(known)


def _at_edges(program: Program, unit: Unit, when: When) -> list[Op]:
    """Return the first (before) or last (after) op of every stretch of one layer or phase."""
    ops = program.ops
    step = -1 if when == "before" else 1
    neighbors = [ops[i + step] if 0 <= i + step < len(ops) else None for i in range(len(ops))]
    return [
        op
        for op, next_to in zip(ops, neighbors, strict=True)
        if next_to is None or not same_unit(unit, op, next_to)
    ]
