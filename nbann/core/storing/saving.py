"""A whole trainer to a document and arrays, and back: what `Trainer.save` and `load` do.

Imports the core's own parts only. `collect` and `put_back` are where another part of a trainer's
state gets its section of the document; a section that is null has nothing in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..data.queries import samples_of
from .atomic import PathLike, open_saved, write_atomically
from .budget import Budget
from .container import Arrays, Document, read_container, write_container
from .faults import FileError, NotGivenError, bad_file, item, items
from .machine import differences, facts
from .run import STATE, describe_run, put_run_back, size_of_programs
from .setup import Given, arguments_of, describe_setup
from .timeline import applied_of, describe_timeline, put_timeline_back, read_line

if TYPE_CHECKING:
    from ..trainer import Trainer


class LoadedFrom(NamedTuple):
    """The file that a trainer was loaded from.

    Attributes
    ----------
    path : str
    differs : tuple of str
        What is another here than where it was written (NumPy's version, the processor, ...): with
        anything in it the run goes on, but the last bits of its numbers may come out otherwise than
        they would have there. Empty: it goes on bit for bit.
    hooks : tuple of str
        The hooks with ``modifies=True`` that were attached then: attach them again.
    """

    path: str
    differs: tuple[str, ...]
    hooks: tuple[str, ...]


def collect(trainer: Trainer) -> tuple[Document, Arrays]:
    """Return all that a trainer is, as a document and arrays."""
    setup, arrays = describe_setup(trainer)
    run, found = describe_run(trainer)
    document: Document = {
        "machine": facts(),
        "setup": setup,
        "layout": [[p.name, list(p.shape)] for p in trainer._recipe.plan.parameters],
        "run": run,
        "hooks": [repr(hook) for hook in trainer._hooks._hooks if hook.modifies],
    }
    document["timeline"], past = describe_timeline(trainer)
    return document, arrays | found | past


def put_back(trainer: Trainer, document: Document, arrays: Mapping[str, Any]) -> None:
    """Put a trainer that was made with the same arguments where the saved one stood."""
    timeline = item(document, "timeline", dict, None)
    if timeline is not None:  # the programs are compiled with what is frozen or silenced
        line = read_line(trainer, timeline, arrays)
        trainer._timeline.acts = list(line.acts)
        trainer._timeline.applied = applied_of(timeline, line)
        restraints = trainer._timeline.restraints()
        if restraints:
            trainer._restrain(restraints)
            trainer._cursor.program = trainer._cursor._program(0)
    put_run_back(trainer, item(document, "run", dict), arrays)
    put_timeline_back(trainer, timeline, arrays)


def save(trainer: Trainer, path: PathLike) -> None:
    """Write a trainer to a file; see `Trainer.save`."""
    trainer._cursor.check_idle()
    write(trainer, path)


def write(trainer: Trainer, path: PathLike) -> None:
    """Write a trainer that stands still, be it in the midst of a run."""
    document, arrays = collect(trainer)
    write_atomically(path, partial(write_container, document=document, arrays=arrays))


def load(cls: type[Trainer], path: PathLike, given: Given) -> Trainer:
    """Make the trainer that a file holds; see `Trainer.load`."""
    with open_saved(path) as file:
        document, arrays = read_container(file, str(path))
    try:
        with np.errstate(all="ignore"):
            trainer = _made(cls, document, arrays, given)
    except (FileError, ModuleNotFoundError, NotGivenError):
        raise
    except (
        ArithmeticError,
        AttributeError,
        IndexError,
        KeyError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise _unfit(path, error) from error
    hooks = tuple(items(document, "hooks", str))
    there = item(document, "machine", dict)
    trainer.loaded_from = LoadedFrom(str(path), differences(there, facts()), hooks)
    _tell(trainer.loaded_from)
    return trainer


def _unfit(path: PathLike, error: Exception) -> FileError:
    return FileError(
        f"{path}: expected a file whose parts fit together, and what was passed to load to fit it; "
        f"received one of which no trainer can be made ({type(error).__name__}: {error})"
    )


def _made(cls: type[Trainer], document: Document, arrays: Arrays, given: Given) -> Trainer:
    arguments = arguments_of(item(document, "setup", dict), arrays, given)
    theta = arrays.get(STATE)
    if theta is None or theta.ndim != 1:
        raise bad_file("The file", f"an array {STATE!r} of all parameters", "none")
    if given.model is None:
        data = arguments["train"]
        budget = Budget(theta.size)
        count, shape = samples_of(data)
        budget.go_through(arguments["model"], shape)
        size = arguments["batch_size"]
        rows = count if size is None else min(max(size, 1), count)
        held = sum(array.size for name, array in arrays.items() if name.startswith(STATE))
        programs = size_of_programs(arrays)
        written = budget.outputs * rows + budget.always
        if budget.left or budget.buffers > held or written > programs:
            raise bad_file("The file", "arrays as large as its description says", "smaller ones")
    trainer = cls(arguments.pop("model"), arguments.pop("train"), **arguments)
    layout = [[p.name, list(p.shape)] for p in trainer._recipe.plan.parameters]
    if layout != item(document, "layout", list):
        mend = "Pass the model that the run was saved with: the same layers, names and sizes."
        expected = f"parameters {document['layout']!r:.200}"
        raise bad_file("The model", expected, f"{layout!r:.200}", mend)
    put_back(trainer, document, arrays)
    return trainer


def _tell(loaded: LoadedFrom) -> None:
    """Warn of what may come out otherwise than where the file was written."""
    if loaded.differs:
        warnings.warn(
            f"{loaded.path} was saved elsewhere: other {', '.join(loaded.differs)}. The run goes "
            f"on from the same numbers, but what follows may differ in the last digits from what "
            f"would have followed there (see trainer.loaded_from).",
            UserWarning,
            stacklevel=4,
        )
    if loaded.hooks:
        warnings.warn(
            f"{loaded.path} was saved with hooks that change numbers, which no file holds: "
            f"{', '.join(loaded.hooks)}. Attach them again with trainer.on(..., modifies=True).",
            UserWarning,
            stacklevel=4,
        )
