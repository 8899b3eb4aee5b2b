"""Runs a loss by itself: the output is the parameter, so that its gradient is all there is."""

import numpy as np

import nbann
from nbann.core.builder import Builder
from nbann.core.expr import Symbol
from nbann.core.losses.registry import TARGET_SYMBOLS
from nbann.core.state import Parameter, State

from ..goldens.make_losses import CASES

FOR_CLASSES = ("CrossEntropy", "BinaryCrossEntropy", "Hinge", "PerceptronLoss")


def loss_of(case):
    """Return nbann's loss of a case of `make_losses.py`."""
    name, settings, *_ = CASES[case]
    return getattr(nbann, name)(**settings)


class Run:
    """A program whose output z is trained by plain SGD."""

    def __init__(self, loss, z, y, weight=None, *, task=None, rate=0.5, dtype="float64"):
        z = np.asarray(z, float)
        if task is None:
            task = "classification" if type(loss).__name__ in FOR_CLASSES else "regression"
        self.targets = loss.targets(np.asarray(y), task, z.shape[1:], "y", weight)
        optimizer = nbann.SGD(rate)
        parameter = Parameter("out.z", z.shape, z, Symbol("z"), penalized=False)
        dtype = np.dtype(dtype)
        self.state = State([parameter], dtype, optimizer.vectors, optimizer.hyper())
        self.state.initialize(0, optimizer.hyper())
        b = Builder(self.state, len(z))
        for name, array in self.targets.items():
            array = array.astype(dtype) if array.dtype.kind == "f" else array
            b.input(name, array, TARGET_SYMBOLS[name], bound=True)
        b.program.output = "out.z"
        b.loss(loss, None)
        b.backward(None)
        b.update(optimizer)
        self.program = b.finish()

    def step(self, *, update=True):
        """Run every op; return the loss and its gradient."""
        self.state.keep()
        with np.errstate(all="ignore"):
            for op in self.program:
                if update or op.phase != "update":
                    for kernel in op.kernels:
                        kernel()
        self.program.done = len(self.program) - (not update)
        arrays = self.program.arrays
        return float(arrays["loss"]), arrays["out.z.grad"].copy()

    def loss_at(self, z):
        """Return the loss at another output."""
        self.state.theta[...] = np.asarray(z, float).reshape(-1)
        return self.step(update=False)[0]

    @property
    def z(self):
        return self.program.arrays["out.z"]


def value(loss, z, y, weight=None, **settings):
    """Return loss and gradient of one output."""
    return Run(loss, z, y, weight, **settings).step(update=False)
