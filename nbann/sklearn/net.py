"""A multi-layer perceptron of scikit-learn's as a net of nbann's; the core, NumPy and SciPy.

scikit-learn keeps weights as lists (`coefs_`, `intercepts_`); here they become the layers "hidden"
(or "hidden1", "hidden2", ...) and "output" of a `Trainer`, and come back from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nbann.core.data.batches import Order
from nbann.core.data.dataset import Dataset
from nbann.core.layers.activations import ReLU, Sigmoid, Tanh
from nbann.core.layers.dense import Dense
from nbann.core.layers.layer import Layer
from nbann.core.model import Sequential
from nbann.core.ops.activation_ops import ReLUOp, SigmoidOp, TanhOp
from nbann.core.ops.affine import Affine
from nbann.core.ops.elementwise import Elementwise
from nbann.core.optimizers.sgd import Optimizer
from nbann.core.trainer import Trainer

from .losses import loss_for

ACTIVATIONS: dict[str, type[Layer]] = {"logistic": Sigmoid, "tanh": Tanh, "relu": ReLU}
"""The layers by scikit-learn's names; "identity" does nothing, and is no layer."""

FUNCTIONS: dict[str, type[Elementwise]] = {"logistic": SigmoidOp, "tanh": TanhOp, "relu": ReLUOp}
"""The primitives that those layers train with."""

Arrays = Sequence[NDArray[np.floating]]
TIMELINE_MEMORY = 4.0
"""MB for going back in a fit's `trainer_`: a search may hold many estimators."""

SPARSE_CHUNK = 2**22
"""Numbers of a sparse matrix that are spelled out at a time when predicting: 32 MB of float64."""


def layer_names(count: int) -> list[str]:
    """Return the names of so many dense layers, the output included."""
    if count == 2:
        return ["hidden", "output"]
    return [*(f"hidden{number}" for number in range(1, count)), "output"]


def sequential(coefs: Arrays, intercepts: Arrays, activation: str) -> Sequential:
    """Return the net with these weights at its start."""
    layers: list[Layer] = []
    for name, coef, intercept in zip(layer_names(len(coefs)), coefs, intercepts, strict=True):
        layers.append(Dense(coef.shape[1], name=name, weight=coef, bias=intercept))
        if activation in ACTIVATIONS and name != "output":
            layers.append(ACTIVATIONS[activation]())
    return Sequential(layers)


def dataset(estimator: Any, X: Any, Y: NDArray[Any], weight: NDArray[Any] | None) -> Dataset:
    """Return validated data as nbann has it; Y is (n, outputs), classes in columns of booleans."""
    y, task, names = Y, "regression", np.array([])
    if estimator.out_activation_ == "softmax":
        y, task, names = Y.argmax(axis=1), "classification", estimator.classes_
    elif estimator.out_activation_ == "logistic":
        several = Y.shape[1] > 1
        y, task = (Y.astype(float), task) if several else (Y[:, 0].astype(int), "classification")
        names = estimator.classes_
    return Dataset(
        X.toarray() if sparse.issparse(X) else X,
        y,
        task,  # type: ignore[arg-type]
        feature_names=tuple(getattr(estimator, "feature_names_in_", ())),
        target_names=tuple(str(name) for name in names),
        weight=weight,
    )


def trainer_for(
    estimator: Any,
    data: Dataset,
    optimizer: Optimizer,
    *,
    batch_size: int | None = None,
    order: Order | None = None,
) -> Trainer:
    """Return a trainer that goes on from the weights of an estimator; nothing has run yet."""
    weights = (*estimator.coefs_, *estimator.intercepts_)
    single = all(np.asarray(weight).dtype == np.float32 for weight in weights)
    return Trainer(
        sequential(estimator.coefs_, estimator.intercepts_, estimator.activation),
        data,
        loss=loss_for(estimator.out_activation_),
        optimizer=optimizer,
        batch_size=batch_size,
        l2=estimator.alpha,
        penalty_per_sample=True,
        shuffle=False if order is None else order,
        dtype="float32" if single else "float64",
        metrics=[],
        evaluate_every=None,
        stop_on_nan=False,  # scikit-learn goes on, and says at the end what has become of it
        timeline_memory=TIMELINE_MEMORY,
    )


def feed(trainer: Trainer, estimator: Any, data: Dataset, order: Order | None) -> None:
    """Give a trainer other data of the same shape and the estimator's weights, as if made anew.

    To compile a program takes longer than an epoch of a small net; `partial_fit` is called often,
    and mostly with as many samples as before. Hooks stay.
    """
    for name, array in trainer._recipe.samples(data, "train").items():
        kept = trainer._train[name]
        kept.flags.writeable = True  # programs are bound to it
        kept[...] = array
        kept.flags.writeable = False
    # given as arrays in `sequential`, and kept as such: what a reset starts from
    starts: dict[str, Any] = {p.name: p.start for p in trainer._state.parameters}
    names = layer_names(len(estimator.coefs_))
    for name, coef, bias in zip(names, estimator.coefs_, estimator.intercepts_, strict=True):
        starts[f"{name}.weight"][...] = coef
        starts[f"{name}.bias"][...] = bias
    trainer._batches.order = order
    trainer.train_data = trainer._given["train"] = data
    trainer.reset()
    trainer.branches.clear()  # what was run before was run on other data


def weights_of(trainer: Trainer) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Return `coefs_` and `intercepts_` as views of a trainer's parameters: they train along."""
    arrays = trainer._state.arrays
    names = [name for name, layer in trainer.model.leaves() if isinstance(layer, Dense)]
    return [arrays[f"{name}.weight"] for name in names], [arrays[f"{name}.bias"] for name in names]


@np.errstate(all="ignore")
def outputs(coefs: Arrays, intercepts: Arrays, activation: str, X: Any) -> NDArray[np.floating]:
    """Return what the last layer gives for X, (n, outputs), by the kernels that train.

    Every call has arrays of its own, so that threads may predict at once. A matrix that is sparse
    is spelled out some rows at a time.
    """
    if sparse.issparse(X):
        X = X.tocsr()
        rows = max(1, SPARSE_CHUNK // X.shape[1])
        parts = [X[start : start + rows].toarray() for start in range(0, X.shape[0], rows)]
        return np.concatenate([outputs(coefs, intercepts, activation, part) for part in parts])
    dtype = np.result_type(X, *coefs, *intercepts)
    a = np.asarray(X, dtype)
    last = len(coefs) - 1
    for number, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        z = np.empty((len(a), coef.shape[1]), dtype)
        arrays = {
            "x": a,
            "W": np.asarray(coef, dtype),
            "b": np.asarray(intercept, dtype),
            "z": z,
        }
        kernels = [*Affine("x", "W", "b", "z").kernels(arrays)]
        if activation in FUNCTIONS and number < last:
            kernels += FUNCTIONS[activation]("z", "z").kernels(arrays)  # in place
        for kernel in kernels:
            kernel()
        a = z
    return a
