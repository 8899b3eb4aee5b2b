"""Activations as nodes of ONNX, of ops that runtimes have for float64 as well. Imports the core.

ONNX has Elu, Selu, Softplus and Gelu, but onnxruntime computes them in float32 only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nbann.core.layers.activations import ELU, GELU, SELU, Activation, LeakyReLU
from nbann.core.ops.gate_ops import TanhGate
from nbann.core.ops.normal import LAST, OVER, UNDER

from .onnx_graph import Graph


def activate(g: Graph, layer: Activation, z: str, into: str = "") -> str:
    """Add the nodes of an activation; return the name of what comes out."""
    kind = layer.kind
    if kind in _SINGLE:
        op, settings = _SINGLE[kind]
        return str(g.op(op, z, into=into, **settings))
    if isinstance(layer, LeakyReLU):
        # LeakyRelu's alpha is a float32 whatever the dtype: 0.01 would not be 0.01
        below = g.op("Mul", z, g.number(layer.negative_slope))
        return str(g.op("Max", z, below, into=into))
    if isinstance(layer, ELU):
        return _elu(g, z, layer.alpha, 1.0, into)
    if isinstance(layer, SELU):
        return _elu(g, z, layer.alpha, layer.scale, into)
    if kind == "softplus":
        return _softplus(g, z, into)
    if kind == "step":
        above = g.op("Greater", z, g.number(0.0))
        return str(g.op("Cast", above, to=g.type, into=into))
    if kind == "silu":
        return str(g.op("Mul", z, g.op("Sigmoid", z), into=into))
    assert isinstance(layer, GELU)
    gate = _tanh_gate(g, z) if layer.approximate == "tanh" else _normal_gate(g, z)
    return str(g.op("Mul", z, gate, into=into))


_SINGLE: dict[str, tuple[str, dict[str, Any]]] = {
    "identity": ("Identity", {}),
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": -1}),
}


def _elu(g: Graph, z: str, alpha: float, scale: float, into: str) -> str:
    """``max(0, z) + alpha * (exp(min(0, z)) - 1)``, times the scale."""
    falling = g.op("Exp", g.op("Min", z, g.number(0.0)))
    below = g.op("Mul", g.op("Sub", falling, g.number(1.0)), g.number(alpha))
    whole = g.op("Add", g.op("Relu", z), below)
    return str(g.op("Mul", whole, g.number(scale), into=into))


def _softplus(g: Graph, z: str, into: str) -> str:
    """``max(0, z) + log(1 + exp(-|z|))``."""
    small = g.op("Exp", g.op("Neg", g.op("Abs", z)))
    rest = g.op("Log", g.op("Add", small, g.number(1.0)))
    return str(g.op("Add", g.op("Relu", z), rest, into=into))


def _tanh_gate(g: Graph, z: str) -> str:
    """``(1 + tanh(k * (z + c * z**3))) / 2``."""
    square = g.op("Mul", g.op("Mul", z, z), g.number(TanhGate.cubic))
    inner = g.op("Mul", g.op("Add", square, g.number(1.0)), z)
    curve = g.op("Tanh", g.op("Mul", inner, g.number(TanhGate.rate)))
    return str(g.op("Mul", g.op("Add", curve, g.number(1.0)), g.number(0.5)))


def _normal_gate(g: Graph, z: str) -> str:
    """Phi(z): by Erf, or in float64, which onnxruntime's Erf has not, as nbann computes it.

    The tail ``q = exp(-y**2 / 2) * OVER(y) / UNDER(y)`` with ``y = min(|z|, 40)``; both polynomials
    are one product of the powers of y with their coefficients.
    """
    if g.dtype == np.float32:
        erf = g.op("Erf", g.op("Mul", z, g.number(1 / math.sqrt(2))))
        return str(g.op("Mul", g.op("Add", erf, g.number(1.0)), g.number(0.5)))
    y = g.op("Min", g.op("Abs", z), g.number(LAST))
    powers = g.number(np.arange(len(UNDER), dtype=np.float64)[::-1])
    table = g.number(np.column_stack([(0.0, *OVER), UNDER]))
    column = g.op("Unsqueeze", y, g.whole(-1))
    both = g.op("MatMul", g.op("Pow", column, powers), table)
    over, under = g.op("Split", both, g.whole(1, 1), axis=-1, outputs=2)
    ratio = g.op("Squeeze", g.op("Div", over, under), g.whole(-1))
    bell = g.op("Exp", g.op("Mul", g.op("Mul", y, y), g.number(-0.5)))
    tail = g.op("Mul", ratio, bell)
    above = g.op("Greater", z, g.number(0.0))
    return str(g.op("Where", above, g.op("Sub", g.number(1.0), tail), tail))
