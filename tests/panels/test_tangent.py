"""Tangent: the slope that is shown is that of the curve, by central differences."""

import numpy as np
import pytest

import nbann
from nbann.panels import Dashboard, Tangent

from .boards import attached, classes, same_as_fresh

KINDS = ["Sigmoid", "Tanh", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Identity"]


def neuron(kind, z=0.7):
    net = nbann.Sequential(
        [nbann.Dense(1, name="neuron", weight=[[0.0]], bias=[z]), getattr(nbann, kind)(name="act")]
    )
    return nbann.Trainer(net, ([[0.0]], [[1.0]]), loss="mean_squared_error")


@pytest.mark.parametrize("kind", KINDS)
def test_the_dashed_line_is_the_slope_of_the_solid_one(kind):
    panel = attached(Tangent(), neuron(kind))
    z, a, slope = panel.curve()
    middle = (a[2:] - a[:-2]) / (z[2:] - z[:-2])
    smooth = np.abs(z[1:-1]) > 0.02  # some have a corner at 0
    np.testing.assert_allclose(slope[1:-1][smooth], middle[smooth], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tangent_stands_where_the_neuron_does(kind):
    trainer = neuron(kind)
    panel = attached(Tangent(), trainer)
    assert panel.point() is None
    assert "not computed yet" in panel.describe()
    trainer.step("phase")
    before = panel.point()
    trainer.step("phase", 2)  # the slope is an array of the backward pass now
    np.testing.assert_allclose(panel.point(), before, atol=1e-4)
    panel.update()
    (z0, z1), (a0, a1) = panel._tangent.get_data()
    assert (a1 - a0) / (z1 - z0) == pytest.approx(panel.point()[2])
    assert panel._dot.get_data()[1][0] == trainer["act.out"][0, 0]


def test_it_follows_a_number_that_is_set_and_makes_room():
    trainer = neuron("Tanh")
    trainer.step("phase", 3)
    panel = attached(Tangent(), trainer)
    trainer.set("neuron.bias", 0, 9.0)
    panel.update()
    assert panel.ax.get_xlim()[1] >= 9
    assert panel._dot.get_data()[0][0] == 9.0
    assert panel.take_background_change()


def test_after_a_reset_it_looks_as_it_did_at_the_start():
    trainer = neuron("Tanh")
    trainer.step("phase")
    panel = attached(Tangent(), trainer)
    start = panel.ax.get_xlim()
    assert start == (-4.0, 4.0)
    trainer.set("neuron.bias", 0, 30.0)
    panel.update()
    assert panel.ax.get_xlim() == (-30.0, 30.0)
    panel.take_background_change()
    trainer.reset()
    panel.update()  # nothing is computed yet, so that no point says how wide the axis is to be
    assert panel.ax.get_xlim() == start
    assert panel.take_background_change()
    trainer.step("phase")
    same_as_fresh(panel, lambda p: [*p._lines[0].get_data(), p._dot.get_data()[0], p.ax.get_xlim()])


@pytest.mark.parametrize("width", [2.6, 4.5, 9.0])
def test_the_header_is_not_written_twice_over(width):
    trainer = neuron("Tanh", z=-0.7)
    trainer.step("phase")
    panel = attached(Tangent(), trainer, width=width)
    panel.ax.get_figure().canvas.draw()
    status = panel._status.get_window_extent()
    others = [text for text in panel.ax.texts if text is not panel._status and text.get_text()]
    assert "slope" in panel._status.get_text()
    assert len(others) == 2  # the title, and what the lines are
    assert not any(status.overlaps(text.get_window_extent()) for text in others)
    assert 0 <= status.x0 < status.x1 <= 100 * width


def test_words():
    trainer = neuron("Sigmoid", z=0.0)
    trainer.step("phase")
    words = attached(Tangent(), trainer).describe()
    assert words == (
        "Tangent: act, neuron 0, sample 0: z 0, a 0.500, slope 0.250; largest slope 0.250 at z 0."
    )
    trainer = neuron("ReLU")
    trainer.step("phase")
    assert attached(Tangent(), trainer).describe().endswith("slope 1.00; largest slope 1.00.")


def test_it_says_where_it_does_not_fit_and_refuses_what_is_not_there():
    bare = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), ([[0.0], [1.0]], [0, 1]))
    assert "no activation" in Dashboard(bare, ["tangent"]).describe()
    with pytest.raises(ValueError, match="Unknown activation layer 'hidden'"):
        Dashboard(classes(), [Tangent("hidden")])
    with pytest.raises(ValueError, match="neuron: expected a number below 6; received 6"):
        Dashboard(classes(), [Tangent(neuron=6)])
