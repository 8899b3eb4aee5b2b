"""Probabilities: the bars are as high as what scikit-learn's softmax makes of the outputs."""

import itertools

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


def test_padded_time_steps_do_not_count():
    """A sequence of two steps is the same whether or not four more of any numbers follow it."""
    rng = np.random.default_rng(0)
    X, mask = rng.normal(size=(6, 6, 3)), np.ones((6, 6))
    mask[2, 2:] = 0
    X[2, 2:] = 50.0
    net = nbann.Sequential([nbann.RNN(4), nbann.Dense(3)])
    trainer = nbann.Trainer(net, nbann.Dataset(X, np.arange(6) % 3, mask=mask))
    panel = attached(Probabilities([2]), trainer)
    np.testing.assert_allclose(heights(panel), trainer.predict_proba(X[2:3, :2]), rtol=1e-12)


def no_numbers():
    """A net whose weights are so large that its outputs are infinite, of either sign, or NaN."""
    ends = [[1e200] * 3, [-1e200] * 3]
    net = nbann.Sequential([nbann.Dense(2, weight=[[1e200] * 2]), nbann.Dense(3, weight=ends)])
    data = nbann.Dataset([[1e9], [0.0], [1.0]], [0, 1, 2], target_names=["a", "b", "c"])
    return nbann.Trainer(net, data, metrics=[])


def test_what_is_no_number_is_not_shown_as_nothing():
    panel = attached(Probabilities(), no_numbers())
    assert not np.isfinite(panel.probabilities()[0]).any()
    np.testing.assert_allclose(panel.probabilities()[1], 1 / 3)
    assert [note.get_text() for note in panel._notes] == ["not a number", "", "not a number"]
    assert [text.get_text() for text in panel._texts] == [""] * 3 + ["33%"] * 3 + [""] * 3
    assert panel.describe().startswith("Probabilities: sample 0: not a number, true is a; sample 1")
    panel.ax.get_figure().canvas.draw()


def of_many_classes(count):
    X = np.eye(count)[np.arange(4 * count) % count]
    net = nbann.Sequential([nbann.Dense(count, weight=4.0 * np.eye(count) - 1.0)])
    data = nbann.Dataset(X, np.arange(4 * count) % count)
    return nbann.Trainer(net, data)


def overlaps(panel, texts):
    """Return the pairs of texts with something in common, by their extents on the canvas."""
    panel.ax.get_figure().canvas.draw()
    shown = [text for text in texts if text.get_text()]
    boxes = [text.get_window_extent() for text in shown]
    return [
        (shown[i].get_text(), shown[j].get_text())
        for i, j in itertools.combinations(range(len(boxes)), 2)
        if boxes[i].overlaps(boxes[j])
    ]


@pytest.mark.parametrize("samples", [None, range(8), [3]])
@pytest.mark.parametrize("classes", [2, 6, 7, 10, 26, 100])
def test_words_do_not_lie_over_one_another(classes, samples):
    panel = attached(Probabilities(samples), of_many_classes(classes))
    assert overlaps(panel, panel.ax.texts) == []
    inside = panel.ax.get_window_extent().padded(12)
    for text in panel.ax.texts[1:]:  # the first is the title
        box = text.get_window_extent()
        assert not text.get_text() or (inside.x0 <= box.x0 and box.x1 <= inside.x1)
    heads = {f"sample {s}" for s in panel.samples}
    assert {text.get_text() for text in panel.ax.texts} >= heads


def test_of_thin_bars_the_likeliest_and_the_true_one_have_their_number():
    trainer = of_many_classes(100)
    trainer.set("dense1.bias", 70, 5.0)  # the likeliest for all samples
    panel = attached(Probabilities([20]), trainer)
    each = softmax(trainer.activations("dense1.out", trainer.train_data.X[20:21]))[0]
    assert each.argmax() == 70
    shown = [text.get_text() for text in panel._texts]
    assert shown == [f"class 70: {each[70]:.0%}", f"class 20: {each[20]:.0%}"]
    words = f"sample 20: class 70 {each[70]:.0%}, class 20 {each[20]:.0%} (true), "
    assert words in panel.describe()
    assert panel.describe().endswith("and 97 more.")


@pytest.mark.parametrize("classes", [26, 100])
def test_the_likeliest_beside_the_true_one_does_not_lie_over_it(classes):
    trainer = of_many_classes(classes)
    panel = attached(Probabilities([20]), trainer)
    alone = []
    for likeliest in range(0, classes, classes // 13):
        trainer.set("dense1.bias", likeliest, 0.0 if likeliest == 20 else 4.2)
        panel.update()
        assert overlaps(panel, panel._texts) == []
        alone.append(not panel._texts[1].get_text())
        trainer.set("dense1.bias", likeliest, 0.0)
    assert any(alone)  # near the true one, which is 20
    assert not all(alone)  # farther away both have their number


def test_of_many_classes_the_first_four_have_a_sample():
    assert attached(Probabilities(), of_many_classes(6)).samples == (0, 1, 2, 3, 4, 5)
    assert attached(Probabilities(), of_many_classes(10)).samples == (0, 1, 2, 3)


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
