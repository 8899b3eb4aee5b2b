"""Losses of values: squared, absolute, Huber's and Poisson's; imports the core's own parts only."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in
from ..errors import UnknownNameError, bad_value
from ..expr import Symbol
from ..program import Floats
from .class_losses import over_outputs
from .error_ops import AbsoluteErrorOp, ClipOp, HuberOp, MeanOfLogOp, PoissonOp
from .loss import Loss, Shape, Targets, Task, both_classes, strongest_class
from .reduction_ops import SingleLoss, emit_total
from .squared_ops import ErrorOp, SquaredErrorOp, SquareOp
from .targets import as_shape, labels_of, one_output_of, row_weights, values_of

if TYPE_CHECKING:
    from ..builder import Builder


class ErrorLoss(Loss):
    """A loss of the error ``e = a - y``, output by output.

    Targets are values, (n,) or (n, k), or (n, T), (n, T, k) for an output at every time step. Class
    labels are compared one-hot with k outputs, or as 0 and 1 with a single one.
    """

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        shape = as_shape(shape)
        weight = row_weights(weight, len(y), shape, what)
        arrays: Targets = {} if weight is None else {"y.weight": weight}
        if task != "classification" or np.ndim(y) != len(shape):
            return {"y": values_of(y, shape, what)} | arrays
        if shape[-1] == 1:
            labels = one_output_of(y, shape, what, weight)
            return {"y": labels.astype(np.float64)[..., None]} | arrays
        labels = labels_of(y, shape[-1], shape, what, weight)
        return {"y": labels, "y.onehot": np.eye(shape[-1])[labels]} | arrays

    def emit(self, b: Builder, output: str, into: str) -> None:
        target = "y.onehot" if b.has("y.onehot") else "y"
        error = b.array("loss.error", b.shape(output), Symbol("e"))
        b.emit(ErrorOp(output, target, error))
        self.emit_of_error(b, output, error, into)

    @abstractmethod
    def emit_of_error(self, b: Builder, output: str, error: str, into: str) -> None:
        """Emit the loss from the errors."""

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        if task == "classification":
            return strongest_class(outputs, 0.5)
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs

    def gives_probabilities(self, task: Task, width: int) -> bool:
        return task == "classification" and width == 1

    def probabilities(self, outputs: Floats, task: Task) -> Floats:
        if not self.gives_probabilities(task, outputs.shape[-1]):
            return super().probabilities(outputs, task)
        return both_classes(outputs.clip(0, 1))  # a linear output may leave the range


class MeanSquaredError(ErrorLoss):
    """``L = mean((a - y)**2)`` over all elements of the output; ``dL/da = 2 * (a - y) / size``.

    The definition of Keras, PyTorch (`MSELoss`) and scikit-learn. Targets: (n,) or (n, k) floats;
    class labels are compared one-hot with k outputs, or as 0 and 1 with a single one.
    """

    kind = "mean_squared_error"

    def emit_of_error(self, b: Builder, output: str, error: str, into: str) -> None:
        shape = b.shape(output)
        if not b.has("y.weight"):
            b.emit(SquaredErrorOp(output, error, into, (1.0, float(prod(shape)))))
            return
        each = b.array("loss.each", shape, Symbol("l"))
        emit_total(b, SquareOp(output, error, each, half=False), into, each=shape[-1])


class HalfSquaredError(ErrorLoss):
    """``L = 1/2 * sum((a - y)**2)`` or half the mean; ``dL/da = (a - y)`` or ``(a - y) / size``.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        "sum" is Trask's (2015) and Rumelhart, Hinton & Williams' (1986) error; "mean" divides by
        the number of elements, so that the learning rate does not depend on the batch size.
    outputs : {"mean", "sum"}
        For the mean: how a sample's outputs are put together. With "sum", ``L = 1/(2n) *
        sum((a - y)**2)``, whose gradient ``(a - y) / n`` is that of scikit-learn's `MLPRegressor`.

    Raises
    ------
    ValueError
        Another word for one of these.
    """

    kind = "half_squared_error"

    def __init__(
        self,
        reduction: Literal["mean", "sum"] = "mean",
        outputs: Literal["mean", "sum"] = "mean",
    ) -> None:
        if reduction not in ("mean", "sum"):
            raise UnknownNameError("reduction", reduction, ("mean", "sum"))
        self.reduction = reduction
        self.summed = reduction == "sum"
        self.outputs = over_outputs(outputs)

    def settings(self) -> dict[str, object]:
        own: dict[str, object] = {} if self.outputs == "mean" else {"outputs": self.outputs}
        return {"reduction": self.reduction} | own

    def emit_of_error(self, b: Builder, output: str, error: str, into: str) -> None:
        shape = b.shape(output)
        width = shape[-1] if self.outputs == "mean" else 1
        if not b.has("y.weight"):
            size = 1 if self.summed else prod(shape[:-1]) * width
            b.emit(SquaredErrorOp(output, error, into, (1.0, 2.0 * size)))
            return
        each = b.array("loss.each", shape, Symbol("l"))
        single = SquareOp(output, error, each, half=True)
        emit_total(b, single, into, each=width, summed=self.summed)


class MeanAbsoluteError(ErrorLoss):
    """``L = mean(|a - y|)`` over all elements of the output; ``dL/da = sign(a - y) / size``.

    PyTorch's `L1Loss`. Where a = y the slope is 0, as PyTorch has it; any number from -1 to 1 is a
    subgradient there.
    """

    kind = "mean_absolute_error"

    def emit_of_error(self, b: Builder, output: str, error: str, into: str) -> None:
        shape = b.shape(output)
        each = b.array("loss.each", shape, Symbol("l"))
        emit_total(b, AbsoluteErrorOp(output, error, each), into, each=shape[-1])


class Huber(ErrorLoss):
    """Squared for small errors, absolute for large ones: the mean of l(e) over all elements.

    ``l(e) = e**2 / 2`` for ``|e| <= delta``, else ``delta * (|e| - delta/2)``; with c the error
    cut off at -delta and delta, ``dL/da = c / size`` (Huber, "Robust Estimation of a Location
    Parameter", Annals of Mathematical Statistics 35, 1964; PyTorch's `HuberLoss`).

    Parameters
    ----------
    delta : float
        From which error on the loss grows linearly, above 0.

    Raises
    ------
    ValueError
        A delta that is not a finite number above 0.
    """

    kind = "huber"

    def __init__(self, delta: float = 1.0) -> None:
        self.delta = number_in("delta", delta, above=0.0)

    def settings(self) -> dict[str, object]:
        return {"delta": self.delta}

    def emit_of_error(self, b: Builder, output: str, error: str, into: str) -> None:
        shape = b.shape(output)
        clipped = b.array("loss.clipped", shape, Symbol("c"))
        b.emit(ClipOp(error, self.delta, clipped))
        each = b.array("loss.each", shape, Symbol("l"))
        emit_total(b, HuberOp(output, error, clipped, each), into, each=shape[-1])


class Poisson(Loss):
    """For counts and rates; the output z is the logarithm of the mean ``m = exp(z)``.

    ``L = mean(m - y + y * (log(y) - z))``, with ``y * log(y) = 0`` at y = 0: half the Poisson
    deviance (McCullagh & Nelder, Generalized Linear Models, 1989, section 2.3), 0 where m = y.
    ``dL/dz = (m - y) / size``. It is the loss of scikit-learn's ``MLPRegressor(loss="poisson")``;
    PyTorch's `PoissonNLLLoss` leaves out the terms without z. Predictions are m.

    Targets are values of at least 0, (n,) or (n, k). Past z = 709 (88 in float32) exp(z), and with
    it the loss, is truly too large for a number, and infinite.

    Parameters
    ----------
    outputs : {"mean", "sum"}
        How the losses of a sample's outputs are put together; "sum" is scikit-learn's.

    Raises
    ------
    ValueError
        Another word for it.
    """

    kind = "poisson"
    for_values = True

    def __init__(self, outputs: Literal["mean", "sum"] = "mean") -> None:
        self.outputs = over_outputs(outputs)

    def settings(self) -> dict[str, object]:
        return {} if self.outputs == "mean" else {"outputs": self.outputs}

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        shape = as_shape(shape)
        weight = row_weights(weight, len(y), shape, what)
        values = values_of(y, shape, what)
        negative = values < 0
        if weight is not None:
            negative &= (weight > 0)[..., None]
        if negative.any():
            mend = "Use MeanSquaredError() for values that may be negative."
            raise bad_value(what, "values of at least 0", f"{values[negative][0]:g}", mend)
        values = np.maximum(values, 0.0)  # what is below 0 weighs nothing
        log = np.log(values, out=np.zeros_like(values), where=values > 0)
        arrays: Targets = {"y": values, "y.log": log}
        return arrays if weight is None else arrays | {"y.weight": weight}

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        mean = b.array("loss.mean", shape, Symbol("m"))
        b.emit(MeanOfLogOp(output, mean))
        each = b.array("loss.each", shape, Symbol("l"))
        single: SingleLoss = PoissonOp(output, mean, each)
        emit_total(b, single, into, each=shape[-1] if self.outputs == "mean" else 1)

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            means = np.exp(outputs)
        return means[..., 0] if outputs.shape[-1] == 1 else means
