"""What losses refuse, and how they say so; what they accept besides."""

import pickle

import numpy as np
import pytest

import nbann
from nbann.core.losses.registry import DEFAULT_LOSS, LOSSES, as_loss

from .loss_runs import value

CE, BCE, MSE = nbann.CrossEntropy(), nbann.BinaryCrossEntropy(), nbann.MeanSquaredError()
MANY = [CE, nbann.Hinge(), nbann.PerceptronLoss()]
TWO = [BCE, nbann.Hinge(), nbann.PerceptronLoss()]


def targets(loss, y, shape, weight=None, task="classification"):
    return loss.targets(np.asarray(y), task, shape, "train y", weight)


# ---- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", MANY)
@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1, 3], r"class labels from 0 to 2 .*received 3"),
        ([0, -1, 2], r"class labels from 0 to 2 .*received -1"),
        ([0.0, 0.5, 1.0], "whole numbers as class labels; received 0.5"),
        ([0, 1, 2**40], "received 1099511627776"),
        (np.array([0, 1, 2**64 - 1], np.uint64), "received 18446744073709551615"),
        (np.array([0, 1, 2**70], object), "an array of numbers; received values of type object"),
        (["a", "b", "c"], "an array of numbers; received values of type <U1"),
        ([0.0, np.nan, 1.0], "finite numbers; received NaN or infinity"),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "argmax"),
    ],
)
def test_labels(loss, y, message):
    with pytest.raises(ValueError, match=message):
        targets(loss, y, (3,))


@pytest.mark.parametrize("loss", MANY)
@pytest.mark.parametrize("y", [[0, 1], [[0, 1, 2]], [[[0], [1]]] * 2])
def test_labels_of_time_steps(loss, y):
    """Expected are 2 samples of 4 steps."""
    with pytest.raises(ValueError, match=r"class labels of shape \(\d, 4\); received shape"):
        targets(loss, y, (4, 3))


@pytest.mark.parametrize("loss", TWO)
@pytest.mark.parametrize("y", [[0, 1, 2], [-1, 1, 1], [0, 0.5, 1]])
def test_labels_of_two_classes(loss, y):
    with pytest.raises(ValueError, match="0 and 1 as class labels; received"):
        targets(loss, y, (1,))


@pytest.mark.parametrize(
    ("loss", "y", "shape", "message"),
    [
        (BCE, [0, 1], (3,), r"shape \(2, 3\); received shape \(2,\)"),
        (BCE, [[0, 1], [1, 0]], (3,), r"shape \(2, 3\); received shape \(2, 2\)"),
        (BCE, [[0, 1], [1, 0]], (1,), r"shape \(2, 1\) or \(2,\); received shape \(2, 2\)"),
        (BCE, [[0, 1], [1, 0]], (3, 1), r"shape \(2, 3, 1\) or \(2, 3\); received"),
        (MSE, [[0.5, 1.0], [1.0, 0.0]], (3,), "3 columns, one for each output; received 2"),
        (MSE, [[0.5, 1.0], [1.0, 0.0]], (2, 3), r"shape \(2, 2, 3\); received shape \(2, 2\)"),
        (nbann.Poisson(), [1.0, -0.5], (1,), "values of at least 0; received -0.5"),
    ],
)
def test_values(loss, y, shape, message):
    with pytest.raises(ValueError, match=message):
        targets(loss, y, shape, task="regression")


@pytest.mark.parametrize("loss", [CE, MSE, nbann.Poisson(), nbann.Hinge()])
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, 2.0], r"y weight: expected shape \(3,\); received shape \(2,\)"),
        (np.ones((3, 2)), r"y weight: expected shape \(3,\)"),
        ([1.0, -1.0, 1.0], "finite numbers of at least 0; received -1"),
        ([1.0, np.nan, 1.0], "finite numbers of at least 0; received nan"),
        ([1.0, np.inf, 1.0], "finite numbers of at least 0; received inf"),
        (["a", "b", "c"], "numbers; received list"),
    ],
)
def test_weights(loss, weight, message):
    with pytest.raises(ValueError, match=message):
        targets(loss, [0, 1, 2], (1,) if loss in (MSE, nbann.Poisson()) else (3,), weight)


@pytest.mark.parametrize("weights", [[1.0, 2.0], [1.0] * 4])
def test_class_weights_of_the_wrong_length(weights):
    with pytest.raises(
        ValueError, match=f"3 numbers, one for each class .*received {len(weights)}"
    ):
        targets(nbann.CrossEntropy(class_weights=weights), [0, 1, 2], (3,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.CrossEntropy(class_weights=[1.0]), "a list of at least 2 numbers"),
        (lambda: nbann.CrossEntropy(class_weights=2.0), "a list of at least 2 numbers"),
        (lambda: nbann.CrossEntropy(class_weights=[[1, 2], [3, 4]]), "at least 2 numbers"),
        (lambda: nbann.CrossEntropy(class_weights="ab"), "numbers; received 'ab'"),
        (lambda: nbann.CrossEntropy(class_weights=[1.0, -1.0]), "at least 0, not all of them 0"),
        (lambda: nbann.CrossEntropy(class_weights=[0.0, 0.0]), "at least 0, not all of them 0"),
        (lambda: nbann.CrossEntropy(class_weights=[1.0, np.nan]), "finite numbers"),
        (lambda: nbann.BinaryCrossEntropy(class_weights=[1, 2, 3]), "2 numbers; received"),
        (lambda: nbann.CrossEntropy(label_smoothing=1.0), "label_smoothing: expected"),
        (lambda: nbann.CrossEntropy(label_smoothing=-0.1), "label_smoothing: expected"),
        (lambda: nbann.BinaryCrossEntropy(label_smoothing="much"), "label_smoothing: expected"),
        (lambda: nbann.BinaryCrossEntropy(outputs="man"), "Did you mean 'mean'"),
        (lambda: nbann.HalfSquaredError("some"), "Did you mean 'sum'"),
        (lambda: nbann.HalfSquaredError(outputs="none"), "Unknown outputs 'none'"),
        (lambda: nbann.Huber(delta=0.0), "delta: expected a finite number above 0"),
        (lambda: nbann.Huber(delta=np.inf), "delta: expected a finite number above 0"),
        (lambda: nbann.Hinge(margin=0), "margin: expected a finite number above 0"),
        (lambda: nbann.Hinge("crammer"), "Did you mean 'crammer_singer'"),
        (lambda: nbann.Poisson(outputs=None), "Unknown outputs None"),
        (lambda: as_loss("hingee", "classification"), "Did you mean 'hinge'"),
        (lambda: as_loss(3, "classification"), "Unknown loss 3"),
        (lambda: as_loss(None, "clustering"), r"pass loss="),
    ],
)
def test_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_trainer_refuses_class_weights_of_the_wrong_length():
    net = nbann.Sequential([nbann.Dense(3)])
    with pytest.raises(ValueError, match="3 numbers, one for each class"):
        nbann.Trainer(net, ([[0.0], [1.0]], [0, 2]), loss=nbann.CrossEntropy([1.0, 2.0]))


# ---- accepted -----------------------------------------------------------------------------------


def test_the_shape_may_be_a_number_of_neurons():
    for loss, shape in [(CE, 3), (MSE, 1), (BCE, 1), (nbann.Hinge(), 3), (nbann.Poisson(), 1)]:
        given, tuple_ = targets(loss, [0, 1, 1], shape), targets(loss, [0, 1, 1], (shape,))
        assert list(given) == list(tuple_)
        for name in given:
            np.testing.assert_array_equal(given[name], tuple_[name])


@pytest.mark.parametrize("y", [[0, 1, 2], [0.0, 1.0, 2.0], np.array([[0], [1], [2]], np.uint8)])
def test_labels_of_any_kind_of_number(y):
    arrays = targets(CE, y, (3,))
    np.testing.assert_array_equal(arrays["y"], [0, 1, 2])
    assert arrays["y"].dtype == np.intp
    np.testing.assert_array_equal(arrays["y.onehot"], np.eye(3))


def test_booleans_are_two_classes():
    assert targets(BCE, [True, False], (1,))["y"].tolist() == [[1.0], [0.0]]
    assert targets(nbann.Hinge(), [True, False], (1,))["y.sign"].tolist() == [[1.0], [-1.0]]


@pytest.mark.parametrize("loss", MANY)
def test_a_label_that_weighs_nothing_is_not_looked_at(loss):
    """Padded time steps are often labeled -1 or -100."""
    y, mask = [[0, 2, -100], [1, -1, 7]], [[1, 1, 0], [1, 0, 0]]
    arrays = targets(loss, y, (3, 3), np.array(mask))
    np.testing.assert_array_equal(arrays["y"], [[0, 2, 0], [1, 0, 0]])
    with pytest.raises(ValueError, match="received -100"):
        targets(loss, y, (3, 3), np.ones((2, 3)))


def test_a_valid_label_is_kept_whatever_it_weighs():
    arrays = targets(CE, [0, 1, 2], (3,), np.array([1.0, 0.0, 0.0]))
    np.testing.assert_array_equal(arrays["y"], [0, 1, 2])
    values = targets(MSE, [0.5, 1.5], (1,), np.array([1.0, 0.0]), "regression")
    np.testing.assert_array_equal(values["y"], [[0.5], [1.5]])
    for loss in TWO:
        kept = targets(loss, [0, 1, 9], (1,), np.array([0.0, 0.0, 0.0]))
        np.testing.assert_array_equal(np.ravel(kept["y"]), [0, 1, 0])
    counts = targets(nbann.Poisson(), [3.0, -1.0], (1,), np.array([1.0, 0.0]), "regression")
    np.testing.assert_array_equal(counts["y"], [[3.0], [0.0]])


def test_class_weights_are_folded_into_the_weights():
    loss = nbann.CrossEntropy(class_weights=[1.0, 10.0])
    np.testing.assert_array_equal(targets(loss, [0, 1, 1], (2,))["y.weight"], [1, 10, 10])
    folded = targets(loss, [0, 1, 1], (2,), np.array([1.0, 2.0, 0.0]))["y.weight"]
    np.testing.assert_array_equal(folded, [1, 20, 0])
    pair = nbann.BinaryCrossEntropy(class_weights=(1.0, 10.0))
    np.testing.assert_array_equal(targets(pair, [0, 1, 1], (1,))["y.weight"], [1, 10, 10])


def test_a_samples_weight_counts_at_each_of_its_time_steps():
    arrays = targets(CE, [[0, 1], [1, 2]], (2, 3), np.array([1.0, 3.0]))
    np.testing.assert_array_equal(arrays["y.weight"], [[1, 1], [3, 3]])


@pytest.mark.parametrize("loss", [MSE, nbann.Huber(), nbann.MeanAbsoluteError()])
def test_labels_are_compared_one_hot(loss):
    z, labels = np.random.default_rng(0).standard_normal((2, 4, 3)), [[0, 1, 2, 1], [2, 2, 0, 1]]
    by_label = value(loss, z, labels, task="classification")
    by_value = value(loss, z, np.eye(3)[labels], task="regression")
    assert by_label[0] == by_value[0]
    np.testing.assert_array_equal(by_label[1], by_value[1])


def test_every_array_is_in_c_order():
    """Ops look at them flat."""
    y = np.asfortranarray(np.random.default_rng(0).random((5, 4, 3)))
    for loss in (MSE, nbann.Poisson()):
        for name, array in targets(loss, y, (4, 3), np.ones((5, 4), order="F"), "x").items():
            assert array.flags.c_contiguous, name


def test_losses_by_name():
    assert set(LOSSES) == {
        "cross_entropy", "binary_cross_entropy", "mean_squared_error", "half_squared_error",
        "mean_absolute_error", "huber", "hinge", "perceptron", "poisson", "ranknet", "lambdarank",
        "listnet", "gaussian_nll", "pinball",
    }  # fmt: skip
    for name, cls in LOSSES.items():
        assert type(as_loss(name, "regression")) is cls
        assert getattr(nbann, cls.__name__) is cls
    for task, name in DEFAULT_LOSS.items():
        assert as_loss(None, task).kind == name


def test_losses_by_their_short_names():
    short = {
        "mse": nbann.MeanSquaredError,
        "mae": nbann.MeanAbsoluteError,
        "bce": nbann.BinaryCrossEntropy,
    }
    for name, cls in short.items():
        assert type(as_loss(name, "regression")) is cls


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("MSE", "Unknown loss 'MSE'. Did you mean 'mse'"),
        ("Cross_Entropy", "Did you mean 'cross_entropy'"),
        ("Hinge", "Did you mean 'hinge'"),
        (nbann.CrossEntropy, r"loss: .*; received the class CrossEntropy\. Call it: .*y\(\)\."),
        (nbann.Huber, r"Call it: Huber\(\)\."),
        (int, "Unknown loss <class 'int'>"),
        (["mse"], "Unknown loss"),
    ],
)
def test_a_loss_that_is_none_is_told_with_its_mend(wrong, message):
    with pytest.raises(ValueError, match=message):
        as_loss(wrong, "regression")


@pytest.mark.parametrize(
    "text",
    [
        "CrossEntropy()",
        "CrossEntropy(class_weights=(1.0, 2.0), label_smoothing=0.1)",
        "BinaryCrossEntropy(label_smoothing=0.2, outputs='sum')",
        "MeanSquaredError()",
        "HalfSquaredError(reduction='sum')",
        "HalfSquaredError(reduction='mean', outputs='sum')",
        "MeanAbsoluteError()",
        "Huber(delta=0.5)",
        "Poisson(outputs='sum')",
        "Hinge(multi_class='crammer_singer', margin=2.0)",
        "PerceptronLoss()",
    ],
)
def test_a_loss_can_be_made_again_from_what_it_shows(text):
    loss = eval(text, vars(nbann) | {name: getattr(nbann, name) for name in nbann.__all__})
    assert repr(loss) == text
    assert repr(type(loss)(**loss.settings())) == text
    assert repr(pickle.loads(pickle.dumps(loss))) == text
