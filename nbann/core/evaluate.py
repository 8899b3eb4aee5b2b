"""Predicting and scoring, beside the training; imports the core's own parts only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .errors import UnknownNameError, bad_value
from .losses import Task
from .program import Floats, Program
from .recipe import Recipe, Samples
from .state import State

CHUNK = 4096  # rows in one pass: bounds the memory of activations, whatever the size of the data
CACHED = 8  # forward programs kept, one for each number of rows last seen

Metric = Callable[[NDArray[Any], NDArray[Any]], float]


def accuracy(y: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Return the share of labels that are predicted right, in [0, 1]."""
    return np.count_nonzero(y == predicted) / len(y)


METRICS: dict[str, Metric] = {"accuracy": accuracy}


def as_metrics(metrics: Iterable[str | Metric] | None, task: Task) -> dict[str, Metric]:
    """Return metrics by name; None stands for accuracy where there are classes, else none."""
    if metrics is None:
        metrics = ["accuracy"] if task == "classification" else []
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    if not isinstance(metrics, Iterable):
        mend = "Pass e.g. metrics=['accuracy']."
        raise bad_value("metrics", "a list of names or functions", repr(metrics), mend)
    found: dict[str, Metric] = {}
    for metric in metrics:
        if callable(metric):
            name = getattr(metric, "__name__", type(metric).__name__)
            if name == "loss":
                mend = "Rename the function: 'loss' is what the training minimizes."
                raise bad_value("metrics", "names other than 'loss'", repr(metric), mend)
            found[name] = metric
        elif metric in METRICS:
            found[metric] = METRICS[metric]
        else:
            raise UnknownNameError("metric", metric, METRICS)
    return found


class Evaluator:
    """Forward passes over any number of rows with the parameters of a state.

    It never touches the arrays of the batch in training, so what a learner looks at stays as it is.
    """

    def __init__(self, recipe: Recipe, state: State, metrics: dict[str, Metric]) -> None:
        self.recipe = recipe
        self.state = state
        self.metrics = metrics
        self._programs: OrderedDict[tuple[int | str, ...], Program] = OrderedDict()

    def outputs(self, samples: Samples) -> Floats:
        """Return what the last layer gives, shape (n, outputs)."""
        return np.concatenate([p.arrays[p.output].copy() for p in self._passes(samples)])

    def predict(self, outputs: Floats) -> NDArray[Any]:
        """Turn outputs into predictions: labels (n,) for classes, else values (n,) or (n, k)."""
        if self.recipe.task == "classification":
            return (
                outputs.argmax(axis=1)
                if outputs.shape[1] > 1
                else (outputs[:, 0] > 0.5).astype(np.intp)
            )
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    @property
    def gives_probabilities(self) -> bool:
        """Whether outputs can be read as probabilities of classes."""
        one = self.recipe.task == "classification" and self.recipe.outputs == 1
        return self.recipe.loss.for_classes or one

    def probabilities(self, samples: Samples) -> Floats:
        """Return class probabilities, shape (n, k), each row adding up to 1."""
        if not self.gives_probabilities:
            raise ValueError(
                f"predict_proba: expected a net trained with CrossEntropy, or one output for two "
                f"classes; received {self.recipe.loss!r} on {self.recipe.outputs} outputs. "
                f"Use predict(X), or train with loss=nbann.CrossEntropy()."
            )
        outputs = self.outputs(samples)
        if self.recipe.loss.for_classes:
            exps = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            return cast("Floats", exps / exps.sum(axis=1, keepdims=True))
        share = outputs.clip(0, 1)  # a linear output may leave the range
        return np.hstack([1 - share, share])

    def score(self, samples: Samples) -> dict[str, float]:
        """Return the loss (penalty included) and every metric over samples."""
        total, rows, outputs, data_loss, penalty = 0.0, 0.0, [], 0.0, 0.0
        summed = self.recipe.loss.summed
        for program in self._passes(samples):
            weight = program.arrays.get("y.weight")
            size = program.batch_size if weight is None else float(weight.sum())
            data_loss = program.arrays["loss.data" if self.recipe.penalty else "loss"].item()
            penalty = program.arrays["loss.penalty"].item() if self.recipe.penalty else 0.0
            total += data_loss * (1 if summed else size)
            rows += size
            if self.metrics:
                outputs.append(program.arrays[program.output].copy())
        result = {"loss": total / (1 if summed else rows or 1) + penalty}
        if self.metrics:
            y = samples["y"]
            y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
            predicted = self.predict(outputs[0] if len(outputs) == 1 else np.concatenate(outputs))
            result |= {name: float(metric(y, predicted)) for name, metric in self.metrics.items()}
        return result

    def _passes(self, samples: Samples) -> Iterator[Program]:
        """Run forward (and with targets, loss) over the rows, some thousands at a time."""
        n = len(samples["x"])
        for start in range(0, n, CHUNK):
            part = {name: array[start : start + CHUNK] for name, array in samples.items()}
            size = len(part["x"])
            program = self._program(size, part)
            for name, array in part.items():
                np.copyto(program.arrays[name], array)
            with np.errstate(all="ignore"):
                for kernel in program.kernels:
                    kernel()
            yield program

    def _program(self, size: int, part: Samples) -> Program:
        key = (size, *part)
        if key not in self._programs:
            buffers = {name: np.zeros_like(array) for name, array in part.items()}
            self._programs[key] = self.recipe.program(self.state, buffers, size, train=False)
            if len(self._programs) > CACHED:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return self._programs[key]
