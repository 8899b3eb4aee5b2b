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
    """A multi-layer perceptron for values: scikit-learn's `MLPRegressor`, trained by nbann.

    Minimizes half the squared error, or half the Poisson deviance. With the same `random_state` its
    numbers are scikit-learn's (see docs/sklearn.md), and so are its parameters, attributes and
    rules for when to stop.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}
        "poisson" is for counts and rates, y of at least 0; the output is then their logarithm.
    hidden_layer_sizes : tuple of int
        Neurons of each hidden layer, at least 1 each; () for none, which leaves a linear model. A
        number stands for one layer.
    activation : {"identity", "logistic", "tanh", "relu"}
        Of the hidden layers.
    solver : {"adam", "sgd", "lbfgs"}
        Adam (Kingma & Ba, ICLR 2015, with epsilon as at the end of section 2) and gradient descent
        with momentum train in batches. L-BFGS-B (Byrd, Lu, Nocedal & Zhu, SIAM J. Sci. Comput. 16,
        1995; SciPy's) looks at all samples at once, and suits small data.
    alpha : float
        L2 penalty, at least 0: the loss grows by ``alpha / (2n) * sum of squared weights``, n being
        the samples of a batch or what they weigh together.
    batch_size : int or "auto"
        Samples in a batch, at least 1; "auto" is the smaller of 200 and all.
    learning_rate : {"constant", "invscaling", "adaptive"}
        For "sgd". "invscaling": ``learning_rate_init / (t + 1)**power_t`` after each epoch, with t
        the samples seen. "adaptive": a fifth of it whenever training has stopped improving.
    learning_rate_init : float
        Above 0; for "sgd" and "adam".
    power_t : float
        At least 0; for "invscaling".
    max_iter : int
        Epochs, or iterations of L-BFGS, at most; at least 1.
    shuffle : bool
        Draw a new order of the samples for each epoch.
    random_state : int, RandomState or None
        Of the start weights, of what is set aside for early stopping, and of the order.
    tol : float
        What counts as an improvement, at least 0; for "lbfgs" the largest slope at the end.
    verbose : bool or int
        Print the loss of each epoch.
    warm_start : bool
        Let `fit` go on from the weights of the last.
    momentum : float
        Share of the last step that is kept, in [0, 1]; for "sgd".
    nesterovs_momentum : bool
        Look ahead (Sutskever et al., ICML 2013); for "sgd".
    early_stopping : bool
        Set `validation_fraction` of the samples aside, stop when the score on them does not
        improve, and keep the weights of the best.
    validation_fraction : float
        In [0, 1), at least 2 samples.
    beta_1, beta_2 : float
        Share of each moving average that is kept, in [0, 1); for "adam".
    epsilon : float
        Keeps Adam's quotient finite, above 0.
    n_iter_no_change : int or numpy.inf
        Epochs without an improvement that are borne, at least 1.
    max_fun : int
        Evaluations of the loss, at least 1; for "lbfgs".

    Attributes
    ----------
    trainer_ : nbann.Trainer
        What has trained it, to be stepped through; see the property.
    coefs_, intercepts_ : list of ndarray
        Weights (inputs, neurons) and biases (neurons,) of each layer.
    loss_ : float
        The last epoch's mean loss.
    loss_curve_ : list of float
        Every epoch's; not for "lbfgs".
    best_loss_ : float or None
        The smallest of them; None with early stopping.
    validation_scores_, best_validation_score_ : list of float, float; or None
        R squared on what is set aside, after each epoch; None without early stopping.
    n_iter_ : int
        Epochs, or iterations of L-BFGS, of the last fit.
    t_ : int
        Samples seen in training.
    n_layers_, n_outputs_, n_features_in_ : int
        Layers (input and output included), neurons of the output, columns of X.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has them.
    out_activation_ : str
        "identity", or "exp" with the Poisson loss.

    Examples
    --------
    >>> from nbann.sklearn import MLPRegressor
    >>> X, y = [[-1.0], [0.0], [1.0], [2.0]], [1.0, 0.0, 1.0, 4.0]
    >>> net = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", random_state=0).fit(X, y)
    >>> round(net.score(X, y), 3)
    1.0
    """

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

    def _score(self, X: Any, Y: Any, sample_weight: Any) -> float:
        """Return R squared, the mean over the outputs; NaN once a value is not finite."""
        values = self._values(X)
        if not np.isfinite(values).all():
            return float("nan")
        return float(r2_score(Y, values, sample_weight=sample_weight))

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
