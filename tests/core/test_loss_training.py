"""Losses in a net that trains by batches: 20 steps as PyTorch takes them, scores of all rows."""

import numpy as np
import pytest

import nbann
from nbann.core.scoring import evaluate

from ..goldens.make_losses import CASES, draw, reference
from .loss_runs import FOR_CLASSES, loss_of

torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
pytestmark = pytest.mark.torch

ROWS, BATCH, RATE = 13, 5, 0.05


def trained(case):
    """Return a trainer on a case's targets, with X, y and the weight it was given."""
    name, _, _, shape, kind = CASES[case]
    rng = np.random.default_rng(12)
    X = rng.standard_normal((ROWS, *shape[:-1], 3))
    _, y, weight = draw(case, rng, ROWS)
    extra = {} if kind is None else {"mask" if kind == "mask" else "weight": weight}
    many_labels = y.ndim > 1 and y.shape == (ROWS, *shape)
    task = "classification" if name in FOR_CLASSES and not many_labels else "regression"
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(shape[-1])])
    data = nbann.Dataset(X, y, task=task, **extra)
    trainer = nbann.Trainer(
        net, data, loss=loss_of(case), optimizer=nbann.SGD(RATE), batch_size=BATCH,
        shuffle=False, metrics=[],
    )  # fmt: skip
    return trainer, X, y, weight


def output_of(parameters, X):
    w1, b1, w2, b2 = parameters
    return torch.tanh(torch.tensor(X) @ w1 + b1) @ w2 + b2


@pytest.mark.parametrize("case", CASES)
def test_twenty_steps_by_batches(case):
    trainer, X, y, weight = trained(case)
    twins = [torch.tensor(a.copy(), requires_grad=True) for a in trainer.parameters.values()]
    optimizer = torch.optim.SGD(twins, lr=RATE)
    starts = range(0, ROWS, BATCH)
    for step in range(20):
        rows = slice(starts[step % 3], starts[step % 3] + BATCH)
        optimizer.zero_grad()
        of_rows = None if weight is None else weight[rows]
        loss = reference(case, output_of(twins, X[rows]), y[rows], of_rows)
        loss.backward()
        optimizer.step()
        trainer.step("batch")
        assert trainer["loss"].item() == pytest.approx(loss.item(), abs=1e-10)
        for name, twin in zip(trainer.parameters, twins, strict=True):
            np.testing.assert_allclose(trainer[f"{name}.grad"], twin.grad, rtol=0, atol=1e-10)
            np.testing.assert_allclose(trainer[name], twin.detach(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("chunk", [4096, 4])
@pytest.mark.parametrize("case", CASES)
def test_the_score_is_the_loss_of_all_rows(case, chunk, monkeypatch):
    monkeypatch.setattr(evaluate, "CHUNK", chunk)
    trainer, X, y, weight = trained(case)
    trainer.run(2)
    with torch.no_grad():
        parameters = [torch.tensor(a) for a in trainer.parameters.values()]
        expected = reference(case, output_of(parameters, X), y, weight).item()
    assert trainer.evaluate(trainer.train_data)["loss"] == pytest.approx(expected, rel=1e-12)
    assert trainer.history["train_loss"][-1] == pytest.approx(expected, rel=1e-12)


def test_float32_trains_as_pytorch_does():
    trainer, X, y, _ = trained("ce smooth class")
    small = nbann.Trainer(
        nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(3)]), (X, y),
        loss=loss_of("ce smooth class"), batch_size=None, dtype="float32", metrics=[],
    )  # fmt: skip
    parameters = [torch.tensor(a) for a in small.parameters.values()]
    small.step("phase", 2)
    expected = reference("ce smooth class", output_of(parameters, X.astype(np.float32)), y, None)
    assert small["loss"].dtype == np.float32
    assert small["loss"].item() == pytest.approx(expected.item(), rel=1e-6)
    assert trainer["loss"].dtype == np.float64
