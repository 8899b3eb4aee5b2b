"""Recurrent layers as a Scan of ONNX, whose body is one time step. Imports the core.

ONNX has RNN, LSTM and GRU, but onnxruntime computes them in float32 only, and RNN with few
activations. A Scan is any of them in any dtype, for sequences of any length.
"""

from __future__ import annotations

from nbann.core.layers.gated import GRU, LSTM
from nbann.core.layers.recurrent import RNN, Recurrent

from .onnx_activations import activate
from .onnx_graph import Graph
from .reading import Net, Part

_FIRST = -(2**63)  # "before the first", where a row is gone through from its end


def scan(g: Graph, part: Part, net: Net, x: str, into: str) -> str:
    """Add the nodes of a recurrent layer, (n, time, features); return the name of its output."""
    layer, name = part.layer, part.name
    assert isinstance(layer, Recurrent)
    times = g.op("Transpose", x, perm=[1, 0, 2])
    if layer.reverse:
        times = _turned(g, times)
    z = g.op("MatMul", times, g.array(f"{name}.weight", net.arrays[f"{name}.weight"]))
    if f"{name}.bias" in net.arrays:
        z = g.op("Add", z, g.array(f"{name}.bias", net.arrays[f"{name}.bias"]))
    for key in ("recurrent", "recurrent_bias"):
        if f"{name}.{key}" in net.arrays:
            g.array(f"{name}.{key}", net.arrays[f"{name}.{key}"])
    start = _zeros(g, times, layer.units)
    count = len(layer.remembers)
    body = _body(g, part, layer, net)
    *last, states = g.op(
        "Scan", *[start] * count, z, outputs=count + 1, body=body, num_scan_inputs=1
    )
    if not layer.return_sequences:
        return str(g.op("Identity", last[0], into=into))
    if layer.reverse:
        states = _turned(g, states)
    return str(g.op("Transpose", states, perm=[1, 0, 2], into=into))


def _turned(g: Graph, times: str) -> str:
    """Return a sequence from its end."""
    ends = (g.whole(-1), g.whole(_FIRST), g.whole(0), g.whole(-1))
    return str(g.op("Slice", times, *ends))


def _zeros(g: Graph, times: str, units: int) -> str:
    """Return the state before the first step, (n, units)."""
    rows = g.op("Slice", g.op("Shape", times), g.whole(1), g.whole(2))
    shape = g.op("Concat", rows, g.whole(units), axis=0)
    return str(g.op("Expand", g.number(0.0), shape))


def _body(g: Graph, part: Part, layer: Recurrent, net: Net) -> object:
    """Return the graph of one time step: states and z in, states and h out."""
    b = Graph(g.dtype, outer=g)
    olds = [b.name(f"{key}.old") for key in layer.remembers]
    z = b.name("z.t")
    if isinstance(layer, LSTM):
        news = _lstm(b, part, z, olds)
    elif isinstance(layer, GRU):
        news = _gru(b, part, z, olds[0], f"{part.name}.recurrent_bias" in net.arrays)
    else:
        assert isinstance(layer, RNN)
        total = b.op("Add", z, b.op("MatMul", olds[0], f"{part.name}.recurrent"))
        news = [activate(b, layer.activation, total)]
    shown = b.op("Identity", news[0])
    rows = f"{part.name} rows"
    states = [b.value(name, [rows, layer.units]) for name in olds]
    inputs = [*states, b.value(z, [rows, layer.gates * layer.units])]
    outputs = [b.value(name, [rows, layer.units]) for name in (*news, shown)]
    return b.finished(f"{part.name}.step", inputs, outputs, numbers=False)


def _split(b: Graph, z: str, gates: int, units: int) -> list[str]:
    found: list[str] = b.op("Split", z, b.whole(*[units] * gates), axis=-1, outputs=gates)
    return found


def _lstm(b: Graph, part: Part, z: str, olds: list[str]) -> list[str]:
    layer = part.layer
    assert isinstance(layer, LSTM)
    h, c = olds
    total = b.op("Add", z, b.op("MatMul", h, f"{part.name}.recurrent"))
    i, f, g, o = _split(b, total, 4, layer.units)
    added = b.op("Mul", b.op("Sigmoid", i), b.op("Tanh", g))
    cell = b.op("Add", b.op("Mul", b.op("Sigmoid", f), c), added)
    return [b.op("Mul", b.op("Sigmoid", o), b.op("Tanh", cell)), cell]


def _gru(b: Graph, part: Part, z: str, h: str, biased: bool) -> list[str]:
    layer = part.layer
    assert isinstance(layer, GRU)
    state = b.op("MatMul", h, f"{part.name}.recurrent")
    a_r, a_z, a_n = _split(b, z, 3, layer.units)
    s_r, s_z, s_n = _split(b, state, 3, layer.units)
    reset = b.op("Sigmoid", b.op("Add", a_r, s_r))
    update = b.op("Sigmoid", b.op("Add", a_z, s_z))
    if biased:
        s_n = b.op("Add", s_n, f"{part.name}.recurrent_bias")
    new = b.op("Tanh", b.op("Add", a_n, b.op("Mul", reset, s_n)))
    # z * h + (1 - z) * n
    rest = b.op("Mul", b.op("Sub", b.number(1.0), update), new)
    return [b.op("Add", b.op("Mul", update, h), rest)]
