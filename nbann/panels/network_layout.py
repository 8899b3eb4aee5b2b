"""A net as columns of neurons, wide ones folded, and their names; imports NumPy and the core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .text import names_of

if TYPE_CHECKING:
    from ..core.trainer import Trainer


@dataclass(frozen=True)
class Column:
    """The inputs, or a layer with what directly follows it on the same neurons (its activation).

    Attributes
    ----------
    layers : tuple of str
        Names of the layers that are drawn here; for the inputs, those without weights that come
        right after them, such as noise.
    arrays : tuple of str
        What they compute, in order: z, then a.
    width : int
        Neurons, or inputs.
    weight, bias : str or None
        The parameters that lead here.
    turned : bool
        Whether the weight is another layer's, transposed: of a tied decoder.
    """

    layers: tuple[str, ...]
    arrays: tuple[str, ...]
    width: int
    weight: str | None = None
    bias: str | None = None
    turned: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What to call each of its arrays; layers may come right after the inputs, on them."""
        return ("inputs", *self.layers) if self.arrays[0] == "x" else self.layers


def columns_of(trainer: Trainer) -> list[Column]:
    """Return the inputs and every layer as columns, from left to right."""
    known = set(trainer.names)
    columns = [Column((), ("x",), trainer["x"].shape[-1])]
    for name, _ in trainer.model.leaves():
        out, weight, bias = (f"{name}.{what}" for what in ("out", "weight", "bias"))
        if out not in known:
            continue
        last, width = columns[-1], trainer[out].shape[-1]
        turned = weight not in known
        if turned:  # by a matrix of another layer's, or by none
            reads = trainer.program.writer[out].reads if out in trainer.program.writer else ()
            weight = next((read for read in reads if read.endswith(".weight")), weight)
        if weight not in known and width == last.width:
            columns[-1] = replace(last, layers=(*last.layers, name), arrays=(*last.arrays, out))
            continue
        parameters = (n if n in known else None for n in (weight, bias))
        columns.append(Column((name,), (out,), width, *parameters, turned and weight in known))
    return columns


def folded(width: int, most: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which of `width` neurons are shown, and in which of at most `most` slots.

    A wide layer has a gap in the middle.

    >>> folded(3, 8)[0].tolist(), folded(100, 6)[0].tolist(), folded(100, 6)[1].tolist()
    ([0, 1, 2], [0, 1, 2, 98, 99], [0.0, 1.0, 2.0, 4.0, 5.0])
    """
    if width <= most:
        return np.arange(width), np.arange(width, dtype=float)
    top = most // 2
    bottom = most - 1 - top
    shown = np.r_[0:top, width - bottom : width]
    return shown, np.r_[0:top, top + 1 : most].astype(float)


def feature_names(trainer: Trainer) -> tuple[str, ...]:
    """Return a name for each input."""
    return tuple(str(n) for n in trainer.train_data.feature_names)


def output_names(trainer: Trainer) -> tuple[str, ...]:
    """Return a name for each output: the class, or the predicted value; "" where there is none."""
    width = trainer[trainer.program.output].shape[-1]
    given = tuple(str(n) for n in trainer.train_data.target_names)
    if trainer.task == "classification":
        return (
            names_of(given, width, "class ")
            if width > 1
            else (f"is {given[1]}" if len(given) == 2 else "class 1",)
        )
    return given if len(given) == width else ("",) * width


def input_names_of(trainer: Trainer, weight: str) -> tuple[str, ...]:
    """Return a name for each row of a weight matrix: features, or neurons of the layer before."""
    rows = trainer[weight].shape[0]
    columns = columns_of(trainer)
    first = next((c for c in columns if c.weight is not None), None)
    if first is not None and first.weight == weight and rows == len(feature_names(trainer)):
        return feature_names(trainer)
    return side_names_of(trainer, weight, 0)


def neuron_names_of(trainer: Trainer, weight: str) -> tuple[str, ...]:
    """Return a name for each column of a weight matrix: outputs, or neurons by number."""
    last = columns_of(trainer)[-1]
    if last.weight == weight and not last.turned and all(output_names(trainer)):
        return output_names(trainer)
    return side_names_of(trainer, weight, 1)


def side_names_of(trainer: Trainer, weight: str, axis: int) -> tuple[str, ...]:
    """Return a name for each row or column of a weight matrix: by its number, or the feature.

    In a net of layers both sides are neurons. A machine says what its weights stand for; what
    stands for the features goes by their names.
    """
    size, side = trainer[weight].shape[axis], sides_of(trainer, weight)[axis]
    names = feature_names(trainer) if side in ("feature", "visible unit") else ()
    names = names if len(names) == size else ()
    return names_of(names, size, "neuron " if side == "input" else f"{side} ")


def sides_of(trainer: Trainer, weight: str) -> tuple[str, ...]:
    """Return what the rows and the columns of a weight matrix stand for: "input" and "neuron"."""
    return trainer.model.axes_of(weight, 2)
