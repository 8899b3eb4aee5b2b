"""A training step as a list of ops over named arrays; imports NumPy and `expr.py`.

Calling every kernel in order is the whole inside of training. Everything else that nbann does
(stepping, hooks, reading the maths, explaining) looks at the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import UnknownNameError, bad_value
from .expr import Entry, Equation, Gradient, Symbol

if TYPE_CHECKING:
    from .primitive import Primitive
    from .state import State

Kernel = Callable[[], object]
Floats = NDArray[np.floating]
Arrays = Mapping[str, NDArray[Any]]
Symbols = Callable[[str], Symbol | Gradient]
PHASES = ("forward", "loss", "backward", "update")
"""Those of backpropagation; a model that learns otherwise has its own, see `Program.phases`."""


class Op:
    """One operation of a program: what a learner steps over.

    Attributes
    ----------
    name : str
        Unique within its program, such as "hidden.affine".
    phase : str
        "forward", "loss", "backward" or "update"; others where a model learns otherwise.
    layer : str
        The layer it belongs to; "loss" for the loss, the optimizer's name for the update.
    time : int or None
        The time step it belongs to, in a net that is unrolled through time.
    reads, writes : tuple of str
        Names of arrays. An array that an op both reads and writes is state that it updates.
    index : int
        Its place in the program.
    kernels : tuple of callables
        Bound NumPy calls that do the work. Run in order, they are the operation.
    """

    __slots__ = (
        "_primitive",
        "_program",
        "index",
        "kernels",
        "layer",
        "name",
        "phase",
        "reads",
        "time",
        "writes",
    )

    def __init__(
        self,
        program: Program,
        primitive: Primitive,
        name: str,
        phase: str,
        layer: str,
        time: int | None,
        index: int,
    ) -> None:
        self._program = program
        self._primitive = primitive
        self.name = name
        self.phase = phase
        self.layer = layer
        self.time = time
        self.reads = primitive.reads
        self.writes = primitive.writes
        self.index = index
        self.kernels: tuple[Kernel, ...] = tuple(primitive.kernels(program.arrays))

    def __repr__(self) -> str:
        return f"<Op {self.index} {self.phase} {self.name}: {self.equation.text()}>"

    @property
    def equation(self) -> Equation:
        """What it computes, over whole arrays, as an expression tree."""
        return self._primitive.equation(self._program.symbols.__getitem__)

    @property
    def formula(self) -> str:
        """What it computes, over whole arrays, as LaTeX."""
        return self.equation.latex()

    def arithmetic(self, index: int | Sequence[int] = (), name: str | None = None) -> Equation:
        """Put this batch's numbers into the formula, for one element of what the op writes.

        Parameters
        ----------
        index : int or sequence of int
            Which element; an op that writes a single number takes ``()``.
        name : str, optional
            Which of the written arrays; the first by default.

        Returns
        -------
        Equation
            ``str()`` of it reads ``z_hidden[0,2] = 5.1*0.03 + 3.5*(-0.2) + 0.1 = -0.447``.

        Raises
        ------
        ValueError
            The op has not run in this batch yet, the index is out of range, or the weights that it
            read have been updated by a full-speed run that kept no copy.
        KeyError
            The op does not write `name`.
        """
        name = self.writes[0] if name is None else name
        if name in self._program.shown:
            raise ValueError(
                f"{name!r} was computed by workers: its arithmetic is theirs. After "
                f"trainer.gather() batches are computed here, where every number can be asked for."
            )
        if name not in self.writes:
            raise UnknownNameError(f"array written by {self.name}", name, self.writes)
        return self._program.arithmetic(self, name, index)


class Reader:
    """The arrays as one op read them, element by element; what a primitive's `element` is given."""

    def __init__(self, program: Program, op: Op) -> None:
        self._program = program
        self._op = op
        self._values: dict[str, NDArray[Any]] = {}

    def __call__(self, name: str, *at: int) -> Entry:
        """Return one element with its name and its number."""
        return Entry(name, at, self._program.symbols[name], float(self.array(name)[at]))

    def array(self, name: str) -> NDArray[Any]:
        """Return a whole array, as the op read it."""
        if name not in self._values:
            self._values[name] = self._program.value(self._op, name)
        return self._values[name]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return an array's shape."""
        return self._program.arrays[name].shape


class Program:
    """An ordered list of ops over named arrays, compiled for one batch size.

    Built by `builder.py`. All programs of a trainer share one `State`; activations and their
    gradients are each program's own, allocated once.

    Attributes
    ----------
    ops : tuple of Op
    kernels : tuple of callables
        Every kernel of every op, in order: the bare loop.
    batch_size : int
    arrays : dict of str to ndarray
        Every array by name.
    done : int
        How many of the ops have run since a batch was loaded.
    touched : dict of str to int
        Arrays that a hook or a person has changed in this batch, and how many ops were done then.
    changed_by : dict of str to str
        Who has done that last.
    output : str
        Name of the array that the loss compares with the targets.
    rows : array of int or None
        The rows of the batch that is loaded; None where it is the whole set, or none is.
    structure : tuple of Op
        The ops of the forward pass, in order, whoever runs them: what a net looks like.
    shown : tuple of str
        Arrays of the forward pass that workers compute, of a batch that is divided over them.
    """

    def __init__(self, state: State, batch_size: int) -> None:
        self.state = state
        self.batch_size = batch_size
        self.arrays: dict[str, NDArray[Any]] = dict(state.arrays)
        self.symbols: dict[str, Symbol | Gradient] = dict(state.symbols)
        self.ops: tuple[Op, ...] = ()
        self.kernels: tuple[Kernel, ...] = ()
        self.writer: dict[str, Op] = {}
        self.done = 0
        self.touched: dict[str, int] = {}
        self.changed_by: dict[str, str] = {}
        self.output = ""
        self.rows: NDArray[np.intp] | None = None
        self.structure: tuple[Op, ...] = ()
        self.shown: tuple[str, ...] = ()
        self._loads: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def __len__(self) -> int:
        return len(self.ops)

    def __iter__(self) -> Iterator[Op]:
        return iter(self.ops)

    def __getitem__(self, index: int | str) -> Op:
        """Return an op by its place or its name."""
        if isinstance(index, str):
            for op in self.ops:
                if op.name == index:
                    return op
            raise UnknownNameError("op", index, (op.name for op in self.ops))
        return self.ops[index]

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases of a step, in order."""
        return tuple(dict.fromkeys(op.phase for op in self.ops))

    def __repr__(self) -> str:
        return f"<Program of {len(self)} ops for batches of {self.batch_size}>"

    # ---- running --------------------------------------------------------------------------------
    def feed(self, source: NDArray[Any], into: str) -> None:
        """Say that rows of `source` are copied into the array `into` when a batch is loaded."""
        self._loads.append((source, self.arrays[into]))

    def load(self, rows: NDArray[np.intp] | None) -> None:
        """Copy a batch's rows in; None where the program is bound to the whole set."""
        if rows is not None:
            for source, buffer in self._loads:
                # "clip" spares NumPy a buffered copy; the rows come from our own permutation
                source.take(rows, 0, buffer, "clip")
        self.rows = rows
        self.done = 0
        if self.touched:
            self.touched.clear()

    def clear(self) -> None:
        """Forget everything computed, as if no batch had ever run."""
        for name, op in self.writer.items():
            array = self.arrays[name]
            # parts of the data, such as a time step's, can not be written to
            if name not in op.reads and array.dtype.kind == "f" and array.flags.writeable:
                array.fill(np.nan)
        self.done = 0
        self.touched.clear()

    def touch(self, names: Iterable[str], by: str = "A hook") -> None:
        """Note that arrays hold other numbers from now on than their ops have written."""
        for name in names:
            self.touched[name] = self.done
            self.changed_by[name] = by

    def who_changed(self, name: str) -> str:
        """Return who has changed an array that was touched."""
        return self.changed_by.get(name, "A hook")

    # ---- reading --------------------------------------------------------------------------------
    def is_current(self, name: str) -> bool:
        """Whether an array belongs to the batch that is loaded (and not to the one before)."""
        op = self.writer.get(name)
        return op is None or op.index < self.done or name in op.reads

    def value(self, op: Op, name: str) -> NDArray[Any]:
        """Return an array as `op` read it: state that has been updated since is the kept copy.

        Raises
        ------
        ValueError
            What the op read is not there any more: it was changed, or nothing was kept.
        """
        writer = self.writer.get(name)
        if name in self.touched:
            late = writer is not None and op.index <= writer.index < self.done
            if late or self.touched[name] > op.index:
                raise ValueError(
                    f"{self.who_changed(name)} has changed {name!r} in this batch; what "
                    f"{op.name!r} read is not kept."
                )
            return self.arrays[name]
        given = writer is None and name not in self.state.hyper
        if given or (writer and (writer.index < op.index or writer.index >= self.done)):
            return self.arrays[name]
        kept = self.state.kept(name)
        if kept is None:
            raise ValueError(
                f"{op.name!r} read {name!r}, which has been updated since; a run at full speed "
                f"that was cut short keeps no copy. Step on by one batch to read it: "
                f"trainer.step('batch')."
            )
        return kept

    def arithmetic(self, op: Op, name: str, index: int | Sequence[int]) -> Equation:
        """Return the equation of one element of what `op` writes; see `Op.arithmetic`."""
        if op.index >= self.done:
            raise ValueError(
                f"{op.name!r} has not run in this batch: its numbers are those of the batch "
                f"before. Step to it first (trainer.step('op'))."
            )
        if self.touched.get(name, 0) > op.index:
            raise ValueError(
                f"{self.who_changed(name)} has changed {name!r} after {op.name!r} wrote it; what "
                f"was written is not kept."
            )
        place = element_index(name, self.arrays[name].shape, index)
        left = Entry(name, place, self.symbols[name], float(self.arrays[name][place]))
        return Equation(left, op._primitive.element(Reader(self, op), name, place))


def element_index(name: str, shape: tuple[int, ...], index: int | Sequence[int]) -> tuple[int, ...]:
    """Return an index as a tuple that fits the shape, negative places counted from the end."""
    place = tuple(index) if isinstance(index, Iterable) else (index,)
    fits = len(place) == len(shape) and all(
        isinstance(i, (int, np.integer)) and -n <= i < n for i, n in zip(place, shape, strict=True)
    )
    if not fits:
        last = tuple(n - 1 for n in shape)
        raise bad_value(
            f"Index into {name!r}",
            f"{len(shape)} integers up to {last}" if shape else "() (it is a single number)",
            place,
            f"Its shape is {shape}.",
        )
    return tuple(int(i) % n for i, n in zip(place, shape, strict=True))
