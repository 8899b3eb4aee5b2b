"""The nets of `tests/goldens/make_recurrent.py` in nbann, for the tests of recurrent layers."""

import numpy as np

import nbann

from ..goldens.make_recurrent import CASES, RATE, UNITS, data, start

KINDS = ("RNN", "LSTM", "GRU")


def layer_of(kind, settings, arrays, name):
    """Return a layer with given weights; a kind of "Bi..." in both directions."""
    if not kind.startswith("Bi"):
        keys = ("weight", "recurrent", "bias", "recurrent_bias")
        given = {k: arrays[f"{name}.{k}"] for k in keys if f"{name}.{k}" in arrays}
        own = None if name.count(".") else name
        return getattr(nbann, kind)(UNITS, name=own, **(settings | given))
    inner = {k: v for k, v in settings.items() if k != "merge"}
    parts = [
        layer_of(kind.removeprefix("Bi"), inner, arrays, f"{name}.{part}")
        for part in ("forward", "backward")
    ]
    return nbann.Bidirectional(*parts, merge=settings.get("merge", "concatenate"), name=name)


def model_of(case, arrays=None):
    """Return the model of a case, from the start values of the goldens."""
    arrays = start(case) if arrays is None else arrays
    layers = [
        layer_of(kind, settings, arrays, f"layer{number}")
        for number, (kind, settings) in enumerate(CASES[case][0], 1)
    ]
    output = nbann.Dense(
        2, weight=arrays["output.weight"], bias=arrays["output.bias"], name="output"
    )
    return nbann.Sequential([*layers, output])


def trainer_of(case, **settings):
    """Return a trainer of a case: mean squared error, the whole set in a batch."""
    X, y, mask = data(case)
    settings = {"optimizer": nbann.SGD(RATE), "batch_size": None} | settings
    train = nbann.Dataset(X, y, task="regression", mask=mask)
    return nbann.Trainer(model_of(case), train, loss="mean_squared_error", **settings)


def shown(output, mask):
    """Return an output with 0 at the time steps that are not there."""
    return output * mask[:, :, None] if mask is not None and np.ndim(output) == 3 else output


def drawn(kind, shape, seed, **more):
    """Return a trainer of one layer on drawn data, and the data."""
    rows, times, features, units = shape
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, times, features))
    y = rng.standard_normal((rows, 2))
    net = nbann.Sequential([getattr(nbann, kind)(units, **more), nbann.Dense(2)])
    return nbann.Trainer(net, (X, y), batch_size=None, seed=seed), X, y
