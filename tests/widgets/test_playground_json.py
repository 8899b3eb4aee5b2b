"""A playground's state: it comes back, and nothing else than a state is taken for one."""

import json
import re

import numpy as np
import pytest

import nbann

SMALL = ([[0.0, 1.0], [1.0, 0.5], [0.25, 0.75], [1.0, 1.0]], [0, 1, 0, 1])


def test_it_comes_back_whole(tmp_path):
    made = nbann.Playground(
        "spirals", classes=3, noise=0.2, layers=[(5, "relu"), (3, "elu")], hide=["code", "l1"],
        features=["x1", "x2", "sin(x1)"], momentum=0.5, seed=9, dropout=0.1, unit="batch", speed=5,
    )  # fmt: skip
    made.add_points([[1.25, -2.5]], [2])
    made.show_test = True
    path = tmp_path / "start.json"
    text = made.to_json(path)
    assert path.read_text("utf-8") == text
    assert json.loads(text) == made.state
    for source in (text, path, str(path), made.state):
        again = nbann.Playground.from_json(source)
        assert again.setup == made.setup
        assert again.state == made.state
        assert (again.unit, again.speed, again.show_test) == ("batch", 5.0, True)
        assert set(again.hidden) == {"code", "l1"}
        for one in (again, made):
            one.reset()
            one.trainer.run(2)
        for name, array in made.trainer.parameters.items():
            assert np.array_equal(again.trainer[name], array)


def test_own_data_are_in_it_if_they_are_few():
    made = nbann.Playground(SMALL, test=0.25)
    again = nbann.Playground.from_json(made.to_json())
    assert np.array_equal(again.setup.own.X, SMALL[0])
    assert again.setup.own.y.tolist() == SMALL[1]
    assert again.setup.task == "classification"
    many = nbann.Playground((np.arange(24000.0).reshape(-1, 2) / 24000, np.arange(12000) % 2))
    text = many.to_json()
    assert "more than 20,000 numbers" in json.loads(text)["note"]
    with pytest.raises(ValueError, match=r"its own data; .*from_json\(..., data=...\)"):
        nbann.Playground.from_json(text)
    again = nbann.Playground.from_json(text, data=many.setup.own)
    assert np.array_equal(again.trainer["output.weight"], many.trainer["output.weight"])


def test_weights_are_where_it_starts_then():
    made = nbann.Playground()
    made.trainer.run(7)
    again = nbann.Playground.from_json(made.to_json(weights=True))
    for name, array in made.trainer.parameters.items():
        assert np.array_equal(again.trainer[name], array)
    again.trainer.run(2)
    again.reset()
    assert np.array_equal(again.trainer["output.weight"], made.trainer["output.weight"])
    again.trainer.run(1)
    again.change(l2=0.1)  # they stay what a reset goes to
    again.reset()
    assert np.array_equal(again.trainer["output.weight"], made.trainer["output.weight"])
    assert again.state["weights"]["output.bias"] == made.trainer["output.bias"].tolist()
    assert "began with weights of its own" in again.code
    again.change(seed=1)  # that is another start
    assert "weights" not in again.state


def broken(**changes):
    state = nbann.Playground().state
    for path, value in changes.items():
        *way, last = path.split("__")
        place = state
        for key in way:
            place = place[key]
        place[last] = value
    return state


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[1, 2]", "state: expected names with values"),
        ("{", "state: expected JSON"),
        ("{" * 100_000, "state: expected JSON"),
        ("[" * 100_000, "state: expected JSON"),
        ('{"a": NaN}', "received NaN"),
        ({}, "'nbann playground', version 1"),
        (3, "state: expected names"),
        (broken(version=2), "version 1"),
        (broken(extra=1), "Unknown part of state 'extra'"),
        (broken(setup__extra=1), "Unknown part of setup 'extra'"),
        (broken(setup__own=1), "Unknown part of setup 'own'"),
        (broken(setup=[]), "setup: expected names"),
        (broken(setup__layers=3), "layers: expected a list"),
        (broken(setup__layers=[{"units": 3, "kind": "x"}]), "Unknown part of a layer 'kind'"),
        (broken(setup__layers=[{"units": 10**12}]), "at most 64"),
        (broken(setup__layers=[[]]), "neurons of layer 1"),
        (broken(setup__layers=[{"units": 2}] * 1000), "at most 6"),
        (broken(setup__points=10**15), "at most 5000"),
        (broken(setup__seed="0"), "seed"),
        (broken(setup__learning_rate=True), "learning_rate"),
        (broken(setup__features={"x1": 1}), "features: expected a list"),
        (broken(setup__drawn=[[1, 2, 3]] * 3), "classes below 2"),
        (broken(setup__drawn="abc"), "drawn: expected a list"),
        (broken(setup__data="__class__"), "Unknown data set"),
        (broken(hidden=["cod"]), "Unknown control 'cod'. Did you mean 'code'"),
        (broken(hidden="code"), "hidden: expected a list"),
        (broken(view__unit="minute"), "Unknown unit"),
        (broken(view__speed=1e9), "Unknown speed"),
        (broken(view__speed=[1]), "Unknown speed"),
        (broken(view__show_test=1), "show_test: expected true or false"),
        (broken(weights={"hidden1.weight": [[1]]}), "weights 'hidden1.weight'"),
        (broken(weights={"x": [[1]]}), "Unknown part of weights 'x'"),
        (broken(weights=3), "weights: expected names"),
        (broken(own={"X": 1}), "own X: expected a list"),
        (broken(own={"X": [[1]], "y": [0], "task": "ranking"}), "own task"),
        (broken(own={"X": [["a"]], "y": [0], "task": "regression"}), "X"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_what_is_no_state_is_refused(source, expected):
    with pytest.raises(ValueError, match=re.escape(expected)) as raised:
        nbann.Playground.from_json(source)
    assert len(str(raised.value)) < 1000


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "start.json"
    path.write_text(nbann.Playground("xor", points=20).to_json(), "utf-8-sig")
    assert nbann.Playground.from_json(path).setup.data == "xor"


def test_what_is_no_text_in_a_file_is_told(tmp_path):
    (tmp_path / "start.json").write_bytes(b"\xff\xfe{\x00")
    with pytest.raises(ValueError, match="state: expected text in UTF-8"):
        nbann.Playground.from_json(tmp_path / "start.json")
    with pytest.raises(ValueError, match="state: expected a file; received the folder"):
        nbann.Playground.from_json(tmp_path)
    with pytest.raises(ValueError, match="state: expected JSON"):
        nbann.Playground.from_json("no state " * 1000)


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.json"
    path.write_bytes(b" " * 9_000_000)
    with pytest.raises(ValueError, match="at most 8,000,000 bytes"):
        nbann.Playground.from_json(path)
    with pytest.raises(FileNotFoundError):
        nbann.Playground.from_json(tmp_path / "not there.json")
