"""What nets learn of sequences: one direction of time against both, tags, classes of any length."""

import numpy as np
import pytest

import nbann
from nbann import datasets

LENGTH = 10
KINDS = {"RNN": nbann.RNN, "LSTM": nbann.LSTM, "GRU": nbann.GRU}


def tagger(layer, train, **settings):
    layers = [layer, nbann.Dense(8), nbann.Tanh(), nbann.Dense(2)]
    settings = {"optimizer": nbann.Adam(0.02), "seed": 1} | settings
    return nbann.Trainer(nbann.Sequential(layers), train, **settings)


def test_neighbors_are_those_of_each_step():
    ds = datasets.neighbor_xor(60, length=7, seed=3)
    assert ds.X.shape == (60, 7, 1)
    assert set(np.unique(ds.X)) == {0.0, 1.0}
    for bits, tags in zip(ds.X[..., 0].astype(int).tolist(), ds.y.tolist(), strict=True):
        around = [0, *bits, 0]
        assert tags == [a ^ b for a, b in zip(around, around[2:], strict=False)]
    np.testing.assert_array_equal(ds.X, datasets.neighbor_xor(60, 7, 3).X)
    assert not np.array_equal(ds.X, datasets.neighbor_xor(60, 7, 4).X)
    assert datasets.neighbor_xor(3, length=2).y.shape == (3, 2)
    for settings in ({"n": 1}, {"length": 1}, {"seed": -1}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            datasets.neighbor_xor(**settings)


@pytest.mark.parametrize("kind", KINDS)
def test_one_direction_can_not_tell_and_both_can(kind):
    """Given x[0] ... x[t], y[t] is a fair coin at all steps but the last.

    So of n fresh sequences a net that goes forward gets right, whatever it has learned, at most
    what coins give and all of the last steps: mean (T - 1)/2 + 1 of T, variance (T - 1)/4 each.
    """
    train = datasets.neighbor_xor(300, LENGTH, seed=0)
    fresh = datasets.neighbor_xor(4000, LENGTH, seed=1)
    layer = KINDS[kind](8, return_sequences=True)
    forward, both = tagger(layer, train), tagger(nbann.Bidirectional(layer), train)
    for trainer in (forward, both):
        trainer.run(60)
    coins = LENGTH - 1
    most = (coins / 2 + 1) / LENGTH
    deviation = np.sqrt(coins / 4 * len(fresh)) / (LENGTH * len(fresh))
    accuracy = forward.evaluate(fresh)["accuracy"]
    assert 0.5 - 4 * deviation < accuracy < most + 4 * deviation
    right = forward.predict(fresh.X) == fresh.y
    assert (np.abs(right[:, :-1].mean(axis=0) - 0.5) < 4.5 * 0.5 / np.sqrt(len(fresh))).all()
    assert both.evaluate(fresh)["accuracy"] == 1.0


def test_tags_of_sequences_of_any_length():
    """The same task, each sequence as long as it is; what fills up is neither read nor scored."""
    rng = np.random.default_rng(0)

    def drawn(n):
        bits = [rng.integers(0, 2, length) for length in rng.integers(1, 9, n)]
        tags = []
        for row in bits:
            around = np.pad(row, 1)
            tags.append(around[:-2] ^ around[2:])
        return bits, nbann.Dataset.from_sequences([row[:, None] for row in bits], tags)

    _, train = drawn(300)
    bits, test = drawn(200)
    trainer = tagger(nbann.Bidirectional(nbann.GRU(8, return_sequences=True)), train)
    trainer.run(60)
    assert trainer.evaluate(test)["accuracy"] == 1.0
    whole = trainer.predict(test.X, test.mask)
    for row, tags, mask in zip(bits, whole, test.mask, strict=True):
        alone = trainer.predict(row[None, :, None])  # without any filling up
        np.testing.assert_array_equal(alone[0], tags[mask > 0])


def test_classes_of_sequences_of_any_length():
    """An even or odd number of ones among 1 to 5 bits; longer ones than any in training, too."""
    train = datasets.parity(300, length=5, seed=0)
    longer = datasets.parity(200, length=9, seed=1)
    net = nbann.Sequential([nbann.GRU(8), nbann.Dense(2)])
    trainer = nbann.Trainer(net, train, optimizer=nbann.Adam(0.03), seed=0)
    trainer.run(80)
    assert trainer.evaluate(train)["accuracy"] == 1.0
    assert trainer.evaluate(longer)["accuracy"] > 0.95


def test_a_mask_that_leaves_nothing_out_is_none():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 4, 2)), rng.integers(0, 2, 12)
    runs = []
    for mask in (None, np.ones((12, 4))):
        net = nbann.Sequential([nbann.LSTM(3), nbann.Dense(2)])
        trainer = nbann.Trainer(net, nbann.Dataset(X, y, mask=mask), batch_size=5)
        trainer.run(3)
        runs.append(trainer)
    assert [op.name for op in runs[0].program] == [op.name for op in runs[1].program]
    np.testing.assert_array_equal(runs[0].history["loss"], runs[1].history["loss"])
    some = np.ones((12, 4))
    some[0, 3] = 0
    masked = nbann.Trainer(runs[0].model, nbann.Dataset(X, y, mask=some))
    assert "x.mask" in masked.names


# ---- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nbann.Dataset.from_sequences([[1, 2], []], [0, 1]),
            r"sequences\[1\]: expected at least 1 time step; received shape \(0,\)",
        ),
        (
            lambda: nbann.Dataset.from_sequences([np.zeros((0, 2)), np.zeros((1, 2))], [0, 1]),
            r"sequences\[0\]: expected at least 1 time step; received shape \(0, 2\)",
        ),
        (lambda: nbann.Dataset(np.zeros((2, 0, 3)), [0, 1]), "X: expected at least 1 sample and"),
        (
            lambda: nbann.Dataset(np.zeros((2, 3, 1)), [0, 1], mask=[[1, 1, 0], [0, 0, 0]]),
            "mask: expected a time step in every row; received none in row 1",
        ),
    ],
)
def test_sequences_of_no_step_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_to_predict_there_must_be_a_step():
    trainer = tagger(nbann.RNN(2, return_sequences=True), datasets.neighbor_xor(4))
    with pytest.raises(ValueError, match=r"predict X: expected at least 1 sample and 1 feature"):
        trainer.predict(np.zeros((1, 0, 1)))
    with pytest.raises(ValueError, match="a time step in every row; received none in row 0"):
        trainer.predict(np.zeros((1, 2, 1)), np.zeros((1, 2)))
