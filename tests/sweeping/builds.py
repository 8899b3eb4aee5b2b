"""Builds that the tests of sweeps train; small, so that a run takes some milliseconds."""

import nbann


def data():
    return nbann.datasets.moons(60, seed=3).split(test=0.25, seed=0)


def build(rate=0.1, neurons=4, seed=0):
    train, test = data()
    net = nbann.Sequential([nbann.Dense(neurons), nbann.Tanh(), nbann.Dense(2)])
    return nbann.Trainer(
        net, train, test=test, optimizer=nbann.SGD(learning_rate=rate), batch_size=16, seed=seed
    )


def steep(rate=0.1, seed=0):
    """Return a trainer that a large learning rate makes diverge."""
    train, test = data()
    layers = [nbann.Dense(8), nbann.ReLU(), nbann.Dense(8), nbann.ReLU(), nbann.Dense(2)]
    sgd = nbann.SGD(learning_rate=rate)
    return nbann.Trainer(nbann.Sequential(layers), train, test=test, optimizer=sgd, seed=seed)


GRID = {"rate": [0.02, 0.5], "neurons": [3, 6]}


def same(one, other, *, but=("seconds",)):
    """Compare two sweeps number by number, every bit of them; times apart."""
    assert one.table.dtype.names == other.table.dtype.names
    for name in one.table.dtype.names:
        if name not in but:
            assert one.table[name].tobytes() == other.table[name].tobytes() or (
                one.table[name].dtype == object and list(one.table[name]) == list(other.table[name])
            ), name
    for a, b in zip(one, other, strict=True):
        assert list(a.history) == list(b.history)
        for column in a.history:
            assert a.history[column].tobytes() == b.history[column].tobytes()
