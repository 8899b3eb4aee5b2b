"""The heatmap against the trainer's weights."""

import numpy as np
import pytest

import nbann
from nbann.panels import WeightHeatmap
from nbann.panels.style import THEMES
from nbann.panels.text import short_number

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
