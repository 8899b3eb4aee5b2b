"""The state of a run: flat vectors and the named views into them; imports NumPy and the core.

Whatever the depth of a net, all parameters are one vector `theta` and everything with the same
layout (gradients, velocities, moments) one vector each. An optimizer is then a handful of kernels,
a snapshot a few copies, a gradient norm one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import bad_value
from .expr import Gradient, Symbol

Array = NDArray[np.floating]


class Initializer(Protocol):
    """Draws the start of a parameter: ``(rng, shape) -> array``."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...], /) -> NDArray[np.float64]:
        """Return an array of that shape."""


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
    start: Initializer | NDArray[np.float64]
    symbol: Symbol
    penalized: bool

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


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

    Attributes
    ----------
    arrays : dict of str to ndarray
        The views: "hidden.weight", "hidden.weight.grad", ..., and the hyper-parameters.
    theta, grad : ndarray
        The flat vectors of parameters and gradients.
    persistent : dict of str to ndarray
        What is carried from batch to batch: parameters, velocities, hyper-parameters. It is all
        that a snapshot holds.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        dtype: np.dtype[np.floating],
        vectors: Mapping[str, bool],
        hyper: Mapping[str, float],
    ) -> None:
        self.parameters = tuple(parameters)
        self.dtype = dtype
        self.size = sum(p.size for p in self.parameters)
        self.arrays: dict[str, Array] = {}
        self.symbols: dict[str, Symbol | Gradient] = {}
        self.persistent: dict[str, Array] = {}
        self._vectors: dict[str, Array] = {}
        self._kept: dict[str, Array] = {}
        self._places: dict[str, tuple[str, int]] = {}
        for suffix, persists in {"": True, ".grad": False, **vectors}.items():
            self._add_vector(suffix, persists)
        self.theta, self.grad = self.vector(""), self.vector(".grad")
        self.hyper: dict[str, Array] = {name: np.zeros((), dtype) for name in hyper}
        for name, value in hyper.items():
            self.set_hyper(name, value)
            self.arrays[name] = self.persistent[name] = self.hyper[name]
            self.symbols[name] = Symbol(_HYPER.get(name, name))
            self._places[name] = (name, 0)

    def _add_vector(self, suffix: str, persists: bool) -> None:
        flat = np.full(self.size, 0.0 if persists else np.nan, self.dtype)
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
        with np.errstate(all="ignore"):
            kept = self.dtype.type(value)
        if not np.isclose(float(kept), value, rtol=1e-6, atol=0.0) or (kept == 1) != (value == 1):
            mend = "Choose another value, or dtype='float64'."
            raise bad_value(name, f"a number that {self.dtype} can hold", repr(value), mend)
        self.hyper[name][...] = kept

    def vector(self, suffix: str) -> Array:
        """Return a flat vector: "" the parameters, ".grad" their gradients, ".velocity", ..."""
        return self._vectors[suffix]

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

    def initialize(self, rng: np.random.Generator, hyper: Mapping[str, float]) -> None:
        """Set parameters (in order) and hyper-parameters to their start, all else to 0."""
        for array in self.persistent.values():
            array.fill(0.0)
        for p in self.parameters:
            start = p.start(rng, p.shape) if callable(p.start) else p.start
            self.arrays[p.name][...] = _check_start(p, start, self.dtype)
        for name, value in hyper.items():
            self.set_hyper(name, value)

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

    def forget(self) -> None:
        """Drop what `keep` remembered: it belongs to a batch that is past."""
        self._kept.clear()

    def restore_kept(self) -> None:
        """Put back what `keep` remembered."""
        for name, array in self._kept.items():
            self.persistent[name][...] = array

    def kept(self, name: str) -> Array | None:
        """Return the value of `name` at the start of the batch, or None if it was not kept."""
        key, start = self._places[name]
        if key not in self._kept:
            return None
        view = self.arrays[name]
        return self._kept[key].reshape(-1)[start : start + view.size].reshape(view.shape)


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


_HYPER = {"learning_rate": "eta", "momentum": "mu"}


def _symbol(symbol: Symbol, suffix: str) -> Symbol | Gradient:
    if suffix == "":
        return symbol
    if suffix == ".grad":
        return Gradient(symbol)
    base = {".velocity": "v", ".data_grad": "g"}.get(suffix, suffix.lstrip("."))
    return Symbol(base, f"{symbol.base},{symbol.sub}")
