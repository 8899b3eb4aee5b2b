"""Curves of several runs: what is drawn is what their histories hold."""

import numpy as np
import pytest

import nbann
from nbann.panels.overlaid_curves import DASHES, MOST, RUN_MARKERS
from nbann.panels.style import RUN_COLORS, THEMES, contrast

TRAIN, TEST = nbann.datasets.iris().standardized().split(test=0.3, seed=0)


def make(**options):
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(3)])
    return nbann.Trainer(net, TRAIN, test=TEST, batch_size=50, **options)


def board(trainers, column="train_loss", **options):
    curves = nbann.panels.OverlaidCurves(trainers, column, **options)
    return nbann.Dashboard(trainers[0], [curves], width=400), curves


def test_lines_are_the_columns():
    trainers = [make(), make(seed=1)]
    trainers[0].run(5)
    trainers[1].run(3)
    for column in ("train_loss", "test_loss", "test_accuracy"):
        shown, curves = board(trainers, column, names=["one", "other"])
        shown.update()
        for line, trainer in zip(curves._lines, trainers, strict=True):
            assert np.array_equal(line.get_xdata(), trainer.history["epoch"])
            assert np.array_equal(line.get_ydata(), trainer.history[column])
        assert "one" in shown.describe()
    shown, curves = board(trainers, "loss")
    shown.update()
    line = curves._lines[1]
    assert np.array_equal(line.get_ydata(), trainers[1].history["loss"])
    assert line.get_xdata()[-1] == 3.0


def test_they_follow_and_go_back():
    trainers = [make(), make(seed=1)]
    shown, curves = board(trainers)
    assert shown.describe() == "Train loss: no epoch is done yet."
    assert "no epoch" in curves._empty.get_text()
    for trainer in trainers:
        trainer.run(40)
    shown.update()
    wide = shown.figure.axes[0].get_xlim()[1]
    assert wide > 40
    for trainer in trainers:
        trainer.goto(epoch=2)
    shown.update()
    assert shown.figure.axes[0].get_xlim()[1] < wide
    assert all(len(line.get_xdata()) == 2 for line in curves._lines)


def test_each_run_has_a_color_a_dash_and_a_marker():
    assert len(set(DASHES)) == len(set(RUN_MARKERS)) == MOST
    for theme, colors in RUN_COLORS.items():
        assert len(set(colors)) == MOST
        assert min(contrast(color, THEMES[theme].background) for color in colors) >= 3
    trainers = [make(seed=seed) for seed in range(MOST)]
    _, curves = board(trainers)
    looks = {(x.get_color(), x.get_linestyle(), x.get_marker()) for x in curves._lines}
    assert len(looks) == MOST


def test_a_column_that_nobody_measures_says_so():
    shown, _ = board([make()], "test_r2")
    assert "no run measures 'test_r2'" in shown.describe()
    assert shown.png()


def test_not_a_number_leaves_a_gap():
    trainers = [make(optimizer=nbann.SGD(1e200)), make()]
    for trainer in trainers:
        trainer.step("epoch", 3)
    shown, curves = board(trainers)
    assert shown.png()
    assert not curves._labels[0].get_visible() or np.isfinite(curves._labels[0].xy).all()


def test_hostile_names_are_only_text():
    names = ["$\\href{javascript:}{x}$", "<img onerror=alert(1)>" * 500]
    shown, curves = board([make(), make()], names=names)
    for trainer in curves.trainers:
        trainer.run(1)
    assert shown.png()
    assert all(not label.get_parse_math() for label in curves._labels)
    assert len(curves._labels[1].get_text()) < 40


def test_wrong_asks():
    with pytest.raises(ValueError, match="1 to 6"):
        nbann.panels.OverlaidCurves([])
    with pytest.raises(ValueError, match="names: expected 1"):
        nbann.panels.OverlaidCurves([make()], names=["a", "b"])


@pytest.mark.parametrize("log", [False, True])
def test_limits_hold_all_values(log):
    trainers = [make(), make(seed=1)]
    for trainer in trainers:
        trainer.run(20)
    shown, _ = board(trainers, log=log)
    shown.update()
    low, high = shown.figure.axes[0].get_ylim()
    values = np.concatenate([t.history["train_loss"] for t in trainers])
    assert low <= values.min() <= values.max() <= high
