"""Activations: equal to PyTorch forward and backward, at any size of z, in any shape."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import integrate, stats

import nbann

from ..goldens import make_activations
from .nets import ACTIVATIONS, PLAIN, copies, data, make
from .one_layer import compiled, passed
from .test_gradients import differences, relative

GOLDENS = json.loads(Path(make_activations.FILE).read_text())
FLAT = [name for name in ACTIVATIONS if name != "softmax"]  # element by element
LARGE = np.array([[1e4, -1e4, 745.0], [-745.0, 88.0, -88.0], [0.0, -0.0, 1e4]])


def torch_functions():
    pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    return make_activations.functions()


@pytest.mark.parametrize("name", make_activations.NAMES)
def test_equals_what_pytorch_has_computed(name):
    a, dz = passed(ACTIVATIONS[name](), GOLDENS["z"], GOLDENS["da"])
    np.testing.assert_allclose(a, GOLDENS[name]["a"], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dz, GOLDENS[name]["dz"], rtol=1e-12, atol=1e-14)


@pytest.mark.torch
def test_the_goldens_are_of_every_name():
    assert list(torch_functions()) == list(make_activations.NAMES)
    assert set(ACTIVATIONS) - set(make_activations.NAMES) == {"step"}  # PyTorch has none


@pytest.mark.torch
@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
@pytest.mark.parametrize("shape", [(5,), (4, 6), (3, 4, 5), (2, 3, 2, 4)])
@pytest.mark.parametrize("name", make_activations.NAMES)
def test_equals_pytorch(name, shape, size):
    rng = np.random.default_rng(len(shape))
    z, da = size * rng.standard_normal(shape), rng.standard_normal(shape)
    expected = make_activations.computed(torch_functions()[name], z, da)
    for found, right in zip(passed(ACTIVATIONS[name](), z, da), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_numbers_have_the_right_limits(name, dtype):
    a, dz = passed(ACTIVATIONS[name](), LARGE, np.ones_like(LARGE), dtype)
    assert np.isfinite(a).all()
    assert np.isfinite(dz).all()
    if name == "softmax":
        np.testing.assert_array_equal(a[[0, 2]], [[1, 0, 0], [0, 0, 1]])
        return
    negative = {"elu": -1, "elu 0.4": -0.4, "selu": -1.7580993408473766, "tanh": -1}
    slope = {"sigmoid": 0, "tanh": 0, "step": 0, "selu": 1.0507009873554805}.get(name, 1)
    if name in ("sigmoid", "tanh", "step"):
        low, high = negative.get(name, 0), 1
    else:
        low, high = negative.get(name, 0), 1e4 * slope
    down = {"identity": 1, "leaky_relu": 0.01, "leaky_relu 0.3": 0.3}.get(name, 0)
    low = -1e4 * down if down else low
    rtol = 1e-6 if dtype == "float32" else 1e-15
    np.testing.assert_allclose(a[0, :2], [high, low], rtol=rtol)
    np.testing.assert_allclose(dz[0, :2], [slope, down], rtol=rtol)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_float32_stays_float32_and_near(name):
    z, da = np.array(GOLDENS["z"]), np.array(GOLDENS["da"])
    program = compiled(ACTIVATIONS[name](), z, da, "float32")
    assert {a.dtype for a in program.arrays.values()} == {np.dtype(np.float32)}
    for kernel in (k for op in program if op.phase != "loss" for k in op.kernels):
        given = [a for a in (*kernel.args, *kernel.keywords.values()) if isinstance(a, np.ndarray)]
        assert {a.dtype for a in given} <= {np.dtype(np.float32), np.dtype(bool)}, kernel
    double = passed(ACTIVATIONS[name](), z.astype(np.float32), da.astype(np.float32))
    for array, right in zip(("act.out", "in.z.grad"), double, strict=True):
        np.testing.assert_allclose(program.arrays[array], right, rtol=2e-5, atol=1e-6)


def strided(array):
    """Return a copy whose neighbors lie apart in memory."""
    wide = np.full([2 * n for n in array.shape], np.nan, array.dtype)
    view = wide[..., *(slice(1, None, 2) for _ in array.shape)]
    view[...] = array
    return view


@pytest.mark.parametrize("shape", [(4, 6), (3, 4, 5)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_strided_arrays_give_the_same(name, shape):
    rng = np.random.default_rng(7)
    program = compiled(
        ACTIVATIONS[name](), 3 * rng.standard_normal(shape), rng.standard_normal(shape)
    )
    apart = {key: strided(array) for key, array in program.arrays.items()}
    for key in program.writer:
        apart[key][...] = np.nan
    for op in program:
        if op.phase != "loss":
            for kernel in op._primitive.kernels(apart):
                kernel()
    for key in program.writer.keys() - {"loss"}:
        np.testing.assert_allclose(apart[key], program.arrays[key], rtol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_kernels_change_nothing_but_what_their_op_writes(name):
    z = np.random.default_rng(1).standard_normal((3, 4))
    program = compiled(ACTIVATIONS[name](), z, z)
    for op in program:
        before = {key: array.copy() for key, array in program.arrays.items()}
        for kernel in op.kernels:
            kernel()
        for key, array in before.items():
            np.testing.assert_array_equal(program.arrays[key], array, f"{op.name} {key}")


# ---- slopes and gradients -----------------------------------------------------------------------


@pytest.mark.parametrize("name", FLAT)
def test_slopes_equal_central_differences(name):
    z = np.concatenate([np.linspace(-6, -0.01, 60), np.linspace(0.01, 6, 60)])[None]
    f, h = PLAIN[name], 1e-5
    a, dz = passed(ACTIVATIONS[name](), z, np.ones_like(z))
    np.testing.assert_allclose(a, f(z), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dz, (f(z + h) - f(z - h)) / (2 * h), rtol=0, atol=1e-9)


@pytest.mark.parametrize("loss", ["cross_entropy", "half_mean"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_of_a_net_equal_central_differences(name, loss):
    spec = [("dense", 4), name, ("dense", 3), *([name] if loss == "half_mean" else [])]
    trainer = make(spec, loss, l2=0.01)
    X, labels, values = data()
    y = labels if loss == "cross_entropy" else values
    expected = differences(spec, copies(trainer), X, y, loss, 0.0, 0.01)
    trainer.step("phase", 3)
    for parameter, slope in zip(trainer.parameters, expected, strict=True):
        assert relative(trainer[f"{parameter}.grad"], slope) < 1e-6, parameter
    assert trainer.check_gradients().error < 1e-6


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("identity", 1), ("step", 0), ("sigmoid", 0.25), ("tanh", 1), ("relu", 0),
        ("leaky_relu", 0.01), ("elu", 1), ("elu 0.4", 0.4), ("selu", 1.7580993408473766),
        ("gelu", 0.5), ("gelu tanh", 0.5), ("silu", 0.5), ("softplus", 0.5),
    ],
)  # fmt: skip
def test_slope_at_zero(name, slope):
    """At a kink it is the slope from the left, as PyTorch has it."""
    for zero in (0.0, -0.0):
        _, dz = passed(ACTIVATIONS[name](), [[zero]], [[1.0]])
        assert dz.item() == pytest.approx(slope, rel=1e-15)


def test_nothing_before_a_step_learns():
    trainer = make([("dense", 4), "step", ("dense", 3)])
    trainer.step("phase", 3)
    np.testing.assert_array_equal(trainer["dense1.weight.grad"], 0)
    assert np.abs(trainer["dense2.weight.grad"]).max() > 0


# ---- published numbers --------------------------------------------------------------------------


def test_selu_has_the_constants_of_its_paper_and_their_fixed_point():
    """Klambauer et al. 2017: alpha = 1.6733, scale = 1.0507; mean 0 and variance 1 stay so."""
    assert nbann.SELU.alpha == pytest.approx(1.6733, abs=5e-5)
    assert nbann.SELU.scale == pytest.approx(1.0507, abs=5e-5)

    def moment(power):
        def weighed(z):
            return passed(nbann.SELU(), [[z]], [[1.0]])[0].item() ** power * stats.norm.pdf(z)

        return sum(integrate.quad(weighed, *part)[0] for part in ((-12, 0), (0, 12)))

    assert moment(1) == pytest.approx(0, abs=1e-9)
    assert moment(2) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("layer", "z", "value"),
    [
        # minima of GELU and SiLU, where the slope is 0: Elfwing et al. 2018, section 2, have
        # "approximately -0.28 for z = -1.28"
        (nbann.SiLU(), -1.2784645427610738, -0.2784645427610738),
        (nbann.GELU(), -0.7517915246935645, -0.16997120747990369),
        (nbann.Softplus(), 0.0, math.log(2)),
        (nbann.ELU(), -1.0, 1 / math.e - 1),
        (nbann.ELU(), -1e-9, math.expm1(-1e-9)),
        (nbann.SELU(), -1e-9, 1.0507009873554805 * 1.6732632423543772 * math.expm1(-1e-9)),
        (nbann.Softplus(), -40.0, math.exp(-40.0)),
        (nbann.Sigmoid(), math.log(3), 0.75),
    ],
)
def test_known_values(layer, z, value):
    a, dz = passed(layer, [[z]], [[1.0]])
    assert a.item() == pytest.approx(value, rel=1e-15, abs=0)
    if isinstance(layer, (nbann.SiLU, nbann.GELU)):
        assert dz.item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("z", [-37.0, -20.0, -9.0, -1e-3, 2.0])
def test_gelu_keeps_its_digits_in_the_tail(z):
    a, _ = passed(nbann.GELU(), [[z]], [[1.0]])
    assert a.item() == pytest.approx(z * math.erfc(-z / math.sqrt(2)) / 2, rel=1e-13, abs=0)


# ---- properties ---------------------------------------------------------------------------------

rows = arrays.arrays(
    np.float64, arrays.array_shapes(min_dims=2, max_dims=4), elements=st.floats(-1e4, 1e4)
)


@settings(deadline=None)  # a busy machine is no failure
@given(rows, st.floats(-1e4, 1e4))
def test_softmax_is_shares_that_a_shift_leaves_alone(z, shift):
    a, dz = passed(nbann.Softmax(), z, np.ones_like(z))
    np.testing.assert_allclose(a.sum(axis=-1), 1, rtol=1e-13)
    assert (a >= 0).all()
    np.testing.assert_allclose(dz, 0, atol=1e-12)  # raising all shares alike is not possible
    shifted, _ = passed(nbann.Softmax(), z + shift, z)
    np.testing.assert_allclose(a, shifted, rtol=1e-10, atol=1e-11)


def test_softmax_passes_back_the_full_jacobian():
    rng = np.random.default_rng(5)
    z, da = rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    a, dz = passed(nbann.Softmax(), z, da)
    for row in range(4):
        jacobian = np.diag(a[row]) - np.outer(a[row], a[row])
        np.testing.assert_allclose(dz[row], jacobian @ da[row], rtol=1e-12, atol=1e-15)


@settings(deadline=None)  # a busy machine is no failure
@given(rows, st.sampled_from(FLAT))
def test_a_function_of_each_element_alone(z, name):
    a, dz = passed(ACTIVATIONS[name](), z, np.ones_like(z))
    place = tuple(n // 2 for n in z.shape)
    one, slope = passed(ACTIVATIONS[name](), [[z[place]]], [[1.0]])
    assert a[place] == pytest.approx(one.item(), rel=1e-14, abs=1e-300)
    assert dz[place] == pytest.approx(slope.item(), rel=1e-13, abs=1e-300)
