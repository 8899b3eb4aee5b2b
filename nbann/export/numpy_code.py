"""A run as source of NumPy alone: net, loss, optimizer, loop. Imports the core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nbann.core.errors import bad_value
from nbann.core.layers.activations import ELU, GELU, SELU, Activation, LeakyReLU
from nbann.core.layers.activity_penalty import ActivityPenalty
from nbann.core.layers.bidirectional import Bidirectional
from nbann.core.layers.dense_transpose import DenseTranspose
from nbann.core.layers.dropout import Dropout
from nbann.core.layers.gated import GRU
from nbann.core.layers.noise import GaussianNoise, MaskingNoise
from nbann.core.layers.normalization import BatchNorm, LayerNorm
from nbann.core.layers.recurrent import RNN, Recurrent
from nbann.core.models.autoencoder import Code
from nbann.core.optimizers.adaptive import AdaGrad, Adam, RMSprop
from nbann.core.optimizers.sgd import SGD

from .literals import Text, array_text, call, check_size, table_text
from .pieces import imports_of, pieces
from .reading import Net, Part, readings_or_none
from .start_code import start_lines
from .training import (
    KEEP,
    Run,
    counts_batches,
    data_lines,
    loop_lines,
    predict_lines,
    proba_lines,
    rate_of,
)

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
    text = _Writer(net, run, used).net()
    training = [] if run is None else _training(run, parts)
    definitions = [*pieces("numpy_parts", parts), *pieces("numpy_layers", used)]
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


def using_lines(net: Net, body: list[str]) -> list[str]:
    """Return the functions ``outputs``, ``predict`` and ``predict_proba``, as far as there are."""
    shape = ", ".join(map(str, net.shape))
    lines = [
        "",
        "def outputs(X):",
        f'    """Return what the net gives for samples X, an array (n, {shape})."""',
        *(f"    {line}" for line in body),
        "",
    ]
    if net.heads:
        return lines
    for name, told, found in (
        ("predict", "what the net predicts: labels or values", predict_lines(net)),
        ("predict_proba", "the probability of each class", proba_lines(readings_or_none(net))),
    ):
        if found:
            lines += ["", f"def {name}(X):", f'    """Return {told}."""', "    z = outputs(X)"]
            lines += [*(f"    {line}" for line in found), ""]
    return lines


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
    loss, optimizer = loss_text(run, parts), optimizer_text(run, parts)
    rate = rate_of(run)
    batch = counts_batches(rate)
    head, before = loop_lines(run, "{}")
    rows = "" if run.whole else "[rows]"
    body = [
        f"z = net.forward(p, X{rows}, training=True)",
        f"loss, grad = {loss}",
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
    terms = [f"{run.l1!r} * np.sign(p[name])"] if run.l1 else []
    terms += [f"{run.l2!r} * p[name]"] if run.l2 else []
    if terms:
        whole = " + ".join(terms)
        lines += [
            "for name in p:",
            "    if p[name].ndim == 2:  # weights, not biases",
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
        lines += ["for name in p:", f"    g[name] += {optimizer.weight_decay!r} * p[name]"]
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
        settings = {"momentum": o.momentum} if o.momentum else {}
        settings |= {"nesterov": True} if o.nesterov and o.momentum else {}
        text = call("SGD", p, **settings)
    elif type(o) is AdaGrad:
        initial = {"initial": o.initial_accumulator} if o.initial_accumulator else {}
        text = call("AdaGrad", p, epsilon=o.epsilon, **initial)
    elif type(o) is RMSprop:
        momentum = {"momentum": o.momentum} if o.momentum else {}
        text = call("RMSprop", p, rho=o.rho, epsilon=o.epsilon, **momentum)
    elif isinstance(o, Adam) and kind in ("Adam", "AdamW"):
        more = {"epsilon_hat": True} if o.epsilon_hat else {}
        more |= {"decay": o.weight_decay} if o.decoupled else {}
        text = call("Adam", p, beta1=o.beta1, beta2=o.beta2, epsilon=o.epsilon, **more)
        kind = "Adam"
    else:
        raise bad_value("to_code with training", "one of nbann's optimizers", repr(o), KEEP)
    parts.add(kind)
    return text


def loss_text(run: Run, parts: set[str]) -> str:
    """Return the call that gives a batch's loss and gradient.

    Raises
    ------
    ValueError
        A loss that is not written here.
    """
    loss: Any = run.net.loss
    kind, width = loss.kind, run.net.output_shape[-1]
    z, y = Text("z"), Text("y" if run.whole else "y[rows]")
    smoothing = getattr(loss, "label_smoothing", 0.0)
    summed = {"summed": True} if getattr(loss, "outputs", "mean") == "sum" else {}
    more: dict[str, object] = {"smoothing": smoothing} if smoothing else {}
    rows = "z.size" if width == 1 else f"(z.size / {width})"
    factors = {"mean_squared_error": "1 / z.size", "sign_error": f"1 / (2 * {rows})"}
    if kind == "half_squared_error":
        size = rows if loss.outputs == "sum" else "z.size"
        factors[kind] = "1 / 2" if loss.reduction == "sum" else f"1 / (2 * {size})"
    if getattr(loss, "class_weights", None) is None:
        if kind in factors:
            parts.add("squared_error")
            return call("squared_error", z, y, Text(factors[kind]))
        settings = {
            "cross_entropy": more,
            "binary_cross_entropy": more | summed,
            "mean_absolute_error": {},
            "huber": {"delta": getattr(loss, "delta", 1.0)},
            "poisson": summed,
        }
        if width == 1:
            settings |= {"hinge": {"margin": getattr(loss, "margin", 1.0)}, "perceptron": {}}
        if kind in settings:
            name = "absolute_error" if kind == "mean_absolute_error" else kind
            parts.add(name)
            return call(name, z, y, **settings[kind])
    expected = "a loss without class weights: cross-entropy, squared, absolute, Huber's, Poisson's"
    raise bad_value("to_code with training", expected, repr(loss), KEEP)


class _Writer:
    """Writes layers as calls, and gathers which classes they need."""

    def __init__(self, net: Net, run: Run | None, used: set[str]) -> None:
        self.whole, self.run, self.used = net, run, used

    def net(self) -> list[str]:
        """Return the lines after which ``net`` is the net."""
        if not self.whole.heads:
            return f"net = {self.chain(self.whole.parts, '')}".split("\n")
        heads = []
        for name, parts in self.whole.heads.items():
            text = self.chain(parts, "        ", self.whole.silent.get(name, ()))
            heads.append(f"        {name!r}: {text},")
        self.used.add("Heads")
        body = f"    {self.chain(self.whole.parts, '    ')},"
        return "\n".join(["net = Heads(", body, "    {", *heads, "    },", ")"]).split("\n")

    def chain(self, parts: Iterable[Part], before: str, silent: tuple[int, ...] = ()) -> str:
        """Return layers one after another."""
        self.used.add("Chain")
        texts = []
        for part in parts:
            texts.append(self.layer(part, before + "    "))
            texts.append(self.call("Silence", list(part.silent)) if part.silent else "")
        texts.append(self.call("Silence", list(silent)) if silent else "")
        lines = [f"{before}    {text}," for text in texts if text]
        return "\n".join(["Chain(", *lines, f"{before})"]) if lines else "Chain()"

    def call(self, kind: str, *args: object, **settings: object) -> Text:
        """Return a call of one of the classes."""
        self.used.add(kind)
        return Text(call(kind, *args, **settings))

    def layer(self, part: Part, before: str) -> str:
        """Return a layer's text; "" for one that lets everything through."""
        layer: Any = part.layer
        name, arrays = part.name, self.whole.arrays
        if isinstance(layer, Activation):
            return self.activation(layer)
        if isinstance(layer, Dropout | GaussianNoise):
            return self.noise(part)
        if isinstance(layer, ActivityPenalty | Code):
            return ""
        kind = type(layer).__name__
        bias = {} if f"{name}.bias" in arrays else {"bias": False}
        if isinstance(layer, DenseTranspose):
            if not layer.tied:
                return self.call("Dense", name, **bias)
            return self.call("Tied", name, name.removesuffix(part.own) + layer.of, **bias)
        if isinstance(layer, Recurrent):
            return self.recurrent(part, bias)
        if isinstance(layer, Bidirectional):
            ahead, back = (Text(self.layer(one, before)) for one in part.inside)
            merge = {} if layer.merge == "concatenate" else {"merge": layer.merge}
            return self.call("Bidirectional", ahead, back, **merge)
        if isinstance(layer, BatchNorm):
            return self.call(kind, name, Text("running"), layer.momentum, layer.epsilon)
        if isinstance(layer, LayerNorm):
            return self.call(kind, name, layer.epsilon)
        if kind == "Residual":
            inside = Text(self.chain(part.inside, before))
            more = {"projection": True} if f"{name}.projection" in arrays else {}
            return self.call(kind, name, inside, **more)
        if kind == "Flatten":
            return self.call(kind)
        return self.call(kind, name) if kind == "Embedding" else self.call("Dense", name, **bias)

    def activation(self, layer: Activation) -> str:
        """Return an activation's text."""
        if isinstance(layer, SELU):
            return self.call("ELU", layer.alpha, layer.scale)
        if isinstance(layer, ELU):
            return self.call("ELU", layer.alpha)
        if isinstance(layer, LeakyReLU):
            return self.call("LeakyReLU", layer.negative_slope)
        if isinstance(layer, GELU) and layer.approximate == "tanh":
            return self.call("TanhGELU")
        kind = type(layer).__name__
        return "" if kind == "Identity" else self.call(kind)

    def noise(self, part: Part) -> str:
        """Return the text of what is random in training, with nbann's own random numbers."""
        if self.run is None:
            return ""
        layer: Any = part.layer
        number = self.run.trainer._recipe.plan.streams.index(part.name)
        rng = Text(f"np.random.default_rng([{self.run.seed}, 2, {number}])")
        if isinstance(layer, GaussianNoise):
            return self.call("GaussianNoise", layer.std, rng)
        more = {"scaled": False} if isinstance(layer, MaskingNoise) else {}
        return self.call("Dropout", layer.rate, rng, **more)

    def recurrent(self, part: Part, bias: dict[str, object]) -> str:
        """Return the text of a recurrent layer."""
        layer: Any = part.layer
        settings = dict(bias)
        settings |= {"sequences": True} if layer.return_sequences else {}
        settings |= {"reverse": True} if layer.reverse else {}
        if isinstance(layer, GRU) and f"{part.name}.recurrent_bias" not in self.whole.arrays:
            settings["second_bias"] = False
        if isinstance(layer, RNN):
            inside = Text(self.activation(layer.activation) or self.call("Layer"))
            return self.call("RNN", part.name, layer.units, inside, **settings)
        return self.call(type(layer).__name__, part.name, layer.units, **settings)
