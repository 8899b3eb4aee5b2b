"""Layers as nodes of ONNX. Imports the core."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from nbann.core.layers.activations import Activation
from nbann.core.layers.bidirectional import Bidirectional
from nbann.core.layers.dense import Dense
from nbann.core.layers.dense_transpose import DenseTranspose
from nbann.core.layers.embedding import Embedding
from nbann.core.layers.flatten import Flatten
from nbann.core.layers.gated import GRU, LSTM
from nbann.core.layers.normalization import BatchNorm, LayerNorm
from nbann.core.layers.recurrent import RNN
from nbann.core.layers.residual import Residual

from .onnx_activations import activate
from .onnx_graph import Graph
from .onnx_recurrent import scan
from .reading import Net, Part


def emit(g: Graph, parts: Iterable[Part], net: Net, x: str) -> str:
    """Add the nodes of layers one after another; return the name of the last one's output."""
    for part in parts:
        outside, g.scope = g.scope, part.name
        x = _layer(g, part, net, x)
        if part.silent:
            x = silence(g, x, part.after[-1], part.silent)
        g.scope = outside
    return x


def silence(g: Graph, x: str, width: int, neurons: tuple[int, ...]) -> str:
    """Add the node that sets some columns to 0."""
    speaks = np.ones(width, bool)
    speaks[list(neurons)] = False
    return str(g.op("Where", g.mask(speaks), x, g.number(0.0)))


def _layer(g: Graph, part: Part, net: Net, x: str) -> str:
    into = f"{part.name}.out"
    if isinstance(part.layer, Activation):
        return activate(g, part.layer, x, into)
    make = _MAKERS.get(type(part.layer))
    return x if make is None else make(g, part, net, x, into)


def _affine(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    weight = _array(g, net, f"{part.name}.weight")
    return _product(g, part, net, x, weight, into)


def _transpose(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    layer = part.layer
    assert isinstance(layer, DenseTranspose)
    if not layer.tied:
        return _affine(g, part, net, x, into)
    of = _array(g, net, f"{part.name.removesuffix(part.own)}{layer.of}.weight")
    return _product(g, part, net, x, g.op("Transpose", of, perm=[1, 0]), into)


def _product(g: Graph, part: Part, net: Net, x: str, weight: str, into: str) -> str:
    bias = f"{part.name}.bias"
    if bias not in net.arrays:
        return str(g.op("MatMul", x, weight, into=into))
    product = g.op("MatMul", x, weight)
    return str(g.op("Add", product, _array(g, net, bias), into=into))


def _embedding(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    return str(g.op("Gather", _array(g, net, f"{part.name}.weight"), x, axis=0, into=into))


def _flatten(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    return str(g.op("Flatten", x, axis=1, into=into))


def _batch_norm(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    """``(x - mean) * (gamma / sqrt(variance + epsilon)) + beta``, features last."""
    layer, name = part.layer, part.name
    assert isinstance(layer, BatchNorm)
    deviation = np.sqrt(net.arrays[f"{name}.running_variance"] + layer.epsilon)
    scale = g.array(f"{name}.scale", net.arrays[f"{name}.gamma"] / deviation)
    centered = g.op("Sub", x, _array(g, net, f"{name}.running_mean"))
    beta = _array(g, net, f"{name}.beta")
    return str(g.op("Add", g.op("Mul", centered, scale), beta, into=into))


def _layer_norm(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    """By its parts: LayerNormalization's epsilon is a float32 whatever the dtype."""
    layer, name = part.layer, part.name
    assert isinstance(layer, LayerNorm)
    mean = _mean(g, x, part.before[-1])
    centered = g.op("Sub", x, mean)
    variance = _mean(g, g.op("Mul", centered, centered), part.before[-1])
    deviation = g.op("Sqrt", g.op("Add", variance, g.number(layer.epsilon)))
    scaled = g.op("Mul", g.op("Div", centered, deviation), _array(g, net, f"{name}.gamma"))
    return str(g.op("Add", scaled, _array(g, net, f"{name}.beta"), into=into))


def _mean(g: Graph, x: str, width: int) -> str:
    """Return the mean over the last axis, (..., 1), as a product: the same in every opset."""
    return str(g.op("MatMul", x, g.number(np.full((width, 1), 1 / width))))


def _residual(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    around = x
    if f"{part.name}.projection" in net.arrays:
        around = g.op("MatMul", x, _array(g, net, f"{part.name}.projection"))
    return str(g.op("Add", around, emit(g, part.inside, net, x), into=into))


def _recurrent(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    return scan(g, part, net, x, into)


def _both_ways(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    assert isinstance(part.layer, Bidirectional)
    outs = [emit(g, (one,), net, x) for one in part.inside]
    if part.layer.merge == "sum":
        return str(g.op("Add", *outs, into=into))
    return str(g.op("Concat", *outs, axis=-1, into=into))


def _array(g: Graph, net: Net, name: str) -> str:
    return g.array(name, net.arrays[name])


_Maker = Callable[[Graph, Part, Net, str, str], str]
_MAKERS: dict[type, _Maker] = {
    Dense: _affine,
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
}
