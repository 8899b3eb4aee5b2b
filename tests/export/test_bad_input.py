"""What can not be exported is refused in words, before anything is made."""

import numpy as np
import pytest

import nbann

from .nets import outputs, trained

ASKED = {
    "to_torch": nbann.export.to_torch,
    "to_onnx": nbann.export.to_onnx,
    "to_code": lambda trainer: nbann.export.to_code(trainer, "numpy"),
}


class Doubled(nbann.Identity):
    """A layer of a user's own."""


def _bits():
    return np.array([[1.0, 0, 1, 0], [0, 1, 0, 1]])


MACHINES = {
    "RBM": lambda: nbann.Trainer(nbann.RBM(3), _bits()),
    "Hopfield": lambda: nbann.Trainer(nbann.Hopfield(), [[1, -1, 1, 1, -1, -1, 1, -1]]),
    "SOM": lambda: nbann.Trainer(nbann.SOM(2, 2), _bits()),
}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("what", ASKED)
def test_machines_that_are_no_nets(what, machine):
    with pytest.raises(ValueError, match=rf"{what}: expected a net .*{machine}.*trainer.save"):
        ASKED[what](MACHINES[machine]())


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("thing", [None, nbann.Sequential([nbann.Dense(2)]), "net"])
def test_what_is_no_trainer(what, thing):
    with pytest.raises(ValueError, match=f"{what}: expected a Trainer; received"):
        ASKED[what](thing)


@pytest.mark.parametrize("what", ASKED)
def test_a_layer_of_ones_own(what):
    net = nbann.Sequential([nbann.Dense(2), Doubled(name="mine")])
    trainer = nbann.Trainer(net, nbann.datasets.xor())
    with pytest.raises(ValueError, match="'mine', a Doubled of your own"):
        ASKED[what](trainer)


def test_padded_sequences():
    X = np.random.default_rng(0).standard_normal((6, 4, 2))
    mask = np.ones((6, 4))
    mask[0, 2:] = 0
    ds = nbann.Dataset(X, [0, 1, 0, 1, 0, 1], mask=mask)
    trainer = nbann.Trainer(nbann.Sequential([nbann.LSTM(3), nbann.Dense(2)]), ds)
    with pytest.raises(ValueError, match="sequences without padding; received data with a mask"):
        nbann.export.to_code(trainer, "numpy")


@pytest.mark.parametrize("what", ASKED)
def test_weights_that_are_not_finite(what):
    trainer, _ = trained("linear", 3, optimizer=nbann.SGD(1e200), stop_on_nan=False, l2=1e200)
    assert not np.isfinite(trainer["dense1.weight"]).all()
    with pytest.raises(ValueError, match=r"'dense1.weight'.*finite numbers; received NaN or inf"):
        ASKED[what](trainer)


@pytest.mark.parametrize("what", ASKED)
def test_a_silenced_neuron_whose_activation_is_not_0_at_0(what):
    trainer, _ = trained("rnn sigmoid")
    trainer.silence("rnn1", 0)
    with pytest.raises(ValueError, match=r"trainer.unsilence\('rnn1', neuron\)"):
        ASKED[what](trainer)


def test_exporting_leaves_the_trainer_as_it_was():
    trainer, X = trained("gru")
    trainer.silence("gru1", 0)
    before, position = outputs(trainer, X), trainer.position
    weights = {name: array.copy() for name, array in trainer.learned.items()}
    nbann.export.to_onnx(trainer)
    assert trainer.position == position
    for name, array in trainer.learned.items():
        np.testing.assert_array_equal(array, weights[name])
    np.testing.assert_array_equal(outputs(trainer, X), before)
