"""The builder: forks add up, shared weights too, and each array is written once."""

import numpy as np
import pytest

import nbann
from nbann.core.expr import Symbol
from nbann.core.layers.activations import Activation
from nbann.core.layers.layer import Layer
from nbann.core.ops.affine import Affine
from nbann.core.primitive import AddUp

X = np.random.default_rng(3).standard_normal((6, 3))
Y = np.array([0, 1, 2, 0, 1, 2])


class Again(Affine):
    """A second product, under a name of its own."""

    verb = "affine_again"


class Twice(Layer):
    """x @ W @ W: one weight read by two ops."""

    kind = "twice"

    def build(self, plan, name, shape):
        square = shape * 2
        start = np.random.default_rng(1).standard_normal(square)
        plan.parameter(f"{name}.weight", square, start, Symbol("W", name), penalized=True)
        return shape

    def emit(self, b, name, x):
        once = b.array(f"{name}.once", b.shape(x), Symbol("u", name))
        b.emit(Affine(x, f"{name}.weight", None, once))
        out = b.array(f"{name}.out", b.shape(x), Symbol("z", name))
        b.emit(Again(once, f"{name}.weight", None, out))
        return out


class Fork(Activation):
    """a + a: one array read twice, added up."""

    kind = "fork"

    def emit(self, b, name, x):
        out = b.array(f"{name}.out", b.shape(x), Symbol("a", name))
        b.emit(AddUp((x, x), out))
        return out


class Reused(Layer):
    """Names its output as another array is named."""

    kind = "reused"

    def build(self, plan, name, shape):
        return shape

    def emit(self, b, name, x):
        return b.array("x", b.shape(x), Symbol("z"))


class Overwriting(Layer):
    """Two ops that write one array."""

    kind = "overwriting"

    def build(self, plan, name, shape):
        return shape

    def emit(self, b, name, x):
        out = b.array(f"{name}.out", b.shape(x), Symbol("a", name))
        b.emit(AddUp((x, x), out, verb="one"))
        b.emit(AddUp((x, x), out, verb="two"))
        return out


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_weight_read_twice_gets_the_sum_of_both_gradients(l2):
    net = nbann.Sequential([Twice(), nbann.Tanh()])
    trainer = nbann.Trainer(net, (X, Y), l2=l2)
    assert trainer.check_gradients().error < 1e-8
    trainer.step("batch")
    gradient = "data_grad" if l2 else "grad"
    parts = [trainer[f"twice1.weight.grad.{k}"] for k in (1, 2)]
    np.testing.assert_allclose(trainer[f"twice1.weight.{gradient}"], sum(parts), rtol=1e-14)
    equation = trainer.arithmetic(f"twice1.weight.{gradient}", (0, 1))
    assert equation.value() == pytest.approx(sum(parts)[0, 1], rel=1e-12)


def test_an_array_read_twice_gets_the_sum_of_both_gradients():
    net = nbann.Sequential([nbann.Dense(3), Fork(), nbann.Sigmoid()])
    assert nbann.Trainer(net, (X, Y)).check_gradients().error < 1e-8


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ValueError, match="Array 'x': expected a new name"):
        nbann.Trainer(nbann.Sequential([Reused()]), (X, Y))


def test_an_array_has_one_writer():
    with pytest.raises(ValueError, match=r"writes 'overwriting1.out', as 'overwriting1.one' does"):
        nbann.Trainer(nbann.Sequential([Overwriting()]), (X, Y))


def test_parameters_have_names_of_their_own():
    class Same(Twice):
        def build(self, plan, name, shape):
            super().build(plan, name, shape)
            return super().build(plan, name, shape)

    with pytest.raises(ValueError, match=r"'twice1.weight' twice"):
        nbann.Trainer(nbann.Sequential([Same()]), (X, Y))
