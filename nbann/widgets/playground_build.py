"""From a playground's setup to data, net and trainer. Imports the core and the data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann import datasets
from nbann.core.data.dataset import Dataset
from nbann.core.data.features import computed
from nbann.core.data.scaling import scaled
from nbann.core.layers import activations
from nbann.core.layers.dense import Dense
from nbann.core.layers.dropout import Dropout
from nbann.core.layers.layer import Layer
from nbann.core.losses.registry import LOSSES as LOSS_CLASSES
from nbann.core.model import Sequential
from nbann.core.optimizers.optimizer import Optimizer
from nbann.core.optimizers.sgd import OPTIMIZERS as OPTIMIZER_CLASSES
from nbann.core.trainer import Trainer

from .playground_choices import ACTIVATIONS, DRAWN, DRAWN_NAMES, OPTIMIZERS, SETS, usual_features
from .playground_setup import Setup

Weights = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Parts:
    """A setup's data, ready to be learned from.

    Attributes
    ----------
    raw, raw_test : Dataset, Dataset or None
        Training and test part in the data's own columns; drawn points are the last of `raw`.
    train, test : Dataset, Dataset or None
        The same with the features that were chosen, standardized if that is asked for.
    """

    setup: Setup
    raw: Dataset
    raw_test: Dataset | None
    train: Dataset
    test: Dataset | None

    def inputs(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the net reads of samples that are given in the data's own columns."""
        X, _ = computed(raw, self.raw.feature_names, self.setup.features)
        return X if self.train.scaling is None else scaled(X, self.train.scaling, None)


def arguments_of_set(setup: Setup) -> dict[str, Any]:
    """Return what a named data set is called with."""
    kind, found = SETS[setup.data], {}
    if kind.points is not None:
        found = {"n": setup.points, "noise": setup.noise, "seed": setup.seed}
    if kind.classes is not None and setup.classes != 2:
        found["classes"] = setup.classes
    return found


def parts(setup: Setup) -> Parts:
    """Return the data of a setup.

    Raises
    ------
    ValueError
        Fewer samples than parts, more classes than points.
    ModuleNotFoundError
        The data set is scikit-learn's, which is not installed.
    """
    test = None
    if setup.data == DRAWN:
        X, y = _drawn(setup)
        names = DRAWN_NAMES[: setup.class_count]
        train = Dataset(X, y, "classification", ("x1", "x2"), names, "drawn")
    else:
        train = setup.own or getattr(datasets, setup.data)(**arguments_of_set(setup))
        if setup.test:
            train, test = train.split(test=setup.test, seed=setup.seed)
        if setup.drawn:
            train = _with_drawn(train, setup)
    raw, raw_test = train, test
    if setup.features != usual_features(setup.columns):
        train = train.with_features(setup.features)
        test = None if test is None else test.with_features(setup.features)
    if setup.standardize:
        train = train.standardized()
        test = None if test is None else test.standardized(like=train)
    return Parts(setup, raw, raw_test, train, test)


def _drawn(setup: Setup) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    X = np.array([point[:2] for point in setup.drawn])
    return X, np.array([point.label for point in setup.drawn])


def _with_drawn(data: Dataset, setup: Setup) -> Dataset:
    """Return the data with the drawn points after them."""
    X, y = _drawn(setup)
    return Dataset(
        np.vstack([data.raw_X, X]),
        np.concatenate([data.y, y]),
        "classification",
        data.feature_names,
        data.target_names,
        data.name,
    )


def layer_list(setup: Setup, weights: Weights | None = None) -> list[Layer]:
    """Return the layers of a setup's net, by the names that code and arrays have.

    `weights` are start values by the arrays' names, in place of those that the seed draws.
    """

    def dense(units: int, name: str) -> Dense:
        given = {kind: (weights or {}).get(f"{name}.{kind}") for kind in ("weight", "bias")}
        return Dense(units, name=name, init=setup.init, **given)

    layers: list[Layer] = []
    for place, (units, activation) in enumerate(setup.layers, 1):
        layers.append(dense(units, f"hidden{place}"))
        layers.append(getattr(activations, ACTIVATIONS[activation])(name=f"act{place}"))
        if setup.dropout:
            layers.append(Dropout(setup.dropout, name=f"drop{place}"))
    return [*layers, dense(setup.outputs, "output")]


def optimizer_settings(setup: Setup) -> dict[str, float]:
    """Return what the optimizer's class is called with."""
    found = {"learning_rate": setup.learning_rate}
    if setup.momentum and OPTIMIZERS[setup.optimizer][1]:
        found["momentum"] = setup.momentum
    return found


def optimizer(setup: Setup) -> Optimizer:
    """Return the optimizer of a setup."""
    make: Any = OPTIMIZER_CLASSES[setup.optimizer]
    made: Optimizer = make(**optimizer_settings(setup))
    return made


def trainer_arguments(setup: Setup, of: Parts, weights: Weights | None = None) -> dict[str, Any]:
    """Return what `Trainer` is called with, by name."""
    return {
        "model": Sequential(layer_list(setup, weights)),
        "train": of.train,
        "test": of.test,
        "loss": LOSS_CLASSES[setup.loss_name](),
        "optimizer": optimizer(setup),
        "batch_size": setup.batch_size,
        "l1": setup.l1,
        "l2": setup.l2,
        "seed": setup.seed,
    }


def build(setup: Setup, weights: Weights | None = None) -> tuple[Trainer, Parts]:
    """Return a trainer at the start of a setup's run, and its data.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As `parts` does.
    """
    of = parts(setup)
    return Trainer(**trainer_arguments(setup, of, weights)), of
