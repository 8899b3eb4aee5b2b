"""The penalty per sample, and the order of the samples given by a callable."""

import numpy as np
import pytest

import nbann
from nbann.core.data.batches import Batches

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(13, 3)), RNG.normal(size=(13, 2))
WEIGHT = RNG.uniform(0.5, 2.0, 13)


def trainer_for(weight=None, *, loss="mean_squared_error", **settings):
    net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(2)])
    data = nbann.Dataset(X, Y, weight=weight)
    settings = {"penalty_per_sample": True, "batch_size": 5, "shuffle": False} | settings
    return nbann.Trainer(net, data, loss=loss, **settings)


def penalty_of(trainer, l1, l2):
    weights = [w for name, w in trainer.parameters.items() if name.endswith(".weight")]
    return sum(l1 * np.abs(w).sum() + l2 / 2 * (w**2).sum() for w in weights)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.3), (0.2, 0.0), (0.2, 0.3)])
@pytest.mark.parametrize("loss", ["mean_squared_error", nbann.HalfSquaredError("sum")])
def test_it_is_shared_by_the_samples_of_a_batch(loss, l1, l2, weight):
    trainer = trainer_for(weight, loss=loss, l1=l1, l2=l2)
    for rows in (range(5), range(5, 10), range(10, 13)):
        expected = penalty_of(trainer, l1, l2)
        trainer.step("phase", 2)
        expected /= len(rows) if weight is None else weight[list(rows)].sum()
        assert trainer["loss.penalty"] == pytest.approx(expected, rel=1e-12)
        assert trainer.check_gradients().error < 1e-6
        trainer.step("batch")
        for name in ("loss.penalty", "hidden.weight.grad", "hidden.bias.grad"):
            place = (0,) * trainer[name].ndim
            value = trainer.arithmetic(name, place).value()
            assert value == pytest.approx(trainer[name][place], rel=1e-9)


def test_a_batch_that_weighs_nothing_has_no_penalty():
    trainer = trainer_for(np.r_[np.zeros(5), np.ones(8)], l2=0.3)
    before = {name: array.copy() for name, array in trainer.parameters.items()}
    trainer.step("batch")
    assert trainer["loss"] == 0.0
    assert trainer.arithmetic("loss.penalty_share").value() == 0.0
    for name, array in trainer.parameters.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("weighted", [False, True])
def test_of_many_samples_it_is_shared_by_all(weighted):
    """`evaluate` runs over 4,096 rows at a time; the penalty belongs to all of them together."""
    rows = np.arange(5000) % 13
    data = nbann.Dataset(X[rows], Y[rows], weight=WEIGHT[rows] if weighted else None)
    trainer = trainer_for(l2=0.3, batch_size=None)
    plain = trainer_for(l2=0.0, batch_size=None)
    share = WEIGHT[rows].sum() if weighted else 5000
    penalty = trainer.evaluate(data)["loss"] - plain.evaluate(data)["loss"]
    assert penalty == pytest.approx(penalty_of(trainer, 0.0, 0.3) / share, rel=1e-9)


def test_a_flag_that_is_none_is_refused():
    with pytest.raises(ValueError, match="penalty_per_sample"):
        trainer_for(penalty_per_sample="yes")


# ---- a given order -------------------------------------------------------------------------------


def order(epoch):
    return np.random.RandomState(epoch).permutation(13)


def test_a_given_order_is_followed():
    trainer = trainer_for(shuffle=order, batch_size=6)
    for epoch in (0, 1, 2):
        for rows in (order(epoch)[:6], order(epoch)[6:12], order(epoch)[12:]):
            trainer.step("phase")
            np.testing.assert_array_equal(trainer["x"], X[rows])
            trainer.step("batch")
    trainer.reset()
    np.testing.assert_array_equal(trainer["x"], X[order(0)[:6]])


@pytest.mark.parametrize(
    "given",
    [
        np.arange(12),
        np.r_[0, np.arange(12)],
        np.arange(1, 14),
        np.arange(-1, 12),
        np.arange(13.0),
        np.eye(13),
        np.full(13, 10**12),
        "rows",
        None,
    ],
)
def test_what_is_no_permutation_is_refused(given):
    with pytest.raises(
        ValueError, match="The order of an epoch: expected a permutation of 0 to 12"
    ):
        Batches(13, 4, True, [0], lambda epoch: given).rows(0)
