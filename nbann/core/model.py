"""Models: what is trained. A model is a description; the trainer holds what is learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from .errors import bad_value
from .layers.layer import Layer, Shape

if TYPE_CHECKING:
    from .builder import Builder
    from .data.dataset import Dataset
    from .losses.loss import Loss, Task
    from .optimizers.optimizer import Optimizer
    from .plan import Plan
    from .recipe import Recipe, Samples
    from .state import Array

RESERVED = ("x", "y", "loss")


class Model(ABC):
    """A net, or another machine that learns: what it needs, what it computes, how it learns.

    A subclass says what parameters it has (`build`) and how an output comes from an input (`emit`).
    By default it learns by backpropagation (`compile`); another rule of learning is another order
    of ops, in phases of its own. Trainer, timeline, hooks and explanations take it as it is.

    Attributes
    ----------
    layers : tuple of Layer
        Those that it is made of, if it is made of layers.
    names : tuple of str
        What they are called, which begins the names of their arrays.
    """

    layers: tuple[Layer, ...] = ()
    names: tuple[str, ...] = ()

    # ---- what it is ------------------------------------------------------------------------------
    @abstractmethod
    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask `plan` for all that it needs; return the shape of a sample of its output."""

    @abstractmethod
    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit the ops that compute its output from array `x`; return the output's name."""

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Yield every layer that it is made of with its full name; none by default."""
        yield from ()

    @property
    def takes_indices(self) -> int:
        """How many things the inputs stand for, such as words; 0 where they are measurements."""
        return 0

    def head_widths(self, shape: Shape) -> dict[str, int]:
        """Return how many outputs each head has, where it has several; see `Heads`."""
        return {}

    def least_written(self, shape: Shape, output: Shape) -> tuple[int, int]:
        """Return how many numbers the ops write at least: for each sample, and in any case.

        A file that describes a model is held against this before anything is made of it.
        """
        return prod(output), 0

    # ---- what it takes ---------------------------------------------------------------------------
    takes_targets: ClassVar[bool] = True
    """Whether there is anything to be told beside X; if not, a trainer takes X alone."""

    def check_data(  # noqa: B027 (not abstract: most take any)
        self, data: Dataset, loss: Loss, what: str
    ) -> None:
        """Raise `ValueError` for data that it can not learn from, or not be scored on by a loss."""

    def check_inputs(self, X: Array, what: str) -> None:  # noqa: B027 (likewise)
        """Raise `ValueError` where features, of the right shape and finite, are out of range."""

    def prepared(self, X: NDArray[np.float64], what: str) -> NDArray[np.float64]:
        """Return features as it reads them; `what` is how messages call them.

        Raises
        ------
        ValueError
            Numbers that it has no use for.
        """
        return X

    # ---- how it learns ---------------------------------------------------------------------------
    follows_loss: ClassVar[bool] = True
    """Whether its gradients are the derivatives of the loss; else there is nothing to confirm."""

    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit all ops of a step: forward, loss, backward and update, where each is asked for.

        Parameters
        ----------
        b : Builder
        recipe : Recipe
        scored : bool
            Whether there are targets, so that there is a loss: an array "loss" of no axes.
        train : bool
            Whether it learns from the batch; if not, that is all.
        """
        b.forward(self)
        if scored:
            b.loss(recipe.loss, recipe.penalty)
        if train:
            b.backward(recipe.penalty)
            b.update(recipe.optimizer)

    # ---- what is usual for it --------------------------------------------------------------------
    usual_batch_size: int | None = 32

    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return the loss that it is trained with if none is asked for; None: that of the task."""
        return None

    def usual_optimizer(self) -> Optimizer | str | None:
        """Return the optimizer that it is trained with if none is asked for; None: plain SGD."""
        return None

    # ---- what is measured of it ------------------------------------------------------------------
    tallies: ClassVar[Mapping[str, str]] = {}
    """Columns of the history, and the single number of the state that each of them takes from the
    end of every evaluated epoch: what was counted while it ran."""

    measures: tuple[str, ...] = ()
    """Names of what `measure` tells, beside the loss and the metrics of the predictions."""

    lower_is_better: ClassVar[Mapping[str, bool]] = {}
    """Of `measures`, which are better low (True) and which high: what may be monitored as such."""

    def axes_of(self, parameter: str, axes: int) -> tuple[str, ...]:
        """Return what each of the axes of a parameter (or of its gradient) counts, in one word."""
        return ("input", "neuron")[2 - axes :]

    def measure(self, parameters: Mapping[str, Array], samples: Samples) -> dict[str, float]:
        """Return what is measured of the machine itself, such as an energy, by name.

        Parameters
        ----------
        parameters : mapping of str to ndarray
            All that persists, by name, read-only: parameters, buffers, hyper-parameters.
        samples : dict of str to ndarray
            "x", "y", ...: a whole data set.
        """
        return {}


class Sequential(Model):
    """Layers one after another.

    Parameters
    ----------
    layers : iterable of Layer
        At least one; each object once. Those without a name are called by kind and number, in
        order of appearance: dense1, relu1, dense2, ...

    Raises
    ------
    ValueError
        No layer, something that is not a layer, one object twice, or two layers of one name.

    Examples
    --------
    >>> import nbann
    >>> nbann.Sequential(
    ...     [nbann.Dense(6, name="hidden"), nbann.ReLU(), nbann.Dense(3, name="output")]
    ... )
    Sequential(hidden: dense, relu1: relu, output: dense)
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        if isinstance(layers, Layer) or not isinstance(layers, Iterable):
            mend = "Put them into a list: Sequential([Dense(3)])."
            raise bad_value("Sequential", "a list of layers", repr(layers), mend)
        self.layers = tuple(layers)
        self.names = _names(self.layers)
        for layer in self.layers[1:]:
            if layer.takes_indices:
                expected = "only as the first layer, where whole numbers come in"
                raise bad_value(
                    f"{layer!r}", expected, f"it after {self.names[0]!r}", "Put it first."
                )

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{n}: {layer.kind}" for n, layer in zip(self.names, self.layers, strict=True)
        )
        return f"Sequential({inside})"

    @property
    def takes_indices(self) -> int:
        """How many things the inputs stand for, such as words; 0 where they are measurements."""
        return self.layers[0].takes_indices

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask `plan` for all that the layers need; return the shape of a sample of the output.

        Parameters
        ----------
        plan : Plan
        shape : tuple of int
            Shape of a sample of the input.
        prefix : str
            What names begin with, where this is a part of a larger net: "residual1.".
        """
        for name, layer in zip(self.names, self.layers, strict=True):
            shape = layer.build(plan, prefix + name, shape)
        return shape

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit every layer in order; return the name of the last one's output."""
        outside = b.layer
        for name, layer in zip(self.names, self.layers, strict=True):
            b.layer = prefix + name
            x = layer.emit(b, prefix + name, x)
        b.layer = outside
        return x

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Yield every layer with its full name; of a layer made of layers, its parts instead."""
        for name, layer in zip(self.names, self.layers, strict=True):
            yield from layer.leaves(prefix + name)


def _names(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    if not layers:
        raise bad_value("Sequential", "at least one layer", "none", "Pass e.g. [Dense(3)].")
    for layer in layers:
        if not isinstance(layer, Layer):
            mend = "Call the layer's class: Dense(6), ReLU()."
            raise bad_value("Sequential", "layers", f"{layer!r}", mend)
    if len({id(layer) for layer in layers}) < len(layers):
        mend = "Make a new object for each place: [Dense(6), ReLU(), Dense(6), ReLU()]."
        raise bad_value("Sequential", "each layer object once", "one object twice", mend)
    counts: Counter[str] = Counter()
    names = []
    for layer in layers:
        counts[layer.kind] += layer.name is None
        names.append(layer.name or f"{layer.kind}{counts[layer.kind]}")
    for name, count in Counter(names).items():
        if count > 1 or name in RESERVED:
            why = (
                f"{count} layers called {name!r}"
                if count > 1
                else f"{name!r}, which nbann uses itself"
            )
            raise bad_value(
                "Sequential", "a name of its own for each layer", why, "Rename one with name=..."
            )
    return tuple(names)
