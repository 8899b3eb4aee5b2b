"""Playground from Python: its traits, messages, what goes on and what starts again."""

import asyncio
import base64
import io
import json
import re

import ipywidgets
import matplotlib.image
import numpy as np
import pytest
import traitlets

import nbann
from nbann.panels.style import THEMES
from nbann.widgets.module import STATIC
from nbann.widgets.playground_choices import CONTROLS
from nbann.widgets.playground_net import GRID, SMALL

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def widget():
    made = nbann.Playground()
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def weights(trainer):
    return {name: array.copy() for name, array in trainer.parameters.items()}


def same(trainer, arrays):
    return all(np.array_equal(trainer[name], array) for name, array in arrays.items())


# ---- the contract with the front end ------------------------------------------------------------
def test_synced_traits_are_those_of_the_module(widget):
    source = (STATIC / "playground.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in widget.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == own
    assert set(typedef) == own


def test_colors_are_those_of_the_panels():
    source = (STATIC / "parts" / "playground_colors.js").read_text()
    for name, theme in THEMES.items():
        block = re.search(rf"{name}: \{{(.*?)\n  \}}", source, re.S)[1]
        signed = re.findall("#[0-9a-f]{6}", re.search(r"signed: \[(.*?)\]", block)[1])
        classes = re.findall("#[0-9a-f]{6}", re.search(r"classes: \[(.*?)\]", block)[1])
        assert signed == [theme.low, theme.low_mid, theme.neutral, theme.high_mid, theme.high]
        assert tuple(classes) == theme.classes
        for kind in ("background", "ink", "muted"):
            assert f'{kind}: "{getattr(theme, kind)}"' in block


def test_controls_are_those_of_the_front_end():
    source = "".join(p.read_text() for p in STATIC.rglob("playground*.js"))
    used = set(re.findall(r'control\("(\w+)"', source))
    used |= set(re.findall(r'get\("hidden"\)\.includes\("(\w+)"\)', source))
    used |= set(re.findall(r'(?:select|number|slider)\("(\w+)"', source))
    assert used == set(CONTROLS)


def test_every_trait_survives_json(widget):
    widget.trainer.run(2)
    state = {n: getattr(widget, n) for n in ("settings", "choices", "net", "plane", "scores")}
    assert json.loads(json.dumps(state)) == json.loads(json.dumps(state))
    assert json.dumps(state, allow_nan=False)


# ---- what goes on -------------------------------------------------------------------------------
LIVE = [
    {"learning_rate": 0.5},
    {"momentum": 0.5},
    {"l1": 0.01},
    {"l2": 0.01},
    {"batch_size": 7},
    {"batch_size": None},
    {"optimizer": "adam"},
    {"layers": [(4, "relu"), (2, "sigmoid")]},
    {"dropout": 0.2},
    {"drawn": [(0, 0, 1)]},
]


@pytest.mark.parametrize("changes", LIVE, ids=str)
def test_weights_are_bit_equal_across_a_live_change(widget, changes):
    widget.trainer.run(5)
    before, losses = weights(widget.trainer), widget.trainer.history["train_loss"]
    widget.change(**changes)
    assert widget.trainer.position == (5, 0, 0)
    assert same(widget.trainer, before)
    assert np.array_equal(widget.trainer.history["train_loss"], losses)
    assert "Training goes on at epoch 6 with the same weights" in widget.told
    name, value = next(iter(changes.items()))
    assert (
        len(value) == len(getattr(widget.setup, name))
        if name in ("layers", "drawn")
        else (getattr(widget.setup, name) == value)
    )
    widget.trainer.run(2)
    assert not same(widget.trainer, before)
    # reset is the start of what is set now, as a fresh playground has it
    widget.reset()
    widget.trainer.run(3)
    fresh = nbann.Playground(**changes)
    fresh.trainer.run(3)
    assert same(widget.trainer, weights(fresh.trainer))


ANEW = [
    {"data": "moons"},
    {"noise": 0.2},
    {"points": 100},
    {"test": 0.2},
    {"features": ["x1", "x1*x2"]},
    {"layers": [(5, "tanh"), (2, "tanh")]},
    {"layers": [(4, "tanh")]},
    {"loss": "hinge"},
    {"loss": "cross_entropy"},
    {"init": "he_normal"},
    {"seed": 3},
    {"standardize": True},
]


@pytest.mark.parametrize("changes", ANEW, ids=str)
def test_what_needs_another_net_starts_from_the_seed(widget, changes):
    told = []
    widget.observe(lambda change: told.append(change["new"]), "trainer")
    widget.trainer.run(4)
    widget.change(**changes)
    assert widget.trainer.position == (0, 0, 0)
    assert told == [widget.trainer]
    assert f"Started from seed {widget.setup.seed}" in widget.told
    fresh = nbann.Playground(**changes)
    for one in (fresh, widget):
        one.trainer.run(2)
    assert same(widget.trainer, weights(fresh.trainer))


def test_the_learning_rate_is_set_at_the_trainer_itself(widget):
    trainer = widget.trainer
    trainer.run(3)
    widget.change(learning_rate=0.3)
    assert widget.trainer is trainer
    assert trainer.learning_rate == 0.3
    assert [act.text for act in trainer.timeline] != []
    widget.back("epoch")  # before it
    assert widget.setup.learning_rate == 0.1
    assert widget.settings["learning_rate"] == 0.1
    trainer.learning_rate = 0.7  # Python may as well
    assert widget.setup.learning_rate == 0.7
    assert "0.7" in widget.code
    trainer.run(1)
    widget.reset()
    assert widget.setup.learning_rate == 0.7 == widget.trainer.learning_rate


def test_momentum_changes_in_place_between_numbers_above_0():
    made = nbann.Playground(momentum=0.9)
    made.trainer.run(2)
    trainer = made.trainer
    made.change(momentum=0.5)
    assert made.trainer is trainer
    assert trainer.hyper["momentum"] == 0.5
    made.change(momentum=0.0)
    assert made.trainer is not trainer
    assert made.trainer.position.epoch == 2


def test_at_the_start_nothing_is_carried(widget):
    widget.change(l2=0.01)
    assert "Started from seed 0" in widget.told
    widget.trainer.run(3)
    fresh = nbann.Playground(l2=0.01)
    fresh.trainer.run(3)
    assert same(widget.trainer, weights(fresh.trainer))


def test_a_bad_change_changes_nothing(widget):
    trainer, setup = widget.trainer, widget.setup
    trainer.run(2)
    before = weights(trainer)
    for bad in ({"noise": -1}, {"layers": [(0,)]}, {"features": ["x9"]}, {"speed": 3}):
        with pytest.raises(ValueError, match="xpected"):
            widget.change(**bad)
    for act in (
        lambda: widget.add_neuron(5),
        lambda: widget.add_points([1, 2, 3], 0),
        lambda: widget.add_points([[1, 2]], 0.5),
        lambda: widget.add_points([[1, 2]], 7),
        lambda: widget.set_activation("tan"),
    ):
        with pytest.raises(ValueError, match="xpected"):
            act()
    assert widget.trainer is trainer
    assert widget.setup == setup
    assert same(trainer, before)
    widget.change(noise=0.0)  # nothing of it is another
    assert widget.trainer is trainer


# ---- touching -----------------------------------------------------------------------------------
def test_messages_do_what_methods_do(widget):
    message(widget, type="layers", by=1)
    assert [u for u, _ in widget.setup.layers] == [4, 2, 2]
    message(widget, type="neurons", layer=2, by=1)
    message(widget, type="neurons", layer=0, by=-1)
    assert [u for u, _ in widget.setup.layers] == [3, 2, 3]
    message(widget, type="layers", by=-1)
    message(widget, type="activation", layer=1, value="relu")
    assert widget.setup.layers == ((3, "tanh"), (2, "relu"))
    message(widget, type="activation", value="elu")
    assert {a for _, a in widget.setup.layers} == {"elu"}
    message(widget, type="feature", term="sin(x1)")
    message(widget, type="feature", term="x2")
    assert widget.setup.features == ("x1", "sin(x1)")
    message(widget, type="change", field="learning_rate", value="\N{MINUS SIGN}1")
    assert "learning_rate: expected a finite number above 0" in widget.notice
    message(widget, type="change", field="learning_rate", value="0,5")
    assert "a number" in widget.notice
    message(widget, type="change", field="batch_size", value="all")
    assert widget.setup.batch_size is None
    assert widget.notice == ""
    message(widget, type="change", field="batch_size", value="12.5")
    assert "a whole number" in widget.notice
    message(widget, type="change", field="points", value=60)
    message(widget, type="change", field="standardize", value=True)
    assert widget.setup.points == 60
    assert widget.setup.standardize
    for field in ("batch_size", "seed", "points"):
        for value in ("inf", "1e400", "nan"):
            message(widget, type="change", field=field, value=value)
            assert "expected a whole number" in widget.notice
    message(widget, type="change", field="__class__", value=1)
    assert "one that can be set" in widget.notice
    message(widget, type="rate", value="0.25")
    assert widget.setup.learning_rate == 0.25
    message(widget, type="weight", name="output.weight", index=[0, 0], value="1.5")
    assert widget.trainer["output.weight"][0, 0] == 1.5
    message(widget, type="weight", name="output.weight", index=[9, 0], value="1.5")
    assert "output.weight" in widget.notice
    message(widget, type="upload", text="a,b,k\n1,2,no\n3,4,yes\n5,1,no\n2,2,yes\n", name=HOSTILE)
    assert widget.setup.own.target_names == ("no", "yes")
    assert widget.plane["axes"] == ["a", "b"]
    message(widget, type="upload", text="a,b\n1,\n", name="x")
    assert "CSV row 2" in widget.notice
    assert widget.error == ""


def test_layers_have_limits(widget):
    while len(widget.setup.layers) < 6:
        widget.add_layer()
    with pytest.raises(ValueError, match="layers: expected at most 6"):
        widget.add_layer()
    for _ in range(6):
        widget.remove_layer()
    with pytest.raises(ValueError, match="a hidden layer to take away"):
        widget.remove_layer()
    widget.trainer.run(2)  # a linear model
    widget.add_layer(3, "relu")
    assert widget.setup.layers == ((3, "relu"),)
    while len(widget.setup.features) > 1:
        widget.switch_feature(widget.setup.features[0])
    with pytest.raises(ValueError, match="features"):
        widget.switch_feature(widget.setup.features[0])


def test_points_are_drawn_and_erased_while_it_goes_on(widget):
    widget.trainer.run(3)
    before = weights(widget.trainer)
    message(widget, type="draw", at=[0.5, 5.5], label=1)
    widget.add_points([[1.0, 5.0], [-5.0, 5.0]], [1, 0])
    assert widget.trainer.position.epoch == 3
    assert same(widget.trainer, before)
    assert len(widget.trainer.train_data) == 203
    assert widget.plane["train"][-1] == [-5.0, 5.0, 0.0]
    message(widget, type="erase", at=[0.9, 5.2], radius=0.6)
    assert [p[:2] for p in widget.setup.drawn] == [(-5.0, 5.0)]
    widget.erase_points()
    assert len(widget.trainer.train_data) == 200
    widget.change(data="hills")
    message(widget, type="draw", at=[0, 0], label=0)
    assert "classes over two columns" in widget.notice


def test_drawing_alone(widget):
    widget.change(data="drawn")
    assert widget.choices["labels"] == 5
    assert widget.plane["box"] == [[-6.0, 6.0]] * 2
    widget.trainer.run(2)
    before = weights(widget.trainer)
    widget.add_points([1, 1], 1)
    assert widget.trainer.position.epoch == 2
    assert same(widget.trainer, before)
    widget.add_points([2, 2], 2)  # a third class is another net
    assert widget.trainer.position.epoch == 0
    assert widget.setup.outputs == 3
    message(widget, type="erase")
    assert "at least one point" in widget.notice
    drawn = widget.setup.drawn
    widget.change(data="xor")
    widget.change(data="drawn")
    assert widget.setup.drawn == drawn  # what was drawn is not lost


# ---- showing and hiding -------------------------------------------------------------------------
def test_controls_are_hidden_by_name():
    made = nbann.Playground(hide=["code", "noise"])
    assert set(made.hidden) == {"code", "noise"}
    made = nbann.Playground(show=["transport", "layers"])
    assert set(CONTROLS) - set(made.hidden) == {"transport", "layers"}
    made.hidden = []
    with pytest.raises(ValueError, match=r"Unknown control 'cod'. Did you mean 'code'"):
        made.hidden = ["cod"]
    for bad in ({"hide": ["x"]}, {"show": ["x"]}, {"show": [], "hide": []}, {"hide": "code"}):
        with pytest.raises(ValueError, match="xpected"):
            nbann.Playground(**bad)


# ---- what is sent -------------------------------------------------------------------------------
@pytest.mark.parametrize("data", ["circles", "spirals", "hills", "iris", "sine", "digits"])
def test_frames_hold_the_trainers_numbers(data):
    made = nbann.Playground(data, layers=[(9, "relu"), (3, "tanh")])
    made.trainer.run(2)
    content, (plane, pictures, numbers, curve) = made._frame()
    trainer, of = made.trainer, made._plane
    assert content["words"] == of.describe(trainer)
    inputs = min(8, len(made.setup.features))
    expected = [
        trainer["hidden1.weight"][:inputs, :8], trainer["hidden1.bias"][:8],
        trainer["hidden2.weight"][:8], trainer["hidden2.bias"],
        trainer["output.weight"][:, :8], trainer["output.bias"][:8],
    ]  # fmt: skip
    flat = np.concatenate([array.ravel() for array in expected]).astype(np.float32)
    assert np.array_equal(np.frombuffer(numbers, np.float32), flat)
    table = np.frombuffer(curve, np.float32).reshape(3, -1)
    assert np.allclose(table[1], trainer.history["train_loss"])
    small = np.frombuffer(pictures, np.int8).reshape(-1, SMALL, SMALL)
    assert len(small) == 8 + 3 + min(8, made.setup.outputs)
    if data == "sine":
        assert np.allclose(np.frombuffer(plane, np.float32), trainer.predict(of.inputs).ravel())
    elif data == "hills":
        assert len(plane) == GRID**2
    else:
        best, sure = np.frombuffer(plane, np.uint8).reshape(2, -1)
        assert np.array_equal(best, trainer.predict(of.inputs))
        p = trainer.predict_proba(of.inputs)
        k = p.shape[1]
        assert np.abs(sure / 255 - (p.max(axis=1) * k - 1) / (k - 1)).max() < 0.003
    # the first neuron's picture is its activation, every other point of the grid
    values = trainer.activations("act1.out", of.inputs)[:, 0]
    limit = max(1.0, np.abs(values).max())
    grid = np.tile(values, (GRID, 1)) if data == "sine" else values.reshape(GRID, GRID)
    assert np.abs(small[0] / 127 - grid[::2, ::2] / limit).max() < 0.005


def test_a_run_gone_astray_is_still_shown():
    made = nbann.Playground("hills", layers=[(3, "relu")])
    made.trainer.set("output.weight", ..., 1e300)
    made.trainer.set("hidden1.weight", ..., 1e300)
    made._frame()
    assert "not numbers everywhere" in made.describe()


def test_features_are_sent_once(widget):
    sent = []
    widget.send = lambda content, buffers=None: sent.append(content.get("slot"))
    message(widget, type="ready", dark=False, view="a")
    widget.trainer.run(1)
    widget.trainer.run(1)
    assert sent.count("features") == 1
    assert sent.count("run") >= 3
    widget.change(features=["x1"])
    assert sent.count("features") == 2


def test_scores_are_those_of_the_weights_of_now(widget):
    widget.trainer.run(2)
    widget.trainer.step("batch", 3)
    loss = widget.trainer.evaluate(widget.trainer.test_data)["loss"]
    assert float(widget.scores["test_loss"]) == pytest.approx(loss, rel=5e-3)
    widget.trainer.set("output.bias", 0, 2.0)
    loss = widget.trainer.evaluate(widget.trainer.train_data)["loss"]
    assert float(widget.scores["train_loss"]) == pytest.approx(loss, rel=5e-3)


def test_it_plays_on_across_a_change():
    async def play():
        made = nbann.Playground(speed=50.0)
        message(made, type="ready", dark=False, view="a")
        await asyncio.sleep(0)
        made.play()
        await asyncio.sleep(0.2)
        first = made.trainer
        made.change(seed=1)
        assert made.mode == "play"
        assert made.trainer is not first
        await asyncio.sleep(0.2)
        assert made.trainer.position.epoch > 0
        made.change(l2=0.1)
        await asyncio.sleep(0.1)
        assert made.mode == "play"
        made.pause()
        await asyncio.sleep(0.05)
        stood = first.position
        await asyncio.sleep(0.1)
        assert first.position == stood
        assert first._watchers == []
        made.run(30)
        await asyncio.sleep(0)
        made.change(learning_rate=0.01)
        made.change(batch_size=50)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not made.mode:
                break
        assert made.mode == ""
        assert made.error == ""
        made.close()

    asyncio.run(play())


def test_words_picture_and_repr(widget):
    widget.trainer.run(2)
    assert repr(widget) == f"Playground(circles: 4-2, {widget.trainer!r})"
    told = widget.describe()
    assert "Data circles, 200 training samples" in told
    assert "after 2 epochs" in told
    data, metadata = widget._repr_mimebundle_()
    assert data["text/plain"] == told
    assert metadata["image/png"]["alt"] == told
    picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.shape[1] == 960
    for name in ("sine", "iris", "hills"):
        widget.change(data=name)
        assert len(widget._repr_mimebundle_()[0]["image/png"]) > 1000


def test_the_still_picture_shows_the_plane_of_the_data():
    made = nbann.Playground(features=["x1^2", "x2^2"], layers=[])
    made.trainer.run(30)
    from nbann.widgets.playground_still import still

    panel = still(made.trainer, made._parts).panels[1]
    wrong = made.trainer.predict(made.trainer.train_data.X) != made.trainer.train_data.y
    assert np.array_equal(panel.wrong(), wrong)
    assert wrong.mean() < 0.1
    assert "over x1 and x2" in panel.describe()


def test_hostile_names_are_cut_and_kept_as_text():
    names = [HOSTILE, "\u202eright to left" + "x" * 10_000]
    data = nbann.Dataset(
        [[0.0, 1.0], [1.0, 0.0], [0.5, 0.2]], [0, 1, 0], None, names, ["$\\x$", "🎉"]
    )
    made = nbann.Playground(data, test=0)
    assert made.plane["classes"] == ["$\\x$", "🎉"]
    assert made.plane["axes"][0] == HOSTILE
    assert max(len(text) for text in made.plane["axes"]) <= 80
    assert made.net["features"][0]["label"] == HOSTILE
    assert made.net["features"][2]["label"] == "x1²"
    assert made.net["features"][2]["title"] == HOSTILE + "²"
    assert len(made.describe()) < 1000
    made._repr_mimebundle_()


def test_the_trainer_is_not_replaced_from_outside(widget):
    with pytest.raises(traitlets.TraitError):
        widget.trainer = widget.trainer


def test_a_closed_widget_lets_its_trainers_go(widget):
    first = widget.trainer
    widget.change(seed=2)
    second = widget.trainer
    widget.close()
    assert first._watchers == [] == second._watchers


def test_a_change_from_within_a_hook_is_refused_and_told(widget):
    widget.trainer.on("batch", lambda event: widget.change(l2=0.1))
    with pytest.raises(RuntimeError, match="in the midst"):
        widget.trainer.step("batch")
    assert widget.setup.l2 == 0.0


def test_the_state_of_the_front_end_tests_is_one_of_today():
    path = STATIC.parents[2] / "tests" / "frontend" / "playground_state.json"
    stored, made = json.loads(path.read_text("utf-8")), nbann.Playground(points=20)
    for name, value in stored.items():
        now = json.loads(json.dumps(getattr(made, name)))
        if name == "choices":
            assert value.pop("gallery").keys() == now.pop("gallery").keys()
        assert value == now, name
