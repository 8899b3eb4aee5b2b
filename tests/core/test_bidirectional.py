"""A bidirectional layer is a forward and a reversed one side by side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

KINDS = ("RNN", "LSTM", "GRU")


def weights_of(trainer, prefix):
    """Return copies of a part's parameters by their arguments' names."""
    return {
        name.removeprefix(prefix): array.copy()
        for name, array in trainer.parameters.items()
        if name.startswith(prefix)
    }


def alone(layer, X, mask):
    """Return what a layer gives by itself."""
    net = nbann.Sequential([layer])
    y = np.zeros((*X.shape[: 1 + layer.return_sequences], layer.units))
    train = nbann.Dataset(X, y, task="regression", mask=mask)
    trainer = nbann.Trainer(net, train, loss="mean_squared_error", batch_size=None)
    trainer.step("phase")
    return trainer[trainer.program.output].copy()


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(KINDS),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3)),
    units=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    sequences=st.booleans(),
    merge=st.sampled_from(["concatenate", "sum"]),
    masked=st.booleans(),
    seed=st.integers(0, 99),
)
def test_it_is_a_forward_and_a_reversed_layer_side_by_side(
    kind, shape, units, sequences, merge, masked, seed
):
    rng = np.random.default_rng(seed)
    X, make = rng.standard_normal(shape), getattr(nbann, kind)
    lengths = rng.integers(1, shape[1] + 1, shape[0])
    mask = (np.arange(shape[1]) < lengths[:, None]).astype(float) if masked else None
    widths = (units[0], units[0]) if merge == "sum" else units
    both = nbann.Bidirectional(
        make(widths[0], return_sequences=sequences),
        make(widths[1], return_sequences=sequences),
        merge=merge,
        name="both",
    )
    y = np.zeros((*shape[:2], 1) if sequences else (shape[0], 1))
    train = nbann.Dataset(X, y, task="regression", mask=mask)
    trainer = nbann.Trainer(
        nbann.Sequential([both, nbann.Dense(1)]), train, batch_size=None, seed=seed
    )
    trainer.step("phase")
    parts = [
        alone(
            make(
                width,
                return_sequences=sequences,
                reverse=part == "backward",
                **weights_of(trainer, f"both.{part}."),
            ),
            X,
            mask,
        )
        for part, width in zip(("forward", "backward"), widths, strict=True)
    ]
    expected = sum(parts) if merge == "sum" else np.concatenate(parts, axis=-1)
    np.testing.assert_array_equal(trainer["both.out"], expected)
    assert trainer.check_gradients().error < 1e-6


def test_one_layer_makes_both_directions_with_weights_of_their_own():
    layer = nbann.LSTM(3, return_sequences=True)
    net = nbann.Sequential([nbann.Bidirectional(layer), nbann.GRU(2), nbann.Dense(2)])
    X = np.random.default_rng(0).standard_normal((6, 4, 2))
    trainer = nbann.Trainer(net, (X, [0, 1, 0, 1, 1, 0]))
    ahead = trainer["bidirectional1.forward.weight"]
    back = trainer["bidirectional1.backward.weight"]
    assert ahead.shape == back.shape == (2, 12)
    assert np.abs(ahead - back).min() > 0
    assert trainer["gru1.weight"].shape == (6, 6)
    assert not layer.reverse
    layers = {op.layer for op in trainer.program}
    assert {"bidirectional1.forward", "bidirectional1.backward", "bidirectional1"} <= layers
    assert [name for name, _ in net.leaves()] == [
        "bidirectional1.forward", "bidirectional1.backward", "bidirectional1", "gru1", "dense1",
    ]  # fmt: skip


def test_the_last_of_the_backward_part_is_the_first_in_time():
    net = nbann.Sequential([nbann.Bidirectional(nbann.RNN(2), name="both"), nbann.Dense(2)])
    X = np.random.default_rng(0).standard_normal((4, 5, 2))
    trainer = nbann.Trainer(net, (X, [0, 1, 0, 1]))
    trainer.step("phase")
    np.testing.assert_array_equal(trainer["both.out"][:, :2], trainer["both.forward.t4.h"])
    np.testing.assert_array_equal(trainer["both.out"][:, 2:], trainer["both.backward.t0.h"])
    times = [
        op.time
        for op in trainer.program
        if op.phase == "forward" and op.layer == "both.backward" and op.name.endswith("tanh")
    ]
    assert times == [4, 3, 2, 1, 0]


def test_its_two_parts_are_told_with_their_names():
    both = nbann.Bidirectional(nbann.GRU(3), nbann.LSTM(2), name="both")
    assert [(layer.kind, layer.reverse) for layer in both.layers] == [
        ("gru", False),
        ("lstm", True),
    ]
    trainer = nbann.Trainer(nbann.Sequential([both]), (np.ones((2, 3, 1)), np.ones((2, 5))))
    for name, layer in zip(both.names, both.layers, strict=True):
        assert trainer[f"both.{name}.recurrent"].shape[0] == layer.units


def test_it_learns_what_needs_both_ends():
    """Whether the first and the last number of a sequence have one sign."""
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], (64, 6, 1))
    y = (X[:, 0, 0] == X[:, -1, 0]).astype(int)
    net = nbann.Sequential(
        [nbann.Bidirectional(nbann.GRU(6)), nbann.Dense(8), nbann.Tanh(), nbann.Dense(2)]
    )
    trainer = nbann.Trainer(net, (X, y), optimizer=nbann.SGD(0.3, momentum=0.9), seed=1)
    trainer.run(60)
    assert trainer.evaluate((X, y))["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nbann.Bidirectional(nbann.Dense(3)), "expected a recurrent layer"),
        (lambda: nbann.Bidirectional(nbann.RNN), "expected a recurrent layer"),
        (lambda: nbann.Bidirectional(nbann.RNN(3), nbann.Dense(3)), "expected a recurrent layer"),
        (lambda: nbann.Bidirectional(nbann.RNN(3), merge="concat"), "Did you mean"),
        (lambda: nbann.Bidirectional(nbann.RNN(3, reverse=True)), "goes forward first"),
        (
            lambda: nbann.Bidirectional(nbann.RNN(3), nbann.RNN(3, return_sequences=True)),
            "one kind of output",
        ),
        (
            lambda: nbann.Bidirectional(nbann.RNN(3), nbann.RNN(4), merge="sum"),
            "one width for a sum",
        ),
    ],
)
def test_parts_that_do_not_fit(make, words):
    with pytest.raises((ValueError, KeyError), match=words):
        make()


def test_samples_that_are_no_sequences():
    net = nbann.Sequential([nbann.Bidirectional(nbann.LSTM(3)), nbann.Dense(2)])
    with pytest.raises(ValueError, match=r"LSTM 'bidirectional1.forward': expected sequences"):
        nbann.Trainer(net, (np.zeros((4, 5)), [0, 1, 0, 1]))


def test_names_are_told():
    assert repr(nbann.Bidirectional(nbann.RNN(3), name="both")) == (
        "Bidirectional(RNN(3), name='both')"
    )
    assert repr(nbann.Bidirectional(nbann.RNN(3), nbann.RNN(3), merge="sum")) == (
        "Bidirectional(RNN(3), RNN(3), merge='sum')"
    )
