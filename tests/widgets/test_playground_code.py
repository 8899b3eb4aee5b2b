"""Code that a playground writes: it runs, and trains the same weights."""

import contextlib
import io
import re

import numpy as np
import pytest

import nbann
from nbann.widgets.playground_setup import HiddenLayer, Setup

HOSTILE = (
    '\'); import os; os.abort()  #""" \\ \n <img src=x onerror=alert(1)> \u202e \u2028 $\\href$'
)


def run(code):
    """Run code as a person would who has pasted it into a cell."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<code>", "exec"), names)
    return names | {"printed": printed.getvalue()}


def own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    names = [HOSTILE, "b", "c"]
    return nbann.Dataset(X, np.where(X[:, 0] > 0, 1, 0), "classification", names, [HOSTILE, "no"])


SETUPS = {
    "default": Setup(),
    "features": Setup(features=("x1", "x1*x2", "sin(x2)"), momentum=0.9, l2=0.01, batch_size=20),
    "points": Setup(drawn=((1.25, -2.0, 1), (0.1, 0.2, 0)), standardize=True, batch_size=None),
    "drawn": Setup().changed(data="drawn", drawn=((0, 1, 0), (1, 0, 1), (2, 2, 2)), batch_size=2),
    "iris": Setup().changed(data="iris", test=0.0, batch_size=15, l2=0.01, init="he_normal"),
    "spirals": Setup(data="spirals", classes=3, layers=(HiddenLayer(5, "relu"),)),
    "hills": Setup(data="hills", noise=0.1, layers=(HiddenLayer(4), HiddenLayer(3)), l2=0.003),
    "sine": Setup().changed(data="sine", momentum=0.5, layers=[(5, "sigmoid")]),
    "linear": Setup(layers=(), batch_size=1000, seed=3),
    "own": Setup().changed(data="own", own=own(), batch_size=5),
}
MORE = {
    "adam": Setup(optimizer="adam", learning_rate=0.01, l1=0.001),
    "adamw": Setup(optimizer="adamw", learning_rate=0.01, layers=[(4, "gelu"), (3, "elu")]),
    "rmsprop": Setup(optimizer="rmsprop", learning_rate=0.01, momentum=0.4),
    "adagrad": Setup(optimizer="adagrad", layers=[(4, "softplus"), (3, "silu"), (2, "selu")]),
    "hinge": Setup(loss="hinge", layers=[(4, "leaky_relu"), (2, "identity")]),
    "huber": Setup().changed(data="plane", loss="huber", momentum=0.8),
    "absolute": Setup().changed(data="hills", loss="mean_absolute_error", l1=0.001),
}


def playground(setup):
    """A playground of any setup, as a state of it makes it."""
    made = nbann.Playground(layers=[(2, "tanh")])
    made._become(setup)
    return made


@pytest.mark.parametrize("name", [*SETUPS, *MORE])
def test_nbann_code_gives_the_very_same_weights(name):
    made = playground((SETUPS | MORE)[name])
    made.trainer.run(4)
    found = run(made.code)
    trainer = found["trainer"]
    assert trainer.position.epoch == 4
    assert trainer.parameters.keys() == made.trainer.parameters.keys()
    for parameter, array in made.trainer.parameters.items():
        assert np.array_equal(trainer[parameter], array)
    assert np.array_equal(trainer.history["train_loss"], made.trainer.history["train_loss"])
    assert "loss" in found["printed"]


@pytest.mark.torch
@pytest.mark.parametrize("name", [*SETUPS, *MORE])
def test_pytorch_code_trains_the_same(name):
    pytest.importorskip("torch")
    made = playground((SETUPS | MORE)[name])
    made.trainer.run(6)
    found = run(made.code_for("torch"))
    layers = [layer for layer in found["net"] if hasattr(layer, "weight")]
    for layer, dense in zip(layers, _dense(made), strict=True):
        weight = layer.weight.detach().numpy().T
        assert np.abs(weight - made.trainer[f"{dense}.weight"]).max() < 1e-8
        assert np.abs(layer.bias.detach().numpy() - made.trainer[f"{dense}.bias"]).max() < 1e-8
    shown = float(re.search(r"train loss (\S+)", found["printed"])[1])
    assert shown == pytest.approx(made.trainer.evaluate(made.trainer.train_data)["loss"], abs=1e-8)


@pytest.mark.parametrize("name", SETUPS)
def test_scikit_learn_code_trains_the_same(name):
    made = playground(SETUPS[name])
    made.trainer.run(6)
    code = made.code_for("sklearn")
    assert not re.search("In scikit-learn", code)  # nothing is without a counterpart here
    model = run(code)["model"]
    for place, dense in enumerate(_dense(made)):
        assert np.abs(model.coefs_[place] - made.trainer[f"{dense}.weight"]).max() < 1e-8
        assert np.abs(model.intercepts_[place] - made.trainer[f"{dense}.bias"]).max() < 1e-8


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adam", "no L1 penalty"),
        ("adamw", "no such optimizer"),
        ("adagrad", "no such activation"),
        ("hinge", "no hinge"),
        ("absolute", "no mean absolute error"),
    ],
)
def test_what_scikit_learn_has_not_is_said_and_the_code_runs(name, words):
    made = playground(MORE[name])
    code = made.code_for("sklearn", epochs=2)
    assert words in code
    assert "train score" in run(code)["printed"]


def test_a_smaller_last_batch_is_told_of():
    made = playground(Setup(l2=0.1, drawn=((0, 0, 1),)))
    assert "smaller last batch" in made.code_for("sklearn")


@pytest.mark.torch
def test_dropout_is_told_of_and_left_out_where_there_is_none():
    pytest.importorskip("torch")
    made = playground(Setup(dropout=0.3))
    assert "torch.nn.Dropout(0.3)" in made.code_for("torch")
    assert "draws other neurons" in made.code_for("torch")
    assert "no dropout" in made.code_for("sklearn")
    for kind in ("nbann", "torch", "sklearn"):
        run(made.code_for(kind, epochs=2))


def _dense(made):
    return [*(f"hidden{i + 1}" for i in range(len(made.setup.layers))), "output"]


def test_hostile_names_are_literals_and_nothing_else():
    made = playground(SETUPS["own"])
    for kind in ("nbann", "torch", "sklearn"):
        code = made.code_for(kind, epochs=1)
        assert repr(HOSTILE) in code
        assert code.isprintable() or {c for c in code if not c.isprintable()} <= {"\n"}
        assert not any(HOSTILE[:12] in line for line in code.split("\n") if line.startswith("#"))
    found = run(made.code_for("nbann", epochs=1))
    assert found["data"].feature_names[0] == HOSTILE == found["data"].target_names[0]


def test_changes_under_way_are_said():
    made = nbann.Playground()
    made.trainer.run(3)
    made.change(l2=0.01)
    assert "# After epoch 3 of this run L2 0.01 was set without starting again" in made.code
    made.reset()
    assert "After epoch" not in made.code
    made.trainer.run(3)
    assert np.array_equal(run(made.code)["trainer"]["output.weight"], made.trainer["output.weight"])


def test_data_too_large_to_be_written():
    made = nbann.Playground((np.random.default_rng(0).normal(size=(4000, 2)), [0, 1] * 2000))
    assert "data = my_data" in made.code
    assert "Set my_data first" in made.code
    found = {"my_data": made.setup.own}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(made.code_for(epochs=1), found)
    made.trainer.run(1)
    assert np.array_equal(found["trainer"]["output.weight"], made.trainer["output.weight"])


def test_unknown_kind():
    with pytest.raises(ValueError, match=r"Unknown kind of code 'keras'"):
        nbann.Playground().code_for("keras")
