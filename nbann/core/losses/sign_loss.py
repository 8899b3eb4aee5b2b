"""The squared distance of scores from -1 and +1: what Adaline makes small.

Imports the core's own parts only.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..expr import Symbol
from .loss import Shape, Targets, Task
from .margin_losses import MarginLoss
from .reduction_ops import emit_total
from .squared_ops import ErrorOp, SquaredErrorOp, SquareOp

if TYPE_CHECKING:
    from ..builder import Builder


class SignError(MarginLoss):
    """``L = 1/(2n) * sum((z - t)**2)`` with t = -1 or +1; ``dL/dz = (z - t) / n``.

    Of a single sample the step against the gradient, ``w = w + learning_rate * (t - z) * x``, is
    the LMS rule (Widrow & Hoff, "Adaptive Switching Circuits", IRE WESCON Convention Record 4,
    1960; Widrow & Lehr, "30 Years of Adaptive Neural Networks", Proceedings of the IEEE 78, 1990,
    whose mu is half this learning rate). With k outputs t is +1 for the true class and
    -1 for every other, and the errors of a sample's outputs are added up.

    Predicted is the class of the highest score, or with one output 1 where it is above 0.
    """

    kind = "sign_error"

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        arrays = super().targets(y, task, shape, what, weight)
        if "y.onehot" in arrays:
            arrays["y.sign"] = 2 * arrays.pop("y.onehot") - 1
        return arrays

    def emit_for_two(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        error = b.array("loss.error", shape, Symbol("e"))
        b.emit(ErrorOp(output, "y.sign", error))
        if not b.has("y.weight"):
            b.emit(SquaredErrorOp(output, error, into, (1.0, 2.0 * prod(shape[:-1]))))
            return
        each = b.array("loss.each", shape, Symbol("l"))
        emit_total(b, SquareOp(output, error, each, half=True), into)

    def emit_for_many(self, b: Builder, output: str, into: str) -> None:
        self.emit_for_two(b, output, into)
