"""Losses of margins, hinge and perceptron; imports the core's own parts only."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in
from ..errors import UnknownNameError
from ..expr import Symbol
from ..program import Floats
from .loss import Loss, Shape, Targets, Task, strongest_class
from .margin_ops import BinaryHingeOp, BinaryPerceptronOp, WestonWatkinsOp
from .reduction_ops import emit_total
from .rival_ops import RivalLoss, RivalOp
from .targets import as_shape, labels_of, row_weights, two_classes_of

if TYPE_CHECKING:
    from ..builder import Builder


class MarginLoss(Loss):
    """A loss of how far the true class lies ahead; its outputs are scores, not probabilities.

    Targets are labels (n,), or (n, T) for an output at every time step: 0 and 1 for one output
    (read as t = -1 and +1), else integers in [0, k). Predicted is the class of the highest score,
    or with one output 1 where it is above 0.
    """

    for_classes = True

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
        if shape[-1] == 1:
            labels = two_classes_of(y, shape, what, weight)
            arrays: Targets = {"y": labels[..., 0].astype(np.intp), "y.sign": 2 * labels - 1}
        else:
            classes = labels_of(y, shape[-1], shape, what, weight)
            arrays = {"y": classes, "y.onehot": np.eye(shape[-1])[classes]}
        return arrays if weight is None else arrays | {"y.weight": weight}

    def emit(self, b: Builder, output: str, into: str) -> None:
        if b.shape(output)[-1] == 1:
            self.emit_for_two(b, output, into)
        else:
            self.emit_for_many(b, output, into)

    @abstractmethod
    def emit_for_two(self, b: Builder, output: str, into: str) -> None:
        """Emit the loss of one output, which tells two classes apart."""

    @abstractmethod
    def emit_for_many(self, b: Builder, output: str, into: str) -> None:
        """Emit the loss of an output for each class."""

    def emit_rival(self, b: Builder, output: str, into: str, margin: float | None) -> None:
        """Emit the loss against the strongest rival of the true class."""
        rows = b.shape(output)[:-1]
        rival = b.array("loss.rival", rows, Symbol("r"), dtype=np.dtype(np.intp))
        b.emit(RivalOp(output, rival, all_classes=margin is None))
        each = b.array("loss.each", rows, Symbol("l"))
        emit_total(b, RivalLoss(output, rival, margin, each), into)

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        return strongest_class(outputs, 0.0)


class Hinge(MarginLoss):
    """Asks for the true class to lie ahead by a margin (support vector machines).

    With one output ``L = mean(max(0, margin - t*z))``, t = -1 or +1; ``dL/dz = -t/n`` where the
    margin is not kept (Cortes & Vapnik, "Support-Vector Networks", Machine Learning 20, 1995;
    scikit-learn's `hinge_loss`).

    With k outputs, y the true class:

    - "weston_watkins": ``l = sum over j != y of max(0, margin - z_y + z_j) / k`` (Weston & Watkins,
      "Support Vector Machines for Multi-Class Pattern Recognition", ESANN 1999; PyTorch's
      `MultiMarginLoss`).
    - "crammer_singer": ``l = max(0, margin - z_y + max over j != y of z_j)`` (Crammer & Singer,
      JMLR 2, 2001; scikit-learn's `hinge_loss`); of equal rivals the first is taken.

    Where the margin is just kept the slope is 0, as PyTorch's `MultiMarginLoss` and `relu` have it.

    Parameters
    ----------
    multi_class : {"weston_watkins", "crammer_singer"}
    margin : float
        Above 0.

    Raises
    ------
    ValueError
        Another word for the first, a margin that is not a finite number above 0.
    """

    kind = "hinge"

    def __init__(
        self,
        multi_class: Literal["weston_watkins", "crammer_singer"] = "weston_watkins",
        margin: float = 1.0,
    ) -> None:
        kinds = ("weston_watkins", "crammer_singer")
        if multi_class not in kinds:
            raise UnknownNameError("multi_class", multi_class, kinds)
        self.multi_class = multi_class
        self.margin = number_in("margin", margin, above=0.0)

    def settings(self) -> dict[str, object]:
        return {"multi_class": self.multi_class, "margin": self.margin}

    def emit_for_two(self, b: Builder, output: str, into: str) -> None:
        each = b.array("loss.each", b.shape(output), Symbol("l"))
        emit_total(b, BinaryHingeOp(output, self.margin, each), into)

    def emit_for_many(self, b: Builder, output: str, into: str) -> None:
        if self.multi_class == "crammer_singer":
            self.emit_rival(b, output, into, self.margin)
            return
        shape = b.shape(output)
        each = b.array("loss.each", shape, Symbol("l"))
        emit_total(b, WestonWatkinsOp(output, self.margin, each), into, each=shape[-1])


class PerceptronLoss(MarginLoss):
    """Asks for the true class to lie ahead at all: ``L = mean(l)`` with 0 for a right answer.

    With one output ``l = max(0, -t*z)``, t = -1 or +1, whose slope is -t where ``t*z <= 0``: with
    batches of one sample and a learning rate of 1, Rosenblatt's rule (Rosenblatt, "The Perceptron",
    Psychological Review 65, 1958). At z = 0 a sample counts as wrong, as in scikit-learn's
    `Perceptron` and with PyTorch's ``clamp(-t*z, min=0)``: otherwise zeros would not learn.

    With k outputs ``l = max_j z_j - z_y``: slope +1 for the predicted class and -1 for the true
    one (Duda, Hart & Stork, Pattern Classification, 2001, section 5.12). Of equal outputs the first
    is the predicted one, as in PyTorch's `max`.
    """

    kind = "perceptron"

    def emit_for_two(self, b: Builder, output: str, into: str) -> None:
        each = b.array("loss.each", b.shape(output), Symbol("l"))
        emit_total(b, BinaryPerceptronOp(output, each), into)

    def emit_for_many(self, b: Builder, output: str, into: str) -> None:
        self.emit_rival(b, output, into, None)
