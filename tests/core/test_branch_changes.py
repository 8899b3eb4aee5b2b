"""A branch with other settings: the same weights, bit for bit, and training that goes on."""

import numpy as np
import pytest

import nbann


def make(batch_size=10, optimizer=None, dropout=0.0, **options):
    layers = [nbann.Dense(4, name="hidden"), nbann.Tanh(name="act")]
    layers += [nbann.Dropout(dropout, name="drop")] if dropout else []
    net = nbann.Sequential([*layers, nbann.Dense(2, name="output")])
    train, test = nbann.datasets.moons(75, seed=3).split(0.2, seed=0)
    return nbann.Trainer(
        net, train, test=test, optimizer=optimizer, batch_size=batch_size, **options
    )


def same(a, b):
    return all(np.array_equal(a[n], b[n]) for n in a.parameters)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 4},
        {"batch_size": None},
        {"l1": 0.1, "l2": 0.2},
        {"optimizer": nbann.Adam(learning_rate=0.01)},
        {"loss": nbann.CrossEntropy()},
    ],
)
@pytest.mark.parametrize("ops", [0, 3])
def test_weights_and_history_are_carried_over_bit_for_bit(changes, ops):
    trainer = make()
    trainer.run(5)
    before = {name: array.copy() for name, array in trainer.parameters.items()}
    if ops:
        trainer.step("op", ops)  # in the midst of a batch, before its update
    other = trainer.branch(**changes)
    assert other.position == (5, 0, 0)
    assert all(np.array_equal(other[n], before[n]) for n in before)
    for name in ("train_loss", "test_loss", "epoch"):
        assert np.array_equal(other.history[name], trainer.history[name])
    other.run(2)
    assert other.position.epoch == 7
    assert not same(other, trainer)
    assert np.isfinite(other.history["train_loss"]).all()


@pytest.mark.parametrize(
    "optimizer",
    [nbann.SGD(0.1, momentum=0.9), nbann.Adam(), nbann.RMSprop(momentum=0.5), nbann.AdaGrad()],
)
def test_what_the_optimizer_remembers_goes_along(optimizer):
    trainer = make(optimizer=optimizer, dropout=0.3)
    trainer.run(3)
    trainer.step("batch", 2)
    other = trainer.branch(stop_on_nan=False)  # changes nothing of the arithmetic
    assert other.position == trainer.position
    for one in (trainer, other):
        one.run(4)
    assert same(trainer, other)  # velocities, moments, counters, dropout's stream
    assert np.array_equal(trainer.history["loss"], other.history["loss"])


def test_a_learning_rate_that_was_set_stays_unless_the_optimizer_is_another():
    trainer = make()
    trainer.run(1)
    trainer.learning_rate = 0.03
    assert trainer.branch(l2=0.1).learning_rate == 0.03
    assert trainer.branch(optimizer=nbann.SGD(0.5)).learning_rate == 0.5


def test_batches_of_another_size_begin_the_epoch_anew():
    trainer = make()
    trainer.run(2)
    trainer.step("batch", 3)
    other = trainer.branch(batch_size=5)
    assert other.position == (2, 0, 0)
    assert same(other, trainer)
    assert len(other.history["loss"]) == 2 * other.batches
    assert np.isnan(other.history["loss"]).all()  # no losses of batches of this size
    assert trainer.branch(l2=0.1).position == (2, 3, 0)


def test_a_weight_set_within_the_batch_is_kept():
    trainer = make()
    trainer.run(1)
    trainer.step("op", 2)
    trainer.set("hidden.weight", (0, 0), 3.0)
    assert trainer.branch(l2=0.1)["hidden.weight"][0, 0] == 3.0


def test_after_the_update_of_a_half_done_batch_it_is_done_once_only():
    trainer = make(optimizer=nbann.SGD(0.1, momentum=0.9))
    trainer.run(1)
    twin = trainer.branch()
    trainer.step("op", len(trainer.program) - 1)  # the velocity is there, the step not yet
    other = trainer.branch(stop_on_nan=False)
    assert other.position == (1, 0, 0)
    other.step("batch")
    twin.step("batch")
    assert same(other, twin)


def test_what_is_frozen_and_silenced_stays_so():
    trainer = make()
    trainer.run(1)
    trainer.freeze("hidden.weight", (0, 1))
    trainer.silence("hidden", 2)
    other = trainer.branch(l2=0.1)
    frozen = other["hidden.weight"][0, 1]
    other.run(3)
    assert other["hidden.weight"][0, 1] == frozen
    assert not other.activations("act.out", other.train_data.X)[:, 2].any()
    assert other.restraints == trainer.restraints


def test_back_ends_where_it_began_and_reset_is_the_start_of_the_new_settings():
    trainer = make()
    trainer.run(4)
    other = trainer.branch(batch_size=4)
    begun = {name: array.copy() for name, array in other.parameters.items()}
    other.run(3)
    other.back("epoch", 2)
    assert other.position.epoch == 5
    other.back("epoch", 50)
    assert other.position == (4, 0, 0)
    assert all(np.array_equal(other[n], begun[n]) for n in begun)
    other.reset()
    fresh = make(batch_size=4)
    assert other.position == (0, 0, 0)
    assert same(other, fresh)
    for one in (other, fresh):
        one.run(3)
    assert same(other, fresh)
    assert np.array_equal(other.history["train_loss"], fresh.history["train_loss"])


def test_it_is_saved_and_loaded(tmp_path):
    trainer = make()
    trainer.run(4)
    other = trainer.branch(l2=0.01)
    other.run(2)
    other.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    for one in (other, loaded):
        one.run(2)
    assert same(other, loaded)


def test_other_activations_and_other_data_of_the_same_shape():
    trainer = make()
    trainer.run(2)
    net = nbann.Sequential(
        [nbann.Dense(4, name="hidden"), nbann.ReLU(), nbann.Dense(2, name="output")]
    )
    more = nbann.datasets.moons(90, seed=1)
    other = trainer.branch(model=net, train=more, test=None)
    assert same(trainer, other)
    assert other.position == (2, 0, 0)
    assert list(other.history) == ["loss", "epoch", "train_loss", "train_accuracy"]
    other.run(1)


def test_what_can_not_be_is_refused():
    trainer = make()
    trainer.run(1)
    with pytest.raises(ValueError, match=r"Unknown setting 'batchsize'.*batch_size"):
        trainer.branch(batchsize=3)
    wider = nbann.Sequential([nbann.Dense(5, name="hidden"), nbann.Dense(2, name="output")])
    with pytest.raises(ValueError, match=r"the same weights \('hidden.weight' of shape \(2, 4\)\)"):
        trainer.branch(model=wider)
    with pytest.raises(ValueError, match="l2"):
        trainer.branch(l2=-1.0)
    hook = trainer.on("batch", lambda event: trainer.branch(l2=0.1))
    with pytest.raises(RuntimeError, match="in the midst"):
        trainer.step("batch")
    hook.remove()
