"""Pictures of data in a file or a stream show some of their rows, those that they say."""

import numpy as np
import pytest

import nbann
from nbann.core.data.glimpse import MOST, glimpse
from tests.core.filed_data import in_file

X = np.random.default_rng(0).normal(size=(3000, 2))
Y = (X[:, 0] > 0).astype(np.int64)
NAMES = ["loss", "decision", "confusion", "probabilities", "network", "weights"]


def trainer(train):
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(2)])
    return nbann.Trainer(net, train, batch_size=500)


def parts():
    return [(X[i : i + 500], Y[i : i + 500]) for i in range(0, 3000, 500)]


def ways(folder):
    yield in_file(X, folder, "X"), in_file(Y, folder, "y")
    yield nbann.Stream(parts())
    yield nbann.Stream(iter(parts()), samples=3000)


@pytest.mark.parametrize("way", range(3))
def test_panels_draw_rows_that_are_in_the_data(tmp_path, way):
    run = trainer(list(ways(tmp_path))[way])
    run.run(epochs=1)
    shown = glimpse(run.train_data)
    assert shown is glimpse(run.train_data)
    expected = np.linspace(0, 2999, MOST).astype(int) if way == 0 else np.arange(500)
    assert np.array_equal(shown.X, X[expected])
    assert np.array_equal(shown.y, Y[expected])
    board = nbann.Dashboard(run, NAMES)
    drawn = {tuple(row) for line in board.panels[1].ax.lines for row in line.get_xydata()}
    known = {tuple(row) for row in X[expected]}
    assert len(drawn & known) >= 50
    assert not drawn & ({tuple(row) for row in X} - known)


def test_data_in_memory_are_drawn_as_they_are():
    ds = nbann.Dataset(X, Y)
    assert glimpse(ds) is ds
    assert glimpse(None) is None
