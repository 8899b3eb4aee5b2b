"""The latent space against scikit-learn's PCA, and that it does not flip."""

import itertools

import numpy as np
import pytest

import nbann
from nbann.panels import LatentSpace

from .alike import ways
from .boards import attached, blobs, classes, values


def points(panel):
    """Where each sample is drawn, (n, 2)."""
    found = np.full((len(panel._X), 2), np.nan)
    for line, rows in panel._groups:
        found[rows] = np.column_stack(line.get_data())
    return found


def code_of(trainer, X):
    p = trainer.parameters
    return np.maximum(X @ p["hidden.weight"] + p["hidden.bias"], 0)


def autoencoder(size):
    net = nbann.Autoencoder([nbann.Dense(5, name="in"), nbann.Tanh(), nbann.Dense(size, name="to")])
    return nbann.Trainer(net, nbann.Dataset(blobs(rows=30).X, task="unsupervised"))


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    panel = attached(LatentSpace(), classes())
    trainer, X = panel.trainer, panel.trainer.train_data.X
    for _ in range(3):
        pca = PCA(2).fit(code_of(trainer, X))
        expected, found = pca.transform(code_of(trainer, X)), points(panel)
        for k in range(2):
            sign = np.sign(expected[:, k] @ found[:, k])
            np.testing.assert_allclose(found[:, k], sign * expected[:, k], atol=1e-9)
        shares = panel.plane().shares
        np.testing.assert_allclose(shares, pca.explained_variance_ratio_, rtol=1e-9)
        first = f"component 1: {100 * shares[0]:.0f}% of the variance"
        assert panel._labels[0].get_text() == first
        assert f"with {100 * shares[0]:.0f}% and {100 * shares[1]:.0f}%" in panel.describe()
        trainer.run(3)
        panel.update()


def test_two_neurons_are_the_axes():
    panel = attached(LatentSpace(), autoencoder(2))
    trainer = panel.trainer
    trainer.run(3)
    panel.update()
    expected = trainer.model.encode(trainer, trainer.train_data.X)
    np.testing.assert_array_equal(points(panel), expected)
    assert [label.get_text() for label in panel._labels] == ["neuron 0", "neuron 1"]
    assert "the plane of the 2 neurons of code.out" in panel.describe()


def test_components_do_not_flip_from_frame_to_frame():
    panel = attached(LatentSpace(), classes(None))
    before = points(panel)
    flips = 0
    for _ in range(60):
        panel.trainer.step("batch")
        panel.update()
        after = points(panel)
        flips += int(((before * after).sum(axis=0) < 0).any())
        before = after
    assert flips == 0


def test_a_component_is_kept_where_its_rule_would_turn_it():
    from nbann.panels.components import Components

    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(50, 3)) * [3.0, 1.0, 0.3]
    components = Components(inputs)
    other = rng.normal(size=50)
    other -= other @ inputs[:, 0] / (inputs[:, 0] @ inputs[:, 0]) * inputs[:, 0]
    turned, before = 0, None
    for angle in np.linspace(0, np.pi, 90):  # the code's main direction turns right round
        main = 5 * (np.cos(angle) * inputs[:, 0] + np.sin(angle) * other)
        code = np.column_stack([main, 0.2 * inputs[:, 1], 0.1 * inputs[:, 2]])
        found = components.plane(code).points
        fresh = Components(inputs).plane(code).points
        if before is not None:
            assert (found[:, 0] * before).sum() > 0
        turned += int((found[:, 0] * fresh[:, 0]).sum() < 0)
        before = found[:, 0]
    assert 0 < turned < 90  # the rule alone would have turned it on the way


def test_ten_digits_can_be_told_apart():
    net = nbann.Sequential([nbann.Dense(2), nbann.Tanh(), nbann.Dense(10)])
    panel = attached(LatentSpace(), nbann.Trainer(net, nbann.datasets.digits()))
    lines = [line for line, _ in panel._groups]
    assert len({line.get_marker() for line in lines}) == 10
    assert len({line.get_markerfacecolor() for line in lines}) == 10


@pytest.mark.parametrize("width", [3.0, 4.5])
def test_ten_digits_are_named_in_a_narrow_panel(width):
    net = nbann.Sequential([nbann.Dense(2), nbann.Tanh(), nbann.Dense(10)])
    panel = attached(LatentSpace(), nbann.Trainer(net, nbann.datasets.digits()), width=width)
    panel.ax.get_figure().canvas.draw()
    words = [text for text in panel.ax.texts if text.get_text() in list("0123456789")]
    assert len(words) == 10
    boxes = [text.get_window_extent() for text in words]
    for left, right in itertools.pairwise(boxes):
        assert right.x0 - left.x1 > 8  # a marker stands between


def test_no_share_of_what_is_no_number():
    net = nbann.Sequential([nbann.Dense(3, weight=[[1e200] * 3]), nbann.Dense(3), nbann.Dense(2)])
    trainer = nbann.Trainer(net, ([[1e200], [1.0]], [0, 1]), metrics=[])
    panel = attached(LatentSpace("dense1"), trainer)
    assert [label.get_text() for label in panel._labels] == ["component 1", "component 2"]
    assert panel._status.get_text() == "dense1.out: not numbers"


def test_samples_have_their_class_marker():
    panel = attached(LatentSpace(), classes())
    y = panel.trainer.train_data.y
    assert len({line.get_marker() for line, _ in panel._groups}) == 3
    for k, (_, rows) in enumerate(panel._groups):
        np.testing.assert_array_equal(rows, np.flatnonzero(y == k))
    plane = panel.plane().points - panel.plane().points.mean(axis=0)
    between = sum((y == k).sum() * (plane[y == k].mean(axis=0) ** 2).sum() for k in range(3))
    share = 100 * between / (plane**2).sum()
    assert f"{share:.0f}% of the variance in the plane is between the 3 classes" in panel.describe()


def test_labels_may_be_given_where_the_data_have_none():
    labels = np.arange(30) % 3
    panel = attached(LatentSpace(labels=labels, names=["a", "b", "c"]), autoencoder(3))
    assert [len(rows) for _, rows in panel._groups] == [10, 10, 10]
    assert {"a", "b", "c"} <= {text.get_text() for text in panel.ax.texts}


def test_what_several_heads_share():
    X = np.random.default_rng(0).normal(size=(12, 3))
    heads = nbann.Heads(
        [nbann.Dense(4), nbann.Tanh(name="shared")], {"a": [nbann.Dense(2)], "b": [nbann.Dense(1)]}
    )
    data = nbann.Dataset(X, {"a": np.arange(12) % 2, "b": X[:, 0]})
    panel = attached(LatentSpace(), nbann.Trainer(heads, data))
    assert "4 neurons of shared.out" in panel.describe()


@pytest.mark.parametrize("idle", [nbann.Dropout(0.5), nbann.GaussianNoise(0.1)])
def test_what_acts_in_training_only_is_passed_over(idle):
    layers = [nbann.Dense(6, name="hidden"), nbann.ReLU(), idle, nbann.Dense(3)]
    panel = attached(LatentSpace(), nbann.Trainer(nbann.Sequential(layers), blobs()))
    panel.trainer.run(1)
    panel.update()
    assert "of the 6 neurons of relu1.out" in panel.describe()
    code = code_of(panel.trainer, panel.trainer.train_data.X)
    shares = np.linalg.svd(code - code.mean(axis=0), compute_uv=False) ** 2
    np.testing.assert_allclose(panel.plane().shares, (shares / shares.sum())[:2])
    with pytest.raises(ValueError, match="array of a prediction"):
        attached(LatentSpace(panel.trainer.model.names[2]), panel.trainer)
    noise_alone = nbann.Trainer(nbann.Sequential([nbann.Dropout(0.5), nbann.Dense(3)]), blobs())
    assert "straight from the inputs" in LatentSpace().fits(noise_alone)


def test_values_color_the_points():
    panel = attached(LatentSpace(), values())
    y = panel.trainer.train_data.y
    colors = panel._scatter.get_facecolors()
    assert colors[y.argmax()][0] > colors[y.argmax()][2]  # orange
    assert colors[y.argmin()][2] > colors[y.argmin()][0]  # blue
    np.testing.assert_array_equal(panel._scatter.get_offsets(), panel.plane().points)


def test_hidden_units_of_a_machine_and_states_of_a_recurrent_net():
    X = (np.random.default_rng(0).random((20, 6)) > 0.5) * 1.0
    trainer = nbann.Trainer(nbann.RBM(4), X)
    panel = attached(LatentSpace(), trainer)
    hidden = trainer.model.hidden(trainer, X)
    gaps = np.linalg.norm(hidden - hidden.mean(axis=0), axis=1)
    flat = np.linalg.norm(panel.plane().points, axis=1)
    assert (flat <= gaps + 1e-12).all()  # a projection
    ds = nbann.datasets.toy_names(30)
    net = nbann.Sequential([nbann.Embedding(27, 3), nbann.GRU(5), nbann.Dense(2)])
    panel = attached(LatentSpace(), nbann.Trainer(net, ds))
    assert "5 neurons of gru1.out" in panel.describe()


@pytest.mark.parametrize("make", [classes, lambda: autoencoder(2), lambda: autoencoder(4)])
def test_it_is_never_stale(make):
    """But for the sign of a component: that is what it was, and nobody's."""
    trainer = make()
    panel = attached(LatentSpace(), trainer)
    for _, move in ways(trainer, next(iter(trainer.parameters))):
        move()
        words = panel.describe()
        panel.update()
        fresh = attached(LatentSpace(), trainer)
        assert words == fresh.describe() == panel.describe()
        found, expected = points(panel), points(fresh)
        signs = np.sign((found * expected).sum(axis=0))
        np.testing.assert_allclose(found, signs * expected, atol=1e-9)
        labels = [label.get_text() for label in fresh._labels]
        assert [label.get_text() for label in panel._labels] == labels


def test_a_run_that_fails_is_told():
    trainer = classes()
    panel = attached(LatentSpace(), trainer)
    trainer.learning_rate = 1e300
    trainer.step("epoch", 3)
    panel.update()
    assert "not numbers" in panel.describe()


def test_what_does_not_fit_is_told():
    fits = LatentSpace().fits
    straight = nbann.Trainer(nbann.Sequential([nbann.Dense(3)]), blobs())
    assert "straight from the inputs" in fits(straight)
    assert "has one" in fits(autoencoder(1))
    ds = nbann.datasets.echo(10, length=4)
    steps = nbann.Sequential([nbann.RNN(3, return_sequences=True), nbann.Dense(2)])
    assert "each time step" in fits(nbann.Trainer(steps, ds))
    ranker = nbann.Sequential([nbann.Dense(3), nbann.Dense(1)])
    assert "query" in fits(nbann.Trainer(ranker, nbann.datasets.ranking(5)))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: LatentSpace(labels=[0.5, 1.0]), "whole numbers from 0"),
        (lambda: LatentSpace(of="tets"), "mean 'test'"),
        (lambda: attached(LatentSpace("hiden"), classes()), "mean 'hidden'"),
        (lambda: attached(LatentSpace(labels=[0, 1]), classes()), "one for each training sample"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert repr(LatentSpace("hidden", of="test")) == "LatentSpace('hidden', of='test')"
