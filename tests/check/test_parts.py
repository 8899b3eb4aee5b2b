"""The check of a reduced gradient knows the mistakes that people make, and takes any right way."""

from functools import partial

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

judged = partial(in_words, check.reduce_gradients)


@pytest.mark.parametrize(
    "answer",
    [
        lambda g, n: np.average(g, axis=0, weights=n),
        lambda g, n: (g * (n / n.sum())[:, None]).sum(axis=0),
        lambda g, n: sum(k / sum(n) * part for part, k in zip(g, n, strict=True)),
        lambda g, n: [float(np.dot(n, g[:, j]) / n.sum()) for j in range(g.shape[1])],
    ],
)
def test_any_right_way_is_taken(answer):
    assert judged(answer).startswith("ok")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda g, n: g.mean(axis=0), "counts alike"),
        (lambda g, n: g.sum(axis=0), "a plain sum"),
        (lambda g, n: n @ g, "Divide by the number of all samples."),
        (lambda g, n: n @ g / len(n), "not of workers"),
        (lambda g, n: n @ g / n.sum() / len(n), "once too often"),
        (lambda g, n: (1 / n) @ g / (1 / n).sum(), "wrong way around"),
        (lambda g, n: n @ g / n.sum() + 0.01, "the whole is"),
        (lambda g, n: g[0], "the whole is"),
        (lambda g, n: g, "shape"),
    ],
)
def test_known_mistakes_have_their_hints(answer, hint):
    said = judged(answer)
    assert said.startswith("not yet")
    assert hint in said
