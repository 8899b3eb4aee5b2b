"""The numbers of a net's layers as records, a table and words; NumPy and the core's parts only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import overload

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownNameError

SATURATED = 0.05
"""How near an end of its range a sigmoid or tanh output counts as saturated: below 0.05 or above
0.95, and beyond +-0.95. The slope is then at most a fifth (sigmoid) or a tenth (tanh) of its
largest value."""


@dataclass(frozen=True)
class LayerStat:
    """One layer in numbers; what has not been computed, or does not apply, is None.

    Attributes
    ----------
    layer, kind : str
        The layer's full name and its kind ("relu1", "relu").
    mean, std, min, max : float
        Of the elements of its output.
    not_finite : int
        How many of these elements are NaN or infinite; the four numbers above leave them out.
    dead : float
        ReLU: the share of units that are 0 in every row (and at every time step), in [0, 1].
    saturated : float
        Sigmoid and tanh: the share of elements within `SATURATED` of an end of their range.
    gradient : float
        The mean of ``|dL/d out|`` over the elements of its output.
    gradient_norm : float
        The Euclidean norm of ``dL/d out``.
    parameter_gradient_norm : float
        The norm of the gradient of all its parameters together.
    update_ratio : float
        ``|w_new - w| / |w|`` over its weights (not the biases, which start at 0): how far the
        batch's update has moved them, whatever the optimizer. With plain SGD it is
        ``learning_rate * |dL/dw| / |w|``.
    """

    layer: str
    kind: str
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    not_finite: int = 0
    dead: float | None = None
    saturated: float | None = None
    gradient: float | None = None
    gradient_norm: float | None = None
    parameter_gradient_norm: float | None = None
    update_ratio: float | None = None

    def describe(self) -> str:
        """Say it in words."""
        parts = []
        if self.mean is not None:
            parts.append(
                f"output mean {self.mean:.3g}, std {self.std:.3g}, "
                f"from {self.min:.3g} to {self.max:.3g}"
            )
        if self.not_finite:
            parts.append(f"{self.not_finite} outputs not finite")
        for share, what in ((self.dead, "of its units dead"), (self.saturated, "saturated")):
            parts += [] if share is None else [f"{share:.0%} {what}"]
        if self.gradient is not None:
            parts.append(f"gradient at its output {self.gradient:.3g} on average")
        if self.parameter_gradient_norm is not None:
            parts.append(f"gradient of its parameters of norm {self.parameter_gradient_norm:.3g}")
        if self.update_ratio is not None:
            parts.append(f"update {self.update_ratio:.2g} of its weights' size")
        return f"{self.layer} ({self.kind}): {'; '.join(parts) or 'not computed yet'}"


class LayerStats(Sequence[LayerStat]):
    """The layers of a net in order, each with its numbers; prints as a table.

    ``stats[0]`` and ``stats["hidden"]`` are records, ``stats.column("gradient")`` one number of
    each.
    """

    def __init__(self, stats: Iterable[LayerStat], rows: int) -> None:
        self._stats = tuple(stats)
        self.rows = rows

    def __len__(self) -> int:
        return len(self._stats)

    @overload
    def __getitem__(self, index: int | str) -> LayerStat: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LayerStat, ...]: ...
    def __getitem__(self, index: int | str | slice) -> LayerStat | tuple[LayerStat, ...]:
        """Return a layer's record by its place or name."""
        if isinstance(index, str):
            if index not in self.layers:
                raise UnknownNameError("layer", index, self.layers)
            return self._stats[self.layers.index(index)]
        return self._stats[index]

    @property
    def layers(self) -> tuple[str, ...]:
        """The full names of the layers."""
        return tuple(stat.layer for stat in self._stats)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one number of every layer, NaN where it is None: what a panel draws.

        Raises
        ------
        ValueError
            A name that no column has.
        """
        if name not in _NUMBERS:
            raise UnknownNameError("column of layer statistics", name, _NUMBERS)
        numbers = (getattr(stat, name) for stat in self._stats)
        return np.array([math.nan if n is None else n for n in numbers], np.float64)

    def describe(self) -> str:
        """Say in words how each layer fares, a line each."""
        return "\n".join(stat.describe() for stat in self._stats)

    def __repr__(self) -> str:
        shown = ["layer", "kind", *(n for n in _NUMBERS if n != "not_finite")]
        shown += ["not_finite"] * any(stat.not_finite for stat in self._stats)
        rows = [[_HEADS.get(name, name) for name in shown]]
        rows += [[_cell(getattr(stat, name)) for name in shown] for stat in self._stats]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)


_NUMBERS = tuple(f.name for f in fields(LayerStat) if f.name not in ("layer", "kind"))
_HEADS = {
    "gradient": "|dL/dout|",
    "gradient_norm": "norm dL/dout",
    "parameter_gradient_norm": "norm dL/dw",
    "update_ratio": "update/w",
    "not_finite": "not finite",
}


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
