"""The multi-layer perceptron that learns values."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .base import MLP
from .compat import validate_data, with_callbacks
from .losses import loss_for

_SPARSE = ["csr", "csc"]


class MLPRegressor(RegressorMixin, MLP):
    """scikit-learn's `MLPRegressor`, trained by nbann."""

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        super().__init__(
            hidden_layer_sizes,
            activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
        )
        self.loss = loss

    def _validated(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=_SPARSE,
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y.reshape(len(y), -1)

    def _output(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _score(self, X: Any, y: Any, sample_weight: Any) -> float:
        values = self._values(X)
        if not np.isfinite(values).all():
            return float("nan")
        return float(r2_score(y, values, sample_weight=sample_weight))

    # ---- what users call -------------------------------------------------------------------------
    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the net to X and y, from weights drawn anew unless there is `warm_start`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)
            A sparse matrix is made dense to be trained on.
        y : array-like of shape (n,) or (n, outputs)
            Values; at least 0 for ``loss="poisson"``.
        sample_weight : array-like of shape (n,), optional
            What each sample counts, at least 0.

        Returns
        -------
        MLPRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            Parameters out of range, X and y that do not fit each other, weights that are not finite
            any more.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(lambda estimator: estimator._can_fit_partially())
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on, by one epoch over X and y.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        MLPRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            As `fit` does; early stopping.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> NDArray[np.floating]:
        """Return the value of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)

        Returns
        -------
        array of shape (n,) or (n, outputs)
        """
        check_is_fitted(self)
        return self._values(validate_data(self, X, accept_sparse=_SPARSE, reset=False))

    def _values(self, X: Any) -> NDArray[np.floating]:
        """Return the values of X as it stands."""
        values: NDArray[np.floating] = loss_for(self.out_activation_).predict(
            self._outputs(X), "regression"
        )
        return values
