"""Losses: what being wrong costs; imports the core's own parts only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from .checks import as_labels, as_target_columns
from .errors import UnknownNameError
from .expr import Symbol
from .loss_ops import CrossEntropyOp, ErrorOp, SoftmaxOp, SquaredErrorOp

if TYPE_CHECKING:
    from .builder import Builder

Task = Literal["classification", "regression"]


class Loss(ABC):
    """How an output is scored against the targets."""

    kind: str
    """Name by which `Trainer(loss=...)` knows it."""

    for_classes = False
    """Whether targets are class labels whatever the data set says, and outputs are their logits."""

    summed = False
    """Whether the loss of two batches together is the sum of both (else their weighted mean)."""

    @abstractmethod
    def targets(
        self, y: NDArray[np.generic], task: Task, width: int, what: str
    ) -> dict[str, NDArray[np.generic]]:
        """Check targets against the width of the output; return the arrays that the loss reads.

        Raises
        ------
        ValueError
            Labels that are not integers or out of range, or another number of columns than outputs.
        """

    @abstractmethod
    def emit(self, b: Builder, output: str, into: str) -> None:
        """Emit the loss of `output` (n, width) into the scalar `into`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class CrossEntropy(Loss):
    """Softmax and cross-entropy from logits: ``L = -1/n * sum_i log(softmax(z_i)[y_i])``.

    The gradient is ``dL/dz = (p - Y) / n`` with p the probabilities and Y the one-hot labels
    (Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.108-4.109). Computed from
    ``log p = z - max - log(sum(exp(z - max)))``, so that logits of any size are safe.

    Targets are integers in [0, k) for an output of k neurons, shape (n,).
    """

    kind = "cross_entropy"
    for_classes = True

    def targets(
        self, y: NDArray[np.generic], task: Task, width: int, what: str
    ) -> dict[str, NDArray[np.generic]]:
        labels = as_labels(y, width, what)
        return {"y": labels, "y.onehot": np.eye(width)[labels]}

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        p = b.array("loss.p", shape, Symbol("p"))
        log_p = b.array("loss.log_p", shape, Symbol("log p"))
        b.emit(SoftmaxOp(output, p, log_p))
        b.emit(CrossEntropyOp(output, p, log_p, into))


class _Squared(Loss):
    """The family of squared errors; subclasses say what the sum of squares is multiplied with."""

    def targets(
        self, y: NDArray[np.generic], task: Task, width: int, what: str
    ) -> dict[str, NDArray[np.generic]]:
        if task == "classification" and y.ndim == 1:
            if width == 1:
                return {"y": as_labels(y, 2, what).astype(np.float64)[:, None]}
            labels = as_labels(y, width, what)
            return {"y": labels, "y.onehot": np.eye(width)[labels]}
        return {"y": as_target_columns(y, width, what)}

    @abstractmethod
    def scale(self, size: int) -> tuple[float, float]:
        """Return numerator and denominator of the factor before the sum of `size` squares."""

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        target = "y.onehot" if "y.onehot" in b.program.arrays else "y"
        error = b.array("loss.error", shape, Symbol("e"))
        b.emit(ErrorOp(output, target, error))
        b.emit(SquaredErrorOp(output, error, into, self.scale(int(np.prod(shape)))))


class MeanSquaredError(_Squared):
    """``L = mean((a - y)**2)`` over all elements of the output; ``dL/da = 2 * (a - y) / size``.

    The definition of Keras, PyTorch (`MSELoss`) and scikit-learn. Targets: (n,) or (n, k) floats;
    class labels are compared one-hot with k outputs, or as 0 and 1 with a single one.
    """

    kind = "mean_squared_error"

    def scale(self, size: int) -> tuple[float, float]:
        return 1.0, float(size)


class HalfSquaredError(_Squared):
    """``L = 1/2 * sum((a - y)**2)`` or half the mean; ``dL/da = (a - y)`` or ``(a - y) / size``.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        "sum" is Trask's (2015) and Rumelhart, Hinton & Williams' (1986) error; "mean" divides by
        the number of elements, so that the learning rate does not depend on the batch size.
    """

    kind = "half_squared_error"

    def __init__(self, reduction: Literal["mean", "sum"] = "mean") -> None:
        if reduction not in ("mean", "sum"):
            raise UnknownNameError("reduction", reduction, ("mean", "sum"))
        self.reduction = reduction
        self.summed = reduction == "sum"

    def scale(self, size: int) -> tuple[float, float]:
        return 1.0, 2.0 * (size if self.reduction == "mean" else 1)

    def __repr__(self) -> str:
        return f"HalfSquaredError(reduction={self.reduction!r})"


LOSSES: dict[str, type[Loss]] = {
    cls.kind: cls for cls in (CrossEntropy, MeanSquaredError, HalfSquaredError)
}
DEFAULT_LOSS = {"classification": "cross_entropy", "regression": "mean_squared_error"}


def as_loss(loss: Loss | str | None, task: Task) -> Loss:
    """Return a loss given as such, by name, or (None) the usual one of the task."""
    if loss is None:
        loss = DEFAULT_LOSS[task]
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        raise UnknownNameError("loss", loss, LOSSES)
    return LOSSES[loss]()
