"""Hidden states against a recurrent net gone through in plain NumPy."""

import numpy as np
import pytest

import nbann
from nbann.panels import HiddenStates
from nbann.panels.scale import step_up
from nbann.panels.style import THEMES
from nbann.panels.text import number

from .alike import assert_never_stale
from .boards import attached, classes

LIGHT = THEMES["light"]


def echo(layer=None, length=6, **options):
    layer = layer or nbann.RNN(3, return_sequences=True, name="rnn")
    net = nbann.Sequential([layer, nbann.Dense(2)])
    return nbann.Trainer(net, nbann.datasets.echo(40, length=length), **options)


def over_time(x, p, name, order):
    W, U, b = (p[f"{name}.{key}"] for key in ("weight", "recurrent", "bias"))
    h, found = np.zeros(len(U)), np.zeros((len(x), len(U)))
    for t in order:
        found[t] = h = np.tanh(x[t] @ W + h @ U + b)
    return found


def test_cells_hold_the_states():
    panel = attached(HiddenStates(4), echo())
    for _ in range(3):
        trainer = panel.trainer
        expected = over_time(trainer.train_data.X[4], trainer.parameters, "rnn", range(6))
        limit = step_up(np.abs(expected).max())
        drawn = np.asarray(panel._images[0].get_array())
        np.testing.assert_array_equal(drawn, LIGHT.diverging(expected.T, limit))
        low, high = number(expected.min()), number(expected.max())
        assert f"rnn, 3 units: from {low} to {high}" in panel.describe()
        unit = np.abs(np.diff(expected, axis=0)).mean(axis=0).argmax()
        assert f"unit {unit} changes most" in panel.describe()
        trainer.run(3)
        panel.update()


def test_both_directions_stand_above_one_another():
    both = nbann.Bidirectional(nbann.RNN(2, return_sequences=True), name="both")
    panel = attached(HiddenStates(1), echo(both))
    x, p = panel.trainer.train_data.X[1], panel.trainer.parameters
    for direction, name, order in zip(
        panel.states(), ("both.forward", "both.backward"), (range(6), range(6)[::-1]), strict=True
    ):
        assert direction.name == name
        np.testing.assert_allclose(direction.states, over_time(x, p, name, order), rtol=1e-12)
    ahead, back = (image.get_extent() for image in panel._images)
    assert back[3] < ahead[2]
    one = attached(HiddenStates(layer="both.backward"), panel.trainer)
    assert len(one.states()) == 1


def test_steps_that_are_not_there_are_gray():
    ds = nbann.datasets.toy_names(30)
    row = int(ds.mask.sum(axis=1).argmin())
    there = int(ds.mask[row].sum())
    assert there < ds.X.shape[1]
    net = nbann.Sequential([nbann.Embedding(27, 3), nbann.GRU(4), nbann.Dense(2)])
    panel = attached(HiddenStates(row, tokens=nbann.datasets.LETTERS), nbann.Trainer(net, ds))
    drawn = np.asarray(panel._images[0].get_array())
    gray = LIGHT.diverging(np.array([np.nan]), 1.0)[0]
    assert (drawn[:, there:] == gray).all()
    assert not (drawn[:, :there] == gray).all(axis=2).any()
    name = nbann.datasets.LETTERS.decode(ds.X[row, :there].astype(int))
    assert f"{there} time steps ({name})" in panel.describe()
    shown = [t for t in panel.ax.texts if len(t.get_text()) == 1 and t.get_text().isalpha()]
    across = sorted(shown, key=lambda t: t.get_position()[0])
    assert "".join(t.get_text() for t in across) == name


def test_what_is_read_is_shown():
    ds = nbann.datasets.characters("to be or not to be " * 4, length=5)
    count = len(ds.target_names)
    net = nbann.Sequential(
        [nbann.Embedding(count, 3), nbann.RNN(4, return_sequences=True), nbann.Dense(count)]
    )
    panel = attached(HiddenStates(), nbann.Trainer(net, ds))
    assert "(to␣be)" in panel.describe()  # the vocabulary is that of the targets
    values = attached(HiddenStates(0), echo())
    x = values.trainer.train_data.X[0].ravel()
    assert values._tokens == [f"{v:g}" for v in x]


def test_one_hot_steps_have_their_features_name_and_others_a_row_each():
    X = np.eye(3)[[[0, 2, 1], [1, 1, 0]]]
    names = ["a", "b", "c"]
    net = nbann.Sequential([nbann.RNN(2), nbann.Dense(2)])
    data = nbann.Dataset(X, [0, 1], feature_names=names)
    assert attached(HiddenStates(), nbann.Trainer(net, data))._tokens == ["a", "c", "b"]
    data = nbann.Dataset(X + 0.5, [0, 1], feature_names=names)
    panel = attached(HiddenStates(), nbann.Trainer(net, data))
    assert panel._tokens is None
    assert set(names) <= {text.get_text() for text in panel.ax.texts}


def test_the_cells_of_an_lstm():
    trainer = echo(nbann.LSTM(3, return_sequences=True, name="lstm"))
    panel = attached(HiddenStates(2, state="c"), trainer)
    h = attached(HiddenStates(2), trainer)
    assert "(state c)" in panel.describe()
    # h = o * tanh(c), with o in (0, 1)
    assert (np.abs(h.states()[0].states) < np.abs(np.tanh(panel.states()[0].states))).all()


def test_it_is_never_stale():
    assert_never_stale(HiddenStates, echo(batch_size=16), "rnn.recurrent")


def test_a_run_that_fails_is_told():
    trainer = echo(nbann.RNN(3, activation="relu", return_sequences=True))
    panel = attached(HiddenStates(), trainer)
    trainer.learning_rate = 1e300
    trainer.step("epoch", 3)
    panel.update()
    assert panel.describe().startswith("Hidden states: sample 0")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: HiddenStates(-1), "at least 0"),
        (lambda: attached(HiddenStates(40), echo()), "from 0 to 39"),
        (lambda: attached(HiddenStates(layer="rn"), echo()), "mean 'rnn'"),
        (lambda: attached(HiddenStates(state="c"), echo()), "state of 'rnn'"),
    ],
)
def test_wrong_options_are_told(make, error):
    with pytest.raises(ValueError, match=error):
        make()
    assert "no recurrent layer" in HiddenStates().fits(classes())
    assert repr(HiddenStates(2, "rnn")) == "HiddenStates(2, layer='rnn')"
