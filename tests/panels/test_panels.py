"""What all panels promise: drawn once, changed in place, said in words; a reason for a misfit."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import nbann
from nbann.panels import (
    PANELS,
    Activations,
    DecisionBoundary,
    GradientFlow,
    LossCurve,
    NetworkDiagram,
    WeightHeatmap,
)

from .boards import TRAINERS, attached, classes, values, wide

KINDS = [LossCurve, DecisionBoundary, NetworkDiagram, WeightHeatmap, Activations, GradientFlow]


def every_artist(panel):
    return [id(artist) for artist in panel.ax.findobj(include_self=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_updates_change_artists_in_place(kind):
    panel, trainer = attached(kind(), classes()), None
    trainer = panel.trainer
    trainer.run(1)
    panel.update()
    moving = [id(artist) for artist in panel.artists()]
    children = [id(child) for child in panel.ax.get_children()]
    count = len(every_artist(panel))
    for _ in range(1000):
        trainer.step("op")
        panel.update()
    assert [id(artist) for artist in panel.artists()] == moving
    assert [id(child) for child in panel.ax.get_children()] == children
    # axis limits that grow may need another tick or two: nothing else
    assert abs(len(every_artist(panel)) - count) <= 40
    assert len(panel._figure.axes) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_attaching_again_leaves_nothing_behind(kind):
    panel = attached(kind(), classes())
    count = len(every_artist(panel))
    for theme in ("dark", "light"):
        panel.attach(panel.ax, panel.trainer, theme=theme)
    assert len(every_artist(panel)) == count


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TRAINERS)
def test_words_are_there_for_every_trainer_and_change_with_the_run(kind, name):
    panel = attached(kind(), TRAINERS[name]())
    before = panel.describe()
    assert panel.describe() == before
    panel.trainer.run(2)
    after = panel.describe()
    assert after != before
    assert after.startswith(panel.title + ": ")
    panel.trainer.reset()
    assert panel.describe() == before


@pytest.mark.parametrize("kind", KINDS)
def test_reset_gives_the_first_picture_again(kind):
    panel = attached(kind(), classes())

    def picture():
        panel.update()
        canvas = FigureCanvasAgg(panel._figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba()).copy()

    first = picture()
    panel.trainer.run(30)
    assert (picture() != first).any()
    panel.trainer.reset()
    np.testing.assert_array_equal(picture(), first)


@pytest.mark.parametrize("kind", KINDS)
def test_moving_artists_lie_above_all_that_stands_still(kind):
    panel = attached(kind(), classes())
    moving = panel.artists()
    still = [child for child in panel.ax.get_children() if child not in moving]
    assert max(child.get_zorder() for child in still) < min(a.get_zorder() for a in moving)
    orders = [artist.get_zorder() for artist in moving]
    assert orders == sorted(orders)


def test_a_panel_that_does_not_fit_says_why_in_its_place():
    X = np.arange(12.0).reshape(2, 3, 2)
    trainer = nbann.Trainer(nbann.Sequential([nbann.RNN(2), nbann.Dense(2)]), (X, [0, 1]))
    panel = attached(DecisionBoundary(), trainer)
    assert "rows of measured features" in panel.fits(trainer)
    assert panel.describe() == "Decision boundary: " + panel.fits(trainer)
    shown = " ".join(text.get_text() for text in panel.ax.texts).replace("\n", " ")
    assert panel.fits(trainer) in shown
    assert panel.artists() == []
    panel.update()

    two = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), (np.eye(4), np.eye(4)[:, :2] + 0.5))
    assert "predicts 2 values" in DecisionBoundary().fits(two)


@pytest.mark.parametrize("kind", KINDS)
def test_a_free_panel_says_what_to_do(kind):
    for call in (kind().update, kind().describe):
        with pytest.raises(ValueError, match=r"attach\(ax, trainer\)"):
            call()


@pytest.mark.parametrize("kind", KINDS)
def test_reprs_are_stable(kind):
    assert repr(kind()) == f"{kind.__name__}()"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: DecisionBoundary(()), "one or two columns or names"),
        (lambda: DecisionBoundary((0, 1, 2)), "one or two columns or names"),
        (lambda: DecisionBoundary(sample=-1), "at least 0"),
        (lambda: attached(DecisionBoundary(sample=36), classes()), "at most 35"),
        (lambda: DecisionBoundary(resolution=1), "at least 2"),
        (lambda: NetworkDiagram(-1), "at least 0"),
        (lambda: NetworkDiagram(most=2), "at least 3"),
        (lambda: attached(DecisionBoundary((0, 4)), classes()), "columns from 0 to 3"),
        (lambda: attached(DecisionBoundary((1, 1)), classes()), "two different"),
        (lambda: attached(DecisionBoundary((0, "featur 1")), classes()), "mean 'feature 1'"),
        (lambda: attached(WeightHeatmap("hiden.weight"), classes()), "mean 'hidden.weight'"),
        (lambda: attached(LossCurve(), classes(), theme="drak"), "mean 'dark'"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()


def test_a_users_settings_do_not_reach_the_panels():
    def picture(**settings):
        figure = Figure((4, 3), dpi=100)
        canvas = FigureCanvasAgg(figure)
        with rc_context(settings):
            LossCurve().attach(figure.add_axes((0.2, 0.2, 0.7, 0.6)), classes())
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())

    user = {"lines.linewidth": 9, "axes.facecolor": "red", "axes.grid": True, "font.size": 30}
    np.testing.assert_array_equal(picture(), picture(**user))


def test_nothing_but_matplotlib_and_no_pyplot_is_loaded():
    code = (
        "import sys, nbann; t = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]),"
        " nbann.datasets.xor()); b = nbann.Dashboard(t); b.jpeg(); b.describe();"
        " print([m for m in ('matplotlib.pyplot', 'ipywidgets', 'IPython') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_short_names():
    names = ("loss", "decision", "weights", "network", "activations", "gradients")
    assert {PANELS[name] for name in names} == set(KINDS)


@pytest.mark.parametrize("make", [values, wide])
def test_a_run_that_fails_is_shown_not_hidden(make):
    trainer = make()
    trainer.learning_rate = 1e200
    panels = [attached(kind(), trainer) for kind in KINDS]
    assert trainer.run(5).reason == "nan"
    for panel in panels:  # finite weights of about 1e200 are left
        panel.update()
        FigureCanvasAgg(panel._figure).draw()
    trainer.step("epoch", 5)  # stepping goes on all the same
    for panel in panels:
        panel.update()
        FigureCanvasAgg(panel._figure).draw()
    assert "not a number" in panels[0].describe()
    assert "not finite" in panels[3].describe()
