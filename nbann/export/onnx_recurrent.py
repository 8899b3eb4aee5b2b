"""Recurrent layers as a Scan of ONNX, whose body is one time step. Imports the core.

ONNX has RNN, LSTM and GRU, but onnxruntime computes them in float32 only, and RNN with few
activations. A Scan is any of them in any dtype, for sequences of any length. What an LSTM
remembers, h and c, is one array (n, 2 * units): older evaluators can not run a Scan of two states.
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
    if g.there:
        there = g.op("Transpose", g.op("Unsqueeze", g.there, g.whole(-1)), perm=[1, 0, 2])
        z = g.op("Concat", z, _turned(g, there) if layer.reverse else there, axis=-1)
    start = _zeros(g, times, layer.units * len(layer.remembers))
    body = _body(g, part, net)
    last, states = g.op("Scan", start, z, outputs=2, body=body, num_scan_inputs=1)
    if not layer.return_sequences:
        ends = (g.whole(0), g.whole(layer.units), g.whole(1))
        return str(g.op("Slice", last, *ends, into=into))
    if layer.reverse:
        states = _turned(g, states)
    return str(g.op("Transpose", states, perm=[1, 0, 2], into=into))


def _turned(g: Graph, times: str) -> str:
    """Return a sequence from its end."""
    ends = (g.whole(-1), g.whole(_FIRST), g.whole(0), g.whole(-1))
    return str(g.op("Slice", times, *ends))


def _zeros(g: Graph, times: str, width: int) -> str:
    """Return the state before the first step, (n, width)."""
    rows = g.op("Slice", g.op("Shape", times), g.whole(1), g.whole(2))
    shape = g.op("Concat", rows, g.whole(width), axis=0)
    return str(g.op("Expand", g.number(0.0), shape))


def _body(g: Graph, part: Part, net: Net) -> object:
    """Return the graph of one time step: state and z in, state and h out.

    With a mask it is the last column of z: a step that is not there leaves the state as it was.
    """
    layer = part.layer
    assert isinstance(layer, Recurrent)
    b = Graph(g.dtype, outer=g)
    for key in ("recurrent", "recurrent_bias"):
        if f"{part.name}.{key}" in net.arrays:
            b.array(f"{part.name}.{key}", net.arrays[f"{part.name}.{key}"])
    old, seen = b.name("state.old"), b.name("z.t")
    z, there, width = seen, "", layer.gates * layer.units
    if g.there:
        z, there = b.op("Split", seen, b.whole(width, 1), axis=-1, outputs=2)
    if isinstance(layer, LSTM):
        h, cell = _lstm(b, part, z, old)
        new = b.op("Concat", h, cell, axis=-1)
    else:
        if isinstance(layer, GRU):
            h = _gru(b, part, z, old, f"{part.name}.recurrent_bias" in net.arrays)
        else:
            assert isinstance(layer, RNN)
            total = b.op("Add", z, b.op("MatMul", old, f"{part.name}.recurrent"))
            h = activate(b, layer.activation, total)
        new = b.op("Identity", h)
    if there:
        new = b.op("Where", b.op("Greater", there, b.number(0.0)), new, old)
        h = b.op("Slice", new, b.whole(0), b.whole(layer.units), b.whole(1))
    rows, size = f"{part.name} rows", layer.units * len(layer.remembers)
    inputs = [b.value(old, [rows, size]), b.value(seen, [rows, width + bool(there)])]
    outputs = [b.value(new, [rows, size]), b.value(h, [rows, layer.units])]
    return b.finished(f"{part.name}.step", inputs, outputs)


def _split(b: Graph, z: str, gates: int, units: int) -> list[str]:
    found: list[str] = b.op("Split", z, b.whole(*[units] * gates), axis=-1, outputs=gates)
    return found


def _lstm(b: Graph, part: Part, z: str, old: str) -> tuple[str, str]:
    layer = part.layer
    assert isinstance(layer, LSTM)
    h, c = _split(b, old, 2, layer.units)
    total = b.op("Add", z, b.op("MatMul", h, f"{part.name}.recurrent"))
    i, f, g, o = _split(b, total, 4, layer.units)
    added = b.op("Mul", b.op("Sigmoid", i), b.op("Tanh", g))
    cell = b.op("Add", b.op("Mul", b.op("Sigmoid", f), c), added)
    return b.op("Mul", b.op("Sigmoid", o), b.op("Tanh", cell)), cell


def _gru(b: Graph, part: Part, z: str, h: str, biased: bool) -> str:
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
    return str(b.op("Add", b.op("Mul", update, h), rest))
