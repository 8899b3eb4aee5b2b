"""scikit-learn that trains what a playground trains, as far as it can. Imports the core."""

from __future__ import annotations

from collections.abc import Iterable

from .playground_choices import CLASSES
from .playground_code import call, data_lines, has_test, order_line, start_lines
from .playground_setup import Setup

_ACTIVATIONS = {"tanh": "tanh", "relu": "relu", "sigmoid": "logistic", "identity": "identity"}
_LOSSES = ("binary_cross_entropy", "cross_entropy", "mean_squared_error")
_ONE_BATCH = "order = np.arange(len(train))  # one batch: nothing to order"
_WARNED = "the numbers differ from nbann's"


def sklearn_code(setup: Setup, epochs: int, notes: Iterable[str] = (), *, samples: int = 0) -> str:
    """Return the Python that trains a setup's net with scikit-learn, from the same start weights.

    What scikit-learn has no counterpart for is left out, and a comment says so. `samples` is how
    many are trained on.
    """
    classes = setup.task == CLASSES
    several = setup.batch_size is not None and not 0 < samples <= setup.batch_size
    estimator = "MLPClassifier" if classes else "MLPRegressor"
    lines = [f"# {note}" for note in (*notes, *differences(setup, samples))]
    lines += [
        "import numpy as np",
        f"from sklearn.neural_network import {estimator}",
        "import nbann  # data and start weights",
        "",
        *data_lines(setup),
        "",
        *_model(setup, estimator),
        "",
        *start_lines(setup),
        f"model.partial_fit(train.X, train.y{_labels(setup)})  # makes its weights",
        "for weight, bias in zip(model.coefs_, model.intercepts_):",
        "    weight[...] = draw(rng, weight.shape)",
        "    bias[...] = 0",
        "del model._optimizer  # what it remembers of weights that are gone",
        "",
        f"for epoch in range({epochs}):",
        f"    {order_line(setup) if several else _ONE_BATCH}",
        "    model.partial_fit(train.X[order], train.y[order])",
        "print('train score', model.score(train.X, train.y))",
    ]
    lines += ["print('test score', model.score(test.X, test.y))"] if has_test(setup) else []
    return "\n".join(lines) + "\n"


def differences(setup: Setup, samples: int = 0) -> list[str]:
    """Return in words what scikit-learn has no counterpart for; empty where it trains the same."""
    found = []
    names = {activation for _, activation in setup.layers}
    if not names <= set(_ACTIVATIONS):
        found.append(f"no such activation: ReLU stands in for it; {_WARNED}")
    elif len(names) > 1:
        found.append(f"one activation for all hidden layers: that of the first; {_WARNED}")
    if setup.loss_name not in _LOSSES:
        usual = "log loss" if setup.task == CLASSES else "the squared error"
        found.append(f"no {setup.loss_name.replace('_', ' ')}: {usual} stands in for it")
    if setup.loss_name == "cross_entropy" and setup.class_count == 2:
        found.append(f"one output for two classes, where this net has two; {_WARNED}")
    if setup.dropout:
        found.append(f"no dropout: it is left out; {_WARNED}")
    if setup.l1:
        found.append(f"no L1 penalty: it is left out; {_WARNED}")
    if setup.l2 and setup.batch_size and samples % min(setup.batch_size, samples or 1):
        found.append(f"its L2 penalty counts more in the smaller last batch of an epoch; {_WARNED}")
    if setup.optimizer not in ("sgd", "adam"):
        found.append(f"no such optimizer: Adam stands in for it; {_WARNED}")
    if setup.optimizer == "adam":
        found.append("its Adam adds epsilon before the correction: later digits differ")
    return [f"In scikit-learn: {one}." for one in found]


def _labels(setup: Setup) -> str:
    return f", classes=np.arange({setup.class_count})" if setup.task == CLASSES else ""


def _model(setup: Setup, estimator: str) -> list[str]:
    first = setup.layers[0].activation if setup.layers else "identity"
    halved = setup.task != CLASSES  # scikit-learn takes half of the mean squared error
    size = "len(train)" if setup.batch_size is None else f"min({setup.batch_size}, len(train))"
    solver = "sgd" if setup.optimizer == "sgd" else "adam"
    settings: dict[str, object] = {
        "activation": _ACTIVATIONS.get(first, "relu"),
        "solver": solver,
    }
    if solver == "sgd":
        settings |= {"momentum": setup.momentum, "nesterovs_momentum": False}
    twice = halved and solver == "sgd"
    rate = 2 * setup.learning_rate if twice else setup.learning_rate
    alpha = f"{setup.l2!r} * size" + (" / 2" if halved else "")
    shown = call("", settings)[1:-1]
    sizes = tuple(units for units, _ in setup.layers)
    return [
        f"size = {size}",
        f"model = {estimator}(",
        f"    hidden_layer_sizes={sizes!r},",
        f"    {shown},",
        f"    learning_rate_init={rate!r}, batch_size=size, shuffle=False, random_state=0,",
        f"    alpha={alpha},  # its penalty is divided by the batch's size"
        if setup.l2
        else "    alpha=0.0,",
        *(["    # its loss is half of nbann's: the rate is twice"] if twice else []),
        ")",
    ]
