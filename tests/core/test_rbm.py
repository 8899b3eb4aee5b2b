"""The restricted Boltzmann machine against all of its states, listed, and against plain NumPy."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM

import nbann
from nbann.core.boltzmann.energy import Energy

from .tiny_rbm import (
    B,
    C,
    H,
    V,
    W,
    binary,
    drawn,
    given_visible,
    joint,
    rbm,
    statistics,
    trainer,
)

PARTS = ("weight", "visible_bias", "hidden_bias")


def gradients(run):
    return [run[f"rbm.{part}.grad"] for part in PARTS]


def per_sample(run, last):
    """Return what each sample adds to the three gradients, rows first."""
    v0, h0 = run["x"], run["rbm.positive.hidden"]
    v, h = run[f"rbm.negative{last}.visible_sample"], run[f"rbm.negative{last}.hidden"]
    both = v[:, :, None] * h[:, None, :], v0[:, :, None] * h0[:, None, :]
    return both[0] - both[1], v - v0, h - h0


def within_error(found, expected, samples, sigmas=4.5):
    """Assert that means lie within their standard errors of what is expected."""
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    assert (np.abs(found - expected) < sigmas * error).all()
    assert (error < 0.01).all(), "a test that anything passes"


# ---- against all states -------------------------------------------------------------------------
def test_the_positive_phase_is_exact():
    run = trainer(V)
    run.step("phase")
    data = given_visible() / len(V)  # each visible state once
    expected = statistics(data)
    for name, value in zip(("correlation", "visible_mean", "hidden_mean"), expected, strict=True):
        np.testing.assert_allclose(run[f"rbm.positive.{name}"], value, rtol=1e-14, atol=0)
    np.testing.assert_allclose(run["rbm.positive.hidden"], given_visible() @ H, rtol=1e-14)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_where_the_data_are_the_models_own_the_update_vanishes(k):
    run = trainer(drawn(40_000), rbm(k=k), seed=k)
    run.step("batch")
    for found, samples in zip(gradients(run), per_sample(run, k), strict=True):
        np.testing.assert_allclose(found, samples.mean(axis=0), atol=1e-12)
        within_error(found, 0.0, samples)


def test_a_long_chain_follows_the_exact_gradient_of_the_likelihood():
    X = V[np.random.default_rng(3).choice(8, 20_000, p=[0.3, 0, 0, 0.2, 0.1, 0, 0, 0.4])]
    run = trainer(X, rbm(k=25), seed=1)
    run.step("batch")
    shares = np.array([(v == X).all(axis=1).mean() for v in V])
    model, data = statistics(joint()), statistics(given_visible() * shares[:, None])
    exact = [theirs - ours for theirs, ours in zip(model, data, strict=True)]
    assert np.abs(exact[0]).max() > 0.05
    for found, expected, samples in zip(gradients(run), exact, per_sample(run, 25), strict=True):
        within_error(found, expected, samples)


def test_chains_that_run_on_come_to_the_models_distribution():
    X = V[[0, 3, 7, 7]]
    model = rbm(persistent=True, chains=20_000)
    run = trainer(X, model, optimizer=nbann.SGD(1e-12))  # the machine stays as it is
    run.run(epochs=25)
    expected = statistics(joint())
    v, h = run["rbm.negative1.visible_sample"], run["rbm.negative1.hidden"]
    within_error(run["rbm.negative.correlation"], expected[0], v[:, :, None] * h[:, None, :])
    within_error(run["rbm.negative.visible_mean"], expected[1], v)
    within_error(run["rbm.chain"].mean(axis=0), expected[2], run["rbm.chain"])
    one_step = trainer(X, rbm(), optimizer=nbann.SGD(1e-12))
    one_step.step("batch")
    wrong = np.abs(one_step["rbm.negative.correlation"] - expected[0]).max()
    assert wrong > 0.1, "CD-1 is biased, or this proves nothing"


def test_free_energy_is_minus_the_log_of_the_sum_over_hidden_states():
    run = trainer(V)
    energies = -(V @ B)[:, None] - (H @ C)[None, :] - V @ W @ H.T
    expected = -np.log(np.exp(-energies).sum(axis=1))
    np.testing.assert_allclose(run.model.free_energy(run, V), expected, rtol=1e-14)


def test_pseudo_likelihood_is_that_of_a_bit_given_the_others():
    p, flips = joint().sum(axis=1), np.array([0, 1, 2, 0, 1, 2, 0, 1])
    place = {tuple(v): n for n, v in enumerate(V)}
    expected = []
    for n, bit in enumerate(flips):
        other = V[n].copy()
        other[bit] = 1 - other[bit]
        expected.append(3 * np.log(p[n] / (p[n] + p[place[tuple(other)]])))
    np.testing.assert_allclose(Energy(W, B, C).pseudo_likelihood(V, flips), expected, rtol=1e-13)


def test_pseudo_likelihood_is_scikit_learns_with_the_same_flips():
    X = binary(40)
    model = nbann.RBM(4)
    run = trainer(X, model, batch_size=10)
    run.run(epochs=5)
    theirs = BernoulliRBM(4, random_state=5, n_iter=0).fit(X)
    theirs.components_ = run["rbm.weight"].T
    theirs.intercept_visible_ = run["rbm.visible_bias"]
    theirs.intercept_hidden_ = run["rbm.hidden_bias"]
    flips = np.random.RandomState(5).randint(0, 6, 40)
    ours = model.energy_of({name: run[name] for name in run.names}).pseudo_likelihood(X, flips)
    np.testing.assert_allclose(ours, theirs.score_samples(X), rtol=1e-12)
    np.testing.assert_allclose(model.hidden(run, X), theirs.transform(X), rtol=1e-13)
    np.testing.assert_allclose(model.free_energy(run, X), theirs._free_energy(X), rtol=1e-13)


def test_gibbs_sampling_keeps_the_models_distribution():
    run = trainer(V)
    states = run.model.gibbs(run, drawn(40_000), steps=3, seed=1)
    counts = np.array([(states == v).all(axis=1).sum() for v in V])
    expected = 40_000 * joint().sum(axis=1)
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert chi2 < 24.3  # 7 degrees of freedom: one in a thousand is beyond
    np.testing.assert_array_equal(states, run.model.gibbs(run, drawn(40_000), steps=3, seed=1))


# ---- against plain NumPy ------------------------------------------------------------------------
def by_hand(X, k, epochs, rate, size, momentum=0.0, l2=0.0, chains=None, seed=0):
    """Return weights and biases after training as Hinton (2002) and Tieleman (2008) write it."""
    theta = [W0.copy(), np.zeros(X.shape[1]), np.zeros(W0.shape[1])]
    speed = [np.zeros_like(one) for one in theta]
    rng = np.random.default_rng([seed, 2, 0])
    chain = None if chains is None else np.zeros((chains, W0.shape[1]))
    for _ in range(epochs):
        for start in range(0, len(X), size):
            w, b, c = theta
            v0 = X[start : start + size]
            h0 = expit(v0 @ w + c)
            h = (rng.random(h0.shape) < h0) if chain is None else chain
            for step in range(k):
                chance = expit(h @ w.T + b)
                v = (rng.random(chance.shape) < chance) * 1.0
                hk = expit(v @ w + c)
                if step < k - 1 or chain is not None:
                    h = (rng.random(hk.shape) < hk) * 1.0
            chain = None if chain is None else h
            n, m = len(v0), len(v)
            rises = [
                v0.T @ h0 / n - v.T @ hk / m - l2 * w,
                v0.mean(axis=0) - v.mean(axis=0),
                h0.mean(axis=0) - hk.mean(axis=0),
            ]
            speed = [momentum * s + rate * rise for s, rise in zip(speed, rises, strict=True)]
            theta = [one + s for one, s in zip(theta, speed, strict=True)]
    return theta


W0 = np.random.default_rng(11).normal(0, 0.3, (6, 4))


@pytest.mark.parametrize(
    ("settings", "plain"),
    [
        ({}, {"k": 1}),
        ({"k": 3}, {"k": 3}),
        ({"persistent": True}, {"k": 1, "chains": 10}),
        ({"persistent": True, "chains": 7, "k": 2}, {"k": 2, "chains": 7}),
    ],
)
def test_training_is_the_papers_rule_in_plain_numpy(settings, plain):
    X = binary()
    sgd = nbann.SGD(0.2, momentum=0.5)
    model = nbann.RBM(4, weight=W0, **settings)
    run = trainer(X, model, batch_size=5, shuffle=False, optimizer=sgd, l2=0.01, seed=8)
    run.run(epochs=6)
    expected = by_hand(X, epochs=6, rate=0.2, size=5, momentum=0.5, l2=0.01, seed=8, **plain)
    for part, value in zip(PARTS, expected, strict=True):
        np.testing.assert_allclose(run[f"rbm.{part}"], value, rtol=0, atol=1e-13)


def test_the_loss_and_what_is_measured():
    X = binary(30)
    run = trainer(X[:20], nbann.RBM(4), batch_size=5, test=unsupervised(X[20:]), evaluate_every=1)
    run.run(epochs=2)
    w, b, c = (run[f"rbm.{part}"] for part in PARTS)
    mean_field = expit(expit(X @ w + c) @ w.T + b)
    np.testing.assert_allclose(run.predict(X), mean_field, rtol=1e-13)
    error = ((mean_field[20:] - X[20:]) ** 2).mean()
    assert run.history["test_loss"][-1] == pytest.approx(error, rel=1e-13)
    assert run.history["test_reconstruction_error"][-1] == pytest.approx(error, rel=1e-13)
    energy = -(X[:20] @ b) - np.logaddexp(0, X[:20] @ w + c).sum(axis=1)
    assert run.history["train_free_energy"][-1] == pytest.approx(energy.mean(), rel=1e-13)
    batch = run["x"]  # of which the loss was told before the update
    kept = [run._state.kept(f"rbm.{part}") for part in PARTS]
    before = expit(expit(batch @ kept[0] + kept[2]) @ kept[0].T + kept[1])
    assert run["loss"] == pytest.approx(((before - batch) ** 2).mean(), rel=1e-13)
    likelihood = run.history["test_pseudo_likelihood"]
    assert (likelihood < 0).all()
    again = run.evaluate(unsupervised(X[20:]))
    assert again["pseudo_likelihood"] == likelihood[-1], "measuring draws the same flips"


def test_measuring_draws_nothing_of_the_runs():
    runs = [trainer(binary(), nbann.RBM(4), batch_size=5, evaluate_every=n) for n in (None, 1)]
    for run in runs:
        run.run(epochs=3)
        run.model.gibbs(run, binary(), steps=2)
        run.model.pseudo_likelihood(run, binary())
        run.run(epochs=2)
    np.testing.assert_array_equal(runs[0]["rbm.weight"], runs[1]["rbm.weight"])


def test_float32_draws_what_float64_draws():
    runs = [trainer(binary(), nbann.RBM(4), batch_size=5, dtype=d) for d in ("float64", "float32")]
    for run in runs:
        run.run(epochs=4)
    assert runs[1]["rbm.weight"].dtype == np.float32
    np.testing.assert_allclose(runs[1]["rbm.weight"], runs[0]["rbm.weight"], atol=1e-5)


def test_learning_raises_the_likelihood_of_the_data():
    X = binary(200, seed=2)
    run = trainer(X, nbann.RBM(6), batch_size=10, optimizer=nbann.SGD(0.1), evaluate_every=1)
    run.run(epochs=150)

    def likelihood(w, b, c):  # exact, over all 64 visible states
        every = np.array([[n >> bit & 1 for bit in range(6)] for n in range(64)]) * 1.0
        minus_f = [v @ b + np.logaddexp(0, v @ w + c).sum(axis=1) for v in (X, every)]
        return minus_f[0].mean() - np.log(np.exp(minus_f[1]).sum())

    independent = np.log(np.where(X, X.mean(axis=0), 1 - X.mean(axis=0))).sum(axis=1).mean()
    found = likelihood(*(run[f"rbm.{part}"] for part in PARTS))
    assert found > independent + 0.5
    assert run.history["train_pseudo_likelihood"][-1] > run.history["train_pseudo_likelihood"][0]


def unsupervised(X):
    return nbann.Dataset(X, task="unsupervised")
