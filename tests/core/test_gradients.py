"""Gradients of every layer, activation and loss against central differences of plain NumPy."""

import numpy as np
import pytest

import nbann
from nbann.core.expr import Negative, Number, Sum
from nbann.core.layers.activations import Activation
from nbann.core.ops.activation_ops import TanhOp
from nbann.core.ops.affine import Affine, WeightGradient
from nbann.core.primitive import AddUp

from .nets import LOSSES, copies, data, loss_of, make, net

PENALTIES = [(0.0, 0.0), (0.01, 0.0), (0.0, 0.1), (0.02, 0.05)]


def differences(spec, parameters, X, y, loss, l1, l2, h=1e-5):
    """Return (L(w + h) - L(w - h)) / 2h for every element of every parameter."""
    found = []
    for array in parameters:
        slope = np.empty_like(array)
        for place in np.ndindex(*array.shape):
            kept = array[place]
            array[place] = kept + h
            high = loss_of(spec, parameters, X, y, loss, l1, l2)
            array[place] = kept - h
            low = loss_of(spec, parameters, X, y, loss, l1, l2)
            array[place] = kept
            slope[place] = (high - low) / (2 * h)
        found.append(slope)
    return found


def relative(a, b):
    return np.linalg.norm(a - b) / max(np.linalg.norm(a) + np.linalg.norm(b), 1e-9)


@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", None])
@pytest.mark.parametrize("kind", ["dense", "linear"])
def test_gradients_equal_central_differences(kind, activation, loss, l1, l2):
    act = [activation] if activation else []
    output = act if loss != "cross_entropy" else []
    spec = [(kind, 4), *act, (kind, 3), *output]
    trainer = make(spec, loss, l1=l1, l2=l2)
    X, labels, values = data()
    y = labels if loss == "cross_entropy" else values
    parameters = copies(trainer)
    expected = differences(spec, parameters, X, y, loss, l1, l2)

    assert trainer.evaluate((X, y))["loss"] == pytest.approx(
        loss_of(spec, parameters, X, y, loss, l1, l2), rel=1e-13
    )
    trainer.step("phase", 3)  # forward, loss, backward
    limit = 1e-6 if activation == "relu" or l1 else 1e-7
    for name, slope in zip(trainer.parameters, expected, strict=True):
        assert relative(trainer[f"{name}.grad"], slope) < limit, name
    assert trainer.check_gradients().error < limit


@pytest.mark.parametrize("batch_size", [1, 4, 5])
def test_gradients_are_those_of_the_batch_at_hand(batch_size):
    """Also of the remainder: 13 = 3*4 + 1 = 2*5 + 3."""
    spec = [("dense", 4), "sigmoid", ("dense", 3)]
    trainer = make(spec, batch_size=batch_size, shuffle=False, l2=0.1)
    X, labels, _ = data()
    for start in range(0, len(X), batch_size):
        rows = slice(start, start + batch_size)
        parameters = copies(trainer)
        expected = differences(spec, parameters, X[rows], labels[rows], "cross_entropy", 0.0, 0.1)
        assert trainer.step("batch")
        for name, slope in zip(trainer.parameters, expected, strict=True):
            assert relative(trainer[f"{name}.grad"], slope) < 1e-7, name


def test_a_parameter_with_no_influence_has_gradient_zero():
    """A ReLU that is dead for every sample stops the gradient: there is nothing to compare."""
    model = nbann.Sequential(
        [nbann.Dense(2, bias=[-1e3, -1e3]), nbann.ReLU(), nbann.Dense(1, weight=[[1.0], [1.0]])]
    )
    X, _, values = data()
    trainer = nbann.Trainer(model, (X, values[:, 0]), batch_size=None)
    check = trainer.check_gradients()
    np.testing.assert_array_equal(check.gradients["dense1.weight"], 0)
    np.testing.assert_array_equal(check.differences["dense1.weight"], 0)
    assert check.errors["dense1.weight"] == 0
    assert check.error < 1e-7


def test_the_check_leaves_the_run_alone():
    plain, checked = make(batch_size=5), make(batch_size=5)
    for _ in range(3):
        for trainer in (plain, checked):
            trainer.step("op", 4)
        before = {name: checked[name].copy() for name in checked.names}
        assert checked.check_gradients().error < 1e-7
        assert all(np.array_equal(checked[n], a, equal_nan=True) for n, a in before.items())
    assert plain.position == checked.position


def test_the_check_works_in_float64_whatever_is_trained_in():
    trainer = make(dtype="float32")
    assert trainer.check_gradients().error < 1e-7


# ---- the check can fail -------------------------------------------------------------------------


class WrongSlope(TanhOp):
    """1 - a where 1 - a**2 would be right."""

    function = "wrong"

    def slope(self, source):
        return Sum((Number(1.0), Negative(source)))

    def slope_kernels(self, source, slope):
        yield lambda: np.subtract(1.0, source, out=slope)


class WrongTanh(Activation):
    kind = "wrong"
    primitive = WrongSlope


class DoubledGradient(WeightGradient):
    def kernels(self, arrays):
        yield from super().kernels(arrays)
        into = arrays[self.writes[0]]
        yield lambda: np.multiply(into, 2.0, out=into)


class WrongAffine(Affine):
    def backward(self, b):
        b.emit(DoubledGradient(self.x, self.writes[0] + ".grad", b.gradient(self.weight)))


class WrongDense(nbann.Dense):
    def emit(self, b, name, x):
        super().emit(_Swap(b), name, x)
        return f"{name}.out"


class _Swap:
    """A builder that takes the wrong primitive for the right one."""

    def __init__(self, builder):
        self.builder = builder

    def __getattr__(self, name):
        return getattr(self.builder, name)

    def emit(self, op):
        self.builder.emit(WrongAffine(op.x, op.weight, op.bias, op.writes[0]))


def test_a_check_says_where_the_loss_has_a_kink():
    """By hand: L = max(0, z) of z = 2 w1 + w2 + b, at 0: slopes 2, 1, 1 to the right, 0 left."""
    trainer = nbann.Trainer(nbann.Perceptron(), ([[2.0, 1.0]], [0]))
    check = trainer.check_gradients()
    np.testing.assert_allclose(check.gradients["perceptron.weight"], [[2], [1]])
    np.testing.assert_allclose(check.differences["perceptron.weight"], [[1], [0.5]])
    assert check.kinks == 3
    assert "3 weights are at a kink" in repr(check)
    trainer.step("batch")
    assert "1 agrees (at a kink: 0 to 2)" in str(trainer.explain("perceptron.weight", (0, 0)))
    check = trainer.check_gradients()
    assert (check.kinks, check.error) == (0, 0)
    assert make().check_gradients().kinks == 0


def test_a_wrong_slope_is_found():
    X, labels, _ = data()
    wrong = nbann.Sequential([nbann.Dense(4), WrongTanh(), nbann.Dense(3)])
    check = nbann.Trainer(wrong, (X, labels), batch_size=None).check_gradients()
    assert check.errors["dense1.weight"] > 1e-3
    assert check.errors["dense2.weight"] < 1e-7
    assert "dense1" in repr(check)


def test_a_wrong_weight_gradient_is_found():
    X, labels, _ = data()
    wrong = nbann.Sequential([WrongDense(4, bias=False), nbann.Tanh(), nbann.Dense(3)])
    check = nbann.Trainer(wrong, (X, labels), batch_size=None).check_gradients()
    assert check.errors["dense1.weight"] == pytest.approx(1 / 3)  # |2g - g| / (|2g| + |g|)
    assert check.errors["dense2.bias"] < 1e-7


# ---- a fork: two readers of one array ------------------------------------------------------------


class Skip(nbann.Dense):
    """``out = (x @ W + b) + x``: x is read twice, so two gradients flow back into it."""

    kind = "skip"

    def emit(self, b, name, x):
        z = super().emit(b, name, x)
        total = b.array(f"{name}.total", b.shape(x), type(b.symbol(x))("s", name))
        b.emit(AddUp((z, x), total, verb="add"))
        return total


def test_gradients_of_a_fork_are_added_up():
    X, labels, _ = data()
    model = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), Skip(4), Skip(4), nbann.Dense(3)])
    trainer = nbann.Trainer(model, (X, labels), batch_size=5, l2=0.1)
    assert trainer.check_gradients().error < 1e-7
    trainer.step("batch", 4)
    assert trainer.check_gradients().error < 1e-7
    for op in trainer.program:
        for name in op.writes:
            place = tuple(0 for _ in trainer[name].shape)
            assert op.arithmetic(place, name).value() == pytest.approx(
                trainer[name][place].item(), rel=1e-9, abs=1e-12
            )


def test_net_of_the_tests_is_the_net_of_the_oracle():
    spec = [("dense", 4), "relu", ("linear", 3), "sigmoid"]
    assert list(make(spec, "half_sum").parameters) == [
        "dense1.weight", "dense1.bias", "dense2.weight",
    ]  # fmt: skip
    assert net(spec).names == ("dense1", "relu1", "dense2", "sigmoid1")
