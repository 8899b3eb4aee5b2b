"""RankNet, LambdaRank and ListNet against plain loops, central differences and PyTorch."""

import itertools
import math

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser
from scipy.special import logsumexp, softmax

import nbann

from .loss_runs import Run
from .test_loss_reading import check_element

CASES = {
    "ranknet": nbann.RankNet(),
    "ranknet sum": nbann.RankNet(sigma=1.7, reduction="sum"),
    "lambdarank": nbann.LambdaRank(),
    "lambdarank linear": nbann.LambdaRank(sigma=0.6, gain="linear"),
    "lambdarank at 2": nbann.LambdaRank(k=2),
    "listnet": nbann.ListNet(),
}
SIZES = [5, 1, 4, 3]  # the second has nothing to be ranked


def draw(seed=0, size=1.0, sizes=SIZES):
    """Return scores (q, T, 1), relevance (q, T) and which are there (q, T)."""
    rng = np.random.default_rng(seed)
    there = (np.arange(max(sizes)) < np.array(sizes)[:, None]).astype(float)
    z = size * rng.standard_normal((len(sizes), max(sizes), 1))
    y = rng.integers(0, 4, there.shape) * there
    y[:, 0] = 2
    y[[n > 1 for n in sizes], 1] = 1  # so that there is a pair
    y[2, 1:] = 1  # and ties
    return z, y, there


def run_of(case, z, y, there, **settings):
    with pytest.warns(UserWarning, match=r"y: 1 of 4 queries have a single document"):
        return Run(CASES[case], z, y, there, task="ranking", **settings)


def weights_of(loss, s, y):
    """Return |delta NDCG| of each pair of one query by swapping both, or RankNet's shares."""
    n = len(y)
    pairs = [(i, j) for i in range(n) for j in range(n) if y[i] > y[j]]
    if isinstance(loss, nbann.RankNet):
        share = 1.0 if loss.reduction == "sum" else 1 / len(pairs)
        return dict.fromkeys(pairs, share)
    gain = [2.0**r - 1 if loss.gain == "exponential" else r for r in y]
    k = loss.k or n
    order = sorted(range(n), key=lambda i: -s[i])

    def dcg(order):
        return sum(gain[i] / math.log2(2 + place) for place, i in enumerate(order[:k]))

    best = dcg(sorted(range(n), key=lambda i: -y[i]))
    found = {}
    for i, j in pairs:
        swapped = [{i: j, j: i}.get(d, d) for d in order]
        found[i, j] = abs(dcg(order) - dcg(swapped)) / best
    return found


def pairwise(loss, s, y, weights):
    """Return a query's loss and gradient, pair by pair."""
    total, gradient = 0.0, np.zeros(len(y))
    for (i, j), w in weights.items():
        d = loss.sigma * (s[i] - s[j])
        total += w * math.log(1 + math.exp(-d))
        push = -loss.sigma * w / (1 + math.exp(d))
        gradient[i] += push
        gradient[j] -= push
    return total, gradient


def listwise(s, y):
    p, t = softmax(s), softmax(y)
    return -(t * (s - logsumexp(s))).sum(), p - t


def plain(loss, z, y, there):
    """Return the mean loss over queries that have pairs, and its gradient."""
    losses, gradient = [], np.zeros(y.shape)
    for q, row in enumerate(there):
        n = int(row.sum())
        s, r = z[q, :n, 0], y[q, :n]
        if len(set(r)) < 2:
            continue
        if isinstance(loss, nbann.ListNet):
            one, gradient[q, :n] = listwise(s, r)
        else:
            one, gradient[q, :n] = pairwise(loss, s, r, weights_of(loss, s, r))
        losses.append(one)
    return np.mean(losses), gradient[..., None] / len(losses)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_are_those_of_a_plain_loop(case, seed):
    z, y, there = draw(seed)
    loss, gradient = run_of(case, z, y, there).step(update=False)
    expected = plain(CASES[case], z, y, there)
    assert loss == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("case", [c for c in CASES if c.startswith("lambdarank")])
def test_the_weights_are_what_swapping_two_documents_changes(case):
    z, y, there = draw(5)
    run = run_of(case, z, y, there)
    run.step(update=False)
    weights = run.program.arrays["loss.pair_weight"]
    for q in (0, 2, 3):
        n = int(there[q].sum())
        expected = weights_of(CASES[case], z[q, :n, 0], y[q, :n])
        for i, j in itertools.product(range(y.shape[1]), repeat=2):
            assert weights[q, i, j] == pytest.approx(expected.get((i, j), 0.0), abs=1e-14)
    assert not weights[1].any()


@pytest.mark.parametrize("case", ["ranknet", "ranknet sum", "listnet"])
def test_gradients_are_central_differences(case):
    z, y, there = draw(1)
    run = run_of(case, z, y, there)
    _, gradient = run.step(update=False)
    h = 1e-5
    for place in np.ndindex(z.shape):
        nudge = np.zeros_like(z)
        nudge[place] = h
        slope = (run.loss_at(z + nudge) - run.loss_at(z - nudge)) / (2 * h)
        assert gradient[place] == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_pushes_cancel_within_each_query(case):
    z, y, there = draw(2)
    _, gradient = run_of(case, z, y, there).step(update=False)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-15)
    assert not gradient[1].any()
    assert not gradient[there == 0].any()


@pytest.mark.parametrize("case", CASES)
def test_a_number_added_to_a_querys_scores_changes_nothing(case):
    z, y, there = draw(3)
    z = np.round(z, 2)
    loss, gradient = run_of(case, z, y, there).step(update=False)
    offset = np.array([1024.0, -3, 0.5, 7])[:, None, None]
    moved, same = run_of(case, z + offset, y, there).step(update=False)
    assert moved == pytest.approx(loss, rel=1e-11)
    np.testing.assert_allclose(same, gradient, atol=1e-12)


@pytest.mark.parametrize("size", [0.0, 1.0, 40.0])
@pytest.mark.parametrize("case", CASES)
def test_every_element_is_what_its_arithmetic_says(case, size):
    run = run_of(case, *draw(4, size))
    run.step()
    for op in run.program:
        if op.layer == "loss":
            for name in op.writes:
                array = run.program.arrays[name]
                for place in np.ndindex(*array.shape):
                    check_element(op, place, name, float(array[place]))


@pytest.mark.parametrize("case", CASES)
def test_formulas_are_typeset(case):
    parser = MathTextParser("path")
    for op in run_of(case, *draw()).program:
        parser.parse(f"${op.formula}$")
        assert op.equation.text().count("=") == 1


def test_a_documents_gradient_is_read_as_the_sum_over_its_pairs():
    z, y = np.array([[[0.0], [2.0], [1.0]]]), np.array([[2.0, 0.0, 1.0]])
    run = Run(nbann.RankNet(reduction="sum"), z, y, task="ranking")
    run.step(update=False)
    # document 2 is above 1 and below 0: lambda_21 - lambda_02
    words = run.program["loss.gradient"].arithmetic((0, 2, 0)).symbols()
    assert words == "dL/dz[0,2,0] = s[0]*(lambda[0,2,1] - lambda[0,0,2])"
    expected = -1 / (1 + math.exp(-1)) + 1 / (1 + math.exp(-1))
    assert run.program.arrays["out.z.grad"][0, 2, 0] == pytest.approx(expected, abs=1e-15)


def test_equal_scores_are_ranked_as_they_stand():
    z, y = np.zeros((1, 4, 1)), np.array([[0.0, 1, 2, 0]])
    run = Run(nbann.LambdaRank(), z, y, task="ranking")
    run.step(update=False)
    assert run.program.arrays["loss.rank"].tolist() == [[1, 2, 3, 4]]


def test_scores_as_far_apart_as_floats_go():
    z, y = np.array([[[1e200], [-1e200], [0.0]]]), np.array([[0.0, 1, 2]])
    for loss in CASES.values():
        found, gradient = Run(loss, z, y, task="ranking").step(update=False)
        assert np.isfinite(found)
        assert np.isfinite(gradient).all()


@pytest.mark.torch
@pytest.mark.parametrize("case", ["ranknet", "ranknet sum", "listnet"])
def test_against_pytorch(case):
    torch = pytest.importorskip("torch")
    z, y, there = draw(6)
    loss, gradient = run_of(case, z, y, there).step(update=False)
    s = torch.tensor(z, requires_grad=True)
    parts = []
    for q in (0, 2, 3):
        n = int(there[q].sum())
        scores, r = s[q, :n, 0], torch.tensor(y[q, :n])
        if case == "listnet":
            parts.append(torch.nn.functional.cross_entropy(scores, torch.softmax(r, 0)))
            continue
        sigma = CASES[case].sigma
        above = r[:, None] > r[None, :]
        d = (scores[:, None] - scores[None, :])[above]
        cost = torch.nn.functional.binary_cross_entropy_with_logits(
            sigma * d, torch.ones_like(d), reduction=CASES[case].reduction
        )
        parts.append(cost)
    total = torch.stack(parts).mean()
    total.backward()
    assert loss == pytest.approx(total.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, s.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_what_ranknet_costs_where_nothing_is_known():
    """C = log 2 where both scores are equal (Burges et al., ICML 2005, section 3, figure 1)."""
    z, y = np.zeros((1, 2, 1)), np.array([[0.0, 1.0]])
    assert Run(nbann.RankNet(), z, y, task="ranking").step()[0] == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.RankNet(sigma=0), "sigma: expected a finite number above 0"),
        (lambda: nbann.RankNet(reduction="men"), "Did you mean 'mean'"),
        (lambda: nbann.LambdaRank(gain="exponent"), "Did you mean 'exponential'"),
        (lambda: nbann.LambdaRank(k=0), "k: expected a whole number of at least 1"),
        (lambda: nbann.LambdaRank(sigma=np.nan), "sigma: expected a finite number"),
        (
            lambda: Run(nbann.LambdaRank(), np.zeros((1, 2, 1)), [[0, 1000]], task="ranking"),
            "relevance of at most 60; received 1000. Use gain='linear'",
        ),
        (
            lambda: Run(nbann.ListNet(), np.zeros((1, 2, 2)), [[0, 1]], task="ranking"),
            "one score for each document",
        ),
        (
            lambda: Run(nbann.RankNet(), np.zeros((2, 1)), [0, 1], task="regression"),
            r"data grouped by query, for RankNet; received targets for regression.*groups=",
        ),
    ],
)
def test_bad_settings_and_targets(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_settings_are_shown():
    assert repr(nbann.LambdaRank(2.0, "linear", 5)) == "LambdaRank(sigma=2.0, gain='linear', k=5)"
    assert repr(nbann.RankNet(reduction="sum")) == "RankNet(reduction='sum')"
    assert repr(nbann.ListNet()) == "ListNet()"
