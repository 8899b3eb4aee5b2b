"""The history: a number for each batch, a row for each evaluated epoch."""

import numpy as np
import pytest

from nbann.core.history import History

from .nets import HIDDEN, data, loss_of, make


def test_columns_and_rows():
    trainer = make(HIDDEN, batch_size=5, test=data(6, seed=1)[:2], evaluate_every=3)
    assert list(trainer.history) == ["loss"]
    assert trainer.history["loss"].shape == (0,)
    trainer.run(7)
    names = ["loss", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    assert list(trainer.history) == names
    assert len(trainer.history) == len(names)
    assert len(trainer.history["loss"]) == 21
    np.testing.assert_array_equal(trainer.history["epoch"], [3, 6])
    assert all(len(trainer.history[name]) == 2 for name in names[1:])
    assert "21 batches, 2 evaluations" in repr(trainer.history)


def test_the_loss_of_a_batch_is_the_one_before_its_update():
    trainer = make(HIDDEN, l2=0.1)
    X, labels, _ = data()
    expected = []
    for _ in range(3):
        parameters = [a.copy() for a in trainer.parameters.values()]
        expected.append(loss_of(HIDDEN, parameters, X, labels, "cross_entropy", l2=0.1))
        trainer.step("epoch")
    np.testing.assert_allclose(trainer.history["loss"], expected, rtol=1e-13)


def test_columns_are_copies():
    trainer = make(HIDDEN)
    trainer.run(2)
    before = trainer.history["loss"]
    trainer.history["loss"][:] = 0
    trainer.history["train_loss"][:] = 0
    np.testing.assert_array_equal(trainer.history["loss"], before)
    trainer.run(2)
    assert len(before) == 2


def test_a_plain_history():
    history = History()
    assert history.last("loss") is None
    assert history.last("nothing") is None
    history.add_epoch({"epoch": 1.0, "train_loss": 0.5})
    history.add_epoch({"epoch": 2.0, "train_loss": 0.25})
    history.losses.append(0.75)
    assert history.last("loss") == 0.75
    assert history.last("train_loss") == 0.25
    assert "train_loss" in history
    with pytest.raises(KeyError, match="Did you mean 'train_loss'"):
        history["trainloss"]
