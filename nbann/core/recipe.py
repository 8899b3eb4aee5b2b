"""What is trained (model, loss, optimizer), checked; compiles programs from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .builder import Builder
from .checks import as_features, as_mask
from .data.dataset import Dataset
from .data.filed import as_rows
from .data.queries import by_query
from .data.source import RowSource
from .errors import UnknownNameError, bad_value
from .expr import Symbol
from .lazy_samples import is_lazy, lazy_inputs, lazy_samples
from .losses.penalty import Penalty
from .losses.registry import Loss, Task
from .losses.targets import check_weight_range
from .model import Model
from .optimizers.sgd import Optimizer
from .plan import Plan
from .program import Program
from .restraints import FREE, Restraints
from .scoring.head_scores import metrics_of_heads
from .scoring.metric import MetricLike
from .scoring.metrics import as_metrics
from .scoring.rankings import usual_ndcg
from .state import State

Samples = dict[str, NDArray[Any]]
"""What a program reads from outside, by name: "x", "y" and, where they are needed, "y.onehot"
(classes as rows of 0 and 1), "y.weight" (how much each sample counts), "x.mask" (which time steps
are there)."""

Metrics = Iterable[str | MetricLike] | str | MetricLike | None

DTYPES: dict[str, np.dtype[np.floating]] = {
    "float64": np.dtype(np.float64),
    "float32": np.dtype(np.float32),
}
_SYMBOLS = {"x": Symbol("x"), "x.mask": Symbol("m")}


@dataclass(frozen=True)
class Recipe:
    """Everything that a program is compiled from, but the state and the batch size."""

    model: Model
    loss: Loss
    optimizer: Optimizer
    penalty: Penalty | None
    task: Task
    dtype: np.dtype[np.floating]
    plan: Plan
    shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    restraints: Restraints = FREE
    ranked: bool = False
    """Whether a sample is a query with its documents, and the output a score for each."""

    @property
    def outputs(self) -> int:
        """Neurons of the last layer."""
        return self.output_shape[-1]

    def with_workers(self, workers: int) -> Recipe:
        """Return it with batches divided over so many workers; 0: in one piece."""
        return replace(self, restraints=replace(self.restraints, workers=workers))

    def state(self) -> State:
        """Return a fresh state with all parameters at 0."""
        vectors = dict(self.optimizer.vectors)
        if self.penalty is not None:
            vectors |= self.penalty.vectors
        return State(
            self.plan.parameters,
            self.dtype,
            vectors,
            self.optimizer.hyper(),
            buffers=self.plan.buffers,
            counters=self.plan.counters | self.optimizer.counters,
            streams=self.plan.streams,
            stream_starts=self.plan.stream_starts,
        )

    def samples(self, data: Dataset, what: str) -> Samples:
        """Check a data set against the net; return the arrays that programs read."""
        self.model.check_data(data, self.loss, what)
        if is_lazy(data) and data.mask is None and not self.ranked:
            return lazy_samples(self, data, what)
        X, y, mask, weight = data.X, data.y, data.mask, data.weight
        if self.ranked:
            if data.groups is None:
                mend = "Pass a Dataset(X, y, groups=...), as the training data is one."
                raise bad_value(what, "data grouped by query", "data without groups", mend)
            X, y, mask, weight = by_query(data)
        if mask is not None and mask.all():
            mask = None  # one that leaves nothing out is none: no op looks at it
        samples = self.inputs(X, what, mask)
        shape = self._output_of(X.shape[1:]) or self.output_shape
        if mask is not None and len(shape) > 1:  # a target for each time step
            weight = mask if weight is None else mask * weight[:, None]
        if weight is not None:
            check_weight_range(weight, self.dtype, f"{what} weight")
        targets = self.loss.targets(y, self.task, shape, f"{what} y", weight)
        weights = (name for name in targets if name.endswith((".weight", ".factor")))
        for name in weights:
            check_weight_range(targets[name], self.dtype, f"{what} weight times class weight")
        cast = {name: self._cast(array) for name, array in targets.items()}
        if data.y is data.X and np.array_equal(cast["y"], samples["x"]):
            cast["y"] = samples["x"]  # a reconstruction: it is brought in once
        return samples | cast

    def metrics(self, metrics: Metrics, samples: Samples) -> dict[str, MetricLike]:
        """Return metrics by name, each of which fits what is learned of these samples."""
        if self.loss.heads:
            return metrics_of_heads(self.loss.heads, metrics, samples)
        y = samples["y"]
        several = y.ndim > len(self.output_shape) and y.shape[-1] > 1
        if metrics is None and self.task == "ranking":
            metrics = [usual_ndcg(y)]
        return as_metrics(
            metrics,
            self.task,
            classes=max(self.outputs, 2) if self.task == "classification" else None,
            several=several,
            probabilities=self.loss.gives_probabilities(self.task, self.outputs),
            gives_quantile=self.loss.gives_quantile,
            ranked=self.ranked,
        )

    def inputs(self, X: object, what: str, mask: object = None) -> Samples:
        """Check features against the net; return them in the net's dtype, with their mask."""
        array = as_rows(X, f"{what} X") if mask is None else as_features(X, f"{what} X", mask)
        if self._output_of(array.shape[1:]) is None:
            raise self._unfit(array.shape, what)
        if isinstance(array, RowSource):
            return {"x": lazy_inputs(self, array, what)}
        self.model.check_inputs(array, f"{what} X")
        array = self.model.prepared(array, f"{what} X")
        samples = {"x": self._indices(array, what) if self.model.takes_indices else array}
        if mask is not None:
            samples["x.mask"] = as_mask(mask, array.shape[:2], f"{what} mask")
        return {name: self._cast(array) for name, array in samples.items()}

    def documents(self, X: object, what: str) -> Samples:
        """Check documents in rows (n, d) against a scorer; return each as a query by itself."""
        array = as_features(X, f"{what} X")
        if array.shape[1:] != self.shape[1:]:
            raise self._unfit(array.shape, what)
        return self.inputs(array[:, None], what, np.ones((len(array), 1)))

    def _output_of(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the shape of what comes out of a sample, None where the net was built for others.

        Recurrent layers take sequences of any length: with another one their parameters are the
        same, which is the test.
        """
        if shape == self.shape:
            return self.output_shape
        if len(shape) != len(self.shape) or len(shape) == 1:
            return None
        plan = Plan()
        try:
            output = self.model.build(plan, shape)
        except ValueError:
            return None
        same = [(p.name, p.shape) for p in plan.parameters] == [
            (p.name, p.shape) for p in self.plan.parameters
        ]
        return output if same else None

    def _unfit(self, shape: tuple[int, ...], what: str) -> ValueError:
        first = self.model.names[0]
        own = self.shape[1:] if self.ranked else self.shape
        sample = "x".join(map(str, own))
        expected = f"{sample} features" if len(own) == 1 else f"samples of {sample}"
        mend = f"Layer {first!r} was built for {sample}; pass the same columns, or build a new net."
        return bad_value(f"{what} X", expected, f"shape {shape}", mend)

    def _indices(self, array: NDArray[np.float64], what: str) -> NDArray[np.intp]:
        """Return the whole numbers that an Embedding looks up, or say which one is not."""
        count = self.model.takes_indices
        wrong = (array != np.round(array)) | (array < 0) | (array >= count)
        if wrong.any():
            first = self.model.names[0]
            raise bad_value(
                f"{what} X",
                f"whole numbers from 0 to {count - 1} ({first!r} has {count} rows)",
                f"{array[wrong][0]:g}",
                f"Number what X stands for from 0, or give {first!r} more rows.",
            )
        return array.astype(np.intp)

    def _cast(self, array: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            kept = array.astype(self.dtype) if array.dtype.kind == "f" else array.copy()
        if kept.dtype.kind == "f" and not np.isfinite(kept).all():
            raise bad_value(
                "data",
                f"numbers that fit {self.dtype}",
                "larger ones",
                "Scale them, or use float64.",
            )
        kept.flags.writeable = False
        return kept

    def program(
        self,
        state: State,
        samples: Samples,
        batch_size: int,
        *,
        train: bool,
        batches_per_epoch: int = 1,
    ) -> Program:
        """Compile a program for batches of one size; without `train`, to the loss only.

        A batch of all the samples is bound to them as they stand; a smaller one has buffers of its
        own.
        """
        b = Builder(
            state,
            batch_size,
            training=train,
            batches_per_epoch=batches_per_epoch,
            restraints=self.restraints,
        )
        bound = batch_size == len(samples["x"]) and getattr(samples["x"], "steady", True)
        self.bring_in(b, samples, bound=bound)
        self.model.compile(b, self, scored="y" in samples, train=train)
        return b.finish()

    def bring_in(self, b: Builder, samples: Samples, *, bound: bool) -> None:
        """Name the arrays that a program reads from outside."""
        for name, source in samples.items():
            symbol = _SYMBOLS[name] if name in _SYMBOLS else self.loss.symbol(name)
            b.input(name, source, symbol, bound=bound)


def check_scorer(model: Model, shape: tuple[int, ...], *, several: bool = False) -> None:
    """Refuse a net that can not score documents one by one; `shape` is (documents, features).

    With several heads a document has more outputs than one score.

    Raises
    ------
    ValueError
    """
    mend = "Build it of Dense, activations, normalizations and Dropout, with Dense(1) at the end."
    expected = "a net that gives one score for a document by itself"
    try:
        output = model.build(Plan(), shape[1:])
    except ValueError as error:
        raise bad_value("model", expected, f"one that does not take one: {error}", mend) from None
    if output != (1,) and not several:
        raise bad_value("model", expected, f"an output of shape {output}", mend)


def as_dtype(dtype: object) -> np.dtype[np.floating]:
    """Return float64 or float32, given by name or as a NumPy type."""
    try:
        name = np.dtype(dtype).name  # type: ignore[call-overload]
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise UnknownNameError("dtype", name, DTYPES)
    return DTYPES[name]
