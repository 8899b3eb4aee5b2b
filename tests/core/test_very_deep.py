"""A hundred layers: plain ones do not train, and the diagnosis says where; residual ones do.

The gradients of the plain nets are computed once more by a loop over layers in plain NumPy.
"""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nbann
from nbann.core.scoring.diagnosis_rules import EXPLODING, VANISHING

DEPTH = 100
FUNCTIONS = {  # f(z), and its slope from z
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (
        lambda z: 1 / (1 + np.exp(-z)),
        lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    ),
}
LAYERS = {"relu": nbann.ReLU, "tanh": nbann.Tanh, "sigmoid": nbann.Sigmoid}


def digits(seed=0):
    X, y = load_digits(return_X_y=True)
    parts = train_test_split(X / 16, y, test_size=0.2, random_state=seed, stratify=y)
    X, X_test, y, y_test = parts
    return (X, y), (X_test, y_test)


def plain(activation, init, rate=0.01, seed=0, width=32, **settings):
    layers = []
    for _ in range(DEPTH - 1):
        layers += [nbann.Dense(width, init=init), LAYERS[activation]()]
    net = nbann.Sequential([*layers, nbann.Dense(10, init=init)])
    train, test = digits()
    how = {"optimizer": nbann.SGD(rate, momentum=0.9), "batch_size": 64, "seed": seed} | settings
    return nbann.Trainer(net, train, test=test, **how)


def residual(seed, data_seed=0):
    """Dense, 98 blocks of norm, ReLU and Dense (He et al., 2016, "Identity Mappings"), Dense."""
    train, test = digits(data_seed)
    blocks = [
        nbann.Residual([nbann.BatchNorm(), nbann.ReLU(), nbann.Dense(64, init="he_normal")])
        for _ in range(DEPTH - 2)
    ]
    first = nbann.Dense(64, init="he_normal")
    net = nbann.Sequential([first, *blocks, nbann.BatchNorm(), nbann.ReLU(), nbann.Dense(10)])
    how = {"optimizer": nbann.SGD(0.05, momentum=0.9), "batch_size": 64, "seed": seed}
    return nbann.Trainer(net, train, test=test, **how)


def gradients_by_hand(trainer, activation):
    """Return mean |dL/dz| and mean |dL/da| of all layers in order, by backpropagation in NumPy."""
    f, slope = FUNCTIONS[activation]
    parameters = [array.copy() for array in trainer.parameters.values()]
    weights, biases = parameters[::2], parameters[1::2]
    a, zs = trainer["x"], []
    for w, b in zip(weights, biases, strict=True):
        zs.append(a @ w + b)
        a = f(zs[-1])
    exps = np.exp(zs[-1] - zs[-1].max(axis=1, keepdims=True))
    p = exps / exps.sum(axis=1, keepdims=True)
    p[range(len(p)), trainer["y"]] -= 1
    dz, means = p / len(p), []
    for w, z in zip(weights[:0:-1], zs[-2::-1], strict=True):
        means += [np.abs(dz).mean()]
        da = dz @ w.T
        means += [np.abs(da).mean()]
        dz = da * slope(z)
    return np.array([*means, np.abs(dz).mean()][::-1])


SMALL, LARGE = nbann.initializers.Normal(0.05), nbann.initializers.Normal(0.5)


@pytest.mark.parametrize(
    ("activation", "init"),
    [
        ("sigmoid", "glorot_uniform"), ("sigmoid", SMALL), ("sigmoid", "he_normal"),
        ("tanh", SMALL), ("relu", SMALL), ("relu", "glorot_uniform"), ("relu", LARGE),
    ],
    ids=str,
)  # fmt: skip
def test_where_the_gradient_of_a_plain_net_is_lost(activation, init):
    trainer = plain(activation, init)
    trainer.step("phase", 3)  # up to the gradients, at the start weights
    by_hand = gradients_by_hand(trainer, activation)
    stats = nbann.layer_stats(trainer)
    np.testing.assert_allclose(stats.column("gradient"), by_hand, rtol=1e-6)
    ratios = by_hand / by_hand[-1]
    found = nbann.diagnose(trainer)
    if init is LARGE:
        kind, ill = "exploding_gradient", ratios > EXPLODING
        assert ratios[0] > 1e15
    else:
        kind, ill = "vanishing_gradient", ratios < VANISHING
        assert ratios[0] < 1e-15
    assert found[kind].layer == stats.layers[np.flatnonzero(ill)[-1]]
    assert "dense1" in found[kind].message
    assert {"exploding_gradient", "vanishing_gradient"} & set(found.kinds) == {kind}


def test_the_factor_at_each_layer_is_what_theory_says():
    """ReLU and N(0, s**2): gradients change by sqrt(width * s**2 / 2) a layer (He et al., eq. 14).

    On average over weights; the logarithm of one net's factor is a little less, of order 1/width.
    """
    for factor in (0.8, 1.0, 1.25):
        init = nbann.initializers.Normal(factor * np.sqrt(2 / 128))
        trainer = plain("relu", init, width=128)
        trainer.step("phase", 3)
        norms = nbann.layer_stats(trainer).column("gradient_norm")[1::2]  # of the ReLUs
        each = (np.log(norms[0]) - np.log(norms[-1])) / (len(norms) - 1)
        assert each == pytest.approx(np.log(factor), abs=0.03)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_a_plain_net_of_a_hundred_layers_does_not_learn(activation):
    trainer = plain(activation, SMALL)
    assert trainer.run(3).reason == "epochs"
    assert trainer.history["test_accuracy"][-1] < 0.2
    assert "vanishing_gradient" in nbann.diagnose(trainer).kinds


def test_a_start_too_large_ends_in_numbers_that_are_not_finite():
    trainer = plain("relu", LARGE)
    stop = trainer.run(1)
    assert stop.reason == "nan"
    assert stop.position.epoch == 0
    found = nbann.diagnose(trainer)
    assert "not_finite" in found.kinds
    assert all(np.isfinite(array).all() for array in trainer.parameters.values())


def test_a_hundred_residual_layers_learn_the_digits():
    """At least 95% on test data, as a range: deep training differs with the BLAS at hand.

    Six seeds gave 97.2% to 98.3% after ten epochs, in 4 to 10 seconds on one core.
    """
    trainer = residual(seed=0)
    assert len([name for name in trainer.parameters if name.endswith(".weight")]) == DEPTH
    trainer.step("phase", 3)
    gradients = nbann.layer_stats(trainer).column("gradient")
    assert gradients.min() > 1e-2 * gradients[-1]  # it arrives everywhere from the first batch on
    assert gradients.max() < 1e2 * gradients[-1]
    rules = [nbann.TargetReached("test_accuracy", 0.97)]
    trainer.run(14, until=rules)
    assert trainer.history["test_accuracy"].max() >= 0.95
    assert not nbann.diagnose(trainer)
