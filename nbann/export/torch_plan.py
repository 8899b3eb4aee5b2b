"""Which module of PyTorch a layer becomes, and where its weights go. Imports the core, not torch.

A `Module` says what is to be called with what: `torch_model.py` calls it, `torch_code.py` writes
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nbann.core.layers.activations import Activation
from nbann.core.layers.activity_penalty import ActivityPenalty
from nbann.core.layers.bidirectional import Bidirectional
from nbann.core.layers.dense import Dense
from nbann.core.layers.dense_transpose import DenseTranspose
from nbann.core.layers.dropout import Dropout
from nbann.core.layers.embedding import Embedding
from nbann.core.layers.flatten import Flatten
from nbann.core.layers.gated import GRU, LSTM
from nbann.core.layers.noise import GaussianNoise, MaskingNoise
from nbann.core.layers.normalization import BatchNorm, LayerNorm
from nbann.core.layers.recurrent import RNN, Recurrent
from nbann.core.layers.residual import Residual

from .ends import readings
from .names import identifiers
from .reading import Array, Net, Part

OWN = "own "
"""What the name of a class of `torch_layers.py` begins with; the others are of `torch.nn`."""


@dataclass(frozen=True)
class Weight:
    """Where a parameter of a module comes from.

    Attributes
    ----------
    key : str
        Its name in the module.
    source : str
        Name of nbann's array; "" for zeros.
    how : {"same", "transposed", "candidate"}
        "candidate": after zeros for the other two gates of a GRU.
    """

    key: str
    source: str
    how: str = "same"

    def of(self, array: Array) -> Array:
        """Return what the module holds."""
        if self.how == "transposed":
            return array.T
        if self.how == "candidate":
            return np.concatenate([np.zeros(2 * len(array), array.dtype), array])
        return array


@dataclass(frozen=True)
class Reference:
    """Another module, by its full name: its weight is used here, too."""

    name: str


@dataclass(frozen=True)
class Module:
    """A call that makes a module; arguments may be modules again.

    Attributes
    ----------
    kind : str
        Name of the class.
    name : str
        Full name of the layer, "" of what has none.
    """

    kind: str
    args: tuple[Any, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    weights: tuple[Weight, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Chain:
    """Modules one after another under names of their own."""

    steps: tuple[tuple[str, Module], ...]


def plan_of(net: Net, *, probabilities: bool, what: str) -> Chain | Module:
    """Return what a net becomes; the module of a net with heads gives a dict."""
    plan = _plan_of(net, probabilities, what)
    return Module(OWN + "Padded", (plan,)) if net.padded else plan


def _plan_of(net: Net, probabilities: bool, what: str) -> Chain | Module:
    ends = readings(net, what) if probabilities else {}
    if not net.heads:
        return _chain(net.parts, net, ends.get("", ""))
    heads = {}
    for name, parts in net.heads.items():
        if probabilities and not ends[name]:
            continue  # as `Trainer.predict_proba` leaves it out
        heads[name] = _chain(parts, net, ends.get(name, ""), net.silent.get(name, ()), name)
    return Module(OWN + "Heads", (_chain(net.parts, net), list(heads.values()), tuple(heads)))


_ENDS = {
    "softmax": Module("Softmax", settings={"dim": -1}),
    "sigmoid": Module("Sigmoid"),
    "both": Module(OWN + "BothClasses"),
    "clipped": Module(OWN + "Clipped"),
}


def _chain(
    parts: Iterable[Part],
    net: Net,
    end: str = "",
    silent: tuple[int, ...] = (),
    head: str = "",
) -> Chain:
    parts = tuple(parts)
    names = identifiers(part.own for part in parts)
    steps = []
    for part in parts:
        own = names[part.own]
        steps.append((own, module_of(part, net)))
        if part.silent:
            steps.append((f"{own}_silenced", _silence(part.after[-1], part.silent)))
    if silent:
        steps.append((f"{head}_silenced", _silence(parts[-1].after[-1], silent)))
    if end:
        free = identifiers(["probabilities"], [name for name, _ in steps])
        steps.append((free["probabilities"], _ENDS[end]))
    return Chain(tuple(steps))


def _silence(width: int, neurons: tuple[int, ...]) -> Module:
    return Module(OWN + "Silence", (width, list(neurons)))


def module_of(part: Part, net: Net) -> Module:
    """Return the module that a layer becomes."""
    layer = part.layer
    if isinstance(layer, Activation):
        return activation_module(layer, part.name)
    make = _MAKERS.get(type(layer))
    return Module("Identity", name=part.name) if make is None else make(part, net)


def activation_module(layer: Activation, name: str = "") -> Module:
    """Return the module of an activation."""
    kind, settings = type(layer).__name__, {key: getattr(layer, key) for key in layer.settings}
    if kind == "Softmax":
        settings = {"dim": -1}
    elif kind == "Softplus":
        settings = {"threshold": 40}  # up to which it is computed; by default 20, to fewer digits
    elif kind == "Step":
        kind = OWN + kind
    return Module(kind, settings=settings, name=name)


def _linear(part: Part, net: Net) -> Module:
    name = part.name
    bias = f"{name}.bias" in net.arrays
    weights: tuple[Weight, ...] = (Weight("weight", f"{name}.weight", "transposed"),)
    weights += (Weight("bias", f"{name}.bias"),) if bias else ()
    settings = {} if bias else {"bias": False}
    return Module("Linear", (part.before[-1], part.after[-1]), settings, weights, name)


def _transpose(part: Part, net: Net) -> Module:
    layer, name = part.layer, part.name
    assert isinstance(layer, DenseTranspose)
    if not layer.tied:
        return _linear(part, net)
    of = name.removesuffix(part.own) + layer.of
    bias = f"{name}.bias" in net.arrays
    weights = (Weight("bias", f"{name}.bias"),) if bias else ()
    settings = {} if bias else {"bias": False}
    return Module(OWN + "Tied", (Reference(of), part.after[-1]), settings, weights, name)


def _embedding(part: Part, net: Net) -> Module:
    size = net.arrays[f"{part.name}.weight"].shape
    weights = (Weight("weight", f"{part.name}.weight"),)
    return Module(OWN + "Tokens", size, {}, weights, part.name)


def _batch_norm(part: Part, net: Net) -> Module:
    layer, name = part.layer, part.name
    assert isinstance(layer, BatchNorm)
    weights = (
        Weight("weight", f"{name}.gamma"),
        Weight("bias", f"{name}.beta"),
        Weight("running_mean", f"{name}.running_mean"),
        Weight("running_var", f"{name}.running_variance"),
    )
    kind = "BatchNorm1d" if len(part.before) == 1 else OWN + "BatchNormOfSequences"
    settings = {"eps": layer.epsilon, "momentum": layer.momentum}
    return Module(kind, (part.before[-1],), settings, weights, name)


def _layer_norm(part: Part, net: Net) -> Module:
    layer, name = part.layer, part.name
    assert isinstance(layer, LayerNorm)
    weights = (Weight("weight", f"{name}.gamma"), Weight("bias", f"{name}.beta"))
    return Module("LayerNorm", (part.before[-1],), {"eps": layer.epsilon}, weights, name)


def _residual(part: Part, net: Net) -> Module:
    name = f"{part.name}.projection"
    inside = _chain(part.inside, net)
    if name not in net.arrays:
        return Module(OWN + "Residual", (inside,), name=part.name)
    weights = (Weight("weight", name, "transposed"),)
    size = (part.before[-1], part.after[-1])
    projection = Module("Linear", size, {"bias": False}, weights, name)
    return Module(OWN + "Residual", (inside, projection), name=part.name)


def _recurrent(part: Part, net: Net) -> Module:
    layer, name = part.layer, part.name
    assert isinstance(layer, Recurrent)
    sizes = (part.before[-1], layer.units)
    settings: dict[str, Any] = {
        key: True
        for key, flag in (("sequences", layer.return_sequences), ("reverse", layer.reverse))
        if flag
    }
    bias = f"{name}.bias" in net.arrays
    if not bias:
        settings["bias"] = False
    kind = type(layer).__name__
    weights: tuple[Weight, ...]
    if isinstance(layer, RNN) and layer.activation.kind not in ("tanh", "relu"):
        weights = (Weight("input.weight", f"{name}.weight", "transposed"),)
        weights += (Weight("input.bias", f"{name}.bias"),) if bias else ()
        weights += (Weight("recurrent.weight", f"{name}.recurrent", "transposed"),)
        args = (*sizes, activation_module(layer.activation))
        return Module(OWN + "AnyRNN", args, settings, weights, name)
    weights = (
        Weight("weight_ih_l0", f"{name}.weight", "transposed"),
        Weight("weight_hh_l0", f"{name}.recurrent", "transposed"),
    )
    weights += (Weight("bias_ih_l0", f"{name}.bias"),) if bias else ()
    if f"{name}.recurrent_bias" in net.arrays:
        settings["second_bias"] = True
        weights += (Weight("bias_hh_l0", f"{name}.recurrent_bias", "candidate"),)
    if isinstance(layer, RNN) and layer.activation.kind == "relu":
        settings["nonlinearity"] = "relu"
    return Module(OWN + kind, sizes, settings, weights, name)


def _both_ways(part: Part, net: Net) -> Module:
    assert isinstance(part.layer, Bidirectional)
    ahead, back = (_recurrent(one, net) for one in part.inside)
    settings = {} if part.layer.merge == "concatenate" else {"merge": part.layer.merge}
    return Module(OWN + "Bidirectional", (ahead, back), settings, name=part.name)


def _noise(part: Part, net: Net) -> Module:
    layer = part.layer
    if isinstance(layer, GaussianNoise):
        return Module(OWN + "GaussianNoise", (layer.std,), name=part.name)
    assert isinstance(layer, Dropout)
    kind = OWN + "MaskingNoise" if isinstance(layer, MaskingNoise) else "Dropout"
    return Module(kind, (layer.rate,), name=part.name)


def _activity(part: Part, net: Net) -> Module:
    layer = part.layer
    assert isinstance(layer, ActivityPenalty)
    settings = {"l1": layer.l1} if layer.l1 else {}
    settings |= {"kl": layer.kl, "target": layer.target} if layer.kl else {}
    return Module(OWN + "ActivityPenalty", settings=settings, name=part.name)


def _flatten(part: Part, net: Net) -> Module:
    return Module("Flatten", name=part.name)


_Maker = Callable[[Part, Net], Module]
_MAKERS: dict[type, _Maker] = {
    Dense: _linear,
    DenseTranspose: _transpose,
    Embedding: _embedding,
    Flatten: _flatten,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    Residual: _residual,
    RNN: _recurrent,
    LSTM: _recurrent,
    GRU: _recurrent,
    Bidirectional: _both_ways,
    ActivityPenalty: _activity,
    Dropout: _noise,
    GaussianNoise: _noise,
    MaskingNoise: _noise,
}
