"""Trains the net of `make_optimizers.py` in nbann, and works out what its update ops show."""

import itertools

import numpy as np
import pytest

import nbann

from ..goldens.make_optimizers import BATCH, CASES, data
from . import sums


def optimizer_of(case):
    """Return nbann's optimizer of a case."""
    kind, settings, rate = CASES[case]
    return getattr(nbann, kind)(learning_rate=rate_of(rate), **settings)


def rate_of(rate):
    """Return a number, or the schedule of a (name, settings) pair."""
    if isinstance(rate, float):
        return rate
    name, settings = rate
    then = {"then": rate_of(settings["then"])} if "then" in settings else {}
    return getattr(nbann.schedules, name)(**settings | then)


def trainer_of(optimizer, **settings):
    """Return a trainer of the goldens' net; `optimizer` may be the name of a case."""
    if isinstance(optimizer, str):
        optimizer = optimizer_of(optimizer)
    X, y, (W1, b1, W2, b2) = data()
    layers = [nbann.Dense(4, weight=W1, bias=b1), nbann.Tanh(), nbann.Dense(3, weight=W2, bias=b2)]
    settings = {"batch_size": BATCH, "shuffle": False} | settings
    return nbann.Trainer(nbann.Sequential(layers), (X, y), optimizer=optimizer, **settings)


def theta(trainer):
    """Return all parameters as one vector."""
    return np.concatenate([array.reshape(-1) for array in trainer.parameters.values()])


def check_arithmetic(trainer, op, *, single=False):
    """Assert that an op's arithmetic gives what it wrote, as a tree and as printed."""
    near = {"rel": 2e-6, "abs": 1e-7} if single else {"rel": 1e-9, "abs": 1e-12}
    for name in op.writes:
        array = trainer[name]
        for place in itertools.islice(np.ndindex(*array.shape), 0, None, 5):
            equation, value = op.arithmetic(place, name), float(array[place])
            assert np.isfinite(value)
            assert equation.value() == pytest.approx(value, **near), equation
            assert equation.left.value() == value
            if not single:
                sums.check(str(equation), value, digits=4)
                exact = sums.check(equation.text(digits=17, terms=None), value, digits=17)
                assert exact.value == pytest.approx(value, **near)
