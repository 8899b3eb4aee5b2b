"""Where a run stands and what it has measured, to a document and arrays, and back in place.

Imports the core's own parts only. Another part of a trainer's state gets a function for each way
here or in a file of its own, its section of the document, and a prefix for its arrays.
"""

from __future__ import annotations

from array import array as growing
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..program import Program
from ..scoring.history import History
from ..timeline.moment import Moment
from .container import Arrays, Document
from .faults import bad_file, item, items, whole
from .setup import checked_stream

if TYPE_CHECKING:
    from ..trainer import Trainer

STATE, KEPT, PROGRAM, HISTORY = "state/", "kept/", "program/", "history/"
FAR = 2**53


# ---- to a document ------------------------------------------------------------------------------
def describe_run(trainer: Trainer) -> tuple[Document, Arrays]:
    """Return a run's position, state, loaded arrays and history."""
    cursor, state = trainer._cursor, trainer._state
    snapshot = state.snapshot()
    arrays = {f"{STATE}{name}": array for name, array in snapshot.arrays.items()}
    arrays |= {f"{KEPT}{name}": array.copy() for name, array in state._kept.items()}
    for vector, flat in state._vectors.items():
        arrays.setdefault(f"{STATE}{vector}", flat.copy())
    document: Document = {
        "epoch": cursor.epoch,
        "batch": cursor.batch,
        "done": cursor.program.done,
        "hooks_called": cursor._hooks_called,
        "diverged": None if cursor.diverged is None else cursor.diverged.index,
        "touched": dict(cursor.program.touched),
        "changed_by": dict(cursor.program.changed_by),
        "streams": snapshot.streams,
        "kept_streams": dict(state._kept_streams),
    }
    trainer._program_for(cursor.batches.length(0))  # it shows how large the net is
    programs = trainer._programs | {cursor.program.batch_size: cursor.program}
    document["programs"] = sorted(programs)
    for rows, program in programs.items():
        for kind, flat in _packed(program).items():
            arrays[f"{PROGRAM}{rows}/{kind}"] = flat
    document["history"], found = describe_history(trainer.history, HISTORY)
    return document, arrays | found


def _packed(program: Program) -> Arrays:
    """Return what the ops of a program have written, end to end, by the kind of number."""
    flat: dict[str, list[NDArray[Any]]] = {}
    for array in _written(program):
        flat.setdefault(_kind(array, program), []).append(array.reshape(-1))
    return {kind: np.concatenate(arrays) for kind, arrays in flat.items()}


def _kind(array: NDArray[Any], program: Program) -> str:
    if array.dtype.kind == "f" and array.dtype != program.state.dtype:
        return array.dtype.name  # such as draws in float64 beside numbers in float32
    return {"f": "numbers", "b": "flags"}.get(array.dtype.kind, "places")


def _written(program: Program) -> list[NDArray[Any]]:
    """Return the arrays that are a program's own and its ops write; of views what they look at."""
    own = [
        program.arrays[name]
        for name in program.writer
        if name not in program.state.arrays and program.arrays[name].flags.writeable
    ]
    whole = {id(array) for array in own}
    seen = set()
    found = []
    for array in own:
        where = (array.__array_interface__["data"][0], array.shape, array.strides)
        part = isinstance(array.base, np.ndarray) and id(array.base) in whole
        if not part and where not in seen:
            seen.add(where)
            found.append(array)
    return found


def describe_history(history: History, prefix: str) -> tuple[Document, Arrays]:
    """Return what has been measured as a document and arrays."""
    columns = [name for name in history if name != "loss"]
    arrays: Arrays = {f"{prefix}loss": history["loss"]}
    arrays |= {f"{prefix}{n}": history[name] for n, name in enumerate(columns)}
    return {"columns": columns}, arrays


# ---- and back -----------------------------------------------------------------------------------
def put_run_back(trainer: Trainer, document: object, arrays: Mapping[str, Any]) -> None:
    """Put a run where it stood: into a trainer that was just made with the same arguments.

    Raises
    ------
    FileError
        Something is missing or does not fit the trainer.
    """
    cursor, state = trainer._cursor, trainer._state
    kept = {name for name in state.persistent if f"{KEPT}{name}" in arrays}
    epoch = whole(document, "epoch", 0, FAR)
    batch = whole(document, "batch", 0, cursor.batches.count - 1)
    sizes = {cursor.batches.length(place) for place in (0, cursor.batches.count - 1)}
    stored = items(document, "programs", int)
    for rows in stored:
        if rows not in sizes:
            raise bad_file("A program of the file", f"rows {sorted(sizes)}", rows)
    found = history_of(trainer, item(document, "history", dict), arrays, HISTORY)
    trainer.history.become(found)

    cursor.epoch, cursor.batch = epoch, batch
    cursor._rows = cursor.batches.rows(epoch)
    cursor.program = program = cursor._program(batch)
    done = whole(document, "done", 0, len(program))
    if done == len(program):
        cursor.program = program = _as_it_was(trainer, epoch, batch)
    program.load(cursor._rows[batch])
    cursor.loaded = True
    for name in kept:
        copied = fitting(arrays, f"{KEPT}{name}", state.persistent[name])
        state._kept[name] = copied.copy()
    for name in list(state._kept):
        if name not in kept:
            del state._kept[name]
    state._kept_streams = streams_of(document, "kept_streams", tuple(state.streams), needed=False)
    streams = streams_of(document, "streams", tuple(state.streams), needed=True)
    for rows in stored:
        one = program if rows == program.batch_size else trainer._program_for(rows)
        _unpack(one, arrays, rows)
    if 0 < done < len(program) and kept:
        if kept != set(state.persistent):
            raise bad_file("The file of a half-done batch", "all that it began with", "a part")
        _replay(trainer, program, done)
    for name, array in state.persistent.items():
        array[...] = fitting(arrays, f"{STATE}{name}", array)
    for vector, flat in state._vectors.items():
        flat[...] = fitting(arrays, f"{STATE}{vector}", flat)
    state._set_streams(streams)
    program.done = done
    program.touched.update(_touched(document, program))
    program.changed_by.update(_words(document, "changed_by", program))
    cursor._hooks_called = item(document, "hooks_called", bool)
    if item(document, "diverged", int, None) is not None:
        cursor.diverged = program.ops[whole(document, "diverged", 0, len(program) - 1)]


def _as_it_was(trainer: Trainer, epoch: int, batch: int) -> Program:
    """Return the program that a batch which is done was computed with.

    What is frozen or let go at a batch's end belongs to the next one: it has had no part in what
    this one shows.
    """
    timeline, batches = trainer._timeline, trainer._cursor.batches
    end = Moment(epoch * batches.count + batch, timeline.ops, 0)
    before = timeline.restraints(end)
    if before == trainer._recipe.restraints:
        return trainer._cursor._program(batch)
    recipe = replace(trainer._recipe, restraints=before)
    return recipe.program(
        trainer._state,
        trainer._train,
        batches.length(batch),
        train=True,
        batches_per_epoch=batches.count,
    )


def _replay(trainer: Trainer, program: Program, done: int) -> None:
    """Run the ops of a half-done batch once more, so that what kernels share is there as well.

    What the file holds is what counts: it is put over what each op has written.
    """
    saved = {id(array): array.copy() for array in _written(program)}
    trainer._state.restore_kept()
    with np.errstate(all="ignore"):
        for op in program.ops[:done]:
            for kernel in op.kernels:
                kernel()
            for name in op.writes:
                array: Any = program.arrays[name]
                array = array if id(array) in saved else array.base
                if id(array) in saved:
                    array[...] = saved[id(array)]
    for array in _written(program):
        array[...] = saved[id(array)]


def _unpack(program: Program, arrays: Mapping[str, Any], rows: int) -> None:
    """Put what the ops of a program had written back in place."""
    wanted: dict[str, list[NDArray[Any]]] = {}
    for array in _written(program):
        wanted.setdefault(_kind(array, program), []).append(array)
    for kind, targets in wanted.items():
        like = np.empty(0, targets[0].dtype)
        size = sum(array.size for array in targets)
        flat = fitting(arrays, f"{PROGRAM}{rows}/{kind}", like, (size,))
        start = 0
        for array in targets:
            array[...] = flat[start : start + array.size].reshape(array.shape)
            start += array.size


def fitting(
    arrays: Mapping[str, Any],
    name: str,
    like: NDArray[Any],
    shape: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    """Return an array of the file that has the type and the shape of another."""
    shape = like.shape if shape is None else shape
    if name not in arrays:
        raise bad_file("The file", f"an array {name!r}", "none")
    array: NDArray[Any] = arrays[name]
    places = array.dtype.kind == like.dtype.kind == "i"  # as wide as the machine's own addresses
    if not (places or array.dtype == like.dtype) or array.shape != shape:
        expected = f"{like.dtype} of shape {shape}"
        raise bad_file(f"The array {name!r}", expected, f"{array.dtype} of shape {array.shape}")
    return array


def streams_of(
    document: object, key: str, names: tuple[str, ...], *, needed: bool
) -> dict[str, Any]:
    """Return the states of generators, each of which is one; or none at all if not `needed`."""
    found = item(document, key, dict)
    if set(found) != set(names) and (needed or found):
        raise bad_file(f"The file's {key}", f"those of {names}", f"{list(found)[:5]}")
    return {name: checked_stream(state) for name, state in found.items()}


def _touched(document: object, program: Program) -> dict[str, int]:
    found = item(document, "touched", dict)
    for name in found:
        if name not in program.arrays:
            raise bad_file("What a hook has changed", "arrays of the net", repr(name)[:60])
        whole(found, name, 0, len(program))
    return dict(found)


def _words(document: object, key: str, program: Program) -> dict[str, str]:
    found = item(document, key, dict)
    for name, word in found.items():
        if name not in program.arrays or not isinstance(word, str):
            raise bad_file("Who has changed an array", "arrays of the net", repr(name)[:60])
    return {name: word[:40] for name, word in found.items()}


def history_of(
    trainer: Trainer, document: object, arrays: Mapping[str, Any], prefix: str
) -> History:
    """Return what has been measured, of a document and arrays."""
    history, columns = History(), items(document, "columns", str)
    if columns and tuple(columns) != trainer._recorder.columns:
        expected = f"the columns {trainer._recorder.columns}"
        raise bad_file("The file's history", expected, f"{columns[:8]}")
    known = {"loss": "loss"} | {name: str(number) for number, name in enumerate(columns)}
    values = {}
    for name, key in known.items():
        array = arrays.get(f"{prefix}{key}")
        if array is None or array.dtype != np.float64 or array.ndim < 1 or 0 in array.shape[1:]:
            raise bad_file("The file's history", f"numbers for {name!r}", "none")
        if array.ndim > 1 and (name in ("loss", "epoch") or name.endswith("_loss")):
            raise bad_file("The file's history", f"a number each for {name!r}", "arrays")
        values[name] = array
    losses = values.pop("loss")
    lengths = {len(array) for array in values.values()}
    if len(lengths) > 1:
        raise bad_file("The file's history", "columns of one length", f"{sorted(lengths)[:5]}")
    history.losses.frombytes(np.ascontiguousarray(losses).tobytes())
    for name, array in values.items():
        history._epochs[name] = growing("d", np.ascontiguousarray(array).tobytes())
        history._shapes[name] = array.shape[1:]
    return history


def size_of_programs(arrays: Mapping[str, Any]) -> int:
    """Return how many numbers the file holds of what ops have written."""
    return sum(prod(a.shape) for name, a in arrays.items() if name.startswith(PROGRAM))
