"""The decision boundary against predictions made here, point by point."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import nbann
from nbann.panels import DecisionBoundary
from nbann.panels.decision_boundary import telling_features
from nbann.panels.field import class_colors, stretch
from nbann.panels.style import THEMES

from .boards import attached, blobs, classes, trask, values


def by_hand(trainer, X):
    """Probabilities of a dense-relu-dense net from its arrays, in plain NumPy."""
    p = trainer.parameters
    hidden = np.maximum(X @ p["hidden.weight"] + p["hidden.bias"], 0)
    z = hidden @ p["output.weight"] + p["output.bias"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_answers_are_those_of_the_net_with_other_features_at_their_mean():
    panel = attached(DecisionBoundary(("feature 2", 0), resolution=9), classes())
    trainer = panel.trainer
    trainer.run(5)
    X = trainer.train_data.X
    (x0, x1), (y0, y1) = panel.ax.get_xlim(), panel.ax.get_ylim()
    for row, up in enumerate(np.linspace(y0, y1, 9)):
        for column, across in enumerate(np.linspace(x0, x1, 9)):
            sample = X.mean(axis=0)
            sample[2], sample[0] = across, up
            expected = by_hand(trainer, sample[None])[0]
            np.testing.assert_allclose(panel.answers()[row, column], expected, atol=1e-12)


def test_what_is_no_number_is_gray_and_stays_where_it_is():
    grid = np.random.default_rng(0).uniform(size=(5, 7, 3))
    grid /= grid.sum(axis=2, keepdims=True)
    grid[3, 2] = np.nan
    out = stretch(grid, 50, 70)
    filled = np.where(np.isnan(grid), 0.0, grid)
    gray = np.isnan(out).any(axis=2)
    rows, columns = np.nonzero(gray)
    assert 12 <= np.ptp(rows) + 1 <= 14  # of 50 pixels, the quarter round the fourth of five points
    assert 11 <= np.ptp(columns) + 1 <= 13
    np.testing.assert_array_equal(out[~gray], stretch(filled, 50, 70)[~gray])
    for theme in THEMES.values():
        colors = class_colors(out, theme)
        missing = [round(255 * c) for c in to_rgb(theme.faint)]
        np.testing.assert_array_equal(colors[gray][:, :3], [missing] * int(gray.sum()))
        assert not (colors[~gray][:, :3] == missing).all(axis=1).any()


@pytest.mark.parametrize("features", [1, 2])
def test_a_net_whose_outputs_are_no_numbers_rings_nothing(features):
    X = np.linspace(1.0, 2.0, 6)[:, None] * np.ones((1, features))
    ends = [[1e200] * 2, [-1e200] * 2]
    net = nbann.Sequential(
        [nbann.Dense(2, weight=[[1e200] * 2] * features), nbann.Dense(2, weight=ends)]
    )
    trainer = nbann.Trainer(net, (X, np.arange(6) % 2), metrics=[])
    panel = attached(DecisionBoundary(), trainer)
    assert np.isnan(panel.answers()).all()
    assert panel._status.get_text() == "outputs are not numbers"
    assert len(panel._rings.get_xdata()) == 0
    assert "not numbers" in panel.describe()
    panel.ax.get_figure().canvas.draw()


@pytest.mark.parametrize("features", [1, 2])
def test_a_single_class_is_everywhere(features):
    X = np.linspace(-1.0, 2.0, 6)[:, None] * np.ones((1, features))
    net = nbann.Sequential([nbann.Dense(1)])
    trainer = nbann.Trainer(net, (X, np.zeros(6, int)), loss="cross_entropy")
    panel = attached(DecisionBoundary(), trainer)
    np.testing.assert_array_equal(panel.answers(), 1.0)
    assert "class 0 100%; the likeliest class has probability 1.00" in panel.describe()
    panel.ax.get_figure().canvas.draw()


def test_the_picture_has_the_color_of_the_likeliest_class():
    panel = attached(DecisionBoundary(), classes())
    panel.trainer.run(30)
    panel.update()
    pixels = np.asarray(panel._image.get_array())
    answers = panel.answers()
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        best = answers[corner].argmax()
        color = np.array([int(THEMES["light"].class_color(best)[i : i + 2], 16) for i in (1, 3, 5)])
        share = (255 - pixels[corner][:3].astype(float)) / (255 - color)
        assert np.ptp(share[color < 250]) < 0.03  # a tint: the same share of each channel
        assert 0.1 < share[0] < 0.5
    assert pixels.shape[:2] == tuple(round(side) for side in panel.size[::-1])


def test_rings_are_round_the_wrong_points_and_only_those():
    panel = attached(DecisionBoundary(), classes())
    trainer = panel.trainer
    data = trainer.train_data
    for _ in range(3):
        wrong = by_hand(trainer, data.X).argmax(axis=1) != data.y
        np.testing.assert_array_equal(
            np.column_stack(panel._rings.get_data()), data.X[wrong][:, :2]
        )
        assert f"{wrong.sum()} of {len(data)} training points wrong" in panel.describe()
        assert panel._status.get_text() == f"ringed: {wrong.sum()} wrong"
        trainer.run(4)
        panel.update()


def test_one_grid_is_one_call_and_none_where_no_weight_changed(monkeypatch):
    panel = attached(DecisionBoundary(), classes())
    rows = []
    ask = panel.trainer.predict_proba
    monkeypatch.setattr(panel.trainer, "predict_proba", lambda X: rows.append(len(X)) or ask(X))
    panel.trainer.step("op", len(panel.trainer.program) - 1)
    panel.update()
    assert rows == []
    panel.trainer.step("op")
    panel.update()
    panel.describe()
    assert rows == [80 * 80]


def test_points_by_class_have_their_own_marker():
    panel = attached(DecisionBoundary(), classes())
    data = panel.trainer.train_data
    lines = [a for a in panel.artists() if hasattr(a, "get_marker")][:3]
    assert len({line.get_marker() for line in lines}) == 3
    for k, line in enumerate(lines):
        np.testing.assert_array_equal(np.column_stack(line.get_data()), data.X[data.y == k][:, :2])


def test_one_sigmoid_output_and_a_third_input_at_its_mean():
    panel = attached(DecisionBoundary(resolution=5), trask())
    p = panel.trainer.parameters
    sample = np.column_stack([panel.grid[:, :2], np.ones(25)])
    hidden = 1 / (1 + np.exp(-sample @ p["dense1.weight"]))
    chance = 1 / (1 + np.exp(-hidden @ p["dense2.weight"]))
    expected = np.hstack([1 - chance, chance]).reshape(5, 5, 2)
    np.testing.assert_allclose(panel.answers(), expected, atol=1e-12)
    assert "over first and second, the other 1 held at its mean" in panel.describe()


def test_values_are_a_field_round_the_mean():
    panel = attached(DecisionBoundary(resolution=6), values())
    trainer = panel.trainer
    np.testing.assert_allclose(panel.answers().ravel(), trainer.predict(panel.grid), atol=1e-12)
    assert panel.title == "Predicted value"
    low, high = panel.answers().min(), panel.answers().max()
    assert f"from {low:#.3g} to {high:#.3g}".replace("-", "−") in panel.describe()


def test_an_imbalanced_axis_label_is_cut_and_says_standardized():
    data = nbann.Dataset(np.eye(4), [0, 1, 0, 1], feature_names=["w" * 500, "b", "c", "d"])
    net = nbann.Sequential([nbann.Dense(2)])
    panel = attached(DecisionBoundary(), nbann.Trainer(net, data.standardized()))
    assert panel.ax.get_xlabel().endswith("…, standardized")
    assert panel.ax.get_ylabel() == "b, standardized"


@pytest.mark.parametrize("shape", [(7, 5), (40, 33), (4, 4)])
def test_stretching_is_linear(shape):
    rng = np.random.default_rng(0)
    grid = rng.normal(size=(4, 4, 2))
    out = stretch(grid, *shape)
    assert out.shape == (*shape, 2)
    for k in range(2):
        across = np.linspace(0, 3, shape[1])
        rows = np.array([np.interp(across, range(4), row) for row in grid[..., k]])
        up = np.linspace(0, 3, shape[0])
        expected = np.array([np.interp(up, range(4), column) for column in rows.T]).T
        np.testing.assert_allclose(out[..., k], expected, atol=1e-5)


def test_by_default_the_most_telling_features_are_shown():
    from sklearn.feature_selection import f_classif, f_regression

    flowers = nbann.datasets.iris()
    best = sorted(np.argsort(f_classif(flowers.X, flowers.y)[0])[-2:])
    assert telling_features(flowers) == tuple(best) == (2, 3)
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((200, 4)), np.ones(200)])
    y = 3 * X[:, 3] - X[:, 1] + 0.1 * rng.standard_normal(200)
    best = sorted(np.argsort(f_regression(X[:, :4], y)[0])[-2:])
    assert telling_features(nbann.Dataset(X, y)) == tuple(best) == (1, 3)
    assert telling_features(nbann.datasets.trask()) == (0, 1)  # each tells nothing by itself


def test_classes_without_probabilities_are_shown_as_predicted():
    net = nbann.Sequential([nbann.Dense(3)])
    trainer = nbann.Trainer(net, nbann.datasets.iris(), loss="mean_squared_error")
    panel = attached(DecisionBoundary(resolution=7), trainer)
    labels = panel.answers().argmax(axis=2).ravel()
    np.testing.assert_array_equal(labels, trainer.predict(panel.grid))
    assert "this net gives no probabilities" in panel.describe()


def test_words_that_were_asked_for_first_do_not_keep_the_picture_old():
    panel = attached(DecisionBoundary(), classes())
    panel.trainer.run(5)
    words = panel.describe()  # the net is asked here, before the picture is painted
    panel.update()
    fresh = attached(DecisionBoundary(), panel.trainer)
    fresh.update()
    np.testing.assert_array_equal(panel._image.get_array(), fresh._image.get_array())
    assert panel._status.get_text() == fresh._status.get_text()
    assert words == panel.describe()


def test_running_statistics_count_as_a_change():
    ds = blobs()
    net = nbann.Sequential([nbann.Dense(4), nbann.BatchNorm(), nbann.ReLU(), nbann.Dense(3)])
    trainer = nbann.Trainer(net, ds, optimizer=nbann.SGD(0.5))
    panel = attached(DecisionBoundary(), trainer)
    panel.update()
    before = panel.answers().copy()
    trainer.step("phase")  # the forward pass changes no weight, but the running statistics
    panel.update()
    assert (panel.answers() != before).any()


def test_one_head_of_one_output_is_no_single_value():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2))
    heads = nbann.Heads([nbann.Dense(4)], {"size": [nbann.Dense(1)]})
    trainer = nbann.Trainer(heads, nbann.Dataset(X, {"size": X[:, 0]}))
    assert "this net has several heads" in attached(DecisionBoundary(), trainer).describe()


def test_a_mean_with_its_variance_is_one_value_and_quantiles_are_several():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2))
    data, hidden = nbann.Dataset(X, X[:, 0] * 3.0), [nbann.Dense(4), nbann.Tanh()]
    net = nbann.Sequential([*hidden, nbann.Dense(2)])
    trainer = nbann.Trainer(net, data, loss=nbann.GaussianNLL())
    panel = attached(DecisionBoundary(), trainer)
    mean = trainer.activations("dense2.out", panel.grid)[:, 0]
    np.testing.assert_allclose(panel.answers().ravel(), mean, rtol=1e-12)
    net = nbann.Sequential([nbann.Dense(4), nbann.Dense(3)])
    panel = attached(DecisionBoundary(), nbann.Trainer(net, data, loss=nbann.Pinball()))
    assert "predicts 3 values at once" in panel.describe()


def test_the_other_features_can_be_those_of_a_sample():
    panel = attached(DecisionBoundary((1, 3), sample=7, resolution=4), classes())
    trainer = panel.trainer
    trainer.run(3)
    sample = np.tile(trainer.train_data.X[7], (16, 1))
    (x0, x1), (y0, y1) = panel.ax.get_xlim(), panel.ax.get_ylim()
    sample[:, 1] = np.tile(np.linspace(x0, x1, 4), 4)
    sample[:, 3] = np.repeat(np.linspace(y0, y1, 4), 4)
    expected = by_hand(trainer, sample).reshape(4, 4, 3)
    np.testing.assert_allclose(panel.answers(), expected, atol=1e-12)
    assert "feature 1 and feature 3, the other 2 held at what sample 7 has;" in panel.describe()
    assert repr(panel) == "DecisionBoundary(features=(1, 3), sample=7)"


@pytest.mark.parametrize("features", ["feature 2", 2, (2,)])
def test_over_one_feature_probabilities_are_curves(features):
    panel = attached(DecisionBoundary(features, resolution=11), classes())
    trainer = panel.trainer
    for _ in range(2):
        sample = np.tile(trainer.train_data.X.mean(axis=0), (11, 1))
        sample[:, 2] = np.linspace(*panel.ax.get_xlim(), 11)
        expected = by_hand(trainer, sample)
        for k, curve in enumerate(panel._along._curves):
            np.testing.assert_allclose(curve.get_xdata(), sample[:, 2])
            np.testing.assert_allclose(curve.get_ydata(), expected[:, k], atol=1e-12)
            assert curve.get_color() == THEMES["light"].class_color(k)
        data = trainer.train_data
        wrong = by_hand(trainer, data.X).argmax(axis=1) != data.y
        x, y = panel._rings.get_data()
        np.testing.assert_array_equal(x, data.X[wrong, 2])
        assert (y > 1).all()
        shares = np.bincount(expected.argmax(axis=1), minlength=3) / 11
        assert "over feature 2, the other 3 held at their mean; share of the line: red " in (
            panel.describe()
        )
        assert f"red {100 * shares[0]:.0f}%, green {100 * shares[1]:.0f}%" in panel.describe()
        trainer.run(20)
        panel.update()


def test_data_of_one_feature_with_values_is_a_curve_among_points():
    x = np.linspace(-2, 2, 15)
    data = nbann.Dataset(x[:, None], np.sin(x), feature_names=["angle"])
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(1)]), data)
    panel = attached(DecisionBoundary(resolution=9), trainer)
    trainer.run(5)
    panel.update()
    (curve,) = panel._along._curves
    grid = np.linspace(*panel.ax.get_xlim(), 9)
    p = trainer.parameters
    hidden = np.tanh(grid[:, None] @ p["dense1.weight"] + p["dense1.bias"])
    expected = hidden @ p["dense2.weight"][:, 0] + p["dense2.bias"]
    np.testing.assert_allclose(curve.get_ydata(), expected, atol=1e-12)
    assert panel.describe().startswith("Predicted value: over angle; from ")


@pytest.mark.parametrize("options", [{"features": 0}, {"sample": 3}])
def test_in_place_is_as_attached_anew(options):
    panel = attached(DecisionBoundary(**options), classes())
    trainer = panel.trainer
    moves = [
        lambda: trainer.step("op", 5),
        lambda: trainer.run(2),
        lambda: trainer.set("hidden.weight", (0, 1), 1.5),
        lambda: trainer.back("batch", 4),
        lambda: trainer.set("hidden.weight", (0, 1), -1.5),
        lambda: trainer.switch(trainer.branches[0]),
        trainer.reset,
    ]
    for move in moves:
        move()
        panel.update()
        fresh = attached(DecisionBoundary(**options), trainer)
        np.testing.assert_array_equal(panel._image.get_array(), fresh._image.get_array())
        np.testing.assert_array_equal(panel._rings.get_data(), fresh._rings.get_data())
        assert panel.describe() == fresh.describe()
