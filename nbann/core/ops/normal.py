"""The normal distribution's cumulative probability as kernels; imports NumPy and core types.

NumPy has no error function. ``Phi(z) = (1 + erf(z / sqrt(2))) / 2`` is computed here to the last
digits of the dtype, in the far tail too, where ``1 + erf`` would have none left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from ..program import Floats, Kernel

# Phi(-y) * exp(y**2 / 2) on 0 <= y <= 40 is this quotient of polynomials (highest power first), to
# a relative 6.3e-17. Every coefficient is positive, so that no digit is lost where y >= 0.
# `tests/goldens/make_normal.py` derives them, and a test does so again.
OVER = (
    0.3989422804002551,
    10.743388505951597,
    141.60892618152383,
    1182.0457941237044,
    6834.398046405176,
    28288.60121744441,
    83835.32446224133,
    172241.33278409278,
    224815.78308129087,
    145165.35758407984,
)
UNDER = (
    1.0,
    26.929681393747817,
    355.9609383646262,
    2989.8790875886684,
    17484.25644606066,
    73818.09427124479,
    226575.43987210924,
    496996.2365253214,
    742901.6664765901,
    681281.9613221082,
    290330.7151681597,
)
LAST = 40.0  # further out Phi(-y) is below the smallest float64


def cdf_kernels(z: Floats, into: Floats) -> Iterable[Kernel]:
    """Return the kernels that write Phi(z) into an array of the same shape.

    With ``y = min(|z|, 40)`` the tail is ``q = Phi(-y) = exp(-y**2 / 2) * OVER(y) / UNDER(y)``, and
    Phi(z) is q where z is negative and ``1 - q`` elsewhere.
    """
    dtype = into.dtype
    y, q, under, head = (np.empty(into.shape, dtype) for _ in range(4))
    positive = np.empty(into.shape, bool)
    yield partial(np.absolute, z, y)
    yield partial(np.minimum, y, np.array(LAST, dtype), out=y)
    yield from _polynomial(OVER, y, q)
    yield from _polynomial(UNDER, y, under)
    yield partial(np.divide, q, under, q)
    # exp(-y**2/2) = exp(-h**2/2) * exp(-(y-h)*(y+h)/2), h being y cut to sixteenths: h**2 is exact,
    # and what rounding does to the small rest hardly counts (Cody, Math. Comp. 23(107), 1969)
    yield partial(np.multiply, y, np.array(16, dtype), head)
    yield partial(np.floor, head, head)
    yield partial(np.multiply, head, np.array(1 / 16, dtype), head)
    yield partial(np.add, y, head, under)
    yield partial(np.subtract, y, head, y)
    yield partial(np.multiply, y, under, y)
    yield partial(np.multiply, head, head, head)
    for part in (head, y):
        yield partial(np.multiply, part, np.array(-0.5, dtype), part)
        yield partial(np.exp, part, part)
        yield partial(np.multiply, q, part, q)
    # |1 - q| or |0 - q|: NumPy is slow with masks that change from one element to the next
    yield partial(np.greater, z, np.zeros_like(z), positive)
    yield partial(np.copyto, into, positive)
    yield partial(np.subtract, into, q, into)
    yield partial(np.absolute, into, into)


def _polynomial(coefficients: Sequence[float], y: Floats, into: Floats) -> Iterable[Kernel]:
    """Horner's rule; the highest coefficient comes first."""
    first, second, *others = (np.array(c, into.dtype) for c in coefficients)
    yield partial(np.multiply, y, first, into)
    yield partial(np.add, into, second, into)
    for c in others:
        yield partial(np.multiply, into, y, into)
        yield partial(np.add, into, c, into)
