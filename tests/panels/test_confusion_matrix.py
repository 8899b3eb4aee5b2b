"""The confusion matrix against scikit-learn's."""

import numpy as np
import pytest

import nbann
from nbann.panels import ConfusionMatrix
from nbann.panels.shade import shades
from nbann.panels.style import THEMES

from .alike import assert_never_stale
from .boards import attached, blobs, classes, trask, values


def oracle(trainer, data, k):
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(data.y, trainer.predict(data.X), labels=range(k))


@pytest.mark.parametrize("of", [None, "test", "train"])
def test_counts_are_those_of_scikit_learn(of):
    panel = attached(ConfusionMatrix(of), classes(), width=9)
    trainer = panel.trainer
    data = trainer.train_data if of == "train" else trainer.test_data
    for _ in range(3):
        expected = oracle(trainer, data, 3)
        np.testing.assert_array_equal(panel.counts(), expected)
        words = [str(n) if n else "" for n in expected.ravel()]
        assert panel._numbers.words == words
        shares = expected / expected.sum(axis=1, keepdims=True)
        colors = shades(np.sqrt(shares), THEMES["light"])
        np.testing.assert_array_equal(np.asarray(panel._image.get_array()), colors)
        percent = [f"{100 * s:.0f}%" if s else "" for s in shares.ravel()]
        assert panel._shares.words == percent
        trainer.run(2)
        panel.update()


def test_words_are_the_accuracy_and_the_commonest_mistakes():
    trainer = classes()
    trainer.run(1)
    panel = attached(ConfusionMatrix("train"), trainer)
    counts = oracle(trainer, trainer.train_data, 3)
    right, all_ = np.trace(counts), len(trainer.train_data)
    words = panel.describe()
    assert f"accuracy {right / all_:#.3g} ({right} of {all_} training samples)" in words
    off = counts * (1 - np.eye(3, dtype=int))
    i, j = np.unravel_index(off.argmax(), off.shape)
    names = ("red", "green", "blue")
    first = f"most often wrong: {names[i]} taken for {names[j]}, {off[i, j]} of {counts[i].sum()}"
    assert first in words
    lines = panel._lines.get_text().split("\n")
    assert lines[0] == f"{names[i]} → {names[j]}: {off[i, j]}"
    assert len(lines) == np.count_nonzero(off)
    assert panel._status.get_text() == f"{100 * right / all_:.1f}% of {all_} training samples right"


def test_a_perfect_net_has_no_mistakes():
    net = nbann.Sequential([nbann.Dense(3, weight=9 * np.eye(3), bias=np.zeros(3))])
    trainer = nbann.Trainer(net, (np.eye(3), [0, 1, 2]))
    panel = attached(ConfusionMatrix(), trainer)
    np.testing.assert_array_equal(panel.counts(), np.eye(3))
    assert "no class is taken for another" in panel.describe()
    assert panel._status.get_text() == "100% of 3 training samples right"


def test_rows_are_true_and_columns_predicted():
    # always answers 1, whatever is true
    net = nbann.Sequential([nbann.Dense(2, weight=[[0.0, 0.0]], bias=[0.0, 5.0])])
    panel = attached(ConfusionMatrix(), nbann.Trainer(net, ([[0.0], [1.0], [2.0]], [0, 0, 1])))
    np.testing.assert_array_equal(panel.counts(), [[0, 2], [0, 1]])
    pixels = np.asarray(panel._image.get_array())
    assert (pixels[0, 1] == pixels[1, 1]).all()  # each is the whole of its row
    assert (pixels[0, 0] == pixels[1, 0]).all()
    assert (pixels[0, 1] != pixels[0, 0]).any()


def test_time_steps_that_are_not_there_do_not_count():
    data = nbann.Dataset.from_sequences(
        [[1.0, 0.0, 1.0], [0.0], [1.0, 1.0]], [[1, 0, 1], [0], [1, 1]]
    )
    data = nbann.Dataset(data.X[..., None], data.y, mask=data.mask)
    net = nbann.Sequential([nbann.RNN(3, return_sequences=True), nbann.Dense(2)])
    trainer = nbann.Trainer(net, data)
    panel = attached(ConfusionMatrix(), trainer)
    there = data.mask > 0
    predicted = trainer.predict(data.X, data.mask)[there]
    expected = np.zeros((2, 2), int)
    np.add.at(expected, (data.y[there].astype(int), predicted), 1)
    np.testing.assert_array_equal(panel.counts(), expected)
    assert "of 6 training time steps" in panel.describe()


def test_two_classes_with_one_output():
    panel = attached(ConfusionMatrix(), trask_of_classes())
    trainer = panel.trainer
    np.testing.assert_array_equal(panel.counts(), oracle(trainer, trainer.train_data, 2))


def trask_of_classes():
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(1)])
    return nbann.Trainer(net, nbann.datasets.moons(40), loss="binary_cross_entropy")


@pytest.mark.parametrize("k", [26, 40])
@pytest.mark.parametrize("width", [4.5, 9.0])
def test_names_of_many_classes_do_not_touch(k, width):
    rng = np.random.default_rng(0)
    letters = [chr(97 + i) for i in range(26)] if k == 26 else [f"land {i}" for i in range(k)]
    data = nbann.Dataset(rng.normal(size=(2 * k, 3)), np.arange(2 * k) % k, target_names=letters)
    panel = attached(
        ConfusionMatrix(), nbann.Trainer(nbann.Sequential([nbann.Dense(k)]), data), width
    )
    short = [name.removeprefix("land ") for name in letters]
    texts = [t for t in panel.ax.texts if t.get_text() in short]
    assert len(texts) >= k / 3
    boxes = [t.get_window_extent() for t in texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    shared = "land" if k == 40 else ""
    assert any(t.get_text() == f"predicted {shared}".strip() for t in panel.ax.texts)


def test_outputs_that_are_no_numbers_are_told():
    trainer = classes()
    panel = attached(ConfusionMatrix(), trainer)
    trainer.learning_rate = 1e300
    trainer.step("epoch", 3)
    panel.update()
    assert panel.counts() is None
    assert "not numbers" in panel.describe()
    assert "not numbers" in panel._status.get_text()
    assert set(panel._numbers.words) == {""}


def test_it_is_never_stale():
    assert_never_stale(ConfusionMatrix, classes(), "hidden.weight")


def test_a_silenced_neuron_counts():
    trainer = classes()
    trainer.run(3)
    panel = attached(ConfusionMatrix("train"), trainer)
    for neuron in range(6):
        trainer.silence("hidden", neuron)
    panel.update()
    counts = oracle(trainer, trainer.train_data, 3)
    assert np.count_nonzero(counts.sum(axis=0)) == 1  # only biases are left
    np.testing.assert_array_equal(panel.counts(), counts)


def test_the_net_is_asked_only_when_it_has_changed(monkeypatch):
    panel = attached(ConfusionMatrix(), classes())
    asked = []
    ask = panel.trainer.activations
    monkeypatch.setattr(panel.trainer, "activations", lambda *a: asked.append(1) or ask(*a))
    panel.trainer.step("op", len(panel.trainer.program) - 1)
    panel.update()
    assert asked == []
    panel.trainer.step("op")
    panel.update()
    panel.describe()
    assert asked == [1]


def test_what_does_not_fit_is_told():
    fits = ConfusionMatrix().fits
    assert "a regression task" in fits(values())
    assert fits(trask()) is None  # its targets are labels, whatever the loss
    labels = nbann.Dataset(np.eye(4), [[0, 1], [1, 1], [1, 0], [0, 0]])
    net = nbann.Sequential([nbann.Dense(2)])
    assert "several labels" in fits(nbann.Trainer(net, labels, loss="binary_cross_entropy"))
    som = nbann.Trainer(nbann.SOM(2, 2), blobs())
    assert fits(som) is not None
    heads = nbann.Heads([nbann.Dense(4)], {"size": [nbann.Dense(2)]})
    X = np.eye(4)
    assert "several heads" in fits(nbann.Trainer(heads, nbann.Dataset(X, {"size": [0, 1, 1, 0]})))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: ConfusionMatrix("tests"), "mean 'test'"),
        (lambda: attached(ConfusionMatrix("validation"), classes()), "with validation data"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert repr(ConfusionMatrix("train")) == "ConfusionMatrix(of='train')"


def test_what_is_right_does_not_run_into_the_title_of_a_small_panel():
    board = nbann.Dashboard(classes(), [ConfusionMatrix("train")], width=300, row_height=200)
    panel = board.panels[0]
    board.render()
    title = next(text for text in panel.ax.texts if text.get_text() == panel.title)
    renderer = board._canvas.get_renderer()
    left = panel._status.get_window_extent(renderer).x0
    assert title.get_window_extent(renderer).x1 < left
    right = np.trace(panel.counts()) / panel.counts().sum()
    assert panel._status.get_text() == f"{100 * right:.1f}% right"
