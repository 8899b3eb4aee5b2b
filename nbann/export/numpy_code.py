"""A run as source of NumPy alone: net, loss, optimizer, loop. Imports the core."""

from __future__ import annotations

from typing import Any

from nbann.core.errors import bad_value
from nbann.core.optimizers.adaptive import AdaGrad, Adam, RMSprop
from nbann.core.optimizers.sgd import SGD

from .data_code import data_lines
from .ends import is_own
from .literals import Text, array_text, call, check_size, table_text
from .numpy_net import Writer
from .pieces import imports_of, pieces
from .reading import Net
from .scored import Scored, scored_of
from .start_code import start_lines
from .training import KEEP, Run, counts_batches, loop_lines, rate_of
from .using import using_lines

MODULES = ("numpy_parts", "numpy_layers", "numpy_activations", "numpy_recurrent")
RUNNING = (".running_mean", ".running_variance")


def numpy_code(net: Net, run: Run | None) -> list[str]:
    """Return the lines of a source that trains a net, or without a run has its trained weights."""
    if run is None:
        check_size(net.arrays, "to_code")
        parts: set[str] = set()
        start = _weights(net)
    else:
        drawn, parts = start_lines(run.trainer, "to_code")
        start = [*drawn, *_running(net)]
        if net.dtype.name != "float64":
            start.append(f"p = {{name: a.astype(np.{net.dtype.name}) for name, a in p.items()}}")
    used: set[str] = set()
    text = Writer(net, run, used).net()
    training = [] if run is None else _training(run, parts)
    definitions = pieces(MODULES, parts | used)
    lines = [*imports_of(definitions), "", "import numpy as np", ""]
    if run is not None:
        lines += [*data_lines(run), ""]
    for definition in definitions:
        lines += ["", *definition.split("\n"), ""]
    lines += ["", *start, "", *text, ""]
    lines += training
    lines += using_lines(net, [f"return net.forward(p, np.asarray(X, {_dtype(net)}))"])
    return lines


def _dtype(net: Net) -> str:
    return "int" if net.indices else f"np.{net.dtype.name}"


def _weights(net: Net) -> list[str]:
    """Return the lines of the trained weights."""
    kind = "" if net.dtype.name == "float64" else f"np.{net.dtype.name}"
    texts = {name: array_text(array, kind, "    ") for name, array in net.arrays.items()}
    kept = {name: text for name, text in texts.items() if not name.endswith(RUNNING)}
    lines = ["# the trained weights", *table_text("p", kept)]
    rest = {name: text for name, text in texts.items() if name.endswith(RUNNING)}
    return lines + (table_text("running", rest) if rest else [])


def _running(net: Net) -> list[str]:
    """Return the lines of running statistics at their start."""
    kind = f"np.{net.dtype.name}"
    texts = {
        name: f"np.{'zeros' if name.endswith(RUNNING[0]) else 'ones'}({array.size}, {kind})"
        for name, array in net.arrays.items()
        if name.endswith(RUNNING)
    }
    return table_text("running", texts) if texts else []


def _training(run: Run, parts: set[str]) -> list[str]:
    """Return the lines that train, and note the pieces they use."""
    optimizer = optimizer_text(run, parts)
    rate = rate_of(run)
    batch = counts_batches(rate)
    head, before = loop_lines(run, "{}")
    rows = "" if run.whole else "[rows]"
    scored = scored_of(run.net)
    body = [f"z = net.forward(p, X{rows}, training=True)"]
    if run.net.heads:
        body.append("loss, grad = 0.0, {}")
        for one in scored:
            text = loss_text(one, one.of("z"), one.of("y") + rows, parts)
            body += [f"own, {one.of('grad')} = {text}", f"loss += {one.weight!r} * own"]
            body += [f"{one.of('grad')} *= {one.weight!r}"] if one.weight != 1 else []
    else:
        body.append(f"loss, grad = {loss_text(scored[0], 'z', 'y' + rows, parts)}")
    body += [
        "g = {name: np.zeros_like(array) for name, array in p.items()}",
        "net.backward(p, g, grad)",
        *_between(run),
        f"optimizer.step(p, g, {rate})",
        *(["batch += 1"] if batch else []),
    ]
    return [
        f"optimizer = {optimizer}",
        *(["batch = 0"] if batch else []),
        *head,
        *(before + line for line in body),
        "print('loss of the last batch, without penalties:', loss)",
        "",
    ]


def _between(run: Run) -> list[str]:
    """Return what happens to the gradient g before the step: penalties, limits, weight decay."""
    lines = []
    share = f" / {'len(X)' if run.whole else 'len(rows)'}" if run.per_sample else ""
    terms = [f"{run.l1!r} * np.sign(array)"] if run.l1 else []
    terms += [f"{run.l2!r} * array"] if run.l2 else []
    if terms:
        whole = " + ".join(terms)
        lines += [
            "for name, array in p.items():",
            "    if array.ndim == 2:  # weights, not biases",
            f"        g[name] += ({whole}){share}" if share else f"        g[name] += {whole}",
        ]
    optimizer = run.trainer.optimizer
    if optimizer.clip_value is not None:
        limit = optimizer.clip_value
        lines.append(f"g = {{name: np.clip(a, {-limit!r}, {limit!r}) for name, a in g.items()}}")
    if optimizer.clip_norm is not None:
        lines += [
            "norm = np.sqrt(sum((array**2).sum() for array in g.values()))",
            f"shorter = min(1.0, {optimizer.clip_norm!r} / (norm + 1e-6))",
            "g = {name: shorter * array for name, array in g.items()}",
        ]
    if optimizer.weight_decay and not optimizer.decoupled:
        decay = f"    g[name] += {optimizer.weight_decay!r} * array"
        lines += ["for name, array in p.items():", decay]
    return lines


def optimizer_text(run: Run, parts: set[str]) -> str:
    """Return the call that makes the optimizer.

    Raises
    ------
    ValueError
        One of the user's own.
    """
    o: Any = run.trainer.optimizer
    p = Text("p")
    kind = type(o).__name__
    if type(o) is SGD:
        settings: dict[str, Any] = {"momentum": o.momentum} if o.momentum else {}
        settings |= {"nesterov": True} if o.nesterov and o.momentum else {}
        text = call("SGD", p, **settings)
    elif type(o) is AdaGrad:
        initial = {"initial": o.initial_accumulator} if o.initial_accumulator else {}
        text = call("AdaGrad", p, epsilon=o.epsilon, **initial)
    elif type(o) is RMSprop:
        momentum = {"momentum": o.momentum} if o.momentum else {}
        text = call("RMSprop", p, rho=o.rho, epsilon=o.epsilon, **momentum)
    elif isinstance(o, Adam) and kind in ("Adam", "AdamW"):
        more: dict[str, Any] = {"epsilon_hat": True} if o.epsilon_hat else {}
        more |= {"decay": o.weight_decay} if o.decoupled else {}
        text = call("Adam", p, beta1=o.beta1, beta2=o.beta2, epsilon=o.epsilon, **more)
        kind = "Adam"
    else:
        raise bad_value("to_code with training", "one of nbann's optimizers", repr(o), KEEP)
    parts.add(kind)
    return text


def loss_text(one: Scored, outputs: str, targets: str, parts: set[str]) -> str:
    """Return the call that gives a batch's loss and gradient, of the source of both.

    Raises
    ------
    ValueError
        A loss that is not written here.
    """
    loss: Any = one.loss
    kind, width = loss.kind, one.width
    z, y = Text(outputs), Text(targets)
    settings: dict[str, object] = {}
    if getattr(loss, "label_smoothing", 0.0):
        settings["smoothing"] = loss.label_smoothing
    if getattr(loss, "class_weights", None) is not None:
        settings["weights"] = list(loss.class_weights)
    if getattr(loss, "outputs", "mean") == "sum" and kind != "half_squared_error":
        settings["summed"] = True
    rows = f"{z}.size" if width == 1 else f"({z}.size / {width})"
    factors = {"mean_squared_error": f"1 / {z}.size", "sign_error": f"1 / (2 * {rows})"}
    if kind == "half_squared_error":
        size = rows if loss.outputs == "sum" else f"{z}.size"
        factors[kind] = "1 / 2" if loss.reduction == "sum" else f"1 / (2 * {size})"
    name = _name_of(loss, kind, width) if is_own(loss) else ""
    if kind in factors and is_own(loss):
        parts.add("squared_error")
        return call("squared_error", z, y, Text(factors[kind]))
    if not name:
        expected = "a loss that source is written for; of many classes cross-entropy, or a hinge"
        raise bad_value("to_code with training", expected, repr(loss), KEEP)
    settings |= {key: getattr(loss, key) for key in _SETTINGS.get(name, ())}
    parts.add(name)
    return call(name, z, y, **settings)


_SETTINGS = {
    "huber": ("delta",),
    "hinge": ("margin",),
    "weston_watkins": ("margin",),
    "gaussian_nll": ("eps", "full"),
    "pinball": ("quantiles",),
}


def _name_of(loss: Any, kind: str, width: int) -> str:
    """Return the function that computes a loss; "" where there is none."""
    if kind == "mean_absolute_error":
        return "absolute_error"
    if kind == "binary_cross_entropy" and loss.class_weights is not None:
        return ""
    if kind == "hinge" and width > 1:
        return "weston_watkins" if loss.multi_class == "weston_watkins" else ""
    if kind == "perceptron" and width > 1:
        return ""
    known = ("cross_entropy", "binary_cross_entropy", "poisson", "perceptron", *_SETTINGS)
    return kind if kind in known else ""
