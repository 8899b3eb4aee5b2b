"""Phi of the normal distribution against the standard library, SciPy and mpmath."""

import math

import numpy as np
import pytest
from scipy import special, stats

from nbann.core.expr import Call, Number
from nbann.core.ops import normal

from ..goldens import make_normal

Z = np.concatenate([np.linspace(-37.5, 37.5, 15001), np.linspace(-1, 1, 2000), [-1e-300, 1e-300]])


def cdf(z, dtype=np.float64):
    z = np.asarray(z, dtype)
    into = np.full_like(z, np.nan)
    with np.errstate(all="ignore"):
        for kernel in normal.cdf_kernels(z, into):
            kernel()
    return into


def test_equals_erf_of_the_standard_library():
    """erf(x) = 2*Phi(sqrt(2)*x) - 1; where that is small, to the last digits of 1."""
    x = np.linspace(-6, 6, 5001)
    found, expected = 2 * cdf(math.sqrt(2) * x) - 1, [math.erf(v) for v in x]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=3e-16)
    np.testing.assert_allclose(found, special.erf(x), rtol=1e-14, atol=3e-16)


def test_equals_scipy():
    np.testing.assert_allclose(cdf(Z[Z > -6]), special.ndtr(Z[Z > -6]), rtol=1e-14)
    # SciPy's own exp(-z**2/2) loses a digit or two in the far tail; its logarithm does not
    np.testing.assert_allclose(np.log(cdf(Z)), special.log_ndtr(Z), rtol=1e-14, atol=1e-15)


def test_every_digit_of_the_far_tail():
    mpmath = pytest.importorskip("mpmath", reason="mpmath, the oracle here, is not installed")
    with mpmath.workdps(40):
        expected = [mpmath.ncdf(mpmath.mpf(float(z))) for z in Z[::5]]
        misses = [abs(p / right - 1) for p, right in zip(cdf(Z[::5]), expected, strict=True)]
    assert max(misses) < 2e-15


def test_the_table_is_what_its_script_derives():
    pytest.importorskip("mpmath", reason="mpmath, which the script needs, is not installed")
    over, under, error = make_normal.fitted()
    assert error < 1e-16
    np.testing.assert_allclose(normal.OVER, over, rtol=1e-12)
    np.testing.assert_allclose(normal.UNDER, under, rtol=1e-12)
    assert normal.LAST == make_normal.LAST


def test_float32():
    z = Z[np.abs(Z) < 12].astype(np.float32)
    found = cdf(z, np.float32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, special.ndtr(z.astype(float)), rtol=2e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_limits(dtype):
    z = [-np.inf, -1e30, -1e4, -50.0, 0.0, -0.0, 50.0, 1e4, 1e30, np.inf, np.nan]
    np.testing.assert_array_equal(cdf(z, dtype), [0, 0, 0, 0, 0.5, 0.5, 1, 1, 1, 1, np.nan])


def test_it_rises():
    z = np.linspace(-30, 9, 100_001)
    assert (np.diff(cdf(z)) >= 0).all()
    assert (np.diff(cdf(z[z < 5])) > 0).all()


@pytest.mark.parametrize("z", [-30.0, -2.0, 0.0, 0.3, 7.0])
def test_phi_in_expressions(z):
    assert Call("Phi", (Number(z),)).value() == pytest.approx(stats.norm.cdf(z), rel=1e-12, abs=0)
    assert Call("phi", (Number(z),)).value() == pytest.approx(stats.norm.pdf(z), rel=1e-12, abs=0)
    assert cdf([z])[0] == pytest.approx(Call("Phi", (Number(z),)).value(), rel=1e-12, abs=0)
