"""Initializers: the moments and bounds that their papers state, over many draws."""

import numpy as np
import pytest

import nbann
from nbann import initializers

SHAPE = (300, 200)


def draw(init, seed=0):
    return init(np.random.default_rng(seed), SHAPE)


@pytest.mark.parametrize(
    ("init", "std"),
    [
        (initializers.Normal(), 0.01),
        (initializers.Normal(std=0.5), 0.5),
        (initializers.HeNormal(), np.sqrt(2 / 300)),
        (initializers.GlorotUniform(), np.sqrt(2 / (300 + 200))),
    ],
)
def test_mean_and_deviation(init, std):
    weights = draw(init)
    assert weights.shape == SHAPE
    count = weights.size
    assert abs(weights.mean()) < 5 * std / np.sqrt(count)
    assert weights.std() == pytest.approx(std, rel=5 / np.sqrt(2 * count))


def test_glorot_stays_in_its_bounds_and_fills_them():
    bound = np.sqrt(6 / 500)
    weights = draw(initializers.GlorotUniform())
    assert np.abs(weights).max() <= bound
    assert np.abs(weights).max() > 0.999 * bound
    assert (np.abs(weights) < bound / 2).mean() == pytest.approx(0.5, abs=0.02)


def test_zeros():
    np.testing.assert_array_equal(draw(initializers.Zeros()), 0)


def test_one_seed_one_draw():
    init = initializers.HeNormal()
    np.testing.assert_array_equal(draw(init, 1), draw(init, 1))
    assert not np.array_equal(draw(init, 1), draw(init, 2))


@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("glorot_uniform", np.sqrt(2 / 500)),
        ("he_normal", np.sqrt(2 / 300)),
        ("normal", 0.01),
        ("zeros", 0),
    ],
)
def test_by_name_in_a_layer(name, std):
    X = np.zeros((2, 300))
    model = nbann.Sequential([nbann.Dense(200, init=name)])
    trainer = nbann.Trainer(model, (X, np.zeros((2, 200))))
    assert trainer["dense1.weight"].std() == pytest.approx(std, rel=0.02)
    np.testing.assert_array_equal(trainer["dense1.bias"], 0)


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
