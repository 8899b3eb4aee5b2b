"""Which settings differ: each one that a trainer is told, by itself."""

import numpy as np
import pytest

import nbann
from nbann.core.comparing.settings import differing

IRIS = nbann.datasets.iris().standardized()


def layers(units=5, activation=nbann.ReLU, **options):
    return [nbann.Dense(units, name="hidden"), activation(), nbann.Dense(3, **options)]


def make(given=None, data=IRIS, **options):
    return nbann.Trainer(nbann.Sequential(given or layers()), data, **options)


@pytest.mark.parametrize(
    ("options", "name", "values"),
    [
        ({"seed": 3}, "seed", ("0", "3")),
        ({"batch_size": 7}, "batch_size", ("32", "7")),
        ({"l1": 0.5}, "l1", ("0", "0.5")),
        ({"shuffle": False}, "shuffle", ("True", "False")),
        ({"dtype": "float32"}, "dtype", ("float64", "float32")),
        ({"optimizer": nbann.SGD(0.5)}, "optimizer.learning_rate", ("0.1", "0.5")),
        ({"optimizer": nbann.SGD(momentum=0.9)}, "optimizer.momentum", ("0", "0.9")),
        ({"layers": layers(units=6)}, "hidden.units", ("5", "6")),
        ({"layers": layers(activation=nbann.Tanh)}, "relu1", ("ReLU()", "Tanh()")),
        ({"layers": layers(bias=False)}, "dense1.bias", None),
    ],
)
def test_one_setting_is_named_with_its_values(options, name, values):
    options = dict(options)
    given = options.pop("layers", None)
    found = differing([make(), make(given, **options)])
    assert [one.name for one in found] == [name]
    if values is not None:
        assert found[0].values == values


def test_what_is_the_same_is_not_told():
    assert differing([make(), make(), make(metrics=["log_loss"], evaluate_every=3)]) == []
    trainer = make()
    trainer.run(2)
    assert differing([trainer, trainer.branch(), make()]) == []


def test_another_optimizer_and_other_layers():
    found = differing([make(), make(optimizer="adam")])
    assert [one.name for one in found] == ["optimizer"]
    assert found[0].values[1].startswith("Adam(")
    found = differing([make(), make([nbann.Dense(3)])])
    assert [one.name for one in found] == ["layers"]
    assert found[0].values[0].startswith("3: Dense(5")
    assert found[0].values[1].startswith("1: Dense(3")


def test_given_weights_are_compared_by_value():
    weights = [np.eye(4, 3), np.eye(4, 3), 2 * np.eye(4, 3)]
    trainers = [make([nbann.Dense(3, weight=weight)]) for weight in weights]
    assert differing(trainers[:2]) == []
    assert [one.name for one in differing(trainers)] == ["dense1.weight"]


def test_rows_that_differ_are_counted():
    X = IRIS.X.copy()
    X[[3, 9]] += 1
    found = differing([make(), make(data=nbann.Dataset(X, IRIS.y))])
    assert [one.name for one in found] == ["training data"]
    assert "2 of 150 rows other" in found[0].values[1]
    found = differing([make(), make(test=IRIS)])
    assert found[0] == ("test data", ("none", "iris, 150 x 4"))


def test_what_was_done_by_hand():
    a, b = make(), make()
    b.step("batch")
    b.learning_rate = 0.01
    found = differing([a, b])
    assert [one.name for one in found] == ["done by hand"]
    assert found[0].values[0] == "nothing"
    assert "learning_rate = 0.01" in found[0].values[1]


def test_values_are_kept_short():
    long = "x" * 10_000
    found = differing([make([nbann.Dense(3, name=long)]), make([nbann.Dense(3, name="other")])])
    assert all(len(value) <= 60 for one in found for value in one.values)
