"""What a worker does: it holds its rows, and returns the gradient of its part of a batch.

The same code computes it in another process and here. Imports NumPy and the core's own parts only.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..streams import generator, set_state, state_of
from ..version import version
from .rows import weights_of

if TYPE_CHECKING:
    from ..program import Floats, Kernel, Program
    from ..recipe import Recipe, Samples

PARTS = 16
"""The most parts that a process keeps, those asked for last: of each a worker's share of data."""

ROOM = 2**30
"""Bytes of data beyond which a process keeps only the parts of the trainer that asked last."""

DIGITS = 4
"""Binary digits of a stride's length that may be others than 0.

Numbers of rows differ by a few in a hundred from batch to batch: so there are two or three long
programs of a part, and for what is left of the rows some short ones.
"""

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

    So a part drops and disturbs the very neurons that one worker alone would. What is drawn is
    kept while the part is computed, as that goes in several strides.
    """

    def __init__(self, stream: np.random.Generator) -> None:
        self.stream = stream
        self.places: NDArray[np.intp] = np.empty(0, np.intp)
        self._size, self._next = 0, 0
        self._drawn: list[Floats] = []

    def begin(self, state: Mapping[str, Any], size: int) -> None:
        """Begin a batch of so many rows."""
        set_state(self.stream, state)
        self._size = size
        self._drawn.clear()

    def stride(self, places: NDArray[np.intp]) -> None:
        """Begin some rows of it, by where they stand in the batch."""
        self.places, self._next = places, 0

    def random(self, size: None, dtype: np.dtype[Any], out: Floats) -> None:
        """Fill `out` with uniform numbers; see `numpy.random.Generator.random`."""
        self._fill(self.stream.random, dtype, out)

    def standard_normal(self, size: None, dtype: np.dtype[Any], out: Floats) -> None:
        """Fill `out` with normal numbers; see `numpy.random.Generator.standard_normal`."""
        self._fill(self.stream.standard_normal, dtype, out)

    def _fill(self, draw: Callable[..., Floats], dtype: np.dtype[Any], out: Floats) -> None:
        if self._next == len(self._drawn):
            self._drawn.append(draw((self._size, *out.shape[1:]), dtype))
        out[...] = self._drawn[self._next][self.places]
        self._next += 1


class Part:
    """A worker's share of the data, and programs that compute gradients of it.

    Of each batch it has another number of rows. A program for every number would fill the memory:
    rows are computed in a few strides, of lengths that come again, and averaged.

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
        self._programs: dict[int, tuple[Program, tuple[Kernel, ...]]] = {}
        self._lock = threading.Lock()  # a worker may have several threads

    @property
    def nbytes(self) -> int:
        """Bytes of the rows that it holds."""
        return sum(array.nbytes for array in self.samples.values())

    def answer(self, asked: Asked) -> Answer:
        """Compute the loss and the gradient of some rows."""
        with self._lock, np.errstate(all="ignore"):
            self.state.theta[...] = asked.theta
            for name, draw in self.draws.items():
                draw.begin(asked.streams[name], asked.size)
            loss, grad = np.zeros((), self.state.dtype), np.zeros_like(self.state.grad)
            shown: dict[str, list[NDArray[Any]]] = {name: [] for name in asked.shown}
            for rows, places, share in self._strides(asked):
                program = self._run(rows, places)
                loss += share * program.arrays["loss"]
                np.multiply(self.state.grad, share, self.state.grad)
                grad += self.state.grad
                for name, parts in shown.items():
                    parts.append(program.arrays[name].copy())
            return Answer(
                loss.item(),
                grad,
                {name: state_of(draw.stream) for name, draw in self.draws.items()},
                {name: np.concatenate(parts) for name, parts in shown.items()},
                version(),
                os.getpid(),
            )

    def _strides(self, asked: Asked) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Floats]]:
        """Yield rows, their places in the batch, and what share of the part they are."""
        count = len(asked.rows)
        lengths = strides(count) if count < len(self.samples["x"]) else [count]
        weights = weights_of(self.samples, asked.rows)
        start = 0
        for length in lengths:
            own = slice(start, start + length)
            counts = length if weights is None else weights[own].sum()
            total = count if weights is None else weights.sum()
            share = 1.0 if self.recipe.loss.summed else counts / total if total else 0.0
            yield asked.rows[own], asked.places[own], np.array(share, self.state.dtype)
            start += length

    def _run(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> Program:
        """Compute loss and gradient of some rows."""
        for draw in self.draws.values():
            draw.stride(places)
        program, kernels = self._program(len(rows))
        program.load(None if len(rows) == len(self.samples["x"]) else rows)
        for kernel in kernels:
            kernel()
        return program

    def _program(self, rows: int) -> tuple[Program, tuple[Kernel, ...]]:
        """Return the program for so many rows, and its kernels up to the gradient."""
        if rows not in self._programs:
            program = self.recipe.program(self.state, self.samples, rows, train=True)
            ops = (op for op in program if op.phase != "update")
            self._programs[rows] = program, tuple(kernel for op in ops for kernel in op.kernels)
        return self._programs[rows]


def strides(rows: int) -> list[int]:
    """Return a few lengths that add up to a number: its first binary digits, of the rest the same.

    >>> strides(508), strides(16)
    ([480, 28], [16])
    """
    found = []
    while rows:
        last = max(rows.bit_length() - DIGITS, 0)
        found.append(rows >> last << last)
        rows -= found[-1]
    return found


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
                self._make_room(key)
            self._parts.move_to_end(key)
            return self._parts[key]

    def _make_room(self, new: Key) -> None:
        """Drop what the new part takes the place of, then the parts that were not used for longest.

        Nobody says when a trainer is gone. One that is not is sent its rows once more.
        """
        session, number, worker = new
        for key in list(self._parts):
            if key[0] == session and key[2] == worker and key[1] < number:
                del self._parts[key]
        sizes = {key: part.nbytes for key, part in self._parts.items()}
        for key in list(self._parts):
            full = sum(sizes.values()) > ROOM and key[0] != session
            if key != new and (full or len(self._parts) > PARTS):
                del self._parts[key], sizes[key]


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
