"""A run as source of scikit-learn, of nets that its perceptrons can be. Imports the core."""

from __future__ import annotations

from typing import Any

from nbann.core.errors import bad_value
from nbann.core.layers.activations import Activation
from nbann.core.layers.dense import Dense
from nbann.core.optimizers.adaptive import Adam
from nbann.core.optimizers.sgd import SGD

from .data_code import data_lines
from .ends import is_own, reads_alike
from .literals import array_text, check_size, long_call, table_text
from .pieces import pieces
from .reading import Net
from .start_code import start_lines
from .training import Run, order_line
from .using import using_lines

_ACTIVATIONS = {"tanh": "tanh", "relu": "relu", "sigmoid": "logistic", "identity": "identity"}
_FORMULAS = {
    "tanh": "np.tanh({z})",
    "relu": "np.maximum({z}, 0)",
    "logistic": "(1 + np.tanh(({z}) / 2)) / 2",
    "identity": "{z}",
}
_OTHERWISE = 'Take to_code(trainer, "torch") or "numpy".'


def sklearn_code(net: Net, run: Run | None) -> list[str]:
    """Return the lines of a source that trains a net, or without a run has its trained weights.

    Raises
    ------
    ValueError
        A net, loss or optimizer that scikit-learn's perceptrons have not.
    """
    dense, activation = _shape_of(net)
    estimator, factor = _estimator(net)
    settings: dict[str, Any] = {
        "hidden_layer_sizes": tuple(part.after[-1] for part in dense[:-1]),
        "activation": activation,
    }
    if run is None:
        check_size(net.arrays, "to_code")
        texts = {name: array_text(array, before="    ") for name, array in net.arrays.items()}
        start, used = ["# the trained weights", *table_text("p", texts)], set[str]()
        lines: list[str] = []
    else:
        if not is_own(net.loss):
            raise _refuse("a loss that comes with nbann", repr(net.loss))
        settings |= _training_settings(run, factor)
        start, used = start_lines(run.trainer, "to_code")
        lines = [f"# {note}" for note in _differences(run, factor)]
    drawing = pieces(["numpy_parts"], used)
    lines += ["import math", ""] if any("math." in one for one in drawing) else []
    lines += ["import numpy as np", f"from sklearn.neural_network import {estimator}", ""]
    if run is not None:
        lines += [*data_lines(run, as_given=True), *_targets(run), ""]
    for definition in drawing:
        lines += ["", *definition.split("\n"), ""]
    first, classes = _first_samples(net)
    first = first if run is None else "X, y"
    lines += ["", *start, ""]
    made = "\n".join(long_call(estimator, **settings))
    lines += f"net = {made}".split("\n")
    lines += [f"net.partial_fit({first}{classes})  # makes its weights, which are then set"]
    layers = [(one.name, f"{one.name}.bias" in net.arrays) for one in dense]
    lines += [
        f"for place, name in enumerate({[name for name, _ in layers]!r}):",
        "    net.coefs_[place][...] = p[name + '.weight']",
        "    net.intercepts_[place][...] = p[name + '.bias']",
    ]
    if run is not None:
        lines += [
            "del net._optimizer  # and with it what it remembers of other weights",
            f"for epoch in range({run.epochs}):",
            *_epoch(run),
            "print('loss of the last epoch:', net.loss_)",
        ]
    return [*lines, "", *_using(net, activation)]


def _epoch(run: Run) -> list[str]:
    """Return the lines of one epoch."""
    if run.whole or not run.shuffle:
        return ["    net.partial_fit(X, y)"]
    return [f"    {order_line(run)}", "    net.partial_fit(X[order], y[order])"]


def _refuse(expected: str, received: object) -> ValueError:
    return bad_value('to_code "sklearn"', expected, received, _OTHERWISE)


def _shape_of(net: Net) -> tuple[list[Any], str]:
    """Return the dense layers, and scikit-learn's name of the activation between them."""
    if net.heads:
        raise _refuse("a net of one head", "several heads")
    dense = [part for part in net.parts if isinstance(part.layer, Dense)]
    kinds = []
    parts = [part for part in net.parts if part.layer.kind != "code"]
    for place, part in enumerate(parts):
        layer = part.layer
        if part.silent:
            raise _refuse("no silenced neurons", f"some of {part.name!r}")
        if isinstance(layer, Dense):
            if f"{part.name}.bias" not in net.arrays:
                raise _refuse("dense layers with biases", f"{part.name!r} without")
            if place and isinstance(parts[place - 1].layer, Dense):
                kinds.append("identity")
        elif isinstance(layer, Activation) and place and isinstance(parts[place - 1].layer, Dense):
            if place == len(parts) - 1:
                if layer.kind != "identity":
                    raise _refuse("a last layer without activation", repr(layer))
            else:
                kinds.append(layer.kind)
        else:
            raise _refuse("dense layers with an activation after each", repr(layer))
    if len(net.shape) != 1:
        raise _refuse("samples of one axis, the features", f"shape {net.shape}")
    if len(set(kinds)) > 1 or not set(kinds) <= set(_ACTIVATIONS):
        expected = f"one activation for all hidden layers, of {', '.join(_ACTIVATIONS)}"
        raise _refuse(expected, ", ".join(dict.fromkeys(kinds)))
    return dense, _ACTIVATIONS[kinds[0]] if kinds else "identity"


def _estimator(net: Net) -> tuple[str, float]:
    """Return the class, and what its loss is multiplied with to be nbann's."""
    loss: Any = net.loss
    kind, width = loss.kind, net.output_shape[-1]
    if not (reads_alike(loss, "predict") and reads_alike(loss, "probabilities")):
        raise _refuse("a loss that comes with nbann", repr(loss))
    plain = getattr(loss, "class_weights", None) is None
    plain &= not getattr(loss, "label_smoothing", 0.0)
    if kind == "cross_entropy" and plain and width > 2:
        return "MLPClassifier", 1.0
    if kind == "cross_entropy" and width == 2:
        expected = "for two classes one output with BinaryCrossEntropy, as scikit-learn has it"
        raise _refuse(expected, "two outputs with CrossEntropy")
    if kind == "binary_cross_entropy" and plain and net.task == "classification":
        return "MLPClassifier", 1.0 if loss.outputs == "sum" else 1.0 / width
    if net.task != "classification" and kind == "mean_squared_error":
        return "MLPRegressor", 2.0 / width
    halved = kind == "half_squared_error" and loss.reduction == "mean"
    if net.task != "classification" and halved:
        return "MLPRegressor", 1.0 if loss.outputs == "sum" else 1.0 / width
    raise _refuse("cross-entropy, or the mean squared error of values", repr(loss))


def _training_settings(run: Run, factor: float) -> dict[str, Any]:
    """Return the settings of the descent.

    scikit-learn's loss is nbann's over `factor`: steps are as long with a rate times the factor and
    a penalty over it; Adam's are as long with an epsilon over it.
    """
    o: Any = run.trainer.optimizer
    if o.schedule is not None or o.clip_value is not None or o.clip_norm is not None:
        raise _refuse("a constant learning rate and no clipping", repr(o))
    if o.weight_decay or run.l1:
        raise _refuse("no weight decay and no L1", repr(o) if o.weight_decay else f"l1={run.l1}")
    size, rate = min(run.size, run.samples), float(o.learning_rate)
    if run.l2 and not run.per_sample and run.samples % size:
        expected = "with l2 batches of one size, or penalty_per_sample=True"
        raise _refuse(expected, f"batches of {size} of {run.samples} samples")
    alpha = run.l2 / factor * (1 if run.per_sample else size)
    settings: dict[str, Any] = {"batch_size": size, "shuffle": False, "alpha": alpha}
    if type(o) is SGD:
        return settings | {
            "solver": "sgd",
            "learning_rate_init": rate * factor,
            "momentum": o.momentum,
            "nesterovs_momentum": o.nesterov and o.momentum > 0,
        }
    if type(o) is Adam:
        return settings | {
            "solver": "adam",
            "learning_rate_init": rate,
            "beta_1": o.beta1,
            "beta_2": o.beta2,
            "epsilon": o.epsilon / factor,
        }
    raise _refuse("SGD or Adam", repr(o))


def _differences(run: Run, factor: float) -> list[str]:
    o, found = run.trainer.optimizer, []
    if isinstance(o, Adam) and not o.epsilon_hat:
        found.append("scikit-learn's Adam adds epsilon before the correction: later digits differ.")
    if factor != 1 and type(o) is SGD:
        found.append(f"scikit-learn's loss is nbann's times {1 / factor:g}: its rate makes good.")
    return found


def _targets(run: Run) -> list[str]:
    """Return the line that gives y the form that scikit-learn takes."""
    y, classes = run.trainer.train_data.y, run.net.loss.for_classes
    text = "y.ravel()" if y.ndim > 1 and run.net.output_shape[-1] == 1 else "y"
    text += ".astype(int)" if classes and y.dtype.kind != "i" else ""
    return [] if text == "y" else [f"y = {text}"]


def _first_samples(net: Net) -> tuple[str, str]:
    """Return samples and targets of the right shape, and the classes."""
    width, kind = net.output_shape[-1], net.loss.kind
    rows = f"np.zeros((2, {net.shape[0]}))"
    if kind == "cross_entropy":
        return f"{rows}, np.array([0, 1])", f", classes=np.arange({width})"
    if kind == "binary_cross_entropy":
        if width == 1:
            return f"{rows}, np.array([0, 1])", ", classes=np.array([0, 1])"
        return f"{rows}, np.eye(2, {width}, dtype=int)", f", classes=np.arange({width})"
    return f"{rows}, np.zeros({2 if width == 1 else (2, width)!r})", ""


def _using(net: Net, activation: str) -> list[str]:
    """Return the functions that use the net: logits are what scikit-learn does not give."""
    body = [
        "a = np.asarray(X, float)",
        "for weight, bias in zip(net.coefs_[:-1], net.intercepts_[:-1]):",
        f"    a = {_FORMULAS[activation].format(z='a @ weight + bias')}",
        "return a @ net.coefs_[-1] + net.intercepts_[-1]",
    ]
    return using_lines(net, body)
