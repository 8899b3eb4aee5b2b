"""The state of a run: flat vectors and the named views into them; imports NumPy and the core.

Whatever the depth of a net, all parameters are one vector `theta` and everything with the same
layout (gradients, velocities, moments) one vector each. An optimizer is then a handful of kernels,
a snapshot a few copies, a gradient norm one call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import bad_value
from .expr import Gradient, Symbol
from .streams import generator, set_state, size_of, state_of

Array = NDArray[np.floating]


class Initializer(Protocol):
    """Draws the start of a parameter: ``(rng, shape) -> array``."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...], /) -> NDArray[np.float64]:
        """Return an array of that shape."""


Start = Initializer | NDArray[np.float64]
"""Where a parameter starts: drawn by a callable, or given."""


@dataclass(frozen=True)
class Parameter:
    """What a layer asks for: a name, a shape and a start.

    Attributes
    ----------
    name : str
        Full name, such as "hidden.weight".
    shape : tuple of int
    start : callable or ndarray
        An initializer `(rng, shape) -> array`, or the array itself.
    symbol : Symbol
        How it is written in formulas.
    penalized : bool
        Whether L1 and L2 apply to it (weights: yes, biases: no).
    """

    name: str
    shape: tuple[int, ...]
    start: Start
    symbol: Symbol
    penalized: bool

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Buffer:
    """An array that an op updates in place and no gradient trains: running statistics, counters."""

    name: str
    shape: tuple[int, ...]
    start: float | Array
    symbol: Symbol


@dataclass(frozen=True)
class Snapshot:
    """Everything that persists, copied: all that a run needs to go on from there."""

    arrays: dict[str, Array]
    streams: dict[str, Any] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """How much memory it takes, about: the numbers, and what Python needs around them."""
        numbers = sum(array.nbytes for array in self.arrays.values())
        streams = sum(size_of(state) for state in self.streams.values())
        return numbers + 200 + 150 * len(self.arrays) + streams

    def is_same(self, other: Snapshot) -> bool:
        """Whether another one holds the same numbers."""
        return (
            self.streams == other.streams
            and self.arrays.keys() == other.arrays.keys()
            and all(
                np.array_equal(array, other.arrays[name], equal_nan=True)
                for name, array in self.arrays.items()
            )
        )


class State:
    """Parameters, gradients, optimizer vectors and hyper-parameters of one run, all by name.

    Parameters
    ----------
    parameters : iterable of Parameter
        In the order of the layers; this order is the layout of every flat vector.
    dtype : numpy dtype
    vectors : mapping of str to bool
        Further flat vectors by the suffix of their views' names (".velocity", ...), and whether
        each is carried from one batch to the next.
    hyper : mapping of str to float
        Hyper-parameters that kernels read (learning rate, momentum, ...). Each is a 0-d array of
        the state, so that a change is seen by the next kernel without compiling anew.
    buffers : iterable of Buffer
        Further arrays that persist, in the dtype of the state.
    counters : mapping of str to float
        Further single numbers that persist (steps taken, ...) and their start, in float64.
    streams : iterable of str
        Names of random generators, each with a stream of its own.
    stream_starts : mapping of str to mapping
        Where some of them begin; see `Plan.stream`.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The views: "hidden.weight", "hidden.weight.grad", ..., and the hyper-parameters.
    theta, grad : ndarray
        The flat vectors of parameters and gradients.
    persistent : dict of str to ndarray
        What is carried from batch to batch: parameters, velocities, buffers, hyper-parameters.
        With the generators it is all that a snapshot holds.
    streams : dict of str to numpy.random.Generator
        Set in place, never replaced: kernels are bound to them.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        dtype: np.dtype[np.floating],
        vectors: Mapping[str, bool],
        hyper: Mapping[str, float],
        *,
        buffers: Iterable[Buffer] = (),
        counters: Mapping[str, float] | None = None,
        streams: Iterable[str] = (),
        stream_starts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.parameters = tuple(parameters)
        self.buffers = tuple(buffers)
        self._stream_starts = dict(stream_starts or {})
        self.streams = {name: generator(self._stream_starts.get(name)) for name in streams}
        self.dtype = dtype
        self.size = sum(p.size for p in self.parameters)
        self.arrays: dict[str, Array] = {}
        self.symbols: dict[str, Symbol | Gradient] = {}
        self.persistent: dict[str, Array] = {}
        self._vectors: dict[str, Array] = {}
        self._scratch = np.empty(0, dtype)
        self._kept: dict[str, Array] = {}
        self._kept_streams: dict[str, Any] = {}
        self._places: dict[str, tuple[str, int]] = {}
        for suffix, persists in {"": True, ".grad": False, **vectors}.items():
            self._add_vector(suffix, persists)
        self.theta, self.grad = self.vector(""), self.vector(".grad")
        self.hyper: dict[str, Array] = {name: np.zeros((), dtype) for name in hyper}
        for name, value in hyper.items():
            self.set_hyper(name, value)
            self._add_persistent(name, self.hyper[name], _number_symbol(name))
        for buffer in self.buffers:
            array = np.full(buffer.shape, buffer.start, dtype)
            self._add_persistent(buffer.name, array, buffer.symbol)
        self._counters = dict(counters or {})
        for name, value in self._counters.items():
            self._add_persistent(name, np.array(float(value)), _number_symbol(name))

    def _add_persistent(self, name: str, array: Array, symbol: Symbol) -> None:
        if name in self.arrays:
            mend = "Rename a layer."
            raise bad_value("Arrays", "a name of its own for each", f"{name!r} twice", mend)
        self.arrays[name] = self.persistent[name] = array
        self.symbols[name] = symbol
        self._places[name] = (name, 0)

    def _add_vector(self, suffix: str, persists: bool) -> None:
        flat = _aligned(self.size, self.dtype)
        flat.fill(0.0 if persists else np.nan)
        self._vectors[suffix] = flat
        if persists:
            self.persistent[suffix] = flat
        start = 0
        for p in self.parameters:
            name = p.name + suffix
            if name in self.arrays:
                mend = "Rename a layer."
                raise bad_value("Parameters", "a name of its own for each", f"{name!r} twice", mend)
            self.arrays[name] = flat[start : start + p.size].reshape(p.shape)
            self.symbols[name] = _symbol(p.symbol, suffix)
            self._places[name] = (suffix, start)
            start += p.size

    def set_hyper(self, name: str, value: float) -> None:
        """Set a hyper-parameter; refuse one that the dtype can not hold to 6 digits."""
        self.check_hyper(name, value)
        self.hyper[name][...] = value

    def check_hyper(self, name: str, value: float) -> None:
        """Refuse a hyper-parameter that the dtype can not hold to 6 digits."""
        with np.errstate(all="ignore"):
            kept = self.dtype.type(value)
        if not math.isclose(float(kept), value, rel_tol=1e-6) or (kept == 1) != (value == 1):
            mend = "Choose another value, or dtype='float64'."
            raise bad_value(name, f"a number that {self.dtype} can hold", repr(value), mend)

    def vector(self, suffix: str) -> Array:
        """Return a flat vector: "" the parameters, ".grad" their gradients, ".velocity", ..."""
        return self._vectors[suffix]

    def scratch(self, length: int) -> Array:
        """Return room for numbers that no other op reads; one for all, so that it stays cached."""
        if self._scratch.size < length:
            self._scratch = _aligned(length, self.dtype)
        return self._scratch[:length]

    def names(self, suffix: str = "", *, penalized_only: bool = False) -> tuple[str, ...]:
        """Return the names of the views of one vector, in order of layout."""
        return tuple(p.name + suffix for p in self.parameters if p.penalized or not penalized_only)

    def mask(self, scale: float) -> Array:
        """Return a flat vector with `scale` at the penalized elements and 0 elsewhere."""
        flat = [np.full(p.size, scale if p.penalized else 0.0) for p in self.parameters]
        with np.errstate(over="ignore"):
            mask = np.concatenate([*flat, np.empty(0)]).astype(self.dtype)
        if not np.isfinite(mask).all():
            mend = "Choose a smaller l1 or l2, or dtype='float64'."
            raise bad_value("A penalty", f"a factor that {self.dtype} can hold", f"{scale:g}", mend)
        return mask

    def initialize(self, seed: int, hyper: Mapping[str, float]) -> None:
        """Set parameters (in order), buffers, generators and hyper-parameters to their start."""
        rng = np.random.default_rng([seed, 0])
        for array in self.persistent.values():
            array.fill(0.0)
        for p in self.parameters:
            start = p.start(rng, p.shape) if callable(p.start) else p.start
            self.arrays[p.name][...] = _check_start(p, start, self.dtype)
        for buffer in self.buffers:
            self.arrays[buffer.name][...] = buffer.start
        for name, value in self._counters.items():
            self.arrays[name].fill(value)
        for name, value in hyper.items():
            self.set_hyper(name, value)
        for number, (name, stream) in enumerate(self.streams.items()):
            # [seed, 0] draws the weights, [seed, 1, epoch] the order of the data
            given = self._stream_starts.get(name)
            set_state(stream, given or state_of(np.random.default_rng([seed, 2, number])))

    # ---- going back ------------------------------------------------------------------------------
    def snapshot(self, names: Iterable[str] | None = None) -> Snapshot:
        """Return a copy of everything that persists, or of some keys of `persistent` only."""
        if names is not None:
            return Snapshot({name: self.persistent[name].copy() for name in names})
        arrays = {name: array.copy() for name, array in self.persistent.items()}
        return Snapshot(arrays, self._stream_states())

    def restore(self, snapshot: Snapshot) -> None:
        """Put a snapshot of this state, or of one with the same layout, in place."""
        for name, array in snapshot.arrays.items():
            self.persistent[name][...] = array
        self.restore_streams(snapshot)

    def restore_streams(self, snapshot: Snapshot) -> None:
        """Put only the random generators back: they draw the same once more."""
        self._set_streams(snapshot.streams)

    def _stream_states(self) -> dict[str, Any]:
        return {name: state_of(stream) for name, stream in self.streams.items()}

    def _set_streams(self, states: Mapping[str, Any]) -> None:
        for name, state in states.items():
            set_state(self.streams[name], state)

    # ---- the values before this batch's update ---------------------------------------------------
    def keep(self, names: Iterable[str] | None = None) -> None:
        """Remember what persists as it is now, at the start of a batch.

        The update overwrites the very weights that the batch was computed with. To show its
        arithmetic afterwards (``z = x*W + b``, ``W_new = W - rate*gradient``) the numbers from
        before are needed.

        Parameters
        ----------
        names : iterable of str, optional
            Keys of `persistent`; all by default.
        """
        for name in self.persistent if names is None else names:
            array = self.persistent[name]
            np.copyto(self._kept.setdefault(name, np.empty_like(array)), array)
        if names is None and self.streams:
            self._kept_streams = self._stream_states()

    def kept_snapshot(self) -> Snapshot | None:
        """Return what persisted at the start of the batch; None if not all of it was kept."""
        if self._kept.keys() != self.persistent.keys() or len(self._kept_streams) < len(
            self.streams
        ):
            return None
        return Snapshot({n: a.copy() for n, a in self._kept.items()}, dict(self._kept_streams))

    def forget(self) -> None:
        """Drop what `keep` remembered: it belongs to a batch that is past."""
        self._kept.clear()
        self._kept_streams.clear()

    def restore_kept(self) -> None:
        """Put back what `keep` remembered."""
        for name, array in self._kept.items():
            self.persistent[name][...] = array
        self._set_streams(self._kept_streams)

    def place(self, name: str) -> tuple[str, int]:
        """Return which of `persistent` an array is part of, and where in it that begins."""
        return self._places[name]

    def kept(self, name: str) -> Array | None:
        """Return the value of `name` at the start of the batch, or None if it was not kept."""
        key, start = self._places[name]
        if key not in self._kept:
            return None
        view = self.arrays[name]
        return self._kept[key].reshape(-1)[start : start + view.size].reshape(view.shape)


def _aligned(size: int, dtype: np.dtype[np.floating]) -> Array:
    """Return room that begins with a cache line: the optimizers' loops are about 5% faster so."""
    line = 64 // dtype.itemsize
    room = np.empty(size + line, dtype)
    start = -(room.__array_interface__["data"][0] // dtype.itemsize) % line
    return room[start : start + size]


def check_given(name: str, given: object, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Return a given start as an array of the right shape, or say what is wrong with it."""
    try:
        if np.asarray(given).dtype.kind == "c":
            raise TypeError
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise bad_value(
            name, f"an array of numbers of shape {shape}", type(given).__name__, what
        ) from None
    if array.shape != shape:
        raise bad_value(name, f"shape {shape}", f"shape {array.shape}", what)
    if not np.isfinite(array).all():
        raise bad_value(name, "finite numbers", "NaN or infinity among them", "Replace them first.")
    return array


def _check_start(p: Parameter, start: object, dtype: np.dtype[np.floating]) -> Array:
    """Return a parameter's start in the dtype of the state, or say why it can not be used."""
    try:
        with np.errstate(over="ignore"):
            array = np.asarray(start).astype(dtype)
    except (TypeError, ValueError):
        mend = "An initializer is f(rng, shape) -> array of numbers of that shape."
        raise bad_value(f"The start of {p.name}", "numbers", repr(start)[:60], mend) from None
    if array.shape != p.shape:
        mend = "An initializer is f(rng, shape) -> array of that shape."
        raise bad_value(f"The start of {p.name}", f"shape {p.shape}", f"shape {array.shape}", mend)
    if not np.isfinite(array).all():
        mend = "Choose smaller start values, or dtype='float64'."
        raise bad_value(
            f"The start of {p.name}", f"finite {dtype} numbers", "NaN or infinity", mend
        )
    return array


_NUMBER_SYMBOLS = {
    "learning_rate": Symbol("eta"),
    "learning_rate_scale": Symbol("scale"),
    "momentum": Symbol("mu"),
    "rho": Symbol("rho"),
    "beta1": Symbol("beta", "1"),
    "beta2": Symbol("beta", "2"),
    "epsilon": Symbol("epsilon"),
    "weight_decay": Symbol("lambda"),
    "initial_accumulator": Symbol("s", "0"),
    "clip_value": Symbol("c"),
    "clip_norm": Symbol("c"),
    "step_count": Symbol("t"),
    "epoch_count": Symbol("epoch"),
    "plateau_reductions": Symbol("reductions"),
}
VECTOR_SYMBOLS = {
    ".velocity": "v",
    ".data_grad": "g",
    ".clipped": "g'",
    ".clipped_again": "g''",
    ".decayed": "d",
    ".sum_of_squares": "s",
    ".mean_square": "s",
    ".first_moment": "m",
    ".second_moment": "v",
}
"""How the flat vectors are written, by the suffix of their views' names."""


def _number_symbol(name: str) -> Symbol:
    return _NUMBER_SYMBOLS.get(name, Symbol(name))


def _symbol(symbol: Symbol, suffix: str) -> Symbol | Gradient:
    if suffix == "":
        return symbol
    if suffix == ".grad":
        return Gradient(symbol)
    base = VECTOR_SYMBOLS.get(suffix, suffix.lstrip("."))
    return Symbol(base, f"{symbol.base},{symbol.sub}")
