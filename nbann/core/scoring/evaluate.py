"""Predicting and scoring, beside the training; imports the core's own parts only."""

from __future__ import annotations

import gc
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..program import Floats, Program
from ..recipe import Recipe, Samples
from ..state import State
from .gathered import Gathered, measured_by_model
from .head_scores import HeadLosses, measured_by_head
from .metric import MetricLike, Score
from .metrics import measure

CHUNK = 4096  # rows in one pass: bounds the memory of activations, whatever the size of the data
ROOM = 2**22  # bytes of features in one pass, 4 MB: rows may be long
PAIRS = 2**19  # pairs of documents in one pass, 4 MB for each array of them
CACHED = 8  # forward programs kept, one for each number of rows last seen
LARGE = 2**25  # bytes for which it is worth looking at what nobody needs any more


class Evaluator:
    """Forward passes over any number of rows with the parameters of a state.

    It never touches the arrays of the batch in training, so what a learner looks at stays as it is.
    """

    def __init__(self, recipe: Recipe, state: State, metrics: Mapping[str, MetricLike]) -> None:
        self.recipe = recipe
        self.state = state
        self.metrics = metrics
        self._programs: OrderedDict[tuple[object, ...], Program] = OrderedDict()

    def arrays(self, samples: Samples) -> Iterable[str]:
        """Return the names of the arrays that there are when predicting."""
        part = {name: array[:1] for name, array in samples.items()}
        return self._program(1, part).arrays

    def recompile(self, recipe: Recipe) -> None:
        """Go on with another recipe for the same state."""
        self.recipe = recipe
        self._programs.clear()

    def outputs(self, samples: Samples) -> Floats:
        """Return what the last layer gives, shape (n, outputs)."""
        found, start = None, 0
        for program in self.passes(samples):
            part = program.arrays[program.output]
            if found is None:
                found = np.empty((len(samples["x"]), *part.shape[1:]), part.dtype)
            found[start : start + len(part)] = part
            start += len(part)
        assert found is not None  # there is at least one row
        return found

    def predict(self, outputs: Floats) -> NDArray[Any]:
        """Turn outputs into predictions, as the loss reads them: labels (n,) or values."""
        with np.errstate(all="ignore"):
            return self.recipe.loss.predict(outputs, self.recipe.task)

    def point(self, outputs: Floats) -> NDArray[Any]:
        """Turn outputs into the one label or value of each target that is compared with y."""
        with np.errstate(all="ignore"):
            return self.recipe.loss.point(outputs, self.recipe.task)

    @property
    def gives_probabilities(self) -> bool:
        """Whether outputs can be read as probabilities of classes."""
        return self.recipe.loss.gives_probabilities(self.recipe.task, self.recipe.outputs)

    def probabilities(self, samples: Samples) -> Floats:
        """Return class probabilities (n, k), rows adding up to 1; of several labels each one's.

        Raises
        ------
        ValueError
            The loss gives none.
        """
        with np.errstate(all="ignore"):  # of a net that has gone astray, outputs may be infinite
            return self.recipe.loss.probabilities(self.outputs(samples), self.recipe.task)

    def score(self, samples: Samples) -> dict[str, Score]:
        """Return the loss (penalty included) and every metric over samples."""
        total, rows, penalty = 0.0, 0.0, 0.0
        heads = HeadLosses(self.recipe.loss.heads)
        outputs: Gathered = Gathered(self, samples)
        summed = self.recipe.loss.summed
        for program in self.passes(samples):
            weight = program.arrays.get("y.weight")
            size = program.batch_size if weight is None else float(weight.sum())
            penalty = program.arrays["loss.penalty"].item() if self.recipe.penalty else 0.0
            data_loss = _without_penalty(program) - heads.add(program)
            total += data_loss * (1 if summed else size)
            rows += size
            if self.metrics:
                outputs.add(program)
        if self.recipe.penalty and self.recipe.penalty.per_sample:
            penalty *= size / (rows or 1)  # by all the samples, not by those of the last pass
        result: dict[str, Score] = {"loss": total / (1 if summed else rows or 1) + penalty}
        if heads:
            result = heads.scores(result)
        if self.recipe.model.measures:
            result |= measured_by_model(self, samples)
        if self.metrics:
            result |= outputs.scores()
        return result

    def measured(
        self, metrics: Mapping[str, MetricLike], samples: Samples, outputs: Floats
    ) -> dict[str, Score]:
        """Return metrics of what the net gave for samples."""
        loss, task = self.recipe.loss, self.recipe.task
        if loss.heads:
            return measured_by_head(loss.heads, metrics, samples, outputs)
        with np.errstate(all="ignore"):
            return measure(
                metrics,
                samples["y"],
                outputs[..., 0] if self.recipe.ranked else loss.point(outputs, task),
                lambda: loss.probabilities(outputs, task),
                quantile=lambda q: loss.quantile(outputs, q),
                steps=len(self.recipe.output_shape) > 1,
                mask=samples.get("x.mask"),
            )

    def passes(self, samples: Samples) -> Iterator[Program]:
        """Run forward (and with targets, loss) over the rows, some thousands at a time."""
        n, chunk = len(samples["x"]), self.rows_at_once(samples)
        for start in range(0, n, chunk):
            part = {name: array[start : start + chunk] for name, array in samples.items()}
            size = len(part["x"])
            program = self._program(size, part)
            for name, array in part.items():
                np.copyto(program.arrays[name], array)
            with np.errstate(all="ignore"):
                for kernel in program.kernels:
                    kernel()
            yield program

    def rows_at_once(self, samples: Samples) -> int:
        """Return how many rows go through in one pass; of queries as their pairs allow."""
        if not self.recipe.ranked:
            x = samples["x"]
            return max(1, min(CHUNK, ROOM // max(1, math.prod(x.shape[1:]) * x.dtype.itemsize)))
        pairs = int(samples["x"].shape[1]) ** 2
        return max(1, min(CHUNK, PAIRS // pairs))

    def _program(self, size: int, part: Samples) -> Program:
        key = (size, *((name, array.shape[1:]) for name, array in part.items()))
        if key not in self._programs:
            buffers = {name: np.zeros_like(array) for name, array in part.items()}
            if self._bytes(size) > LARGE:
                # A trainer that nobody has any more refers to itself, so that only the collector
                # frees it; and that counts objects, not bytes, so that it may come very late.
                gc.collect()
            self._programs[key] = self.recipe.program(self.state, buffers, size, train=False)
            if len(self._programs) > CACHED:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return self._programs[key]

    def _bytes(self, size: int) -> int:
        """Return about how much a program takes: an array as wide as each parameter's last axis."""
        parameters = self.state.parameters
        return size * sum(p.shape[-1] for p in parameters if p.shape) * self.state.dtype.itemsize


def _without_penalty(program: Program) -> float:
    """Return a batch's loss but for what the weights cost, which is the same for all batches."""
    arrays = program.arrays
    total: float = arrays["loss"].item()
    if "loss.penalty" not in arrays:
        return total
    parts = program.writer["loss"].reads
    return math.fsum(arrays[part].item() for part in parts if part != "loss.penalty")
