"""Trainers of all kinds for the tests of the native network view."""

import numpy as np

import nbann


def classes(**options):
    rng = np.random.default_rng(0)
    y = np.arange(45) % 3
    X = rng.normal(size=(45, 4)) + 2.0 * np.eye(3, 4)[y]
    data = nbann.Dataset(X, y, target_names=["red", "green", "blue"])
    net = nbann.Sequential(
        [nbann.Dense(6, name="hidden"), nbann.ReLU(name="relu"), nbann.Dense(3, name="output")]
    )
    return nbann.Trainer(net, data, **({"batch_size": 16} | options))


def wide():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Dense(128, name="hidden"), nbann.ReLU(), nbann.Dense(10)])
    return nbann.Trainer(net, (rng.random((64, 784)), rng.integers(0, 10, 64)))


def deep(layers=30):
    rng = np.random.default_rng(0)
    parts = [part for _ in range(layers) for part in (nbann.Dense(5), nbann.Tanh())]
    net = nbann.Sequential([*parts, nbann.Dense(3)])
    return nbann.Trainer(net, (rng.normal(size=(20, 4)), rng.integers(0, 3, 20)))


def heads():
    rng = np.random.default_rng(0)
    net = nbann.Heads(
        [nbann.Dense(5, name="body"), nbann.ReLU()],
        {"kind": [nbann.Dense(3)], "size": [nbann.Dense(4), nbann.Tanh(), nbann.Dense(1)]},
    )
    targets = {"kind": rng.integers(0, 3, 30), "size": rng.random(30)}
    loss = nbann.Losses({"kind": nbann.CrossEntropy(), "size": nbann.MeanSquaredError()})
    return nbann.Trainer(net, nbann.Dataset(rng.random((30, 4)), targets), loss=loss)


def lstm():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.LSTM(4, name="lstm"), nbann.Dense(2, name="output")])
    return nbann.Trainer(net, (rng.random((20, 6, 3)), rng.integers(0, 2, 20)))


def both_ways():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Bidirectional(nbann.RNN(4)), nbann.Dense(2)])
    return nbann.Trainer(net, (rng.random((20, 6, 3)), rng.integers(0, 2, 20)))


def words():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Embedding(7, 3, name="table"), nbann.RNN(4), nbann.Dense(7)])
    return nbann.Trainer(net, (rng.integers(0, 7, (20, 5)), rng.integers(0, 7, 20)))


def images():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Flatten(), nbann.Dense(4), nbann.Dense(2)])
    return nbann.Trainer(net, (rng.random((20, 6, 3)), rng.integers(0, 2, 20)))


def tied():
    rng = np.random.default_rng(0)
    net = nbann.Autoencoder([nbann.Dense(2), nbann.Tanh()], tied=True)
    return nbann.Trainer(net, nbann.Dataset(rng.random((20, 5)), task="unsupervised"))


def shortcut():
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Residual([nbann.Dense(4), nbann.ReLU()]), nbann.Dense(2)])
    return nbann.Trainer(net, (rng.random((20, 4)), rng.integers(0, 2, 20)))


def rbm():
    rng = np.random.default_rng(0)
    return nbann.Trainer(nbann.RBM(3), rng.integers(0, 2, (20, 5)).astype(float))


ALL = (classes, wide, deep, heads, lstm, both_ways, words, images, tied, shortcut, rbm)
