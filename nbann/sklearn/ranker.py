"""The multi-layer perceptron that learns to rank: documents in rows, grouped by query."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from nbann.core.checks import whole_number
from nbann.core.data.dataset import Dataset
from nbann.core.errors import bad_value
from nbann.core.losses.loss import Loss
from nbann.core.losses.ranking_losses import GAINS, LambdaRank, ListNet, RankNet
from nbann.core.optimizers.adaptive import Adam
from nbann.core.optimizers.sgd import SGD, Optimizer
from nbann.core.scoring.rankings import RankingMetric, ndcg
from nbann.core.trainer import Trainer

from .base import MLP
from .compat import validate_data, with_callbacks
from .net import TIMELINE_MEMORY, sequential, weights_of
from .parameters import STOCHASTIC, check_parameters, one_of
from .tasks import FitTasks

LOSSES = ("lambdarank", "ranknet", "listnet")
_SPARSE = ["csr", "csc"]


class MLPRanker(MLP):
    """A multi-layer perceptron that scores documents so that a query's best come first.

    Trained by nbann, with scikit-learn's parameters where they mean something here, and groups and
    evaluation as in LightGBM's `LGBMRanker`.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int
        Neurons of each hidden layer, at least 1 each; () for none. A number stands for one layer.
    loss : {"lambdarank", "ranknet", "listnet"}
        See `nbann.LambdaRank`, `nbann.RankNet` and `nbann.ListNet`.
    activation : {"identity", "logistic", "tanh", "relu"}
        Of the hidden layers.
    gain : {"exponential", "linear"}
        What relevance is worth in NDCG, when it is trained on and when it is scored:
        ``2**relevance - 1``, or relevance itself.
    k : int or None
        LambdaRank's truncation, at least 1.
    eval_at : tuple of int
        The k of each NDCG@k that is told of an `eval_set`.
    solver : {"adam", "sgd"}
    alpha : float
        L2 penalty, at least 0: the loss grows by ``alpha / (2n) * sum of squared weights``, n being
        the queries of a batch that have something to be ranked.
    batch_size : int or "auto"
        Queries in a batch, at least 1; "auto" is the smaller of 32 and all.
    learning_rate_init : float
        Above 0.
    max_iter : int
        Epochs at most, at least 1.
    shuffle : bool
        Draw a new order of the queries for each epoch.
    random_state : int, RandomState or None
        Of the start weights, of what is set aside for early stopping, and of the order.
    tol : float
        By how much the loss, or with early stopping NDCG, has to improve, at least 0.
    verbose : bool or int
        Print the loss of each epoch.
    momentum : float
        Share of the last step that is kept, in [0, 1]; for "sgd".
    nesterovs_momentum : bool
        Look ahead; for "sgd".
    early_stopping : bool
        Stop when NDCG does not improve on the first `eval_set`, or without one on
        `validation_fraction` of the queries, which are then set aside, and keep the weights of the
        best.
    validation_fraction : float
        Of the queries, in (0, 1).
    beta_1, beta_2 : float
        Share of each moving average that is kept, in [0, 1); for "adam".
    epsilon : float
        Keeps Adam's quotient finite, above 0.
    n_iter_no_change : int or numpy.inf
        Epochs without an improvement that are borne, at least 1.

    Attributes
    ----------
    trainer_ : nbann.Trainer
        What has trained it, to be stepped through; see the property.
    coefs_, intercepts_ : list of ndarray
        Weights (inputs, neurons) and biases (neurons,) of each layer.
    loss_, loss_curve_ : float, list of float
        The last epoch's mean loss, and every epoch's.
    best_loss_ : float or None
        The smallest of them; None with early stopping.
    validation_scores_, best_validation_score_ : list of float, float; or None
        NDCG after each epoch; None without early stopping.
    evals_result_ : dict of str to dict
        ``{"valid_0": {"ndcg@1": [...], ...}}``, of each `eval_set` after each epoch.
    n_iter_, t_ : int
        Epochs, and documents seen in training.
    n_layers_, n_outputs_, n_features_in_ : int
        Layers (input and output included), neurons of the output, columns of X.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has them.
    out_activation_ : str
        "identity".

    Examples
    --------
    >>> from nbann.sklearn import MLPRanker
    >>> X, y = [[0.1], [0.9], [5.2], [5.8]], [0, 1, 0, 1]
    >>> ranker = MLPRanker(4, max_iter=300, learning_rate_init=0.05, random_state=0)
    >>> ranker.fit(X, y, groups=[2, 2]).score(X, y, groups=[2, 2])
    1.0
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        loss: str = "lambdarank",
        activation: str = "relu",
        *,
        gain: str = "exponential",
        k: int | None = None,
        eval_at: Any = (1, 2, 3, 4, 5),
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.loss = loss
        self.activation = activation
        self.gain = gain
        self.k = k
        self.eval_at = eval_at
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    # ---- what users call -------------------------------------------------------------------------
    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        group: Any = None,
        groups: Any = None,
        *,
        eval_set: Any = None,
        eval_group: Any = None,
        eval_at: Any = None,
    ) -> Self:
        """Fit the net to documents X of relevance y, from weights drawn anew.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)
        y : array-like of shape (n,)
            Relevance, at least 0; whole or real numbers.
        group, groups : array-like, optional
            One of both: the sizes of the queries, one after the other (LightGBM's `group`), or a
            query id for each row. None: all rows are one query.
        eval_set : (X, y) or list of such pairs, optional
            What is scored after each epoch.
        eval_group : list of array-like, optional
            The groups of each of them.
        eval_at : tuple of int, optional
            In place of the parameter of that name.

        Returns
        -------
        MLPRanker
            The estimator itself.

        Raises
        ------
        ValueError
            Parameters out of range; X, y and groups that do not fit each other; relevance below 0;
            no query with something to be ranked; weights that are not finite any more.
        """
        self._check(eval_at)
        places = _places(self.eval_at if eval_at is None else eval_at)
        metrics = {f"ndcg@{at}": ndcg(at, self.gain) for at in places}  # type: ignore[arg-type]
        before = dict(self.__dict__)
        try:
            data = self._dataset(X, y, _one(group, groups), reset=True)
            if len(data) < 2:
                raise bad_value(
                    "X", "at least 2 documents", "1 sample", "There is no order of one."
                )
            evaluated = self._evaluated(eval_set, eval_group)
            self._random_state = check_random_state(self.random_state)
            train, watched = self._parts(data, evaluated)
            self.n_outputs_ = 1
            self._initialize(data.X, data.y[:, None])
            trainer = self._trainer_of(train)
        except BaseException:  # nothing is fitted, or what was fitted before still is
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        self.evals_result_: dict[str, dict[str, list[float]]] = {
            f"valid_{number}": {name: [] for name in metrics} for number in range(len(evaluated))
        }
        tasks = FitTasks(self, X, y, None, iterations=self.max_iter)
        tasks.begin()
        self._trainer = (trainer, None)
        self.coefs_, self.intercepts_ = weights_of(trainer)
        try:
            self._run(trainer, len(train), watched, evaluated, metrics, tasks)
        finally:  # the trainer goes its own ways from here: what has been fitted stays
            for name, value in self._fitted_now().items():
                setattr(self, name, value)
        if not all(np.isfinite(w).all() for w in [*self.coefs_, *self.intercepts_]):
            mend = "Scale the features, or choose a smaller learning_rate_init."
            raise bad_value("weights", "finite numbers after the fit", "NaN or infinity", mend)
        tasks.end()
        return self

    def predict(self, X: Any) -> NDArray[np.floating]:
        """Return the score of each document: the higher, the farther up in its query.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)

        Returns
        -------
        array of shape (n,)
        """
        check_is_fitted(self)
        scores: NDArray[np.floating] = self._outputs(
            validate_data(self, X, accept_sparse=_SPARSE, reset=False)
        )[:, 0]
        return scores

    def score(
        self, X: Any, y: Any, group: Any = None, groups: Any = None, *, k: int | None = None
    ) -> float:
        """Return NDCG (or NDCG@k), the mean over the queries that have a relevant document.

        Parameters
        ----------
        X, y, group, groups
            As for `fit`.
        k : int, optional
            At least 1.
        """
        scores = self.predict(X)
        metric = ndcg(k, self.gain)  # type: ignore[arg-type]  # checked when it was fitted
        score = metric(np.asarray(y), scores, _one(group, groups))
        return float(score)  # type: ignore[arg-type]  # it is a number

    # ---- fitting ---------------------------------------------------------------------------------
    def _parts(self, data: Dataset, evaluated: list[Dataset]) -> tuple[Dataset, Dataset | None]:
        """Return what is trained on, and what early stopping watches."""
        if not self.early_stopping:
            return data, None
        if evaluated:
            return data, evaluated[0]
        seed = int(self._random_state.randint(2**31 - 1))
        train, watched = data.split(test=self.validation_fraction, seed=seed)
        return train, watched

    def _run(
        self,
        trainer: Trainer,
        documents: int,
        watched: Dataset | None,
        evaluated: list[Dataset],
        metrics: dict[str, RankingMetric],
        tasks: FitTasks,
    ) -> None:
        """Train epoch by epoch, until nothing improves any more."""
        best = trainer.model_snapshot() if watched is not None else None
        for _ in range(self.max_iter):
            tasks.begin_iteration()
            trainer.run(1)
            self.n_iter_ += 1
            self.t_ += documents
            losses = trainer.history["loss"][-trainer.batches :]
            self.loss_ = float(losses.mean())
            self.loss_curve_.append(self.loss_)
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
            for name, data in zip(self.evals_result_, evaluated, strict=True):
                scores = self._outputs(data.X)[:, 0]
                for key, metric in metrics.items():
                    found = metric(data.y, scores, data.groups)
                    self.evals_result_[name][key].append(float(found))  # type: ignore[arg-type]
            if self._improves(watched):
                self._no_improvement_count = 0
                best = trainer.model_snapshot() if watched is not None else None
            else:
                self._no_improvement_count += 1
            stops = self._no_improvement_count >= self.n_iter_no_change
            if tasks.end_iteration(self._fitted_now) or stops or not np.isfinite(self.loss_):
                break
        else:
            warnings.warn(
                f"MLPRanker: the maximum of {self.max_iter} iterations was reached and it has not "
                f"converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )
        if best is not None:
            trainer.restore_model(best)

    def _improves(self, watched: Dataset | None) -> bool:
        """Note what has been reached; return whether it is better than before by `tol`."""
        if watched is None:
            assert self.best_loss_ is not None  # there is one without early stopping
            improves = self.loss_ < self.best_loss_ - self.tol
            self.best_loss_ = min(self.best_loss_, self.loss_)
            return improves
        assert self.validation_scores_ is not None
        assert self.best_validation_score_ is not None
        score = self._score(watched.X, watched.y, watched.groups)
        improves = score > self.best_validation_score_ + self.tol
        self.validation_scores_.append(score)
        self.best_validation_score_ = max(self.best_validation_score_, score)
        return improves

    def _trainer_of(self, data: Dataset) -> Trainer:
        # scikit-learn's estimators train in the dtype of X, which _dataset has made float64
        size = 32 if self.batch_size == "auto" else self.batch_size
        return Trainer(
            sequential(self.coefs_, self.intercepts_, self.activation),
            data,
            loss=self._loss(),
            optimizer=self._optimizer(),
            batch_size=size,
            l2=self.alpha,
            penalty_per_sample=True,
            shuffle=bool(self.shuffle),
            seed=int(self._random_state.randint(2**31 - 1)),
            metrics=[],
            evaluate_every=None,
            stop_on_nan=False,
            timeline_memory=TIMELINE_MEMORY,
        )

    def _loss(self) -> Loss:
        if self.loss == "lambdarank":
            return LambdaRank(gain=self.gain, k=self.k)  # type: ignore[arg-type]  # checked
        return RankNet() if self.loss == "ranknet" else ListNet()

    def _optimizer(self) -> Optimizer:
        rate = self.learning_rate_init
        if self.solver == "adam":
            return Adam(rate, beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon)
        nesterov = bool(self.nesterovs_momentum and self.momentum > 0)
        return SGD(rate, momentum=self.momentum, nesterov=nesterov)

    def _check(self, eval_at: Any) -> None:
        own = {
            "loss": one_of(*LOSSES),
            "solver": one_of(*STOCHASTIC),
            "gain": one_of(*GAINS),
            "k": _truncation,
            "batch_size": _queries,
        }
        check_parameters(self, own)
        _places(self.eval_at if eval_at is None else eval_at)

    def _dataset(self, X: Any, y: Any, groups: Any, *, reset: bool) -> Dataset:
        X, y = validate_data(
            self, X, y, accept_sparse=_SPARSE, y_numeric=True, dtype=np.float64, reset=reset
        )
        rows = X.shape[0]
        return Dataset(
            X.toarray() if sparse.issparse(X) else X,
            y,
            "ranking",
            feature_names=tuple(getattr(self, "feature_names_in_", ())),
            groups=np.zeros(rows, int) if groups is None else groups,
        )

    def _evaluated(self, eval_set: Any, eval_group: Any) -> list[Dataset]:
        if eval_set is None:
            if eval_group is not None:
                mend = "Pass eval_set=[(X, y)] as well."
                raise bad_value("eval_group", "None without an eval_set", "groups", mend)
            return []
        pairs = [eval_set] if isinstance(eval_set, tuple) else list(eval_set)
        groups = [None] * len(pairs) if eval_group is None else list(eval_group)
        if isinstance(eval_set, tuple) and eval_group is not None and np.ndim(eval_group[0]) == 0:
            groups = [eval_group]
        if len(groups) != len(pairs):
            mend = "Pass one array of groups for each eval_set."
            raise bad_value("eval_group", f"{len(pairs)} of them", f"{len(groups)}", mend)
        made = zip(pairs, groups, strict=True)
        return [self._dataset(*pair, group, reset=False) for pair, group in made]

    # ---- what the base asks for ------------------------------------------------------------------
    def _validated(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        data = self._dataset(X, y, None, reset=reset)
        return data.X, data.y[:, None]

    def _output(self) -> str:
        return "identity"

    def _score(self, X: Any, Y: Any, sample_weight: Any) -> float:
        """Return NDCG; the third argument, of the base's, are the groups."""
        scores = self._outputs(X)[:, 0]
        return float(ndcg(None, self.gain)(Y, scores, sample_weight))  # type: ignore[arg-type]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.positive_only = True
        return tags


def _one(group: Any, groups: Any) -> Any:
    if group is not None and groups is not None:
        mend = "Both say the same: pass one."
        raise bad_value("groups", "either group or groups", "both", mend)
    return groups if group is None else group


def _places(eval_at: Any) -> tuple[int, ...]:
    places = eval_at if isinstance(eval_at, Iterable) else (eval_at,)
    mend = "Pass e.g. eval_at=(1, 5, 10)."
    return tuple(whole_number("eval_at", place, least=1, mend=mend) for place in places)


def _truncation(name: str, value: object) -> None:
    if value is not None:
        whole_number(name, value, least=1, mend="Pass e.g. k=10, or None for no truncation.")


def _queries(name: str, value: object) -> None:
    if not isinstance(value, str) or value != "auto":
        mend = "Pass a number of queries, or 'auto' for min(32, queries)."
        whole_number(name, value, least=1, mend=mend)
