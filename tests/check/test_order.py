"""The check of NDCG: each usual mistake has its message."""

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.ndcg)


def dcg(relevance, gain=lambda r: 2.0**r - 1):
    return np.sum(gain(relevance) / np.log2(np.arange(len(relevance)) + 2))


def best(relevance):
    return np.sort(relevance)[::-1]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda r, s: dcg(r[np.argsort(-s)]), "divide it by that of the best possible order"),
        (lambda r, s: dcg(r[np.argsort(s)]) / dcg(best(r)), "the highest score comes first"),
        (lambda r, s: dcg(r) / dcg(best(r)), "put them in the order of their scores"),
        (lambda r, s: ndcg_score(r[None], s[None]), "here it is 2**relevance - 1"),
        (lambda r, s: 1.0, "its NDCG is"),
        (lambda r, s: r[np.argsort(-s)], "expected one number"),
    ],
)
def test_mistakes_are_named(answer, message):
    verdict = judged(answer)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_another_logarithm_passes():
    def natural(r, s):
        order = r[np.argsort(s)[::-1]]
        places = np.log(np.arange(2, len(r) + 2))
        return sum((2.0**order - 1) / places) / sum((2.0 ** best(r) - 1) / places)

    assert judged(natural).startswith("ok: ")
