"""Histograms and quantiles of layers against plain counting, NumPy's quantiles and arrays."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import nbann
from nbann.panels import Activations, Dashboard
from nbann.panels.activation_cells import grid
from nbann.panels.activation_numbers import BINS, QUANTILES, Scale, histogram, quantiles, scale_of

from .boards import attached, blobs, classes, deep, same_as_fresh


def drawn(panel):
    if panel.cells is not None:
        paths = [path.vertices for path in panel.cells.bars.get_paths()]
        feet = [foot.words for foot in panel.cells.feet]
        colors = panel.cells.bars.get_facecolors()
        count = [len(paths)]
        return [
            count,
            np.concatenate([np.zeros((1, 2)), *paths]),
            colors,
            panel.cells.heads.words,
            *feet,
        ]
    strip = panel.strip
    bands = [path.vertices for band in strip.bands for path in band.get_paths()]
    spans = [np.concatenate([np.zeros((1, 2)), *strip.spans.get_segments()])]
    rest = [strip.missing.get_xdata(), strip.broken.get_xdata(), strip.ends.words]
    return [[len(bands)], np.concatenate([np.zeros((1, 2)), *bands]), *spans, *rest]


# ---- counting ------------------------------------------------------------------------------------
@pytest.mark.parametrize("shift", [-9.0, 0.0, 9.0])
def test_bins_hold_what_plain_counting_finds(shift):
    values = np.random.default_rng(0).normal(size=(40, 7)) + shift
    values[:5] = 0.0
    one = histogram(values)
    assert one.zeros == 35
    assert one.counts.sum() == 245
    assert one.size == 280
    ends = {-9.0: (-20.0, 0.0), 0.0: (-5.0, 5.0), 9.0: (0.0, 20.0)}[shift]
    assert (one.edges[0], one.edges[-1]) == ends
    width = (ends[1] - ends[0]) / BINS
    for k in range(BINS):
        low = ends[0] + k * width
        inside = [v for v in values.ravel() if v != 0 and low <= v < low + width]
        assert one.counts[k] == len(inside)


def test_numbers_that_are_not_finite_are_counted_apart():
    one = histogram(np.array([np.nan, np.inf, -np.inf, 0.0, 3.0, -0.0]))
    assert (one.not_finite, one.zeros, one.counts.sum()) == (3, 2, 1)
    assert (one.edges[0], one.edges[-1]) == (0.0, 5.0)
    none = histogram(np.full(4, np.nan))
    assert (none.not_finite, none.counts.sum()) == (4, 0)


@pytest.mark.parametrize("size", [1e-300, 1e-20, 1.7e308])
def test_numbers_of_any_size_are_counted(size):
    one = histogram(np.array([size, -size, size / 2]))
    assert one.counts.sum() == 3
    assert np.isfinite(one.edges).all()


def test_quantiles_are_numpys():
    rng = np.random.default_rng(0)
    arrays = {"a": rng.normal(size=(9, 4)), "b": rng.normal(size=36), "c": rng.normal(size=(3, 5))}
    arrays["d"] = np.array([1.0, np.nan, 3.0])
    found = quantiles({**arrays, "none": None, "nan": np.array([np.nan])})
    for name in "abc":
        np.testing.assert_allclose(found[name], np.quantile(arrays[name], QUANTILES), rtol=1e-12)
    np.testing.assert_allclose(found["d"], np.quantile([1.0, 3.0], QUANTILES))
    assert np.isnan(found["none"]).all()
    assert np.isnan(found["nan"]).all()
    assert list(found) == ["a", "b", "c", "d", "none", "nan"]


def test_a_scale_is_even_unless_layers_are_far_apart():
    even = scale_of([0.7, 1.0, 3.0])
    np.testing.assert_allclose(even.heights(np.array([-5.0, 0.0, 2.5])), [-1.0, 0.0, 0.5])
    assert even.half == 2.5
    far = scale_of([1e-6, 1.0, 1e8, np.nan, 0.0])
    # 1e-6 is the threshold: 1 + 1e14 at the top, so half the height is at 1e-6 * (1e7 - 1)
    assert far.heights(np.array([1e8])) == pytest.approx(1.0)
    assert far.half == pytest.approx(1e-6 * (1e7 - 1), rel=1e-6)
    assert far.heights(np.array([far.half])) == pytest.approx(0.5)
    assert far.heights(np.array([-far.half])) == pytest.approx(-0.5)


# ---- the picture ---------------------------------------------------------------------------------
def test_bars_are_as_high_as_their_counts():
    trainer = classes()
    trainer.run(2)
    panel = attached(Activations(), trainer)
    out = trainer["hidden.out"]
    cell = panel.cells.cells[0]
    one = histogram(out)
    paths = [path.vertices for path in panel.cells.bars.get_paths()]
    bars = [p for p in paths if p[0, 0] <= cell.x + cell.wide]
    highest = max(p[:, 1].max() for p in bars)
    assert highest == pytest.approx(cell.y + cell.high)
    tops = sorted(p[:, 1].max() - cell.y for p in bars)
    wanted = sorted(cell.high * one.counts[one.counts > 0] / one.counts.max())
    np.testing.assert_allclose(tops, wanted)


def test_words_over_a_layer_are_those_of_layer_stats():
    trainer = classes()
    trainer.run(4)
    panel = attached(Activations(), trainer)
    out = trainer["relu1.out"]
    zeros = (out == 0).mean()
    dead = (out == 0).all(axis=0).mean()
    assert nbann.layer_stats(trainer)["relu1"].dead == dead
    words = f"{zeros:.0%} zero" + (f", {dead:.0%} dead" if dead else "")
    assert panel.cells.heads.words[1] == words
    assert f"relu1: from 0 to {out.max():#.3g}, mean {out.mean():#.3g}, {words}" in panel.describe()


def through(weights, x, dtype="float64"):
    """A net of one neuron in each layer, which has gone forward over samples x."""
    net = nbann.Sequential([nbann.Dense(1, weight=[[w]], bias=False) for w in weights])
    data = (np.reshape(x, (-1, 1)), np.zeros((len(x), 1)))
    trainer = nbann.Trainer(net, data, loss="mse", batch_size=None, dtype=dtype)
    trainer.step("phase")
    return trainer


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rounding_is_not_told_and_small_numbers_are(dtype):
    x = np.array([0.1, 0.2, -0.3] * 2, dtype)
    assert x.mean(dtype=np.float64) != 0  # by a rounding error, whose size is a processor's own
    words = attached(Activations(), through([1.0, 1e-20], x, dtype)).describe()
    assert "dense1: from −0.300 to 0.200, mean 0;" in words
    assert "dense2: from −3.00e−21 to 2.00e−21, mean 0." in words


def test_the_spread_of_layers_that_give_one_number_is_none():
    x = [0.1 + 0.2, 0.3]  # which are not the same
    assert 0 < np.std(x) < 1e-16
    words = attached(Activations(), through([1.0] * 9, x)).describe()
    assert "std from 0 at dense1 to 0 at dense9 over all 9" in words


def test_saturated_outputs_are_named():
    net = nbann.Sequential(
        [nbann.Dense(4, init=nbann.initializers.Normal(5.0)), nbann.Sigmoid(), nbann.Dense(3)]
    )
    trainer = nbann.Trainer(net, blobs())
    trainer.step("batch")
    out = trainer["sigmoid1.out"]
    share = ((out < 0.05) | (out > 0.95)).mean()
    assert share > 0.5
    panel = attached(Activations(), trainer)
    assert f"{share:.0%} saturated" in panel.cells.heads.words[1]
    assert f"{share:.0%} saturated" in panel.describe()


def test_what_has_not_run_in_this_batch_is_not_shown():
    trainer = classes()
    trainer.run(1)
    panel = attached(Activations(), trainer)
    assert all(panel.histograms().values())
    trainer.step("op")  # of the next batch: x @ W + b of the hidden layer
    panel.update()
    assert [h is None for h in panel.histograms().values()] == [False, True, True]
    assert panel.cells.heads.words[1:] == ["not computed yet"] * 2
    assert panel.describe().endswith("; 2 layers not computed in this batch yet.")
    trainer.reset()
    panel.update()
    assert panel.cells.bars.get_paths() == []
    assert "press Step" in panel._empty.get_text()
    assert panel.describe().startswith("Activations: no layer has run")


@pytest.mark.parametrize("make", [classes, deep])
def test_an_updated_panel_draws_what_a_fresh_one_does(make):
    trainer = make()
    weight = next(iter(trainer.parameters))
    panel = attached(Activations(), trainer)
    for move in (
        lambda: trainer.step("op", 3),
        lambda: trainer.step("batch"),
        lambda: trainer.set(weight, (0, 0), 3.0),
        lambda: trainer.run(4),
        lambda: trainer.back("batch", 2),
        lambda: setattr(trainer, "learning_rate", 0.3),
        lambda: trainer.step("phase"),
        lambda: trainer.switch(0),
        trainer.reset,
    ):
        move()
        same_as_fresh(panel, drawn)


def test_many_layers_become_a_strip_of_quantiles():
    trainer = deep()
    trainer.run(1)
    panel = attached(Activations(), trainer)
    assert panel.cells is None
    strip = panel.strip
    assert len(strip.x) == 23
    scale = max(np.abs(trainer[f"{name}.out"]).max() for name in panel.layers)
    limit = float(strip.ends.words[0])
    assert limit >= scale > limit / 2.5 - 1e-9
    for layer, span, box in zip(
        panel.layers, strip.spans.get_segments(), strip.bands[1].get_paths(), strict=True
    ):
        out = trainer[f"{layer}.out"]
        low, high = (span[:, 1] - strip._middle) / strip._reach * limit
        assert low == pytest.approx(out.min())
        assert high == pytest.approx(out.max())
        bottom, top = box.vertices[:, 1].min(), box.vertices[:, 1].max()
        quarter, three = np.quantile(out, [0.25, 0.75])
        assert (bottom - strip._middle) / strip._reach * limit == pytest.approx(quarter)
        if top - bottom > 1:
            assert (top - strip._middle) / strip._reach * limit == pytest.approx(three)
    stds = {name: trainer[f"{name}.out"].std() for name in panel.layers}
    least, most = min(stds, key=stds.get), max(stds, key=stds.get)
    words = f"std from {stds[least]:#.3g} at {least} to {stds[most]:#.3g} at {most} over all 23"
    assert words in panel.describe()


def test_layers_may_be_chosen():
    trainer = deep()
    trainer.run(1)
    panel = attached(Activations(("tanh1", "tanh11")), trainer)
    assert list(panel.histograms()) == ["tanh1", "tanh11"]
    assert panel.cells is not None
    assert repr(Activations("tanh1")) == "Activations(('tanh1',))"
    with pytest.raises(ValueError, match="mean 'tanh1'"):
        attached(Activations(("tahn1",)), trainer)
    with pytest.raises(ValueError, match="names of layers"):
        Activations(())


def test_cells_lie_apart_and_inside():
    for count in range(1, 10):
        cells = grid(count, 424.0, 258.0)
        assert len(cells) == count
        for i, a in enumerate(cells):
            assert a.x >= 0
            assert a.x + a.wide <= 424.0 + 1e-9
            assert a.y >= 8
            assert a.y + a.high <= 258.0 - 20
            for b in cells[:i]:
                beside = a.x >= b.x + b.wide or b.x >= a.x + a.wide
                assert beside or a.y >= b.y + b.high or b.y >= a.y + a.high
    assert grid(40, 424.0, 258.0) == []


def test_a_run_that_failed_is_shown():
    for make in (classes, deep):
        trainer = make()
        trainer.learning_rate = 1e200
        trainer.step("epoch", 3)
        panel = attached(Activations(), trainer)
        bad = {n: int((~np.isfinite(trainer[f"{n}.out"])).sum()) for n in panel.layers}
        words = panel.describe()
        for name in panel.layers[:8]:
            told = f"{name}: none of" in words or f"{bad[name]} not finite" in words
            assert told == (bad[name] > 0)
        FigureCanvasAgg(panel._figure).draw()


def test_a_machine_without_layers_says_so():
    trainer = nbann.Trainer(nbann.RBM(2), np.eye(4))
    panel = attached(Activations(), trainer)
    assert panel.describe() == (
        "Activations: RBM has no forward pass through layers; its arrays are in trainer.names."
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("make", [classes, deep])
def test_a_blitted_picture_is_a_full_one(make, theme):
    trainer = make()
    board = Dashboard(trainer, ["activations", "gradients", "loss"], theme=theme)

    def full():
        artists = [a for panel in board.panels for a in panel.artists()]
        for artist in artists:
            artist.set_animated(False)
        board.figure.canvas.draw()
        pixels = np.asarray(board.figure.canvas.buffer_rgba()).astype(int)
        for artist in artists:
            artist.set_animated(True)
        return pixels

    for move in (
        lambda: None,
        lambda: trainer.step("op"),
        lambda: trainer.run(5),
        lambda: setattr(trainer, "learning_rate", 0.3),
        lambda: trainer.step("phase", 2),
        lambda: trainer.goto(epoch=2),
        lambda: setattr(trainer, "learning_rate", 0.2),
        lambda: trainer.run(3),
        trainer.reset,
    ):
        move()
        pixels = board.render().astype(int)
        assert np.abs(pixels - full()).max() <= 1


def test_heights_of_what_no_quotient_can_hold():
    scale = Scale(limit=1e308, threshold=1e-3)
    found = scale.heights(np.array([-1e308, 0.0, 1e-3, 1e308]))
    np.testing.assert_allclose(found, [-1, 0, np.log(2) / (311 * np.log(10)), 1])
