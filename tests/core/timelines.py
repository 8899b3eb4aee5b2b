"""Runs with a past, and the oracle of it: the same done once more from scratch, op by op.

What is expected at a place is what a new trainer has there that never went back: it is stepped
there op by op, and on its way everything is done to it that was done on this line of events.
"""

import numpy as np

import nbann

from .nets import data, same_run

N = 23


def _net(*layers):
    return nbann.Sequential([*layers, nbann.Dense(3, name="last")])


def _flat(**settings):
    X, labels, _ = data(N)
    return lambda layers: nbann.Trainer(_net(*layers), (X, labels), seed=4, **settings)


def _sequences(**settings):
    rng = np.random.default_rng(7)
    X = rng.standard_normal((N, 4, 2))
    mask = np.ones((N, 4))
    mask[::3, 3] = 0
    ds = nbann.Dataset(X, rng.integers(0, 3, N), mask=mask)
    return lambda layers: nbann.Trainer(_net(*layers), ds, seed=4, **settings)


def _characters():
    data = nbann.datasets.characters("cabaccab" * 3, length=4, step=3)
    net = _net(nbann.Embedding(3, 3, name="first"), nbann.GRU(3, return_sequences=True))
    return nbann.Trainer(net, data, batch_size=4, optimizer=nbann.Adam(0.05), seed=4)


def _first():
    return nbann.Dense(5, name="first")


def _ranking(loss):
    ds = nbann.datasets.ranking(N, 6, features=3, seed=2)
    hidden = [_first(), nbann.Tanh(), nbann.Dropout(0.2), nbann.Dense(3, name="last")]
    net = nbann.Sequential([*hidden, nbann.Tanh(), nbann.Dense(1, name="score")])
    return nbann.Trainer(net, ds, loss=loss, batch_size=6, optimizer=nbann.Adam(0.02), seed=4)


RUNS = {
    "plain": lambda: _flat(batch_size=6)([_first(), nbann.Tanh()]),
    "full batch": lambda: _flat(batch_size=None, evaluate_every=2)([_first(), nbann.ReLU()]),
    "dropout": lambda: _flat(batch_size=6)([_first(), nbann.ReLU(), nbann.Dropout(0.4)]),
    "batch norm": lambda: _flat(batch_size=8, optimizer=nbann.SGD(0.1, momentum=0.9))(
        [_first(), nbann.BatchNorm(), nbann.Sigmoid()]
    ),
    "adam": lambda: _flat(batch_size=5, optimizer=nbann.Adam(0.05), l2=0.01)(
        [_first(), nbann.Tanh(), nbann.Dropout(0.2)]
    ),
    "nesterov, schedule": lambda: _flat(
        batch_size=7,
        optimizer=nbann.SGD(
            nbann.schedules.CosineDecay(0.3, 20), momentum=0.8, nesterov=True, clip_norm=0.5
        ),
    )([_first(), nbann.GELU()]),
    "plateau": lambda: _flat(
        batch_size=12,
        test=data(9, seed=5)[:2],
        optimizer=nbann.SGD(
            nbann.schedules.ReduceOnPlateau(
                0.5, factor=0.5, patience=0, min_delta=0.2, monitor="test_loss"
            )
        ),
    )([_first(), nbann.Tanh()]),
    "float32, adamw": lambda: _flat(batch_size=6, optimizer=nbann.AdamW(0.02), dtype="float32")(
        [_first(), nbann.LayerNorm(), nbann.ReLU()]
    ),
    "noise, sparsity, tied": lambda: _flat(batch_size=6, optimizer=nbann.Adam(0.02))(
        [
            nbann.GaussianNoise(0.2),
            _first(),
            nbann.Sigmoid(),
            nbann.ActivityPenalty(l1=0.01, kl=0.1),
            nbann.MaskingNoise(0.2),
            nbann.DenseTranspose("first"),
        ]
    ),
    "rnn": lambda: _sequences(batch_size=9, optimizer=nbann.RMSprop(0.01))(
        [nbann.RNN(3, name="first")]
    ),
    "bidirectional": lambda: _sequences(batch_size=9, optimizer=nbann.SGD(0.1, clip_value=0.1))(
        [nbann.Bidirectional(nbann.LSTM(2), name="first"), nbann.Dropout(0.3)]
    ),
    "lambdarank": lambda: _ranking("lambdarank"),
    "listnet": lambda: _ranking("listnet"),
    "characters": _characters,
}


def do(trainer, act):
    """Intervene."""
    match act:
        case ("rate", rate):
            trainer.learning_rate = rate
        case ("set", name, index, value):
            trainer.set(name, index, value)
        case (method, *arguments):
            getattr(trainer, method)(*arguments)


class Line:
    """What a person has done on one line of events, each with its place."""

    def __init__(self, make):
        self.make = make
        self.acts = []

    def acted(self, position, act):
        """Note an intervention; what was done at later places was on another line."""
        self.acts = [(p, a) for p, a in self.acts if p <= position] + [(position, act)]

    def at(self, position):
        """Return a new trainer that has come to a place straight on."""
        fresh = self.make()
        for place, act in self.acts:
            if place > position:
                break
            walk(fresh, place)
            do(fresh, act)
        walk(fresh, position)
        return fresh


def walk(trainer, position):
    """Step op by op to a place."""
    while trainer.position < position:
        trainer.step("op")
    assert trainer.position == position


def same_state(expected, found):
    """Assert that two trainers are the same in every number, those shown and those hidden."""
    same_run(expected, found)
    assert expected.loaded == found.loaded
    assert expected.learning_rate == found.learning_rate
    assert expected.restraints == found.restraints
    ours, theirs = expected._state.snapshot(), found._state.snapshot()
    assert ours.streams == theirs.streams
    for name, array in ours.arrays.items():
        np.testing.assert_array_equal(array, theirs.arrays[name], name)
    assert expected.names == found.names
    for name in expected.names:
        assert expected.is_current(name) == found.is_current(name), name
        if expected.is_current(name):
            np.testing.assert_array_equal(expected[name], found[name], name)
