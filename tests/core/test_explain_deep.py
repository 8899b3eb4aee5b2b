"""A hundred layers, plain and residual, and a long sequence: explained without delay."""

import numpy as np
import pytest

import nbann

from ..counting import calls_of
from .test_very_deep import plain, residual

CALLS = 2e6
"""What the whole of an explanation's text, its central differences included, may take: a second."""
NETS = {"plain": lambda: plain("relu", "he_normal"), "residual": lambda: residual(0)}


@pytest.mark.parametrize("net", NETS)
def test_a_hundred_layers(net):
    trainer = NETS[net]()
    trainer.step("batch", 2)
    text, calls = calls_of(lambda: str(trainer.explain("dense1.weight", (20, 1))))
    assert calls < CALLS
    assert "central difference" in text
    assert "disagrees" not in text
    explained = trainer.explain("dense1.weight.grad", (20, 1))
    backward = sum(op.phase == "backward" for op in explained.ops)
    assert backward > 200  # all of the way from the loss
    assert explained.agrees


@pytest.mark.parametrize("net", NETS)
def test_from_the_first_layer_to_the_loss_level_by_level(net):
    trainer = NETS[net]()
    trainer.step("batch", 2)
    explained, levels = trainer.explain("dense1.weight.grad", (20, 1)), 0
    while explained.kind == "gradient":
        size = sum(abs(term.value) for term in explained.all_terms)
        total = sum(term.value for term in explained.terms) + explained.rest
        assert abs(total - explained.value) <= 1e-12 * size
        assert explained.agrees
        explained, levels = explained.open(0), levels + 1
    assert levels >= 100 - 2 * (net == "residual")
    assert explained.name in ("loss.p", "y.onehot")


def test_paths_through_a_hundred_layers():
    trainer = NETS["plain"]()
    trainer.step("batch", 2)
    found = trainer.explain("dense1.weight.grad", (20, 1)).paths()
    assert all(len(path.entries) == 100 for path in found.paths)
    total = sum(path.value for path in found.paths) + found.rest
    assert total == pytest.approx(trainer["dense1.weight.grad"][20, 1], rel=1e-12)


def test_a_hundred_time_steps():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8, 100, 2)), rng.standard_normal((8, 2))
    model = nbann.Sequential([nbann.LSTM(6), nbann.Dense(2)])
    trainer = nbann.Trainer(model, (X, y), batch_size=None)
    trainer.step("batch")
    text, calls = calls_of(lambda: str(trainer.explain("lstm1.recurrent", (1, 2))))
    assert calls < CALLS
    assert "disagrees" not in text
    early = trainer.explain("lstm1.t3.z.grad", (0, 1))
    assert early.agrees
    assert {term.step for term in early.all_terms} <= {3, 4}  # a level is not all of time
