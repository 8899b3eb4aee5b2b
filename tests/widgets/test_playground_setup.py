"""A playground's setup: what it refuses, what follows from it, what is built of it."""

import re

import numpy as np
import pytest

import nbann
from nbann.widgets.playground_build import build, parts
from nbann.widgets.playground_choices import LOSSES, SETS, offered_features
from nbann.widgets.playground_setup import HiddenLayer, Point, Setup


@pytest.mark.parametrize("name", SETS)
def test_every_data_set_can_be_learned_with_every_loss_that_fits(name):
    setup = Setup().changed(data=name)
    data = parts(setup).raw
    assert (data.task, data.X.shape[1]) == (setup.task, setup.columns)
    if setup.task == "classification":
        assert setup.class_count == len(data.target_names) == len(np.unique(data.y))
    for loss in setup.losses:
        trainer, _ = build(setup.changed(loss=loss))
        before = trainer.evaluate(trainer.train_data)["loss"]
        trainer.learning_rate = 0.03 if name != "diabetes" else 1e-4
        trainer.run(3)
        assert trainer.evaluate(trainer.train_data)["loss"] < before
        assert trainer.loss.kind == loss


def test_it_builds_what_a_person_would_write():
    setup = Setup(
        data="moons",
        points=90,
        noise=0.2,
        seed=4,
        features=("x1", "x1*x2", "sin(x2)"),
        standardize=True,
        layers=(HiddenLayer(3, "relu"), HiddenLayer(5, "sigmoid")),
        optimizer="rmsprop",
        learning_rate=0.02,
        momentum=0.4,
        l2=0.01,
        batch_size=7,
        dropout=0.2,
        init="he_normal",
    )
    trainer, made = build(setup)
    data = nbann.datasets.moons(90, noise=0.2, seed=4)
    raw, raw_test = data.split(test=0.5, seed=4)
    train = raw.with_features(["x1", "x1*x2", "sin(x2)"]).standardized()
    test = raw_test.with_features(["x1", "x1*x2", "sin(x2)"]).standardized(like=train)
    net = nbann.Sequential([
        nbann.Dense(3, init="he_normal"), nbann.ReLU(), nbann.Dropout(0.2),
        nbann.Dense(5, init="he_normal"), nbann.Sigmoid(), nbann.Dropout(0.2),
        nbann.Dense(1, init="he_normal"),
    ])  # fmt: skip
    other = nbann.Trainer(
        net, train, test=test, loss="bce", batch_size=7, l2=0.01, seed=4,
        optimizer=nbann.RMSprop(learning_rate=0.02, momentum=0.4),
    )  # fmt: skip
    for one in (trainer, other):
        one.run(3)
    pairs = zip(trainer.parameters.values(), other.parameters.values(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert np.array_equal(made.inputs(raw.X), train.X)
    assert np.array_equal(made.inputs(raw_test.X), test.X)


def test_drawn_points_are_always_trained_on():
    setup = Setup(drawn=((1, 2, 1), (-3.5, 0, 0)), test=0.9)
    made = parts(setup)
    assert made.raw.X[-2:].tolist() == [[1.0, 2.0], [-3.5, 0.0]]
    assert made.raw.y[-2:].tolist() == [1, 0]
    assert len(made.raw) == 40 + 2
    alone = Setup().changed(data="drawn", drawn=((0, 1, 0), (1, 0, 3)))
    assert parts(alone).raw.target_names == ("A", "B", "C", "D")
    assert parts(alone).test is None
    assert alone.outputs == 4
    assert alone.loss_name == "cross_entropy"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"data": "circle"}, "Unknown data set 'circle'. Did you mean 'circles'"),
        ({"data": ["circles"]}, "Unknown data set"),
        ({"points": 1}, "points: expected a whole number of at least 2"),
        ({"points": 10**9}, "at most 5000"),
        ({"points": True}, "points"),
        ({"noise": -0.1}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"noise": "0.1"}, "noise: expected a finite number"),
        ({"test": 0.95}, "test: expected a number of at most 0.9"),
        ({"standardize": 1}, "standardize: expected True or False"),
        ({"features": ()}, "features: expected different terms"),
        ({"features": ("x1", "x1")}, "features: expected different terms"),
        ({"features": "x1"}, "features: expected a list"),
        ({"features": ("__import__('os')",)}, "Unknown feature"),
        ({"features": ("x3",)}, "Unknown feature 'x3'"),
        ({"features": (1,)}, "features: expected terms as text"),
        ({"layers": [(0, "tanh")]}, "neurons of layer 1: expected a whole number of at least 1"),
        ({"layers": [(65, "tanh")]}, "at most 64"),
        ({"layers": [(2, "tan")]}, "Did you mean 'tanh'"),
        ({"layers": [(2,)] * 7}, "layers: expected at most 6"),
        ({"layers": [(2, "tanh", 1)]}, "layer 1: expected neurons and activation"),
        ({"layers": ["22"]}, "layer 1: expected neurons and activation"),
        ({"dropout": 1.0}, "dropout"),
        ({"loss": "mean_squared_error"}, "Unknown loss for these data"),
        ({"optimizer": "SGD"}, "Did you mean 'sgd'"),
        ({"learning_rate": 0}, "learning_rate: expected a finite number above 0"),
        ({"momentum": 1.0}, "momentum"),
        ({"l1": 1e9}, "l1: expected a number of at most 100"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"drawn": ((0, 0, 2),)}, "drawn: expected classes below 2"),
        ({"drawn": ((0, 0),)}, "a drawn point: expected (x1, x2, class)"),
        ({"drawn": ((float("inf"), 0, 0),)}, "a drawn point"),
        ({"drawn": ((1e9, 0, 0),)}, "a place on the plane"),
        ({"drawn": ((0, 0, 0),) * 2001}, "at most 2000"),
        ({"data": "hills", "drawn": ((0, 0, 0),)}, "drawn: expected classes over two columns"),
        ({"data": "drawn", "drawn": ()}, "drawn: expected at least one point"),
        ({"data": "own"}, "own data: expected a Dataset"),
        ({"own": nbann.datasets.xor()}, "own data"),
        ({"data": "own", "own": [[1.0]]}, "own data: expected a Dataset; received list"),
        ({"data": "own", "own": nbann.datasets.echo(20, length=4)}, "a table with classes"),
    ],
)
def test_it_refuses(fields, expected):
    with pytest.raises(ValueError, match=re.escape(expected)) as raised:
        Setup(**fields)
    assert len(str(raised.value)) < 1000


def test_other_data_bring_what_belongs_to_them():
    setup = Setup(features=("x1", "x1^2"), loss="hinge", noise=0.3, drawn=((0, 0, 1),))
    moons = setup.changed(data="moons")
    assert (moons.features, moons.loss, moons.noise) == (("x1", "x1^2"), None, 0.3)
    assert moons.drawn == ()
    iris = moons.changed(data="iris")
    assert iris.features == ("x1", "x2", "x3", "x4")
    assert iris.standardize
    assert iris.loss_name == "cross_entropy"
    assert iris.outputs == 3
    sine = iris.changed(data="sine")
    assert (sine.features, sine.standardize, sine.outputs) == (("x1",), False, 1)
    drawn = sine.changed(data="drawn")
    assert [p.label for p in drawn.drawn] == [0, 1]
    assert drawn.features == ("x1", "x2")
    assert Setup().changed(data="moons").noise == SETS["moons"].noise
    three = Setup(data="spirals", loss="hinge").changed(classes=3)
    assert three.loss_name == "cross_entropy"
    with pytest.raises(ValueError, match=r"Unknown setting 'noize'. Did you mean 'noise'"):
        setup.changed(noize=1)


def test_it_is_a_value():
    assert Setup() == Setup()
    assert Setup(seed=1) != Setup()
    assert Setup(drawn=[[1, 2, 0]]).drawn == (Point(1.0, 2.0, 0),)
    assert hash(Setup()) == hash(Setup())
    with pytest.raises(AttributeError):
        Setup().seed = 3


def test_offers_are_those_of_the_library():
    import nbann.core.layers.activations as known
    from nbann.core.layers.initializers import INITIALIZERS
    from nbann.core.losses.registry import LOSSES as REGISTERED
    from nbann.core.optimizers.sgd import OPTIMIZERS as MADE
    from nbann.widgets.playground_choices import ACTIVATIONS, INITS, OPTIMIZERS

    for name, cls in ACTIVATIONS.items():
        assert known.ACTIVATIONS[name] is getattr(nbann, cls)
    for name, (cls, _) in LOSSES.items():
        assert REGISTERED[name] is getattr(nbann, cls)
    for name, (cls, momentum) in OPTIMIZERS.items():
        assert MADE[name] is getattr(nbann, cls)
        if momentum:
            assert MADE[name](momentum=0.5).momentum == 0.5
    for name, cls in INITS.items():
        assert isinstance(INITIALIZERS[name], getattr(nbann.initializers, cls))
    data = nbann.datasets.hills(20)
    assert data.with_features(offered_features(2)).X.shape == (20, 7)
