"""Compare from Python: its traits, messages, table, search; without a browser."""

import asyncio
import json
import re

import ipywidgets
import numpy as np
import pytest

import nbann
from nbann.panels.overlaid_curves import DASHES
from nbann.panels.style import RUN_COLORS
from nbann.widgets.module import STATIC, css, esm
from nbann.widgets.player import Player

TRAIN, TEST = nbann.datasets.iris().standardized().split(test=0.3, seed=0)
HOSTILE = ['<img src=x onerror="alert(1)">', "$\\href{javascript:alert(1)}{x}$" * 300]


def make(activation=nbann.Tanh, name="hidden", **options):
    net = nbann.Sequential([nbann.Dense(4, name=name), activation(), nbann.Dense(3)])
    return nbann.Trainer(net, TRAIN, test=TEST, **{"batch_size": 50, **options})


@pytest.fixture
def compare():
    made = nbann.Compare(make(), make(optimizer=nbann.SGD(0.5)), names=["slow", "fast"])
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def cells(compare):
    return [[cell["text"] for cell in row["cells"]] for row in compare.table["rows"]]


def column(compare, head):
    at = compare.table["head"].index(head) - 1
    return [row["cells"][at] for row in compare.table["rows"]]


def test_synced_traits_are_those_of_the_module(compare):
    source = (STATIC / "compare.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    typedef = re.findall(r"@property \{.*\} (\w+)", source)
    own = {n for n in compare.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == own
    assert set(typedef) == own


def test_every_trait_survives_json(compare):
    compare.run(2)
    compare.first_difference()
    state = {n: getattr(compare, n) for n in compare.trait_names(sync=True) if n[0] != "_"}
    del state["layout"], state["tabbable"], state["tooltip"]
    assert json.loads(json.dumps(state, allow_nan=False)) == state


def test_swatches_look_as_the_curves_do():
    dashes = re.search(r"RUN_DASHES = \[(.*?)\]", esm("compare"))[1]
    assert dashes == ", ".join(f'"{" ".join(map(str, dash))}"' for dash in DASHES)
    for theme, selector in (("light", r"\.nbann-view"), ("dark", r'\S+"false"\] \.nbann-view')):
        rule = re.search(rf"^{selector} \{{ (--nbann-run1.*?)\}}", css("compare"), re.M)[1]
        assert tuple(re.findall(r"#\w{6}", rule)) == RUN_COLORS[theme]


def test_the_table_holds_the_trainers_numbers(compare):
    assert cells(compare) == [["0 epochs", "–", "–", "–", "35"]] * 2
    compare.run(3)
    for name in ("train_loss", "test_loss", "test_accuracy"):
        shown = column(compare, name.replace("_", " "))
        truth = [float(trainer.history[name][-1]) for trainer in compare.trainers]
        assert [float(cell["exact"]) for cell in shown] == truth
        assert [cell["text"] for cell in shown] == [f"{value:.4g}" for value in truth]
        if truth[0] != truth[1]:
            best = max(truth) if name == "test_accuracy" else min(truth)
            assert [cell["best"] for cell in shown] == [value == best for value in truth]
    assert sum(w.size for w in compare.trainers[0].parameters.values()) == 35


def test_buttons_and_python_drive_the_same_trainers(compare):
    slow, fast = compare.trainers
    message(compare, type="step")
    assert slow.position == fast.position == (1, 0, 0)
    fast.step("batch", 2)
    assert column(compare, "done")[1]["text"] == "1 epoch + 2 batches"
    assert compare.ahead == "fast is ahead of slow: Step moves it first."
    compare.step("batch", 2)
    assert compare.ahead == ""
    assert slow.position == fast.position == (1, 2, 0)
    message(compare, type="back")
    assert slow.position == fast.position == (1, 0, 0)
    assert not compare.at_start
    message(compare, type="reset")
    assert compare.at_start
    assert slow.position == fast.position == (0, 0, 0)


def test_settings_that_differ_are_told_as_they_change(compare):
    assert compare.settings == [{"name": "optimizer.learning_rate", "values": ["0.1", "0.5"]}]
    compare.run(1)
    compare.trainers[0].learning_rate = 0.5
    assert [one["name"] for one in compare.settings][-1] == "done by hand"
    same = nbann.Compare(make(), make())
    assert same.settings == []
    assert "They were told the same." in same.describe()
    same.close()


def test_the_first_difference_is_named_and_shown(compare):
    compare.run(2)
    found = compare.first_difference()
    assert (found.op, found.array) == ("sgd.update", "hidden.weight")
    assert found.settings[0].name == "optimizer.learning_rate"
    assert compare.parting == [found.sentence(1, "−")]
    compare.trainers[1].set("hidden.weight", (0, 0), 2.0)
    assert compare.parting == []  # it was found of another past
    with pytest.raises(ValueError, match="Unknown run 'faster'"):
        compare.first_difference("faster")


def test_of_several_runs_the_one_that_parts_first():
    runs = [make(), make(), make(optimizer=nbann.SGD(0.2)), make(seed=1)]
    compare = nbann.Compare(*runs)
    compare.run(1)
    found = compare.first_difference()
    assert found.names == ("A", "D")
    assert found.kind == "start"
    assert len(compare.parting) == 3
    assert compare.parting[0].startswith("A and B agree")
    assert compare.first_difference("C").names == ("A", "C")
    assert not compare.first_difference("B")
    compare.close()


def test_a_run_in_the_background_lets_other_tasks_run():
    async def scenario():
        compare = nbann.Compare(make(), make(batch_size=16))
        compare.send = lambda *args: None
        message(compare, type="ready", view="v")  # a run begins once somebody can see it
        message(compare, type="run", epochs=40)
        turns = began = 0
        for _ in range(5000):
            await asyncio.sleep(0.002)
            began = began or compare.mode == "run"
            turns += compare.mode == "run"
            if began and compare.mode != "run":
                break
        compare.close()
        return compare, turns

    compare, turns = asyncio.run(scenario())
    assert turns > 2
    assert compare.error == ""
    assert [t.position for t in compare.trainers] == [(40, 0, 0)] * 2
    alone = make()
    alone.run(40)
    for name in alone.parameters:
        assert np.array_equal(alone[name], compare.trainers[0][name])


def test_a_search_in_the_background_ends_where_the_plain_one_does():
    async def scenario():
        compare = nbann.Compare(make(), make())
        for trainer in compare.trainers:
            trainer.run(30)
        compare.trainers[1].learning_rate = 0.3
        for trainer in compare.trainers:
            trainer.run(2)
        message(compare, type="seek")
        told = set()
        for _ in range(2000):
            told.add(compare.seeking)
            if compare.parting or compare.error:
                break
            await asyncio.sleep(0.002)
        compare.close()
        return compare, told

    compare, told = asyncio.run(scenario())
    assert compare.error == ""
    assert any(text.startswith("Looking") for text in told)
    assert compare.seeking == ""
    assert compare.parting[0].startswith("A and B agree to the bit up to epoch 31, batch 1, op")
    assert "learning_rate = 0.3" in compare.parting[0]


def test_one_that_diverges_is_told_and_the_others_go_on():
    compare = nbann.Compare(make(nbann.ReLU, optimizer=nbann.SGD(1e200)), make())
    compare.run(3)
    states = [row["state"] for row in compare.table["rows"]]
    failed = compare.trainer.stopped(compare.trainers[0])
    assert states[0] == f"stopped: not finite in {failed.op}"
    assert compare.table["rows"][0]["why"] == failed.why
    assert states[1] == ""
    assert compare.trainers[1].position == (3, 0, 0)
    assert "stopped" in compare.describe()
    compare.close()


def test_the_metric_can_be_chosen(compare):
    assert compare.metric == "test_accuracy"
    assert "train_loss" not in compare.metrics
    compare.metric = "train_accuracy"
    assert "train accuracy" in compare.table["head"]
    assert "Train accuracy" in compare.describe()
    with pytest.raises(ValueError, match="metric"):
        compare.metric = "r2"
    assert compare.metric == "train_accuracy"
    compare.metric = "loss"
    compare.step("batch")
    assert float(column(compare, "batch loss")[0]["exact"]) == compare.trainers[0]["loss"]


def test_frames_of_curves_and_nets(compare):
    sent = []
    compare.send = lambda content, buffers=None: sent.append((content, buffers))
    message(compare, type="width", view="v", width=700)
    message(compare, type="ready", view="v")
    assert [content["slot"] for content, _ in sent] == ["curves", "net0", "net1"]
    assert sent[0][1][0][:2] == b"\xff\xd8"
    values = np.frombuffer(sent[1][1][0], dtype=np.float64)
    weights = compare.trainers[0]["hidden.weight"].ravel()
    assert set(weights) <= set(values)
    assert compare.net0["columns"]
    assert compare.net2 == {}
    assert len(compare._stills()) == 3


def test_a_trainer_without_evaluation_shows_its_batches():
    compare = nbann.Compare(*(make(evaluate_every=None, seed=seed) for seed in (0, 1)))
    compare.step("batch")
    assert compare.table["head"] == ["run", "done", "batch loss", "parameters"]
    assert float(column(compare, "batch loss")[1]["exact"]) == compare.trainers[1]["loss"]
    compare.close()


def test_hostile_names_are_short_text():
    compare = nbann.Compare(make(), make(name="x" * 10_000), names=HOSTILE)
    compare.run(1)
    compare.first_difference()
    assert compare.table["rows"][0]["name"] == HOSTILE[0]
    assert len(compare.table["rows"][1]["name"]) <= 40
    assert all(len(text) <= 600 for text in compare.parting)
    assert all(len(one["name"]) <= 40 for one in compare.settings)
    assert compare._stills()
    compare.close()


def test_it_lets_go_when_closed(compare):
    trainers = compare.trainers
    player = Player.of(compare.trainer)
    compare.close()
    assert not any(trainer._watchers for trainer in trainers)
    assert player._listeners == []


def test_stable_words(compare):
    assert repr(compare).startswith("Compare(<Trainer of Sequential(")
    bundle, metadata = compare._repr_mimebundle_()
    assert bundle["text/plain"].startswith("slow: done 0 epochs")
    assert metadata["image/png"]["alt"] == bundle["text/plain"]


def test_wrong_asks():
    one = make()
    for wrong, match in (
        (lambda: nbann.Compare(one), "2 to 6 trainers"),
        (lambda: nbann.Compare(one, one), "each trainer once"),
        (lambda: nbann.Compare(one, 3), "a Trainer"),
        (lambda: nbann.Compare(one, make(), names=["a"]), "a list of 2"),
        (lambda: nbann.Compare(one, make(), names="ab"), "a list of 2"),
        (lambda: nbann.Compare(one, make(), names=["a", "a"]), "each name once"),
        (lambda: nbann.Compare(one, make(), unit="week"), "Unknown unit"),
        (lambda: nbann.Compare(one, make(), metric="r3"), "Unknown metric"),
    ):
        with pytest.raises(ValueError, match=match):
            wrong()
    assert not one._watchers


def test_it_plays():
    async def scenario():
        compare = nbann.Compare(make(), make(), unit="batch", speed=50.0)
        message(compare, type="ready", view="a")
        await asyncio.sleep(0)
        message(compare, type="play")
        await asyncio.sleep(0.3)
        assert compare.mode == "play", compare.error
        assert all(t.position != (0, 0, 0) for t in compare.trainers)
        message(compare, type="pause")
        await asyncio.sleep(0.1)
        assert (compare.mode, compare.error) == ("", "")
        compare.close()

    asyncio.run(scenario())
