"""Data that would be taken for something else is refused, or read as what it can only mean."""

import sys

import numpy as np
import pytest
from scipy.special import huber
from sklearn import metrics as oracle

import nbann
from nbann import Dataset, Dense, Sequential, Trainer

X = np.random.default_rng(0).normal(size=(12, 2))
LABELS = np.arange(12) % 3


def net(outputs=3):
    return Sequential([Dense(4), nbann.Tanh(), Dense(outputs)])


# ---- units ---------------------------------------------------------------------------------------


def parts():
    raw, raw_test = nbann.datasets.iris().split(test=0.2)
    train = raw.standardized()
    return raw, raw_test, train, raw_test.standardized(like=train)


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_trainer_refuses_data_in_other_units(part):
    raw, raw_test, train, test = parts()
    mend = rf"{part} X: expected .*received .*Use .*{part}.standardized\(like=train\)"
    with pytest.raises(ValueError, match=mend):
        Trainer(net(), train, **{part: raw_test})
    with pytest.raises(ValueError, match=mend):
        Trainer(net(), raw, **{part: test})


def test_evaluate_refuses_data_in_other_units():
    raw, raw_test, train, test = parts()
    with pytest.raises(ValueError, match="received features in their own units"):
        Trainer(net(), train).evaluate(raw_test)
    with pytest.raises(ValueError, match="received standardized ones"):
        Trainer(net(), raw).evaluate(test)
    other = nbann.datasets.iris().standardized()
    with pytest.raises(ValueError, match=r"another one of 'sepal length \(cm\)' \(mean 5.84"):
        Trainer(net(), train).evaluate(other)


def test_data_in_the_same_units_pass():
    _, raw_test, train, test = parts()
    trainer = Trainer(net(), train, test=test)
    scores = trainer.evaluate(test)
    again = Dataset(test.X, test.y, scaling=tuple(part * (1 + 1e-12) for part in train.scaling))
    assert trainer.evaluate(again) == scores
    assert trainer.evaluate((test.X, test.y)) == scores  # a pair's units are the user's affair
    of_pair = Trainer(net(), (train.X, train.y))
    assert of_pair.evaluate(test) == scores
    assert of_pair.evaluate(raw_test) != scores
    assert of_pair.train_data.take(slice(3)).X.shape == (3, 4)


def test_features_of_any_size_have_units():
    big = Dataset(X * 1e300, LABELS).standardized()
    trainer = Trainer(net(), big)
    assert trainer.evaluate(big)["loss"] > 0
    with pytest.raises(ValueError, match="another one of 'x1'"):
        trainer.evaluate(Dataset(X * 1e-300, LABELS).standardized())


# ---- whole numbers as values ---------------------------------------------------------------------

COUNTS = np.arange(12)
LOSSES = {  # by scikit-learn and SciPy
    "mean_squared_error": lambda a, y: oracle.mean_squared_error(y, a),
    "half_squared_error": lambda a, y: oracle.mean_squared_error(y, a) / 2,
    "mean_absolute_error": lambda a, y: oracle.mean_absolute_error(y, a),
    "huber": lambda a, y: huber(1.0, a - y).mean(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_whole_numbers_under_a_loss_of_values_are_values(loss):
    trainer = Trainer(Sequential([Dense(1)]), (X, COUNTS), loss=loss, test=(X, COUNTS[::-1].copy()))
    assert trainer.task == trainer.train_data.task == trainer.test_data.task == "regression"
    predicted = trainer.predict(X)
    expected = LOSSES[loss](predicted, COUNTS)
    assert trainer.evaluate((X, COUNTS)) == {"loss": pytest.approx(expected, rel=1e-12)}


def test_what_may_be_labels_stays_labels():
    two = Trainer(Sequential([Dense(1)]), (X, COUNTS % 2), loss="mean_squared_error")
    assert two.task == "classification"
    three = Trainer(Sequential([Dense(3)]), (X, LABELS), loss="mean_squared_error")
    assert three.task == "classification"
    assert Trainer(net(12), (X, COUNTS)).task == "classification"


@pytest.mark.parametrize(
    "data",
    [
        Dataset(X, COUNTS),
        Dataset(X, COUNTS, task="classification"),
        (X, COUNTS % 2 + 3),
        (X, list("abcabcabcabc")),
    ],
)
def test_labels_that_one_output_can_not_tell_apart(data):
    message = r"labels 0 and 1 for one output.*y\.astype\(float\).*task='regression'.*a neuron for"
    with pytest.raises(ValueError, match=message):
        Trainer(Sequential([Dense(1)]), data, loss="huber")
    as_values = Dataset(X, COUNTS, task="regression")
    assert Trainer(Sequential([Dense(1)]), as_values, loss="huber").task == "regression"


# ---- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1e308, 1e-320, 1e-300])
def test_weights_beyond_the_range_of_floats_are_refused(size, dtype):
    data = Dataset(X, LABELS, weight=np.full(12, size))
    with pytest.raises(ValueError, match=r"train weight: expected .*received .*by their mean"):
        Trainer(net(), data, dtype=dtype)
    with pytest.raises(ValueError, match=r"class_weights: expected .*received .*by their mean"):
        nbann.CrossEntropy(class_weights=[1, 2, size])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1e25, 1e-25])
def test_only_the_shares_of_large_or_small_weights_count(size, dtype):
    weight = np.arange(1.0, 13)
    plain, scaled = (
        Trainer(net(), Dataset(X, LABELS, weight=weight * k), dtype=dtype, batch_size=5)
        for k in (1, size)
    )
    for trainer in (plain, scaled):
        trainer.run(3)
    digits = {"float64": 1e-12, "float32": 1e-5}[dtype]
    np.testing.assert_allclose(plain.predict_proba(X), scaled.predict_proba(X), rtol=digits)
    losses = plain.history["train_loss"], scaled.history["train_loss"]
    np.testing.assert_allclose(*losses, rtol=digits)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_weights_of_samples_and_classes_are_checked_together(smoothing):
    for size in (1e20, 1e-20):
        data = Dataset(X, LABELS, weight=np.full(12, size))
        loss = nbann.CrossEntropy(class_weights=[size] * 3, label_smoothing=smoothing)
        assert Trainer(net(), data, loss=loss).evaluate(data)["loss"] > 0
        with pytest.raises(ValueError, match=r"train weight times class weight.*float32"):
            Trainer(net(), data, loss=loss, dtype="float32")


# ---- columns -------------------------------------------------------------------------------------


def test_frames_with_other_columns_are_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["petal_length", "petal_width"])
    trainer = Trainer(net(), (frame, LABELS))
    expected = trainer.predict(X).tolist()
    assert trainer.predict(frame).tolist() == expected
    assert trainer.predict(frame.set_axis(["petal length", "petal width"], axis=1)).tolist()
    assert trainer.predict(frame.set_axis([0, 1], axis=1)).tolist() == expected
    assert Trainer(net(), (X, LABELS)).predict(frame).tolist() == expected
    moved = frame[["petal_width", "petal_length"]]
    order = "expected the training data's columns .* in this order; received 'petal_width', "
    other = frame.rename(columns={"petal_width": "color"})
    named = (
        "received 'petal_length', 'color' .column 1 is 'color', not 'petal_width'.*. (Select|Give)"
    )
    for wrong, message in ((moved, order), (other, named)):
        for call in (
            lambda wrong=wrong: trainer.predict(wrong),
            lambda wrong=wrong: trainer.predict_proba(wrong),
            lambda wrong=wrong: trainer.evaluate((wrong, LABELS)),
            lambda wrong=wrong: trainer.evaluate(Dataset(wrong, LABELS)),
            lambda wrong=wrong: Trainer(net(), (frame, LABELS), test=(wrong, LABELS)),
        ):
            with pytest.raises(ValueError, match=message):
                call()


def test_columns_that_nobody_named_may_still_be_out_of_order():
    pandas = pytest.importorskip("pandas")
    trainer = Trainer(net(), (X, LABELS))
    with pytest.raises(ValueError, match="in this order; received 'x2', 'x1'"):
        trainer.predict(pandas.DataFrame(X, columns=["x2", "x1"]))


def test_a_data_set_is_no_table():
    trainer = Trainer(net(), (X, LABELS))
    with pytest.raises(ValueError, match=r"predict X: expected .*received a Dataset. Pass ds\.X\."):
        trainer.predict(Dataset(X, LABELS))
    with pytest.raises(ValueError, match=r"predict_proba X: .*Pass ds\.X, ds\.mask\."):
        trainer.predict_proba(nbann.datasets.parity(5))


# ---- scikit-learn missing ------------------------------------------------------------------------


def test_what_needs_scikit_learn_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)  # as Python marks what can not be imported
    message = "expected scikit-learn to be installed; received .*pip install scikit-learn"
    for name in ("f1_macro", "log_loss", "top_2_accuracy"):
        with pytest.raises(ImportError, match=f"metric '{name}': {message}"):
            Trainer(net(), (X, LABELS), metrics=[name])
    with pytest.raises(ImportError, match=message):
        nbann.metrics.r2([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ImportError, match=rf"datasets.iris\(\): {message}"):
        nbann.datasets.iris()
    trainer = Trainer(net(), (X, LABELS), metrics=["accuracy"])
    assert trainer.run().reason == "epochs"


# ---- settings that the dtype can not hold --------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "loss", "what"),
    [
        ([Dense(1)], nbann.Huber(1e300), "Huber delta"),
        ([Dense(1)], nbann.Hinge(margin=1e300), "Hinge margin"),
        ([Dense(2)], nbann.Hinge(margin=1e300), "Hinge margin"),
        ([Dense(2)], nbann.Hinge("crammer_singer", 1e-60), "Hinge margin"),
        ([nbann.ELU(1e300), Dense(2)], None, "ELU alpha"),
        ([nbann.LeakyReLU(1e-60), Dense(2)], None, "LeakyReLU negative_slope"),
        ([nbann.LayerNorm(epsilon=1e300), Dense(2)], None, "epsilon of 'layer_norm1'"),
        ([nbann.BatchNorm(epsilon=1e-60), Dense(2)], None, "epsilon of 'batch_norm1'"),
    ],
)
def test_constants_that_float32_can_not_hold(layers, loss, what):
    with pytest.raises(ValueError, match=f"{what}: expected a number that float32 can hold"):
        Trainer(Sequential(layers), (X, LABELS % 2), loss=loss, dtype="float32")
    wide = Trainer(Sequential(layers), (X, LABELS % 2), loss=loss)
    wide.step("batch")
    assert np.isfinite(wide["loss"])


# ---- wording -------------------------------------------------------------------------------------

ECHO = nbann.datasets.echo(20)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.initializers.Constant(np.inf), "a finite number; received inf"),
        (lambda: Trainer(net(2), (X, X[:, 0])), "the last layer 1 neuron, or pass 2 columns"),
        (lambda: Trainer(net(1), (X, LABELS)), r"the output has 1 class\)"),
        (lambda: Dataset(X[:1], [1, 2]), "1 row, as many as X has; received 2 rows"),
        (lambda: Trainer(net(), (X, LABELS), metrics=[len]), r"metric 'len': .* f\(y, predicted\)"),
        (lambda: nbann.metrics.confusion_matrix(["a", "b"], ["a", "a"]), "Number the classes"),
        (
            lambda: nbann.metrics.accuracy([0, 1], ["a", "a"]),
            "arrays of numbers; received type <U1",
        ),
    ],
)
def test_wording(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("outputs", "loss"),
    [(2, None), (2, "hinge"), (1, "mean_squared_error"), (1, "binary_cross_entropy")],
)
def test_labels_at_every_step_ask_for_an_output_at_every_step(outputs, loss):
    many_to_one = Sequential([nbann.RNN(4), Dense(outputs)])
    with pytest.raises(ValueError, match="return_sequences=True"):
        Trainer(many_to_one, ECHO, loss=loss)
    many_to_many = Sequential([nbann.RNN(4, return_sequences=True), Dense(outputs)])
    assert Trainer(many_to_many, ECHO, loss=loss).predict(ECHO.X).shape == (20, 12)


def test_a_metric_may_be_any_function_of_two():
    def kept(y, predicted, weight=None):
        return float(np.mean(y == predicted))

    trainer = Trainer(net(), (X, LABELS), metrics=[kept, lambda *both: 1.0])
    assert trainer.evaluate((X, LABELS))["<lambda>"] == 1.0


def test_a_run_goes_on_after_a_metric_has_failed():
    def make(fails_at):
        calls = iter(range(100))

        def metric(y, predicted):
            if next(calls) == fails_at:
                raise RuntimeError("the user's own")
            return 1.0

        return Trainer(net(), (X, LABELS), metrics=[metric], batch_size=5)

    trainer, smooth = make(fails_at=2), make(fails_at=None)
    with pytest.raises(RuntimeError, match="the user's own"):
        trainer.run(5)
    assert trainer.position == (3, 0, 0)
    trainer.run(3)
    smooth.run(6)
    assert trainer.history["epoch"].tolist() == [1, 2, 4, 5, 6]  # the third is lost
    assert trainer.history.losses == smooth.history.losses
    for name, array in smooth.parameters.items():
        np.testing.assert_array_equal(trainer[name], array)
