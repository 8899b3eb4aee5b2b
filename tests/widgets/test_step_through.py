"""StepThrough from Python: its traits, messages, errors and words, without a browser."""

import asyncio
import base64
import io
import re

import matplotlib.image
import numpy as np
import pytest
import traitlets

import nbann
from nbann.widgets import wording
from nbann.widgets.module import STATIC

from .stills import assert_alike

HOSTILE = '<img src=x onerror="alert(1)">'


def make(hidden="hidden", **options):
    net = nbann.Sequential(
        [nbann.Dense(3, name=hidden), nbann.Tanh(), nbann.Dense(2, name="output")]
    )
    return nbann.Trainer(net, nbann.datasets.xor(), batch_size=3, **options)


@pytest.fixture
def widget():
    made = nbann.StepThrough(make())
    yield made
    made.close()


def message(widget, **content):
    """What the browser sends; called directly, since ipywidgets would only log what it raises."""
    widget._on_message(widget, content, [])


def frames(widget, sent):
    widget.send = lambda content, buffers=None: sent.append((content, buffers))


def test_synced_traits_are_those_of_the_module(widget):
    source = (STATIC / "step_through.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in widget.keys if not n.startswith("_")} - set(traitlets_of_dom_widget())
    assert set(listed) == own
    assert set(typedef) == own


def traitlets_of_dom_widget():
    import ipywidgets

    return ipywidgets.DOMWidget().keys


def test_every_trait_survives_json(widget):
    import json

    widget.step("batch")
    state = {name: getattr(widget, name) for name in ("ops", "here", "equation", "progress")}
    assert json.loads(json.dumps(state)) == state


def test_it_shows_where_the_trainer_stands(widget):
    trainer = widget.trainer
    assert widget.here["ran"] is False
    assert widget.equation["note"].startswith("This operation comes next")
    for op in trainer.program.ops:
        trainer.step("op")
        assert widget.here["op"] == op.index + 1
        assert widget.equation["layer"] == op.layer
        shown, index = widget.equation["array"], tuple(widget.equation["index"])
        assert float(widget.equation["exact"]) == trainer[shown][index]
        assert widget.equation["text"] == op.arithmetic(index, shown).text(digits=3)
    assert widget.here["loss"] == f"{trainer['loss'].item():.4g}"
    trainer.step("op")  # the next batch's loss is not known yet
    assert widget.here["loss"] == ""
    trainer.step("phase", 2)
    assert widget.here["loss"] == f"{trainer['loss'].item():.4g}"


def test_python_and_buttons_drive_one_trainer(widget):
    message(widget, type="step")
    assert widget.trainer.position == (0, 0, 1)
    widget.trainer.step("op")
    assert widget.here["op"] == 2
    widget.unit = "epoch"
    message(widget, type="step")
    assert widget.trainer.position == (1, 0, 0)
    message(widget, type="reset")
    assert widget.trainer.position == (0, 0, 0)
    assert widget.here["epoch"] == 1


def test_the_element_is_kept_while_it_fits(widget):
    widget.step("op")
    widget.element = ["hidden.out", [1, 2]]
    assert widget.equation["index"] == [1, 2]
    widget.step("op")
    assert widget.equation["array"] == "tanh1.out"
    assert widget.equation["index"] == [1, 2]
    widget.element = ["tanh1.out", [99, -5]]
    assert widget.equation["index"] == [2, 0]


def test_a_view_gets_pictures_and_words_and_no_view_gets_none(widget):
    sent = []
    frames(widget, sent)
    widget.step()
    assert sent == []
    message(widget, type="ready", dark=False)
    assert [content["slot"] for content, _ in sent] == ["network", "panels"]
    assert all(content["type"] == "frame" for content, _ in sent)
    (net, numbers), (panels, picture) = sent
    assert picture[0][:2] == b"\xff\xd8"
    assert "Loss" in panels["words"]
    assert "Network: 2-3-2" in net["words"]
    trainer = widget.trainer
    rows = [trainer[name][0] for name in ("x", "hidden.out")]
    shown = np.frombuffer(numbers[0])[:5]
    np.testing.assert_array_equal(shown, np.concatenate(rows))
    before = [buffers[0] for _, buffers in sent]
    sent.clear()
    widget.step("epoch")
    assert [b[0] for _, b in sent] != before


def test_no_more_than_four_frames_are_under_way_and_the_newest_comes_last(widget):
    sent = []
    frames(widget, sent)
    message(widget, type="ready", dark=False)
    for _ in range(10):
        widget._show()
    network = [c for c, _ in sent if c["slot"] == "network"]
    assert len(network) == 4
    message(widget, type="drawn", slot="network", id=4)
    network = [c for c, _ in sent if c["slot"] == "network"]
    assert len(network) == 5  # the one that had to wait


def test_dark_pictures_for_a_dark_page(widget):
    sent = []
    frames(widget, sent)
    message(widget, type="ready", dark=False)
    light = sent[-1][1][0]
    sent.clear()
    message(widget, type="look", dark=True)
    assert sent
    assert sent[-1][1][0] != light
    assert widget.dashboard.theme.name == "dark"


def test_a_narrow_page_gets_one_column_and_a_dense_screen_sharp_pictures(widget):
    sent = []
    frames(widget, sent)
    message(widget, type="ready", dark=False, narrow=False, density=1)
    wide = widget.dashboard.render().shape
    message(widget, type="look", dark=False, narrow=True, density=2)
    narrow = widget.dashboard.render().shape
    assert wide[1] == 1082
    assert narrow[1] == 2 * 560
    assert narrow[0] / narrow[1] > wide[0] / wide[1]
    widget.step("epoch")
    assert widget.dashboard.describe() in widget.describe()


def test_errors_are_shown_in_the_widget(widget):
    frames(widget, [])
    message(widget, type="ready", dark=False)

    def broken(event):
        raise ZeroDivisionError("planted")

    hook = widget.trainer.on("op", broken)
    message(widget, type="step")
    assert "ZeroDivisionError: planted" in widget.error
    assert "Traceback" in widget.error
    hook.remove()
    message(widget, type="step")
    assert widget.error == ""


def test_errors_are_raised_where_no_view_could_show_them(widget):
    widget.trainer.on("op", lambda event: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        message(widget, type="step")


def test_an_unknown_message_is_an_error_and_changes_nothing(widget):
    with pytest.raises(ValueError, match=r"Unknown message 'stepp'\. Did you mean 'step'"):
        message(widget, type="stepp")
    assert widget.trainer.position == (0, 0, 0)


def test_a_number_of_epochs_that_is_none_is_told_in_words(widget):
    frames(widget, [])
    message(widget, type="ready", dark=False)
    message(widget, type="run", epochs=0)
    assert "epochs: expected a whole number of at least 1; received 0" in widget.notice


def test_playing_stops_when_the_last_view_goes():
    async def scenario():
        widget = nbann.StepThrough(make(), unit="op", speed=50.0)
        frames(widget, [])
        message(widget, type="ready", dark=False)
        await asyncio.sleep(0)
        message(widget, type="play")
        await asyncio.sleep(0.2)
        assert widget.mode == "play"
        assert widget.trainer.position > (0, 0, 0)
        message(widget, type="gone")
        await asyncio.sleep(0.1)
        assert widget.mode == ""
        assert widget._player._task.done()
        widget.close()

    asyncio.run(scenario())


def test_a_run_reports_its_progress_and_ends_where_it_should():
    async def scenario():
        widget = nbann.StepThrough(make())
        seen = []
        widget.observe(lambda change: seen.append(change["new"]), "progress")
        frames(widget, [])
        message(widget, type="ready", dark=False)
        await asyncio.sleep(0)
        widget.run(200)
        while widget.mode or not widget._player._task.done():
            await asyncio.sleep(0.01)
        assert widget.trainer.position == (200, 0, 0)
        assert widget.progress == {}
        assert widget.here["epoch"] == 200
        assert all(0 <= p["fraction"] <= 1 for p in seen if p)
        widget.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("mode", "taken", "pause"),
    [("play", 0.060, 0.006), ("run", 0.060, 0.060), (None, 0.060, 0.060), ("play", 0.010, 0.0233)],
)
def test_pictures_take_their_share_of_the_time(widget, monkeypatch, mode, taken, pause):
    """At most 30 a second; half of the time at full speed, nine tenths where little is trained."""
    from types import SimpleNamespace

    clock = [100.0]

    def paint():
        clock[0] += taken

    stub = SimpleNamespace(perf_counter=lambda: clock[0])
    monkeypatch.setattr("nbann.widgets.view.time", stub)
    monkeypatch.setattr("nbann.widgets.transport.time", stub)
    monkeypatch.setattr(widget, "_paint", paint)
    monkeypatch.setattr(widget._player, "mode", mode)
    widget._views = {"one"}
    widget._show()
    assert widget._pause == pytest.approx(pause, abs=1e-4)


def test_traits_are_current_even_within_a_busy_cell():
    async def scenario():
        widget = nbann.StepThrough(make())
        for count in range(1, 8):
            widget.trainer.step("op")
            assert widget.here["op"] == count
        widget.close()

    asyncio.run(scenario())


def test_words_and_picture_where_there_is_no_front_end(widget):
    widget.step("phase")
    data, metadata = widget._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == widget.describe()
    picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    network = nbann.Dashboard(widget.trainer, ["network"], width=590, row_height=440).render()
    panels = widget.dashboard.render()
    assert_alike(picture[: len(network), :590], network)
    assert_alike(picture[len(network) :], panels)
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "output" in data["text/plain"]
    assert "Just run: forward" in data["text/plain"]


def test_repr_is_stable_and_says_where_it_stands(widget):
    assert repr(widget) == f"StepThrough({widget.trainer!r})"
    assert "0x" not in repr(widget)


def test_hostile_names_stay_text():
    widget = nbann.StepThrough(make(hidden=HOSTILE))
    widget.step("op")
    data, _ = widget._repr_mimebundle_()
    markup = "".join(
        widget.equation["symbols"] + widget.equation["numbers"] + [op["math"] for op in widget.ops]
    )
    assert "<img" not in markup
    assert set(data) == {
        "text/plain",
        "image/png",
        "application/vnd.jupyter.widget-view+json",
    }
    assert HOSTILE in data["text/plain"]
    widget.close()


def test_what_a_hook_has_changed_is_said_and_not_shown_as_computed(widget):
    def clip(event):
        event["output.weight.grad"].fill(0.5)

    widget.trainer.on("op", clip, op="output.weight_gradient", modifies=True)
    while widget.trainer.last_op is None or widget.trainer.last_op.name != "output.weight_gradient":
        widget.step("op")
    assert widget.equation["numbers"] == []
    assert "A hook has changed 'output.weight.grad'" in widget.equation["note"]
    assert "A hook has changed" in widget.describe()


@pytest.mark.parametrize(
    "element", [(9, 9), "hidden.out", ["hidden.out", 3], ["hidden.out", ["a"]]]
)
def test_an_element_that_is_none_is_refused_at_once(widget, element):
    with pytest.raises(traitlets.TraitError):
        widget.element = element
    widget.step("op")
    assert widget.equation["index"] == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"trainer": 3}, "expected a Trainer; received int"),
        ({"unit": "ops"}, "Unknown unit 'ops'. Did you mean 'op'"),
        ({"speed": 3.0}, "Unknown speed 3.0"),
        ({"panels": ["los"]}, "Did you mean 'loss'"),
    ],
)
def test_bad_arguments(arguments, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        nbann.StepThrough(**({"trainer": make()} | arguments))


def test_a_closed_widget_lets_its_trainer_go():
    trainer = make()
    widget = nbann.StepThrough(trainer)
    widget.close()
    trainer.step("op")
    assert widget.here["ran"] is False
    assert trainer._watchers == []


def test_it_never_changes_what_is_learned():
    watched, plain = make(), make()
    widget = nbann.StepThrough(watched)
    frames(widget, [])
    message(widget, type="ready", dark=False)
    for _ in range(20):
        widget.step("layer")
        plain.step("layer")
    assert all(np.array_equal(watched[n], plain[n]) for n in plain.parameters)
    widget.close()


def test_front_end_files_fetch_nothing():
    files = [path for path in STATIC.rglob("*.*") if path.suffix in (".js", ".css")]
    assert len(files) > 10
    for path in files:
        assert not re.search(r"https?://(?!www\.w3\.org)", path.read_text("utf-8")), path.name


def test_traits_reject_what_is_not_offered(widget):
    with pytest.raises(traitlets.TraitError):
        widget.unit = "minute"


def test_axes_of_a_machine_are_its_own():
    trainer = nbann.Trainer(nbann.RBM(2), np.eye(3))
    trainer.step("batch")
    axes = {name: wording.axes(trainer, name) for name in trainer.names}
    assert axes["rbm.weight"] == axes["rbm.weight.grad"] == ["visible unit", "hidden unit"]
    assert axes["rbm.visible_bias"] == axes["rbm.visible_bias.grad"] == ["visible unit"]
    assert axes["rbm.hidden_bias"] == ["hidden unit"]
    assert wording.axes(nbann.Trainer(nbann.SOM(2, 2), np.eye(3)), "som.weight") == [
        "unit",
        "feature",
    ]


def test_a_panel_that_is_still_computing_is_painted_again_until_it_is_done():
    async def scenario():
        widget = nbann.StepThrough(make(), [nbann.panels.LossLandscape(seconds=0.001)])
        sent = []
        frames(widget, sent)
        message(widget, type="ready", dark=False)
        acknowledged = 0
        for _ in range(2000):
            await asyncio.sleep(0.01)
            for content, _ in sent[acknowledged:]:
                message(widget, type="drawn", slot=content["slot"], id=content["id"])
            acknowledged = len(sent)
            if not widget.dashboard.unfinished and not widget._refining:
                break
        assert not widget.dashboard.unfinished
        pictures = [b[0] for c, b in sent if c["slot"] == "panels"]
        assert len(pictures) > 2
        assert pictures[-1] == widget.dashboard.jpeg()
        widget.close()

    asyncio.run(scenario())
