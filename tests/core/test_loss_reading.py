"""What losses say: the arithmetic of their ops, and how their outputs are read."""

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser
from scipy.special import expit, softmax

import nbann

from ..goldens.make_losses import CASES, draw
from . import sums
from .loss_runs import Run, loss_of

SIZES = {"ordinary": 1.0, "large": 40.0, "small": 0.0}


def check_element(op, place, name, value):
    equation = op.arithmetic(place, name)
    assert equation.value() == pytest.approx(value, rel=1e-9, abs=1e-13), f"{op} {name}{place}"
    sums.check(str(equation), value, digits=4)
    sums.check(equation.text(digits=17, terms=None), value, digits=17)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_every_element_is_what_its_arithmetic_says(case, size):
    z, y, weight = draw(case, np.random.default_rng(2), 4)
    run = Run(loss_of(case), z * SIZES[size], y, weight)
    run.step()
    for op in run.program:
        if op.layer == "loss":
            for name in op.writes:
                array = run.program.arrays[name]
                for place in np.ndindex(*array.shape):
                    check_element(op, place, name, float(array[place]))


@pytest.mark.parametrize("case", CASES)
def test_a_batch_that_weighs_nothing_can_be_read(case):
    z, y, _ = draw(case, np.random.default_rng(2), 3)
    run = Run(loss_of(case), z, y, np.zeros(len(z)))
    run.step()
    check_element(run.program["loss." + run.program.writer["loss"].name[5:]], (), "loss", 0.0)
    check_element(run.program["loss.gradient"], (0,) * z.ndim, "out.z.grad", 0.0)


@pytest.mark.parametrize("case", CASES)
def test_formulas_are_typeset(case):
    z, y, weight = draw(case, np.random.default_rng(2), 3)
    parser = MathTextParser("path")
    run = Run(loss_of(case), z, y, weight)
    for op in run.program:
        parser.parse(f"${op.formula}$")
        assert op.equation.text().count("=") == 1


def test_formulas_are_the_textbooks():
    def texts(case):
        z, y, weight = draw(case, np.random.default_rng(0), 3)
        program = Run(loss_of(case), z, y, weight).program
        return [op.equation.text() for op in program if op.layer == "loss"]

    assert texts("ce") == [
        "p = softmax(z)", "L = -sum(Y * log p)/n", "dL/dz = (p - Y)/n",
    ]  # fmt: skip
    assert texts("ce weight") == [
        "p = softmax(z)", "l = -sum(Y * log p)", "w_total = sum(w)", "s = w/w_total",
        "L = sum(s * l)", "dL/dz = s * (p - Y)",
    ]  # fmt: skip
    assert texts("huber") == [
        "e = z - y", "c = max(-1, min(e, 1))", "l = c * (e - c/2)", "L = sum(l)/(3*n)",
        "dL/dz = c/(3*n)",
    ]  # fmt: skip
    assert texts("perceptron") == [
        "l = max(0, -t * z)", "L = sum(l)/n", "dL/dz = (-t * (1 - step(t * z)))/n",
    ]  # fmt: skip


# ---- outputs ------------------------------------------------------------------------------------

RNG = np.random.default_rng(9)
THREE, ONE = 3 * RNG.standard_normal((20, 3)), 3 * RNG.standard_normal((20, 1))


def steps_of(outputs):
    """Return the same numbers as outputs at each of 5 time steps."""
    return outputs.reshape(4, 5, -1)


@pytest.mark.parametrize("read", [np.asarray, steps_of])
def test_predictions(read):
    three, one = read(THREE), read(ONE)
    best, positive = three.argmax(axis=-1), (one[..., 0] > 0).astype(int)
    many = [nbann.CrossEntropy(), nbann.Hinge(), nbann.Hinge("crammer_singer")]
    for loss in [*many, nbann.PerceptronLoss()]:
        np.testing.assert_array_equal(loss.predict(three, "classification"), best)
    for loss in (nbann.BinaryCrossEntropy(), nbann.Hinge(), nbann.PerceptronLoss()):
        np.testing.assert_array_equal(loss.predict(one, "classification"), positive)
    labels = nbann.BinaryCrossEntropy().predict(three, "classification")
    np.testing.assert_array_equal(labels, three > 0)
    for loss in (nbann.MeanSquaredError(), nbann.HalfSquaredError(), nbann.Huber()):
        np.testing.assert_array_equal(loss.predict(three, "classification"), best)
        np.testing.assert_array_equal(loss.predict(one, "classification"), one[..., 0] > 0.5)
        np.testing.assert_array_equal(loss.predict(three, "regression"), three)
        np.testing.assert_array_equal(loss.predict(one, "regression"), one[..., 0])
    np.testing.assert_array_equal(nbann.Poisson().predict(three, "regression"), np.exp(three))
    np.testing.assert_array_equal(nbann.Poisson().predict(one, "regression"), np.exp(one[..., 0]))


@pytest.mark.parametrize("size", [1.0, 1e4])
@pytest.mark.parametrize("read", [np.asarray, steps_of])
def test_probabilities(read, size):
    three, one = read(THREE) * size, read(ONE) * size
    ours = nbann.CrossEntropy().probabilities(three, "classification")
    np.testing.assert_allclose(ours, softmax(three, axis=-1), rtol=1e-13)
    two = nbann.BinaryCrossEntropy().probabilities(one, "classification")
    np.testing.assert_allclose(two, np.concatenate([expit(-one), expit(one)], axis=-1), atol=1e-15)
    each = nbann.BinaryCrossEntropy().probabilities(three, "classification")
    np.testing.assert_allclose(each, expit(three), rtol=1e-13, atol=1e-300)
    share = nbann.MeanSquaredError().probabilities(one, "classification")
    np.testing.assert_array_equal(share[..., 1:], one.clip(0, 1))
    np.testing.assert_allclose(share.sum(axis=-1), 1, rtol=1e-15)


def test_who_gives_probabilities():
    given = [
        (name, width)
        for name in nbann.core.losses.registry.LOSSES
        for width in (1, 3)
        if nbann.core.losses.registry.LOSSES[name]().gives_probabilities("classification", width)
    ]
    assert given == [
        ("cross_entropy", 1), ("cross_entropy", 3),
        ("binary_cross_entropy", 1), ("binary_cross_entropy", 3),
        ("mean_squared_error", 1), ("half_squared_error", 1),
        ("mean_absolute_error", 1), ("huber", 1),
    ]  # fmt: skip
    for loss in (nbann.Hinge(), nbann.PerceptronLoss(), nbann.Poisson(), nbann.MeanSquaredError()):
        assert not loss.gives_probabilities("regression", 1)
        with pytest.raises(ValueError, match=r"predict_proba: expected .*BinaryCrossEntropy"):
            loss.probabilities(THREE, "regression")


def trained(loss, y, width):
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(width)])
    X = np.random.default_rng(1).standard_normal((20, 3))
    trainer = nbann.Trainer(net, (X, y), loss=loss, batch_size=None, metrics=[])
    trainer.run(5)
    return trainer, X


def test_a_trainer_reads_its_outputs_as_the_loss_does():
    two = np.random.default_rng(2).integers(0, 2, 20)
    trainer, X = trained("binary_cross_entropy", two, 1)
    outputs = trainer[trainer.program.output].copy()
    trainer, X = trained("binary_cross_entropy", two, 1)
    assert trainer.gives_probabilities
    probabilities = trainer.predict_proba(X)
    assert probabilities.shape == (20, 2)
    np.testing.assert_array_equal(trainer.predict(X), probabilities[:, 1] > 0.5)
    assert outputs.shape == (20, 1)

    trainer, X = trained("hinge", two, 1)
    assert not trainer.gives_probabilities
    assert set(trainer.predict(X)) <= {0, 1}
    with pytest.raises(ValueError, match="predict_proba"):
        trainer.predict_proba(X)

    trainer, X = trained("poisson", np.arange(20) % 4, 1)
    assert (trainer.predict(X) > 0).all()
    trainer.check_gradients()
