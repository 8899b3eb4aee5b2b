"""Predicted values, bands and scores against plain NumPy and scikit-learn."""

import numpy as np
import pytest

import nbann
from nbann.panels import Predictions
from nbann.panels.text import number

from .alike import assert_never_stale
from .boards import attached, classes, values


def curve(loss=None, outputs=1, **options):
    net = nbann.Sequential(
        [nbann.Dense(5, name="hidden"), nbann.Tanh(), nbann.Dense(outputs, name="output")]
    )
    return nbann.Trainer(net, nbann.datasets.heteroscedastic(60), loss=loss, **options)


def outputs_of(trainer, X):
    """The net's outputs in plain NumPy."""
    p = trainer.parameters
    hidden = np.tanh(X @ p["hidden.weight"] + p["hidden.bias"])
    return hidden @ p["output.weight"] + p["output.bias"]


def vertices(collection):
    return np.concatenate([path.vertices for path in collection.get_paths()])


def test_scores_are_those_of_scikit_learn():
    from sklearn.metrics import r2_score, root_mean_squared_error

    panel = attached(Predictions(), values())
    trainer, data = panel.trainer, panel.trainer.train_data
    for _ in range(2):
        predicted = trainer.predict(data.X)
        r2, rmse = panel.predicted.scores()
        assert r2 == pytest.approx(r2_score(data.y, predicted), rel=1e-12)
        assert rmse == pytest.approx(root_mean_squared_error(data.y, predicted), rel=1e-12)
        off = data.y - predicted
        words = f"R2 {number(r2)}, RMSE {number(rmse)}; residuals from {number(off.min())}"
        assert words in panel.describe()
        trainer.run(60)
        panel.update()


def test_points_stand_over_true_values_with_the_diagonal():
    panel = attached(Predictions(), values())
    panel.trainer.run(40)
    panel.update()
    data = panel.trainer.train_data
    across, up = panel._points.get_data()
    np.testing.assert_array_equal(across, data.y)
    np.testing.assert_allclose(up, panel.trainer.predict(data.X), rtol=1e-12)
    ends = panel._main.ends
    assert ends[0] == ends[1]
    assert ends[0][0] < min(across.min(), up.min())
    assert max(across.max(), up.max()) < ends[0][1]
    to_pixels = panel._main.transform - panel.ax.transData
    corners = np.column_stack(panel._diagonal.get_data())
    np.testing.assert_allclose(to_pixels.transform(np.column_stack([ends[0]] * 2)), corners)


def test_the_picture_is_where_the_scales_say():
    panel = attached(Predictions(), values())
    x, y, wide, high = panel._main.frame
    (left, right), (low, top) = panel._main.ends
    for at, pixel in (((left, low), (x, y)), ((right, top), (x + wide, y + high))):
        got = panel._main.transform.transform(at) - panel.ax.transData.transform((0, 0))
        np.testing.assert_allclose(got, pixel, atol=1e-6)


def test_one_feature_gives_a_curve():
    panel = attached(Predictions(), curve())
    trainer, data = panel.trainer, panel.trainer.train_data
    trainer.run(5)
    panel.update()
    (line,) = panel._lines
    across, up = line.get_data()
    assert across[0] < data.X.min()
    assert data.X.max() < across[-1]
    np.testing.assert_allclose(up, outputs_of(trainer, across[:, None])[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(np.column_stack(panel._points.get_data()), np.c_[data.X, data.y])
    assert "y of 60 training samples" in panel.describe()


def test_a_gaussian_has_a_band_of_two_deviations():
    trainer = curve(nbann.GaussianNLL(), 2)
    trainer.run(5)
    panel = attached(Predictions(), trainer)
    grid = panel.predicted.grid
    m, s = outputs_of(trainer, grid[:, None]).T
    off = 2 * np.sqrt(np.exp(s) + 1e-6)
    edge = vertices(panel._band)
    np.testing.assert_allclose(edge[:200], np.c_[grid, m - off], rtol=1e-10)
    np.testing.assert_allclose(edge[200:400], np.c_[grid, m + off][::-1], rtol=1e-10)
    np.testing.assert_allclose(panel._lines[0].get_ydata(), m, rtol=1e-12)
    data = trainer.train_data
    m, s = outputs_of(trainer, data.X).T
    inside = (np.abs(data.y - m) <= 2 * np.sqrt(np.exp(s) + 1e-6)).sum()
    assert f"{inside} of 60 lie within two standard deviations" in panel.describe()


def test_quantiles_are_lines_and_the_middle_one_is_scored():
    trainer = curve(nbann.Pinball([0.2, 0.4, 0.9]), 3)
    trainer.run(5)
    panel = attached(Predictions(), trainer)
    found = outputs_of(trainer, panel.predicted.grid[:, None])
    expected = [found[:, 1], *found.T]  # 0.4 is the nearest to 1/2
    for line, column in zip(panel._lines, expected, strict=True):
        np.testing.assert_allclose(line.get_ydata(), column, rtol=1e-12)
    data = trainer.train_data
    at = outputs_of(trainer, data.X)
    np.testing.assert_allclose(panel.predicted.residuals(), data.y - at[:, 1], rtol=1e-10)
    inside = ((data.y >= at[:, 0]) & (data.y <= at[:, 2])).sum()
    assert f"{inside} of 60 lie within the quantiles 0.2 and 0.9" in panel.describe()
    assert any("quantile 0.4; band: 0.2 to 0.9" in t.get_text() for t in panel.ax.texts)


def test_over_true_values_bounds_are_bars():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    net = nbann.Sequential([nbann.Dense(2)])
    trainer = nbann.Trainer(net, nbann.Dataset(X, X[:, 0]), loss=nbann.GaussianNLL())
    panel = attached(Predictions(), trainer)
    off = 2 * trainer.predict_std(X)
    m = trainer.predict(X)
    bars = np.array(panel._whiskers.get_segments())
    np.testing.assert_allclose(bars[:, 0], np.c_[X[:, 0], m - off], rtol=1e-10)
    np.testing.assert_allclose(bars[:, 1], np.c_[X[:, 0], m + off], rtol=1e-10)


def test_the_histogram_counts_every_residual():
    panel = attached(Predictions(), values())
    panel.trainer.run(40)
    panel.update()
    off = panel.trainer.train_data.y - panel.trainer.predict(panel.trainer.train_data.X)
    bars = [path.vertices for path in panel._bars.get_paths()]
    assert sum(bar[:, 1].max() for bar in bars) == len(off)
    for bar in bars:
        low, high = bar[:, 0].min(), bar[:, 0].max()
        count = ((off >= low) & (off < high)).sum()
        assert bar[:, 1].max() == pytest.approx(count, abs=1)  # one that is on an edge
    colors = panel._bars.get_facecolors()
    assert colors[0][2] > colors[0][0]  # below 0 blue
    assert colors[-1][0] > colors[-1][2]  # above orange


@pytest.mark.parametrize("target", [1, -1, "chins"])
def test_one_of_several_targets(target):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    data = nbann.Dataset(X, np.c_[X[:, 0], 2 * X[:, 1]], target_names=["waist", "chins"])
    panel = attached(Predictions(target), nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), data))
    off = data.y[:, 1] - panel.trainer.predict(X)[:, 1]
    np.testing.assert_allclose(panel.predicted.residuals(), off, rtol=1e-12)
    assert "chins of 20 training samples" in panel.describe()
    assert any(t.get_text() == "predicted chins" for t in panel.ax.texts)


def test_values_at_time_steps_that_are_there():
    X = nbann.Dataset.from_sequences([[[1.0], [2.0]], [[3.0]]], [[0.5, 1.0], [2.0]])
    net = nbann.Sequential([nbann.RNN(3, return_sequences=True), nbann.Dense(1)])
    trainer = nbann.Trainer(net, X, loss="mean_squared_error")
    panel = attached(Predictions(), trainer)
    predicted = trainer.predict(X.X, X.mask).reshape(2, 2)
    there = X.mask > 0
    expected = X.y.reshape(2, 2)[there] - predicted[there]
    np.testing.assert_allclose(panel.predicted.residuals(), expected, rtol=1e-12)
    assert "of 3 training time steps" in panel.describe()


def test_values_that_are_all_the_same_have_no_r2():
    X = np.arange(8.0).reshape(4, 2)
    net = nbann.Sequential([nbann.Dense(1)])
    panel = attached(Predictions(), nbann.Trainer(net, nbann.Dataset(X, np.ones(4)), loss="mse"))
    assert "R2 not defined" in panel.describe()


def test_a_run_that_fails_is_told():
    trainer = values()
    panel = attached(Predictions(), trainer)
    trainer.learning_rate = 1e200
    trainer.step("epoch", 5)
    panel.update()
    assert "not numbers" in panel.describe()
    assert "not a number" in panel._status.get_text()


@pytest.mark.parametrize("make", [values, curve, lambda: curve(nbann.GaussianNLL(), 2)])
def test_it_is_never_stale(make):
    trainer = make()
    assert_never_stale(Predictions, trainer, next(iter(trainer.parameters)))


def test_what_does_not_fit_is_told():
    fits = Predictions().fits
    assert "a classification task" in fits(classes())
    X = nbann.Dataset(np.eye(4), task="unsupervised")
    assert "gives back" in fits(nbann.Trainer(nbann.Autoencoder([nbann.Dense(2)]), X))
    patterns = 2.0 * np.eye(2, 4) - 1
    bam = nbann.Trainer(nbann.BAM(4), (patterns, patterns))
    assert fits(bam) is not None
    assert "a ranking task" in fits(
        nbann.Trainer(nbann.Sequential([nbann.Dense(1)]), nbann.datasets.ranking(5))
    )


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Predictions(1.5), "a column or a name"),
        (lambda: Predictions(True), "a column or a name"),
        (lambda: Predictions(of="tset"), "mean 'test'"),
        (lambda: attached(Predictions(1), values()), "a column from 0 to 0"),
        (lambda: attached(Predictions("z"), values()), "target"),
        (lambda: attached(Predictions(of="test"), values()), "with test data"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert repr(Predictions("y", of="test")) == "Predictions(target='y', of='test')"


def test_no_tick_label_is_cut_off_at_the_right_border():
    line = nbann.Sequential([nbann.Dense(1, weight=[[1.0]])])
    data = nbann.Dataset([[0.0], [1.0]], [-200.0, 201.0], task="regression")  # off by 200 at most
    trainer = nbann.Trainer(line, data, loss="mean_squared_error")
    board = nbann.Dashboard(trainer, [Predictions()], width=900)
    picture = board.render()
    right = int(board.figure.axes[0].bbox.x1)  # what a panel draws beyond it is cut off
    below = picture[len(picture) // 2 :]
    assert (below[:, right - 1 : right + 1] == picture[0, 0]).all()
