"""Energies against the formulas, written out here, and against what must hold of them."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import nbann
from nbann.panels import Dashboard, Energy
from nbann.panels.scale import Span

from .boards import attached, classes, same_as_fresh


def patterns(count=3, units=24, seed=0):
    return np.sign(np.random.default_rng(seed).normal(size=(count, units)))


def hopfield(order="in order", **options):
    X = patterns()
    trainer = nbann.Trainer(nbann.Hopfield(), X)
    trainer.run()
    probe = X[0].copy()
    probe[:7] *= -1
    return trainer.model.recall(trainer, probe, order=order, **options)


def bam():
    X, Y = patterns(2, 12), patterns(2, 6, seed=1)
    trainer = nbann.Trainer(nbann.BAM(6), (X, Y))
    trainer.run()
    probe = X[0].copy()
    probe[:2] *= -1
    return trainer.model.recall(trainer, probe)


def rbm(**options):
    X = (np.random.default_rng(0).random((60, 9)) < 0.4).astype(float)
    return nbann.Trainer(nbann.RBM(5), X[:20], test=X[20:], optimizer=nbann.SGD(0.3), **options)


def drawn(panel):
    lines = [array for line in panel._lines for array in line.get_data()]
    labels = [label.get_text() for label in panel._ends.labels]
    return [*lines, labels, panel._status.get_text(), panel._empty.get_text()]


# ---- recall --------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", ["in order", "random", "synchronous"])
def test_recall_is_the_formula_after_every_update(order):
    recall = hopfield(order)
    panel = attached(Energy(), recall)
    W, state = recall["hopfield.weight"].copy(), recall["hopfield.state"].copy()
    wanted = [-0.5 * state @ W @ state]
    for _ in range(2 * recall.batches):
        recall.step("batch")
        state = recall["hopfield.state"]
        wanted.append(-0.5 * state @ W @ state)
    panel.update()
    x, y = panel._lines[0].get_data()
    np.testing.assert_array_equal(x, np.arange(len(wanted)))
    np.testing.assert_allclose(y, wanted, rtol=1e-12)
    fell = int((np.diff(wanted) < -1e-9).sum())
    assert fell
    words = panel.describe()
    assert f"from {number(wanted[0])} of the probe; it fell {fell} time" in words
    if order != "synchronous":
        assert (np.diff(wanted) <= 1e-9).all()
        assert "and never rose" in words
    assert panel._ends.labels[0].get_text() == number(wanted[-1])


def number(value):
    return f"{value:#.3g}".rstrip(".").replace("-", "−")


def test_rest_is_told_once_no_unit_turns():
    recall = hopfield()
    panel = attached(Energy(), recall)
    assert panel.describe() == "Energy: nothing measured yet: press Step or call trainer.run()."
    recall.run(1)
    panel.update()
    assert recall.history["turned"][-1] > 0
    assert "at rest" not in panel.describe()
    recall.run(3)
    panel.update()
    assert recall.history["turned"][-1] == 0
    assert "no unit turned in epoch 4: it is at rest" in panel.describe()
    assert panel._status.get_text() == "at rest"
    recall.step("batch")  # within an epoch nothing is known of the rest of it
    panel.update()
    assert panel._status.get_text() == ""


def test_an_energy_that_rises_is_told():
    recall = hopfield()
    recall.run(2)
    low = recall.history["loss"][-1]
    recall.set("hopfield.state", ..., -np.sign(np.arange(24) % 2 - 0.5))
    recall.step("batch")
    rose = recall.history["loss"][-1] > low
    assert rose
    panel = attached(Energy(), recall)
    assert "rose 1 time" in panel.describe()
    assert panel._status.get_text() == "rose 1 time"


def test_a_probe_that_was_changed_by_hand_has_no_start():
    recall = hopfield()
    recall.set("hopfield.state", (0,), -float(recall["hopfield.state"][0]))
    recall.run(1)
    panel = attached(Energy(), recall)
    assert panel._lines[0].get_xdata()[0] == 1
    assert "of the probe" not in panel.describe()


def test_a_bam_falls_from_0():
    recall = bam()
    recall.run(3)
    panel = attached(Energy(), recall)
    W, x, y = recall["bam.weight"], recall["bam.x"], recall["bam.y"]
    assert panel._lines[0].get_ydata()[0] == 0
    assert panel._lines[0].get_ydata()[-1] == pytest.approx(-(x @ W @ y.T).item())
    assert "after 3 rounds, from 0 of the probe" in panel.describe()
    assert panel.ax.get_xlabel() == "rounds (to y and back)"


# ---- storing -------------------------------------------------------------------------------------
def test_storing_is_the_energy_of_each_pattern_once_stored():
    X = patterns()
    trainer = nbann.Trainer(nbann.Hopfield(), X, shuffle=False)
    panel = attached(Energy(), trainer)
    trainer.run()
    panel.update()
    W, wanted = np.zeros((24, 24)), []
    for s in X:
        W += np.outer(s, s) / 24
        np.fill_diagonal(W, 0)
        wanted.append(-0.5 * s @ W @ s)
    np.testing.assert_allclose(panel._lines[0].get_ydata(), wanted)
    assert panel._lines[0].get_linestyle() == "None"
    assert "after 3 patterns stored" in panel.describe()
    stable = trainer.history["train_stable"][-1]
    assert f"{stable:.0%} of all rest" in panel.describe()


# ---- Boltzmann machines --------------------------------------------------------------------------
def test_free_energy_of_train_and_test_and_their_gap():
    trainer = rbm()
    panel = attached(Energy(), trainer)
    gaps, rows = [], []
    for _ in range(12):
        trainer.run(1)
        W, b, c = (trainer[f"rbm.{n}"] for n in ("weight", "visible_bias", "hidden_bias"))
        # F(v) = -log sum over all h of exp(-E(v, h)): every one of the 32 hidden states
        states = np.array(list(np.ndindex(*[2] * 5)), float)
        row = []
        for data in (trainer.train_data, trainer.test_data):
            energies = -(data.X @ b)[:, None] - states @ c - data.X @ W @ states.T
            row.append(float(-np.log(np.exp(-energies).sum(axis=1)).mean()))
        rows.append(row)
        gaps.append(row[1] - row[0])
    panel.update()
    for line, wanted in zip(panel._lines[:2], np.transpose(rows), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 13))
        np.testing.assert_allclose(line.get_ydata(), wanted, rtol=1e-10)
    assert panel._status.get_text() == f"test − train: {number(gaps[-1])}"
    way = "above" if gaps[-1] >= 0 else "below"
    assert f"test is {number(abs(gaps[-1]))} {way} train ({number(gaps[0])} at epoch 1)" in (
        panel.describe()
    )
    assert "tells overfitting" in panel.describe()


@pytest.mark.parametrize("measure", ["reconstruction_error", "pseudo_likelihood"])
def test_other_measures_are_the_histories(measure):
    trainer = rbm()
    trainer.run(4)
    panel = attached(Energy(measure), trainer)
    for line, part in zip(panel._lines[:2], ("train", "test"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), trainer.history[f"{part}_{measure}"])
    assert f"mean {measure.replace('_', ' ')} train" in panel.describe()


# ---- what does not fit ---------------------------------------------------------------------------
def test_nets_without_an_energy_say_so():
    assert "Sequential has no energy" in Energy().fits(classes())
    assert "evaluate_every=1" in Energy().fits(rbm(evaluate_every=None))
    assert "has an energy, and no reconstruction error" in Energy("reconstruction_error").fits(
        hopfield()
    )
    panel = attached(Energy(), classes())
    assert panel.describe() == f"Energy: {Energy().fits(classes())}"
    with pytest.raises(ValueError, match="mean 'free_energy'"):
        Energy("free_enrgy")


# ---- promises ------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [hopfield, bam, rbm])
def test_an_updated_panel_draws_what_a_fresh_one_does(make):
    trainer = make()
    weight = next(iter(trainer.parameters))
    panel = attached(Energy(), trainer)
    for move in (
        lambda: trainer.step("op"),
        lambda: trainer.step("batch"),
        lambda: trainer.run(3),
        lambda: trainer.back("epoch"),
        lambda: trainer.set(weight, (0, 1), 0.7),
        lambda: trainer.run(2),
        lambda: trainer.switch(0),
        trainer.reset,
    ):
        move()
        same_as_fresh(panel, drawn)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("make", [hopfield, bam, rbm])
def test_a_blitted_picture_is_a_full_one(make, theme):
    trainer = make()
    board = Dashboard(trainer, ["energy", "loss"], theme=theme)
    for move in (
        lambda: None,
        lambda: trainer.step("batch"),
        lambda: trainer.run(4),
        trainer.reset,
    ):
        move()
        pixels = board.render().astype(int)
        artists = [a for panel in board.panels for a in panel.artists()]
        for artist in artists:
            artist.set_animated(False)
        board.figure.canvas.draw()
        full = np.asarray(board.figure.canvas.buffer_rgba()).astype(int)
        for artist in artists:
            artist.set_animated(True)
        assert np.abs(pixels - full).max() <= 1


def test_a_machine_that_failed_is_shown():
    trainer = rbm()
    trainer.run(1)
    trainer.learning_rate = 1e308
    trainer.step("epoch", 3)
    panel = attached(Energy(), trainer)
    lost = sum(int((~np.isfinite(c.values)).sum()) for c in panel.curves())
    assert lost
    assert f"gaps: {lost} not finite" in panel.describe()
    FigureCanvasAgg(panel._figure).draw()


def test_a_span_holds_what_it_has_seen_and_moves_in_steps():
    span = Span()
    assert span.fit(np.array([-10.7, -0.6]))
    assert span.low <= -10.7
    assert span.high >= -0.6
    before = (span.low, span.high)
    assert not span.fit(np.array([-5.0, np.nan]))
    assert (span.low, span.high) == before
    assert span.fit(np.array([-30.0]))
    assert span.low <= -30.0
    assert span.high >= before[1]
    span.restart()
    assert span.fit(np.array([3.0]))
    assert span.low < 3.0 < span.high
