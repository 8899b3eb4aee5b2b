"""The loss landscape against closed forms, evaluate, scikit-learn's PCA; and that it only looks."""

from itertools import pairwise

import numpy as np
import pytest

import nbann
from nbann.panels import Dashboard, LossLandscape
from nbann.panels.plane import filter_normalized, path_plane, random_plane

from . import test_panels as promises
from .boards import TRAINERS, attached, classes

BOWL = (("line.weight", (0, 0)), ("line.bias", 0))


def line():
    """Mean squared error of w * x + b: a quadratic in both, known in closed form."""
    x = np.array([-1.0, 0.0, 1.0, 2.0])
    net = nbann.Sequential([nbann.Dense(1, name="line", weight=[[0.5]])])
    data = (x[:, None], 0.3 * x - 0.2)
    sgd = nbann.SGD(0.05)
    return nbann.Trainer(net, data, loss="mse", batch_size=2, optimizer=sgd)


def bowl(w, b):
    """Mean of ((w - 0.3) x + b + 0.2)^2 over x = -1, 0, 1, 2: the means of x, x^2 are 0.5, 1.5."""
    p, q = w - 0.3, b + 0.2
    return 1.5 * p**2 + q**2 + p * q  # 2 * 0.5 * p * q


def test_the_bowl_of_a_linear_regression():
    panel = attached(LossLandscape(BOWL), line())
    for _ in range(3):
        losses = panel.losses()
        across, up = panel.sides
        np.testing.assert_allclose(losses, bowl(across, up[:, None]), rtol=1e-10, atol=1e-13)
        w, b = (panel.trainer[f"line.{name}"].item() for name in ("weight", "bias"))
        np.testing.assert_allclose(np.ravel(panel._dots[1].get_data()), [w, b], atol=1e-15)
        assert panel._status.get_text().startswith(f"loss {bowl(w, b):#.3g}"[:9])
        panel.trainer.run(2)
    low, high = panel.ax.get_xlim()
    assert low <= 0.5 - 1
    assert high >= 0.5 + 1


def test_the_words_are_of_closed_form_losses():
    panel = attached(LossLandscape(BOWL), line())
    assert panel.describe() == (
        "Loss landscape: over line.weight[0, 0] and line.bias[0], on all 4 samples: "
        f"{bowl(0.5, 0.0):.3f} here at (0.500, 0); across, {bowl(-0.5, 0.0):.3f} at 1.00 less and "
        f"{bowl(1.5, 0.0):.2f} at 1.00 more; up, {bowl(0.5, -1.0):.3f} at 1.00 less and "
        f"{bowl(0.5, 1.0):.2f} at 1.00 more."
    )


def test_points_are_those_that_evaluate_finds_after_setting_the_weights():
    panel = attached(LossLandscape((("hidden.weight", (1, 2)), ("output.bias", -1))), classes())
    trainer = panel.trainer
    trainer.run(3)
    losses, (across, up) = panel.losses(), panel.sides
    for i, j in ((0, 0), (5, 30), (32, 16)):
        other = trainer.branch()
        other.set("hidden.weight", (1, 2), across[j])
        other.set("output.bias", (2,), up[i])
        assert losses[i, j] == pytest.approx(other.evaluate(trainer.train_data)["loss"], rel=1e-12)


@pytest.mark.parametrize("directions", ["random", "path"])
def test_a_slice_along_directions_goes_through_where_the_run_stands(directions):
    panel = attached(LossLandscape(directions=directions), classes())
    trainer = panel.trainer
    for _ in range(6):
        trainer.run(2)
        panel.update()
    losses, (across, up) = panel.losses(), panel.sides
    here = np.concatenate([a.ravel() for a in trainer.parameters.values()])
    d = panel.plane.directions
    at = np.linalg.lstsq(d.T, here - panel.plane.origin, rcond=None)[0]
    np.testing.assert_allclose(np.ravel(panel._dots[1].get_data()), at, atol=1e-9)
    probe = trainer.probe()
    for i, j in ((0, 0), (32, 0), (7, 21)):
        theta = here + (across[j] - at[0]) * d[0] + (up[i] - at[1]) * d[1]
        assert losses[i, j] == pytest.approx(probe.loss(theta), rel=1e-9)


def test_random_directions_are_scaled_filter_by_filter_and_seeded():
    trainer = classes()
    shapes = [a.shape for a in trainer.parameters.values()]
    start = trainer.probe().here
    plane = random_plane(start, shapes, 0)
    begin = 0
    for name, array in trainer.parameters.items():
        part = plane.directions[0][begin : begin + array.size].reshape(array.shape)
        begin += array.size
        norms = (np.linalg.norm(part, axis=0), np.linalg.norm(array, axis=0))
        np.testing.assert_allclose(*norms, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(plane.directions, random_plane(start, shapes, 0).directions)
    assert (plane.directions != random_plane(start, shapes, 1).directions).any()
    zero = random_plane(np.zeros(9), [(2, 3), (3,)], 0).directions  # nothing to be as long as
    np.testing.assert_allclose(zero @ zero.T, np.eye(2), atol=1e-12)
    by_hand = filter_normalized(np.array([3.0, 1, 4, 1]), np.array([0.0, 2, 10, 0]), [(2, 2)])
    np.testing.assert_allclose(by_hand, [6, 2**0.5, 8, 2**0.5])


def test_directions_of_the_path_are_its_principal_components():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    path = np.cumsum(rng.normal(size=(20, 7)) + 0.4, axis=0)
    fallback = random_plane(path[0], [(7,)], 0)
    plane = path_plane(path[0], path, fallback)
    pca = PCA(2).fit(path)
    np.testing.assert_allclose(np.abs(np.sum(plane.directions * pca.components_, axis=1)), 1)
    assert (plane.directions @ (path[-1] - path[0]) > 0).all()
    for label, share in zip(plane.labels, pca.explained_variance_ratio_, strict=True):
        assert f"({100 * share:.0f}%)" in label
    straight = path_plane(path[0], np.outer(np.arange(4.0), path[5]), fallback).directions
    np.testing.assert_allclose(straight @ straight.T, np.eye(2), atol=1e-9)
    assert path_plane(path[0], np.ones((3, 7)), fallback) is fallback


def test_the_path_is_the_runs_and_what_lay_ahead_is_dashed():
    panel = attached(LossLandscape(BOWL), line())
    trainer, way = panel.trainer, []
    for _ in range(5):
        way.append([trainer["line.weight"].item(), trainer["line.bias"].item()])
        panel.update()
        trainer.step("batch")
    panel.update()
    shown = np.column_stack(panel._way.get_data())
    np.testing.assert_array_equal(shown[:5], way)
    trainer.back("batch", 3)
    panel.update()
    np.testing.assert_array_equal(np.column_stack(panel._way.get_data())[:3], way[:3])
    np.testing.assert_array_equal(np.column_stack(panel._ahead.get_data()), shown[2:])
    assert "dashed: ahead" in panel._key.get_text()
    trainer.set("line.bias", (0,), 2.0)  # another line of events: what lay ahead is not its own
    panel.update()
    np.testing.assert_array_equal(np.column_stack(panel._way.get_data())[:2], way[:2])
    assert len(panel._ahead.get_xdata()) == 1
    trainer.switch(trainer.branches[0])
    panel.update()
    np.testing.assert_array_equal(np.column_stack(panel._way.get_data()), shown)


def test_a_run_that_was_not_watched_is_read_off_its_snapshots():
    trainer = line()
    start = trainer.probe().here
    trainer.run(40)
    panel = attached(LossLandscape(BOWL), trainer)
    shown = np.column_stack(panel._way.get_data())
    np.testing.assert_array_equal(shown[0], start)
    np.testing.assert_array_equal(shown[-1], trainer.probe().here)
    assert len(trainer.timeline.snapshots) <= len(shown) <= len(trainer.timeline.snapshots) + 1


def compared(panel):
    panel.finish()
    lines = [panel._dots[1], panel._dots[0]]
    return (
        np.asarray(panel._image.get_array()),
        [np.round(line.get_data(), 12) for line in lines],
        [panel._status.get_text(), panel._key.get_text().replace("; dashed: ahead", "")],
        panel.describe(),
    )


def test_in_place_is_as_attached_anew():
    panel = attached(LossLandscape(span=4.0), classes())
    trainer = panel.trainer
    moves = [
        lambda: trainer.step("op", 5),
        lambda: trainer.run(2),
        lambda: trainer.set("hidden.weight", (0, 1), 1.5),
        lambda: trainer.back("batch", 4),
        lambda: trainer.silence("hidden", 1),
        lambda: trainer.switch(trainer.branches[0]),
        trainer.reset,
    ]
    for move in moves:
        move()
        panel.update()
        fresh = attached(LossLandscape(span=4.0), trainer)
        for one, other in zip(compared(panel), compared(fresh), strict=True):
            if isinstance(one, np.ndarray):
                assert (one != other).mean() < 0.001  # a band's edge, by the last digit
            else:
                np.testing.assert_equal(one, other)


def test_looking_leaves_the_run_alone():
    def trainer_of():
        layers = [nbann.Dense(4), nbann.BatchNorm(), nbann.ReLU(), nbann.Dropout(0.4)]
        data = nbann.datasets.moons(60)
        return nbann.Trainer(nbann.Sequential([*layers, nbann.Dense(2)]), data, optimizer="adam")

    looked, other = trainer_of(), trainer_of()
    panel = attached(LossLandscape(rows=30), looked)
    for move in (lambda t: t.step("op", 9), lambda t: t.run(3), lambda t: t.step("phase")):
        move(looked)
        move(other)
        panel.update()
        panel.describe()
        panel.finish()
        assert looked.position == other.position
        snapshots = [t._state.snapshot() for t in (looked, other)]
        assert snapshots[0].is_same(snapshots[1])
        for name in looked.names:
            np.testing.assert_array_equal(looked[name], other[name])
        assert looked.history["loss"].tolist() == other.history["loss"].tolist()


def test_an_update_computes_a_stretch_and_the_next_goes_on(monkeypatch):
    panel = attached(LossLandscape(resolution=17, seconds=1e-9), classes())
    counts, loss = [], panel._probe.loss
    monkeypatch.setattr(panel._probe, "loss", lambda *a: counts.append(1) or loss(*a))
    panel.update()
    assert 1 <= len(counts) <= 3  # here, and one point of the slice
    assert panel.unfinished
    assert panel._slice.level == 9  # the first picture is there at once
    for _ in range(300):
        panel.update()
    assert not panel.unfinished
    done = panel._slice.grid.copy()
    counts.clear()
    panel.update()
    assert len(counts) == 1  # only here: nothing has changed
    np.testing.assert_array_equal(panel.losses(), done)


def test_an_old_slice_is_gray_until_the_new_one_is_there():
    panel = attached(LossLandscape(resolution=9, seconds=1e-9), classes())
    panel.finish()
    colored = np.asarray(panel._image.get_array()).astype(int)
    assert np.ptp(colored[..., :3], axis=2).max() > 30
    panel.trainer.run(10)
    panel.update()
    gray = np.asarray(panel._image.get_array()).astype(int)
    assert np.ptp(gray[..., :3], axis=2).max() < 22
    assert panel._key.get_text() == "gray: as it was at epoch 0, batch 0; being computed anew"
    assert panel.unfinished
    panel.finish()
    again = np.asarray(panel._image.get_array()).astype(int)
    assert np.ptp(again[..., :3], axis=2).max() > 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_blitted_picture_is_a_full_one(theme):
    from .test_dashboard import full

    trainer = classes()
    board = Dashboard(trainer, [LossLandscape(), LossLandscape(directions="path")], theme=theme)
    for move in (
        lambda: None,
        lambda: trainer.step("batch"),
        lambda: trainer.run(9),
        trainer.reset,
    ):
        move()
        pixels = board.render().astype(int)
        assert np.abs(pixels - full(board).astype(int)).max() <= 1


def test_losses_that_are_no_numbers_are_bare():
    panel = attached(LossLandscape(BOWL, span=1e200, resolution=9), line())
    panel.finish()
    assert not np.isfinite(panel.losses()).all()
    panel.trainer.set("line.bias", (0,), 3.0)
    panel.update()
    panel.describe()


@pytest.mark.parametrize("directions", ["random", "path"])
def test_a_run_that_fails_is_shown_not_hidden(directions):
    panel = attached(LossLandscape(directions=directions, resolution=9), line())
    trainer = panel.trainer
    for _ in range(4):
        trainer.step("batch")
        panel.update()
    trainer.learning_rate = 1e200
    trainer.step("epoch")
    panel.update()
    panel.finish()
    trainer.step("epoch", 3)
    panel.update()
    panel.finish()
    assert "not a number" in panel.describe()
    assert panel._status.get_text() == "loss not a number here"


def test_losses_too_large_for_single_precision_have_their_bands():
    panel = attached(LossLandscape(BOWL, span=1e100, resolution=9), line())  # losses of 1e200
    panel.finish()
    losses = panel.losses()
    assert losses.max() > 1e180
    pixels = np.asarray(panel.artists()[0].get_array()).astype(int)
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 10


def test_a_misfit_says_why():
    one = nbann.Trainer(nbann.Sequential([nbann.Dense(1, bias=False)]), ([[1.0]], [2.5]))
    assert "this net has 1" in attached(LossLandscape(), one).describe()
    machine = nbann.Trainer(nbann.Hopfield(), nbann.Dataset([[0, 1, 1]]))
    assert "a rule of its own" in attached(LossLandscape(), machine).describe()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: LossLandscape(directions="pth"), "mean 'path'"),
        (lambda: LossLandscape(resolution=20), "one of 9, 17, 33"),
        (lambda: LossLandscape(rows=0), "at least 1"),
        (lambda: LossLandscape(span=0), "above 0"),
        (lambda: LossLandscape(seconds=-1), "above 0"),
        (lambda: LossLandscape("hidden"), "two weights"),
        (lambda: LossLandscape(((0, 1), (2, 3))), "two weights"),
        (lambda: attached(LossLandscape((("hid", 0), ("line.bias", 0))), line()), "'hid'"),
        (lambda: attached(LossLandscape((BOWL[0], ("line.bias", 7))), line()), "Index into"),
        (lambda: attached(LossLandscape((BOWL[0], BOWL[0])), line()), "two different"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()


# ---- what all panels promise ---------------------------------------------------------------------


@pytest.mark.parametrize("name", TRAINERS)
def test_words_for_every_trainer(name):
    promises.test_words_are_there_for_every_trainer_and_change_with_the_run(LossLandscape, name)


@pytest.mark.parametrize(
    "promise",
    [
        promises.test_attaching_again_leaves_nothing_behind,
        promises.test_moving_artists_lie_above_all_that_stands_still,
        promises.test_a_free_panel_says_what_to_do,
        promises.test_reprs_are_stable,
    ],
)
def test_promises(promise):
    promise(LossLandscape)


def test_updates_change_artists_in_place():
    panel = attached(LossLandscape(directions="path", resolution=9), classes())
    children = [id(child) for child in panel.ax.get_children()]
    for _ in range(60):
        panel.trainer.step("op", 3)
        panel.update()
    panel.finish()
    assert [id(child) for child in panel.ax.get_children()] == children


def test_reset_gives_the_first_picture_again():
    panel = attached(LossLandscape(), classes())

    def picture():
        panel.update()
        panel.finish()
        panel._figure.canvas.draw()
        return np.asarray(panel._figure.canvas.buffer_rgba()).copy()

    first = picture()
    panel.trainer.run(30)
    assert (picture() != first).any()
    panel.trainer.reset()
    np.testing.assert_array_equal(picture(), first)


@pytest.mark.parametrize("width", [450, 900])
@pytest.mark.parametrize("name", [r"$\href{javascript:alert(1)}$", "z" * 500, "hidden"])
def test_text_is_literal_whole_and_not_too_small(width, name):
    layers = [nbann.Dense(5, name=name), nbann.Tanh(), nbann.Dense(2, name="output")]
    trainer = nbann.Trainer(nbann.Sequential(layers), nbann.datasets.moons(40))
    chosen = ((f"{name}.weight", (0, 1)), (f"{name}.weight", (1, 1)))
    panels = [LossLandscape(chosen), LossLandscape(directions="path"), LossLandscape(seed=3)]
    board = Dashboard(trainer, panels, width=width)
    for _ in range(4):
        trainer.run(3)
        board.render()
    trainer.back("epoch", 4)
    board.render()
    for ax in board.figure.axes:
        for text in [*ax.texts, ax.xaxis.label, ax.yaxis.label]:
            if text.get_text():
                assert not text.get_parse_math()
                box = text.get_window_extent()
                assert box.x0 >= 0, text
                assert box.x1 <= width + 1, text
                assert box.y0 >= 0, text
                assert text.get_fontsize() / 0.72 >= 9
    assert len(board.describe()) < 2000


def test_a_long_path_is_thinned_and_keeps_its_ends(monkeypatch):
    monkeypatch.setattr("nbann.panels.run_path.MOST", 20)
    panel = attached(LossLandscape(BOWL, resolution=9), line())
    trainer = panel.trainer
    start = [trainer["line.weight"].item(), trainer["line.bias"].item()]
    for _ in range(70):
        trainer.step("batch")
        panel.update()
    shown = np.column_stack(panel._way.get_data())
    assert 8 <= len(shown) <= 20
    np.testing.assert_array_equal(shown[0], start)
    here = [trainer["line.weight"].item(), trainer["line.bias"].item()]
    np.testing.assert_array_equal(shown[-1], here)


ROWS = np.random.default_rng(0).normal(size=(30, 3))
OTHERS = {
    "recurrent": lambda: nbann.Trainer(
        nbann.Sequential([nbann.GRU(3), nbann.Dense(2)]), nbann.datasets.parity()
    ),
    "ranker": lambda: nbann.Trainer(
        nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(1)]), nbann.datasets.ranking()
    ),
    "heads": lambda: nbann.Trainer(
        nbann.Heads([nbann.Dense(4)], {"a": [nbann.Dense(1)], "b": [nbann.Dense(2)]}),
        nbann.Dataset(ROWS, {"a": ROWS[:, 0], "b": (ROWS[:, 1] > 0).astype(int)}),
    ),
    "autoencoder": lambda: nbann.Trainer(nbann.Autoencoder([nbann.Dense(2)], tied=True), ROWS),
    "perceptron": lambda: nbann.Trainer(nbann.Perceptron(), nbann.datasets.moons(30)),
    "float32": lambda: classes(dtype="float32", l2=0.1, penalty_per_sample=True),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_of_nets_are_at_the_loss_that_evaluate_tells(name):
    trainer = OTHERS[name]()
    panel = attached(LossLandscape(directions="path", rows=None, resolution=9), trainer)
    for _ in range(4):
        trainer.run(1)
        panel.update()
    panel.finish()
    assert panel._loss == pytest.approx(trainer.evaluate(trainer.train_data)["loss"], rel=1e-6)
    low, high = np.nanmin(panel.losses()), np.nanmax(panel.losses())
    assert low < high
    assert ("all 100 queries" in panel.describe()) == (name == "ranker")


def test_numbers_under_a_small_landscape_stand_apart():
    board = nbann.Dashboard(classes(), ["landscape"], width=300, row_height=200)
    board.render()
    renderer = board._canvas.get_renderer()
    ax = board.panels[0].ax
    low, high = ax.get_xlim()
    labels = [label for label in ax.get_xticklabels() if low <= label.get_position()[0] <= high]
    boxes = [label.get_window_extent(renderer) for label in labels]
    assert len(boxes) > 2
    assert all(a.x1 + 2 < b.x0 for a, b in pairwise(boxes))
