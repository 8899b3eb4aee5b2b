"""Activations as they are read: formulas, the arithmetic of each element, names, settings."""

import math

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import nbann
from nbann.core.layers.activations import ACTIVATIONS as REGISTRY
from nbann.core.layers.activations import activation_named

from . import sums
from .nets import ACTIVATIONS
from .one_layer import compiled
from .test_activations import GOLDENS, LARGE


@pytest.mark.parametrize("values", [GOLDENS["z"], LARGE], ids=["ordinary", "large"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_element_is_the_arithmetic_that_is_shown(name, values):
    z = np.asarray(values)
    program = compiled(ACTIVATIONS[name](), z, np.random.default_rng(0).uniform(-1, 1, z.shape))
    parser = MathTextParser("path")
    for op in program:
        if op.phase == "loss":
            continue
        array = program.arrays[op.writes[0]]
        for place in np.ndindex(*array.shape):
            equation = op.arithmetic(place)
            assert equation.value() == pytest.approx(array[place], rel=1e-9, abs=1e-12), equation
        assert parser.parse(f"${op.formula}$").width > 0
        assert parser.parse(f"${equation.latex()}$").width > 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_what_is_printed_works_out(name):
    z, da = np.array([[0.7, -1.3, 2.4], [-0.2, 0.05, -3.1]]), np.full((2, 3), 0.37)
    da[0, 1] = -1.2
    program = compiled(ACTIVATIONS[name](), z, da)
    for op in program:
        array = program.arrays[op.writes[0]]
        for place in np.ndindex(*array.shape):
            if op.phase != "loss":
                sums.check(op.arithmetic(place).text(digits=6), array[place], 6)


FORMULAS = {
    "identity": ["a_act = z", "dL/dz = dL/da_act"],
    "step": ["a_act = step(z)", "step'_act = 0", "dL/dz = dL/da_act * step'_act"],
    "leaky_relu": [
        "a_act = max(0.01*z, z)", "leaky_relu'_act = max(step(z), 0.01)",
        "dL/dz = dL/da_act * leaky_relu'_act",
    ],
    "elu": [
        "a_act = max(0, z) + min(0, exp(z) - 1)", "elu'_act = exp(min(0, z))",
        "dL/dz = dL/da_act * elu'_act",
    ],
    "elu 0.4": [
        "a_act = max(0, z) + min(0, 0.4*(exp(z) - 1))",
        "elu'_act = step(z) + (1 - step(z))*0.4*exp(min(0, z))", "dL/dz = dL/da_act * elu'_act",
    ],
    "gelu": [
        "g_act = Phi(z)", "a_act = z * g_act", "gelu'_act = g_act + z*phi(z)",
        "dL/dz = dL/da_act * gelu'_act",
    ],
    "gelu tanh": [
        "g_act = 0.5*(1 + tanh(0.7979*(z + 0.04471*z**3)))", "a_act = z * g_act",
        "gelu'_act = g_act + z*1.596*(1 + 0.1341*z**2)*g_act*(1 - g_act)",
        "dL/dz = dL/da_act * gelu'_act",
    ],
    "silu": [
        "g_act = 1/(1 + exp(-z))", "a_act = z * g_act",
        "silu'_act = g_act + z*g_act*(1 - g_act)", "dL/dz = dL/da_act * silu'_act",
    ],
    "softplus": [
        "a_act = log(1 + exp(z))", "softplus'_act = 1/(1 + exp(-z))",
        "dL/dz = dL/da_act * softplus'_act",
    ],
    "softmax": [
        "a_act = softmax(z)", "m_act = sum(dL/da_act * a_act)",
        "dL/dz = a_act * (dL/da_act - m_act)",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name):
    program = compiled(ACTIVATIONS[name](), LARGE, LARGE)
    found = [op.equation.text() for op in program if op.layer != "loss"]
    assert found == FORMULAS[name]


def test_phi_is_written_with_greek_letters():
    program = compiled(nbann.GELU(), LARGE, LARGE)
    assert program["act.gate"].formula == r"g_{\mathrm{act}} = \Phi\left(z\right)"
    assert r"\varphi\left(z\right)" in program["act.slope"].formula


# ---- by name, and what is refused ---------------------------------------------------------------


def test_the_registry_has_every_activation_by_its_kind():
    assert {cls().kind for cls in REGISTRY.values()} == {name.split()[0] for name in ACTIVATIONS}
    for name, cls in REGISTRY.items():
        layer = activation_named(name)
        assert type(layer) is cls
        assert layer.kind == name or (layer.kind, name) == ("sigmoid", "logistic")
        assert activation_named(layer) is layer
        assert getattr(nbann, cls.__name__) is cls
    for name in ("identity", "logistic", "tanh", "relu"):  # scikit-learn's
        assert name in REGISTRY


@pytest.mark.parametrize("wrong", ["reul", None, 3, nbann.ReLU, ["relu"]])
def test_an_unknown_activation(wrong):
    with pytest.raises(ValueError, match=r"Unknown activation .*Expected one of: .*tanh"):
        activation_named(wrong)


@pytest.mark.parametrize(
    ("make_layer", "message"),
    [
        (lambda: nbann.LeakyReLU(1.0), r"negative_slope: expected .*below 1; received 1\.0\. Pass"),
        (lambda: nbann.LeakyReLU(-0.1), "negative_slope: expected .*at least 0"),
        (lambda: nbann.LeakyReLU("0.1"), "negative_slope: expected .*received '0.1'"),
        (lambda: nbann.LeakyReLU(math.nan), "negative_slope: expected a finite number"),
        (lambda: nbann.ELU(0), "alpha: expected .*above 0; received 0"),
        (lambda: nbann.ELU(alpha=math.inf), "alpha: expected a finite number"),
        (lambda: nbann.GELU("tan"), "Unknown approximation 'tan'. Did you mean 'tanh'"),
        (lambda: nbann.GELU(True), "Unknown approximation True"),
        (lambda: nbann.Softmax(name="a.b"), "A layer's name: expected text without a dot"),
    ],
)
def test_settings_out_of_range(make_layer, message):
    with pytest.raises(ValueError, match=message):
        make_layer()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nbann.ReLU(), "ReLU()"),
        (nbann.Softmax(name="p"), "Softmax(name='p')"),
        (nbann.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
        (nbann.ELU(2, name="e"), "ELU(alpha=2.0, name='e')"),
        (nbann.GELU("tanh"), "GELU(approximate='tanh')"),
    ],
)
def test_how_a_layer_is_shown(layer, text):
    assert repr(layer) == text
