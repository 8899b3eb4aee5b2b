"""What the multi-layer perceptrons share: parameters, fitting, starting weights, pickling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from nbann.core.errors import bad_value

from .compat import CallbackSupportMixin
from .lbfgs import LbfgsFit
from .net import outputs
from .owning import TrainerOwner
from .parameters import STOCHASTIC, as_weights, check_parameters, layer_sizes
from .parts import Part
from .stochastic import StochasticFit
from .tasks import FitTasks


class MLP(TrainerOwner, CallbackSupportMixin, BaseEstimator, ABC):
    """A multi-layer perceptron; subclasses say what its outputs are, and document it."""

    loss: str
    out_activation_: str

    def __init__(
        self,
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun

    # ---- what subclasses say ---------------------------------------------------------------------
    @abstractmethod
    def _validated(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        """Check X and y; return X and the targets as columns."""

    @abstractmethod
    def _output(self) -> str:
        """Return what scikit-learn calls the activation of the output."""

    @abstractmethod
    def _score(self, X: Any, Y: NDArray[Any], sample_weight: Any) -> float:
        """Return what early stopping watches, of X as it stands: higher is better."""

    # ---- fitting ---------------------------------------------------------------------------------
    def _fit(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool) -> Any:
        """Fit, or train on by one epoch."""
        check_parameters(self)
        if incremental and self.early_stopping:
            mend = (
                "partial_fit does not support early_stopping=True: it sets no validation data "
                "aside. Call fit, or set early_stopping=False."
            )
            raise bad_value("early_stopping", "False", "True", mend)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        given = (X, y, sample_weight)
        X, Y = self._validated(X, y, incremental=incremental, reset=first)
        data = Part(X, Y, as_weights(sample_weight, len(Y)))
        self.n_outputs_ = Y.shape[1]
        self._random_state = check_random_state(self.random_state)
        if first:
            self._initialize(X, Y)
        tasks = FitTasks(self, *given, iterations=1 if incremental else self.max_iter)
        tasks.begin()
        try:
            if self.solver in STOCHASTIC:
                StochasticFit(self, data, tasks, first=first, incremental=incremental).run()
            else:
                LbfgsFit(self, data, tasks).run()
        finally:  # the trainer goes its own ways from here: what has been fitted stays
            for name, value in self._fitted_now().items():
                setattr(self, name, value)
        if not all(np.isfinite(w).all() for w in [*self.coefs_, *self.intercepts_]):
            mend = (
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed; or choose a smaller learning_rate_init."
            )
            raise bad_value("weights", "finite numbers after the fit", "NaN or infinity", mend)
        tasks.end()
        return self

    def _initialize(self, X: Any, Y: NDArray[Any]) -> None:
        """Draw the weights, and set what is counted and recorded to its beginning."""
        sizes = [X.shape[1], *layer_sizes(self.hidden_layer_sizes), Y.shape[1]]
        self.n_iter_ = 0
        self.t_ = 0
        self.n_layers_ = len(sizes)
        self.out_activation_ = self._output()
        self.coefs_, self.intercepts_ = [], []
        for fan_in, fan_out in pairwise(sizes):
            coef, intercept = self._drawn(fan_in, fan_out, X.dtype)
            self.coefs_.append(coef)
            self.intercepts_.append(intercept)
        if self.solver in STOCHASTIC:
            self._begin_record()

    def _begin_record(self) -> None:
        """Set what batches, epochs and scores are recorded in to its beginning."""
        self.loss_curve_: list[float] = []
        self._no_improvement_count = 0
        stops = self.early_stopping
        self.best_loss_ = None if stops else np.inf
        self.best_validation_score_ = -np.inf if stops else None
        self.validation_scores_: list[float] | None = [] if stops else None

    def _drawn(
        self, fan_in: int, fan_out: int, dtype: np.dtype[np.floating]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Draw weights and biases of a layer (Glorot & Bengio, AISTATS 2010, equation 16).

        Uniform in ``+-sqrt(6 / (fan_in + fan_out))``; with the logistic function, 2 in place of 6.
        scikit-learn draws the biases likewise, from the same generator and in this order.
        """
        factor = 2.0 if self.activation == "logistic" else 6.0
        bound = np.sqrt(factor / (fan_in + fan_out))
        coef = self._random_state.uniform(-bound, bound, (fan_in, fan_out))
        intercept = self._random_state.uniform(-bound, bound, fan_out)
        return coef.astype(dtype), intercept.astype(dtype)

    def _fitted_now(self) -> Mapping[str, Any]:
        """Return the attributes with which a copy of the estimator predicts as of now."""
        return {
            "coefs_": [coef.copy() for coef in self.coefs_],
            "intercepts_": [intercept.copy() for intercept in self.intercepts_],
        }

    # ---- using -----------------------------------------------------------------------------------
    def _outputs(self, X: Any) -> NDArray[np.floating]:
        """Return what the last layer gives for X as it stands, before the output's activation."""
        return outputs(self.coefs_, self.intercepts_, self.activation, X)

    def _can_fit_partially(self) -> bool:
        if self.solver not in STOCHASTIC:
            raise AttributeError(
                f"partial_fit: expected solver 'adam' or 'sgd', which train in batches; received "
                f"{self.solver!r}. Use one of them, or fit."
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
