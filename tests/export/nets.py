"""Trained nets of every kind of layer, and samples that they have not seen: what is exported.

Each entry of `NETS` is (layers, shape of a sample, further settings of the trainer); `trained`
makes the trainer and trains it a little, so that running statistics and biases leave their start.
"""

import numpy as np

import nbann

from ..core.nets import ACTIVATIONS


def _recurrent(kind, **settings):
    return lambda: [getattr(nbann, kind)(4, **settings), nbann.Dense(3)]


def _sequences(kind, **settings):
    return lambda: [
        getattr(nbann, kind)(4, return_sequences=True, **settings),
        nbann.Flatten(),
        nbann.Dense(3),
    ]


NETS = {
    "dense": (lambda: [nbann.Dense(5), nbann.Tanh(), nbann.Dense(3)], (4,), {}),
    "no bias": (lambda: [nbann.Dense(5, bias=False), nbann.ReLU(), nbann.Dense(3)], (4,), {}),
    "linear": (lambda: [nbann.Dense(3)], (4,), {}),
    "one output": (
        lambda: [nbann.Dense(4), nbann.Sigmoid(), nbann.Dense(1)],
        (4,),
        {"loss": "bce"},
    ),
    "squares": (lambda: [nbann.Dense(4), nbann.Sigmoid(), nbann.Dense(1)], (4,), {"loss": "mse"}),
    "over time": (
        lambda: [nbann.Dense(4), nbann.ReLU(), nbann.Flatten(), nbann.Dense(3)],
        (5, 2),
        {},
    ),
    "dropout": (
        lambda: [
            nbann.GaussianNoise(0.2),
            nbann.Dense(8),
            nbann.Dropout(0.4),
            nbann.ReLU(),
            nbann.MaskingNoise(0.3),
            nbann.Dense(3),
        ],
        (4,),
        {},
    ),
    "sparse": (
        lambda: [
            nbann.Dense(5),
            nbann.Sigmoid(),
            nbann.ActivityPenalty(kl=0.1),
            nbann.Dense(3),
        ],
        (4,),
        {},
    ),
    "batch norm": (
        lambda: [nbann.Dense(5), nbann.BatchNorm(momentum=0.3), nbann.ReLU(), nbann.Dense(3)],
        (4,),
        {},
    ),
    "batch norm over time": (
        lambda: [nbann.Dense(5), nbann.BatchNorm(), nbann.Flatten(), nbann.Dense(3)],
        (3, 4),
        {},
    ),
    "layer norm": (
        lambda: [nbann.LayerNorm(epsilon=1e-3), nbann.Dense(5), nbann.LayerNorm(), nbann.Dense(3)],
        (4,),
        {},
    ),
    "residual": (
        lambda: [
            nbann.Dense(4),
            nbann.Residual([nbann.LayerNorm(), nbann.Dense(4), nbann.ReLU()]),
            nbann.Residual([nbann.Dense(6), nbann.BatchNorm(), nbann.Tanh()]),
            nbann.Dense(3),
        ],
        (4,),
        {},
    ),
    "tied": (
        lambda: [
            nbann.Dense(5, name="in"),
            nbann.Tanh(),
            nbann.DenseTranspose("in"),
            nbann.Dense(3),
        ],
        (4,),
        {},
    ),
    "tied in a block": (
        lambda: [
            nbann.Residual([nbann.Dense(5, name="in"), nbann.DenseTranspose("in", bias=False)]),
            nbann.Dense(3),
        ],
        (4,),
        {},
    ),
    "transposed": (
        lambda: [
            nbann.Dense(5, name="in"),
            nbann.DenseTranspose("in", tied=False),
            nbann.Dense(3),
        ],
        (4,),
        {},
    ),
    "embedding": (
        lambda: [nbann.Embedding(7, 3), nbann.Flatten(), nbann.Dense(3)],
        (5,),
        {"tokens": 7},
    ),
    "embedding and LSTM": (
        lambda: [nbann.Embedding(7, 3), nbann.LSTM(4), nbann.Dense(3)],
        (5,),
        {"tokens": 7},
    ),
    "rnn": (_recurrent("RNN"), (6, 2), {}),
    "rnn relu": (_recurrent("RNN", activation="relu", bias=False), (6, 2), {}),
    "rnn sigmoid": (_sequences("RNN", activation="sigmoid", reverse=True), (6, 2), {}),
    "rnn gelu": (_recurrent("RNN", activation="gelu", bias=False), (6, 2), {}),
    "lstm": (_recurrent("LSTM"), (6, 2), {}),
    "lstm backward": (_recurrent("LSTM", reverse=True, bias=False), (6, 2), {}),
    "lstm sequences": (_sequences("LSTM"), (6, 2), {}),
    "gru": (_recurrent("GRU"), (6, 2), {}),
    "gru sequences backward": (_sequences("GRU", reverse=True), (6, 2), {}),
    "gru no bias": (_recurrent("GRU", bias=False), (6, 2), {}),
    "gru one bias": (_recurrent("GRU", recurrent_bias=False), (6, 2), {}),
    "two directions": (
        lambda: [
            nbann.Bidirectional(nbann.LSTM(3, return_sequences=True)),
            nbann.Bidirectional(nbann.GRU(3), nbann.RNN(4, activation="elu")),
            nbann.Dense(3),
        ],
        (6, 2),
        {},
    ),
    "sum of directions": (
        lambda: [nbann.Bidirectional(nbann.GRU(3), merge="sum"), nbann.Dense(3)],
        (6, 2),
        {},
    ),
    "strange names": (
        lambda: [
            nbann.Dense(4, name="class"),
            nbann.Tanh(name='x"); raise SystemExit("'),
            nbann.Dense(4, name="my layer"),
            nbann.ReLU(name="my-layer"),
            nbann.Dense(3, name="train"),
            nbann.Identity(name="0\n1"),
        ],
        (4,),
        {},
    ),
    **{
        f"activation {name}": (
            lambda make=make: [nbann.Dense(5), make(), nbann.Dense(3)],
            (4,),
            {},
        )
        for name, make in ACTIVATIONS.items()
    },
}


def samples(shape, seed, tokens=0, rows=24):
    """Return drawn samples, whole numbers where they are tokens."""
    rng = np.random.default_rng(seed)
    if tokens:
        return rng.integers(0, tokens, (rows, *shape))
    return 2 * rng.standard_normal((rows, *shape))


def trained(name, epochs=2, **more):
    """Return a trainer of a net by name, trained, and samples that it has not seen."""
    layers, shape, settings = NETS[name]
    settings = {"optimizer": nbann.Adam(0.05), "batch_size": 7, "seed": 3} | settings | more
    tokens = settings.pop("tokens", 0)
    X = samples(shape, 0, tokens)
    rng = np.random.default_rng(5)
    classes = 2 if settings.get("loss") == "bce" else 3
    y = rng.standard_normal(24) if settings.get("loss") == "mse" else rng.integers(0, classes, 24)
    trainer = nbann.Trainer(nbann.Sequential(layers()), (X, y), **settings)
    if epochs:
        trainer.run(epochs=epochs)
    return trainer, samples(shape, 1, tokens, rows=9)


def outputs(trainer, X):
    """Return what the last layer gives, by nbann."""
    last = list(dict(trainer.model.leaves()))[-1]
    return trainer.activations(f"{last}.out", X)


def with_heads(**settings):
    """Return a trainer of a net with three heads, and samples."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((24, 4))
    y = {
        "my species": rng.integers(0, 3, 24),
        "width": rng.standard_normal((24, 2)),
        "old": rng.integers(0, 2, 24),
    }
    heads = {
        "my species": [nbann.Dense(3)],
        "width": [nbann.Dense(4), nbann.ReLU(), nbann.Dense(2)],
        "old": [nbann.Dense(1)],
    }
    net = nbann.Heads([nbann.Dense(5), nbann.Tanh()], heads)
    losses = nbann.Losses({"old": "bce"}, weights={"width": 0.5})
    trainer = nbann.Trainer(net, nbann.Dataset(X, y), loss=losses, **({"batch_size": 7} | settings))
    trainer.run(epochs=2)
    return trainer, rng.standard_normal((9, 4))
