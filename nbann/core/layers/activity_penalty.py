"""A layer that asks for sparse activity: a further term of the loss; the core's own parts only."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ..checks import number_in
from ..errors import bad_value
from ..expr import Symbol
from ..losses.penalty import WEIGHT_TOTAL
from ..losses.reduction_ops import Total
from ..losses.weights import Reduction, Share, WeightTotal
from ..ops.activation_ops import SigmoidOp
from ..ops.activity_ops import ActivityL1, Divergence, MeanActivity
from ..ops.softmax_ops import RowSoftmax
from ..restraints import Silenced
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class ActivityPenalty(Layer):
    """Passes its input a on as it is, and adds to the loss what being active costs.

    ``l1 * mean_i sum_j |a_ij|`` over samples i and neurons j (as Keras' `ActivityRegularization`,
    which divides by the batch size, too), and ``kl * sum_j KL(t || rho_j)`` with t the target,
    ``rho_j = mean_i a_ij`` and ``KL(t || r) = t*log(t/r) + (1 - t)*log((1 - t)/(1 - r))``: the
    sparse autoencoder of A. Ng, "Sparse autoencoder", CS294A lecture notes (Stanford, 2011),
    section 3, whose beta is `kl` and whose rho is `target`. There rho_j is a mean over the whole
    training set, here over the batch; with one batch for all they are the same. It is kept off 0
    and 1 by the spacing of numbers, so that no divergence is infinite. The derivative
    ``dL/da_ij = kl/n * ((1 - t)/(1 - rho_j) - t/rho_j)`` counts each sample's part in the mean.

    Where samples have weights, means are weighted as in the loss.

    Parameters
    ----------
    l1 : float
        At least 0.
    kl : float
        At least 0; for an activity in (0, 1) only, as a Sigmoid's is.
    target : float
        Average activity that is aimed at, in (0, 1).
    name : str, optional

    Arrays
    ------
    ``loss.<name>.l1`` and ``loss.<name>.kl``, the terms of the loss; ``<name>.each`` and
    ``<name>.mean``, what they are made of. There is no ``<name>.out``: it is the input.

    Raises
    ------
    ValueError
        Factors out of range, or both 0; when the trainer is made, with `kl` an input that comes of
        no Sigmoid or Softmax, with weights of samples one of another number of axes.

    Examples
    --------
    >>> import nbann
    >>> sparse = nbann.ActivityPenalty(kl=3.0, target=0.05)
    >>> net = nbann.Sequential([nbann.Dense(4), nbann.Sigmoid(), sparse, nbann.Dense(2)])
    >>> nbann.Trainer(net, nbann.datasets.xor()).program["loss.total"]
    <Op 7 loss loss.total: L = L_data + L_activity_penalty1,kl>
    """

    kind = "activity_penalty"

    def __init__(
        self,
        l1: float = 0.0,
        kl: float = 0.0,
        target: float = 0.05,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.l1 = number_in("l1", l1, least=0.0)
        self.kl = number_in("kl", kl, least=0.0)
        self.target = number_in("target", target, above=0.0, below=1.0)
        if not (self.l1 or self.kl):
            mend = "Pass e.g. ActivityPenalty(l1=1e-3), or ActivityPenalty(kl=3.0, target=0.05)."
            raise bad_value("ActivityPenalty", "l1 or kl above 0", "both 0", mend)

    def __repr__(self) -> str:
        given = [f"l1={self.l1:g}"] if self.l1 else []
        given += [f"kl={self.kl:g}, target={self.target:g}"] if self.kl else []
        given += [] if self.name is None else [f"name={self.name!r}"]
        return f"ActivityPenalty({', '.join(given)})"

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        if self.kl:
            self._check_range(b, name, x)
        if self.l1:
            b.add_loss(
                f"loss.{name}.l1", Symbol("L", f"{name},l1"), lambda i: self._l1(b, name, x, i)
            )
        if self.kl:
            b.add_loss(
                f"loss.{name}.kl", Symbol("L", f"{name},kl"), lambda i: self._kl(b, name, x, i)
            )
        return x

    def _check_range(self, b: Builder, name: str, x: str) -> None:
        writer = b.program.writer.get(x)
        primitive = None if writer is None else writer._primitive
        if isinstance(primitive, Silenced):
            primitive = primitive.inner
        if not isinstance(primitive, SigmoidOp | RowSoftmax):
            mend = "Put it right after a Sigmoid, or pass l1 in place of kl."
            expected = "with kl, an activity in (0, 1), as a Sigmoid's is"
            raise bad_value(f"ActivityPenalty {name!r}", expected, f"{x!r}", mend)

    def _l1(self, b: Builder, name: str, x: str, into: str) -> None:
        outside, b.layer = b.layer, name
        each = b.array(f"{name}.each", b.shape(x), Symbol("l", name))
        single = ActivityL1(x, self.l1, each)
        b.emit(single)
        b.emit(Total(single, into, self._reduction(b, name, x)))
        b.layer = outside

    def _kl(self, b: Builder, name: str, x: str, into: str) -> None:
        outside, b.layer = b.layer, name
        reduction = self._reduction(b, name, x)
        mean = b.array(f"{name}.mean", b.shape(x)[-1:], Symbol("rho", name))
        b.emit(MeanActivity(x, reduction, mean))
        b.emit(Divergence(x, mean, reduction, self.kl, self.target, into))
        b.layer = outside

    def _reduction(self, b: Builder, name: str, x: str) -> Reduction:
        """Return how samples count: each alike, or by their weight."""
        shape = b.shape(x)
        if not b.has("y.weight"):
            rows = prod(shape[:-1])
            return Reduction(rows, rows)
        if b.shape("y.weight") != shape[:-1]:
            mend = "Put it where there is a row for each weight, or leave the weights out."
            expected = f"an activity with the axes of the weights, {b.shape('y.weight')}"
            raise bad_value(f"ActivityPenalty {name!r}", expected, f"shape {shape}", mend)
        if not b.has(WEIGHT_TOTAL):
            b.array(WEIGHT_TOTAL, (), Symbol("w", "total"))
            b.emit(WeightTotal("y.weight", WEIGHT_TOTAL))
        share = f"{name}.share"
        if not b.has(share):
            b.array(share, shape[:-1], Symbol("s", name))
            b.emit(Share("y.weight", WEIGHT_TOTAL, 1, share))
        return Reduction(share=share)
