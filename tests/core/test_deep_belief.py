"""Features of Boltzmann machines: better than raw pixels, and a start for a deep net."""

import numpy as np
import pytest
from scipy.ndimage import shift
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import nbann

from .tiny_rbm import binary


@pytest.fixture(scope="module")
def digits():
    """Binarized digits, each also shifted by a pixel to four sides, as in scikit-learn's example.

    https://scikit-learn.org/stable/auto_examples/neural_networks/plot_rbm_logistic_classification.html
    """
    X, y = load_digits(return_X_y=True)
    ways = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    images = X.reshape(-1, 8, 8)
    moved = [[shift(image, way, order=0) for image in images] for way in ways]
    X, y = (np.concatenate(moved).reshape(-1, 64) > 7) * 1.0, np.tile(y, 5)
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[:3000], order[3000:6000]
    return X[train], y[train], X[test], y[test]


def accuracy(features, y, test_features, test_y):
    logistic = LogisticRegression(C=10, max_iter=1000).fit(features, y)
    return logistic.score(test_features, test_y)


@pytest.mark.parametrize("settings", [{}, {"persistent": True, "chains": 20}])
def test_hidden_units_tell_digits_apart_better_than_pixels(digits, settings):
    X, y, test_X, test_y = digits
    rbm = nbann.RBM(100, **settings)
    data = nbann.Dataset(X, task="unsupervised")
    trainer = nbann.Trainer(rbm, data, batch_size=20, evaluate_every=None)
    trainer.run(epochs=20)
    raw = accuracy(X, y, test_X, test_y)
    found = accuracy(rbm.hidden(trainer, X), y, rbm.hidden(trainer, test_X), test_y)
    assert found > raw + 0.1  # 0.69 of the pixels; 0.85 when this was written


def test_pretraining_helps_where_labels_are_few(digits):
    X, y, test_X, test_y = digits
    settings = {"batch_size": 20, "evaluate_every": None}
    stack = nbann.DeepBelief.pretrain([nbann.RBM(100), nbann.RBM(60)], X, epochs=20, **settings)
    head = nbann.Dense(10, name="classes")
    pretrained = stack.sequential([head])
    layers = [nbann.Dense(100), nbann.Sigmoid(), nbann.Dense(60), nbann.Sigmoid()]
    nets = pretrained, nbann.Sequential([*layers, nbann.Dense(10)])
    scores = []
    for net in nets:
        sgd = nbann.SGD(0.1, momentum=0.9)
        trainer = nbann.Trainer(net, (X[:300], y[:300]), optimizer=sgd, evaluate_every=None)
        trainer.run(epochs=60)
        scores.append(trainer.evaluate((test_X, test_y))["accuracy"])
    assert scores[0] > scores[1] + 0.1  # 0.76 and 0.58 when this was written


def test_each_machine_learns_what_the_one_below_found():
    X, settings = binary(30), {"batch_size": 5, "seed": 3}
    stack = nbann.DeepBelief.pretrain([nbann.RBM(5), nbann.RBM(3, k=2)], X, epochs=3, **settings)
    first = nbann.Trainer(nbann.RBM(5), nbann.Dataset(X, task="unsupervised"), **settings)
    first.run(epochs=3)
    between = 1 / (1 + np.exp(-(X @ first["rbm.weight"] + first["rbm.hidden_bias"])))
    second = nbann.Trainer(
        nbann.RBM(3, k=2), nbann.Dataset(between, task="unsupervised"), **settings
    )
    second.run(epochs=3)
    np.testing.assert_array_equal(stack.trainers[0]["rbm.weight"], first["rbm.weight"])
    np.testing.assert_allclose(stack.trainers[1]["rbm.weight"], second["rbm.weight"], atol=1e-12)
    by_hand = nbann.DeepBelief([first, second])
    np.testing.assert_allclose(by_hand.hidden(X), stack.hidden(X), atol=1e-12)


def test_the_net_starts_as_the_machines():
    X = binary(30)
    stack = nbann.DeepBelief.pretrain([nbann.RBM(5), nbann.RBM(3)], X, epochs=2)
    labels = (X[:, 0] > 0).astype(int)
    trainer = nbann.Trainer(stack.sequential([nbann.Dense(2, name="classes")]), (X, labels))
    trainer.step("phase")
    rows = [int(np.flatnonzero((x == X).all(axis=1))[0]) for x in trainer["x"]]
    np.testing.assert_allclose(trainer["sigmoid2.out"], stack.hidden(X)[rows], rtol=1e-13)
    before = stack.trainers[0]["rbm.weight"].copy()
    trainer.run(epochs=2)
    np.testing.assert_array_equal(stack.trainers[0]["rbm.weight"], before)
    assert trainer.check_gradients().error < 1e-6
    assert repr(stack) == "<DeepBelief of 6 visible and 5, 3 hidden units>"


def test_bad_stacks():
    X = binary()
    trainer = nbann.Trainer(nbann.RBM(4), nbann.Dataset(X, task="unsupervised"))
    with pytest.raises(ValueError, match="at least one"):
        nbann.DeepBelief([])
    with pytest.raises(ValueError, match="trainers of RBMs"):
        nbann.DeepBelief([nbann.RBM(4)])
    with pytest.raises(ValueError, match=r"4 visible units.*received 6"):
        nbann.DeepBelief([trainer, trainer])
    with pytest.raises(ValueError, match="epochs"):
        nbann.DeepBelief.pretrain([nbann.RBM(4)], X, epochs=0)
    for wrong in (nbann.RBM(4), [4, 3], 4):
        with pytest.raises(ValueError, match=r"DeepBelief.pretrain: expected .*RBMs"):
            nbann.DeepBelief.pretrain(wrong, X)
    with pytest.raises(ValueError, match=r"one of this RBM.*received 'trainer'"):
        trainer.model.hidden("trainer", X)
    with pytest.raises(ValueError, match="from 0 to 1"):
        nbann.DeepBelief.pretrain([nbann.RBM(4)], X * 5)
