"""The history: a number for each batch, a row for each evaluated epoch."""

import numpy as np
import pytest

from nbann.core.scoring.history import History

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


def test_columns_of_arrays():
    history = History()
    rows = np.random.default_rng(0).normal(size=(4, 3, 2))
    for epoch, table in enumerate(rows):
        history.add_epoch({"epoch": epoch, "table": table, "row": table[:1].T})
    assert history.evaluations == 4
    np.testing.assert_array_equal(history["table"], rows)
    np.testing.assert_array_equal(history["row"], rows[:, :1].transpose(0, 2, 1))
    np.testing.assert_array_equal(history.last("table"), rows[-1])
    assert history.last("epoch") == 3
    history["table"][:] = 0
    history.last("table")[:] = 0
    np.testing.assert_array_equal(history["table"], rows)
    assert list(history) == ["loss", "epoch", "table", "row"]
    assert "4 evaluations" in repr(history)


def test_a_first_column_of_arrays():
    history = History()
    history.add_epoch({"table": np.ones((2, 3))})
    assert history.evaluations == 1
    assert history["table"].shape == (1, 2, 3)


@pytest.mark.parametrize("value", [np.ones(3), np.ones((2, 2)), 1.0, np.ones((0,))])
def test_an_array_of_another_shape_is_refused(value):
    history = History()
    history.add_epoch({"epoch": 1.0, "row": np.ones(2)})
    with pytest.raises(ValueError, match=r"row: expected an array of shape \(2,\)"):
        history.add_epoch({"epoch": 2.0, "row": value})
    assert history["epoch"].tolist() == [1.0]  # nothing is appended


def test_a_number_takes_eight_bytes():
    history = History()
    for epoch in range(1000):
        history.add_epoch({"epoch": epoch, "table": np.zeros((5, 5))})
    columns = history._epochs.values()
    assert sum(len(column) * column.itemsize for column in columns) == 1000 * 26 * 8
