"""FrameView from Python: frames, width, theme, who drives; without a browser."""

import base64
import io
import re

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import nbann
from nbann.widgets.module import STATIC


def trainer():
    return nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())


@pytest.fixture
def view():
    made = nbann.FrameView(trainer(), panels=["loss"])
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def opened(view, width=400, **look):
    sent = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    message(view, type="width", view="v", width=width)
    message(view, type="ready", view="v", **look)
    return sent


def test_synced_traits_are_those_of_the_module(view):
    source = (STATIC / "frame_view.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in view.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == set(typedef) == own


def test_frames_follow_the_trainer_at_the_pages_width(view):
    sent = opened(view, width=640, dark=True)
    assert [content["slot"] for content, _ in sent] == ["board"]
    content, buffers = sent[0]
    image = Image.open(io.BytesIO(buffers[0]))
    assert (image.format, image.width) == ("JPEG", 640)
    assert np.asarray(image)[0, 0].max() < 40  # dark
    assert content["words"] == view.dashboard.describe()
    view.dashboard.trainer.run(3)
    assert sent[-1][0]["words"] == view.dashboard.describe()
    assert "after 3 epochs" in sent[-1][0]["words"]


def test_at_most_four_frames_are_under_way(view):
    sent = opened(view)
    for _ in range(10):
        view._painted = 0.0  # as if there had been time enough
        view.dashboard.trainer.step("epoch")
    assert len(sent) == 4
    message(view, type="drawn", slot="board", id=4)
    assert len(sent) == 5
    assert "10 epochs" in sent[-1][0]["words"]


def test_another_width_or_theme_is_drawn_anew(view):
    sent = opened(view, width=400)
    message(view, type="width", view="v", width=800)
    assert Image.open(io.BytesIO(sent[-1][1][0])).width == 800
    message(view, type="look", view="v", dark=True, density=2)
    assert Image.open(io.BytesIO(sent[-1][1][0])).width == 1600
    message(view, type="width", view="v", width=10)
    assert view.dashboard.width == 240


def test_webp_frames():
    view = nbann.FrameView(trainer(), panels=["loss"], format="webp", quality=50)
    sent = opened(view)
    content, buffers = sent[0]
    assert content["mime"] == "image/webp"
    assert Image.open(io.BytesIO(buffers[0])).format == "WEBP"
    view.close()


def test_a_dashboard_is_shown_as_it_is():
    board = nbann.Dashboard(trainer(), ["loss"], width=300)
    view = nbann.FrameView(board)
    assert view.dashboard is board
    bundle, _ = view._repr_mimebundle_()
    assert bundle["text/plain"] == board.describe()
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.width == 300
    assert repr(view) == "FrameView([LossCurve()])"
    view.close()


def test_closing_the_view_leaves_other_views_playing(view):
    opened(view)
    other = nbann.StepThrough(view.dashboard.trainer, panels=["loss"])
    other._player.mode = "play"
    message(view, type="gone", view="v")
    assert other._player.mode == "play"
    other._player.mode = None
    other.close()


def test_wrong_asks():
    one = trainer()
    board = nbann.Dashboard(one, ["loss"])
    for wrong, match in (
        (lambda: nbann.FrameView(3), "a Dashboard or a Trainer"),
        (lambda: nbann.FrameView(board, panels=["loss"]), "none beside a dashboard"),
        (lambda: nbann.FrameView(one, format="gif"), "Unknown format 'gif'"),
        (lambda: nbann.FrameView(one, quality=96), "at most 95"),
        (lambda: nbann.FrameView(one, quality=0), "quality"),
        (lambda: nbann.FrameView(one, panels=["los"]), "Unknown panel"),
    ):
        with pytest.raises(ValueError, match=match):
            wrong()
    assert not one._watchers
