"""The multi-layer perceptron that tells classes apart."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from nbann.core.errors import bad_value

from .base import MLP
from .compat import validate_data, with_callbacks
from .losses import loss_for

_SPARSE = ["csr", "csc"]


class MLPClassifier(ClassifierMixin, MLP):
    """A multi-layer perceptron for classes: scikit-learn's `MLPClassifier`, trained by nbann.

    Minimizes the cross-entropy of softmax (several classes, of which one is right) or sigmoid (two
    classes, or several labels at once). With the same `random_state` its numbers are scikit-learn's
    (see docs/sklearn.md), and so are its parameters, attributes and rules for when to stop.

    Parameters
    ----------
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
    classes_ : ndarray
        The classes, in the order of the outputs.
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
        Accuracy on what is set aside, after each epoch; None without early stopping.
    n_iter_ : int
        Epochs, or iterations of L-BFGS, of the last fit.
    t_ : int
        Samples seen in training.
    n_layers_, n_outputs_, n_features_in_ : int
        Layers (input and output included), neurons of the output, columns of X.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has them.
    out_activation_ : str
        "softmax" or "logistic".

    Examples
    --------
    >>> from nbann.sklearn import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["same", "differ", "differ", "same"]
    >>> net = MLPClassifier(4, activation="tanh", solver="lbfgs", random_state=0).fit(X, y)
    >>> net.predict([[0, 1], [1, 1]]).tolist()
    ['differ', 'same']
    >>> net.trainer_.program["hidden.affine"]
    <Op 0 forward hidden.affine: z_hidden = x @ W_hidden + b_hidden>
    """

    loss = "log_loss"

    def _validated(self, X: Any, y: Any, *, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=_SPARSE,
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._set_classes(LabelBinarizer().fit(y))
        else:
            self._check_classes(unique_labels(y))
        return X, self._columns(y)

    def _columns(self, y: Any) -> NDArray[np.bool_]:
        """Return whether each sample is of each class; of two classes, whether of the second."""
        if y.ndim > 1:  # several labels, as 0 and 1
            columns: NDArray[np.bool_] = self._label_binarizer.transform(y).astype(bool)
            return columns
        columns = y[:, None] == self.classes_
        if len(self.classes_) > 2:
            return columns
        return columns[:, 1:] if len(self.classes_) == 2 else np.zeros_like(columns)

    def _set_classes(self, binarizer: LabelBinarizer) -> None:
        self._label_binarizer = binarizer
        self.classes_ = binarizer.classes_

    def _check_classes(self, classes: NDArray[Any]) -> None:
        """Refuse classes that were not there before."""
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                f"warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {classes}. Pass the same "
                f"classes, or warm_start=False."
            )
        unknown = np.setdiff1d(classes, self.classes_)
        if len(unknown):
            mend = "Pass all classes to the first call of partial_fit."
            raise bad_value("y", f"classes among {self.classes_}", str(unknown), mend)

    def _output(self) -> str:
        # two classes share one output; of several labels each has its own
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _score(self, X: Any, Y: Any, sample_weight: Any) -> float:
        """Return the accuracy; of several labels all must be right."""
        p = self._probabilities(X)
        if self.out_activation_ == "softmax":
            right = p.argmax(axis=1) == Y.argmax(axis=1)
        else:
            right = ((p[:, -Y.shape[1] :] > 0.5) == Y).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    # ---- what users call -------------------------------------------------------------------------
    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the net to X and y, from weights drawn anew unless there is `warm_start`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)
            A sparse matrix is made dense to be trained on.
        y : array-like of shape (n,) or (n, labels)
            A class for each sample, or for each label whether it is there (0 or 1).
        sample_weight : array-like of shape (n,), optional
            What each sample counts, at least 0.

        Returns
        -------
        MLPClassifier
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
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train on, by one epoch over X and y.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array-like, optional
            All classes there will ever be; the first call needs them.

        Returns
        -------
        MLPClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            As `fit` does; other classes than before; early stopping.
        """
        if self._is_first_call(classes):
            of = y if type_of_target(y).startswith("multilabel") else classes
            self._label_binarizer = LabelBinarizer().fit(of)
        return self._fit(X, y, sample_weight, incremental=True)

    def _is_first_call(self, classes: Any) -> bool:
        known = getattr(self, "classes_", None)
        mend = "Pass e.g. classes=numpy.unique(y_of_all_calls)."
        if classes is None and known is None:
            raise bad_value("classes", "all classes, on the first partial_fit", "None", mend)
        if classes is None:
            return False
        given = unique_labels(classes)
        if known is not None and not np.array_equal(given, known):
            raise bad_value("classes", f"those of the first call, {known}", str(given), mend)
        self.classes_ = given
        return known is None

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)

        Returns
        -------
        array of shape (n,) or (n, labels)
        """
        check_is_fitted(self)
        return self._labels(validate_data(self, X, accept_sparse=_SPARSE, reset=False))

    def _labels(self, X: Any) -> NDArray[Any]:
        """Return the classes of X as it stands."""
        p = self._probabilities(X)
        labels: NDArray[Any] = self._label_binarizer.inverse_transform(
            p[:, 1] if self.n_outputs_ == 1 else p
        )
        return labels

    def _probabilities(self, X: Any) -> NDArray[np.floating]:
        return loss_for(self.out_activation_).probabilities(self._outputs(X), "classification")

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)

        Returns
        -------
        array of shape (n, classes)
            In the order of `classes_`; each row adds up to 1, but of several labels each has a
            probability of its own.
        """
        check_is_fitted(self)
        return self._probabilities(validate_data(self, X, accept_sparse=_SPARSE, reset=False))

    def predict_log_proba(self, X: Any) -> NDArray[np.floating]:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)

        Returns
        -------
        array of shape (n, classes)
            -inf where a probability is too small for a number.
        """
        p = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(p, out=p)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
