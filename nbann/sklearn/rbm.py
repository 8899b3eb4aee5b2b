"""`BernoulliRBM` with scikit-learn's interface and numbers, trained by a program of nbann's."""

from __future__ import annotations

import time
import warnings
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from nbann.core.boltzmann.energy import Energy
from nbann.core.checks import number_in, whole_number
from nbann.core.streams import set_state, state_of
from nbann.core.trainer import Trainer

from .compat import validate_data
from .net import SPARSE_CHUNK
from .parameters import check_verbose
from .rbm_net import feed, take_over, trainer_for

Floats = NDArray[np.floating]


class BernoulliRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A restricted Boltzmann machine: scikit-learn's `BernoulliRBM`, trained by nbann.

    Learns by persistent contrastive divergence with one step of Gibbs sampling, which is also
    called stochastic maximum likelihood (Tieleman, ICML 2008). From the same `random_state` it
    draws what scikit-learn's draws, and comes to the same numbers.

    Parameters
    ----------
    n_components : int
        Hidden units, at least 1.
    learning_rate : float
        Step size, above 0.
    batch_size : int
        Samples in a batch, and chains, at least 1.
    n_iter : int
        Epochs of a fit, at least 0.
    verbose : int or bool
        Print the pseudo-likelihood after each epoch.
    random_state : int, RandomState or None
        Of the start weights, of the sampling, and of the flipped bits when scoring.

    Attributes
    ----------
    components_ : array of shape (n_components, n_features)
    intercept_hidden_ : array of shape (n_components,)
    intercept_visible_ : array of shape (n_features,)
    h_samples_ : array of shape (batch_size, n_components)
        The hidden states of the chains.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X had names.
    trainer_ : nbann.Trainer
        That has trained it, to be stepped through.

    Examples
    --------
    >>> from nbann.sklearn import BernoulliRBM
    >>> X = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
    >>> BernoulliRBM(n_components=2, random_state=0).fit(X).transform(X).shape
    (4, 2)
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: Any = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state

    # ---- fitting ---------------------------------------------------------------------------------
    def fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Fit from new weights.

        Parameters
        ----------
        X : array or sparse matrix of shape (n, n_features)
            In [0, 1]; other numbers are warned of, and taken as scikit-learn takes them.
        y : None
            Not used.
        """
        self._check_parameters()
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32))
        _check_range(X)
        rng = check_random_state(self.random_state)
        self._begin(X.shape[1], X.dtype, rng)
        trainer = trainer_for(self, X, state_of(rng), self.batch_size)
        self._trainer: tuple[Trainer, Any] = (trainer, None)
        if self.verbose:
            self._run_aloud(trainer, X)
        elif self.n_iter:
            self._run(trainer, self.n_iter)
        take_over(self, trainer)
        set_state(rng, state_of(trainer._state.streams["rbm"]))
        return self

    def _run(self, trainer: Trainer, epochs: int) -> None:
        target = trainer.position.epoch + epochs
        while trainer.position.epoch < target:  # a hook may pause it; a fit goes on
            trainer.run(target - trainer.position.epoch)

    def _run_aloud(self, trainer: Trainer, X: Any) -> None:
        """Run epoch by epoch, and print what comes of it."""
        begin = time.perf_counter()
        for epoch in range(1, self.n_iter + 1):
            self._run(trainer, 1)
            take_over(self, trainer)
            # a copy: what is printed draws nothing of the fit's
            flips = deepcopy(check_random_state(self.random_state))
            likelihood = self._pseudo_likelihood(X, flips).mean()
            end = time.perf_counter()
            print(
                f"[{type(self).__name__}] Iteration {epoch}, pseudo-likelihood = "
                f"{likelihood:.2f}, time = {end - begin:.2f}s"
            )
            begin = end

    def partial_fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Take one step on all of X, from where weights, chains and generator have been left.

        Parameters
        ----------
        X : array or sparse matrix of shape (n, n_features)
        y : None
            Not used.
        """
        self._check_parameters()
        first = not hasattr(self, "components_")
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=first)
        _check_range(X)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        if first:
            self._begin(X.shape[1], X.dtype, self.random_state_)
        stream = state_of(self.random_state_)
        last, last_made_of = getattr(self, "_trainer", (None, None))
        made_of = (
            X.shape,
            self.components_.dtype,
            self.h_samples_.shape,
            float(self.learning_rate),
            stream["bit_generator"],
        )
        if last is not None and last_made_of == made_of:
            feed(last, self, X, stream)
        else:
            self._trainer = (trainer_for(self, X, stream, None), made_of)
        trainer = self._trainer[0]
        self._run(trainer, 1)
        take_over(self, trainer)
        set_state(self.random_state_, state_of(trainer._state.streams["rbm"]))
        return self

    def _begin(self, features: int, dtype: Any, rng: np.random.RandomState) -> None:
        """Draw the weights, and set biases and chains to 0."""
        shape = (self.n_components, features)
        self.components_ = np.asarray(rng.normal(0, 0.01, shape), order="F", dtype=dtype)
        self._n_features_out = self.n_components
        self.intercept_hidden_ = np.zeros(self.n_components, dtype)
        self.intercept_visible_ = np.zeros(features, dtype)
        self.h_samples_ = np.zeros((self.batch_size, self.n_components), dtype)

    def _check_parameters(self) -> None:
        whole_number("n_components", self.n_components, least=1)
        number_in("learning_rate", self.learning_rate, above=0.0)
        whole_number("batch_size", self.batch_size, least=1)
        whole_number("n_iter", self.n_iter, least=0)
        check_verbose("verbose", self.verbose)

    # ---- using -----------------------------------------------------------------------------------
    @property
    def _energy(self) -> Energy:
        return Energy(self.components_.T, self.intercept_visible_, self.intercept_hidden_)

    def transform(self, X: Any) -> Floats:
        """Return the hidden probabilities, ``p(h = 1 | v = X)``, shape (n, n_components).

        Parameters
        ----------
        X : array or sparse matrix of shape (n, n_features)
        """
        check_is_fitted(self)
        dtypes = (np.float64, np.float32)
        X = validate_data(self, X, accept_sparse="csr", reset=False, dtype=dtypes)
        return self._energy.hidden(X)

    def gibbs(self, v: Any) -> NDArray[np.bool_]:
        """Return visible states after one step of Gibbs sampling, shape (n, n_features).

        Parameters
        ----------
        v : array of shape (n, n_features)
            Where it begins.
        """
        check_is_fitted(self)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        states = v if sparse.issparse(v) else np.asarray(v)
        for chances in (self._energy.hidden, self._energy.visible):
            chance = chances(states)
            states = self.random_state_.uniform(size=chance.shape) < chance
        return states

    def score_samples(self, X: Any) -> Floats:
        """Return the pseudo-likelihood of each sample, shape (n,): one bit of each is flipped.

        Parameters
        ----------
        X : array or sparse matrix of shape (n, n_features)
            Of 0 and 1; as in scikit-learn, that is not checked.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return self._pseudo_likelihood(X, check_random_state(self.random_state))

    def _pseudo_likelihood(self, X: Any, rng: np.random.RandomState) -> Floats:
        count, width = X.shape
        flips = rng.randint(0, width, count)
        if not sparse.issparse(X):
            return self._energy.pseudo_likelihood(X, flips)
        rows = max(1, SPARSE_CHUNK // width)
        parts = [slice(start, start + rows) for start in range(0, count, rows)]
        energy, X = self._energy, X.tocsr()
        return np.concatenate([energy.pseudo_likelihood(X[p].toarray(), flips[p]) for p in parts])

    @property
    def trainer_(self) -> Trainer:
        """The `nbann.Trainer` that has trained this estimator, to be stepped through.

        ``reset()`` goes back to the start weights, and training on to the same numbers. The
        estimator stays as it was fitted. It is not there in one that was copied or loaded.
        """
        if "_trainer" not in self.__dict__:
            raise AttributeError(
                f"trainer_: expected a {type(self).__name__} fitted in this session; received one "
                f"that is not fitted, or was copied or loaded. Call fit or partial_fit."
            )
        return self._trainer[0]

    @trainer_.deleter
    def trainer_(self) -> None:
        """Free the training data; the fitted weights stay."""
        self.__dict__.pop("_trainer", None)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the trainer behind: it holds the training data and lives where it was made."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_trainer"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_range(X: Any) -> None:
    """Warn of numbers that no unit's probability can be; scikit-learn takes them without a word."""
    least, most = float(X.min()), float(X.max())
    if least < 0 or most > 1:
        warnings.warn(
            f"BernoulliRBM: expected X in [0, 1], the probabilities of units that are on; received "
            f"numbers from {least:g} to {most:g}. Scale it, e.g. with MinMaxScaler.",
            stacklevel=3,
        )
