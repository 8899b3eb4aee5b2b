"""What is drawn the fast way has the very pixels of matplotlib's own way, which is the oracle."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text

import nbann
from nbann.panels.field import class_colors
from nbann.panels.pixels import Pixels
from nbann.panels.stamp import Stamp
from nbann.panels.style import as_theme


def page(width=3.0, height=2.0):
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure, figure.add_axes((0.1, 0.15, 0.8, 0.7))


def drawn(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).astype(int)


def image_on(kind, array, extent=(0.0, 2.0, -1.0, 1.0)):
    figure, ax = page()
    image = kind(ax, extent=extent, origin="lower", interpolation="nearest")
    image.set_data(array)
    image.set_clip_path(ax.patch)
    ax.add_image(image)
    ax.set(xlim=(0.0, 2.0), ylim=(-1.0, 1.0))
    return figure, image


@pytest.mark.parametrize("shape", [(140, 240), (70, 120), (3, 5)])
def test_pixels_are_those_of_a_resampled_image(shape):
    array = np.random.default_rng(0).integers(0, 255, (*shape, 4), np.uint8)
    array[..., 3] = 255
    (fast, image), (slow, _) = image_on(Pixels, array), image_on(AxesImage, array)
    assert np.array_equal(drawn(fast), drawn(slow))
    assert image._fits(fast.canvas.get_renderer()) == (shape == (140, 240))


def test_an_image_that_is_not_as_large_as_its_axes_is_placed_where_it_belongs():
    array = np.full((140, 240, 4), 255, np.uint8)
    array[..., 0] = np.arange(240)
    part = (0.5, 1.5, -0.5, 0.5)
    (fast, _), (slow, _) = (image_on(kind, array, part) for kind in (Pixels, AxesImage))
    assert np.array_equal(drawn(fast), drawn(slow))


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_vector_files_take_both(kind):
    net = nbann.Sequential([nbann.Dense(2)])
    board = nbann.Dashboard(nbann.Trainer(net, nbann.datasets.xor()), ["decision", "network"])
    board.render()
    board.render()
    file = io.BytesIO()
    board.savefig(file, format=kind)
    assert len(file.getvalue()) > 5_000


CHANGES = [
    {"text": "other words"},
    {"color": "tab:red"},
    {"x": 0.2},
    {"fontsize": 15},
    {"alpha": 0.4},
    {"rotation": 30},
    {"fontweight": "bold"},
    {"horizontalalignment": "right"},
    {"text": ""},
    {"visible": False},
    {"x": 40.0},  # outside of the page
    {"x": -0.13},  # half outside
]


@pytest.mark.parametrize("clip_on", [False, True])
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_stamp_shows_what_a_text_would_after_every_change(change, clip_on):
    figures, texts = [], []
    for kind in (Stamp, Text):
        figure, ax = page()
        look = {"transform": ax.transAxes, "parse_math": False, "clip_on": clip_on}
        text = kind(0.5, 0.4, "some words, 3.21", **look)
        ax.add_artist(text)
        figures.append(figure)
        texts.append(text)
    for _ in range(3):
        assert np.array_equal(drawn(figures[0]), drawn(figures[1]))
    for text in texts:
        text.set(**change)
    for _ in range(3):
        assert np.abs(drawn(figures[0]) - drawn(figures[1])).max() <= 2  # rounding


def test_a_stamp_is_laid_out_anew_only_where_it_changes(monkeypatch):
    laid_out = []
    figure, ax = page()
    text = Stamp(0.5, 0.4, "words", transform=ax.transAxes)
    ax.add_artist(text)
    original = Text.draw
    monkeypatch.setattr(Text, "draw", lambda self, r: laid_out.append(self) or original(self, r))
    counts = []
    for words in ["a", "b", "b", "b", "b", "c"]:
        text.set_text(words)
        laid_out.clear()
        figure.canvas.draw()
        counts.append(sum(drawn_one is text for drawn_one in laid_out))
    assert counts == [1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_class_colors_are_those_of_the_likeliest_class(classes):
    theme, rng = as_theme("light"), np.random.default_rng(1)
    p = rng.random((13, 17, classes)).astype(np.float32)
    p[0, 0] = 1 / classes  # a tie: the first one
    p /= p.sum(axis=2, keepdims=True)
    table = theme.tints(classes, 64, 0.13, 0.45)
    colors = class_colors(p, theme)
    for row, column in np.ndindex(13, 17):
        values = [float(v) for v in p[row, column]]
        best = values.index(max(values))
        near = np.abs(table[best].astype(int) - colors[row, column]).max(axis=1).argmin()
        sure = (max(values) * classes - 1) / (classes - 1) * 63
        assert np.array_equal(table[best][near], colors[row, column])
        assert np.array_equal(table[best][min(63, int(sure + 1e-4))], colors[row, column]) or (
            abs(sure - round(sure)) < 1e-3
        )


def test_a_jpeg_shows_what_is_rendered():
    from PIL import Image

    net = nbann.Sequential([nbann.Dense(2)])
    board = nbann.Dashboard(nbann.Trainer(net, nbann.datasets.xor()), ["loss"], theme="dark")
    shown = Image.open(io.BytesIO(board.jpeg(quality=95)))
    assert (shown.mode, shown.size) == ("RGB", (900, 300))
    assert np.abs(np.asarray(shown).astype(int) - board.render()[..., :3]).mean() < 2.0
