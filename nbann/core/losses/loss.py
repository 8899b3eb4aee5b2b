"""The loss: what being wrong costs, and how outputs are read; imports the core's own parts only.

The losses themselves are in `class_losses.py`, `margin_losses.py` and `value_losses.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..expr import Symbol
from ..program import Floats

if TYPE_CHECKING:
    from ..builder import Builder
    from ..data.dataset import Dataset
    from ..model import Model

Task = Literal["classification", "regression", "ranking", "unsupervised", "several"]
Shape = tuple[int, ...]
Targets = dict[str, NDArray[Any]]

TARGET_SYMBOLS = {
    "y": Symbol("y"),
    "y.onehot": Symbol("Y"),
    "y.target": Symbol("t"),
    "y.sign": Symbol("t"),
    "y.log": Symbol("log y"),
    "y.weight": Symbol("w"),
    "y.factor": Symbol("v"),
    "y.there": Symbol("m"),
    "y.gain": Symbol("g"),
}
"""How the arrays that `Loss.targets` returns are written in formulas."""


@dataclass(frozen=True)
class Head:
    """One of several losses of a net: what it is of, and how much it counts.

    Attributes
    ----------
    name : str
    loss : Loss
    task : str
    start, stop : int
        The columns of the net's outputs that are its own.
    weight : float
    target : callable
        Returns its own part of the table of all targets.
    """

    name: str
    loss: Loss
    task: Task
    start: int
    stop: int
    weight: float
    target: Callable[[NDArray[Any]], NDArray[Any]]

    @property
    def width(self) -> int:
        """How many outputs it has."""
        return self.stop - self.start


class Loss(ABC):
    """How an output is scored against the targets, and what the output says."""

    kind: str
    """Name by which `Trainer(loss=...)` knows it."""

    for_classes = False
    """Whether targets are class labels whatever the data set says, and outputs are their logits."""

    applies = ""
    """The activation that it applies to the outputs itself, by its kind: they are to be logits."""

    for_values = False
    """Whether targets are values even where they are whole numbers (counts)."""

    heads: Mapping[str, Head] = MappingProxyType({})
    """The losses that it consists of, by the name of the head: those of `Losses`."""

    summed = False
    """Whether the loss of two batches together is the sum of both (else their weighted mean)."""

    @abstractmethod
    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        """Check targets against the shape of the output; return the arrays that the loss reads.

        Parameters
        ----------
        y : array
            Labels (n,), or values (n,) or (n, k); for an output at every time step (n, T), or
            values (n, T, k).
        task : {"classification", "regression", "ranking", "unsupervised"}
            What the data set says of y.
        shape : int or tuple of int
            A sample of the output: k or (k,) neurons, or (T, k).
        what : str
            How errors call y.
        weight : array of shape (n,) or (n, T), optional
            How much each sample (and time step) counts, at least 0. A mask is a weight of 0 and 1;
            a label is not looked at where its weight is 0.

        Returns
        -------
        dict of str to array
            "y", further arrays ("y.onehot", ...), and where there are weights of samples or classes
            "y.weight", their product for each row.

        Raises
        ------
        ValueError
            Labels that are not integers or out of range, another number of columns than outputs,
            weights below 0 or of another shape, class weights for another number of classes.
        """

    @abstractmethod
    def emit(self, b: Builder, output: str, into: str) -> None:
        """Emit the loss of `output`, (n, k) or (n, T, k), into the scalar `into`.

        With a "y.weight" among the program's arrays it is ``sum_i w_i l_i / sum_i w_i``, and 0 (as
        its gradient) where all weights of a batch are 0; else the mean over the rows.
        """

    @abstractmethod
    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        """Turn outputs (n, k) into labels (n,) or values (n,) or (n, k); so for (n, T, k)."""

    def point(self, outputs: Floats, task: Task) -> NDArray[Any]:
        """Turn outputs into the one label or value of each target that metrics are to score."""
        return self.predict(outputs, task)

    # ---- how sure it is --------------------------------------------------------------------------
    def std(self, outputs: Floats) -> Floats:
        """Turn outputs into the standard deviation of each target, (n,) or (n, k).

        Raises
        ------
        ValueError
            The loss learns none.
        """
        raise self._unsure("predict_std", "GaussianNLL", "GaussianNLL()")

    def gives_quantile(self, q: float) -> bool:
        """Whether the q-quantile of each target can be read off the outputs."""
        return False

    def quantile(self, outputs: Floats, q: float) -> Floats:
        """Turn outputs into the q-quantile of each target, (n,) or (n, k).

        Raises
        ------
        ValueError
            The loss has not learned it; see `gives_quantile`.
        """
        wanted = f"GaussianNLL, or with Pinball of the quantile {q:g}"
        raise self._unsure("A quantile", wanted, f"Pinball([{q:g}, ...])")

    def interval(self, outputs: Floats, level: float) -> Floats:
        """Turn outputs into the bounds of the middle share `level`, (n, 2) or (n, k, 2).

        Raises
        ------
        ValueError
            The loss has not learned these quantiles.
        """
        return np.stack([self.quantile(outputs, q) for q in interval_of(level)], axis=-1)

    def _unsure(self, what: str, wanted: str, mend: str) -> ValueError:
        mend = f"Train with loss=nbann.{mend}."
        return bad_value(what, f"a net trained with {wanted}", repr(self), mend)

    def fitted_to(self, data: Dataset, model: Model) -> Loss:
        """Return it as it is for these data and this net, before anything is compiled.

        Raises
        ------
        ValueError
            Several targets, for a loss of one.
        """
        if data.targets:
            mend = "Use nbann.Heads and nbann.Losses, or pass y as an array."
            names = sorted(target.name for target in data.targets)
            raise bad_value(repr(self), "one array of targets", f"several, {names}", mend)
        return self

    def symbol(self, name: str) -> Symbol:
        """Return how an array that `targets` has given is written in formulas."""
        return TARGET_SYMBOLS[name]

    def task_of(self, task: Task) -> Task:
        """Return the task as the loss has it: whole numbers may be counts, values be labels."""
        if self.for_classes:
            return "classification"
        return "regression" if self.for_values else task

    def gives_probabilities(self, task: Task, width: int) -> bool:
        """Whether outputs of `width` neurons can be read as probabilities of classes."""
        return False

    def probabilities(self, outputs: Floats, task: Task) -> Floats:
        """Turn outputs into probabilities of classes, (n, k), or (n, 2) for one output.

        Raises
        ------
        ValueError
            The loss gives none; see `gives_probabilities`.
        """
        raise ValueError(
            f"predict_proba: expected a net trained with CrossEntropy or BinaryCrossEntropy, or "
            f"one output for two classes; received {self!r} on {outputs.shape[-1]} outputs. "
            f"Use predict(X), or train with loss=nbann.CrossEntropy()."
        )

    def settings(self) -> dict[str, object]:
        """Return what it was made with, by the names of the parameters."""
        return {}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.settings().items())
        return f"{type(self).__name__}({shown})"


def interval_of(level: float) -> tuple[float, float]:
    """Return the quantiles between which lies the share `level` in the middle."""
    return round((1 - level) / 2, 12), round((1 + level) / 2, 12)


def strongest_class(outputs: Floats, threshold: float) -> NDArray[np.intp]:
    """Return the class of the largest output, or with one output 1 where it is over a threshold."""
    if outputs.shape[-1] == 1:
        return (outputs[..., 0] > threshold).astype(np.intp)
    labels: NDArray[np.intp] = outputs.argmax(axis=-1)
    return labels


def both_classes(share: Floats) -> Floats:
    """Return (..., 2) probabilities of class 0 and 1 from those of class 1, (..., 1)."""
    return np.concatenate([1 - share, share], axis=-1)
