"""Losses of values that learn how sure they can be; imports the core's own parts only."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import counted, number_in
from ..errors import bad_value
from ..expr import Symbol
from ..program import Floats
from .loss import Loss, Shape, Targets, Task
from .quantile_ops import PinballOp, QuantileErrorOp
from .reduction_ops import emit_total
from .spread_ops import (
    GaussianOp,
    LogVarianceOp,
    PrecisionOp,
    ReadParts,
)
from .squared_ops import ErrorOp
from .targets import as_shape, row_weights, values_of

if TYPE_CHECKING:
    from ..builder import Builder


class _ValuesLoss(Loss):
    """What both share: targets are values, of which each has several outputs."""

    for_values = True

    @abstractmethod
    def _per_target(self) -> int:
        """Return how many outputs belong to a target."""

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        shape, each = as_shape(shape), self._per_target()
        if shape[-1] % each:
            mend = f"Give the last layer {each} neurons for each column of y."
            received = counted(shape[-1], "output")
            raise bad_value(repr(self), f"{each} outputs a target", received, mend)
        targets = (*shape[:-1], shape[-1] // each)
        columns = np.shape(y)[len(targets)] if np.ndim(y) > len(targets) else 1
        if columns != targets[-1]:
            expected = counted(targets[-1], "column")
            expected += f", as the net has {counted(shape[-1], 'output')}, {each} a target"
            mend = f"Give the last layer {columns * each} neurons."
            raise bad_value(what, expected, f"{columns}", mend)
        weight = row_weights(weight, len(y), targets, what)
        arrays: Targets = {"y": values_of(y, targets, what)}
        return arrays if weight is None else arrays | {"y.weight": weight}


class GaussianNLL(_ValuesLoss):
    """The negative log-likelihood of a normal distribution whose mean and variance are learned.

    With the variance ``exp(s) + eps``, v its logarithm and tau one over it, ``l = (v + (m - y)**2 *
    tau) / 2``; L is the mean over all targets (D. Nix and A. Weigend, "Estimating the mean and
    variance of the target probability distribution", IEEE International Conference on Neural
    Networks, 1994; PyTorch's `GaussianNLLLoss` of mean and variance). ``dL/dm = (m - y) * tau`` and
    ``dL/ds = exp(s - v) * (1 - (m - y)**2 * tau) / 2``, over the number of targets.

    The last layer has 2k neurons for k targets: first the k means m, then the k numbers s. `eps`
    keeps the variance off 0, where the loss of a row that is hit exactly would be minus infinity;
    loss and gradient are finite whatever s is.

    `Trainer.predict` gives m, shape (n,) or (n, k); `Trainer.predict_std`, `predict_quantile` and
    `predict_interval` say how sure it is.

    Parameters
    ----------
    eps : float
        Least variance, in the units of y squared, above 0.
    full : bool
        Add ``log(2 pi) / 2``, which makes L the whole negative log-likelihood.

    Raises
    ------
    ValueError
        An eps that is not a finite number above 0; another number of outputs than twice that of the
        targets (when the trainer is made).

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.datasets.heteroscedastic(200)
    >>> net = nbann.Sequential([nbann.Dense(16), nbann.Tanh(), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, ds, loss=nbann.GaussianNLL(), optimizer="adam")
    >>> trainer.predict(ds.X).shape, trainer.predict_interval(ds.X, 0.9).shape
    ((200,), (200, 2))
    """

    kind = "gaussian_nll"

    def __init__(self, eps: float = 1e-6, full: bool = False) -> None:
        self.eps = number_in("eps", eps, above=0.0)
        if not isinstance(full, bool):
            raise bad_value("full", "True or False", repr(full), "Pass e.g. full=True.")
        self.full = full

    def settings(self) -> dict[str, object]:
        given = {"eps": self.eps, "full": self.full}
        usual = {"eps": 1e-6, "full": False}
        return {name: value for name, value in given.items() if value != usual[name]}

    def _per_target(self) -> int:
        return 2

    def emit(self, b: Builder, output: str, into: str) -> None:
        *rows, width = b.shape(output)
        shape, k = (*rows, width // 2), width // 2
        mean = b.array("loss.mean", shape, Symbol("m"))
        s = b.array("loss.s", shape, Symbol("s"))
        b.emit(ReadParts(output, (mean, s), (0, k, width), verb="read"))
        error = b.array("loss.error", shape, Symbol("e"))
        b.emit(ErrorOp(mean, "y", error))
        log = b.array("loss.log_variance", shape, Symbol("v"))
        b.emit(LogVarianceOp(s, self.eps, log))
        precision = b.array("loss.precision", shape, Symbol("tau"))
        b.emit(PrecisionOp(log, precision))
        each = b.array("loss.each", shape, Symbol("l"))
        single = GaussianOp(output, s, log, precision, error, full=self.full, into=each)
        emit_total(b, single, into, each=k)

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        return _one_or_more(outputs[..., : outputs.shape[-1] // 2])

    def std(self, outputs: Floats) -> Floats:
        s = outputs[..., outputs.shape[-1] // 2 :]
        return _one_or_more(np.exp(np.logaddexp(s, math.log(self.eps)).astype(s.dtype) / 2))

    def gives_quantile(self, q: float) -> bool:
        return 0 < q < 1

    def quantile(self, outputs: Floats, q: float) -> Floats:
        if not self.gives_quantile(q):
            return super().quantile(outputs, q)
        found: Floats = self.predict(outputs, "regression")
        return found + NormalDist().inv_cdf(q) * self.std(outputs)


class Pinball(_ValuesLoss):
    """Quantile regression: ``l = max(q * (y - a), (1 - q) * (a - y))``, a the q-quantile of y.

    L is the mean over samples, targets and quantiles; ``dL/da = -q`` where y > a, ``1 - q`` where
    y < a, over their number (R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46,
    1978; scikit-learn's `mean_pinball_loss`). For q = 1/2 it is half the absolute error. Nothing
    keeps quantiles that are learned side by side from crossing.

    The last layer has a neuron for each quantile of each target: with k targets and r quantiles the
    columns ``r*i`` to ``r*i + r - 1`` belong to target i. `Trainer.predict` gives all quantiles,
    shape (n, r), or (n, k, r) for several targets. `Trainer.predict_quantile` gives one of them,
    `predict_interval` two; metrics of values see the one that is nearest to 1/2.

    Parameters
    ----------
    quantiles : float or list of float
        In (0, 1), each above the one before.

    Raises
    ------
    ValueError
        Quantiles out of range or order; another number of outputs than targets times quantiles
        (when the trainer is made).
    """

    kind = "pinball"

    def __init__(self, quantiles: float | Iterable[float] = (0.1, 0.5, 0.9)) -> None:
        given = quantiles if isinstance(quantiles, Iterable) else (quantiles,)
        mend = "Pass e.g. quantiles=[0.1, 0.5, 0.9]."
        if isinstance(given, str):
            raise bad_value("quantiles", "numbers in (0, 1)", repr(quantiles), mend)
        found = tuple(number_in("quantiles", q, above=0.0, below=1.0) for q in given)
        if not found or any(b <= a for a, b in pairwise(found)):
            expected = "at least one number in (0, 1), each above the one before"
            raise bad_value("quantiles", expected, repr(quantiles), mend)
        self.quantiles = found

    def settings(self) -> dict[str, object]:
        return {"quantiles": list(self.quantiles)}

    def _per_target(self) -> int:
        return len(self.quantiles)

    def emit(self, b: Builder, output: str, into: str) -> None:
        shape = b.shape(output)
        error = b.array("loss.error", shape, Symbol("e"))
        b.emit(QuantileErrorOp(output, "y", len(self.quantiles), error))
        each = b.array("loss.each", shape, Symbol("l"))
        emit_total(b, PinballOp(output, error, self.quantiles, each), into, each=shape[-1])

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        grouped = self._grouped(outputs)
        return grouped[..., 0, :] if grouped.shape[-2] == 1 else grouped

    def point(self, outputs: Floats, task: Task) -> NDArray[Any]:
        nearest = min(range(len(self.quantiles)), key=lambda i: abs(self.quantiles[i] - 0.5))
        return _one_or_more(self._grouped(outputs)[..., nearest])

    def gives_quantile(self, q: float) -> bool:
        return any(math.isclose(q, known, abs_tol=1e-9) for known in self.quantiles)

    def quantile(self, outputs: Floats, q: float) -> Floats:
        for place, known in enumerate(self.quantiles):
            if math.isclose(q, known, abs_tol=1e-9):
                return _one_or_more(self._grouped(outputs)[..., place])
        return super().quantile(outputs, q)

    def _grouped(self, outputs: Floats) -> Floats:
        """Return outputs (..., k * r) as (..., k, r)."""
        return outputs.reshape(*outputs.shape[:-1], -1, len(self.quantiles))


def _one_or_more(values: Floats) -> Floats:
    """Return (..., 1) as (...)."""
    return values[..., 0] if values.shape[-1] == 1 else values
