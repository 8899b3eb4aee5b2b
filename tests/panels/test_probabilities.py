"""Probabilities: the bars are as high as what scikit-learn's softmax makes of the outputs."""

import numpy as np
import pytest
from sklearn.utils.extmath import softmax

import nbann
from nbann.panels import Dashboard, Probabilities

from .boards import attached, classes, values


def heights(panel):
    shares = [bar.get_height() / panel._full for bar in panel._bars]
    return np.reshape(shares, (len(panel.samples), -1))


def test_bars_follow_the_weights():
    trainer = classes()
    panel = attached(Probabilities([3, 0, 7]), trainer)
    for _ in range(3):
        trainer.step("batch")
        panel.update()
        outputs = trainer.activations("output.out", trainer.train_data.X[[3, 0, 7]])
        np.testing.assert_allclose(heights(panel), softmax(outputs), rtol=1e-12)
    before = heights(panel)
    trainer.set("output.bias", 0, 50.0)
    panel.update()
    assert (heights(panel)[:, 0] > 0.999).all()
    trainer.back("batch")
    assert (before[:, 0] < 0.999).all()


def test_words_name_the_true_class_and_never_call_a_little_nothing():
    net = nbann.Sequential([nbann.Dense(3, weight=[[0.0, 0, 0]], bias=[0.0, 6, -np.log(3)])])
    data = nbann.Dataset([[1.0], [2.0], [3.0]], [2, 0, 1], target_names=["a", "b", "c"])
    panel = attached(Probabilities(), nbann.Trainer(net, data))
    assert panel.samples == (1, 2, 0)  # the first of each class
    assert "sample 0: a <1%, b >99%, c <1% (true)." in panel.describe()
    assert panel._texts[0].get_text() in ("<1%", "<1")
    framed = [bar.get_edgecolor()[3] > 0 and bar.get_linewidth() == 1.5 for bar in panel._bars]
    assert framed == [True, False, False, False, True, False, False, False, True]


def test_one_output_is_two_classes():
    data = ([[0.0], [4.0]], [0, 1])
    net = nbann.Sequential([nbann.Dense(1, weight=[[1.0]], bias=[0.0])])
    panel = attached(Probabilities([1]), nbann.Trainer(net, data, loss="binary_cross_entropy"))
    np.testing.assert_allclose(heights(panel), [[1 - 1 / (1 + np.exp(-4)), 1 / (1 + np.exp(-4))]])


def test_where_it_does_not_fit_it_says_why():
    assert "this is a regression task" in Dashboard(values(), ["probabilities"]).describe()
    scores = nbann.Trainer(nbann.Perceptron(), ([[0.0], [1.0]], [0, 1]))
    assert "gives no probabilities" in Dashboard(scores, ["probabilities"]).describe()


@pytest.mark.parametrize("samples", [[], range(9), [-1], [1.5]])
def test_bad_samples_are_refused(samples):
    with pytest.raises(ValueError, match="samples"):
        Probabilities(samples)


def test_a_sample_that_is_not_there_is_refused_when_attached():
    with pytest.raises(ValueError, match=r"samples: expected numbers below \d+; received 400"):
        Dashboard(classes(), [Probabilities([400])])
