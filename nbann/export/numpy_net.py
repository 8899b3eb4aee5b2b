"""A net as calls of the classes of `numpy_layers.py` and its kin. Imports the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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

from .literals import Text, call
from .reading import Net, Part
from .training import Run


class Writer:
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
        if isinstance(layer, ActivityPenalty) and self.run is not None:
            settings = {"l1": layer.l1} if layer.l1 else {}
            settings |= {"kl": layer.kl, "target": layer.target} if layer.kl else {}
            return self.call("ActivityPenalty", **settings)
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

    def recurrent(self, part: Part, bias: Mapping[str, object]) -> str:
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
