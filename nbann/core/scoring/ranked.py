"""One query's documents in the order of their scores, now and at the start of the run.

Imports the core's own parts only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import Dataset
from ..data.given import as_dataset
from ..data.queries import rows_of
from ..errors import bad_value
from ..losses.ranking_losses import MOST, Gain
from ..restraints import FREE
from .evaluate import Evaluator
from .rankings import NDCG

if TYPE_CHECKING:
    from ..trainer import Trainer

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """Documents of one query, the best first; of equal scores, the first in the data first.

    Attributes
    ----------
    rows : tuple of int
        Their rows in the data set.
    scores, relevance : tuple of float
        In the same order.
    ndcg : float
        Of this order, with the gain ``2**relevance - 1``, or the linear one where relevance is too
        large for that (above 60); NaN where nothing is relevant.
    """

    rows: tuple[int, ...]
    scores: tuple[float, ...]
    relevance: tuple[float, ...]
    ndcg: float


@dataclass(frozen=True)
class RankedList:
    """What a run has done to the order of one query.

    Attributes
    ----------
    query : int
        Its id.
    now, start : Order
        With the weights of now, and with those that the run began with.
    """

    query: int
    now: Order
    start: Order

    @property
    def moved(self) -> tuple[int, ...]:
        """By how many places each document of `now` has risen (below 0: fallen)."""
        before = {row: place for place, row in enumerate(self.start.rows)}
        return tuple(before[row] - place for place, row in enumerate(self.now.rows))

    def __str__(self) -> str:
        scores = f"NDCG {self.start.ndcg:.3f} at the start, {self.now.ndcg:.3f} now"
        lines = [f"query {self.query}: {scores}"]
        places = zip(self.now.rows, self.now.relevance, self.now.scores, self.moved, strict=True)
        for place, (row, relevance, score, moved) in enumerate(places, 1):
            way = f"up {moved}" if moved > 0 else f"down {-moved}" if moved < 0 else "as before"
            lines.append(f"{place}. row {row}, relevance {relevance:g}, score {score:.4g} ({way})")
        return "\n".join(lines)


def ranked_list(trainer: Trainer, query: int = 0, data: Dataset | None = None) -> RankedList:
    """Return the documents of a query in the order of their scores, now and at the start.

    The run is not touched.

    Parameters
    ----------
    trainer : Trainer
        Of a ranking.
    query : int
        Its place in ``data.queries``, from 0; below 0 from the end.
    data : Dataset, optional
        With groups and in the units of the training data, which it is by default.

    Raises
    ------
    ValueError
        No ranking, data that do not fit the net, no query of that number.
    """
    data = trainer.train_data if data is None else as_dataset(data, "data", trainer.train_data)
    if not trainer._recipe.ranked or data.groups is None:
        mend = "Train on a Dataset(X, y, groups=...)."
        raise bad_value("ranked_list", "a trainer and data of a ranking", "another", mend)
    queries = data.queries
    if not -len(queries) <= query < len(queries):
        mend = "Count from 0 in the order of data.queries."
        raise bad_value("query", f"a number below {len(queries)}", f"{query}", mend)
    rows = rows_of(data.groups)[query]
    rows = rows[rows >= 0]
    samples = trainer._recipe.documents(data.X[rows], "data")
    began = replace(trainer._recipe, restraints=FREE)
    state = began.state()
    state.restore(trainer._timeline.snapshots.states[0])  # the first one is always kept
    first = Evaluator(began, state, {})
    return RankedList(
        int(queries[query]),
        _order(rows, data.y, trainer._evaluator.outputs(samples)),
        _order(rows, data.y, first.outputs(samples)),
    )


def _order(rows: NDArray[np.intp], y: NDArray[Any], outputs: NDArray[Any]) -> Order:
    scores = outputs[:, 0, 0].astype(np.float64)
    places = np.argsort(-scores, kind="stable")
    relevance = y[rows].astype(np.float64)
    there = np.ones((1, len(rows)), bool)
    gain: Gain = "exponential" if relevance.max() <= MOST else "linear"
    found = NDCG(None, gain)(relevance[None], scores[None], there)
    return Order(
        tuple(rows[places].tolist()),
        tuple(scores[places].tolist()),
        tuple(relevance[places].tolist()),
        float(found[0]),
    )
