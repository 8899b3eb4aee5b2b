"""Losses and metrics of a net with several heads, each by itself; the core's own parts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..losses.loss import Head
from ..program import Floats, Program
from .metric import MetricLike, Score
from .metrics import as_metrics, measure
from .rankings import usual_ndcg


@dataclass(frozen=True)
class HeadMetric:
    """A metric of one head."""

    head: str
    name: str
    metric: MetricLike

    @property
    def lower_is_better(self) -> bool | None:
        """Whether a lower value is the better one, where that is known."""
        return getattr(self.metric, "lower_is_better", None)

    def __call__(self, y: NDArray[Any], predicted: NDArray[Any]) -> Any:
        """Return the metric of this head's targets and predictions."""
        return self.metric(y, predicted)


def metrics_of_heads(
    heads: Mapping[str, Head], metrics: Any, samples: Mapping[str, NDArray[Any]]
) -> dict[str, MetricLike]:
    """Return metrics by "<head>_<metric>".

    Parameters
    ----------
    heads : mapping of str to Head
    metrics : dict of str to what `Trainer(metrics=...)` takes, or None
        By head; by default, and where a head is left out, what a net of one head would have.
    samples : mapping of str to array

    Raises
    ------
    ValueError
        Not a dict, a head that is not there, or metrics that do not fit their head.
    """
    given: Any = {} if metrics is None or metrics == [] or metrics == () else metrics
    if not isinstance(given, Mapping) or set(given) - set(heads):
        mend = f"Pass e.g. metrics={{{next(iter(heads))!r}: [...]}}."
        raise bad_value("metrics", f"a dict by head, of {list(heads)}", repr(metrics)[:60], mend)
    found: dict[str, MetricLike] = {}
    for name, head in heads.items():
        y, axes = samples[f"y.{name}"], samples["y"].ndim
        asked = [] if metrics in ([], ()) else given.get(name)
        if asked is None and head.task == "ranking":
            asked = [usual_ndcg(y)]
        own = as_metrics(
            asked,
            head.task,
            classes=max(head.width, 2) if head.task == "classification" else None,
            several=y.ndim == axes and y.shape[-1] > 1,
            probabilities=head.loss.gives_probabilities(head.task, head.width),
            gives_quantile=head.loss.gives_quantile,
            ranked=head.task == "ranking",
        )
        found |= {f"{name}_{key}": HeadMetric(name, key, one) for key, one in own.items()}
    return found


def measured_by_head(
    heads: Mapping[str, Head],
    metrics: Mapping[str, MetricLike],
    samples: Mapping[str, NDArray[Any]],
    outputs: Floats,
) -> dict[str, Score]:
    """Return every metric of what each head gave for samples, by "<head>_<metric>"."""
    scores: dict[str, Score] = {}
    for name, head in heads.items():
        own = {
            m.name: m.metric
            for m in metrics.values()
            if isinstance(m, HeadMetric) and m.head == name
        }
        part, loss, task = outputs[..., head.start : head.stop], head.loss, head.task
        with np.errstate(all="ignore"):
            found = measure(
                own,
                samples[f"y.{name}"],
                loss.point(part, task),
                lambda loss=loss, part=part, task=task: loss.probabilities(part, task),  # type: ignore[misc]
                quantile=lambda q, loss=loss, part=part: loss.quantile(part, q),  # type: ignore[misc]
                steps=outputs.ndim > 2,
                mask=samples.get("x.mask"),
            )
        scores |= {f"{name}_{key}": score for key, score in found.items()}
    return scores


class HeadLosses:
    """The losses of heads over the passes of a data set, put together by what samples weigh."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self._heads = heads
        self._totals = dict.fromkeys(heads, 0.0)
        self._rows = dict.fromkeys(heads, 0.0)

    def __bool__(self) -> bool:
        return bool(self._heads)

    def add(self, program: Program) -> float:
        """Take in a pass; return what its heads make of the loss."""
        whole = 0.0
        for name, head in self._heads.items():
            weight = program.arrays.get(f"y.{name}.weight")
            rows = float(program.batch_size if weight is None else weight.sum())
            loss = program.arrays[f"loss.{name}"].item()
            self._totals[name] += loss if head.loss.summed else loss * rows
            self._rows[name] += rows
            whole += head.weight * loss
        return whole

    def scores(self, rest: Mapping[str, Score]) -> dict[str, Score]:
        """Return "loss", that of all heads and the rest, and "<head>_loss"."""
        found: dict[str, Score] = {}
        whole = float(rest["loss"])
        for name, head in self._heads.items():
            loss = self._totals[name] / (1 if head.loss.summed else self._rows[name] or 1)
            found[f"{name}_loss"] = loss
            whole += head.weight * loss
        return {"loss": whole, **found}
