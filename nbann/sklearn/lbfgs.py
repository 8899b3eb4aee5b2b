"""Training on all samples at once by SciPy's L-BFGS-B, over the program's flat vectors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from sklearn.exceptions import ConvergenceWarning

from nbann.core.optimizers.sgd import SGD

from .net import dataset, trainer_for, weights_of
from .parts import Part
from .reporting import reported_loss
from .tasks import FitTasks


class Stopped(Exception):  # noqa: N818 (not an error: a callback has asked for it)
    """Leaves the optimizer between two iterations; carries where it was."""

    def __init__(self, x: NDArray[np.float64]) -> None:
        self.x = x


class LbfgsFit:
    """One fit of an estimator whose solver is "lbfgs".

    Forward, loss and backward phase of the program give SciPy the loss and its gradient; the
    program's update, a step of plain gradient descent, is not taken.

    Parameters
    ----------
    estimator : estimator
        Its weights are there.
    data : Part
    tasks : FitTasks
    """

    def __init__(self, estimator: Any, data: Part, tasks: FitTasks) -> None:
        self.estimator = estimator
        self.tasks = tasks
        self.trainer = trainer_for(
            estimator,
            dataset(estimator, data.X, data.Y, data.weight),
            SGD(estimator.learning_rate_init),
        )
        self._kernels = [
            kernel for op in self.trainer.program if op.phase != "update" for kernel in op.kernels
        ]
        self._outputs = data.Y.shape[1] if estimator.out_activation_ == "identity" else 1
        self._iterations = 0

    def run(self) -> None:
        """Minimize; leave the weights found in the trainer and the estimator."""
        estimator, state = self.estimator, self.trainer._state
        estimator._trainer = (self.trainer, None)
        estimator.coefs_, estimator.intercepts_ = weights_of(self.trainer)
        self.tasks.begin_iteration()
        try:
            result = minimize(
                self._loss_and_gradient,
                state.theta.copy(),
                method="L-BFGS-B",
                jac=True,
                options={
                    "maxfun": estimator.max_fun,
                    "maxiter": estimator.max_iter,
                    "gtol": estimator.tol,
                },
                callback=self._iteration_done if self.tasks.heard or estimator.verbose else None,
            )
        except Stopped as stop:
            loss, _ = self._loss_and_gradient(stop.x)
            result = OptimizeResult(x=stop.x, fun=loss, nit=self._iterations, status=0)
        self.tasks.end_iteration()  # one that was begun and had nothing left to do
        self._set(result.x)
        self.trainer.program.clear()
        state.keep()  # so that the arithmetic of what is stepped through next can be read
        self.trainer._begin_timeline()
        estimator.n_iter_ = min(result.nit, estimator.max_iter)
        estimator.loss_ = float(result.fun)
        self._warn(result)

    def _loss_and_gradient(self, x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the loss at these weights and its gradient, both as scikit-learn has them."""
        self._set(x)
        with np.errstate(all="ignore"):
            for kernel in self._kernels:
                kernel()
        loss = float(self.trainer.program.arrays["loss"])
        if self._outputs > 1:
            loss = reported_loss(self.trainer, self._outputs)
        return loss, self.trainer._state.grad.astype(np.float64)

    def _set(self, x: NDArray[np.float64]) -> None:
        self.trainer._state.theta[...] = x

    def _iteration_done(self, x: NDArray[np.float64]) -> None:
        """Tell of an iteration, and of the next one; SciPy calls it after each."""
        self._iterations += 1
        self.estimator.n_iter_ = self._iterations
        self._set(x)
        if self.estimator.verbose:
            loss, _ = self._loss_and_gradient(x)
            print(f"Iteration {self._iterations}, loss = {loss:.8f}")
        if self.tasks.end_iteration(self.estimator._fitted_now):
            raise Stopped(x.copy())
        if self._iterations < self.estimator.max_iter:
            self.tasks.begin_iteration()

    def _warn(self, result: OptimizeResult) -> None:
        if result.status == 0:
            return
        iterations = self.estimator.n_iter_
        mend = "Scale the data, e.g. with StandardScaler."
        if iterations == self.estimator.max_iter:
            mend = f"Raise max_iter (now {iterations}), or scale the data."
        warnings.warn(
            f"lbfgs failed to converge after {iterations} iteration(s) (status={result.status}): "
            f"{result.message} {mend}",
            ConvergenceWarning,
            stacklevel=2,
        )
