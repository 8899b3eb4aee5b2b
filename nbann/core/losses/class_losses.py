"""Cross-entropy: losses of classes whose outputs are logits; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in
from ..errors import UnknownNameError
from ..expr import Symbol
from ..program import Floats
from .cross_entropy_ops import (
    BinaryCrossEntropyOp,
    CrossEntropyOp,
    ProbabilityOp,
    RowCrossEntropy,
    SoftmaxOp,
)
from .loss import Loss, Shape, Targets, Task, both_classes
from .reduction_ops import emit_total
from .targets import (
    as_shape,
    check_class_count,
    class_weights_of,
    labels_of,
    row_weights,
    shares_of,
    two_classes_of,
)

if TYPE_CHECKING:
    from ..builder import Builder


class CrossEntropy(Loss):
    """Softmax and cross-entropy from logits: ``L = -1/n * sum_i log(softmax(z_i)[y_i])``.

    The net ends with the layer that gives the logits: behind a `Softmax` there is a warning, as it
    would be applied twice.

    The gradient is ``dL/dz = (p - Y) / n`` with p the probabilities and Y the one-hot labels
    (Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.108-4.109). Computed from
    ``log p = z - max - log(sum(exp(z - max)))``, so that logits of any size are safe.

    Targets are integers in [0, k) for an output of k neurons, shape (n,), or (n, T) for an output
    at every time step.

    Parameters
    ----------
    class_weights : sequence of k floats, optional
        What a sample of each class counts, at least 0:
        ``L = -sum_i w[y_i] * log p[i, y_i] / sum_i w[y_i]`` (the rule of PyTorch's
        `CrossEntropyLoss`), times the sample's own weight if it has one.
    label_smoothing : float
        Share s of a label that is spread over all classes, in [0, 1): the target is
        ``(1 - s)*Y + s/k`` (Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016,
        section 7). With class weights, ``-sum_c w[c] * target[i, c] * log p[i, c]`` takes the place
        of ``-w[y_i] * log p[i, y_i]``, over the same denominator: PyTorch's rule.

    Raises
    ------
    ValueError
        Class weights below 0, all 0 or outside 1e-30 to 1e30, a smoothing out of its range.
    """

    kind = "cross_entropy"
    for_classes = True
    applies = "softmax"

    def __init__(
        self,
        class_weights: Sequence[float] | NDArray[Any] | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        self.class_weights = class_weights_of(class_weights)
        self.label_smoothing = number_in("label_smoothing", label_smoothing, least=0.0, below=1.0)

    def settings(self) -> dict[str, object]:
        return _class_settings(self.class_weights, self.label_smoothing)

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        shape = as_shape(shape)
        check_class_count(self.class_weights, shape[-1])
        weight = row_weights(weight, len(y), shape, what)
        labels = labels_of(y, shape[-1], shape, what, weight)
        onehot = np.eye(shape[-1])[labels]
        arrays: Targets = {"y": labels}
        if self.label_smoothing:
            target = (1 - self.label_smoothing) * onehot + self.label_smoothing / shape[-1]
            arrays["y.target"] = target
        else:
            arrays["y.onehot"] = onehot
        if self.class_weights is not None:
            own = np.ones(labels.shape) if weight is None else weight
            by_class = np.array(self.class_weights)
            weight = own * by_class[labels]
            if self.label_smoothing:
                # w[c] * target[c] as a factor of the row times a target that adds up to 1
                weighted = target * by_class
                total = weighted.sum(axis=-1)
                arrays["y.target"] = weighted / total[..., None]
                arrays["y.factor"] = own * total
        return arrays if weight is None else arrays | {"y.weight": weight}

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        p = b.array("loss.p", shape, Symbol("p"))
        log_p = b.array("loss.log_p", shape, Symbol("log p"))
        b.emit(SoftmaxOp(output, p, log_p))
        target = "y.target" if self.label_smoothing else "y.onehot"
        row = RowCrossEntropy(output, p, log_p, target, "loss.each")
        if not b.has("y.weight"):
            b.emit(CrossEntropyOp(row, into, prod(shape[:-1])))
            return
        b.array("loss.each", shape[:-1], Symbol("l"))
        emit_total(b, row, into)

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        labels: NDArray[Any] = outputs.argmax(axis=-1)
        return labels

    def gives_probabilities(self, task: Task, width: int) -> bool:
        return True

    def probabilities(self, outputs: Floats, task: Task) -> Floats:
        exps = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        probabilities: Floats = exps / exps.sum(axis=-1, keepdims=True)
        return probabilities


class BinaryCrossEntropy(Loss):
    """Sigmoid and cross-entropy from logits, for every output by itself.

    ``L = mean(-t*log(p) - (1 - t)*log(1 - p))`` with ``p = 1 / (1 + exp(-z))`` and targets t of 0
    and 1, over all samples and outputs; ``dL/dz = (p - t) / size`` (Bishop, 2006, eq. 4.90-4.91).
    Computed as ``max(0, z) - z*t + log(1 + exp(-|z|))``, so that logits of any size are safe.
    Behind a `Sigmoid` there is a warning, as it would be applied twice.

    One output tells two classes apart: targets are labels 0 and 1, shape (n,). Several outputs are
    as many labels, each there or not (multilabel): targets (n, k). For an output at every time step
    (n, T), (n, T, k).

    In an "unsupervised" data set, whose targets are to be reconstructed, t may be any number from 0
    to 1, such as the gray of a pixel. What metrics compare with them is p, which
    `Autoencoder.reconstruct` gives, too; `Trainer.predict` gives 0 and 1.

    Parameters
    ----------
    class_weights : pair of floats, optional
        What targets 0 and 1 count, at least 0: ``L = sum w[t]*l / sum w[t]``, times the sample's
        own weight if it has one. (Keras' `class_weight` does not divide; PyTorch's `pos_weight` is
        another rule.)
    label_smoothing : float
        Share s of a label that is spread over both classes, in [0, 1): the target is
        ``t*(1 - s) + s/2``, as Keras' `BinaryCrossentropy` has it.
    outputs : {"mean", "sum"}
        How the losses of a sample's outputs are put together; "sum" is scikit-learn's
        `MLPClassifier` with several labels.

    Raises
    ------
    ValueError
        Class weights that are not a pair of 0 or 1e-30 to 1e30, a smoothing out of its range.
    """

    kind = "binary_cross_entropy"
    for_classes = True
    applies = "sigmoid"

    def __init__(
        self,
        class_weights: Sequence[float] | NDArray[Any] | None = None,
        label_smoothing: float = 0.0,
        outputs: Literal["mean", "sum"] = "mean",
    ) -> None:
        self.class_weights = class_weights_of(class_weights, count=2)
        self.label_smoothing = number_in("label_smoothing", label_smoothing, least=0.0, below=1.0)
        self.outputs = over_outputs(outputs)

    def settings(self) -> dict[str, object]:
        own: dict[str, object] = {} if self.outputs == "mean" else {"outputs": self.outputs}
        return _class_settings(self.class_weights, self.label_smoothing) | own

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
        shares = task == "unsupervised" and self.class_weights is None
        labels = (shares_of if shares else two_classes_of)(y, shape, what, weight)
        arrays: Targets = {"y": labels}
        if self.label_smoothing:
            smoothing = self.label_smoothing
            arrays["y.target"] = labels * (1 - smoothing) + smoothing / 2
        if self.class_weights is not None:
            own = np.ones(labels.shape[:-1]) if weight is None else weight
            factor = own[..., None] * np.array(self.class_weights)[labels.astype(np.intp)]
            weight = factor.mean(axis=-1)
            if shape[-1] > 1:  # each label of a sample counts by itself
                arrays["y.factor"] = factor
        return arrays if weight is None else arrays | {"y.weight": weight}

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        p = b.array("loss.p", shape, Symbol("p"))
        b.emit(ProbabilityOp(output, p))
        each = b.array("loss.each", shape, Symbol("l"))
        target = "y.target" if self.label_smoothing else "y"
        single = BinaryCrossEntropyOp(output, p, target, each)
        emit_total(b, single, into, each=shape[-1] if self.outputs == "mean" else 1)

    def task_of(self, task: Task) -> Task:
        return task if task == "unsupervised" else "classification"

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        labels = (outputs > 0).astype(np.intp)
        return labels[..., 0] if outputs.shape[-1] == 1 else labels

    def point(self, outputs: Floats, task: Task) -> NDArray[Any]:
        """Return labels, or of what is reconstructed the probabilities, as metrics see it."""
        return _share(outputs) if task == "unsupervised" else self.predict(outputs, task)

    def gives_probabilities(self, task: Task, width: int) -> bool:
        return True

    def probabilities(self, outputs: Floats, task: Task) -> Floats:
        """Return (n, 2) for one output, each row adding up to 1; else each label's own, (n, k)."""
        share = _share(outputs)
        return both_classes(share) if outputs.shape[-1] == 1 else share


def _share(outputs: Floats) -> Floats:
    """Return the probability of class 1 of each output, whatever the size of the logit."""
    shrunk = np.exp(-np.abs(outputs))
    share: Floats = np.where(outputs >= 0, 1, shrunk) / (1 + shrunk)
    return share


def over_outputs(outputs: Literal["mean", "sum"]) -> Literal["mean", "sum"]:
    """Return how the losses of a sample's outputs are put together, or say what is known."""
    if outputs not in ("mean", "sum"):
        raise UnknownNameError("outputs", outputs, ("mean", "sum"))
    return outputs


def _class_settings(
    class_weights: tuple[float, ...] | None, label_smoothing: float
) -> dict[str, object]:
    weights: dict[str, object] = {} if class_weights is None else {"class_weights": class_weights}
    return weights | ({"label_smoothing": label_smoothing} if label_smoothing else {})
