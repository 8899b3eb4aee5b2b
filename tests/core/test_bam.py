"""Bidirectional associative memories: Kosko's example and theorem, and plain NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from .test_reading import check_op

# Kosko, "Bidirectional Associative Memories", 1988: two pairs of binary patterns and their matrix
A = [[1, 0, 1, 0, 1, 0], [1, 1, 1, 0, 0, 0]]
B = [[1, 1, 0, 0], [1, 0, 1, 0]]
M = [[2, 0, 0, -2], [0, -2, 2, 0], [2, 0, 0, -2], [-2, 0, 0, 2], [0, 2, -2, 0], [-2, 0, 0, 2]]


def stored(X, Y, **settings):
    trainer = nbann.Trainer(nbann.BAM(np.shape(Y)[1]), (X, Y), **settings)
    trainer.run(1)
    return trainer


def with_weights(W):
    ones = np.ones((1, W.shape[0])), np.ones((1, W.shape[1]))
    return nbann.Trainer(nbann.BAM(W.shape[1], weight=W), ones)


def signs(field, before):
    return np.where(field == 0, before, np.sign(field))


@pytest.mark.parametrize("size", [1, None])
def test_koskos_example(size):
    trainer = stored(A, B, batch_size=size)
    np.testing.assert_array_equal(trainer["bam.weight"], M)
    np.testing.assert_array_equal(trainer.predict(A), 2 * np.array(B) - 1)
    assert trainer.history["train_stable"].tolist() == [1.0]
    for a, b in zip(A, B, strict=True):
        there = trainer.model.recall(trainer, a)
        back = trainer.model.recall(trainer, b, side="y")
        for recall in (there, back):
            recall.run(2)
            np.testing.assert_array_equal(recall["bam.x"][0], 2 * np.array(a) - 1)
            np.testing.assert_array_equal(recall["bam.y"][0], 2 * np.array(b) - 1)
            assert recall.history["turned"][-1] == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6), st.sampled_from("xy"))
def test_recall_is_a_plain_loop_and_its_energy_never_rises(n, m, seed, side):
    """Kosko's theorem: for any weights; whole ones have fields of 0, at which units stay."""
    rng = np.random.default_rng(seed)
    W = rng.integers(-3, 4, (n, m)).astype(float)
    probe = rng.choice([-1.0, 1.0], n if side == "x" else m)
    trainer = with_weights(W)
    recall = trainer.model.recall(trainer, probe, side)
    x, y = (probe, np.zeros(m)) if side == "x" else (np.zeros(n), probe)
    energies = [-(x @ W @ y)]
    for _ in range(12):
        recall.step("batch")
        before = np.concatenate([x, y])
        y = signs(x @ W, y)
        energies.append(-(x @ W @ y))
        x = signs(y @ W.T, x)
        energies.append(-(x @ W @ y))
        np.testing.assert_array_equal(recall["bam.x"][0], x)
        np.testing.assert_array_equal(recall["bam.y"][0], y)
        assert recall.history["loss"][-1] == energies[-1]
        assert recall.history["turned"][-1] == (np.concatenate([x, y]) != before).sum()
    assert (np.diff(energies) <= 0).all()
    assert recall.history["turned"][-1] == 0  # it rests


def test_pairs_are_recalled_from_a_quarter_of_the_units_flipped():
    rng = np.random.default_rng(0)
    X, Y = rng.choice([-1, 1], (4, 120)), rng.choice([-1, 1], (4, 80))
    trainer = stored(X, Y)
    for x, y in zip(X, Y, strict=True):
        probe = x.copy()
        probe[rng.choice(120, 30, replace=False)] *= -1
        recall = trainer.model.recall(trainer, probe)
        recall.run(5)
        np.testing.assert_array_equal(recall["bam.x"][0], x)
        np.testing.assert_array_equal(recall["bam.y"][0], y)


def test_one_unit_on_the_other_side_takes_labels():
    for label, answer in ((1, 1), (0, -1)):
        trainer = nbann.Trainer(nbann.BAM(1), ([[1, 1, -1]], [label]))
        trainer.run(1)
        assert trainer.predict([[1, 1, -1], [-1, -1, 1]]).tolist() == [answer, -answer]


def test_the_loss_is_the_mean_energy_of_the_pairs():
    X, Y = 2 * np.array(A) - 1, 2 * np.array(B) - 1
    trainer = stored(A, B, batch_size=None)
    expected = np.mean([-(x @ np.array(M) @ y) for x, y in zip(X, Y, strict=True)])
    assert trainer.history["loss"].tolist() == [expected]
    assert trainer.evaluate((A, B))["loss"] == expected


def test_more_pairs_than_it_can_hold():
    rng = np.random.default_rng(0)
    X, Y = rng.choice([-1, 1], (4, 9)), rng.choice([-1, 1], (4, 3))
    with pytest.warns(UserWarning, match=r"BAM\(3\): 4 patterns; about min\(N, M\) = 3 at most"):
        nbann.Trainer(nbann.BAM(3), (X, Y))


@pytest.mark.parametrize("what", ["store", "x", "y"])
def test_every_op_can_be_read(what):
    trainer = nbann.Trainer(nbann.BAM(4), (A, B), batch_size=2)
    if what != "store":
        trainer.run(1)
        trainer = trainer.model.recall(trainer, A[0] if what == "x" else B[1], what)
        assert trainer.program.phases == ("field", "state", "energy")
        assert len(trainer.step("phase")) == 1
        trainer.reset()
    rng = np.random.default_rng(0)
    for _ in range(2 * len(trainer.program)):
        (op,) = trainer.step("op")
        assert op.formula
        check_op(trainer, op, rng)
    with pytest.raises(ValueError, match="check_gradients: expected a model that follows"):
        trainer.check_gradients()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nbann.BAM(0), "BAM units: expected a whole number of at least 1"),
        (lambda: nbann.Trainer(nbann.BAM(3), (A, B)), "train y: expected 3 columns, one for each"),
        (
            lambda: nbann.Trainer(nbann.BAM(4), (A, np.array(B) + 1)),
            "train y: expected patterns of -1 and 1",
        ),
        (lambda: nbann.Trainer(nbann.BAM(4), (A, B), loss="mse"), "The loss of BAM"),
        (lambda: nbann.Trainer(nbann.BAM(4), np.array(A)), "train: expected a Dataset or a pair"),
        (
            lambda: nbann.Trainer(nbann.BAM(4, weight=np.ones((4, 6))), (A, B)),
            r"bam.weight: expected shape \(6, 4\)",
        ),
    ],
)
def test_what_does_not_fit_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_recall_that_does_not_fit_is_told():
    trainer = stored(A, B)
    for arguments, message in [
        ((A[0], "z"), "Unknown side 'z'"),
        ((A[0], "y"), r"probe: expected shape \(4,\)"),
        (([3] * 6,), "probe: expected patterns of -1 and 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            trainer.model.recall(trainer, *arguments)
