"""A net as columns of neurons, wide ones folded, and their names; imports NumPy and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .network_columns import Column, columns_of, layer_columns_of, wires_of
from .text import names_of

if TYPE_CHECKING:
    from ..core.trainer import Trainer


__all__ = [
    "Column",
    "columns_of",
    "feature_names",
    "folded",
    "input_names_of",
    "neuron_names_of",
    "output_names",
    "side_names_of",
    "sides_of",
    "wires_of",
]


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
    columns = layer_columns_of(trainer)
    first = next((c for c in columns if c.weight is not None), None)
    if first is not None and first.weight == weight and rows == len(feature_names(trainer)):
        return feature_names(trainer)
    return side_names_of(trainer, weight, 0)


def neuron_names_of(trainer: Trainer, weight: str) -> tuple[str, ...]:
    """Return a name for each column of a weight matrix: outputs, or neurons by number."""
    last = layer_columns_of(trainer)[-1]
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
