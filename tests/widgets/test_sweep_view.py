"""SweepView from Python: what it tells, streams and cancels; without a browser."""

import asyncio
import io
import re
import threading

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import nbann
from nbann.widgets.module import STATIC

from ..sweeping import builds


def build(rate, gate=None):
    return builds.build(rate)


@pytest.fixture
def view():
    made = nbann.SweepView(nbann.sweep(build, {"rate": [0.1, 0.5]}, epochs=2))
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def opened(view, width=640, **look):
    sent = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    message(view, type="width", view="v", width=width)
    message(view, type="ready", view="v", **look)
    return sent


def test_synced_traits_are_those_of_the_module(view):
    source = (STATIC / "sweep_view.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in view.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == set(typedef) == own


def test_it_tells_what_the_sweep_has_come_to(view):
    sweep = view.sweep
    assert view.told == view.words == sweep.describe()
    assert (view.ended, view.total, view.running) == (2, 2, False)
    assert view.heads == [n for n in sweep.table.dtype.names if n != "reason"]
    assert view.rows[1][:2] == ["1", "0.5"]
    assert sweep.describe() in view.describe()
    assert "Map: test loss by rate" in view.describe()


def test_a_page_gets_a_picture_of_its_width_and_theme(view):
    sent = opened(view, dark=True)
    content, buffers = sent[-1]
    image = Image.open(io.BytesIO(buffers[0]))
    assert image.width == 640
    assert np.asarray(image)[0, 0].max() < 40
    assert "Runs:" in content["words"]


def test_without_a_view_there_is_a_picture_with_words(view):
    data, metadata = view._repr_mimebundle_()
    assert data["text/plain"] == view.describe() == metadata["image/png"]["alt"]


def test_what_is_no_sweep():
    with pytest.raises(ValueError, match="SweepView: expected a Sweep; received Trainer"):
        nbann.SweepView(builds.build())


def test_it_streams_while_the_loop_stays_free():
    """Runs wait for a gate that is opened on the loop: it has to turn while they run."""
    gate = threading.Semaphore(0)

    def gated(rate):
        gate.acquire()
        return builds.build(rate)

    async def main():
        sweep = nbann.sweep(gated, {"rate": [0.1, 0.2, 0.3]}, "in process", epochs=1, wait=False)
        view = nbann.SweepView(sweep)
        sent = opened(view)
        while not sent:
            await asyncio.sleep(0.005)
        seen = []
        assert (view.ended, view.running) == (0, True)
        for _ in range(3):
            gate.release()
            before = view.ended
            while view.ended == before:
                await asyncio.sleep(0.005)
            seen.append(view.ended)
        while view.running:
            await asyncio.sleep(0.005)
        words = [content["words"] for content, _ in sent if content["type"] == "frame"]
        view.close()
        return seen, words, view.told

    seen, words, told = asyncio.run(main())
    assert seen == [1, 2, 3]
    assert "no run is done yet" in words[0]
    assert "of 3 runs" in words[-1]
    assert "3 done" in told


def test_its_button_cancels():
    begun = threading.Event()

    def endless(rate):
        trainer = builds.build(rate)
        trainer.on("batch", lambda event: begun.set())
        return trainer

    sweep = nbann.sweep(endless, {"rate": [0.1, 0.2]}, "in process", epochs=10**9, wait=False)
    view = nbann.SweepView(sweep)
    opened(view)
    assert begun.wait(60)
    message(view, type="cancel", view="v")
    sweep.wait(60)
    assert sweep.table["status"].tolist() == ["interrupted", "not run"]
    assert "1 interrupted, 1 not run" in view.describe()
    view.close()
