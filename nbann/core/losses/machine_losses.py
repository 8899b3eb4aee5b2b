"""What machines that follow no loss have in its place: an energy, an error of quantization.

The model emits the ops that write it; here is what a trainer asks of any loss: what the targets
are, and how outputs are read. Imports the core's own parts only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..program import Floats
from .loss import Loss, Shape, Targets, Task
from .targets import as_shape

if TYPE_CHECKING:
    from ..builder import Builder


class MachineLoss(Loss):
    """A number for each batch that the model writes itself; nothing is told of targets.

    Outputs are taken as they are.
    """

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        if weight is not None:
            mend = "Leave the weights out, or repeat samples that are to count more."
            raise bad_value(f"{what} weight", "none", "weights of samples", mend)
        return {"y": self.targets_of(y, task, as_shape(shape), what)}

    def targets_of(self, y: NDArray[Any], task: Task, shape: Shape, what: str) -> NDArray[Any]:
        """Return the targets for metrics, and for the model where it reads any: here zeros."""
        return np.zeros(len(y))

    def emit(self, b: Builder, output: str, into: str) -> None:
        raise NotImplementedError(f"{self!r} is written by the model that it belongs to.")

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs

    def task_of(self, task: Task) -> Task:
        return "unsupervised"


class Energy(MachineLoss):
    """The energy of a net's states, which falls as they find their rest."""

    kind = "energy"


class PatternEnergy(MachineLoss):
    """The mean energy of the patterns that are stored; predicted are states, -1 and 1.

    The targets are the patterns themselves, or labels where the data have them: for metrics only.
    """

    kind = "pattern_energy"

    def targets_of(self, y: NDArray[Any], task: Task, shape: Shape, what: str) -> NDArray[Any]:
        return y.copy() if y.ndim == 1 else bipolar(y.astype(np.float64), what)


class PairEnergy(MachineLoss):
    """The mean energy of the pairs that are stored; predicted are states, -1 and 1."""

    kind = "pair_energy"

    def targets_of(self, y: NDArray[Any], task: Task, shape: Shape, what: str) -> NDArray[Any]:
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != shape[-1]:
            mend = f"Pass y as patterns of shape ({len(y)}, {shape[-1]}), or take as many units as "
            mend += "it has columns."
            expected = f"{shape[-1]} columns, one for each unit"
            raise bad_value(what, expected, f"{columns.shape[1]}", mend)
        return bipolar(columns.astype(np.float64), what)


def bipolar(patterns: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Return patterns of -1 and 1, given so or as 0 and 1.

    Raises
    ------
    ValueError
        Other numbers.
    """
    if np.isin(patterns, (-1.0, 1.0)).all():
        return patterns
    if np.isin(patterns, (0.0, 1.0)).all():
        return 2 * patterns - 1
    strange = patterns[~np.isin(patterns, (-1.0, 0.0, 1.0))]
    received = f"{strange[0]:g}" if strange.size else "-1 and 0 together"
    mend = "Set a threshold first, e.g. np.where(X > X.mean(), 1, -1)."
    raise bad_value(what, "patterns of -1 and 1, or of 0 and 1", received, mend)
