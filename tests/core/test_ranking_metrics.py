"""NDCG, MAP and Kendall's tau against scikit-learn and SciPy, query by query."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.metrics import average_precision_score, ndcg_score

import nbann
from nbann import metrics
from nbann.core.scoring import rankings


def draw(seed, ties):
    """Return relevance, scores and ids of queries that are mixed up."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.repeat(np.arange(12), rng.integers(2, 9, 12)))
    y, scores = rng.integers(0, 4, len(ids)), rng.standard_normal(len(ids))
    return y, np.round(scores) if ties else scores, ids


def by_query(score, y, scores, ids):
    """Return the mean of what a function gives, of those queries for which it gives a number."""
    found = [score(y[ids == q], scores[ids == q]) for q in dict.fromkeys(ids.tolist())]
    return np.nanmean(found)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_they_are_scikit_learns_and_scipys(seed, ties, monkeypatch):
    y, scores, ids = draw(seed, ties)

    def theirs(k, gain):
        def one(r, s):
            return ndcg_score([gain(r)], [s], k=k) if r.any() else np.nan

        return by_query(one, y, scores, ids)

    def exponential(r):
        return 2.0**r - 1

    def precision(r, s):
        return average_precision_score(r > 0, s) if r.any() else np.nan

    def tau(r, s):
        found = kendalltau(r, s).statistic
        return 0.0 if np.isnan(found) and len(set(r)) > 1 else found

    for pairs in (rankings.PAIRS, 100):
        monkeypatch.setattr(rankings, "PAIRS", pairs)
        for k in (None, 1, 3, 50):
            ours = metrics.ndcg(k)(y, scores, ids)
            assert ours == pytest.approx(theirs(k, exponential), rel=1e-12)
            linear = metrics.ndcg(k, gain="linear")(y, scores, ids)
            assert linear == pytest.approx(theirs(k, np.asarray), rel=1e-12)
        mean = metrics.mean_average_precision(y, scores, ids)
        assert mean == pytest.approx(by_query(precision, y, scores, ids), rel=1e-12)
        assert metrics.kendall_tau(y, scores, ids) == pytest.approx(
            by_query(tau, y, scores, ids), rel=1e-12
        )


def test_published_examples():
    # scikit-learn's documentation of ndcg_score
    y, scores = [10, 0, 0, 1, 5], [0.1, 0.2, 0.3, 4, 70]
    linear = metrics.ndcg(gain="linear")
    assert linear(y, scores) == pytest.approx(0.69, abs=0.006)
    assert linear(y, [0.05, 1.1, 1.0, 0.5, 0.0]) == pytest.approx(0.49, abs=0.006)
    assert metrics.ndcg(1, "linear")(y, [1, 0, 0, 0, 1]) == 0.75  # a tie: (10/10 + 5/10) / 2
    # Wikipedia, "Discounted cumulative gain": DCG 6.861 and ideal 8.740 at 6, with two more
    # documents of relevance 3 and 2 that were not found
    y = [3, 2, 3, 0, 1, 2, 3, 2]
    assert metrics.ndcg(6, "linear")(y, np.arange(8)[::-1]) == pytest.approx(0.785, abs=5e-4)
    # scikit-learn's documentation of average_precision_score
    found = metrics.mean_average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    assert found == pytest.approx(0.83, abs=0.006)
    # SciPy's documentation of kendalltau
    tau = metrics.kendall_tau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])
    assert tau == pytest.approx(-0.4714045207910316, rel=1e-14)


def test_where_they_are_not_defined():
    for metric in (metrics.ndcg(), metrics.mean_average_precision, metrics.kendall_tau):
        assert np.isnan(metric([0, 0, 0], [1, 2, 3]))
        assert metric([0, 0, 1, 0], [1, 2, 1, 0], [2, 2]) == 1.0  # the first query is left out
        assert np.isnan(metric([0, 1], [np.nan, 1]))
    assert metrics.kendall_tau([0, 1, 2], [4, 4, 4]) == 0.0


def test_names():
    for name in ("ndcg", "ndcg_at_10", "linear_ndcg", "linear_ndcg_at_3", "kendall_tau"):
        assert nbann.core.scoring.metrics.named(name).name == name
    assert nbann.core.scoring.metrics.named("map") is metrics.mean_average_precision
    assert nbann.core.scoring.metrics.named("ndcg_at_10").compute.k == 10
    with pytest.raises(ValueError, match="Unknown metric 'ndcg_at_0'"):
        nbann.core.scoring.metrics.named("ndcg_at_0")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.ndcg(0), "k: expected a whole number"),
        (lambda: metrics.ndcg(gain="log"), "Unknown gain 'log'"),
        (lambda: metrics.ndcg()([0, 1], [1.0]), r"of \(2,\) and float64 of \(1,\)"),
        (lambda: metrics.ndcg()([], []), r"shape \(n,\)"),
        (lambda: metrics.ndcg()([0, -1], [1.0, 2]), "relevance of at least 0"),
        (lambda: metrics.ndcg()(["a"], [1.0]), "relevance and scores"),
        (lambda: metrics.ndcg()([0, 1], [1.0, 2], [3]), "sizes that add up to 2 rows"),
        (lambda: metrics.ndcg()([0, 100], [1.0, 2]), "relevance of at most 60"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()
