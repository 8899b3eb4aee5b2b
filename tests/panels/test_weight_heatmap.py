"""The heatmap against the trainer's weights."""

import numpy as np
import pytest

import nbann
from nbann.panels import WeightHeatmap
from nbann.panels.style import SMALL, THEMES
from nbann.panels.text import short_number, text_width

from .boards import attached, classes, wide


def test_cells_hold_the_weights():
    panel = attached(WeightHeatmap(), classes())
    for _ in range(3):
        weight = panel.trainer["hidden.weight"]
        (block,) = panel._blocks
        colors = np.asarray(block.image.get_array())
        assert colors.shape == (4, 6, 4)
        expected = THEMES["light"].diverging(weight, panel._limit.value)
        np.testing.assert_array_equal(colors, expected)
        assert block.numbers.words == [short_number(float(v)) for v in weight.ravel()]
        assert panel._limit.value >= np.abs(weight).max()
        panel.trainer.run(20)
        panel.update()


def test_rows_are_inputs_and_columns_are_neurons():
    panel = attached(WeightHeatmap("output.weight"), classes(), width=9)
    texts = {text.get_text(): text.get_position() for text in panel.ax.texts}
    assert texts["red"][0] < texts["green"][0] < texts["blue"][0]
    first = attached(WeightHeatmap(), classes(), width=9)
    texts = {text.get_text(): text.get_position() for text in first.ax.texts}
    assert texts["feature 0"][1] > texts["feature 3"][1]


def test_words_name_the_extremes():
    panel = attached(WeightHeatmap(), classes())
    weight = panel.trainer["hidden.weight"]
    words = panel.describe()
    i, j = np.unravel_index(weight.argmax(), weight.shape)
    assert f"{weight.max():#.3g} (feature {i} to neuron {j})" in words
    assert f"{(weight < 0).sum()} of 24 negative" in words
    assert f"mean size {np.abs(weight).mean():#.3g}" in words


@pytest.mark.parametrize(
    ("model", "size", "entry"),
    [
        (nbann.RBM(4), "3 visible units by 4 hidden units", "c to hidden unit 0"),
        (nbann.SOM(2, 2), "4 units by 3 features", "unit 2 to a"),
        (nbann.Hopfield(), "3 units by 3 units", "unit 2 to unit 0"),
    ],
)
def test_a_machine_says_what_its_weights_stand_for(model, size, entry):
    data = nbann.Dataset([[0, 1, 1]], feature_names=["a", "b", "c"])
    panel = attached(WeightHeatmap(), nbann.Trainer(model, data))
    name = f"{model.names[0]}.weight"
    panel.trainer.set(name, (2, 0), 5.0)
    assert f"{name}, {size}: " in panel.describe()
    assert f"to 5.00 ({entry})" in panel.describe()
    assert any(size.replace(" by ", " × ") in text.get_text() for text in panel.ax.texts)


@pytest.mark.parametrize("name", ["all", ["hidden.weight", "output.weight"]])
def test_several_matrices_stand_side_by_side(name):
    panel = attached(WeightHeatmap(name), classes())
    left, right = (block.image.get_extent() for block in panel._blocks)
    assert left[1] < right[0]
    assert right[1] < panel.size[0]
    assert "hidden.weight" in panel.describe()
    assert "output.weight" in panel.describe()


def test_a_large_matrix_has_no_numbers():
    panel = attached(WeightHeatmap(), wide())
    assert panel._blocks[0].numbers is None
    assert panel._blocks[0].image.get_array().shape == (784, 128, 4)


# ---- gradients, updates, images ------------------------------------------------------------------


def test_gradients_are_the_batchs_and_gray_before_it_has_them():
    panel = attached(WeightHeatmap(of="gradient"), classes())
    trainer = panel.trainer
    assert panel.describe().endswith("6 neurons: not computed yet in this batch.")
    assert panel.title == "Gradients of the weights"
    faint = np.asarray(panel._blocks[0].image.get_array())
    assert (faint == faint[0, 0]).all()
    check = trainer.branch()
    check.step("phase", 3)
    expected = check.check_gradients().differences["hidden.weight"]
    trainer.step("phase", 3)
    panel.update()
    np.testing.assert_allclose(panel.values("hidden.weight"), expected, atol=1e-8)
    assert panel._blocks[0].numbers.words == [short_number(float(v)) for v in expected.ravel()]
    trainer.step("batch")
    trainer.step("op")  # the next batch: what is in memory is the one before's
    panel.update()
    assert np.isnan(panel.values("hidden.weight")).all()
    assert set(panel._blocks[0].numbers.words) == {""}
    assert panel._ends.words == ["", ""]


def test_the_update_is_the_difference_that_the_batch_made():
    panel = attached(WeightHeatmap("output.weight", of="update"), classes())
    trainer = panel.trainer
    before = trainer["output.weight"].copy()
    trainer.step("phase", 3)
    panel.update()
    assert np.isnan(panel.values("output.weight")).all()
    trainer.step("batch")
    panel.update()
    np.testing.assert_array_equal(panel.values("output.weight"), trainer["output.weight"] - before)
    gradient = trainer["output.weight.grad"]
    np.testing.assert_allclose(panel.values("output.weight"), -0.1 * gradient, atol=1e-15)
    trainer.set("output.weight", (0, 0), 5.0)  # by hand: it is not the update's doing
    panel.update()
    assert np.isnan(panel.values("output.weight")).all()
    assert "not computed yet" in panel.describe()
    with pytest.raises(ValueError, match=r"'output\.bias'"):
        trainer.last_change("output.bia")


@pytest.mark.parametrize("of", ["weight", "gradient", "update"])
def test_in_place_is_as_attached_anew(of):
    panel = attached(WeightHeatmap("all", of=of), classes())
    trainer = panel.trainer
    moves = [
        lambda: trainer.step("op", 5),
        lambda: trainer.run(2),
        lambda: trainer.step("phase", 3),
        lambda: trainer.set("hidden.weight", (0, 1), 1.5),
        lambda: trainer.back("batch", 4),
        lambda: trainer.set("hidden.weight", (0, 1), -1.5),
        lambda: trainer.switch(trainer.branches[0]),
        trainer.reset,
    ]
    for move in moves:
        move()
        panel._restart()  # limits that have grown are another matter
        panel.update()
        fresh = attached(WeightHeatmap("all", of=of), trainer)
        for one, other in zip(panel._blocks, fresh._blocks, strict=True):
            np.testing.assert_array_equal(one.image.get_array(), other.image.get_array())
            assert (one.numbers and one.numbers.words) == (other.numbers and other.numbers.words)
        assert panel._ends.words == fresh._ends.words
        assert panel.describe() == fresh.describe()


def test_each_neuron_is_an_image_of_its_weights():
    panel = attached(WeightHeatmap(shape=(28, 28)), wide())
    weight = panel.trainer["dense1.weight"]
    mosaic = panel._blocks[0].pictures
    whole = np.asarray(panel._blocks[0].image.get_array())
    gap, across = mosaic._gap, mosaic._across
    for k in (0, 1, across, mosaic.shown - 1):
        y, x = (side * (28 + gap) for side in divmod(k, across))
        image = weight[:, k].reshape(28, 28)
        expected = THEMES["light"].diverging(image, panel._limit.value)
        np.testing.assert_array_equal(whole[y : y + 28, x : x + 28], expected)
    np.testing.assert_array_equal(whole[:, 28], np.full((len(whole), 4), 255))
    assert any(
        f"dense1.weight: the first {mosaic.shown} of 128 images of 28 × 28" in t.get_text()
        for t in panel.ax.texts
    )
    left, right, low, high = panel._blocks[0].image.get_extent()
    assert (high - low) / whole.shape[0] == pytest.approx((right - left) / whole.shape[1])
    assert right <= panel.size[0] - 50


def test_a_decoders_images_are_what_its_units_give():
    net = nbann.Autoencoder([nbann.Dense(4)], [nbann.Dense(64, name="picture")])
    trainer = nbann.Trainer(net, np.random.default_rng(0).random((9, 64)))
    panel = attached(WeightHeatmap("picture.weight", shape=(8, 8)), trainer)
    expected = trainer["picture.weight"].reshape(4, 8, 8)
    np.testing.assert_array_equal(panel.images("picture.weight"), expected)
    assert panel._blocks[0].pictures.shown == 4


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: WeightHeatmap(of="grad"), "'gradient'"),
        (lambda: WeightHeatmap(shape=(28,)), "rows and columns"),
        (lambda: WeightHeatmap(shape=28), "rows and columns"),
        (lambda: WeightHeatmap(shape=(28, 0)), "at least 1"),
        (lambda: attached(WeightHeatmap("dense2.weight", shape=(28, 28)), wide()), "128 by 10"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()


def test_misfits_and_reprs():
    assert (
        "no weight matrix here has 5 × 5"
        in attached(WeightHeatmap(shape=(5, 5)), wide()).describe()
    )
    panel = WeightHeatmap("dense1.weight", of="update", shape=[28, 28])
    assert repr(panel) == "WeightHeatmap('dense1.weight', of='update', shape=(28, 28))"


def test_every_column_of_a_very_wide_matrix_is_in_the_picture():
    rng = np.random.default_rng(0)
    data = (rng.random((8, 3)), rng.integers(0, 2, 8))
    net = nbann.Sequential([nbann.Dense(700, name="hidden"), nbann.Dense(2)])
    panel = attached(WeightHeatmap(), nbann.Trainer(net, data))
    assert panel._blocks[0].image.get_interpolation() in ("antialiased", "auto")

    def picture():
        panel.update()
        panel._figure.canvas.draw()
        return np.asarray(panel._figure.canvas.buffer_rgba()).copy()

    before = picture()
    for column in (0, 350, 351, 699):
        panel.trainer.set("hidden.weight", (1, column), -panel.trainer["hidden.weight"][1, column])
        after = picture()
        assert (before != after).any(), column
        before = after


@pytest.mark.parametrize("size", [3e-5, 0.0013, 0.02, 0.7, 5.0, 300.0, 12345.0, 3e9])
def test_the_ends_of_the_scale_are_not_cut_off(size):
    net = nbann.Sequential([nbann.Dense(2, weight=[[size, -size]])])
    board = nbann.Dashboard(nbann.Trainer(net, ([[1.0], [2.0]], [0, 1])), ["weights"])
    (panel,) = board.panels
    (edge,) = {round(float(end), 9) for end, _ in panel._ends.at}
    width = max(text_width(word, SMALL) for word in panel._ends.words)
    assert edge + width <= panel.size[0] + panel.margins.right
    assert not panel._ends.get_clip_on()  # at the edge of the axes
    told = [float(word.replace("−", "-")) for word in panel._ends.words]
    assert told[0] == -told[1] >= size


def test_zeros_alone_have_no_scale_to_name():
    net = nbann.Sequential([nbann.Dense(2, weight=np.zeros((1, 2)))])
    trainer = nbann.Trainer(net, ([[1.0], [2.0]], [0, 1]), seed=0)
    panel = attached(WeightHeatmap(), trainer)
    assert panel._ends.words == ["", ""]
    trainer.run(epochs=1)
    panel.update()
    high, low = (float(word.replace("−", "-")) for word in panel._ends.words)
    assert np.abs(trainer["dense1.weight"]).max() <= high == -low
