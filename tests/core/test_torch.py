"""Equality with PyTorch: outputs, gradients and 20 optimizer steps, in float64 to 1e-10."""

import numpy as np
import pytest

import nbann

from .nets import data, make

torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
pytestmark = pytest.mark.torch

SPECS = {
    "dense": [("dense", 3)],
    "linear": [("linear", 3)],
    "sigmoid": [("dense", 5), "sigmoid", ("linear", 3)],
    "tanh": [("linear", 5), "tanh", ("dense", 3)],
    "relu": [("dense", 5), "relu", ("dense", 3)],
    "deep": [("dense", 5), "relu", ("dense", 4), "tanh", ("linear", 4), "sigmoid", ("dense", 3)],
    "sigmoid out": [("dense", 4), "tanh", ("dense", 3), "sigmoid"],
}
RATE = 0.02  # low enough that a summed loss does not explode
OPTIMIZERS = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.8, "nesterov": True},
}


class Twin:
    """The same net in PyTorch, from the same start weights."""

    def __init__(self, spec, loss, trainer, optimizer, l1, l2):
        self.spec, self.loss, self.l1, self.l2 = spec, loss, l1, l2
        self.parameters = [
            torch.tensor(a.copy(), requires_grad=True) for a in trainer.parameters.values()
        ]
        self.optimizer = torch.optim.SGD(self.parameters, lr=RATE, **optimizer)

    def forward(self, X):
        a, parameters = torch.tensor(X), list(self.parameters)
        for part in self.spec:
            if isinstance(part, str):
                a = getattr(torch, part)(a)
            else:
                a = a @ parameters.pop(0)
                if part[0] == "dense":
                    a = a + parameters.pop(0)
        return a

    def value(self, X, y):
        out, y = self.forward(X), torch.tensor(y)
        functional = torch.nn.functional
        if self.loss == "cross_entropy":
            value = functional.cross_entropy(out, y)
        elif self.loss == "mean_squared_error":
            value = functional.mse_loss(out, y)
        else:
            reduction = self.loss.removeprefix("half_")
            value = functional.mse_loss(out, y, reduction=reduction) / 2
        for w in (p for p in self.parameters if p.ndim == 2):
            value = value + self.l1 * w.abs().sum() + self.l2 / 2 * (w * w).sum()
        return value

    def step(self, X, y):
        self.optimizer.zero_grad()
        value = self.value(X, y)
        value.backward()
        gradients = [p.grad.numpy().copy() for p in self.parameters]
        self.optimizer.step()
        return value.item(), gradients


def pair(spec, loss, optimizer="plain", l1=0.0, l2=0.0):
    settings = nbann.SGD(RATE, **OPTIMIZERS[optimizer])
    trainer = make(SPECS[spec], loss, optimizer=settings, l1=l1, l2=l2)
    X, labels, values = data()
    twin = Twin(SPECS[spec], loss, trainer, OPTIMIZERS[optimizer], l1, l2)
    return trainer, twin, X, labels if loss == "cross_entropy" else values


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error", "half_sum", "half_mean"])
@pytest.mark.parametrize("spec", SPECS)
def test_twenty_steps(spec, loss, optimizer):
    trainer, twin, X, y = pair(spec, loss, optimizer)
    for _ in range(20):
        with torch.no_grad():
            output = twin.forward(X).numpy()
        value, gradients = twin.step(X, y)
        trainer.step("batch")
        np.testing.assert_allclose(trainer[trainer.program.output], output, rtol=0, atol=1e-10)
        assert trainer["loss"].item() == pytest.approx(value, abs=1e-10)
        for name, gradient, p in zip(trainer.parameters, gradients, twin.parameters, strict=True):
            np.testing.assert_allclose(trainer[f"{name}.grad"], gradient, rtol=0, atol=1e-10)
            np.testing.assert_allclose(trainer[name], p.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("l1", "l2"), [(0.01, 0.0), (0.0, 0.1), (0.02, 0.05)])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_twenty_steps_with_penalties(optimizer, l1, l2):
    trainer, twin, X, y = pair("deep", "cross_entropy", optimizer, l1, l2)
    for _ in range(20):
        value, gradients = twin.step(X, y)
        trainer.step("batch")
        assert trainer["loss"].item() == pytest.approx(value, abs=1e-10)
        for name, gradient, p in zip(trainer.parameters, gradients, twin.parameters, strict=True):
            np.testing.assert_allclose(trainer[f"{name}.grad"], gradient, rtol=0, atol=1e-10)
            np.testing.assert_allclose(trainer[name], p.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("size", [1e4, -1e4, 50.0, 0.0])
def test_cross_entropy_of_extreme_logits(size):
    """Loss and gradient stay finite and right where exp(z) does not."""
    logits = size * np.array([[1.0, 0.5, -1.0]])
    for label in range(3):
        layer = nbann.Dense(3, weight=logits, bias=False, name="z")
        trainer = nbann.Trainer(nbann.Sequential([layer]), ([[1.0]], [label]))
        trainer.step("phase", 3)
        z = torch.tensor(logits, requires_grad=True)
        value = torch.nn.functional.cross_entropy(z, torch.tensor([label]))
        value.backward()
        assert trainer["loss"].item() == pytest.approx(value.item(), rel=1e-12)
        np.testing.assert_allclose(trainer["z.out.grad"], z.grad.numpy(), rtol=1e-12, atol=1e-300)
