"""What a person changes in a run: numbers, settings, who learns and who speaks; the core only.

All of it is recorded in the timeline, so that going back and coming again is exact.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import number_in
from .errors import UnknownNameError, bad_value
from .hook import Hook
from .hooks import Hooks
from .layers.activations import Activation
from .looking import Looking
from .optimizers.optimizer import Optimizer
from .program import Program, element_index
from .restraints import EVERY_STEP, TIME, Restraints
from .state import Snapshot
from .timeline.acts import Act, Restore, Restrain, SetHyper, SetValues, Splice, neuron_name, spread
from .timeline.moment import Moment
from .timeline.timeline import Timeline

Index = int | slice | EllipsisType | NDArray[Any] | Sequence[Any]


class Changing(Looking):
    """The part of `Trainer` that intervenes."""

    _hooks: Hooks
    _timeline: Timeline
    _programs: dict[int, Program]
    _watchers: list[Callable[[Any], object]]

    # ---- numbers ---------------------------------------------------------------------------------
    def set(self, name: str, index: Index | None, value: Any) -> None:
        """Set elements of an array, or a hyper-parameter, and compute what follows from it.

        What this batch has computed already is computed again with the new number; a batch that
        is done is left for the next one. The intervention is recorded in `timeline`.

        Parameters
        ----------
        name : str
            A parameter ("hidden.weight"), the optimizer's memory ("hidden.weight.velocity"),
            running statistics, an array of the batch at hand that has been computed and will be
            read ("hidden.out"), or a hyper-parameter ("learning_rate", "momentum", see `hyper`).
        index : int, sequence of int, slice or ...
            Which element or elements, as NumPy counts; ``...`` for all, ``()`` of a single number.
        value : float or array
            Finite; an array must fit the elements.

        Raises
        ------
        ValueError
            An unknown name, an index out of range, a value that does not fit; data; an array that
            has not been computed yet, or that nothing will read any more. Nothing has changed then.
        RuntimeError
            Called from within a hook; hyper-parameters alone can be set there.

        Examples
        --------
        >>> import nbann
        >>> net = nbann.Sequential([nbann.Dense(2)])
        >>> trainer = nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]))
        >>> trainer.set("dense1.weight", (0, 1), 0.5)
        >>> float(trainer["dense1.weight"][0, 1])
        0.5
        """
        if name in self.hyper or name in inspect.signature(type(self.optimizer)).parameters:
            if index is not None and index is not ... and not _is_empty(index):
                raise bad_value(f"Index into {name!r}", "(): it is one number", repr(index), "")
            self._set_hyper(name, value)
            return
        array = self._settable(name)
        places = _places(name, array.shape, index)
        values = _values(name, value, places, array.dtype)
        if name.endswith("_count") and not (values >= 0).all():
            raise bad_value(f"value for {name!r}", "a number of at least 0", repr(value), "")
        cursor = self._cursor
        cursor.check_idle()
        if self._persists(name):
            cursor.enter()
        before = self._named(name)[spread(places, array.shape)].reshape(-1).copy()
        parts = (name, places.reshape(-1), values.reshape(-1), before, array.shape)
        self._act(lambda moment: SetValues(moment, *parts))

    def check_settable(self, name: str) -> None:
        """Raise `ValueError` if the elements of an array can not be `set` now, saying why."""
        self._settable(name)

    def _persists(self, name: str) -> bool:
        return name in self._state.arrays and self._state.place(name)[0] in self._state.persistent

    def _settable(self, name: str) -> NDArray[Any]:
        """Return an array that can be set, or say why it can not."""
        array = self._named(name)
        if self._persists(name):
            return array
        writer = self.program.writer.get(name)
        if name in self._train or writer is None or array.dtype.kind != "f":
            mend = "Data stays as it is; make a new trainer for other data."
            raise bad_value(f"set {name!r}", "something that is computed", "data", mend)
        if writer.index >= self.program.done or self._cursor.at_batch_end:
            when = "after the batch is done" if self._cursor.at_batch_end else "before"
            mend = f"Step to where {writer.name!r} has just run: trainer.step('op')."
            expected = "an array of the batch at hand, which ops to come will read"
            raise bad_value(f"set {name!r}", expected, f"a call {when} it is computed", mend)
        if not array.flags.writeable:
            mend = "Set the array that it is a part of."
            raise bad_value(f"set {name!r}", "an array of its own", "a fixed part", mend)
        return array

    # ---- hyper-parameters ------------------------------------------------------------------------
    @property
    def optimizer(self) -> Optimizer:
        """The optimizer as given; `learning_rate` and `hyper` say what is in force."""
        return self._recipe.optimizer

    @property
    def hyper(self) -> dict[str, float]:
        """The optimizer's hyper-parameters in force, by name: "learning_rate", "momentum", ..."""
        known = inspect.signature(type(self.optimizer)).parameters
        held = {
            name: float(self._state.arrays[name].item())
            for name in (*self._state.hyper, *self.optimizer.shares)
            if name in known
        }
        return held | {"learning_rate": self.learning_rate}

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate, in force from the next update on; above 0.

        Under a schedule, setting it multiplies all further rates by one factor, so that the next
        update has this rate and the schedule goes on from there.
        """
        return self.optimizer.current_learning_rate(self._state)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._set_hyper("learning_rate", value)

    def _set_hyper(self, name: str, value: Any) -> None:
        """Set a hyper-parameter, in its range."""
        before = self.hyper.get(name)
        state = self._state
        if name == "learning_rate":
            key, number = self.optimizer.learning_rate_setting(state, value)
        elif before is None:
            there = ", ".join(self.hyper)
            mend = "What the optimizer was made without can not be switched on: make a new trainer."
            raise bad_value("set", f"one of {there}", f"{name!r}", mend)
        else:
            number = number_in(name, value)
            type(self.optimizer)(**{name: number})  # its own check of the range
            key = name
            state.check_hyper(key, number)
        was = float(state.arrays[key].item())
        shown = (name, float(value), float(before or 0.0))
        self._act(lambda moment: SetHyper(moment, key, number, was, shown))

    # ---- who learns, who speaks ------------------------------------------------------------------
    @property
    def restraints(self) -> Restraints:
        """What is frozen or silenced now."""
        return self._recipe.restraints

    def freeze(self, name: str, index: Index | None = None) -> None:
        """Let a layer, a parameter or some of its elements stay as they are from now on.

        Gradients are computed as before; the update leaves what is frozen, and the optimizer's
        memory of it (velocity, moments), as it is.

        Parameters
        ----------
        name : str
            A layer ("hidden") or a parameter ("hidden.weight").
        index : int, sequence of int, slice, ..., optional
            Which elements of a parameter; all by default.

        Raises
        ------
        ValueError
            A name or an index that there is not.
        RuntimeError
            Called from within a hook.
        """
        self._restrain_by("frozen", self._elements(name, index), name, index, held=True)

    def unfreeze(self, name: str, index: Index | None = None) -> None:
        """Let what was frozen learn again; see `freeze`."""
        self._restrain_by("frozen", self._elements(name, index), name, index, held=False)

    def silence(self, layer: str, neuron: int) -> None:
        """Let a neuron give 0 from now on, in training as in predicting.

        Of a dense layer it is silenced behind the activation that follows, if one does; of a
        recurrent layer at every time step. No gradient flows through it.

        Parameters
        ----------
        layer : str
            Name of a layer: "hidden".
        neuron : int
            Which one, from 0; negative numbers count from the end.

        Raises
        ------
        ValueError
            A layer or a neuron that there is not, or a layer without neurons of its own.
        RuntimeError
            Called from within a hook.
        """
        pairs = self._neuron(layer, neuron)
        self._restrain_by("silenced", pairs, neuron_name(*min(pairs)), None, held=True)

    def unsilence(self, layer: str, neuron: int) -> None:
        """Let a silenced neuron speak again; see `silence`."""
        pairs = self._neuron(layer, neuron)
        self._restrain_by("silenced", pairs, neuron_name(*min(pairs)), None, held=False)

    def elements_of(self, which: str) -> dict[str, int]:
        """Return what can be "frozen" or "silenced": arrays, and how many elements or columns."""
        if which == "frozen":
            return {p.name: p.size for p in self._state.parameters}
        found = {}
        for name, array in self.program.arrays.items():
            if name.endswith((".out", ".h")) and array.ndim > 1:
                found[TIME.sub(EVERY_STEP, name)] = array.shape[-1]
        return found

    def _elements(self, name: str, index: Index | None) -> frozenset[tuple[str, int]]:
        """Return the elements of a parameter, or of all parameters of a layer."""
        shapes = {p.name: p.shape for p in self._state.parameters}
        if not isinstance(name, str):
            raise UnknownNameError("layer or parameter", name, shapes)
        if name in shapes:
            places = _places(name, shapes[name], ... if index is None else index)
            return frozenset((name, int(place)) for place in places.reshape(-1))
        inside = [one for one in shapes if one.startswith(name + ".")]
        if not inside:
            layers = dict.fromkeys(one.rpartition(".")[0] for one in shapes)
            raise UnknownNameError("layer or parameter", name, (*layers, *shapes))
        if index is not None:
            mend = f"Name the parameter: {inside[0]!r}."
            raise bad_value("index", "none for a whole layer", repr(index), mend)
        return frozenset(pair for one in inside for pair in self._elements(one, None))

    def _neuron(self, layer: str, neuron: int) -> frozenset[tuple[str, int]]:
        """Return the array that a neuron's output is a column of, and which."""
        array = f"{layer}.out"
        leaves = dict(self.model.leaves())
        speaks = (n for n in self._evaluator.arrays(self._train) if n.endswith(".out"))
        layers = [name.removesuffix(".out") for name in speaks]
        if not layers:
            mend = "Set its arrays by hand: trainer.set(name, index, value)."
            raise bad_value("silence", "a net of layers", repr(self.model), mend)
        if layer not in layers:
            raise UnknownNameError("layer with neurons", layer, layers)
        units = self._named(array).shape[-1]
        if not isinstance(neuron, int | np.integer) or not -units <= neuron < units:
            mend = "Neurons are counted from 0."
            raise bad_value("neuron", f"a whole number up to {units - 1}", repr(neuron), mend)
        names = list(leaves)
        follower = names[names.index(layer) + 1 :][:1] if layer in leaves else []
        if f"{layer}.t0.h" in self.program.arrays:
            array = f"{layer}{EVERY_STEP}h"
        elif follower and isinstance(leaves[follower[0]], Activation):
            ops = (op for op in self.program if op.layer == follower[0] and op.phase == "forward")
            if any(array in op.reads for op in ops):
                array = f"{follower[0]}.out"
        return frozenset({(array, int(neuron) % units)})

    def _restrain_by(
        self,
        which: str,
        pairs: frozenset[tuple[str, int]],
        name: str,
        index: Index | None,
        *,
        held: bool,
    ) -> None:
        self._cursor.check_idle()
        if self.restraints.changed(which, pairs, held=held) == self.restraints:
            return
        if which == "silenced":
            self._cursor.enter()
        what = name if index is None else f"{name}[{_shown(index)}]"
        self._act(lambda moment: Restrain(moment, which, pairs, held, what))

    def _restrain(self, restraints: Restraints) -> None:
        """Compile all programs anew, when they are next needed."""
        self._recipe = replace(self._recipe, restraints=restraints)
        self._programs.clear()
        self._hooks.recompiled()
        self._evaluator.recompile(self._recipe)

    # ---- whole models ----------------------------------------------------------------------------
    def model_snapshot(self) -> Snapshot:
        """Return a copy of what the model has learned: parameters and running statistics."""
        names = ("", *(buffer.name for buffer in self._recipe.plan.buffers))
        return self._state.snapshot(names)

    def restore_model(self, snapshot: Snapshot) -> None:
        """Put a `model_snapshot` back; the optimizer, the history and the position stay."""
        if not self._cursor.moving:
            self._cursor.enter()
        self._act(lambda moment: Restore(moment, snapshot))

    # ---- who is told -----------------------------------------------------------------------------
    def watch(self, fn: Callable[[Any], object]) -> Callable[[], None]:
        """Call ``fn(trainer)`` after every step, run or reset from outside; return how to stop it.

        For views, which show where a trainer stands; to look inside a run, use `on`.
        """
        self._watchers.append(fn)

        def stop() -> None:
            if fn in self._watchers:
                self._watchers.remove(fn)

        return stop

    def _changed(self) -> None:
        for watcher in tuple(self._watchers):
            watcher(self)

    # ---- recording -------------------------------------------------------------------------------
    def _splice(self, hook: Hook, attached: bool) -> Hook:
        """Attach or remove a hook that changes values; return it, or the one of the first time."""
        act = self._act(lambda moment: Splice(moment, hook, attached))
        return act.hook if isinstance(act, Splice) else hook

    def _act(self, make: Callable[[Moment], Act]) -> Act | None:
        """Do something at this moment, and record it."""
        cursor = self._cursor
        act = cursor.record(make(cursor.moment))
        if act is not None:
            try:
                with np.errstate(all="ignore"):
                    act.apply(cursor)
            except BaseException:  # a hook that changes values has failed on the way
                if not cursor.moving:
                    cursor.recover()
                    self._changed()
                raise
        if not cursor.moving and cursor.recomputing is None:  # else they hear of it at its end
            self._changed()
        return act


def _places(name: str, shape: tuple[int, ...], index: Any) -> NDArray[np.intp]:
    """Return which elements an index stands for, counted along the rows."""
    every = np.arange(int(np.prod(shape)), dtype=np.intp).reshape(shape)
    if isinstance(index, list):
        index = tuple(index)
    if index is None:
        mend = "Pass ... for all of them."
        raise bad_value(f"Index into {name!r}", "which elements", "None", mend)
    whole = isinstance(index, int | np.integer) or (
        isinstance(index, tuple) and all(isinstance(i, int | np.integer) for i in index)
    )
    if whole:
        return np.asarray(every[element_index(name, shape, index)])
    try:
        places = np.asarray(every[index])
    except (IndexError, TypeError, ValueError) as error:
        raise bad_value(
            f"Index into {name!r}", f"one that fits shape {shape}", repr(index), f"({error})"
        ) from None
    if not places.size:
        raise bad_value(f"Index into {name!r}", "at least one element", repr(index), "")
    return places


def _values(
    name: str, value: Any, places: NDArray[np.intp], dtype: np.dtype[Any]
) -> NDArray[np.floating]:
    """Return finite numbers, one for each place."""
    try:
        if isinstance(value, str | bytes) or np.asarray(value).dtype.kind not in "iuf":
            raise TypeError
        with np.errstate(over="ignore"):
            values = np.broadcast_to(np.asarray(value), places.shape).astype(dtype)
    except (TypeError, ValueError):
        what = "a number" if places.size == 1 else f"a number, or an array of {places.shape}"
        raise bad_value(f"value for {name!r}", what, repr(value)[:60], "") from None
    if not np.isfinite(values).all():
        mend = "NaN and infinity would spread through the whole net."
        raise bad_value(f"value for {name!r}", f"finite {dtype} numbers", repr(value)[:60], mend)
    return values


def _is_empty(index: Any) -> bool:
    return isinstance(index, tuple | list) and len(index) == 0


def _shown(index: Any) -> str:
    if isinstance(index, tuple | list) and all(isinstance(i, int | np.integer) for i in index):
        return ",".join(str(i) for i in index)
    return "..." if index is ... else str(index)[:40]
