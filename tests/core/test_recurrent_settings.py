"""Recurrent layers: where they start, what goes with them, what they refuse."""

import numpy as np
import pytest

import nbann

from ..goldens.make_recurrent import UNITS, data, start
from .recurrent_nets import KINDS, drawn, trainer_of


@pytest.mark.parametrize(("kind", "gates"), [("RNN", 1), ("LSTM", 4), ("GRU", 3)])
def test_start_values_are_keras(kind, gates):
    """Glorot for the weight as a whole, one orthogonal matrix for the recurrent one."""
    trainer, _, _ = drawn(kind, (2, 3, 20, 30), 0)
    weight, recurrent = (trainer[f"{kind.lower()}1.{key}"] for key in ("weight", "recurrent"))
    bound = np.sqrt(6 / (20 + 30 * gates))
    assert 0.97 * bound < np.abs(weight).max() <= bound
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(30), atol=1e-12)


def test_the_forget_gate_is_open_at_the_start():
    trainer, _, _ = drawn("LSTM", (2, 3, 2, 2), 0)
    np.testing.assert_array_equal(trainer["lstm1.bias"], [0, 0, 1, 1, 0, 0, 0, 0])
    trainer, _, _ = drawn("LSTM", (2, 3, 2, 2), 0, unit_forget_bias=False)
    np.testing.assert_array_equal(trainer["lstm1.bias"], np.zeros(8))
    trainer, _, _ = drawn("LSTM", (2, 3, 2, 2), 0, bias=np.arange(8.0))
    np.testing.assert_array_equal(trainer["lstm1.bias"], np.arange(8))


def test_any_activation_fits_into_an_rnn():
    for activation in ("identity", "gelu", "softmax", nbann.LeakyReLU(0.2), "logistic"):
        trainer, _, _ = drawn("RNN", (3, 4, 2, 3), 0, activation=activation)
        assert trainer.check_gradients().error < 1e-6
        trainer.run(2)
        assert np.isfinite(trainer.history["loss"]).all()


def test_biases_are_not_penalized_and_can_be_left_out():
    trainer = trainer_of("gru", l2=0.5)
    plain = trainer_of("gru")
    for one in (trainer, plain):
        one.step("phase", 3)
    for key, penalized in {"weight": 1, "recurrent": 1, "bias": 0, "recurrent_bias": 0}.items():
        added = trainer[f"layer1.{key}.grad"] - plain[f"layer1.{key}.grad"]
        np.testing.assert_allclose(added, penalized * 0.5 * plain[f"layer1.{key}"], atol=1e-12)
    net = nbann.Sequential([nbann.GRU(2, recurrent_bias=False), nbann.Dense(2)])
    trainer = nbann.Trainer(net, data("gru")[:2])
    assert "gru1.bias" in trainer.names
    assert "gru1.recurrent_bias" not in trainer.names
    assert trainer.check_gradients().error < 1e-6


def test_one_time_step_and_one_unit_are_enough():
    for kind in KINDS:
        trainer, _, _ = drawn(kind, (1, 1, 1, 1), 0)
        assert trainer.check_gradients().error < 1e-6
        trainer.run(2)


@pytest.mark.parametrize("shape", [(6,), (6, 2, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_samples_that_are_no_sequences(kind, shape):
    net = nbann.Sequential([getattr(nbann, kind)(3), nbann.Dense(2)])
    with pytest.raises(
        ValueError, match=rf"{kind} '{kind.lower()}1': expected sequences, samples "
    ):
        nbann.Trainer(net, (np.zeros((4, *shape)), [0, 1, 0, 1]))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"units": 0}, "units: expected a whole number of at least 1"),
        ({"units": 2.5}, "units: expected a whole number"),
        ({"truncate": 0}, "truncate: expected a whole number of at least 1"),
        ({"truncate": True}, "truncate: expected"),
        ({"return_sequences": "yes"}, "return_sequences: expected True or False"),
        ({"reverse": 1}, "reverse: expected True or False"),
        ({"init": "glorot"}, "initializer"),
        ({"recurrent_init": "orthognal"}, "Did you mean .*'orthogonal'"),
        ({"name": "a.b"}, "text without a dot"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_settings_out_of_range(kind, settings, words):
    settings = {"units": 3} | settings
    with pytest.raises((ValueError, KeyError), match=words):
        getattr(nbann, kind)(**settings)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["weight", "recurrent", "bias"])
def test_given_arrays_that_do_not_fit(kind, key):
    net = nbann.Sequential([getattr(nbann, kind)(3, **{key: np.zeros((2, 2))}), nbann.Dense(2)])
    name = f"{kind.lower()}1.{key}"
    with pytest.raises(ValueError, match=rf"{name}: expected shape .*; received shape \(2, 2\)"):
        nbann.Trainer(net, (np.zeros((4, 5, 2)), [0, 1, 0, 1]))


def test_settings_of_one_kind_only():
    with pytest.raises(KeyError, match=r"activation.*Did you mean .*'tanh'"):
        nbann.RNN(3, activation="tahn")
    with pytest.raises(TypeError, match="activation"):
        nbann.LSTM(3, activation="tanh")
    with pytest.raises(ValueError, match="unit_forget_bias: expected True or False"):
        nbann.LSTM(3, unit_forget_bias=1.0)
    net = nbann.Sequential([nbann.GRU(3, recurrent_bias=[0.0]), nbann.Dense(2)])
    with pytest.raises(ValueError, match=r"gru1.recurrent_bias: expected shape \(3,\)"):
        nbann.Trainer(net, (np.zeros((4, 5, 2)), [0, 1, 0, 1]))


def test_a_mask_that_does_not_fit():
    trainer = trainer_of("rnn mask")
    X = data("rnn")[0]
    for mask in (np.ones((4, 4)), np.full((4, 5), 2.0), np.zeros((4, 5))):
        with pytest.raises(ValueError, match="mask"):
            trainer.predict(X, mask=mask)


def test_names_are_told():
    assert repr(nbann.LSTM(4, return_sequences=True, name="memory")) == (
        "LSTM(4, return_sequences=True, name='memory')"
    )
    assert repr(nbann.RNN(4, reverse=True, truncate=3)) == "RNN(4, reverse=True, truncate=3)"
    net = nbann.Sequential([nbann.GRU(2, return_sequences=True), nbann.GRU(2), nbann.Dense(1)])
    assert net.names == ("gru1", "gru2", "dense1")
    assert set(start("gru")) == {
        f"layer1.{key}" for key in ("weight", "recurrent", "bias", "recurrent_bias")
    } | {"output.weight", "output.bias"}
    assert nbann.RNN(UNITS).units == UNITS


@pytest.mark.parametrize("many", [False, True])
def test_sequences_of_another_length_are_predicted(many):
    """A net unrolled for 5 steps says of 3 what it says of the same 3 with 2 masked ones after."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 5, 2))
    y = rng.integers(0, 3, (6, 5) if many else 6)
    net = nbann.Sequential([nbann.LSTM(4, return_sequences=many), nbann.Dense(3)])
    trainer = nbann.Trainer(net, (X, y), test=(X[:, :4], y[:, :4] if many else y))
    trainer.run(2)
    mask = np.repeat([[1, 1, 1, 0, 0]], 6, axis=0)
    padded = trainer.predict_proba(X, mask)
    short = trainer.predict_proba(X[:, :3])
    np.testing.assert_allclose(short, padded[:, :3] if many else padded, atol=1e-14)
    assert trainer.evaluate((X[:, :1], y[:, :1] if many else y))["loss"] > 0
    assert trainer.history["test_loss"].shape == (2,)


def test_a_net_built_for_one_length_says_so():
    X, y = np.zeros((6, 5, 2)), np.arange(6) % 2
    net = nbann.Sequential([nbann.RNN(3, return_sequences=True), nbann.Flatten(), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (X, y))
    with pytest.raises(ValueError, match=r"samples of 5x2.*received shape \(6, 4, 2\)"):
        trainer.predict(X[:, :4])
