"""Panels of a sweep: their numbers are those of its table, at every moment, light and dark."""

import cProfile
import math
import pstats
import threading

import numpy as np
import pytest

import nbann
from nbann.core.errors import UnknownNameError
from nbann.panels import SweepCurves, SweepMap
from nbann.panels.style import as_theme
from nbann.panels.sweep_reading import groups_told_apart
from nbann.panels.text import number

from ..sweeping import builds


def build(rate, neurons, seed):
    if rate == 3 and (neurons == 2 or seed == 1):
        raise RuntimeError("no luck")
    return builds.steep(1e120) if rate == 10 else builds.build(rate, neurons, seed)


GRID = {"rate": [0.1, 3, 10], "neurons": [2, 4]}


@pytest.fixture(scope="module")
def found():
    return nbann.sweep(build, GRID, "in process", seeds=3, epochs=3)


def shown(sweep, *panels, **options):
    board = nbann.Dashboard(sweep, list(panels), **options)
    board.render()
    return board


def test_the_map_has_the_mean_of_the_runs_that_are_done(found):
    panel = SweepMap()
    board = shown(found, panel)
    table = found.table
    for i, neurons in enumerate([2, 4]):
        for j, rate in enumerate([0.1, 3, 10]):
            cell = panel.cells()[i][j]
            mine = (table["rate"] == rate) & (table["neurons"] == neurons)
            done = table["test_loss"][mine & (table["status"] == "done")]
            word = panel._numbers.words[3 * i + j]
            below = panel._below.words[3 * i + j]
            if done.size:
                assert cell.mean == pytest.approx(done.mean(), rel=1e-15)
                assert word == number(done.mean())
                spread = f"± {number(done.std(ddof=1), 2)}"
                assert below == (spread if mine.sum() == done.size else "1 failed")
            else:
                assert math.isnan(cell.mean)
                assert (word, below) == ("", "failed" if rate == 3 else "diverged")
    words = board.describe()
    assert "test loss by rate and neurons, 6 cells of 3 runs, mean over seed" in words
    assert "neurons=2, rate=3 failed" in words
    assert "neurons=4, rate=10 diverged" in words
    assert len(panel._hatch.get_paths()) == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_best_cell_is_framed_and_of_the_strongest_shade(found, theme):
    panel = SweepMap(metric="test_accuracy")
    shown(found, panel, theme=theme)
    means = np.array([cell.mean for row in panel.cells() for cell in row])
    best = int(np.nanargmax(means))
    colors = np.asarray(panel._image.get_array()).reshape(-1, 4)[:, :3].astype(int)
    ink = np.array([int(as_theme(theme).ink[i : i + 2], 16) for i in (1, 3, 5)])
    apart = np.abs(colors - ink).sum(axis=1)
    assert apart.argmin() == best or means[apart.argmin()] == means[best]
    (edge,) = panel._edge.get_segments()
    x, y, wide, high = panel._frame
    row, column = divmod(best, 3)
    center = (x + (column + 0.5) * wide / 3, y + high - (row + 0.5) * high / 2)
    np.testing.assert_allclose(edge[:4].mean(axis=0), center)


def test_the_curves_are_the_histories_and_the_best_stands_out(found):
    panel = SweepCurves()
    board = shown(found, panel)
    segments = panel._lines.get_segments()
    trained = [run for run in found if "test_loss" in run.history]
    assert len(segments) == len(trained)
    for segment, run in zip(segments, trained, strict=True):
        np.testing.assert_array_equal(segment[:, 0], run.history["epoch"])
        np.testing.assert_array_equal(segment[:, 1], run.history["test_loss"])
    best = found.best("test_loss")
    np.testing.assert_array_equal(panel._best.get_ydata(), best.history["test_loss"])
    assert f"seed={best.seed}: {number(best.metrics['test_loss'])}" in panel._status.get_text()
    words = board.describe()
    assert f"best run {best.index} " in words
    assert "colored by rate, 0.1 to 10; 6 diverged, 4 failed" in words


def test_a_color_for_each_value_of_the_setting_that_is_asked_for(found):
    panel = SweepCurves("train_accuracy", color="neurons")
    shown(found, panel)
    trained = [run for run in found if "train_loss" in run.history]
    colors = [tuple(color) for color in panel._lines.get_colors()]
    by_value = {}
    for run, color in zip(trained, colors, strict=True):
        by_value.setdefault(run.settings["neurons"], set()).add(color)
    assert [len(seen) for seen in by_value.values()] == [1, 1]
    assert len(set.union(*by_value.values())) == 2


def test_pictures_follow_a_sweep_while_it_runs():
    gate = threading.Semaphore(0)

    def gated(rate):
        gate.acquire()
        return builds.build(rate)

    found = nbann.sweep(gated, {"rate": [0.1, 0.5, 2.0]}, "in process", wait=False)
    board = nbann.Dashboard(found)
    board.render()
    assert "no run has ended yet" in board.describe()
    heard = threading.Event()
    found.watch(lambda sweep: heard.set())
    gate.release()
    assert heard.wait(60)
    board.update()
    assert "1 run" in board.describe()
    gate.release(2)
    found.wait()
    board.update()
    fresh = nbann.Dashboard(found)
    np.testing.assert_array_equal(board.render(), fresh.render())
    assert board.describe() == fresh.describe()
    assert "3 runs" in board.describe()


def test_what_waits_is_said(monkeypatch):
    monkeypatch.setattr("nbann.sweeping.driver.Driver.run_here", lambda self, *, stoppable: None)
    found = nbann.sweep(builds.build, {"rate": [0.1, 0.5]}, "in process")
    assert found.table["status"].tolist() == ["not run"] * 2
    board = shown(found, SweepCurves(), SweepMap())
    assert "no run has ended yet" in board.describe()
    assert "no run is done yet" in board.describe()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: SweepMap("rat"), "Did you mean 'rate'"),
        (lambda: SweepMap(metric="test_los"), "Did you mean 'test_loss'"),
        (lambda: SweepCurves(color="neuron"), "Did you mean 'neurons'"),
        (lambda: SweepCurves("test_los"), "Did you mean 'test_loss'"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(found, make, match):
    with pytest.raises(UnknownNameError, match=match):
        nbann.Dashboard(found, [make()])


def test_options_of_the_wrong_kind():
    for make in (lambda: SweepMap(3), lambda: SweepCurves(["loss"])):
        with pytest.raises(ValueError, match="a name"):
            make()
    with pytest.raises(ValueError, match="another setting than x"):
        SweepMap("rate", "rate")


def test_each_says_what_it_does_not_show(found):
    trainer = builds.build()
    words = nbann.Dashboard(trainer, [SweepCurves(), SweepMap()]).describe()
    assert words.count("shows the runs of a sweep; this is one trainer") == 2
    words = nbann.Dashboard(found, ["loss", "decision"]).describe()
    assert words.count("sweep.best().trainer()") == 2
    with pytest.raises(ValueError, match="expected a Trainer; received Sweep"):
        nbann.Dashboard(found).animate("no.gif", 1)
    with pytest.raises(ValueError, match="expected a Trainer; received Sweep"):
        nbann.FrameView(nbann.Dashboard(found))


@pytest.mark.parametrize("width", [320, 560, 900, 1400])
def test_no_words_leave_the_picture(found, width):
    board = shown(found, SweepCurves(), SweepMap(), width=width)
    renderer = board._canvas.get_renderer()
    for ax in board.figure.axes:
        for text in ax.texts:
            if text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1, text.get_text()
                assert box.x1 <= board.width + 1, text.get_text()


def test_one_cell_that_broke_does_not_make_all_others_alike(found):
    panel = SweepMap(metric="train_loss")
    shown(found, panel)
    goodness = panel._goodness(np.array([0.1, 0.3, 9.0, np.nan]))
    assert goodness[0] == 1
    assert goodness[2] == 0
    assert 0.7 < goodness[1] < 0.8  # log(9/0.3) / log(90), not (9 - 0.3) / 8.9
    assert "by ratio" in panel._said_of_scale(np.array([0.1, 9.0]))
    assert "by ratio" not in panel._said_of_scale(np.array([0.5, 0.9]))


def test_settings_that_look_alike_have_a_cell_and_a_name_each():
    def build(act, rate):
        return builds.build(rate, act())

    grid = {"act": [lambda: 2, lambda: 5], "rate": [0.1, 0.1 + 1e-9, 10**400]}
    found = nbann.sweep(build, grid, "in process", epochs=1)
    panel, curves = SweepMap(x="act", y="rate"), SweepCurves(color="act")
    board = shown(found, panel, curves)
    losses = [[cell.mean for cell in row] for row in panel.cells()[:2]]
    for i, rate in enumerate([0.1, 0.1 + 1e-9]):
        for j, neurons in enumerate([2, 5]):
            by_hand = builds.build(rate, neurons)
            by_hand.run(1)
            assert losses[i][j] == by_hand.history["test_loss"][-1]
    assert panel._column_names == ["<lambda> (1)", "<lambda> (2)"]
    assert panel._row_names[:2] == ["0.1", "0.100000001"]
    assert len(curves._values) == 2
    assert "2 failed" in board.describe()  # those with a rate that no float can hold


def test_numbers_that_a_sampler_draws_share_cells_with_their_neighbors():
    def draw(rng):
        return {"rate": 10 ** rng.uniform(-3, 0), "seed": int(rng.integers(0, 10**6))}

    found = nbann.sweep(builds.build, draw, "in process", runs=60, epochs=1)
    panel = SweepMap()
    words = shown(found, panel).describe()
    assert sum(len(cell.runs) for row in panel.cells() for cell in row) == 60
    assert len(panel._columns) == len(panel._rows) == 8  # about the root of 60
    table, sizes = found.table, {len(group) for group in panel._columns}
    assert sizes == {7, 8}
    rates = np.sort(table["rate"])
    assert [rate for group in panel._columns for rate in group] == rates.tolist()
    for row, seeds in zip(panel.cells(), panel._rows, strict=True):
        for cell, own in zip(row, panel._columns, strict=True):
            here = (table["rate"] >= own[0]) & (table["rate"] <= own[-1])
            here &= (table["seed"] >= seeds[0]) & (table["seed"] <= seeds[-1])
            assert {run.index for run in cell.runs} == set(table["run"][here])
            if here.any():
                assert cell.mean == pytest.approx(table["test_loss"][here].mean(), rel=1e-12)
    assert f"rate={number(rates[0], 2)} to {number(rates[6], 2)}" in panel._where(0)
    assert "64 cells" in words


def test_a_large_grid_keeps_a_cell_for_each_pair():
    grid = {"rate": [0.01 * i for i in range(1, 13)], "neurons": list(range(1, 10))}
    panel = SweepMap()
    shown(nbann.sweep(builds.build, grid, "in process", epochs=1), panel)
    assert [len(row) for row in panel.cells()] == [12] * 9
    assert {len(cell.runs) for row in panel.cells() for cell in row} == {1}


def test_where_all_have_failed_it_is_said():
    def build(rate):
        raise OSError("no luck")

    words = shown(nbann.sweep(build, {"rate": [1, 2]}), SweepCurves(), SweepMap()).describe()
    assert "no run has a curve: 2 failed" in words
    assert "no run is done; rate=1 failed" in words


def test_it_is_drawn_in_steps_that_grow_with_the_runs_and_not_with_their_square():
    calls = {}
    for count in (20, 80):
        grid = {"rate": [0.001 * i for i in range(1, count + 1)]}
        found = nbann.sweep(builds.build, grid, "in process", epochs=1)
        board = nbann.Dashboard(found)
        board.render()
        profile = cProfile.Profile()
        profile.runcall(board.describe)
        stats = pstats.Stats(profile).stats.items()
        calls[count] = sum(n for (path, _, _), (_, n, *_) in stats if "sweep" in path)
    assert calls[80] < 6 * calls[20]


def test_groups_whose_ends_read_the_same_have_names_of_their_own():
    names = groups_told_apart([[0.101, 0.102], [0.103, 0.104], [0.5, 0.6]])
    assert names == ["0.10 (1)", "0.10 (2)", "0.50 to 0.60"]
