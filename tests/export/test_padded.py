"""Sequences of unequal length: what is exported takes the mask as nbann does."""

import importlib.util

import numpy as np
import pytest

import nbann

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 6, 2))
MASK = (np.arange(6) < RNG.integers(1, 7, (12, 1))).astype(float)
MASK[3] = [0, 1, 1, 0, 1, 0]  # steps may be missing anywhere
NETS = {
    "rnn": lambda: [nbann.RNN(3), nbann.Dense(3)],
    "rnn sigmoid": lambda: [nbann.RNN(3, activation="sigmoid", reverse=True), nbann.Dense(3)],
    "lstm": lambda: [nbann.LSTM(3, return_sequences=True), nbann.LSTM(4), nbann.Dense(3)],
    "gru": lambda: [nbann.GRU(3, reverse=True), nbann.Dense(3)],
    "two directions": lambda: [
        nbann.Dense(3),
        nbann.Bidirectional(nbann.LSTM(3, return_sequences=True)),
        nbann.BatchNorm(),
        nbann.Residual([nbann.GRU(3, return_sequences=True), nbann.Dense(6)]),
        nbann.Bidirectional(nbann.GRU(3), merge="sum"),
        nbann.Dense(3),
    ],
}


def trained(layers, samples=X):
    """Return a trainer of sequences with a mask."""
    y = np.random.default_rng(1).integers(0, 3, 12)
    ds = nbann.Dataset(samples, y, mask=MASK)
    trainer = nbann.Trainer(nbann.Sequential(layers), ds, batch_size=5, optimizer="adam")
    trainer.run(epochs=3)
    return trainer


def by_reference(model, **inputs):
    """Return what onnx's own evaluator gives."""
    reference = pytest.importorskip("onnx.reference", reason="the package onnx is not installed")
    with np.errstate(over="ignore", invalid="ignore"):  # its Sigmoid has both branches
        return reference.ReferenceEvaluator(model).run(None, inputs)[0]


@pytest.mark.parametrize("name", NETS)
def test_onnx_takes_the_mask(name):
    trainer = trained(NETS[name]())
    wanted = trainer.predict_proba(X, MASK)
    assert np.abs(wanted - trainer.predict_proba(X)).max() > 1e-4  # the mask matters
    model = nbann.export.to_onnx(trainer, probabilities=True)
    np.testing.assert_allclose(by_reference(model, x=X, mask=MASK), wanted, atol=1e-12)
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (given,) = session.run(None, {"x": X, "mask": MASK})
    np.testing.assert_allclose(given, wanted, atol=1e-12)


def test_tokens_with_a_mask():
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    tokens = RNG.integers(0, 5, (12, 6))
    layers = [nbann.Embedding(5, 3), nbann.LSTM(4, return_sequences=True), nbann.GRU(3)]
    trainer = trained([*layers, nbann.Dense(3)], tokens)
    model = nbann.export.to_onnx(trainer, probabilities=True)
    given = by_reference(model, x=tokens, mask=MASK)
    np.testing.assert_allclose(given, trainer.predict_proba(tokens, MASK), atol=1e-12)


@pytest.mark.torch
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", NETS)
def test_pytorch_takes_the_mask(name):
    import torch

    trainer = trained(NETS[name]())
    module = nbann.export.to_torch(trainer, probabilities=True)
    with torch.no_grad():
        masked = module(torch.tensor(X), torch.tensor(MASK)).numpy()
        plain = module(torch.tensor(X)).numpy()
    np.testing.assert_allclose(masked, trainer.predict_proba(X, MASK), atol=1e-12)
    np.testing.assert_allclose(plain, trainer.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "two directions"])
def test_silenced_neurons_under_a_mask(name):
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    trainer = trained(NETS[name]())
    before = trainer.predict_proba(X, MASK)
    recurrent = [n for n, layer in trainer.model.leaves() if hasattr(layer, "return_sequences")]
    trainer.silence(recurrent[-1], 0)
    wanted = trainer.predict_proba(X, MASK)
    assert np.abs(wanted - before).max() > 1e-5
    model = nbann.export.to_onnx(trainer, probabilities=True)
    np.testing.assert_allclose(by_reference(model, x=X, mask=MASK), wanted, atol=1e-12)
