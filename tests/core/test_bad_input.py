"""Bad input raises a ValueError: expected, received, mend, before anything has changed."""

import numpy as np
import pytest

import nbann

from .nets import HIDDEN, data, make, net

X, LABELS, VALUES = data()


def spoiled(array, value):
    array = array.astype(float)
    array[3, 1] = value
    return array


def trainer_with(model=None, train=(X, LABELS), **settings):
    return nbann.Trainer(model or net(HIDDEN), train, **settings)


DATA = {
    "empty": (lambda: (np.empty((0, 3)), np.empty(0, int)), "not empty"),
    "no features": (lambda: (np.empty((13, 0)), LABELS), "not empty"),
    "one axis": (lambda: (X[:, 0], LABELS), r"reshape\(-1, 1\)"),
    "three axes": (lambda: (X[None], LABELS), "as many as X has"),
    "too few labels": (lambda: (X, LABELS[:-1]), "13 rows.*12 rows"),
    "no labels": (lambda: (X, []), "shape"),
    "NaN in X": (lambda: (spoiled(X, np.nan), LABELS), r"nan at \[3, 1\]"),
    "infinity in X": (lambda: (spoiled(X, -np.inf), LABELS), r"-inf at \[3, 1\]"),
    "NaN in y": (lambda: (X, spoiled(VALUES, np.nan)), r"nan at \[3, 1\]"),
    "text in X": (lambda: (np.full((13, 3), "a"), LABELS), "Encode text"),
    "text among labels": (lambda: (X, np.array([*"abcabcabcabc", 1], object)), "all words, or"),
    "too many words": (lambda: (X, np.array(list("abcdabcdabcda"))), "from 0 to 2|the classes"),
    "complex X": (lambda: (X * 1j, LABELS), "table of numbers"),
    "objects in X": (lambda: ([[object()] * 3] * 13, LABELS), "table of numbers"),
    "ragged X": (lambda: ([[1, 2], [3]], [0, 1]), "table of numbers"),
    "ragged y": (lambda: ([[1], [3]], [[0], [1, 2]]), "expected numbers"),
    "three axes in y": (lambda: (X, VALUES[:, :, None]), "samples, outputs"),
    "label too high": (lambda: (X, LABELS + 1), "from 0 to 2.*received 3.*4 neurons"),
    "label below 0": (lambda: (X, LABELS - 1), "from 0 to 2.*received -1"),
    "label not whole": (lambda: (X, LABELS + 0.5), r"whole numbers.*\.5"),
    "one-hot labels": (lambda: (X, np.eye(3)[LABELS]), "argmax"),
    "not a pair": (lambda: X, r"a pair \(X, y\)"),
    "three parts": (lambda: (X, LABELS, LABELS), r"a pair \(X, y\)"),
    "nothing": (lambda: None, r"a pair \(X, y\)"),
}


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("case", [c for c in DATA if c != "nothing"])
def test_bad_data(case, part):
    make_data, message = DATA[case]
    given = {"train": make_data()} if part == "train" else {"test": make_data()}
    with pytest.raises(ValueError, match=f"(?s)expected.*received.*{message}|{message}"):
        trainer_with(**given, loss="cross_entropy")


@pytest.mark.parametrize("case", DATA)
def test_bad_data_to_evaluate_leaves_a_run_alone(case):
    make_data, message = DATA[case]
    trainer = make(HIDDEN, batch_size=5)
    trainer.step("op", 20)
    with unchanged(trainer), pytest.raises(ValueError, match=message):
        trainer.evaluate(make_data())


class unchanged:  # noqa: N801 (reads as a word: with unchanged(trainer))
    """Asserts that the inside changes nothing of a run: position, arrays, history, hooks."""

    def __init__(self, trainer):
        self.trainer = trainer

    def _all(self):
        trainer = self.trainer
        arrays = {name: trainer[name].copy() for name in trainer.names}
        history = {name: trainer.history[name] for name in trainer.history}
        return trainer.position, len(trainer._hooks), arrays, history

    def __enter__(self):
        self.before = self._all()

    def __exit__(self, *error):
        position, hooks, arrays, history = self._all()
        assert (position, hooks) == self.before[:2]
        for old, new in ((self.before[2], arrays), (self.before[3], history)):
            assert old.keys() == new.keys()
            assert all(
                np.array_equal(old[n], new[n], equal_nan=new[n].dtype.kind == "f") for n in old
            )


ACTIONS = {
    "features of predict": (lambda t: t.predict(X[:, :2]), "3 features.*'dense1'"),
    "features of predict_proba": (lambda t: t.predict_proba(np.ones((2, 4))), "3 features"),
    "features of evaluate": (lambda t: t.evaluate((X[:, :2], LABELS)), "3 features"),
    "NaN to predict": (lambda t: t.predict([[np.nan] * 3]), "finite"),
    "unit": (lambda t: t.step("opp"), "Did you mean 'op'"),
    "unit of no string": (lambda t: t.step(["op"]), "Unknown unit"),
    "n of 0": (lambda t: t.step("op", 0), "at least 1.*received 0"),
    "n not whole": (lambda t: t.step("op", 1.5), "whole number"),
    "n of True": (lambda t: t.step("op", True), "whole number"),
    "epochs of 0": (lambda t: t.run(0), "epochs.*received 0"),
    "epochs below 0": (lambda t: t.run(-3), "received -3"),
    "until": (lambda t: t.run(1, until=0.5), "callable"),
    "rate of 0": (lambda t: setattr(t, "learning_rate", 0), "above 0.*received 0"),
    "rate below 0": (lambda t: setattr(t, "learning_rate", -0.1), "above 0.*received -0.1"),
    "rate of NaN": (lambda t: setattr(t, "learning_rate", np.nan), "finite.*received nan"),
    "rate of infinity": (lambda t: setattr(t, "learning_rate", np.inf), "finite.*received inf"),
    "rate of text": (lambda t: setattr(t, "learning_rate", "0.1"), r"'0.1' \(str\)"),
    "array": (lambda t: t["dense1.wieght"], "Did you mean 'dense1.weight"),
    "step of the check": (lambda t: t.check_gradients(step=0), "above 0"),
}


@pytest.mark.parametrize("case", ACTIONS)
def test_a_bad_action_changes_nothing(case):
    action, message = ACTIONS[case]
    trainer = make(HIDDEN, batch_size=5, l2=0.1, optimizer=nbann.SGD(0.1, momentum=0.9))
    trainer.step("op", 27)
    with unchanged(trainer), pytest.raises((ValueError, KeyError), match=message):
        action(trainer)
    trainer.run()


SETTINGS = {
    "batch_size of 0": ({"batch_size": 0}, "at least 1.*received 0"),
    "batch_size below 0": ({"batch_size": -4}, "received -4"),
    "batch_size not whole": ({"batch_size": 2.5}, "whole number.*received 2.5"),
    "batch_size of text": ({"batch_size": "all"}, "received 'all'"),
    "seed": ({"seed": -1}, "received -1"),
    "l1": ({"l1": -0.1}, "l1.*at least 0.*received -0.1"),
    "l2": ({"l2": float("nan")}, "l2.*received nan"),
    "loss": ({"loss": "crossentropy"}, "Did you mean 'cross_entropy'"),
    "loss of no string": ({"loss": 3}, "Unknown loss 3"),
    "loss class": ({"loss": nbann.CrossEntropy}, r"Call it: CrossEntropy\(\)"),
    "optimizer": ({"optimizer": "sdg"}, "Did you mean 'sgd'"),
    "dtype": ({"dtype": "float23"}, "Did you mean 'float32'"),
    "integer dtype": ({"dtype": int}, "Unknown dtype 'int64'"),
    "metric": ({"metrics": ["acuracy"]}, "Did you mean 'accuracy'"),
    "evaluate_every": ({"evaluate_every": 0}, "evaluate_every.*received 0"),
    "model": ({"model": [nbann.Dense(3)]}, r"Sequential\(\[...\]\)"),
    "test features": ({"test": (X[:, :2], LABELS)}, "3 features"),
    "test labels": ({"test": (X, LABELS + 5)}, "test y.*from 0 to 2"),
    "too wide for float32": ({"train": (X * 1e39, LABELS), "dtype": "float32"}, "float64"),
    "too few outputs": (
        {"train": (X, VALUES), "model": net([("dense", 2)])},
        "2 columns.*received 3",
    ),
    "labels and one output": (
        {
            "model": net([("dense", 1)]),
            "train": nbann.Dataset(X, LABELS),
            "loss": "mean_squared_error",
        },
        "labels 0 and 1 for one output",
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_bad_settings(case):
    settings, message = SETTINGS[case]
    with pytest.raises(ValueError, match=message):
        trainer_with(**settings)


PARTS = {
    "no layers": (lambda: nbann.Sequential([]), "at least one layer"),
    "a class": (lambda: nbann.Sequential([nbann.Dense(3), nbann.ReLU]), r"ReLU\(\)"),
    "no layer": (lambda: nbann.Sequential([nbann.Dense(3), "relu"]), "'relu'"),
    "one name twice": (
        lambda: nbann.Sequential([nbann.Dense(3, name="a"), nbann.ReLU(name="a")]),
        "2 layers called 'a'",
    ),
    "a given name that is also an automatic one": (
        lambda: nbann.Sequential([nbann.Dense(3), nbann.Dense(3, name="dense1")]),
        "2 layers called 'dense1'",
    ),
    "a name in use": (lambda: nbann.Sequential([nbann.ReLU(name="loss")]), "'loss', which nbann"),
    "a name with a dot": (lambda: nbann.Dense(3, name="a.b"), "without a dot"),
    "an empty name": (lambda: nbann.Dense(3, name=" "), "without a dot"),
    "a name of no text": (lambda: nbann.ReLU(name=3), "without a dot"),
    "no neurons": (lambda: nbann.Dense(0), "number of neurons"),
    "half a neuron": (lambda: nbann.Dense(2.5), "number of neurons"),
    "initializer": (lambda: nbann.Dense(3, init="he_norm"), "Did you mean 'he_normal'"),
    "rate of 0": (lambda: nbann.SGD(0), "above 0.*received 0"),
    "rate below 0": (lambda: nbann.SGD(-1), "above 0.*received -1"),
    "a rate too large for a float": (lambda: nbann.SGD(10**400), "finite"),
    "momentum of 1": (lambda: nbann.SGD(0.1, momentum=1), "below 1.*received 1"),
    "momentum below 0": (lambda: nbann.SGD(0.1, momentum=-0.1), "at least 0"),
    "reduction": (lambda: nbann.HalfSquaredError("total"), "'mean', 'sum'|mean, sum"),
    "std": (lambda: nbann.initializers.Normal(0), "std.*above 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", PARTS)
def test_bad_parts(case):
    make_part, message = PARTS[case]
    with pytest.raises(ValueError, match=message):
        make_part()


STARTS = {
    "weight of the wrong shape": (
        {"weight": np.ones((2, 3))},
        r"dense1\.weight.*\(3, 3\).*\(2, 3\)",
    ),
    "transposed weight": ({"weight": np.ones((3, 4)).T}, r"inputs, units"),
    "bias of the wrong shape": ({"bias": np.ones(2)}, r"dense1\.bias.*\(3,\).*\(2,\)"),
    "NaN in the weight": ({"weight": np.full((3, 3), np.nan)}, "finite"),
    "text as bias": ({"bias": ["a", "b", "c"]}, "array of numbers"),
    "initializer of the wrong shape": (
        {"init": lambda rng, shape: np.ones(3)},
        r"\(3, 3\).*\(3,\)",
    ),
    "initializer that gives NaN": ({"init": lambda rng, shape: np.full(shape, np.nan)}, "finite"),
}


@pytest.mark.parametrize("case", STARTS)
def test_bad_start_values(case):
    arguments, message = STARTS[case]
    model = nbann.Sequential([nbann.Dense(3, **arguments)])
    with pytest.raises(ValueError, match=message):
        trainer_with(model)


def test_start_values_too_large_for_float32():
    model = nbann.Sequential([nbann.Dense(3, weight=np.full((3, 3), 1e39))])
    with pytest.raises(ValueError, match="finite float32"):
        trainer_with(model, dtype="float32")


def test_a_metric_may_not_pass_for_the_loss():
    def loss(y, predicted):
        return 0.0

    net = nbann.Sequential([nbann.Dense(2)])
    with pytest.raises(ValueError, match="names other than 'loss'"):
        nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]), metrics=[loss])


def test_a_penalty_on_no_weights_is_nothing():
    trainer = nbann.Trainer(nbann.Sequential([nbann.Tanh()]), ([[0.0, 1.0]], [1]), l2=0.1)
    trainer.step("batch")
    assert not any("penalty" in op.name for op in trainer.program)


@pytest.mark.parametrize(
    ("dtype_settings", "what"),
    [
        ({"optimizer": nbann.SGD(1e-60)}, "learning_rate"),
        ({"optimizer": nbann.SGD(1e60)}, "learning_rate"),
        ({"optimizer": nbann.SGD(0.1, momentum=1 - 1e-12)}, "momentum"),
        ({"l2": 1e60}, "A penalty"),
    ],
)
def test_settings_that_float32_can_not_hold_are_refused(dtype_settings, what):
    net = nbann.Sequential([nbann.Dense(2)])
    with pytest.raises(ValueError, match=f"{what}.*: expected .*float32 can hold"):
        nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]), dtype="float32", **dtype_settings)
    trainer = nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]), dtype="float32")
    with pytest.raises(ValueError, match="float32 can hold"):
        trainer.learning_rate = 1e60
    assert trainer.learning_rate == 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.Sequential(nbann.Dense(3)), "a list of layers"),
        (lambda: trained(metrics=5), "a list of names or functions"),
        (lambda: trained(shuffle="no"), "True or False"),
        (lambda: trained(name="sgd"), "layer names other than 'sgd'"),
        (lambda: trained(X=np.ma.masked_greater(np.eye(2), 0.5)), "no masked values"),
        (
            lambda: trained(X=np.array([["2020-01-01"], ["2020-01-02"]], "M8[D]")),
            "table of numbers",
        ),
        (lambda: trained(weight=np.ones((2, 2)) * 1j), "an array of numbers"),
        (lambda: trained(init=lambda rng, shape: "abc"), "numbers"),
        (lambda: trained(y=[0.0, 1.0]), "class labels, pass loss='cross_entropy'"),
        (lambda: trained().program.ops[0].arithmetic(slice(1)), "has not run"),
    ],
)
def test_what_hostile_users_tried(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def trained(X=((0.0, 1.0), (1.0, 0.0)), y=(0, 1), name="a", weight=None, init="zeros", **settings):
    net = nbann.Sequential([nbann.Dense(2, name=name, weight=weight, init=init)])
    return nbann.Trainer(net, (X, y), **settings)
