"""Terms add up and differences agree for every kind of layer, loss, penalty and optimizer."""

import itertools

import numpy as np
import pytest

import nbann
from nbann.core.explaining.explainer import Explainer

from ..goldens.make_optimizers import CASES as OPTIMIZERS
from . import optimizer_runs, recurrent_nets
from .nets import ACTIVATIONS, LOSSES, data, make, net


def explain_all(trainer, *, each=3, single=False):
    """Check elements of every array: the table adds up, gradients are confirmed; count them."""
    explainer = Explainer(trainer._recipe, trainer.program, tuple(trainer._train))
    confirmed = 0
    for name in trainer.names:
        if not trainer.is_current(name):
            continue
        array = trainer[name]
        for at in itertools.islice(np.ndindex(*array.shape), 0, None, max(1, array.size // each)):
            explained = explainer.explain(name, at)
            assert explained.value == array[at]
            parts = [term.value for term in explained.terms]
            size = sum(abs(term.value) for term in explained.all_terms)
            assert abs(sum(parts) + explained.rest - explained.value) <= 1e-12 * size
            rounding = [t.value for t in explained.all_terms if t.label.startswith("rounding")]
            near = 1e-5 if single else 1e-12
            assert all(abs(value) <= near * size for value in rounding), explained
            if explained.kind == "gradient" and not name.endswith("mean_gradient"):
                assert explained.agrees, explained
                confirmed += 1
    return confirmed


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation):
    trainer = make([("dense", 4), activation, ("dense", 3)])
    trainer.step("batch")
    assert explain_all(trainer) > 10


@pytest.mark.parametrize("penalty", [{}, {"l1": 0.01, "l2": 0.02}])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss, penalty):
    trainer = make(loss=loss, **penalty)
    trainer.step("batch")
    assert explain_all(trainer) > 10


def _blocks():
    return [
        nbann.Dense(4),
        nbann.Residual([nbann.BatchNorm(), nbann.ReLU(), nbann.Dense(4)]),
        nbann.Residual([nbann.Dense(4), nbann.Tanh()]),
        nbann.Residual([nbann.Sigmoid(), nbann.Residual([nbann.LayerNorm(), nbann.Dense(4)])]),
        nbann.Dense(3),
    ]


STACKS = {
    "batch norm": lambda: [nbann.Dense(4), nbann.BatchNorm(), nbann.ReLU(), nbann.Dense(3)],
    "layer norm": lambda: [nbann.Dense(4), nbann.LayerNorm(), nbann.Tanh(), nbann.Dense(3)],
    "dropout": lambda: [nbann.Dense(6), nbann.ReLU(), nbann.Dropout(0.4), nbann.Dense(3)],
    "residual": _blocks,
    "softmax": lambda: [nbann.Dense(4), nbann.Softmax(), nbann.Dense(3)],
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("stack", STACKS)
def test_layers(stack, dtype):
    X, labels, _ = data()
    how = {"batch_size": 5, "dtype": dtype, "l2": 0.01, "seed": 1}
    trainer = nbann.Trainer(nbann.Sequential(STACKS[stack]()), (X, labels), **how)
    trainer.step("batch", 3)  # the last batch is a smaller one
    assert explain_all(trainer, single=dtype == "float32") > 10


def test_embedding_and_flatten():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 5, (9, 4)), rng.integers(0, 2, 9)
    model = nbann.Sequential([nbann.Embedding(5, 3), nbann.Flatten(), nbann.Dense(2)])
    trainer = nbann.Trainer(model, (X, y), batch_size=None)
    trainer.step("batch")
    assert explain_all(trainer) > 8


WEIGHTED = {
    "cross entropy": (nbann.CrossEntropy(class_weights=[1, 2, 0.5], label_smoothing=0.1), "labels"),
    "squares": (nbann.MeanSquaredError(), "values"),
    "sum": (nbann.HalfSquaredError("sum"), "values"),
    "hinge": (nbann.Hinge(), "labels"),
    "perceptron": (nbann.PerceptronLoss(), "labels"),
    "poisson": (nbann.Poisson(), "counts"),
}


@pytest.mark.parametrize("per_sample", [False, True])
@pytest.mark.parametrize("case", WEIGHTED)
def test_sample_weights(case, per_sample):
    X, labels, values = data()
    loss, kind = WEIGHTED[case]
    y = {"labels": labels, "values": values, "counts": np.abs(values.round())}[kind]
    weight = np.random.default_rng(1).uniform(0, 2, 13)
    weight[3] = 0
    task = "classification" if kind == "labels" else "regression"
    train = nbann.Dataset(X, y, task=task, weight=weight)
    how = {"l2": 0.01, "penalty_per_sample": per_sample, "batch_size": None}
    trainer = nbann.Trainer(net([("dense", 4), "tanh", ("dense", 3)]), train, loss=loss, **how)
    trainer.step("batch")
    assert explain_all(trainer) > 10


@pytest.mark.parametrize("case", recurrent_nets.CASES)
def test_recurrent_layers(case):
    trainer = recurrent_nets.trainer_of(case)
    trainer.step("batch")
    assert explain_all(trainer, each=1) > 10


@pytest.mark.parametrize("case", OPTIMIZERS)
def test_optimizers(case):
    trainer = optimizer_runs.trainer_of(case)
    trainer.run(1)
    trainer.step("phase", 3)
    name, at = "dense1.weight", (1, 2)
    foreseen = trainer.explain(name, at)
    trainer.step("phase")
    assert trainer[name][at] == pytest.approx(foreseen.after, rel=1e-12)
    assert explain_all(trainer) > 10


def test_after_every_op():
    trainer = make(HIDDEN_MIXED, optimizer=nbann.AdamW(0.01, clip_norm=0.1), batch_size=6, n=7)
    for _ in range(2 * len(trainer.program)):
        trainer.step("op")
        explain_all(trainer, each=1)
        for name in trainer.names:
            if not trainer.is_current(name):
                with pytest.raises(ValueError, match=r"has not run in this batch.*Step to it"):
                    trainer.explain(name, (0,) * trainer[name].ndim)


HIDDEN_MIXED = [("dense", 3), "relu", ("dense", 3)]


def test_after_a_run_at_full_speed():
    trainer = make(batch_size=4)
    trainer.run(3)
    assert explain_all(trainer) > 10


def test_a_gradient_that_is_cut_off_opens():
    """Its terms of 0 stand in the arithmetic of another op than the one that read them."""
    rng = np.random.default_rng(0)
    model = nbann.Sequential(
        [nbann.RNN(2, return_sequences=True), nbann.RNN(2, truncate=1), nbann.Dense(2)]
    )
    data = rng.standard_normal((4, 3, 2)), rng.standard_normal((4, 2))
    trainer = nbann.Trainer(model, data, batch_size=None)
    trainer.step("batch")
    opened = 0
    for name in trainer.names:
        for term in trainer.explain(name, (0,) * trainer[name].ndim).terms:
            if term.opens:
                further = trainer.explain(name, (0,) * trainer[name].ndim).open(term)
                assert further.value == further.value
                opened += 1
    assert opened > 50


def test_small_gradients_in_float32_are_confirmed():
    """A residual net in which large gradients cancel: in float64 they are the same, and right."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((16, 4)), rng.integers(0, 3, 16)

    def trained(dtype):
        layers = [nbann.Dense(16)]
        for _ in range(4):
            layers.append(nbann.Residual([nbann.LayerNorm(), nbann.GELU(), nbann.Dense(16)]))
        model = nbann.Sequential([*layers, nbann.Dense(3)])
        trainer = nbann.Trainer(model, (X, y), dtype=dtype, batch_size=None, seed=0)
        trainer.step("batch", 20)
        return trainer

    single, double = trained("float32"), trained("float64")
    for name in [name for name in single.names if name.endswith(".out.grad")]:
        beside = np.abs(double[name]).max()
        np.testing.assert_allclose(single[name], double[name], rtol=0, atol=1e-4 * beside)
        explainer = Explainer(single._recipe, single.program, tuple(single._train))
        for at in np.ndindex(*single[name].shape):
            assert explainer.explain(name, at).agrees, (name, at)
