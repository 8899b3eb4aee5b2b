"""Nets of every kind, small enough to be worked out by hand."""

from collections.abc import Callable

import numpy as np

import nbann


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _trainer(layers: list, X: np.ndarray, y: object = None, **options: object) -> nbann.Trainer:
    y = np.arange(len(X)) % 2 if y is None else y
    options = {"batch_size": 6, **options}
    return nbann.Trainer(nbann.Sequential(layers), nbann.Dataset(X, y), **options)


def flat(rows: int = 12, features: int = 4) -> np.ndarray:
    return _rng().normal(size=(rows, features))


def sequences() -> np.ndarray:
    return _rng().normal(size=(12, 4, 2))


def chain() -> nbann.Trainer:
    return _trainer([nbann.Dense(5), nbann.Tanh(), nbann.Dense(3)], flat(), np.arange(12) % 3)


def heads() -> nbann.Trainer:
    X = flat()
    y = {"kind": np.arange(12) % 2, "value": X[:, 0]}
    parts = {
        "kind": [nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)],
        "value": [nbann.Dense(1)],
    }
    net = nbann.Heads([nbann.Dense(4), nbann.Tanh()], parts)
    return nbann.Trainer(net, nbann.Dataset(X, y), batch_size=6)


def residual() -> nbann.Trainer:
    block = nbann.Residual([nbann.Dense(3), nbann.Tanh(), nbann.Dense(4)])
    layers = [nbann.Dense(4), nbann.Tanh(), block, nbann.Dropout(0.5), nbann.Dense(2)]
    return _trainer(layers, flat())


def recurrent() -> nbann.Trainer:
    return _trainer([nbann.RNN(3), nbann.Dense(2)], sequences())


def every_step() -> nbann.Trainer:
    layers = [nbann.LSTM(3, return_sequences=True), nbann.Dense(2)]
    return _trainer(layers, sequences(), _rng().integers(0, 2, (12, 4)))


def both_ways() -> nbann.Trainer:
    return _trainer([nbann.Bidirectional(nbann.RNN(3)), nbann.Dense(2)], sequences())


def things() -> nbann.Trainer:
    X = _rng().integers(0, 5, (12, 4))
    return _trainer([nbann.Embedding(5, 3), nbann.Flatten(), nbann.Dense(2)], X)


def normalized() -> nbann.Trainer:
    layers = [nbann.Dense(4), nbann.BatchNorm(), nbann.ReLU(), nbann.LayerNorm(), nbann.Dense(2)]
    return _trainer(layers, flat())


def very_deep() -> nbann.Trainer:
    layers = [layer for _ in range(18) for layer in (nbann.Dense(5), nbann.Tanh())]
    return _trainer([*layers, nbann.Dense(3)], flat(), np.arange(12) % 3)


def rbm() -> nbann.Trainer:
    return nbann.Trainer(nbann.RBM(3), (flat() > 0) * 1.0, batch_size=6)


def bam() -> nbann.Trainer:
    X, y = np.sign(flat(2, 6)), np.sign(flat(2, 3))
    return nbann.Trainer(nbann.BAM(3), nbann.Dataset(X, y))


def hopfield(units: int = 16) -> nbann.Trainer:
    return nbann.Trainer(nbann.Hopfield(), np.sign(_rng().normal(size=(2, units))))


def recall() -> nbann.Trainer:
    stored = hopfield()
    stored.run(1)
    return stored.model.recall(stored, np.sign(_rng().normal(size=16)))


def som() -> nbann.Trainer:
    return nbann.Trainer(nbann.SOM(3, 4), flat(10, 2))


NETS: dict[str, Callable[[], nbann.Trainer]] = {
    f.__name__.replace("_", " "): f
    for f in (
        chain, heads, residual, recurrent, every_step, both_ways, things, normalized, very_deep,
        rbm, bam, hopfield, recall, som,
    )
}  # fmt: skip
