"""Nets drawn at random: whatever layers follow one another, every export gives nbann's numbers."""

import importlib.util

import numpy as np
import pytest

import nbann

HAS_TORCH = importlib.util.find_spec("torch") is not None
ACTIVATIONS = ["Tanh", "ReLU", "Sigmoid", "GELU", "SELU", "SiLU", "Softplus", "ELU", "Softmax"]


def drawn_layers(rng, depth):
    """Return one or two layers, blocks of such among them."""
    found = []
    for _ in range(rng.integers(1, 3)):
        kind = rng.integers(7)
        if kind == 0:
            inside = drawn_layers(rng, depth - 1) if depth else [nbann.Dense(3), nbann.Tanh()]
            found.append(nbann.Residual(inside))
        elif kind < 4:
            found.append([nbann.LayerNorm(), nbann.BatchNorm(), nbann.Dense(4)][kind - 1])
        else:
            activation = getattr(nbann, ACTIVATIONS[rng.integers(len(ACTIVATIONS))])()
            found += [nbann.Dense(int(rng.integers(2, 6)), bias=bool(rng.integers(2))), activation]
    return found


def drawn_recurrent(rng, sequences):
    """Return a recurrent layer, of one direction or both."""
    cls = [nbann.RNN, nbann.LSTM, nbann.GRU][rng.integers(3)]
    units, bias = int(rng.integers(2, 5)), bool(rng.integers(2))
    if rng.integers(2):
        layer = cls(units, return_sequences=sequences, bias=bias)
        return nbann.Bidirectional(layer, merge=["sum", "concatenate"][rng.integers(2)])
    return cls(units, return_sequences=sequences, bias=bias, reverse=bool(rng.integers(2)))


def drawn(seed):
    """Return a trainer of a drawn net, trained for some epochs, and its samples."""
    rng = np.random.default_rng(seed)
    kind = seed % 3
    shape = [(4,), (5, 3), (5,)][kind]
    layers = [nbann.Embedding(6, 3)] if kind == 2 else []
    layers += drawn_layers(rng, 2)
    if kind:
        layers += [drawn_recurrent(rng, True), *drawn_layers(rng, 1)]
        layers += [drawn_recurrent(rng, False)] if rng.integers(2) else [nbann.Flatten()]
    layers += [*drawn_layers(rng, 1), nbann.Dense(3)]
    size = (21, *shape)
    X = rng.integers(0, 6, size) if kind == 2 else rng.standard_normal(size)
    trainer = nbann.Trainer(
        nbann.Sequential(layers),
        (X, rng.integers(0, 3, 21)),
        batch_size=7,
        optimizer=nbann.SGD(0.05, 0.5),
        seed=seed,
    )
    trainer.run(epochs=2)
    return trainer, X


@pytest.mark.parametrize("seed", range(12))
def test_numpy_and_onnx(seed):
    onnx = pytest.importorskip("onnx.reference", reason="the package onnx is not installed")
    trainer, X = drawn(seed)
    wanted = trainer.predict_proba(X)
    made = {}
    exec(nbann.export.to_code(trainer, "numpy"), made)
    np.testing.assert_allclose(made["predict_proba"](X), wanted, rtol=0, atol=1e-9)
    model = nbann.export.to_onnx(trainer, probabilities=True)
    with np.errstate(over="ignore", invalid="ignore"):  # its Sigmoid has both branches
        (given,) = onnx.ReferenceEvaluator(model).run(None, {"x": X})
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-12)


@pytest.mark.torch
@pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")
@pytest.mark.parametrize("seed", range(12))
def test_pytorch(seed):
    import torch

    trainer, X = drawn(seed)
    wanted = trainer.predict_proba(X)
    made = {}
    exec(nbann.export.to_code(trainer, "torch"), made)
    np.testing.assert_allclose(made["predict_proba"](X), wanted, rtol=0, atol=1e-9)
    with torch.no_grad():
        given = nbann.export.to_torch(trainer, probabilities=True)(torch.tensor(X)).numpy()
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-12)
