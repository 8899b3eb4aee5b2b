"""What a trainer says of samples beside its predictions; imports the core's own parts only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import number_in
from .errors import UnknownNameError
from .losses.loss import Loss
from .recipe import Samples
from .scoring.evaluate import Evaluator


class Predicting(ABC):
    """The part of `Trainer` that says how sure predictions are, and what a net has inside."""

    _evaluator: Evaluator

    @property
    @abstractmethod
    def loss(self) -> Loss:
        """The loss as given."""

    @abstractmethod
    def _inputs(self, X: Any, what: str, mask: Any) -> Samples:
        """Check samples against the net."""

    def predict_std(self, X: Any, mask: Any = None) -> NDArray[np.floating]:
        """Return the standard deviation that a net trained with `GaussianNLL` gives each target.

        Parameters
        ----------
        X, mask
            As for `predict`.

        Returns
        -------
        array of shape (n,) or (n, k)

        Raises
        ------
        ValueError
            As `predict` does, or a loss that learns none.
        """
        samples = self._inputs(X, "predict_std", mask)
        with np.errstate(all="ignore"):
            return self.loss.std(self._evaluator.outputs(samples))

    def predict_quantile(self, X: Any, q: float, mask: Any = None) -> NDArray[np.floating]:
        """Return the value that each target stays below with probability q.

        Parameters
        ----------
        X, mask
            As for `predict`.
        q : float
            In (0, 1); after training with `Pinball` one of its quantiles, with `GaussianNLL` any.

        Returns
        -------
        array of shape (n,) or (n, k)

        Raises
        ------
        ValueError
            As `predict` does, or a loss that has not learned this quantile.
        """
        q = number_in("q", q, above=0.0, below=1.0)
        samples = self._inputs(X, "predict_quantile", mask)
        with np.errstate(all="ignore"):
            return self.loss.quantile(self._evaluator.outputs(samples), q)

    def predict_interval(
        self, X: Any, level: float = 0.9, mask: Any = None
    ) -> NDArray[np.floating]:
        """Return the bounds between which each target lies with probability `level`.

        They are the quantiles ``(1 - level) / 2`` and ``(1 + level) / 2``.

        Parameters
        ----------
        X, mask
            As for `predict`.
        level : float
            In (0, 1); after training with ``Pinball([0.1, 0.9])`` 0.8.

        Returns
        -------
        array of shape (n, 2) or (n, k, 2)

        Raises
        ------
        ValueError
            As `predict` does, or a loss that has not learned these quantiles.
        """
        level = number_in("level", level, above=0.0, below=1.0)
        outputs = self._evaluator.outputs(self._inputs(X, "predict_interval", mask))
        with np.errstate(all="ignore"):
            return self.loss.interval(outputs, level)

    def activations(self, name: str, X: Any, mask: Any = None) -> NDArray[Any]:
        """Return what an array of the forward pass holds for samples, such as "hidden.out".

        The run is not touched, and the arrays of the loaded batch stay as they are. It is the
        forward pass of a prediction: nothing drops out, no noise is added.

        Parameters
        ----------
        name : str
            Of an array that is computed when predicting.
        X, mask
            As for `predict`.

        Returns
        -------
        array of shape (n, ...)

        Raises
        ------
        UnknownNameError
            No array of that name is computed when predicting.
        ValueError
            As `predict` does.
        """
        found = []
        for program in self._evaluator.passes(self._inputs(X, "activations", mask)):
            if name not in program.writer:
                raise UnknownNameError("array of a prediction", name, program.writer)
            found.append(program.arrays[name].copy())
        return np.concatenate(found)
