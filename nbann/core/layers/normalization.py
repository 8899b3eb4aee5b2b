"""Layers that normalize what passes through; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import constant, number_in
from ..errors import bad_value
from ..expr import Symbol
from ..ops.groups import Group, StepsThere
from ..ops.normalize_ops import (
    CenterOp,
    CountOp,
    DeviationOp,
    MeanOp,
    NormalizeOp,
    RunningOp,
    VarianceOp,
)
from ..ops.scale_ops import ScaleShiftOp
from ..state import check_given
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class _Normalization(Layer):
    """What both kinds share: statistics of groups, then a factor and a shift for each feature."""

    group: Group

    def __init__(self, *, epsilon: float, gamma: Any, beta: Any, name: str | None) -> None:
        super().__init__(name)
        self.epsilon = number_in("epsilon", epsilon, above=0.0)
        self.gamma, self.beta = gamma, beta

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        width = shape[-1:]
        for key, given, default in (("gamma", self.gamma, 1.0), ("beta", self.beta, 0.0)):
            start = np.full(width, default)
            if given is not None:
                mend = f"{name!r} has one {key} for each feature."
                start = check_given(f"{name}.{key}", given, width, mend)
            plan.parameter(f"{name}.{key}", width, start, Symbol(key, name), penalized=False)
        return shape

    def _measured(self, b: Builder, group: Group, name: str, x: str) -> tuple[str, str]:
        """Emit mean and variance of this batch; return the names of centered x and variance."""
        mean = _statistic(b, group, name, x, "mean", "mu")
        b.emit(MeanOp(group, x, mean))
        centered = self._centered(b, group, name, x, mean)
        variance = _statistic(b, group, name, x, "variance", "v")
        b.emit(VarianceOp(group, centered, variance))
        return centered, variance

    def _centered(self, b: Builder, group: Group, name: str, x: str, mean: str) -> str:
        centered = b.array(f"{name}.centered", b.shape(x), Symbol("c", name))
        b.emit(CenterOp(group, x, mean, centered))
        return centered

    def _normalized(
        self, b: Builder, group: Group, name: str, x: str, centered: str, variance: str
    ) -> str:
        constant(self.epsilon, b.state.dtype, f"epsilon of {name!r}")
        deviation = _statistic(b, group, name, x, "deviation", "sigma")
        b.emit(DeviationOp(variance, self.epsilon, deviation))
        normalized = b.array(f"{name}.normalized", b.shape(x), Symbol("n", name))
        b.emit(NormalizeOp(group, x, centered, deviation, normalized))
        out = b.array(f"{name}.out", b.shape(x), Symbol("a", name))
        b.emit(ScaleShiftOp(normalized, f"{name}.gamma", f"{name}.beta", out))
        return out


def _statistic(b: Builder, group: Group, name: str, x: str, what: str, symbol: str) -> str:
    return b.array(f"{name}.{what}", group.shape(b.shape(x)), Symbol(symbol, name))


class BatchNorm(_Normalization):
    """``a = gamma * (x - mean) / sqrt(variance + epsilon) + beta``, over the samples of a batch.

    Every feature is brought to mean 0 and variance 1 (the biased variance, of this batch), then
    scaled and shifted by what is learned. When predicting, running averages of mean and (unbiased)
    variance stand in. (Ioffe & Szegedy, "Batch Normalization", ICML 2015, algorithms 1 and 2; the
    running averages as PyTorch has them.)

    Of sequences the time steps count as samples. Where data have a mask, only the M steps that are
    there count in mean and variance, so that padding changes nothing; steps that are not there are
    normalized with the same numbers. The unbiased variance is ``variance * M / (M - 1)``; where M
    is 1 (a batch of one sequence, one step of which is there) that factor is 1, the variance 0.

    Parameters
    ----------
    momentum : float
        Share of this batch in the running averages, in (0, 1):
        ``running = (1 - momentum) * running + momentum * batch``.
    epsilon : float
        Added to the variance, above 0.
    gamma, beta : array of shape (features,), optional
        Given start values; 1 and 0 if left out.
    name : str, optional

    Raises
    ------
    ValueError
        A batch of a single row in training, which has no variance (told when the trainer is made);
        of sequences a single row of a single time step.

    Arrays
    ------
    ``<name>.gamma``, ``.beta``, ``.mean``, ``.variance``, ``.deviation``, ``.running_mean``,
    ``.running_variance`` (features,); ``.centered``, ``.normalized``, ``.out`` as the input. In
    training with a mask ``<name>.count``, a single number.
    """

    kind = "batch_norm"
    group = Group(over_samples=True)

    def __init__(
        self,
        *,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        gamma: Any = None,
        beta: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(epsilon=epsilon, gamma=gamma, beta=beta, name=name)
        self.momentum = number_in("momentum", momentum, above=0.0, below=1.0)

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        super().build(plan, name, shape)
        width = shape[-1:]
        plan.buffer(f"{name}.running_mean", width, 0.0, Symbol("mu", f"{name},running"))
        plan.buffer(f"{name}.running_variance", width, 1.0, Symbol("v", f"{name},running"))
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        running_mean, running_variance = f"{name}.running_mean", f"{name}.running_variance"
        if not b.training:
            centered = self._centered(b, self.group, name, x, running_mean)
            return self._normalized(b, self.group, name, x, centered, running_variance)
        size = self.group.size(b.shape(x))
        if size < 2:
            raise bad_value(
                f"BatchNorm {name!r}",
                "at least 2 rows in every training batch",
                "a batch of 1",
                "Choose a batch_size that leaves no single row over, or use LayerNorm().",
            )
        count = self._count(b, name, x)
        group = self.group if count is None else StepsThere("x.mask", count)
        centered, variance = self._measured(b, group, name, x)
        out = self._normalized(b, group, name, x, centered, variance)
        b.emit(RunningOp("running_mean", running_mean, f"{name}.mean", self.momentum))
        unbiased = size / (size - 1) if count is None else 1.0
        running = ("running_variance", running_variance, variance, self.momentum, unbiased)
        b.emit(RunningOp(*running, count=count))
        return out

    def _count(self, b: Builder, name: str, x: str) -> str | None:
        """Emit how many elements of a feature are there; None where no mask leaves any out."""
        shape = b.shape(x)
        if len(shape) < 3 or not b.has("x.mask") or b.shape("x.mask") != shape[:2]:
            return None
        count = b.array(f"{name}.count", (), Symbol("M", name))
        b.emit(CountOp("x.mask", self.group.size(shape[2:]), count))
        return count


class LayerNorm(_Normalization):
    """``a = gamma * (x - mean) / sqrt(variance + epsilon) + beta``, over the features of a sample.

    Does the same in training and predicting, for batches of any size. (Ba, Kiros & Hinton, "Layer
    Normalization", 2016, eq. 4.)

    Parameters
    ----------
    epsilon : float
        Added to the variance, above 0.
    gamma, beta : array of shape (features,), optional
        Given start values; 1 and 0 if left out.
    name : str, optional

    Arrays
    ------
    ``<name>.gamma``, ``.beta`` (features,); ``.mean``, ``.variance``, ``.deviation`` (n, 1);
    ``.centered``, ``.normalized``, ``.out`` as the input.
    """

    kind = "layer_norm"
    group = Group(over_samples=False)

    def __init__(
        self,
        *,
        epsilon: float = 1e-5,
        gamma: Any = None,
        beta: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(epsilon=epsilon, gamma=gamma, beta=beta, name=name)

    def emit(self, b: Builder, name: str, x: str) -> str:
        centered, variance = self._measured(b, self.group, name, x)
        return self._normalized(b, self.group, name, x, centered, variance)
