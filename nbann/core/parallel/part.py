"""What a worker does: it holds its rows, and returns the gradient of its part of a batch.

The same code computes it in another process and here. Imports NumPy and the core's own parts only.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..streams import generator, set_state, state_of
from ..version import version

if TYPE_CHECKING:
    from ..program import Floats, Kernel, Program
    from ..recipe import Recipe, Samples

PARTS = 16
"""The most parts that a process keeps, those asked for last: of each a worker's share of data."""

PROGRAMS = 64
"""The most programs that a part keeps, one for each number of rows."""

Key = tuple[str, int, int]
"""Whose part it is: the trainer's own name, the number of its recipe, the worker."""


class Asked(NamedTuple):
    """What a worker is asked for: the gradient of the loss of some of its rows.

    Attributes
    ----------
    theta : ndarray
        All parameters.
    rows, places : array of int
        Which of the rows it holds, and where they stand in the batch.
    size : int
        Rows of the whole batch.
    streams : dict
        Where the random generators stand at the start of the batch.
    shown : tuple of str
        Arrays of the forward pass that are to be returned, too.
    """

    theta: Floats
    rows: NDArray[np.intp]
    places: NDArray[np.intp]
    size: int
    streams: Mapping[str, Mapping[str, Any]]
    shown: tuple[str, ...] = ()


class Answer(NamedTuple):
    """What it answers.

    Attributes
    ----------
    loss : float
    grad : ndarray
        In the layout of the parameters.
    streams : dict
        Where the random generators stand at the end of the whole batch.
    shown : dict of str to ndarray
    version : str
        nbann's where it was computed.
    process : int
        Its number there.
    """

    loss: float
    grad: Floats
    streams: dict[str, dict[str, Any]]
    shown: dict[str, NDArray[Any]]
    version: str
    process: int


class Failed(NamedTuple):
    """What it answers where the computation itself has raised an error."""

    error: str
    trace: str


class DrawnRows:
    """A random generator that draws for a whole batch, and hands over the rows of a part.

    So a part drops and disturbs the very neurons that one worker alone would.
    """

    def __init__(self, stream: np.random.Generator) -> None:
        self.stream = stream
        self.size, self.places = 0, np.empty(0, np.intp)

    def random(self, size: None, dtype: np.dtype[Any], out: Floats) -> None:
        """Fill `out` with uniform numbers; see `numpy.random.Generator.random`."""
        out[...] = self.stream.random((self.size, *out.shape[1:]), dtype)[self.places]

    def standard_normal(self, size: None, dtype: np.dtype[Any], out: Floats) -> None:
        """Fill `out` with normal numbers; see `numpy.random.Generator.standard_normal`."""
        out[...] = self.stream.standard_normal((self.size, *out.shape[1:]), dtype)[self.places]


class Part:
    """A worker's share of the data, and programs that compute gradients of it.

    Parameters
    ----------
    recipe : Recipe
        Without a penalty: that is added once, to the sum.
    samples : dict of str to ndarray
        The rows that it holds.
    """

    def __init__(self, recipe: Recipe, samples: Samples) -> None:
        self.recipe, self.samples = recipe, samples
        self.state = recipe.state()
        self.draws = {
            name: DrawnRows(generator(state_of(stream)))
            for name, stream in self.state.streams.items()
        }
        self.state.streams.update(self.draws)  # type: ignore[arg-type]  # kernels only draw
        self._programs: OrderedDict[int, tuple[Program, tuple[Kernel, ...]]] = OrderedDict()
        self._lock = threading.Lock()  # a worker may have several threads

    def answer(self, asked: Asked) -> Answer:
        """Compute the loss and the gradient of some rows."""
        with self._lock, np.errstate(all="ignore"):
            program, kernels = self._program(len(asked.rows))
            self.state.theta[...] = asked.theta
            for name, draw in self.draws.items():
                set_state(draw.stream, asked.streams[name])
                draw.size, draw.places = asked.size, asked.places
            program.load(None if len(asked.rows) == len(self.samples["x"]) else asked.rows)
            for kernel in kernels:
                kernel()
            return Answer(
                program.arrays["loss"].item(),
                self.state.grad.copy(),
                {name: state_of(draw.stream) for name, draw in self.draws.items()},
                {name: program.arrays[name].copy() for name in asked.shown},
                version(),
                os.getpid(),
            )

    def _program(self, rows: int) -> tuple[Program, tuple[Kernel, ...]]:
        """Return the program for so many rows, and its kernels up to the gradient."""
        if rows not in self._programs:
            program = self.recipe.program(self.state, self.samples, rows, train=True)
            ops = (op for op in program if op.phase != "update")
            self._programs[rows] = program, tuple(kernel for op in ops for kernel in op.kernels)
            if len(self._programs) > PROGRAMS:
                self._programs.popitem(last=False)
        self._programs.move_to_end(rows)
        return self._programs[rows]


class Held:
    """The parts that a process holds."""

    def __init__(self) -> None:
        self._parts: OrderedDict[Key, Part] = OrderedDict()
        self._lock = threading.Lock()

    def part(self, key: Key, payload: tuple[Recipe, Samples] | None) -> Part | None:
        """Return a part, made of what was sent for it; None where it is not here."""
        with self._lock:
            if key not in self._parts:
                if payload is None:
                    return None
                self._parts[key] = Part(*payload)
                while len(self._parts) > PARTS:
                    self._parts.popitem(last=False)
            self._parts.move_to_end(key)
            return self._parts[key]


# The one thing that outlives a call: a worker is a process that is asked again and again.
HELD = Held()


def gradient(
    key: Key, asked: Asked, payload: tuple[Recipe, Samples] | None = None
) -> Answer | Failed | None:
    """Answer what is asked of a part; None where this process does not hold it.

    Parameters
    ----------
    key : Key
    asked : Asked
    payload : (Recipe, dict), optional
        What the part is made of, if it is not here yet.
    """
    return answered(HELD.part, key, asked, payload)


class Worker:
    """What a Dask worker runs: an actor, which is asked without a task for the scheduler."""

    def gradient(
        self, key: Key, asked: Asked, payload: tuple[Recipe, Samples] | None = None
    ) -> Answer | Failed | None:
        """Answer what is asked of a part; see `gradient`."""
        return gradient(key, asked, payload)


def answered(
    part: Callable[[Key, Any], Part | None], key: Key, asked: Asked, payload: Any
) -> Answer | Failed | None:
    """Answer by a part that is looked up; what goes wrong in it is told, not raised.

    So an error that is raised means that no answer came.
    """
    try:
        found = part(key, payload)
        return None if found is None else found.answer(asked)
    except Exception as error:  # told to whoever asked, with where it arose
        return Failed(f"{type(error).__name__}: {error}", traceback.format_exc())
