"""The check of NDCG, against scikit-learn's. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, known_mistake, not_yet, read_number, told_apart, tries


def ndcg(answer: Callable[..., Any]) -> str:
    """Check the normalized discounted cumulative gain of one query.

    The oracle is `sklearn.metrics.ndcg_score`, given the gains ``2**relevance - 1`` (Burges and
    others, 2005; scikit-learn itself takes relevance as the gain).

    Parameters
    ----------
    answer : callable
        Called with relevance (documents,), whole numbers from 0, and scores (documents,), no two of
        them equal, it returns the NDCG of the documents in the order of their scores, best first.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the number that it should be.

    Examples
    --------
    >>> import numpy as np, nbann
    >>> def ndcg(relevance, scores):
    ...     def dcg(r):
    ...         return np.sum((2.0**r - 1) / np.log2(np.arange(len(r)) + 2))
    ...
    ...     return dcg(relevance[np.argsort(-scores)]) / dcg(np.sort(relevance)[::-1])
    >>> nbann.check.ndcg(ndcg)
    'ok: your NDCG is that of scikit-learn, for 5 queries.'
    """
    from sklearn.metrics import ndcg_score

    for rng in tries(5):
        count = int(rng.integers(4, 9))
        relevance = rng.permutation(np.append(rng.integers(0, 5, size=count - 2), [1, 3]))
        scores = rng.permutation(count) + rng.normal(0, 0.1, size=count).round(2)
        should = float(ndcg_score((2.0**relevance - 1)[None], scores[None]))
        yours = read_number(call(answer, relevance, scores), what="NDCG")
        if not np.isclose(yours, should, rtol=1e-6):
            texts = told_apart(should, yours)
            order = relevance[np.argsort(-scores)]
            raise not_yet(
                f"by these scores the relevance is {order}, best score first; its NDCG is "
                f"{texts[0]}, yours is {texts[1]}." + _hint(yours, relevance, scores)
            )
    return "ok: your NDCG is that of scikit-learn, for 5 queries."


def _discounted(gains: Array) -> float:
    """Return the sum of gains in the order of their places, the later the less each counts."""
    return float(np.sum(gains / np.log2(np.arange(len(gains)) + 2)))


def _hint(yours: float, relevance: Array, scores: Array) -> str:
    """Return what mistake gives just this, if it is a known one."""
    gains = 2.0**relevance - 1
    order = np.argsort(-scores)
    best = _discounted(np.sort(gains)[::-1])
    linear = relevance.astype(float)
    known = {
        " That is the DCG; divide it by that of the best possible order.": _discounted(
            gains[order]
        ),
        " The order is the wrong way round: the highest score comes first.": _discounted(
            gains[order[::-1]]
        )
        / best,
        " That takes relevance itself as the gain; here it is 2**relevance - 1.": _discounted(
            linear[order]
        )
        / _discounted(np.sort(linear)[::-1]),
        " The documents are taken as they came; put them in the order of their scores.": (
            _discounted(gains) / best
        ),
    }
    return known_mistake(yours, known, rtol=1e-6)
