"""The loss curve against the trainer's history."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import nbann
from nbann.panels import LossCurve
from nbann.panels.scale import thinned
from nbann.panels.smoothing import Smoothed

from .boards import attached, classes, same_as_fresh


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


# ---- smoothing -----------------------------------------------------------------------------------
@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9, 0.99])
def test_smoothing_is_the_exponentially_weighted_mean_of_pandas(weight):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    values = rng.normal(size=300)
    values[[0, 7, 8, 100]] = np.nan
    wanted = pandas.Series(values).ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean()
    wanted[np.isnan(values)] = np.nan
    np.testing.assert_allclose(Smoothed(weight)(values), wanted, rtol=1e-12)


def test_smoothing_goes_on_from_what_is_known_and_back():
    rng = np.random.default_rng(1)
    values = rng.normal(size=200)
    smoothed = Smoothed(0.8)
    for length in (50, 120, 30, 200, 0, 10):
        np.testing.assert_array_equal(smoothed(values[:length]), Smoothed(0.8)(values[:length]))
    other = values.copy()
    other[100] += 1.0  # as after acting anew in the past
    smoothed(values)
    np.testing.assert_array_equal(smoothed(other), Smoothed(0.8)(other))


def test_the_smoothed_line_stands_before_the_raw_one():
    panel = attached(LossCurve(smoothing=0.6), classes())
    panel.trainer.run(3)
    panel.update()
    first, second, third = panel.trainer.history["train_loss"]
    # by hand: m = 0.4 x1, 0.6 m + 0.4 x2, ...; divided by 1 - 0.6, 1 - 0.36, 1 - 0.216
    m2 = 0.6 * 0.4 * first + 0.4 * second
    m3 = 0.6 * m2 + 0.4 * third
    smooth = [first, m2 / 0.64, m3 / 0.784]
    np.testing.assert_allclose(panel._lines[0].get_ydata(), smooth)
    np.testing.assert_array_equal(panel._raw[0].get_ydata(), [first, second, third])
    assert panel._raw[0].get_zorder() < panel._lines[0].get_zorder()
    assert f"smoothed with weight 0.6: train {smooth[2]:#.3g}" in panel.describe()
    assert panel._labels[0].get_text() == f"train {third:#.3g}"  # the loss, as measured
    assert "smoothed with weight 0.6" in panel.ax.get_xlabel()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"smoothing": 1.0}, "below 1"),
        ({"smoothing": -0.1}, "at least 0"),
        ({"smoothing": "0.9"}, "finite number"),
        ({"by": "batches"}, "mean 'batch'"),
    ],
)
def test_wrong_options_are_told(options, error):
    with pytest.raises(ValueError, match=error):
        LossCurve(**options)


# ---- what is counted across ----------------------------------------------------------------------
def test_by_batch_evaluations_stand_where_their_epoch_ends():
    trainer = classes()
    panel = attached(LossCurve(by="batch"), trainer)
    trainer.run(4)
    trainer.step("batch")
    panel.update()
    batches = 4 * trainer.batches + 1
    np.testing.assert_array_equal(panel._lines[0].get_xdata(), np.arange(1, batches + 1))
    np.testing.assert_array_equal(panel._lines[0].get_ydata(), trainer.history["loss"])
    ends = trainer.batches * np.arange(1, 5)
    np.testing.assert_array_equal(panel._lines[1].get_xdata(), ends)
    np.testing.assert_array_equal(panel._lines[1].get_ydata(), trainer.history["train_loss"])
    np.testing.assert_array_equal(panel._lines[2].get_ydata(), trainer.history["test_loss"])
    assert panel.ax.get_xlabel() == "batches"
    assert f"after {batches} batches" in panel.describe()


# ---- gaps ----------------------------------------------------------------------------------------
def without_loss() -> nbann.Trainer:
    """A perceptron on separable data: its loss comes to be exactly 0."""
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    trainer = nbann.Trainer(nbann.Perceptron(), (X, np.array([0, 0, 0, 1])), seed=0)
    trainer.run(30)
    return trainer


def test_a_loss_of_zero_is_a_gap_on_a_log_scale_and_is_said():
    trainer = without_loss()
    losses = trainer.history["train_loss"]
    zeros = int((losses == 0).sum())
    assert zeros
    assert losses[0] > 0
    panel = attached(LossCurve(log=True), trainer)
    drawn = panel._lines[0].get_ydata()
    np.testing.assert_array_equal(np.isnan(drawn), losses == 0)
    note = f"gaps: {zeros} losses not above 0, which a logarithmic scale can not show"
    assert panel._note.get_text() == note
    assert note in panel.describe()
    FigureCanvasAgg(panel._figure).draw()
    even = attached(LossCurve(), trainer)
    assert even._note.get_text() == ""
    np.testing.assert_array_equal(even._lines[0].get_ydata(), losses)


def test_negative_losses_on_a_log_scale_are_said_to_be_none():
    patterns = np.sign(np.random.default_rng(0).normal(size=(2, 16)))
    trainer = nbann.Trainer(nbann.Hopfield(), patterns)
    trainer.run()
    assert (trainer.history["loss"] < 0).all()
    panel = attached(LossCurve(log=True), trainer)
    assert "no loss is above 0" in panel._note.get_text()
    assert np.isnan(panel._lines[0].get_ydata()).all()
    FigureCanvasAgg(panel._figure).draw()


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_losses_that_are_no_numbers_are_a_gap(smoothing):
    trainer = classes()
    trainer.run(2)
    trainer.learning_rate = 1e200
    trainer.step("epoch", 2)
    losses = trainer.history["loss"]
    lost = int((~np.isfinite(losses)).sum())
    assert lost
    panel = attached(LossCurve(by="batch", smoothing=smoothing), trainer)
    np.testing.assert_array_equal(np.isnan(panel._lines[0].get_ydata()), ~np.isfinite(losses))
    rows = (losses, trainer.history["train_loss"], trainer.history["test_loss"])
    every = sum(int((~np.isfinite(row)).sum()) for row in rows)
    assert panel._note.get_text() == f"gaps: {every} losses not finite"
    assert f"gaps: {every} losses not finite" in panel.describe()


# ---- interventions and branches ------------------------------------------------------------------
def test_an_intervention_is_marked_where_its_batch_has_come_to():
    trainer = classes()
    panel = attached(LossCurve(), trainer)
    trainer.run(3)
    trainer.learning_rate = 0.01
    trainer.step("op", 2)
    trainer.set("hidden.weight", (0, 0), 1.0)
    trainer.run(1)
    panel.update()
    within = (3 * trainer.batches + 2 / len(trainer.program)) / trainer.batches
    np.testing.assert_allclose(panel._marks.acts.get_xdata(), [3.0, within], atol=1e-3)
    drawn = [segment[0][0] for segment in panel._marks.lines.get_segments()]
    np.testing.assert_allclose(drawn, [3.0, within], atol=1e-3)
    assert "2 interventions, latest first: epoch 4, batch 1, op 3: hidden.weight[0,0] = 1" in (
        panel.describe()
    )
    assert panel._marks.key.get_text().startswith("▾ hidden.weight[0,0] = 1")
    trainer.goto(epoch=2)  # they lie ahead now
    panel.update()
    assert panel._marks.acts.get_xdata().size == 0
    assert "intervention" not in panel.describe()


@pytest.mark.parametrize("by", ["epoch", "batch"])
def test_a_branch_is_drawn_faint_from_where_it_parts(by):
    trainer = classes()
    trainer.run(8)
    left = {name: trainer.history[name] for name in ("loss", "train_loss", "test_loss")}
    trainer.goto(epoch=3)
    trainer.learning_rate = 0.5
    trainer.run(2)
    panel = attached(LossCurve(by=by), trainer)
    unit = 1 if by == "batch" else trainer.batches
    parted = 3 * trainer.batches / unit
    assert panel._marks.forks.get_xdata().tolist() == [parted]
    shown = panel._beside.get_segments()
    names = ["train_loss", "test_loss"] if by == "epoch" else ["loss", "train_loss", "test_loss"]
    assert len(shown) == len(names)
    for segment, name in zip(shown, names, strict=True):
        # from the last value that both lines have on: it is theirs in common
        start = 3 * trainer.batches if name == "loss" else 3
        np.testing.assert_array_equal(segment[:, 1], left[name][start - 1 :])
        assert segment[0, 0] == parted
        assert trainer.history[name][start - 1] == segment[0, 1]
        # the first batch's loss is computed before its update, at the other rate
        differs = 2 if name == "loss" else 1
        assert trainer.history[name][start - 1 + differs] != segment[differs, 1]
    assert "1 branch drawn faint: branch 0 from epoch 4, batch 1" in panel.describe()
    trainer.switch(0)
    panel.update()
    first = "loss" if by == "batch" else "train_loss"
    np.testing.assert_array_equal(panel._lines[0].get_ydata(), trainer.history[first])
    assert "branch 1 from epoch 4, batch 1" in panel.describe()
    without = attached(LossCurve(by=by, marks=False), trainer)
    assert without._beside.get_segments() == []
    assert "branch" not in without.describe()


def drawn(panel):
    lines = [line.get_xydata() for line in (*panel._lines, *panel._raw)]
    marks = [panel._marks.acts.get_xydata(), panel._marks.forks.get_xydata()]
    beside = [np.concatenate([np.zeros((1, 2)), *panel._beside.get_segments()])]
    words = [panel._note.get_text(), panel._marks.key.get_text(), panel._status.get_text()]
    return [*lines, *marks, *beside, *words, [label.get_text() for label in panel._labels]]


@pytest.mark.parametrize("options", [{}, {"by": "batch", "smoothing": 0.9}, {"log": True}])
def test_an_updated_panel_draws_what_a_fresh_one_does(options):
    trainer = classes()
    panel = attached(LossCurve(**options), trainer)
    for move in (
        lambda: trainer.step("op", 3),
        lambda: trainer.step("batch"),
        lambda: trainer.run(6),
        lambda: trainer.set("output.bias", 0, 2.0),
        lambda: trainer.run(2),
        lambda: trainer.back("epoch", 4),
        lambda: setattr(trainer, "learning_rate", 0.3),
        lambda: trainer.run(3),
        lambda: trainer.switch(0),
        trainer.reset,
    ):
        move()
        same_as_fresh(panel, drawn, **options)


def test_texts_are_never_maths():
    panel = attached(LossCurve(), classes())
    assert not panel._marks.key.get_parse_math()
    assert not panel._note.get_parse_math()
