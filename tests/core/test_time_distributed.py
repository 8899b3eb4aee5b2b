"""A dense layer on sequences is the same layer at every time step; other layers beside."""

import numpy as np
import pytest

import nbann
from nbann.core.ops.affine import as_matrix

from .test_reading import check_op

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((4, 5, 3)), RNG.standard_normal((4, 5, 2))


def net():
    weight, bias = np.arange(12.0).reshape(3, 4) / 10 - 0.5, np.arange(4.0) / 10
    return nbann.Sequential(
        [
            nbann.Dense(4, weight=weight, bias=bias, name="hidden"),
            nbann.Tanh(),
            nbann.Dense(2, weight=weight.reshape(4, 3)[:, :2], name="output"),
        ]
    )


def test_it_is_the_dense_layer_of_all_time_steps_as_rows():
    many = nbann.Trainer(net(), nbann.Dataset(X, Y, task="regression"), batch_size=None)
    rows = nbann.Trainer(net(), (X.reshape(20, 3), Y.reshape(20, 2)), batch_size=None)
    np.testing.assert_array_equal(many.predict(X).reshape(20, 2), rows.predict(X.reshape(20, 3)))
    for trainer in (many, rows):
        trainer.run(5)
    np.testing.assert_array_equal(many.history["loss"], rows.history["loss"])
    for name in rows.parameters:
        np.testing.assert_array_equal(many[name], rows[name])
        np.testing.assert_array_equal(many[f"{name}.grad"], rows[f"{name}.grad"])


def test_gradients_and_arithmetic():
    trainer = nbann.Trainer(net(), nbann.Dataset(X, Y, task="regression"), batch_size=3)
    assert trainer.check_gradients().error < 1e-7
    trainer.step("epoch")
    for op in trainer.program:
        check_op(trainer, op, np.random.default_rng(0))


def test_rows_that_lie_apart_in_memory_are_copied_first():
    array, before = RNG.standard_normal((2, 3, 4)), []
    assert np.shares_memory(as_matrix(array, before), array)
    assert np.shares_memory(as_matrix(array[:, :, :3], before), array)
    assert not before
    turned = array.transpose(1, 0, 2)
    matrix = as_matrix(turned, before)
    (copy,) = before
    copy()
    np.testing.assert_array_equal(matrix, np.concatenate(turned))


LAYERS = {
    "normalized": lambda: [nbann.LSTM(3, return_sequences=True), nbann.LayerNorm(), nbann.GRU(2)],
    "between": lambda: [nbann.Dense(4), nbann.Tanh(), nbann.RNN(3, return_sequences=True)],
    "dropped": lambda: [nbann.RNN(4, return_sequences=True), nbann.Dropout(0.3), nbann.RNN(2)],
    "residual": lambda: [
        nbann.Dense(3),
        nbann.Residual([nbann.GRU(3, return_sequences=True)]),
        nbann.Bidirectional(nbann.GRU(2)),
    ],
    "flattened": lambda: [nbann.RNN(3, return_sequences=True), nbann.Flatten()],
}


@pytest.mark.parametrize("name", LAYERS)
def test_other_layers_before_between_and_behind(name):
    model = nbann.Sequential([*LAYERS[name](), nbann.Dense(2)])
    y = Y if name == "between" else Y[:, 0]
    trainer = nbann.Trainer(model, nbann.Dataset(X, y, task="regression"), batch_size=None)
    assert trainer.check_gradients().error < 1e-6
    trainer.run(30)
    assert trainer.history["loss"][-1] < trainer.history["loss"][0]


def test_words_of_unequal_length():
    """Which is in the majority, the words 1 or 2: an embedding, a mask, a recurrent layer."""
    rng = np.random.default_rng(1)
    words = [rng.integers(1, 3, rng.integers(1, 8)) for _ in range(80)]
    X = np.array([np.pad(w, (0, 8 - len(w))) for w in words], dtype=float)
    y = np.array([(w == 1).sum() > (w == 2).sum() for w in words], dtype=int)
    mask = (np.arange(8) < np.array([len(w) for w in words])[:, None]).astype(float)
    model = nbann.Sequential([nbann.Embedding(3, 4), nbann.GRU(8), nbann.Dense(2)])
    train = nbann.Dataset(X, y, mask=mask)
    trainer = nbann.Trainer(model, train, optimizer=nbann.SGD(0.3, momentum=0.9), batch_size=16)
    assert trainer.check_gradients().error < 1e-6
    trainer.run(60)
    assert trainer.evaluate(train)["accuracy"] > 0.95
    X[mask == 0] = 2.0  # what fills up is not looked at
    assert trainer.evaluate(nbann.Dataset(X, y, mask=mask)) == trainer.evaluate(train)
