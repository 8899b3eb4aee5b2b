"""What samples, time steps, neurons and single paths add to a gradient, by other means."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbann

from . import recurrent_nets
from .nets import copies, data, make, net

SPEC = [("dense", 4), "tanh", ("dense", 3)]


def own_gradient(loss, row, target, name, at):
    """Return the gradient of one sample's loss: that of a net trained on this sample alone."""
    train = nbann.Dataset(row[None], target[None], task="regression")
    alone = nbann.Trainer(net(SPEC), train, loss=loss, seed=3, batch_size=None)
    alone.step("phase", 3)
    return alone[name][at]


LOSSES = {
    "mean": nbann.MeanSquaredError(),
    "half mean": nbann.HalfSquaredError("mean"),
    "sum": nbann.HalfSquaredError("sum"),
    "huber": nbann.Huber(0.8),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_sample_has_a_gradient_of_its_own(loss, weighted):
    X, _, y = data()
    weight = np.random.default_rng(0).uniform(0, 2, len(X)) if weighted else None
    if weighted:
        weight[4] = 0
    train = nbann.Dataset(X, y, task="regression", weight=weight)
    how = {"seed": 3, "batch_size": None, "l2": 0.1}
    trainer = nbann.Trainer(net(SPEC), train, loss=LOSSES[loss], **how)
    start = copies(trainer)[0]
    trainer.step("phase", 3)
    name, at = "dense1.weight.grad", (2, 1)
    explained = trainer.explain(name, at)
    own = [own_gradient(LOSSES[loss], x, t, name, at) for x, t in zip(X, y, strict=True)]
    if weighted:
        assert np.isnan(explained.sample_gradients[4])
        own[4] = np.nan
    np.testing.assert_allclose(explained.sample_gradients, own, rtol=1e-10, atol=1e-15)
    shares = explained.sample_shares
    expected = 1.0 if loss == "sum" else len(X) if weight is None else weight.sum()
    np.testing.assert_allclose(shares, (1 if weight is None else weight) / np.array(expected))
    assert explained.common == pytest.approx(0.1 * start[at], rel=1e-12)
    total = np.nansum(shares * own) + explained.common
    assert total == pytest.approx(explained.value, rel=1e-12)
    assert explained.per_sample.sum() + explained.common == pytest.approx(total, rel=1e-12)


def test_a_loss_by_sample():
    trainer = make(l1=0.01)
    trainer.step("batch")
    loss = trainer.explain("loss")
    z = trainer["dense2.out"]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    single = -np.log(p[range(len(p)), trainer["y"]])
    np.testing.assert_allclose(loss.sample_gradients, single, rtol=1e-12)
    first = loss.terms[0]
    assert first.label == f"sample {first.sample}, output {trainer['y'][first.sample]}"
    assert loss.common == pytest.approx(loss.value - single.mean(), rel=1e-10)


def test_by_the_neurons_that_come_next():
    trainer = make()
    weight = trainer["dense2.weight"].copy()
    trainer.step("phase", 3)
    explained = trainer.explain("dense1.weight.grad", (2, 1), by="neuron")
    x, slope, dz = (trainer[n] for n in ("x", "tanh1.slope", "dense2.out.grad"))
    through = {
        f"dense2 neuron {k}": (x[:, 2] * slope[:, 1] * weight[1, k] * dz[:, k]).sum()
        for k in range(3)
    }
    found = {term.label: term.value for term in explained.terms}
    assert found == pytest.approx(through, rel=1e-12)
    assert sum(found.values()) == pytest.approx(explained.value, rel=1e-12)
    one = explained.open(explained.terms[0])
    assert (one.kind, len(one.all_terms)) == ("part", 13)
    total = sum(term.value for term in one.terms) + one.rest
    assert total == pytest.approx(one.value, rel=1e-12)
    assert one.label in str(one)


def test_by_time_step():
    trainer, X, _ = recurrent_nets.drawn("RNN", (4, 6, 2, 3), 0)
    trainer.step("batch")
    name, at = "rnn1.recurrent.grad", (1, 2)
    explained = trainer.explain(name, at, by="step", largest=None)
    by_hand = {0: 0.0}
    for time in range(1, X.shape[1]):
        h, dz = trainer[f"rnn1.t{time - 1}.h"], trainer[f"rnn1.t{time}.z.grad"]
        by_hand[time] = h[:, 1] @ dz[:, 2]
    assert {term.step: term.value for term in explained.terms} == pytest.approx(by_hand, rel=1e-12)
    delta = trainer.explain("rnn1.t2.z.grad", (1, 0))
    assert [(t.layer, t.step, t.neuron) for t in sorted(delta.terms, key=lambda t: t.neuron)] == [
        ("rnn1", 3, 0), ("rnn1", 3, 1), ("rnn1", 3, 2),
    ]  # fmt: skip
    assert {term.label for term in delta.terms} == {f"rnn1 neuron {k}, step 3" for k in range(3)}


def test_truncated_time_is_said_to_be_cut():
    y = np.random.default_rng(1).standard_normal((4, 6, 2))
    model = nbann.Sequential([nbann.RNN(3, truncate=2, return_sequences=True), nbann.Dense(2)])
    X = np.random.default_rng(0).standard_normal((4, 6, 2))
    trainer = nbann.Trainer(model, nbann.Dataset(X, y, task="regression"), batch_size=None)
    trainer.step("batch")
    explained = trainer.explain("rnn1.recurrent.grad", (0, 1))
    assert explained.agrees
    assert "truncate=" in str(explained)
    assert trainer.check_gradients().error > 1e-4  # along all of time it is another number


def all_paths(trainer, before, at):
    """Return every path's contribution to a weight of the first of three dense layers."""
    W2, W3 = before[2], before[4]
    i, j = at
    x, dz = trainer["x"], trainer["dense3.out.grad"]
    s1, s2 = trainer["tanh1.slope"], trainer["sigmoid1.slope"]
    values = []
    for n, k, m in itertools.product(range(len(x)), range(W2.shape[1]), range(W3.shape[1])):
        values.append(x[n, i] * s1[n, j] * W2[j, k] * s2[n, k] * W3[k, m] * dz[n, m])
    return np.array(values)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), row=st.integers(0, 2), column=st.integers(0, 3))
def test_the_largest_paths_are_those_of_a_full_enumeration(seed, row, column):
    spec = [("dense", 4), "tanh", ("dense", 3), "sigmoid", ("dense", 3)]
    trainer = make(spec, n=5, seed=seed)
    before = copies(trainer)
    trainer.step("batch")
    every = all_paths(trainer, before, (row, column))
    explained = trainer.explain("dense1.weight.grad", (row, column))
    assert every.sum() == pytest.approx(explained.value, rel=1e-10, abs=1e-15)
    found = explained.paths(largest=5, beam=100)  # wide enough to lose none
    largest = np.sort(np.abs(every))[::-1][:5]
    assert [abs(path.value) for path in found.paths] == pytest.approx(largest, rel=1e-10)
    assert sum(path.value for path in found.paths) + found.rest == pytest.approx(
        explained.value, rel=1e-12, abs=1e-16
    )
    first = found.paths[0].entries
    assert [entry.name for entry in first] == [f"dense{k}.out.grad" for k in (1, 2, 3)]
    narrow = explained.paths(largest=2)
    total = sum(path.value for path in narrow.paths) + narrow.rest
    assert total == pytest.approx(explained.value, rel=1e-12, abs=1e-16)
    assert "all other paths" in str(narrow)


@pytest.mark.torch
def test_neurons_deltas_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    X, labels, _ = data()
    trainer = make([("dense", 5), "relu", ("dense", 4), "tanh", ("dense", 3)])
    parameters = [torch.tensor(a, requires_grad=True) for a in copies(trainer)]
    W1, b1, W2, b2, W3, b3 = parameters
    z1 = torch.tensor(X) @ W1 + b1
    z2 = torch.relu(z1) @ W2 + b2
    z3 = torch.tanh(z2) @ W3 + b3
    for z in (z1, z2, z3):
        z.retain_grad()
    torch.nn.functional.cross_entropy(z3, torch.tensor(labels)).backward()
    trainer.step("batch")
    expected = {"dense1.out.grad": z1.grad, "dense2.out.grad": z2.grad, "dense3.out.grad": z3.grad}
    for name, gradient in zip(trainer.parameters, parameters, strict=True):
        for at in np.ndindex(*gradient.shape):
            explained = trainer.explain(name + ".grad", at)
            assert explained.value == pytest.approx(gradient.grad[at].item(), rel=1e-10, abs=1e-15)
            for term in explained.terms:
                by_torch = expected[term.name][term.index].item()
                assert term.number == pytest.approx(by_torch, rel=1e-10, abs=1e-15)


# ---- what is held back ---------------------------------------------------------------------------
def test_explanations_of_silenced_and_frozen_agree_with_differences_and_add_up():
    trainer = make(loss="half_sum", l2=0.1)
    trainer.silence("dense1", 2)
    trainer.freeze("dense1.weight", (0, 1))
    trainer.step("phase", 3)
    for name in trainer.names:
        if name.endswith(".grad") and trainer.is_current(name):
            for at in np.ndindex(*trainer[name].shape):
                explanation = trainer.explain(name, at)
                total = sum(term.value for term in explanation.all_terms)
                assert total == pytest.approx(trainer[name][at], abs=1e-12), name
                assert explanation.agrees, (name, at, explanation.check)
    assert (trainer["tanh1.out.grad"][:, 2] == 0).all()
    trainer.step("batch")
    update = trainer.explain("dense1.weight", (0, 1))
    assert update.before == update.after == trainer["dense1.weight"][0, 1]
    assert "frozen: no update moves it" in str(update)
    assert "frozen" not in str(trainer.explain("dense1.weight", (0, 0)))


def test_what_was_set_by_hand_is_said_to_be():
    trainer = make()
    trainer.step("phase", 2)
    trainer.set("tanh1.out", (0, 2), 0.7)
    trainer.step("phase")
    here = trainer.explain("dense2.weight.grad", (2, 0))
    assert here.agrees
    before = trainer.explain("dense1.weight.grad", (0, 2))
    assert before.difference is None
    assert "trainer.set has changed 'tanh1.out'" in before.check.note


def test_a_parameter_is_grouped_as_its_gradient_is():
    trainer = make(optimizer=nbann.SGD(0.1, momentum=0.9))
    trainer.step("batch")
    at = (1, 2)
    alone = trainer.explain("dense1.weight.grad", at, by="neuron")
    explained = trainer.explain("dense1.weight", at, by="neuron")
    assert [t.label for t in explained.gradient.terms] == [t.label for t in alone.terms]
    assert "dense2 neuron 0" in explained.text()
    assert explained.grouped(None).text() == trainer.explain("dense1.weight.grad", at).text()
    plain = trainer.explain("dense1.weight", at)
    assert [t.value for t in explained.terms] == [t.value for t in plain.terms]
    np.testing.assert_array_equal(explained.per_sample, plain.per_sample)


def test_where_the_loss_is_nan_nothing_is_said_to_disagree():
    spec = [("dense", 4), "relu", ("dense", 3)]
    trainer = make(spec, optimizer=nbann.SGD(1e200), batch_size=5)
    assert trainer.run(5).reason == "nan"
    trainer.step("batch")
    assert np.isnan(trainer["loss"])
    explained = trainer.explain("dense1.weight.grad", (0, 0))
    assert explained.agrees is None
    assert explained.difference is None
    assert "no central difference: the loss is nan" in explained.text()
    assert "disagrees" not in explained.text(3)


def test_a_share_of_nothing_has_no_sign():
    """One of two samples leaves ReLU asleep: its part of a negative gradient is 0%, not -0%."""
    layers = [
        nbann.Dense(1, weight=[[1.0]], name="hidden"),
        nbann.ReLU(),
        nbann.Dense(1, weight=[[1.0]]),
    ]
    samples = ([[1.0], [-1.0]], [9.0, 9.0])
    trainer = nbann.Trainer(nbann.Sequential(layers), samples, batch_size=None)
    trainer.step("phase", 3)
    gradient = trainer.explain("hidden.weight.grad", (0, 0))
    assert gradient.value < 0
    assert [term.value for term in gradient.terms] == [gradient.value, 0]
    assert "-0%" not in str(gradient)
    assert "  0%" in str(gradient)
