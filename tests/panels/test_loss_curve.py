"""The loss curve against the trainer's history."""

import numpy as np
import pytest

from nbann.panels import LossCurve
from nbann.panels.scale import thinned

from .boards import attached, classes


def test_before_the_first_epoch_it_says_what_to_do():
    panel = attached(LossCurve(), classes())
    assert panel._empty.get_text() == "no epoch done yet:\npress Step or call trainer.run()"
    assert panel.describe() == "Loss: no epoch done yet: press Step or call trainer.run()."


def test_lines_hold_the_history():
    panel = attached(LossCurve(), classes())
    history = panel.trainer.history
    panel.trainer.run(7)
    panel.update()
    for line, part in zip(panel._lines[:2], ("train", "test"), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 8))
        np.testing.assert_array_equal(line.get_ydata(), history[f"{part}_loss"])
    assert panel._labels[0].get_text() == f"train {history['train_loss'][-1]:#.3g}"
    assert panel._empty.get_text() == ""
    words = panel.describe()
    assert f"test loss {history['test_loss'][-1]:#.3g}" in words
    assert f"test accuracy {history['test_accuracy'][-1]:#.3g}" in words
    assert "after 7 epochs" in words
    best = history["test_loss"].argmin()
    assert f"lowest test loss {history['test_loss'][best]:#.3g} at epoch {best + 1}" in words


def test_batches_are_shown_while_nothing_has_been_evaluated():
    trainer = classes(evaluate_every=None)
    panel = attached(LossCurve(), trainer)
    trainer.step("batch", 5)
    panel.update()
    x, y = panel._lines[0].get_data()
    np.testing.assert_allclose(x, np.arange(1, 6) / trainer.batches)
    np.testing.assert_array_equal(y, trainer.history["loss"])
    assert "after 5 batches; no epoch has been evaluated" in panel.describe()
    assert panel._labels[0].get_text().startswith("batch ")


@pytest.mark.parametrize("log", [False, True])
def test_everything_lies_within_limits_that_grow_seldom(log):
    panel = attached(LossCurve(log=log), classes())
    panel.take_background_change()
    changes, lowest = 0, panel.ax.get_ylim()[0]
    for _ in range(150):
        panel.trainer.run(1)
        panel.update()
        changes += panel.take_background_change()
        (left, right), (low, high) = panel.ax.get_xlim(), panel.ax.get_ylim()
        for line in panel._lines[:2]:
            x, y = line.get_data()
            assert left <= x.min() <= x.max() <= 0.8 * right + 1e-9
            assert low <= y.min() <= y.max() <= high
        lowest = max(lowest, low)
    # seven steps a decade of epochs, and on a log scale three a decade of loss
    decades_of_loss = np.log10(lowest / low) if log else 0
    assert changes <= 2 + 7 * np.log10(right / 10) + 3 * decades_of_loss
    assert changes < 150 / 8


def test_labels_do_not_collide():
    panel = attached(LossCurve(), classes())
    for _ in range(40):
        panel.trainer.run(1)
        panel.update()
        panel._figure.canvas.draw()
        boxes = [label.get_window_extent() for label in panel._labels]
        assert not boxes[0].overlaps(boxes[1])
        assert max(box.x1 for box in boxes) < panel._figure.bbox.width


def test_a_long_curve_keeps_its_lowest_and_highest_points():
    rng = np.random.default_rng(0)
    x, y = np.arange(60_000.0), rng.normal(size=60_000)
    few, low = thinned(x, y)
    assert len(few) <= 802
    assert low.min() == y.min()
    assert low.max() == y.max()
    np.testing.assert_array_equal(y[few.astype(int)], low)
    assert few[-1] == x[-1]
