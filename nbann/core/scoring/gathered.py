"""What the passes over a data set gave, as far as its metrics need it; the core's own parts.

Of data in memory all outputs are kept. Of data that are not, some metrics are put together from
those of each pass, and outputs are kept only for those that have to see all of them at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.source import RowSource
from .metric import Metric, MetricLike, Score

if TYPE_CHECKING:
    from ..program import Floats, Program
    from ..recipe import Samples
    from .evaluate import Evaluator


class Gathered:
    """Collects outputs pass by pass; `scores` says what they come to.

    Parameters
    ----------
    evaluator : Evaluator
    samples : dict of str to array
        What is passed over.
    """

    def __init__(self, evaluator: Evaluator, samples: Samples) -> None:
        self._evaluator, self._samples = evaluator, samples
        self._joined: dict[str, Metric] = {}
        lazy = any(isinstance(array, RowSource) for array in samples.values())
        if lazy and not evaluator.recipe.loss.heads and not evaluator.recipe.ranked:
            self._joined = {
                name: metric
                for name, metric in evaluator.metrics.items()
                if isinstance(metric, Metric) and metric.joined
            }
        self._rest: dict[str, MetricLike] = {
            name: metric for name, metric in evaluator.metrics.items() if name not in self._joined
        }
        self._sums: dict[str, Any] = dict.fromkeys(self._joined, 0.0)
        self._outputs: Floats | None = None
        self._rows = 0
        self._counted = 0

    def add(self, program: Program) -> None:
        """Take in a pass."""
        part = program.arrays[program.output]
        if self._rest:
            if self._outputs is None:
                shape = (len(self._samples["x"]), *part.shape[1:])
                self._outputs = np.empty(shape, part.dtype)
            self._outputs[self._rows : self._rows + len(part)] = part
        self._rows += len(part)
        if not self._joined:
            return
        read = {name: program.arrays[name] for name in self._samples}
        count = int(np.prod(read["y"].shape[: len(self._evaluator.recipe.output_shape)]))
        self._counted += count
        scores = self._evaluator.measured(self._joined, read, part)
        for name, score in scores.items():
            how = self._joined[name].joined
            if how == "share":  # a whole number of samples, whatever the division has lost
                self._sums[name] += np.rint(score * count)
            else:
                self._sums[name] = self._sums[name] + score * (1 if how == "sum" else count)

    def scores(self) -> dict[str, Score]:
        """Return every metric, in the order in which they were asked for."""
        found: dict[str, Score] = {}
        for name, metric in self._joined.items():
            total = self._sums[name] / (1 if metric.joined == "sum" else self._counted)
            found[name] = total if isinstance(total, np.ndarray) else float(total)
        if self._outputs is not None:
            held: Any = {
                name: np.asarray(array) for name, array in self._samples.items() if name != "x"
            }
            found |= self._evaluator.measured(self._rest, held, self._outputs)
        return {name: found[name] for name in self._evaluator.metrics}


def measured_by_model(evaluator: Evaluator, samples: Samples) -> dict[str, float]:
    """Return what a model measures of itself over samples: means over samples, all of them.

    Of data that are not in memory they are put together from those of blocks.
    """
    model, arrays = evaluator.recipe.model, evaluator.state.arrays
    if not any(isinstance(array, RowSource) for array in samples.values()):
        return model.measure(arrays, samples)
    count, step = len(samples["x"]), evaluator.rows_at_once(samples)
    sums = dict.fromkeys(model.measures, 0.0)
    for start in range(0, count, step):
        part = {name: array[start : start + step] for name, array in samples.items()}
        for name, value in model.measure(arrays, part).items():
            sums[name] += value * len(part["x"])
    return {name: total / count for name, total in sums.items()}
