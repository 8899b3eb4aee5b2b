"""The state of a run as a few flat vectors, and the named views into them; imports NumPy alone.

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
    """Parameters, gradients and optimizer vectors of one run, flat, with named views.

    Parameters
    ----------
    parameters : iterable of Parameter
        In the order of the layers; this order is the layout of every flat vector.
    dtype : numpy dtype
    hyper : mapping of str to float
        Hyper-parameters that kernels read (learning rate, momentum, ...). Each is a 0-d array of
        the state, so that a change is seen by the next kernel without compiling anew.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        dtype: np.dtype[np.floating],
        hyper: Mapping[str, float],
    ) -> None:
        self.parameters = tuple(parameters)
        self.dtype = dtype
        self.size = sum(p.size for p in self.parameters)
        self.arrays: dict[str, Array] = {}
        self.symbols: dict[str, Symbol | Gradient] = {}
        self._vectors: dict[str, Array] = {}
        self._kept: dict[str, Array] = {}
        self._kept_hyper: dict[str, Array] = {}
        self._is_kept = False
        self._places: dict[str, tuple[str, int]] = {}
        self._persistent: list[str] = []
        self.hyper = {name: np.array(value, dtype) for name, value in hyper.items()}
        self.arrays.update(self.hyper)
        self.symbols.update({name: Symbol(_HYPER.get(name, name)) for name in hyper})
        self.theta = self.vector("", persistent=True)
        self.grad = self.vector(".grad", fill=np.nan)

    def vector(self, suffix: str, *, persistent: bool = False, fill: float = 0.0) -> Array:
        """Return the flat vector whose views are called ``<parameter><suffix>``.

        Parameters
        ----------
        suffix : str
            "" for the parameters themselves, ".grad" for their gradients, ".velocity", ...
        persistent : bool
            Whether its content is carried from one batch to the next (parameters, velocities) and
            so belongs to a snapshot; gradients are not.
        fill : float
            The first content.
        """
        if suffix not in self._vectors:
            flat = np.full(self.size, fill, self.dtype)
            self._vectors[suffix] = flat
            start = 0
            for p in self.parameters:
                self.arrays[p.name + suffix] = flat[start : start + p.size].reshape(p.shape)
                self.symbols[p.name + suffix] = _symbol(p.symbol, suffix)
                self._places[p.name + suffix] = (suffix, start)
                start += p.size
            if persistent:
                self._persistent.append(suffix)
        return self._vectors[suffix]

    def names(self, suffix: str = "", *, penalized_only: bool = False) -> tuple[str, ...]:
        """Return the names of the views of one vector, in order of layout."""
        return tuple(p.name + suffix for p in self.parameters if p.penalized or not penalized_only)

    def mask(self, scale: float) -> Array:
        """Return a flat vector with `scale` at the penalized elements and 0 elsewhere."""
        flat = [np.full(p.size, scale if p.penalized else 0.0) for p in self.parameters]
        return np.concatenate([*flat, np.empty(0)]).astype(self.dtype)

    def initialize(self, rng: np.random.Generator) -> None:
        """Set every parameter to its start, in order of layout, and all else that persists to 0."""
        for suffix in self._persistent:
            self._vectors[suffix].fill(0.0)
        for p in self.parameters:
            start = p.start(rng, p.shape) if callable(p.start) else p.start
            self.arrays[p.name][...] = _check_start(p, start, self.dtype)

    # ---- snapshots ------------------------------------------------------------------------------
    def snapshot(self) -> dict[str, Array]:
        """Copy what persists from batch to batch, by suffix."""
        return {suffix: self._vectors[suffix].copy() for suffix in self._persistent}

    def restore(self, snapshot: Mapping[str, Array]) -> None:
        """Put a snapshot back."""
        for suffix, flat in snapshot.items():
            self._vectors[suffix][...] = flat

    # ---- the values before this batch's update ---------------------------------------------------
    def keep(self) -> None:
        """Remember what persists as it is now, at the start of a batch.

        The update overwrites the very weights that the batch was computed with. To show its
        arithmetic afterwards (``z = x*W + b``, ``W_new = W - rate*gradient``) the numbers from
        before are needed.
        """
        for suffix in self._persistent:
            kept = self._kept.setdefault(suffix, np.empty_like(self._vectors[suffix]))
            np.copyto(kept, self._vectors[suffix])
        self.keep_hyper()
        self._is_kept = True

    def keep_hyper(self) -> None:
        """Remember the hyper-parameters as they are now: the coming update reads these."""
        self._kept_hyper = {name: value.copy() for name, value in self.hyper.items()}

    def forget(self) -> None:
        """Drop what `keep` remembered: it belongs to a batch that is past."""
        self._is_kept = False

    def restore_kept(self) -> None:
        """Put back what `keep` remembered."""
        self.restore(self._kept)

    def kept(self, name: str) -> Array | None:
        """Return the value of `name` at the start of the batch, or None if it was not kept."""
        if not self._is_kept:
            return None
        if name in self.hyper:
            return self._kept_hyper[name]
        suffix, start = self._places[name]
        if suffix not in self._kept:
            return None
        view = self.arrays[name]
        return self._kept[suffix][start : start + view.size].reshape(view.shape)


def check_given(name: str, given: object, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Return a given start as an array of the right shape, or say what is wrong with it."""
    try:
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
    with np.errstate(over="ignore"):
        array = np.asarray(start).astype(dtype)
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
