"""NetworkView from Python: selecting, dragging, freezing, silencing, without a browser."""

import base64
import io
import json
import re
import shutil
import subprocess

import ipywidgets
import matplotlib.image
import numpy as np
import pytest
import traitlets

import nbann
from nbann.panels.style import THEMES, as_theme
from nbann.widgets.module import STATIC

from .nets import classes, wide
from .stills import assert_alike

HOSTILE = '<img src=x onerror="alert(1)">$\\href{javascript:alert(1)}$' + "x" * 10_000


@pytest.fixture
def view():
    trainer = classes()
    trainer.step("batch")
    trainer.step("op", 8)
    made = nbann.NetworkView(trainer)
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def opened(widget):
    """What is sent from now on, as to a view that has opened."""
    sent = []

    def send(content, buffers=None):
        sent.append((content, buffers))
        if content["type"] == "frame":  # it is drawn at once
            widget._channels[content["slot"]].acknowledge(content["id"])

    widget.send = send
    message(widget, type="ready", dark=False)
    return sent


def test_synced_traits_are_those_of_the_module(view):
    source = (STATIC / "network_view.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in view.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == own
    assert set(typedef) == own


def test_colors_are_those_of_the_panels():
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js to read JavaScript")
    module = (STATIC / "parts" / "network_colors.js").as_uri()
    script = f"""
        import {{ NETWORK_COLORS, networkPalette }} from "{module}";
        const values = [NaN, ...Array.from({{ length: 401 }}, (_, i) => (i - 200) / 160)];
        const found = {{}};
        for (const theme of ["light", "dark"]) {{
          const {{ stops, ...rest }} = NETWORK_COLORS[theme];
          const p = networkPalette(theme);
          const colors = values.map((v) => [p.fill(v, 1), p.on(v, 1)]);
          found[theme] = {{ stops, rest, colors }};
        }}
        console.log(JSON.stringify(found));"""
    told = subprocess.run(
        [node, "--input-type=module", "-e", script], check=True, capture_output=True, text=True
    )
    values = np.array([np.nan, *((np.arange(401) - 200) / 160)])
    for name, found in json.loads(told.stdout).items():
        theme = as_theme(name)
        stops = [theme.low, theme.low_mid, theme.neutral, theme.high_mid, theme.high]
        assert found["stops"] == stops
        assert found["rest"] == {
            key: getattr(theme, key) for key in ("background", "ink", "muted", "faint")
        }
        rgba = theme.diverging(values, 1.0)
        shown = [
            f"rgb({r} {g} {b})" if i else theme.faint
            for i, (r, g, b, _) in enumerate(rgba.tolist())
        ]
        assert [color for color, _ in found["colors"]] == shown
        assert [ink for _, ink in found["colors"]][1:] == theme.text_on(rgba)[1:]
    assert set(THEMES) == {"light", "dark"}


def test_a_selected_number_is_told_and_explained(view):
    trainer = view.trainer
    view.selected = ["output.weight", [2, 1]]
    told = view.inspected
    assert float(told["exact"]) == trainer["output.weight"][2, 1]
    assert float(told["gradient"]) == trainer["output.weight.grad"][2, 1]
    assert view.why_rows[0]["exact"] == told["exact"]
    heads = [row for row in view.why_rows if row["kind"] == "head"]
    assert float(heads[1]["exact"]) == trainer["output.weight.grad"][2, 1]
    view.selected = []
    assert view.inspected == {}
    assert view.why_rows == []


def test_what_is_selected_is_told_anew_wherever_the_run_goes(view):
    trainer = view.trainer
    view.selected = ["output.weight", [2, 1]]
    opens = next(row["path"] for row in view.why_rows if row.get("opens"))
    message(view, type="unfold", path=opens)
    assert any(row.get("open") for row in view.why_rows)
    for unit in ("op", "layer", "batch", "epoch", "op", "op"):
        view.step(unit)
        assert float(view.inspected["exact"]) == trainer["output.weight"][2, 1]
        current = trainer.is_current("output.weight.grad")
        assert bool(view.inspected["gradient"]) == current
        assert view.why_rows[0]["exact"] == view.inspected["exact"]
    view.back("epoch")
    assert float(view.inspected["exact"]) == trainer["output.weight"][2, 1]


def test_a_neuron_that_is_not_computed_yet_says_so(view):
    view.selected = ["output.out", [0, 1]]
    assert view.inspected["layer"] == "output"
    view.step("batch")
    view.step("op")
    assert view.inspected["exact"] == ""
    assert view.why_rows == []
    assert "'output.affine' has not run in this batch" in view.inspected["note"]
    view.step("phase")
    assert float(view.inspected["exact"]) == view.trainer["output.out"][0, 1]


def test_a_drag_is_one_intervention_and_all_follows(view):
    trainer, sent = view.trainer, opened(view)
    before = float(trainer["hidden.weight"][1, 2])
    for i, value in enumerate((0.1, 0.4, -0.7)):
        message(view, type="drag", name="hidden.weight", index=[1, 2], value=value, id=i)
    assert [c["id"] for c, _ in sent if c["type"] == "dragged"] == [0, 1, 2]
    assert trainer["hidden.weight"][1, 2] == -0.7
    assert len(trainer.timeline) == len(view.marks) == 1
    assert f"= -0.7 (was {before:.4g})" in trainer.timeline[0].text
    assert "-0.7" in view.marks[0]["words"]
    z = trainer["x"] @ trainer["hidden.weight"] + trainer["hidden.bias"]
    np.testing.assert_allclose(trainer["hidden.out"], z, rtol=1e-12)
    shown = np.frombuffer([b for c, b in sent if c.get("slot") == "network"][-1][0])
    assert -0.7 in shown
    message(view, type="drop")
    message(view, type="drag", name="hidden.weight", index=[1, 2], value=0.5, id=3)
    assert len(trainer.timeline) == 2


def test_a_run_with_a_drag_is_replayed_exactly(view):
    trainer = view.trainer
    for value in (3.0, -2.0, 0.25):
        view.drag("hidden.weight", (1, 2), value)
    trainer.run(3)
    there = {name: value.copy() for name, value in trainer.parameters.items()}
    trainer.goto(epoch=0, batch=1, op=8)
    trainer.goto(epoch=3, batch=0, op=0)
    assert all(np.array_equal(trainer[name], value) for name, value in there.items())
    straight = classes()
    straight.step("batch")
    straight.step("op", 8)
    straight.set("hidden.weight", (1, 2), 0.25)
    straight.run(3)
    assert all(np.array_equal(straight[name], value) for name, value in there.items())


def test_a_step_between_makes_two_interventions(view):
    view.drag("hidden.weight", (1, 2), 1.0)
    view.step("op")
    view.drag("hidden.weight", (1, 2), 2.0)
    view.drag("hidden.weight", (1, 3), 2.0)
    assert len(view.trainer.timeline) == 3


def test_frozen_holds_in_training_and_is_told(view):
    trainer = view.trainer
    view.selected = ["hidden.weight", [1, 2]]
    message(view, type="freeze", name="hidden.weight", index=[1, 2], on=True)
    assert view.inspected["frozen"]
    assert not view.inspected["all_frozen"]
    assert view.net["links"][0]["frozen"] == [1 * 6 + 2]
    held, whole = float(trainer["hidden.weight"][1, 2]), trainer["hidden.weight"].copy()
    trainer.run(2)
    assert trainer["hidden.weight"][1, 2] == held
    assert (trainer["hidden.weight"] != whole).sum() == whole.size - 1
    message(view, type="freeze", name="hidden.weight", on=True)
    assert view.inspected["all_frozen"]
    message(view, type="freeze", name="hidden.weight", on=False)
    assert not view.inspected["frozen"]
    trainer.run(1)
    assert trainer["hidden.weight"][1, 2] != held


def test_a_silenced_neuron_gives_nothing(view):
    trainer = view.trainer
    view.selected = ["relu.out", [0, 2]]
    message(view, type="silence", layer=view.inspected["layer"], neuron=2, on=True)
    assert view.inspected["silenced"]
    assert view.net["columns"][1]["silenced"] == [2]
    assert not trainer["relu.out"][:, 2].any()
    message(view, type="silence", layer="hidden", neuron=2, on=False)
    assert trainer["relu.out"][:, 2].any()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"type": "drag", "name": "x", "index": [0, 0], "value": 1, "id": 1}, "data"),
        (
            {"type": "drag", "name": "hidden.weight", "index": [9, 0], "value": 1, "id": 1},
            "Index into",
        ),
        ({"type": "drag", "name": "hidden.weight", "index": [0, 0], "value": "a"}, "a number"),
        ({"type": "freeze", "name": "hiden.weight", "on": True}, "Did you mean 'hidden.weight'"),
        ({"type": "silence", "layer": "hidden", "neuron": 77, "on": True}, "up to 5"),
        ({"type": "set", "name": "hidden.weight", "index": [0, 0], "value": "1,5"}, "a number"),
    ],
)
def test_what_can_not_be_is_told_in_words_and_changes_nothing(view, content, expected):
    opened(view)
    before = {name: value.copy() for name, value in view.trainer.parameters.items()}
    message(view, **content)
    assert expected in view.notice
    assert view.error == ""
    assert len(view.trainer.timeline) == 0
    assert all(np.array_equal(view.trainer[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("trait", "value", "expected"),
    [
        ("sample", -1, "sample: expected a whole number of at least 0"),
        ("edges", "weigth", "Did you mean 'weight'"),
        ("most", 2, "most: expected a whole number of at least 3"),
        ("selected", ["hidden.wight", [0, 0]], "Did you mean 'hidden.weight'"),
        ("selected", ["hidden.weight", [4, 0]], "an index into 'hidden.weight' of shape (4, 6)"),
        ("selected", ["hidden.weight", [0]], "an index into 'hidden.weight' of shape (4, 6)"),
        ("selected", "hidden.weight", "Invalid|expected"),
    ],
)
def test_traits_refuse_what_is_not_there(view, trait, value, expected):
    before = getattr(view, trait)
    pattern = expected if "|" in expected else re.escape(expected)
    with pytest.raises(traitlets.TraitError, match=pattern):
        setattr(view, trait, value)
    assert getattr(view, trait) == before


def test_options_can_be_changed_while_it_is_shown_and_linked(view):
    sent = opened(view)
    other = nbann.NetworkView(classes())
    link = traitlets.link((view, "sample"), (other, "sample"))
    view.selected = ["relu.out", [0, 3]]
    view.sample = 7
    assert other.sample == 7
    assert view.selected == ["relu.out", [7, 3]]
    assert float(view.inspected["exact"]) == view.trainer["relu.out"][7, 3]
    content, buffers = [(c, b) for c, b in sent if c.get("slot") == "network"][-1]
    assert content["sample"] == 7
    np.testing.assert_array_equal(np.frombuffer(buffers[0])[:4], view.trainer["x"][7])
    view.edges = "gradient"
    assert [c for c, _ in sent if c.get("slot") == "network"][-1]["edges"] == "gradient"
    link.unlink()
    other.close()


def test_a_shorter_batch_shows_its_last_sample():
    view = nbann.NetworkView(classes(), sample=15)  # 45 rows in batches of 16: the last has 13
    view.selected = ["relu.out", [15, 0]]
    view.step("batch", 2)
    view.step("phase", 3)
    trainer = view.trainer
    assert len(trainer["x"]) == 13
    assert float(view.inspected["exact"]) == trainer["relu.out"][12, 0]
    view.close()


def test_words_and_picture_where_there_is_no_front_end(view):
    data, metadata = view._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == view.describe()
    picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    panel = nbann.Dashboard(view.trainer, ["network"], width=590, row_height=440)
    assert_alike(picture, panel.render())
    assert "Network: 4-6-3" in data["text/plain"]
    assert repr(view) == f"NetworkView({view.trainer!r})"


def test_a_net_that_is_not_drawn_natively_comes_as_a_picture():
    view = nbann.NetworkView(nbann.Trainer(nbann.SOM(2, 2), np.eye(3)))
    sent = opened(view)
    content, buffers = next((c, b) for c, b in sent if c.get("slot") == "network")
    assert content["mime"] == "image/jpeg"
    assert buffers[0][:2] == b"\xff\xd8"
    assert view.net["reason"]
    assert content["words"] == view.network_board.describe()
    view.close()


def test_hostile_names_stay_plain_and_short():
    net = nbann.Sequential([nbann.Dense(3, name="a"), nbann.Dense(2, name="b")])
    names = [HOSTILE, "\u202eabc", "🙂", "a\nb"]
    data = nbann.Dataset(np.eye(4), [0, 1, 0, 1], feature_names=names, target_names=["<b>", "c"])
    view = nbann.NetworkView(nbann.Trainer(net, data))
    labels = view.net["columns"][0]["labels"]
    assert max(map(len, labels)) <= 40
    assert labels[3] == "a b"
    assert labels[0].startswith("<img src=x")
    assert "\u202e" not in "".join(labels)
    view.close()


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="NetworkView: expected a Trainer"):
        nbann.NetworkView(3)
    with pytest.raises(ValueError, match="most: expected"):
        nbann.NetworkView(classes(), most=1)


def test_a_closed_view_lets_its_trainer_go():
    trainer = wide()
    view = nbann.NetworkView(trainer)
    view.close()
    assert trainer._watchers == []
