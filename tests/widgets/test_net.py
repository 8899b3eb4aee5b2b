"""Net: the numbers that a canvas shows are the trainer's own; the oracle is the trainer."""

import json
import re

import numpy as np
import pytest

import nbann
from nbann.panels import NetworkDiagram
from nbann.panels.network_layout import folded
from nbann.widgets.net import COLUMNS, Net
from nbann.widgets.net_limits import extent

from ..counting import calls_of
from .nets import ALL, classes, deep, lstm, rbm, wide, words


def elements(layout, content):
    """Which element each number of a frame is said to be, worked out from the plain data alone."""
    found, links = [], layout["links"]
    for column, name, at in zip(layout["columns"], content["at"], content["index"], strict=True):
        for unit in column["units"]:
            inner = np.unravel_index(unit, at["shape"]) if at["shape"] else ()
            found.append((name, (*at["start"], *map(int, inner))) if name else None)
    for column in layout["columns"]:
        if column["bias"]:
            found += [(column["bias"], (column["offset"] + u,)) for u in column["units"]]
    for link, row_of_table in zip(links, content["looked_up"], strict=True):
        for row in layout["columns"][link["from"]]["units"]:
            for unit in layout["columns"][link["to"]]["units"]:
                row = row_of_table if link["looks_up"] else row
                index = (row, link["offset"] + unit)
                found.append((link["weight"], index[::-1] if link["turned"] else index))
    return found


@pytest.mark.parametrize("make", ALL)
def test_every_number_is_the_trainers_at_every_op(make):
    trainer = make()
    net = Net(trainer, sample=3)
    names = trainer.names
    for _ in range(min(2 * len(trainer.program), 120)):
        trainer.step("op")
        content, (values, gradients) = net.frame()
        layout = json.loads(json.dumps(net.layout(), allow_nan=False))
        content = json.loads(json.dumps(content, allow_nan=False))
        assert content["layout"] == layout["version"]
        numbers = zip(
            elements(layout, content), np.frombuffer(values), np.frombuffer(gradients), strict=True
        )
        for element, value, gradient in numbers:
            if element is None:
                assert np.isnan(value)
                assert np.isnan(gradient)
                continue
            name, index = element
            assert trainer.is_current(name)
            assert value == trainer[name][index]
            grad = f"{name}.grad"
            known = grad in names and trainer.is_current(grad)
            assert (name in content["graded"]) == known
            np.testing.assert_equal(gradient, trainer[grad][index] if known else np.nan)


def test_a_wide_layer_is_folded_and_says_how_wide_it_is():
    net = Net(wide(), most=6)
    inputs, hidden, output = net.layout()["columns"]
    assert (inputs["width"], hidden["width"], output["width"]) == (784, 128, 10)
    for column in (inputs, hidden, output):
        units, slots = folded(column["width"], 6)
        assert column["units"] == units.tolist()
        assert column["slots"] == slots.tolist()
    assert inputs["labels"][-1] == "x784"
    net.configure(most=3)
    assert len(net.layout()["columns"][0]["units"]) == 2
    assert net.layout()["version"] == 2


def test_the_layout_is_the_same_object_until_it_changes():
    trainer = classes()
    net = Net(trainer)
    first = net.layout()
    trainer.step("epoch")
    assert net.layout() is first
    trainer.freeze("hidden.weight", (0, 1))
    assert net.layout()["links"][0]["frozen"] == [1]
    trainer.silence("hidden", 2)
    assert net.layout()["columns"][1]["silenced"] == [2]
    trainer.unsilence("hidden", 2)
    trainer.unfreeze("hidden")
    assert net.layout() == first | {"version": net.layout()["version"]}


def test_a_deep_net_is_drawn_round_the_op_at_hand():
    trainer = deep(30)
    net = Net(trainer)
    for _ in range(len(trainer.program)):
        trainer.step("op")
        layout, (content, _) = net.layout(), net.frame()
        assert len(layout["columns"]) == COLUMNS
        assert len(layout["strip"]) == len(content["sizes"]) == 32
        lit = content["written"]
        seen = lit["nodes"] + lit["edges"] + lit["biases"]
        assert seen or trainer.last_op.phase in ("update", "loss")
    assert content["sizes"][0] == pytest.approx(np.abs(trainer["x"]).mean())


def test_what_an_op_reads_and_writes_is_lit():
    trainer = classes()
    net = Net(trainer)
    trainer.step("op")
    content, _ = net.frame()
    assert content["op"] == {
        "name": "hidden.affine", "phase": "forward", "layer": "hidden", "ran": True
    }  # fmt: skip
    assert content["read"] == {"nodes": [0], "edges": [0], "biases": [1], "ways": []}
    assert content["written"] == {"nodes": [1], "edges": [], "biases": [], "ways": []}
    assert content["way"] == 1
    while trainer.last_op.phase != "backward" or "output.weight.grad" not in trainer.last_op.writes:
        trainer.step("op")
    content, _ = net.frame()
    assert content["written"]["edges"] == [1]
    assert content["way"] == -1


def test_chances_are_softmax_of_the_outputs():
    trainer = classes()
    net = Net(trainer, sample=5)
    trainer.step("phase", 2)
    content, _ = net.frame()
    z = trainer["output.out"][5]
    assert content["ends"] == [2]
    np.testing.assert_allclose(content["chances"][0], np.exp(z) / np.exp(z).sum(), rtol=1e-12)
    assert content["loss"] == f"{trainer['loss'].item():.4g}"


def test_limits_grow_with_the_numbers_and_start_anew_when_the_run_goes_back():
    trainer = classes()
    net = Net(trainer)
    trainer.step("batch")
    trainer.set("hidden.weight", (0, 0), 40.0)
    assert net.frame()[0]["limits"]["edges"][0] == 50.0
    trainer.back("batch")
    largest = np.abs(trainer["hidden.weight"]).max()
    assert largest <= net.frame()[0]["limits"]["edges"][0] < 40


def test_numbers_that_are_not_finite_are_shown_as_such():
    trainer = classes()
    net = Net(trainer)
    trainer.step("op")
    assert extent(np.array([np.nan, -3.0, np.inf])) == 3.0
    assert extent(np.array([np.nan])) == 0.0
    assert extent(np.zeros((0, 3))) == 0.0
    assert "NaN" not in json.dumps(net.frame()[0])


def test_what_has_no_layers_says_so_in_words():
    net = Net(nbann.Trainer(nbann.SOM(2, 2), np.eye(3)))
    assert net.reason.startswith("is drawn as layers of neurons")
    content, buffers = net.frame()
    assert buffers == []
    assert content["words"] == f"Network {net.reason}"
    assert net.layout()["columns"] == []


def test_words_say_what_is_shown():
    trainer = classes()
    trainer.step("batch")
    told = Net(trainer, sample=99).describe()
    assert told.startswith("Network: 4-6-3, sample 15 of 16 in the batch; inputs x1 ")
    for label, value in zip(("red", "green", "blue"), trainer["output.out"][15], strict=True):
        assert re.search(rf"{label} {value:#.3g}".replace("-", "−"), told)
    assert Net(lstm()).describe().count("not computed yet in this batch") == 2


def test_the_time_step_is_that_of_the_op():
    trainer = lstm()
    net = Net(trainer)
    while trainer.last_op is None or trainer.last_op.time != 2:
        trainer.step("op")
    content, _ = net.frame()
    assert (content["time"], content["steps"]) == (2, 6)
    assert content["index"][0] == {"start": [0, 2], "shape": [3]}


def test_a_table_shows_the_row_that_is_looked_up():
    trainer = words()
    net = Net(trainer, sample=4)
    trainer.step("op", 3)
    content, (values, _) = net.frame()
    row = int(trainer["x"][4][net.reader.time])
    assert content["looked_up"][0] == row
    assert np.isin(trainer["table.weight"][row], np.frombuffer(values)).all()


def test_neurons_that_drop_out_are_those_of_the_mask():
    net = nbann.Sequential([nbann.Dense(12, name="hidden"), nbann.Dropout(0.5), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (np.random.default_rng(0).random((8, 3)), [0, 1] * 4))
    trainer.step("phase")
    content, _ = Net(trainer, sample=2, most=12).frame()
    masks = [name for name in trainer.names if name.endswith(".mask")]
    assert content["dropped"][1] == np.flatnonzero(trainer[masks[0]][2] == 0).tolist() != []


def test_a_machine_goes_back_to_its_visible_units():
    trainer = rbm()
    net, ways = Net(trainer), {}
    for _ in range(len(trainer.program)):
        trainer.step("op")
        content, _ = net.frame()
        ways.setdefault(content["op"]["name"].split(".")[-1], content["way"])
    assert ways["hidden_in"] == 1
    assert -1 in ways.values()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"most": 2}, "most: expected a whole number of at least 3; received 2"),
        ({"sample": -1}, "sample: expected a whole number of at least 0; received -1"),
        ({"edges": "gradients"}, "Did you mean 'gradient'"),
    ],
)
def test_bad_options_change_nothing(options, expected):
    net = Net(classes())
    with pytest.raises(ValueError, match=re.escape(expected)):
        net.configure(**({"most": 5, "sample": 2} | options))
    assert (net.most, net.sample, net.edges) == (8, 0, "weight")


def test_a_frame_costs_a_fraction_of_a_picture():
    """Counted in calls, which another program on the machine does not change."""
    trainer = classes()
    net = Net(trainer)
    board = nbann.Dashboard(trainer, [NetworkDiagram()], width=590, row_height=440)
    trainer.step("batch")
    net.frame(), board.jpeg()
    assert calls_of(net.frame)[1] < calls_of(board.jpeg)[1] / 5
