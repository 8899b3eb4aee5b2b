"""The dashboard: layout, blitted pictures equal to full ones, words, hostile names."""

import io
import re
import zlib

import matplotlib.image
import numpy as np
import pytest
from PIL import Image

import nbann
from nbann.panels import Dashboard, LossCurve, NetworkDiagram, WeightHeatmap

from .boards import TRAINERS, classes, deep

ALL = ("loss", "decision", "weights", "network")


def full(board):
    """The picture without any background kept: everything drawn anew."""
    artists = [a for panel in board.panels for a in panel.artists()]
    for artist in artists:
        artist.set_animated(False)
    board.figure.canvas.draw()
    pixels = np.asarray(board.figure.canvas.buffer_rgba()).copy()
    for artist in artists:
        artist.set_animated(True)
    return pixels


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", TRAINERS)
def test_a_blitted_picture_is_a_full_one(name, theme):
    trainer = TRAINERS[name]()
    board = Dashboard(trainer, theme=theme)
    for move in (
        lambda: None,
        lambda: trainer.step("op"),
        lambda: trainer.step("phase"),
        lambda: trainer.step("batch"),
        lambda: trainer.run(3),
        lambda: trainer.run(30),
        trainer.reset,
    ):
        move()
        pixels = board.render()
        difference = np.abs(pixels.astype(int) - full(board).astype(int))
        assert difference.max() <= 1


def test_the_background_is_kept_while_limits_hold():
    trainer = classes()
    board = Dashboard(trainer)
    trainer.run(1)
    board.render()
    background = board._background
    for _ in range(20):
        trainer.step("op")
        board.render()
    assert board._background is background


@pytest.mark.parametrize(
    ("count", "width", "columns"), [(1, 900, 1), (2, 900, 2), (3, 900, 2), (5, 900, 2), (3, 480, 1)]
)
def test_any_number_of_panels_is_laid_out_without_overlap(count, width, columns):
    board = Dashboard(classes(), [LossCurve() for _ in range(count)], width=width)
    assert board.columns == columns
    assert board.render().shape == (300 * -(-count // columns), width, 4)
    boxes = [ax.get_position() for ax in board.figure.axes]
    assert len(boxes) == count
    for i, box in enumerate(boxes):
        assert 0 < box.x0 < box.x1 < 1
        assert 0 < box.y0 < box.y1 < 1
        assert not any(box.overlaps(other) for other in boxes[:i])


@pytest.mark.parametrize("name", TRAINERS)
@pytest.mark.parametrize("width", [450, 900])
def test_no_text_is_cut_off_or_too_small(name, width):
    trainer = TRAINERS[name]()
    trainer.run(2)
    board = Dashboard(trainer, width=width)
    board.render()
    for ax in board.figure.axes:
        for text in [*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label]:
            if text.get_text():
                box = text.get_window_extent()
                assert box.x0 >= 0, text
                assert box.x1 <= width + 1, text
                assert box.y0 >= 0, text
                assert text.get_fontsize() / 0.72 >= 9


def test_scale_gives_a_sharper_picture():
    board = Dashboard(classes(), ["loss", "network"], scale=2.0)
    assert board.render().shape == (600, 1800, 4)
    np.testing.assert_array_equal(board.render(), board.render())


def test_a_picture_is_of_the_present_state():
    trainer = classes()
    board = Dashboard(trainer)
    before = board.render()
    trainer.run(5)
    after = board.render()
    assert (before != after).any()
    np.testing.assert_array_equal(board.render(), after)
    trainer.reset()
    np.testing.assert_array_equal(board.render(), before)


def test_png_and_jpeg_hold_the_picture():
    board = Dashboard(classes())
    pixels = board.render()
    png = matplotlib.image.imread(io.BytesIO(board.png()))
    np.testing.assert_array_equal(np.round(png * 255), pixels)
    jpeg = matplotlib.image.imread(io.BytesIO(board.jpeg(95)), format="jpeg").astype(int)
    assert np.abs(jpeg - pixels[..., :3]).mean() < 3
    assert len(board.jpeg(20)) < len(board.jpeg(90))
    with pytest.raises(ValueError, match="quality"):
        board.jpeg(0)


def test_savefig_writes_all_that_moves(tmp_path):
    board = Dashboard(classes())
    board.trainer.run(3)
    board.savefig(tmp_path / "board.png")
    saved = matplotlib.image.imread(tmp_path / "board.png")
    difference = np.abs(np.round(saved * 255) - board.render())
    assert difference.max() <= 1
    board.savefig(tmp_path / "board.jpg")  # which can hold no metadata
    with Image.open(tmp_path / "board.jpg") as picture:
        assert picture.size == (board.width, board.height)
    board.savefig(tmp_path / "board.svg")
    assert "<svg" in (tmp_path / "board.svg").read_text()


def test_themes_change_and_come_back():
    board = Dashboard(classes())
    light = board.render()
    axes = list(board.figure.axes)
    board.set_theme("dark")
    dark = board.render()
    assert dark[0, 0, :3].max() < 40
    assert board.figure.axes == axes
    board.set_theme("light")
    np.testing.assert_array_equal(board.render(), light)
    with pytest.raises(ValueError, match="'dark'"):
        board.set_theme("drak")


def test_words_are_those_of_all_panels_and_the_bundle_carries_them():
    board = Dashboard(classes(), ALL)
    board.trainer.run(2)
    words = board.describe()
    assert words.split("\n") == [panel.describe() for panel in board.panels]
    bundle = board._repr_mimebundle_()
    assert bundle["text/plain"] == words
    assert re.match(
        r'<img alt="[^"<>]*" width="900" src="data:image/png;base64,', bundle["text/html"]
    )
    assert set(bundle) == {"text/plain", "text/html"}


HOSTILE = [
    '"><img src=x onerror=alert(1)>',
    r"$\href{javascript:alert(1)}$",
    "z" * 10_000,
    "\u202e\x00emoji \U0001f600 漢字 עברית \n\t end",
]


def test_hostile_names_are_text():
    rng = np.random.default_rng(0)
    y = np.arange(20) % 4
    data = nbann.Dataset(rng.normal(size=(20, 4)), y, feature_names=HOSTILE, target_names=HOSTILE)
    layers = [nbann.Dense(5, name=HOSTILE[0]), nbann.Tanh(name=HOSTILE[1]), nbann.Dense(4)]
    trainer = nbann.Trainer(nbann.Sequential(layers), data)
    board = Dashboard(trainer, [*ALL, WeightHeatmap("all")])
    trainer.run(1)
    assert zlib.crc32(board.png())
    html = board._repr_mimebundle_()["text/html"]
    assert html.count("<") == 1
    assert html.count('"') == 6
    assert len(board.describe()) < 4000
    for ax in board.figure.axes:
        for text in [*ax.texts, ax.xaxis.label, ax.yaxis.label]:
            assert not (text.get_text() and text.get_parse_math())
            assert text.get_window_extent().width < 900
    drawn = " ".join(t.get_text() for ax in board.figure.axes for t in ax.texts)
    assert r"$\href" in drawn
    assert "<img" in drawn


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"panels": ["los"]}, "'loss'"),
        ({"panels": []}, "at least one panel"),
        ({"panels": [3]}, "names or panels"),
        ({"panels": [panel := LossCurve(), panel]}, "one object twice"),
        ({"width": 20}, "at least 200"),
        ({"row_height": 1}, "at least 120"),
        ({"columns": 0}, "at least 1"),
        ({"scale": 0}, "above 0"),
        ({"theme": "blue"}, "light"),
    ],
)
def test_wrong_options_are_told(options, error):
    with pytest.raises(ValueError, match=error):
        Dashboard(classes(), **options)


def test_repr_is_stable():
    board = Dashboard(classes(), ["loss", NetworkDiagram(sample=2)])
    assert repr(board) == "Dashboard([LossCurve(), NetworkDiagram(sample=2)], theme='light')"


def test_a_thousand_pictures_leave_no_artist():
    board = Dashboard(deep(), ["network", "weights"])
    board.render()
    count = len(board.figure.findobj())
    for _ in range(300):
        board.trainer.step("op")
        board.render()
    assert len(board.figure.findobj()) == count
