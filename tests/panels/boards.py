"""Trainers and a figure for the panels' tests."""

from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import nbann
from nbann.panels import Panel


def blobs(seed: int = 0, rows: int = 45, features: int = 4) -> nbann.Dataset:
    """Three classes around three centers."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    X = rng.normal(size=(rows, features)) + 2.0 * np.eye(3, features)[y]
    names = [f"feature {i}" for i in range(features)]
    return nbann.Dataset(X, y, feature_names=names, target_names=["red", "green", "blue"])


def classes(batch_size: int | None = 16, **options: object) -> nbann.Trainer:
    net = nbann.Sequential(
        [nbann.Dense(6, name="hidden"), nbann.ReLU(), nbann.Dense(3, name="output")]
    )
    train, test = blobs().split(seed=0)
    return nbann.Trainer(net, train, test=test, batch_size=batch_size, **options)


def trask() -> nbann.Trainer:
    net = nbann.Sequential(
        [nbann.Dense(4, bias=False), nbann.Sigmoid(), nbann.Dense(1, bias=False), nbann.Sigmoid()]
    )
    return nbann.Trainer(net, nbann.datasets.trask(), loss="half_squared_error")


def values() -> nbann.Trainer:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    net = nbann.Sequential([nbann.Dense(5), nbann.Tanh(), nbann.Dense(1)])
    return nbann.Trainer(net, nbann.Dataset(X, X[:, 0] + 100.0), loss="mean_squared_error")


def wide() -> nbann.Trainer:
    rng = np.random.default_rng(0)
    net = nbann.Sequential([nbann.Dense(128), nbann.ReLU(), nbann.Dense(10)])
    return nbann.Trainer(net, (rng.random((64, 784)), rng.integers(0, 10, 64)))


def deep() -> nbann.Trainer:
    layers = [layer for _ in range(11) for layer in (nbann.Dense(5), nbann.Tanh())]
    return nbann.Trainer(nbann.Sequential([*layers, nbann.Dense(3)]), blobs())


TRAINERS: dict[str, Callable[[], nbann.Trainer]] = {
    f.__name__: f for f in (classes, trask, values, wide, deep)
}


def attached(panel: Panel, trainer: nbann.Trainer, width: float = 4.5, **options: object) -> Panel:
    figure = Figure((width, 3.0), dpi=100)
    FigureCanvasAgg(figure)
    panel.attach(figure.add_axes((0.1, 0.15, 0.85, 0.7)), trainer, **options)
    return panel


def same_as_fresh(panel: Panel, drawn: Callable[[Panel], list[object]], **options: object) -> None:
    """Check that a panel that was updated draws what one does that is attached just now."""
    panel.update()
    fresh = attached(type(panel)(**options), panel.trainer)
    assert panel.describe() == fresh.describe()
    for old, new in zip(drawn(panel), drawn(fresh), strict=True):
        np.testing.assert_array_equal(old, new)
