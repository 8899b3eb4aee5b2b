"""What is given back, against plain NumPy; images, rows of cells, patterns and recalls."""

import numpy as np
import pytest

import nbann
from nbann.panels import Reconstruction
from nbann.panels.given_back import cells_of
from nbann.panels.shade import shades
from nbann.panels.style import THEMES
from nbann.panels.text import number

from .alike import assert_never_stale
from .boards import attached, classes

LIGHT = THEMES["light"]


def autoencoder(X, size=2, **options):
    net = nbann.Autoencoder(
        [nbann.Dense(size, name="to"), nbann.Tanh()], [nbann.Dense(X.shape[1], name="fro")]
    )
    return nbann.Trainer(net, nbann.Dataset(X, task="unsupervised"), **options)


def given_back(trainer, X):
    p = trainer.parameters
    return np.tanh(X @ p["to.weight"] + p["to.bias"]) @ p["fro.weight"] + p["fro.bias"]


def pixels(panel):
    return [[np.asarray(image.get_array()) for image in row] for row in panel._images]


def test_images_are_the_samples_and_what_the_net_makes_of_them():
    X = np.random.default_rng(0).random((30, 16))
    panel = attached(Reconstruction(), autoencoder(X))
    for _ in range(3):
        rows = panel._rows
        top = X[rows].max()
        back = given_back(panel.trainer, X[rows])
        for drawn, values in zip(pixels(panel), (X[rows], back), strict=True):
            for image, one in zip(drawn, values, strict=True):
                expected = shades(one.reshape(4, 4) / top, LIGHT)
                assert np.abs(image.astype(int) - expected).max() <= 1
        error = ((given_back(panel.trainer, X) - X) ** 2).mean(axis=1)
        words = f"mean squared error {number(error.mean())} over 30 training samples"
        assert words in panel.describe()
        assert f"the largest {number(error.max())}, sample {error.argmax()}" in panel.describe()
        assert panel._errors.words == [number(error[row]) for row in rows]
        assert panel._status.get_text() == f"mean squared error {number(error.mean())}"
        panel.trainer.run(20)
        panel.update()


def test_signed_data_in_rows_of_cells_with_names():
    rng = np.random.default_rng(0)
    data = nbann.Dataset(
        rng.normal(size=(12, 5)), task="unsupervised", feature_names=["a", "b", "c", "d", "e"]
    )
    net = nbann.Autoencoder([nbann.Dense(2)])
    panel = attached(Reconstruction([3, 1]), nbann.Trainer(net, data), width=9)
    (sample, other), _ = pixels(panel)
    limit = np.abs(data.X[[3, 1]]).max()
    np.testing.assert_array_equal(sample, LIGHT.diverging(data.X[3][None], limit))
    np.testing.assert_array_equal(other, LIGHT.diverging(data.X[1][None], limit))
    across = {t.get_text(): t.get_position()[0] for t in panel.ax.texts if len(t.get_text()) == 1}
    assert sorted(across, key=across.get) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(("size", "cells"), [(64, (8, 8)), (9, (3, 3)), (4, (1, 4)), (8, (1, 8))])
def test_squares_are_images(size, cells):
    assert cells_of(size) == cells


def test_a_shape_may_be_given():
    X = np.random.default_rng(0).random((6, 6))
    panel = attached(Reconstruction(2, shape=(2, 3)), autoencoder(X))
    assert pixels(panel)[0][0].shape == (2, 3, 4)
    assert len(panel._images[0]) == 2


def test_probabilities_of_a_binary_loss_are_shown():
    X = (np.random.default_rng(0).random((8, 9)) > 0.5) * 1.0
    trainer = autoencoder(X, loss="binary_cross_entropy")
    panel = attached(Reconstruction(), trainer)
    chance = 1 / (1 + np.exp(-given_back(trainer, X)))
    error = ((chance - X) ** 2).mean()
    assert f"mean squared error {number(error)} over" in panel.describe()


def test_a_machine_gives_back_its_mean_field():
    X = (np.random.default_rng(0).random((20, 9)) > 0.5) * 1.0
    trainer = nbann.Trainer(nbann.RBM(3), X)
    trainer.run(2)
    panel = attached(Reconstruction(), trainer)
    p = trainer.parameters
    hidden = 1 / (1 + np.exp(-(X @ p["rbm.weight"] + p["rbm.hidden_bias"])))
    back = 1 / (1 + np.exp(-(hidden @ p["rbm.weight"].T + p["rbm.visible_bias"])))
    assert f"error {number(((back - X) ** 2).mean())} over" in panel.describe()


def test_what_a_denoising_net_is_to_give_back_is_shown_too():
    X = np.random.default_rng(0).random((10, 9))
    data = nbann.Dataset(X, task="unsupervised").with_noise(0.3)
    trainer = nbann.Trainer(nbann.Autoencoder([nbann.Dense(3)]), data)
    panel = attached(Reconstruction([2]), trainer)
    assert [strip.name for strip in panel.strips()] == ["noisy", "wanted", "given back"]
    np.testing.assert_array_equal(panel.strips()[1].values[0], X[2])
    back = trainer.model.reconstruct(trainer, data.X)
    assert f"error {number(((back - X) ** 2).mean())} over" in panel.describe()


def test_steps_that_are_not_there_are_gray_and_do_not_count():
    data = nbann.Dataset.from_sequences(
        [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0]]], task="unsupervised"
    )
    net = nbann.Autoencoder(
        [nbann.RNN(3, return_sequences=True)], [nbann.RNN(2, return_sequences=True)]
    )
    trainer = nbann.Trainer(net, data)
    panel = attached(Reconstruction([0, 1]), trainer)
    sample = panel.strips()[0].values[1].reshape(2, 3)  # features down, time to the right
    np.testing.assert_array_equal(sample, [[7, np.nan, np.nan], [8, np.nan, np.nan]])
    back = trainer.predict(data.X, data.mask)
    expected = [((back[0] - data.X[0]) ** 2).mean(), ((back[1, 0] - data.X[1, 0]) ** 2).mean()]
    np.testing.assert_allclose(panel.errors(), expected, rtol=1e-12)


PATTERNS = np.where(np.random.default_rng(3).random((2, 16)) < 0.5, 1, -1)


def test_patterns_after_a_step():
    trainer = nbann.Trainer(nbann.Hopfield(), PATTERNS)
    panel = attached(Reconstruction(), trainer)
    trainer.run()
    panel.update()
    W = trainer.parameters["hopfield.weight"]
    field = PATTERNS @ W
    expected = np.where(field == 0, PATTERNS, np.sign(field))
    right = (expected == PATTERNS).sum()
    whole = (expected == PATTERNS).all(axis=1).sum()
    assert f"{right} of 32 units right" in panel.describe()
    assert f"{whole} of 2 without any error" in panel.describe()
    np.testing.assert_array_equal(panel.strips()[-1].values, expected)


def test_pairs_and_what_is_recalled():
    Y = np.array([[1, -1, 1], [-1, -1, 1]])
    trainer = nbann.Trainer(nbann.BAM(3), (PATTERNS, Y))
    trainer.run()
    panel = attached(Reconstruction(), trainer)
    names = [strip.name for strip in panel.strips()]
    assert names == ["x", "y stored", "y recalled"]
    right = (np.sign(PATTERNS @ trainer.parameters["bam.weight"]) == Y).sum()
    assert f"{right} of 6 units right" in panel.describe()


def test_a_recall_is_probe_and_present_state():
    trainer = nbann.Trainer(nbann.Hopfield(), PATTERNS)
    trainer.run()
    probe = PATTERNS[0].copy()
    probe[:3] *= -1
    recall = trainer.model.recall(trainer, probe)
    panel = attached(Reconstruction(), recall)
    assert "0 of 16 units turned" in panel.describe()
    assert "energy not computed yet" in panel.describe()
    recall.run()
    panel.update()
    state = recall["hopfield.state"]
    turned = (state != probe).sum()
    energy = -0.5 * state @ trainer["hopfield.weight"] @ state
    assert panel.describe() == (
        f"Reconstruction: {turned} of 16 units turned since the probe; energy {number(energy)}."
    )
    drawn = np.asarray(panel._images[1][0].get_array())
    np.testing.assert_array_equal(drawn, LIGHT.diverging(state.reshape(4, 4), 1.5))
    recall.back("epoch")
    panel.update()
    np.testing.assert_array_equal(panel.strips()[1].values[0], probe)


def test_a_recall_of_pairs():
    Y = np.array([[1, -1, 1], [-1, -1, 1]])
    trainer = nbann.Trainer(nbann.BAM(3), (PATTERNS, Y))
    trainer.run()
    recall = trainer.model.recall(trainer, Y[1], side="y")
    recall.run()
    panel = attached(Reconstruction(), recall)
    names = [strip.name for strip in panel.strips()]
    assert names == ["y probe", "x now", "y now"]
    turned = (recall["bam.y"][0] != Y[1]).sum()
    assert f"{turned} of 3 units turned" in panel.describe()


@pytest.mark.parametrize("size", [9, 5])
def test_it_is_never_stale(size):
    X = np.random.default_rng(0).random((40, size))
    assert_never_stale(Reconstruction, autoencoder(X, batch_size=16), "to.weight")


def test_what_does_not_fit_is_told():
    fits = Reconstruction().fits
    assert "predicts something else" in fits(classes())
    assert "SOMMap" in fits(nbann.Trainer(nbann.SOM(2, 2), nbann.datasets.iris()))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Reconstruction(0), "at least 1"),
        (lambda: Reconstruction([]), "at least one"),
        (lambda: Reconstruction(shape=8), "two whole numbers"),
        (lambda: attached(Reconstruction([30]), autoencoder(np.ones((30, 4)))), "from 0 to 29"),
        (lambda: attached(Reconstruction(shape=(2, 3)), autoencoder(np.ones((3, 4)))), "4 cells"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert repr(Reconstruction(3, shape=(2, 2))) == "Reconstruction(3, shape=(2, 2))"
