"""The same random_state gives scikit-learn's numbers: weights, losses, scores, predictions."""

import numpy as np
import pytest
import sklearn

from .twins import SETS, assert_same, distance, fitted, pair, weights

ACTIVATIONS = ("relu", "tanh", "logistic", "identity")
SINCE_1_7 = pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7),
    reason="scikit-learn has sample weights and the Poisson loss since 1.7",
)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_activations(name, solver, activation):
    X, y = SETS[name]
    twins = pair(name, solver=solver, activation=activation, batch_size=32, max_iter=100)
    assert_same(*fitted(twins, X, y), X)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(
    "name", ["digits", "words", "cancer", "cancer unscaled", "labels", "linnerud"]
)
def test_data(name, solver):
    X, y = SETS[name]
    assert_same(*fitted(pair(name, solver=solver), X, y), X)


@pytest.mark.parametrize(
    "settings",
    [
        {"momentum": 0.0},
        {"momentum": 1.0, "learning_rate_init": 1e-5},
        {"nesterovs_momentum": False},
        {"learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.3},
        {"learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 0.01, "max_iter": 400},
        {"shuffle": False},
        {"batch_size": 1, "max_iter": 3},
        {"batch_size": 150, "max_iter": 200},
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 7},
        {"hidden_layer_sizes": [9, 8, 7]},
        {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 300},
        {"tol": 0.0, "n_iter_no_change": np.inf},
        {"early_stopping": True, "validation_fraction": 0.3, "learning_rate_init": 0.05},
    ],
    ids=str,
)
def test_settings_of_sgd(settings):
    X, y = SETS["iris"]
    assert_same(*fitted(pair("iris", solver="sgd", **({"batch_size": 32} | settings)), X, y), X)


@pytest.mark.parametrize(
    "settings",
    [
        {"beta_1": 0.0},
        {"beta_2": 0.3, "learning_rate_init": 1e-4},
        {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3},
        {"early_stopping": True, "max_iter": 60},
        {"tol": 0.02, "n_iter_no_change": 1, "learning_rate_init": 0.05, "max_iter": 300},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["cancer", "diabetes"])
def test_settings_of_adam(name, settings):
    X, y = SETS[name]
    assert_same(*fitted(pair(name, **settings), X, y), X)


@SINCE_1_7
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ["iris", "cancer", "labels", "diabetes", "linnerud"])
def test_sample_weights(name, solver, early_stopping):
    X, y = SETS[name]
    weight = np.random.RandomState(0).uniform(0.1, 2, len(X))
    twins = pair(name, solver=solver, early_stopping=early_stopping)
    assert_same(*fitted(twins, X, y, weight=weight), X)


@SINCE_1_7
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_the_poisson_loss(solver):
    X, y = SETS["counts"]
    assert_same(*fitted(pair("counts", solver=solver, loss="poisson"), X, y), X)


def test_many_epochs():
    X, y = SETS["iris"]
    twins = pair("iris", solver="sgd", max_iter=2000, n_iter_no_change=2000)
    assert_same(*fitted(twins, X, y), X)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("name", ["iris", "cancer", "diabetes"])
def test_float32_agrees_to_its_digits(name, solver):
    """eps is 1.2e-7; over 100 epochs of other roundings some dozen of it gather."""
    X, y = SETS[name]
    X, y = X.astype(np.float32), y.astype(np.float32)  # else scikit-learn's gradients are float64
    twins = fitted(pair(name, solver=solver, max_iter=100), X, y)
    assert_same(*twins, X, tolerance=1e-5)
    assert all(w.dtype == np.float32 for w in [*twins[1].coefs_, *twins[1].intercepts_])


# ---- L-BFGS: every step depends on the last digits of those before ------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", ["iris", "cancer", "labels", "diabetes", "linnerud"])
def test_lbfgs(name, activation):
    X, y = SETS[name]
    twins = pair(name, solver="lbfgs", activation=activation, max_iter=15)
    assert_same(*fitted(twins, X, y), X)


@SINCE_1_7
def test_lbfgs_with_weights_and_the_poisson_loss():
    X, y = SETS["counts"]
    weight = np.random.RandomState(0).uniform(0.1, 2, len(X))
    twins = pair("counts", solver="lbfgs", loss="poisson", max_iter=15)
    assert_same(*fitted(twins, X, y, weight=weight), X)


@pytest.mark.parametrize("name", ["iris", "diabetes", "linnerud"])
def test_lbfgs_for_long_is_as_near_as_scikit_learn_is_to_itself(name):
    """Roundings grow: with its rows in another order scikit-learn is as far from itself."""
    X, y = SETS[name]
    settings = {"solver": "lbfgs", "activation": "tanh", "max_iter": 50}
    one, ours = fitted(pair(name, **settings), X, y)
    reordered = []
    for seed in range(5):
        order = np.random.RandomState(seed).permutation(len(X))
        reordered += fitted(pair(name, **settings)[:1], X[order], y[order])
    assert distance(one, ours) < 100 * max(distance(one, other) for other in reordered)
    assert ours.loss_ == pytest.approx(one.loss_, rel=1e-5)


# ---- generators: what is drawn, and where a generator of the user's is left ---------------------


@pytest.mark.parametrize("batch_size", [20, "auto"])
@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"shuffle": False}], ids=str)
def test_a_generator_is_left_where_scikit_learn_leaves_it(batch_size, settings):
    X, y = SETS["iris"]
    twins = pair("iris", batch_size=batch_size, max_iter=7, **settings)
    generators = [np.random.RandomState(5) for _ in twins]
    for estimator, generator in zip(twins, generators, strict=True):
        estimator.set_params(random_state=generator)
    for _ in range(2):
        assert_same(*fitted(twins, X, y), X)
    ours = generators[1]
    assert ours.uniform() == generators[0].uniform()
    # and what is done with the trainer afterwards does not draw from it
    before = ours.get_state(legacy=False)["state"]
    twins[1].trainer_.run(epochs=3)
    after = ours.get_state(legacy=False)["state"]
    assert before["pos"] == after["pos"]
    assert (before["key"] == after["key"]).all()


def test_without_a_random_state_the_global_one_is_drawn_from():
    X, y = SETS["iris"]
    found = []
    for estimator in pair("iris", random_state=None):
        np.random.seed(3)  # noqa: NPY002 (the generator that scikit-learn falls back to)
        fitted([estimator], X, y)
        found.append((weights(estimator), np.random.uniform()))  # noqa: NPY002 (likewise)
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-10)
    assert found[0][1] == found[1][1]


# ---- from fit to fit -----------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"learning_rate": "invscaling"}], ids=str
)
def test_a_warm_start(solver, settings):
    X, y = SETS["iris"]
    twins = pair("iris", solver=solver, warm_start=True, max_iter=8, **settings)
    for max_iter in (8, 12, 3):
        for estimator in twins:
            estimator.set_params(max_iter=max_iter)
        assert_same(*fitted(twins, X, y), X)


def test_a_warm_start_of_lbfgs():
    X, y = SETS["iris"]
    twins = pair("iris", solver="lbfgs", warm_start=True, max_iter=4)
    for _ in range(3):
        assert_same(*fitted(twins, X, y), X)


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "sgd"},
        {"solver": "adam"},
        {"solver": "sgd", "learning_rate": "invscaling"},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0},
        {"batch_size": 10},
        {"shuffle": False, "batch_size": 7},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["iris", "labels", "diabetes"])
def test_partial_fits(name, settings):
    """Of other data each time, mostly of one size: trainers are used again where they fit."""
    X, y = SETS[name]
    twins = pair(name, **settings)
    extra = {} if name == "diabetes" else {"classes": range(4 if name == "labels" else 3)}
    for start, stop in [(0, 30), (30, 60), (60, 90), (10, 33), (40, 63), (0, 90), (5, 35)] * 3:
        fitted(twins, X[start:stop], y[start:stop], method="partial_fit", **extra)
        assert_same(*twins, X)


@SINCE_1_7
def test_partial_fits_with_and_without_weights():
    X, y = SETS["diabetes"]
    twins = pair("diabetes")
    rng = np.random.RandomState(0)
    for weighted in (True, True, False, True, False, False):
        rows = rng.choice(len(X), 40)
        weight = rng.uniform(0.5, 2, 40) if weighted else None
        fitted(twins, X[rows], y[rows], weight=weight, method="partial_fit")
        assert_same(*twins, X)


def test_partial_fit_goes_on_as_it_has_begun():
    """Settings of the optimizer count from the first call; alpha and the batches from the next."""
    X, y = SETS["iris"]
    twins = pair("iris", solver="sgd")
    for later in (
        {},
        {"learning_rate_init": 0.5, "momentum": 0.1},
        {"alpha": 0.5},
        {"batch_size": 9},
    ):
        for estimator in twins:
            estimator.set_params(**later)
        fitted(twins, X, y, method="partial_fit", classes=[0, 1, 2])
        assert_same(*twins, X)


def test_partial_fit_after_fit():
    X, y = SETS["iris"]
    twins = fitted(pair("iris"), X, y)
    fitted(twins, X[:20], y[:20], method="partial_fit")
    assert_same(*twins, X)


def test_weights_set_by_hand_are_gone_on_from():
    X, y = SETS["iris"]
    twins = fitted(pair("iris", warm_start=True), X, y)
    for estimator in twins:
        estimator.coefs_[0] = estimator.coefs_[0] * 0.5
        estimator.intercepts_[1][:] = 1.0
    assert_same(*twins, X)
    assert_same(*fitted(twins, X, y), X)
