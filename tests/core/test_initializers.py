"""Initializers: the distributions, bounds and rotations that their papers state."""

import math
import pickle

import numpy as np
import pytest
from scipy import stats

import nbann
from nbann import initializers
from nbann.core.layers.initializers import INITIALIZERS, as_initializer

SHAPE = (300, 200)  # fan_in, fan_out
NORMAL = {
    initializers.Normal(): 0.01,
    initializers.Normal(std=0.5): 0.5,
    initializers.GlorotNormal(): math.sqrt(2 / 500),
    initializers.HeNormal(): math.sqrt(2 / 300),
    initializers.LeCunNormal(): math.sqrt(1 / 300),
}
UNIFORM = {
    initializers.Uniform(): (-0.05, 0.05),
    initializers.Uniform(-1, 3): (-1, 3),
    initializers.GlorotUniform(): (-math.sqrt(6 / 500), math.sqrt(6 / 500)),
    initializers.HeUniform(): (-math.sqrt(6 / 300), math.sqrt(6 / 300)),
    initializers.LeCunUniform(): (-math.sqrt(3 / 300), math.sqrt(3 / 300)),
}
ROTATIONS = [(5, 5), (8, 3), (3, 8), (1, 4), (4, 1), (1, 1), (60, 50)]


def draw(init, seed=0, shape=SHAPE):
    return init(np.random.default_rng(seed), shape)


def moments_agree(weights, distribution):
    """Mean, variance and fourth moment lie within 5 standard errors of SciPy's distribution."""
    n = weights.size
    mean, variance = distribution.stats("mv")
    kurtosis = distribution.stats("k") + 3
    assert abs(weights.mean() - mean) < 5 * math.sqrt(variance / n)
    assert weights.var() == pytest.approx(variance, rel=5 * math.sqrt((kurtosis - 1) / n))
    fourth = ((weights - mean) ** 4).mean() / variance**2
    assert fourth == pytest.approx(kurtosis, rel=0.1)


@pytest.mark.parametrize(("init", "std"), NORMAL.items(), ids=repr)
def test_normal_distributions(init, std):
    weights, expected = draw(init), stats.norm(scale=std)
    assert weights.shape == SHAPE
    moments_agree(weights, expected)
    assert stats.kstest(weights.ravel(), expected.cdf).pvalue > 1e-3
    assert np.abs(weights).max() > 4 * std  # not truncated: of 60,000 some lie beyond 4 std


@pytest.mark.parametrize(("init", "ends"), UNIFORM.items(), ids=repr)
def test_uniform_distributions(init, ends):
    low, high = ends
    weights, expected = draw(init), stats.uniform(low, high - low)
    assert weights.shape == SHAPE
    moments_agree(weights, expected)
    assert stats.kstest(weights.ravel(), expected.cdf).pvalue > 1e-3
    assert low <= weights.min() < low + 1e-3 * (high - low)
    assert high >= weights.max() > high - 1e-3 * (high - low)


@pytest.mark.parametrize("kind", ["He", "LeCun"])
def test_a_layers_output_has_the_variance_that_was_aimed_at(kind):
    """He: that of its input through ReLU; LeCun: that of its input."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2000, 400))
    x = np.maximum(x, 0) if kind == "He" else x
    for law in ("Normal", "Uniform"):
        z = x @ draw(getattr(initializers, kind + law)(), shape=(400, 300))
        assert z.var() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("gain", [1.0, math.sqrt(2), 0.3])
@pytest.mark.parametrize("shape", ROTATIONS)
def test_orthogonal(shape, gain):
    weights = draw(initializers.Orthogonal(gain), 3, shape)
    assert weights.shape == shape
    assert weights.flags.c_contiguous
    short = weights.T @ weights if shape[0] >= shape[1] else weights @ weights.T
    np.testing.assert_allclose(short, gain**2 * np.eye(min(shape)), atol=1e-13)
    np.testing.assert_allclose(np.linalg.svd(weights, compute_uv=False), gain, rtol=1e-13)


def test_orthogonal_matrices_are_drawn_as_scipy_draws_them():
    """Haar's measure: every rotation and reflection is as likely as another (Mezzadri 2007)."""
    rng = np.random.default_rng(0)
    ours = np.array([initializers.Orthogonal()(rng, (3, 3)) for _ in range(2000)])
    theirs = stats.ortho_group.rvs(3, size=2000, random_state=1)
    for place in np.ndindex(3, 3):
        assert stats.ks_2samp(ours[:, *place], theirs[:, *place]).pvalue > 1e-3
    traces = [np.trace(q, axis1=1, axis2=2) for q in (ours, theirs)]
    assert stats.ks_2samp(*traces).pvalue > 1e-3


def test_zeros_and_constants():
    np.testing.assert_array_equal(draw(initializers.Zeros()), np.zeros(SHAPE))
    np.testing.assert_array_equal(draw(initializers.Constant(0.5)), np.full(SHAPE, 0.5))
    np.testing.assert_array_equal(draw(initializers.Constant(-2)), np.full(SHAPE, -2.0))
    assert draw(initializers.Constant(-2)).dtype == np.float64


@pytest.mark.parametrize("name", INITIALIZERS)
def test_one_seed_one_draw(name):
    init = as_initializer(name)
    np.testing.assert_array_equal(draw(init, 1), draw(init, 1))
    if name not in ("zeros", "constant"):
        assert not np.array_equal(draw(init, 1), draw(init, 2))
    assert pickle.loads(pickle.dumps(init)) == init


@pytest.mark.parametrize("name", INITIALIZERS)
def test_every_name_is_its_class_with_the_usual_settings(name):
    cls = {n.lower(): getattr(initializers, n) for n in initializers.__all__}[name.replace("_", "")]
    assert as_initializer(name) == cls()
    assert len(INITIALIZERS) == len(initializers.__all__)


@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("constant", 0),
        ("glorot_normal", np.sqrt(2 / 500)),
        ("glorot_uniform", np.sqrt(2 / 500)),
        ("he_normal", np.sqrt(2 / 300)),
        ("he_uniform", np.sqrt(2 / 300)),
        ("lecun_normal", np.sqrt(1 / 300)),
        ("lecun_uniform", np.sqrt(1 / 300)),
        ("normal", 0.01),
        ("orthogonal", np.sqrt(1 / 300)),
        ("uniform", 0.1 / np.sqrt(12)),
        ("zeros", 0),
    ],
)
def test_by_name_in_a_layer(name, std):
    X = np.zeros((2, 300))
    model = nbann.Sequential([nbann.Dense(200, init=name)])
    trainer = nbann.Trainer(model, (X, np.zeros((2, 200))))
    assert trainer["dense1.weight"].std() == pytest.approx(std, rel=0.02)
    np.testing.assert_array_equal(trainer["dense1.bias"], 0)


def test_fans_of_a_vector_are_its_length():
    """As in Keras: there is no other number to go by."""
    weights = draw(initializers.GlorotNormal(), shape=(10_000,))
    assert weights.std() == pytest.approx(0.01, rel=0.05)


def test_given_arrays_are_the_start():
    weight, bias = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    model = nbann.Sequential([nbann.Dense(3, weight=weight, bias=bias)])
    trainer = nbann.Trainer(model, ([[0.0, 1.0]], [0]))
    np.testing.assert_array_equal(trainer["dense1.weight"], weight)
    np.testing.assert_array_equal(trainer["dense1.bias"], bias)
    trainer.run(2)
    np.testing.assert_array_equal(weight, np.arange(6.0).reshape(2, 3))
    trainer.reset()
    np.testing.assert_array_equal(trainer["dense1.weight"], weight)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: initializers.Normal(0), "std: expected .*above 0; received 0"),
        (lambda: initializers.Normal(math.nan), "std: expected a finite number"),
        (lambda: initializers.Constant(math.inf), "value: expected a finite number"),
        (lambda: initializers.Constant("1"), "value: expected .*received '1'"),
        (lambda: initializers.Uniform(1, 1), "Uniform: expected low below high; received low=1"),
        (lambda: initializers.Uniform(0, math.inf), "high: expected a finite number"),
        (lambda: initializers.Uniform(-1e308, 1e308), "Uniform: expected low below high"),
        (lambda: initializers.Orthogonal(-1), "gain: expected .*above 0; received -1"),
        (lambda: draw(initializers.Orthogonal(), shape=(4,)), "Orthogonal: expected a shape"),
        (lambda: draw(initializers.HeNormal(), shape=(2, 3, 4)), "initializer: expected a shape"),
        (lambda: draw(initializers.LeCunNormal(), shape=()), "initializer: expected a shape"),
        (
            lambda: nbann.Dense(3, init="he_norm"),
            "Unknown initializer 'he_norm'. Did you",
        ),
        (lambda: nbann.Dense(3, init=3), "Unknown initializer 3. Expected one of"),
        (lambda: nbann.Dense(3, init=None), "Unknown initializer None"),
        (
            lambda: nbann.Dense(3, init=initializers.HeNormal),
            r"init: expected an initializer; received the class HeNormal\. Call it: HeNormal\(\)",
        ),
    ],
)
def test_what_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
