"""The autoencoder as a transformer: codes of samples, and samples of codes."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted

from nbann.core.checks import number_in, whole_number
from nbann.core.data.dataset import Dataset
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.layers.activity_penalty import ActivityPenalty
from nbann.core.layers.dense import Dense
from nbann.core.layers.dense_transpose import DenseTranspose
from nbann.core.layers.layer import Layer
from nbann.core.layers.noise import GaussianNoise, MaskingNoise
from nbann.core.models.autoencoder import Autoencoder as Net
from nbann.core.optimizers.adaptive import Adam
from nbann.core.optimizers.sgd import SGD, Optimizer
from nbann.core.trainer import Trainer

from .compat import validate_data
from .net import ACTIVATIONS, FUNCTIONS, TIMELINE_MEMORY, outputs
from .owning import TrainerOwner
from .parameters import STOCHASTIC, check_parameters, layer_sizes


class Autoencoder(  # type: ignore[misc]  # scikit-learn's bases have no types
    TrainerOwner, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Codes of a few numbers for samples of many, from which the samples can be given back.

    A net that is trained to give back its input through `n_components` neurons, with the mean
    squared error (Hinton & Salakhutdinov, Science 313, 2006). `transform` is the encoder,
    `inverse_transform` the decoder: the encoder mirrored, with a linear output. Without hidden
    layers and with ``code_activation="identity"`` it finds the space of PCA.

    Parameters
    ----------
    n_components : int
        Neurons of the code, at least 1.
    hidden_layer_sizes : tuple of int
        Neurons of the encoder's hidden layers, in order; the decoder has them the other way round.
        () for none. A number stands for one layer.
    activation : {"identity", "logistic", "tanh", "relu"}
        Of the hidden layers.
    code_activation : {"identity", "logistic", "tanh", "relu"}
    tied : bool
        Let the decoder use the encoder's matrices, transposed (Vincent et al., ICML 2008).
    noise : float
        Standard deviation of normal noise on what the encoder sees in training, at least 0.
    masking : float
        Share of the input that is set to 0 in training, in [0, 1). One of both makes a denoising
        autoencoder.
    sparsity : float
        What an active code costs, at least 0: a factor of L1, or with `sparsity_target` the beta of
        a sparse autoencoder (Ng, CS294A lecture notes, 2011).
    sparsity_target : float or None
        Its rho in (0, 1): the average activity of each neuron that is aimed at, for
        ``code_activation="logistic"``.
    solver : {"adam", "sgd"}
    alpha : float
        L2 penalty, at least 0: the loss grows by ``alpha / (2n) * sum of squared weights``, n being
        the samples of a batch.
    batch_size : int or "auto"
        Samples in a batch, at least 1; "auto" is the smaller of 200 and all.
    learning_rate_init : float
        Above 0.
    max_iter : int
        Epochs at most, at least 1.
    shuffle : bool
        Draw a new order of the samples for each epoch.
    random_state : int, RandomState or None
        Of the start weights, the order and the noise.
    tol : float
        By how much the loss of an epoch must be lower than the best to count as an improvement.
    n_iter_no_change : int or numpy.inf
        Epochs without an improvement that are borne, at least 1.
    momentum : float
        Share of the last step that is kept, in [0, 1); for "sgd".
    verbose : bool or int
        Print the loss of each epoch.

    Attributes
    ----------
    trainer_ : nbann.Trainer
        What has trained it, to be stepped through; see the property.
    coefs_, intercepts_ : list of ndarray
        Weights (inputs, neurons) and biases (neurons,) of each layer, the decoder's after the
        encoder's.
    loss_ : float
        The last epoch's mean loss, penalties included.
    loss_curve_ : list of float
        Every epoch's.
    n_iter_, n_layers_, n_features_in_ : int
        Epochs, layers (input and output included), columns of X.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nbann.sklearn import Autoencoder
    >>> X = load_digits().data / 16
    >>> net = Autoencoder(2, (32,), learning_rate_init=0.01, tol=0.001, random_state=0).fit(X)
    >>> net.transform(X).shape, bool(net.score(X) > -0.05)
    ((1797, 2), True)
    """

    def __init__(
        self,
        n_components: int = 2,
        hidden_layer_sizes: Any = (100,),
        *,
        activation: str = "relu",
        code_activation: str = "identity",
        tied: bool = False,
        noise: float = 0.0,
        masking: float = 0.0,
        sparsity: float = 0.0,
        sparsity_target: float | None = None,
        solver: str = "adam",
        alpha: float = 0.0,
        batch_size: Any = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        n_iter_no_change: float = 10,
        momentum: float = 0.9,
        verbose: Any = False,
    ) -> None:
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.code_activation = code_activation
        self.tied = tied
        self.noise = noise
        self.masking = masking
        self.sparsity = sparsity
        self.sparsity_target = sparsity_target
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.momentum = momentum
        self.verbose = verbose

    # ---- what users call -------------------------------------------------------------------------
    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit encoder and decoder to X, from weights drawn anew.

        Parameters
        ----------
        X : array-like of shape (n, features)
        y : ignored

        Returns
        -------
        Autoencoder
            The estimator itself.

        Raises
        ------
        ValueError
            Parameters out of range, or weights that are not finite any more.
        """
        self._check()
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        trainer = self._made(X)
        self._trainer = (trainer,)
        self._train(trainer)
        self._read(trainer)
        if not all(np.isfinite(w).all() for w in [*self.coefs_, *self.intercepts_]):
            mend = "Scale the data, or choose a smaller learning_rate_init."
            raise bad_value("weights", "finite numbers after the fit", "NaN or infinity", mend)
        return self

    def transform(self, X: Any) -> NDArray[np.floating]:
        """Return the code of each sample.

        Parameters
        ----------
        X : array-like of shape (n, features)

        Returns
        -------
        array of shape (n, n_components)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return self._encoded(X)

    def inverse_transform(self, X: Any) -> NDArray[np.floating]:
        """Return what the decoder makes of codes.

        Parameters
        ----------
        X : array-like of shape (n, n_components)

        Returns
        -------
        array of shape (n, features)
        """
        check_is_fitted(self)
        code = check_array(X, dtype=(np.float64, np.float32))
        if code.shape[1] != self._n_features_out:
            mend = "Pass what transform returns."
            expected = f"{self._n_features_out} columns, one for each neuron of the code"
            raise bad_value("inverse_transform X", expected, f"{code.shape[1]}", mend)
        return self._decoded(code)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean squared error of what is given back of X, times -1: higher is better.

        Parameters
        ----------
        X : array-like of shape (n, features)
        y : ignored
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return -float(np.mean((self._decoded(self._encoded(X)) - X) ** 2))

    # ---- fitting ---------------------------------------------------------------------------------
    def _check(self) -> None:
        check_parameters(self)
        whole_number("n_components", self.n_components, least=1)
        if self.solver not in STOCHASTIC:
            raise UnknownNameError("solver", self.solver, STOCHASTIC)
        if not isinstance(self.code_activation, str) or self.code_activation not in _NAMES:
            raise UnknownNameError("code_activation", self.code_activation, _NAMES)
        if not isinstance(self.tied, (bool, np.bool_)):
            raise bad_value("tied", "True or False", repr(self.tied), "Pass e.g. tied=True.")
        number_in("noise", self.noise, least=0.0)
        number_in("masking", self.masking, least=0.0, below=1.0)
        number_in("sparsity", self.sparsity, least=0.0)
        if self.noise and self.masking:
            mend = "Leave one of them 0."
            raise bad_value("masking", "0 beside a noise above 0", repr(self.masking), mend)
        if self.sparsity_target is not None:
            number_in("sparsity_target", self.sparsity_target, above=0.0, below=1.0)
            if self.sparsity and self.code_activation != "logistic":
                mend = "Pass code_activation='logistic', or sparsity_target=None for L1."
                expected = "'logistic', whose activity is in (0, 1), for a sparsity_target"
                raise bad_value("code_activation", expected, repr(self.code_activation), mend)

    def _made(self, X: NDArray[np.floating]) -> Trainer:
        """Return a trainer at its start."""
        sizes = layer_sizes(self.hidden_layer_sizes)
        encoder: list[Layer] = []
        for number, units in enumerate([*sizes, self.n_components], 1):
            is_code = number > len(sizes)
            activation = self.code_activation if is_code else self.activation
            encoder.append(Dense(units, name="encoder" if is_code else f"hidden{number}"))
            if activation in ACTIVATIONS:
                encoder.append(ACTIVATIONS[activation]())
        noise: Layer | float = MaskingNoise(self.masking) if self.masking else 0.0
        sparsity: ActivityPenalty | float = 0.0
        if self.sparsity and self.sparsity_target is not None:
            sparsity = ActivityPenalty(kl=self.sparsity, target=self.sparsity_target)
        elif self.sparsity:
            sparsity = ActivityPenalty(l1=self.sparsity)
        return Trainer(
            Net(
                encoder,
                tied=bool(self.tied),
                noise=GaussianNoise(self.noise) if self.noise else noise,
                sparsity=sparsity,
            ),
            Dataset(
                X,
                task="unsupervised",
                feature_names=tuple(getattr(self, "feature_names_in_", ())),
            ),
            optimizer=self._optimizer(),
            batch_size=min(200 if self.batch_size == "auto" else self.batch_size, len(X)),
            l2=self.alpha,
            penalty_per_sample=True,
            shuffle=bool(self.shuffle),
            seed=int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)),
            dtype=X.dtype,
            metrics=[],
            evaluate_every=None,
            stop_on_nan=False,
            timeline_memory=TIMELINE_MEMORY,
        )

    def _optimizer(self) -> Optimizer:
        if self.solver == "adam":
            return Adam(self.learning_rate_init)
        return SGD(self.learning_rate_init, momentum=self.momentum)

    def _train(self, trainer: Trainer) -> None:
        """Train until an epoch's loss has not improved for long, or the number of epochs is up."""
        rows, size = len(trainer.train_data), trainer.program.batch_size
        shares = np.minimum(size, rows - np.arange(0, rows, size)) / rows
        self.loss_curve_: list[float] = []
        best, without = np.inf, 0
        while len(self.loss_curve_) < self.max_iter and without <= self.n_iter_no_change:
            trainer.run()
            self.loss_ = float(shares @ trainer.history.losses[-len(shares) :])
            self.loss_curve_.append(self.loss_)
            if self.verbose:
                print(f"Iteration {len(self.loss_curve_)}, loss = {self.loss_:.8f}")
            without = without + 1 if not self.loss_ <= best - self.tol else 0
            best = min(best, self.loss_)
        self.n_iter_ = len(self.loss_curve_)
        if without <= self.n_iter_no_change:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                f"training has not converged yet. Raise max_iter, or tol.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _read(self, trainer: Trainer) -> None:
        """Keep what predictions need: copies of the weights, in the order of the layers."""
        found = trainer.parameters
        self.coefs_, self.intercepts_ = [], []
        for name, layer in trainer.model.leaves():
            if isinstance(layer, DenseTranspose) and layer.tied:
                self.coefs_.append(found[f"{layer.of}.weight"].T.copy())
            elif isinstance(layer, Dense | DenseTranspose):
                self.coefs_.append(found[f"{name}.weight"].copy())
            else:
                continue
            self.intercepts_.append(found[f"{name}.bias"].copy())
        self.n_layers_ = len(self.coefs_) + 1

    # ---- using -----------------------------------------------------------------------------------
    @property
    def _n_features_out(self) -> int:
        """The size of the code, for the names of what `transform` gives."""
        return int(self.coefs_[len(self.coefs_) // 2 - 1].shape[1])

    def _encoded(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        middle = len(self.coefs_) // 2
        code = outputs(self.coefs_[:middle], self.intercepts_[:middle], self.activation, X)
        if self.code_activation in FUNCTIONS:
            kernels = FUNCTIONS[self.code_activation]("h", "h").kernels({"h": code})  # in place
            with np.errstate(all="ignore"):
                for kernel in kernels:
                    kernel()
        return code.astype(X.dtype, copy=False)

    def _decoded(self, code: NDArray[np.floating]) -> NDArray[np.floating]:
        middle = len(self.coefs_) // 2
        return outputs(self.coefs_[middle:], self.intercepts_[middle:], self.activation, code)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


_NAMES = ("identity", *ACTIVATIONS)
