"""Batches cover the data once an epoch, and nothing is carried from one to the next."""

import numpy as np
import pytest

import nbann
from nbann.core.data.batches import Batches

from .nets import HIDDEN, data, forward, make, same_run


@pytest.mark.parametrize("size", [1, 4, 5, 12, 13])
@pytest.mark.parametrize("shuffle", [True, False])
def test_an_epoch_holds_every_row_once(size, shuffle):
    batches = Batches(13, size, shuffle, [0])
    for epoch in range(3):
        rows = batches.rows(epoch)
        if size == 13:
            assert rows == [None]
            continue
        assert sorted(np.concatenate(rows)) == list(range(13))
        assert [len(r) for r in rows] == [batches.length(i) for i in range(batches.count)]
        assert all(len(r) == size for r in rows[:-1])
        if not shuffle:
            assert list(np.concatenate(rows)) == list(range(13))


def test_shuffling_draws_a_new_order_each_epoch_and_the_same_from_one_seed():
    def orders(seed):
        batches = Batches(13, 4, True, [seed])
        return [tuple(np.concatenate(batches.rows(epoch))) for epoch in range(3)]

    assert len(set(orders(0))) == 3
    assert orders(0) == orders(0)
    backward = Batches(13, 4, True, [0])
    assert [tuple(np.concatenate(backward.rows(e))) for e in (2, 1, 0)] == orders(0)[::-1]
    assert orders(0) != orders(1)


@pytest.mark.parametrize("size", [None, 4, 5])
def test_a_batch_computes_its_own_rows(size):
    """Each row loaded is one of the data's with its own label, and gives the oracle's output."""
    trainer = make(batch_size=size)
    X, labels, _ = data()
    for _ in range(2 * trainer.batches):
        trainer.step("phase")
        x = trainer["x"]
        rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in x]
        np.testing.assert_array_equal(trainer["y"], labels[rows])
        np.testing.assert_array_equal(trainer["y.onehot"], np.eye(3)[labels[rows]])
        expected = forward(HIDDEN, trainer.parameters.values(), X[rows])
        np.testing.assert_allclose(trainer[trainer.program.output], expected, rtol=1e-12)
        trainer.step("batch")


def poison(trainer):
    """Put NaN into everything that an op computes anew, in every program."""
    for program in trainer._programs.values():
        for name, op in program.writer.items():
            if name not in op.reads:
                program.arrays[name].fill(np.nan)


@pytest.mark.parametrize("size", [None, 4, 5, 12])
@pytest.mark.parametrize(
    "settings",
    [{}, {"l1": 0.01, "l2": 0.1, "optimizer": nbann.SGD(0.1, momentum=0.9, nesterov=True)}],
)
def test_no_intermediate_is_carried_over(size, settings):
    clean, poisoned = (
        make(
            [("dense", 5), "relu", ("dense", 4), "sigmoid", ("linear", 3)],
            batch_size=size,
            **settings,
        )
        for _ in range(2)
    )
    for _ in range(3 * clean.batches):
        clean.step("batch")
        poison(poisoned)
        poisoned.step("batch")
        same_run(clean, poisoned)


def test_the_rows_of_a_batch_may_come_in_any_order():
    """Full batch: rows permuted, same gradient up to rounding."""
    X, labels, _ = data()
    order = np.random.default_rng(4).permutation(len(X))
    gradients = []
    for rows in (np.arange(len(X)), order):
        model = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(3)])
        trainer = nbann.Trainer(model, (X[rows], labels[rows]), batch_size=None)
        trainer.step("phase", 3)
        gradients.append({name: trainer[f"{name}.grad"] for name in trainer.parameters})
    for name, gradient in gradients[0].items():
        np.testing.assert_allclose(gradient, gradients[1][name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error", "half_mean"])
def test_a_batch_is_the_mean_of_its_rows(loss):
    """Conservation: the gradient over n rows is the mean of n gradients over one row each."""
    whole, single = make(loss=loss), make(loss=loss, batch_size=1, shuffle=False)
    whole.step("phase", 3)
    sums = dict.fromkeys(whole.parameters, 0.0)
    single.learning_rate = 1e-300  # so that the weights stay where they are
    for _ in range(single.batches):
        single.step("batch")
        sums = {name: total + single[f"{name}.grad"] for name, total in sums.items()}
    for name, total in sums.items():
        mean = total / single.batches
        np.testing.assert_allclose(whole[f"{name}.grad"], mean, rtol=1e-12, atol=1e-15)


def test_data_given_is_data_copied():
    X, labels, _ = data()
    one = nbann.Trainer(nbann.Sequential([nbann.Dense(3)]), (X, labels), batch_size=5)
    two = nbann.Trainer(nbann.Sequential([nbann.Dense(3)]), (X.copy(), labels.copy()), batch_size=5)
    X[:] = 0
    labels[:] = 0
    for trainer in (one, two):
        trainer.run(2)
    same_run(one, two)
