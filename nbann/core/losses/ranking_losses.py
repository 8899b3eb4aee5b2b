"""Losses of rankings: what counts is the order of a query's documents, not the scores themselves.

Imports the core's own parts only.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in, whole_number
from ..errors import UnknownNameError, bad_value, steps_to_user
from ..expr import Symbol
from ..program import Floats
from .list_ops import ListSoftmaxOp, ListwiseLoss
from .loss import Loss, Shape, Targets, Task
from .pair_ops import (
    PairCostOp,
    PairLambdaOp,
    PairShareOp,
    PairsOp,
    PairwiseLoss,
    PairwiseTotal,
    ScoreDifferencesOp,
)
from .rank_ops import DiscountOp, RankOp, SwapOp
from .reduction_ops import Total, emit_total
from .targets import as_shape, row_weights, values_of
from .weights import emit_reduction

if TYPE_CHECKING:
    from ..builder import Builder

Gain = Literal["exponential", "linear"]
GAINS: tuple[Gain, ...] = ("exponential", "linear")
Floats64 = NDArray[np.float64]


class RankingLoss(Loss):
    """A loss of the scores of a query's documents: (queries, T, 1), with relevance (queries, T).

    The loss of a batch is the mean over its queries. A query that has a single document, or whose
    documents are all equally relevant, has nothing to be ranked: it weighs nothing, which a
    `UserWarning` tells with the number of such queries when the data are first looked at.
    """

    pairwise = False
    """Whether it computes arrays with an element for each pair of a query's documents."""

    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        shape = as_shape(shape)
        if task != "ranking":
            mend = "Pass a Dataset(X, y, groups=...) with the query of each document."
            expected = f"data grouped by query, for {type(self).__name__}"
            raise bad_value(what, expected, f"targets for {task}", mend)
        if len(shape) != 2 or shape[-1] != 1:
            mend = "End the net with Dense(1), and leave out Flatten."
            expected = "one score for each document"
            raise bad_value("model", expected, f"an output of shape {shape} a query", mend)
        y = values_of(y, shape, what)[..., 0]
        weight = row_weights(weight, len(y), shape, what)
        there, counts = np.ones_like(y), np.ones(len(y))
        if weight is not None:  # a mask, times what the query counts; of some nobody asks any more
            there = np.where(weight.any(axis=1, keepdims=True), weight > 0, True).astype(float)
            counts = weight.max(axis=1)
        y = np.where(there > 0, y, 0.0)
        lowest = np.where(there > 0, y, np.inf).min(axis=1)
        counts = np.where(y.max(axis=1) > lowest, counts, 0.0)
        self._tell_skipped(int((y.max(axis=1) <= lowest).sum()), len(y), what)
        arrays = {"y": y, "y.there": there, "y.weight": counts}
        return arrays | self.further_targets(y, there, what)

    def further_targets(self, y: Floats64, there: Floats64, what: str) -> Targets:
        """Return what else the loss reads of the relevance y, (queries, T)."""
        return {}

    @staticmethod
    def _tell_skipped(skipped: int, queries: int, what: str) -> None:
        if not skipped:
            return
        why = "a single document, or documents that are all equally relevant"
        if skipped == queries:
            mend = "Pass relevance that differs within queries."
            raise bad_value(what, "a query with something to be ranked", f"only {why}", mend)
        warnings.warn(
            f"{what}: {skipped} of {queries} queries have {why}. There is "
            f"nothing to be ranked in them: they weigh nothing in the loss.",
            UserWarning,
            stacklevel=steps_to_user(),
        )

    @abstractmethod
    def emit(self, b: Builder, output: str, into: str) -> None:
        """Emit the loss of `output`, (queries, T, 1), into the scalar `into`."""

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        return outputs[..., 0]


class PairwiseRanking(RankingLoss):
    """A sum over pairs of documents (i, j) of a query of which i is the more relevant."""

    pairwise = True

    def __init__(self, sigma: float = 1.0) -> None:
        self.sigma = number_in("sigma", sigma, above=0.0)

    def settings(self) -> dict[str, object]:
        return {} if self.sigma == 1 else {"sigma": self.sigma}

    def emit(self, b: Builder, output: str, into: str) -> None:
        queries, length, _ = b.shape(output)
        shape = (queries, length, length)
        pairs = b.array("loss.pair", shape, Symbol("P"))
        b.emit(PairsOp(pairs))
        apart = b.array("loss.difference", shape, Symbol("d"))
        b.emit(ScoreDifferencesOp(output, apart))
        weights = self.emit_weights(b, pairs, apart)
        cost = b.array("loss.pair_cost", shape, Symbol("c"))
        doubt = b.array("loss.doubt", shape, Symbol("q"))
        b.emit(PairCostOp(apart, self.sigma, cost, doubt))
        each = b.array("loss.each", (queries,), Symbol("l"))
        single = PairwiseLoss(output, weights, cost, "loss.lambda", each)
        b.emit(single)
        total = Total(single, into, emit_reduction(b, output))
        lambdas = PairLambdaOp(weights, doubt, self.sigma, single.push)
        b.emit(PairwiseTotal(total, lambdas))

    @abstractmethod
    def emit_weights(self, b: Builder, pairs: str, apart: str) -> str:
        """Emit what each pair counts; return that array's name."""


class RankNet(PairwiseRanking):
    """The cross-entropy of who stands above whom, over the pairs of a query.

    ``l_q = sum over pairs of log(1 + exp(-sigma * (s_i - s_j)))``, divided by their number: the
    model's probability that i stands above j is ``1 / (1 + exp(-sigma * (s_i - s_j)))`` (Burges et
    al., "Learning to Rank using Gradient Descent", ICML 2005, equations 3 and 4, with a target
    probability of 1). Pairs of equal relevance are left out. The gradient is
    ``dl/ds_i = sum_j lambda_ij - sum_j lambda_ji`` with
    ``lambda_ij = -sigma / (1 + exp(sigma * (s_i - s_j)))`` (Burges, MSR-TR-2010-82, section 2.1).

    Parameters
    ----------
    sigma : float
        How steep the probability is, above 0.
    reduction : {"mean", "sum"}
        Of the pairs of a query: with "mean" a query of many documents counts no more than another.

    Raises
    ------
    ValueError
        A sigma that is not above 0, another word.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(1, weight=[[1.0]], bias=False)])
    >>> ds = nbann.Dataset([[2.0], [2.0], [5.0]], [1, 0, 0], groups=[3])
    >>> round(nbann.Trainer(net, ds, loss="ranknet").evaluate(ds)["loss"], 4)  # pairs 0 and -3
    1.8709
    """

    kind = "ranknet"

    def __init__(self, sigma: float = 1.0, reduction: Literal["mean", "sum"] = "mean") -> None:
        super().__init__(sigma)
        if reduction not in ("mean", "sum"):
            raise UnknownNameError("reduction", reduction, ("mean", "sum"))
        self.reduction = reduction

    def settings(self) -> dict[str, object]:
        own = {} if self.reduction == "mean" else {"reduction": self.reduction}
        return super().settings() | own

    def emit_weights(self, b: Builder, pairs: str, apart: str) -> str:
        if self.reduction == "sum":
            return pairs
        weights = b.array("loss.pair_weight", b.shape(pairs), Symbol("w"))
        b.emit(PairShareOp(pairs, weights))
        return weights


class LambdaRank(PairwiseRanking):
    """RankNet's pairs, each by what swapping both would change NDCG.

    ``lambda_ij = -sigma * |delta NDCG_ij| / (1 + exp(sigma * (s_i - s_j)))`` and
    ``dL/ds_i = sum_j lambda_ij - sum_j lambda_ji`` (C. Burges, "From RankNet to LambdaRank to
    LambdaMART: An Overview", MSR-TR-2010-82, section 4), with
    ``delta NDCG_ij = (g_i - g_j) * (D_i - D_j) / ideal DCG``, the gain g, and the discount
    ``D = 1 / log2(1 + rank)``.

    The gradient is defined by these lambdas; it is not that of a smooth function of the scores,
    since ranks jump. The loss shown is ``|delta NDCG_ij| * log(1 + exp(-sigma * (s_i - s_j)))``,
    summed over pairs, with the weights of this very batch, and the gradient is exact where these
    are held as they are: gradient checks and explanations hold them.

    Parameters
    ----------
    sigma : float
        How steep the probability is, above 0.
    gain : {"exponential", "linear"}
        ``2**relevance - 1``, or the relevance itself.
    k : int, optional
        Truncation: NDCG@k in place of NDCG, so that pairs that are both below place k weigh
        nothing.

    Raises
    ------
    ValueError
        Another word, a sigma that is not above 0, a k below 1.
    """

    kind = "lambdarank"

    def __init__(
        self, sigma: float = 1.0, gain: Gain = "exponential", k: int | None = None
    ) -> None:
        super().__init__(sigma)
        if gain not in GAINS:
            raise UnknownNameError("gain", gain, GAINS)
        self.gain: Gain = gain
        self.k = None if k is None else whole_number("k", k, least=1, mend="Pass e.g. k=10.")

    def settings(self) -> dict[str, object]:
        own: dict[str, object] = {} if self.gain == "exponential" else {"gain": self.gain}
        return super().settings() | own | ({} if self.k is None else {"k": self.k})

    def further_targets(self, y: Floats64, there: Floats64, what: str) -> Targets:
        gain = gains(y, self.gain, what)
        best = ideal(gain, self.k)[:, None]
        return {"y.gain": np.divide(gain, best, out=np.zeros_like(gain), where=best > 0)}

    def emit_weights(self, b: Builder, pairs: str, apart: str) -> str:
        queries, length, _ = b.shape(pairs)
        rank = b.array("loss.rank", (queries, length), Symbol("r"))
        b.emit(RankOp(apart, rank))
        discount = b.array("loss.discount", (queries, length), Symbol("D"))
        b.emit(DiscountOp(rank, self.k, discount))
        weights = b.array("loss.pair_weight", b.shape(pairs), Symbol("w"))
        b.emit(SwapOp(pairs, discount, weights))
        return weights


class ListNet(RankingLoss):
    """The cross-entropy of who comes first: ``l_q = -sum_i t_i * log(p_i)`` over a query.

    ``p = softmax(scores)`` and ``t = softmax(relevance)`` are the probabilities of a document to be
    the first of a permutation (Cao et al., "Learning to Rank: From Pairwise Approach to Listwise
    Approach", ICML 2007, theorem 6 and equations 2 and 3). ``dl/ds_i = p_i - t_i``. The loss does
    not change where one number is added to all scores of a query.
    """

    kind = "listnet"

    def further_targets(self, y: Floats64, there: Floats64, what: str) -> Targets:
        share = np.exp(y - y.max(axis=1, keepdims=True)) * there
        return {"y.target": share / share.sum(axis=1, keepdims=True)}

    def emit(self, b: Builder, output: str, into: str) -> None:
        queries, length, _ = b.shape(output)
        p = b.array("loss.p", (queries, length), Symbol("p"))
        log_p = b.array("loss.log_p", (queries, length), Symbol("log p"))
        b.emit(ListSoftmaxOp(output, p, log_p))
        each = b.array("loss.each", (queries,), Symbol("l"))
        emit_total(b, ListwiseLoss(output, p, log_p, each), into)


def gains(y: Floats64, gain: Gain, what: str = "y") -> Floats64:
    """Return what relevance y is worth: ``2**y - 1``, or y itself.

    Raises
    ------
    ValueError
        Relevance so large that ``2**y`` leaves the range.
    """
    if gain == "linear":
        return y
    if y.max(initial=0.0) > MOST:
        mend = (
            "Use gain='linear' (metrics=['linear_ndcg']), or relevance on a scale such as 0 to 4."
        )
        raise bad_value(what, f"relevance of at most {MOST:g}", f"{y.max():g}", mend)
    return np.exp2(y) - 1.0


MOST = 60.0
"""The largest relevance whose gain is ``2**y - 1``: beyond it float64 has no whole numbers left."""


def ideal(gain: Floats64, k: int | None) -> Floats64:
    """Return the DCG of the best order of each row, at its first k places."""
    best = -np.sort(-gain, axis=1)[:, :k]
    dcg: Floats64 = best @ discounts(best.shape[1])
    return dcg


def discounts(places: int) -> Floats64:
    """Return ``1 / log2(1 + rank)`` for ranks from 1."""
    ranks: Floats64 = 1.0 / np.log2(np.arange(2.0, places + 2.0))
    return ranks
