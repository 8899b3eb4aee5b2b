"""Where weights start: distributions whose width follows the shape; imports the core's own parts.

A weight is ``(fan_in, fan_out)``: inputs by outputs. The random generator is the run's own, so that
one seed gives one start. None of the normal distributions is truncated (Keras cuts its own at 2
standard deviations, PyTorch does not).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in
from ..errors import UnknownNameError, bad_value
from ..state import Initializer

Weights = NDArray[np.float64]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Zeros:
    """All 0: the usual start of biases. Weights that start so never differ from one another."""

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return np.zeros(shape)


@dataclass(frozen=True)
class Constant:
    """All the same number.

    Parameters
    ----------
    value : float
        Any finite number.

    Raises
    ------
    ValueError
        Not a finite number.
    """

    value: float = 0.0

    def __post_init__(self) -> None:
        number_in("value", self.value)

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return np.full(shape, float(self.value))


@dataclass(frozen=True)
class Normal:
    """``N(0, std**2)``.

    Parameters
    ----------
    std : float
        Standard deviation, above 0.

    Raises
    ------
    ValueError
        `std` is out of range.
    """

    std: float = 0.01

    def __post_init__(self) -> None:
        number_in("std", self.std, above=0.0)

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return rng.standard_normal(shape) * self.std


@dataclass(frozen=True)
class Uniform:
    """``U(low, high)``: each number between them as likely as another.

    Parameters
    ----------
    low, high : float
        Ends of the range, `low` below `high`.

    Raises
    ------
    ValueError
        Not finite, or `low` is not below `high`.
    """

    low: float = -0.05
    high: float = 0.05

    def __post_init__(self) -> None:
        low, high = number_in("low", self.low), number_in("high", self.high)
        if not low < high or not math.isfinite(high - low):
            mend = "Pass e.g. Uniform(-0.05, 0.05)."
            raise bad_value("Uniform", "low below high", f"low={low:g}, high={high:g}", mend)

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return rng.uniform(self.low, self.high, shape)


@dataclass(frozen=True)
class GlorotUniform:
    """``U(-r, r)``, ``r = sqrt(6 / (fan_in + fan_out))``: variance ``2 / (fan_in + fan_out)``.

    A compromise that keeps both the size of the signals forward and that of the gradients backward,
    for layers whose slope at 0 is 1, such as tanh. Source: X. Glorot and Y. Bengio, "Understanding
    the Difficulty of Training Deep Feedforward Neural Networks", AISTATS 2010, eq. 16.
    """

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return _uniform(rng, shape, 6.0 / sum(_fans(shape)))


@dataclass(frozen=True)
class GlorotNormal:
    """``N(0, 2 / (fan_in + fan_out))`` (X. Glorot and Y. Bengio, AISTATS 2010, eq. 12)."""

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return _normal(rng, shape, 2.0 / sum(_fans(shape)))


@dataclass(frozen=True)
class HeUniform:
    """``U(-r, r)``, ``r = sqrt(6 / fan_in)``: He's variance ``2 / fan_in``, drawn uniformly."""

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return _uniform(rng, shape, 6.0 / _fans(shape)[0])


@dataclass(frozen=True)
class HeNormal:
    """``N(0, 2 / fan_in)``: keeps the size of the signals through ReLU, which silences one half.

    Source: K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", ICCV 2015, eq. 10.
    """

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return _normal(rng, shape, 2.0 / _fans(shape)[0])


@dataclass(frozen=True)
class LeCunUniform:
    """``U(-r, r)``, ``r = sqrt(3 / fan_in)``: LeCun's variance ``1 / fan_in``, drawn uniformly."""

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return _uniform(rng, shape, 3.0 / _fans(shape)[0])


@dataclass(frozen=True)
class LeCunNormal:
    """``N(0, 1 / fan_in)``: sums of inputs of variance 1 have variance 1. The start for SELU.

    Source: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, "Efficient BackProp" (1998), section 4.6.
    """

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        return _normal(rng, shape, 1.0 / _fans(shape)[0])


@dataclass(frozen=True)
class Orthogonal:
    """A random rotation times `gain`: no direction of the signal is stretched or shrunk.

    ``W.T @ W = gain**2 * I`` where fan_in >= fan_out, else ``W @ W.T = gain**2 * I``. W is the Q of
    the QR factorization of a matrix of normal numbers, each column with the sign of R's diagonal,
    which makes every rotation (and reflection) equally likely.

    Parameters
    ----------
    gain : float
        Above 0; sqrt(2) suits ReLU.

    Raises
    ------
    ValueError
        `gain` is out of range; when called, a shape that has not 2 axes.

    References
    ----------
    A. Saxe, J. McClelland and S. Ganguli, "Exact Solutions to the Nonlinear Dynamics of Learning in
    Deep Linear Neural Networks", ICLR 2014.
    F. Mezzadri, "How to Generate Random Matrices from the Classical Compact Groups", Notices of the
    AMS 54(5), 2007: why the signs.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        number_in("gain", self.gain, above=0.0)

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Weights:
        if len(shape) != 2:
            mend = "Choose another initializer for this parameter."
            raise bad_value("Orthogonal", "a shape (fan_in, fan_out)", shape, mend)
        long, short = max(shape), min(shape)
        q, r = np.linalg.qr(rng.standard_normal((long, short)))
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0) * self.gain
        return np.ascontiguousarray(q if shape == (long, short) else q.T)


INITIALIZERS: dict[str, Initializer] = {
    "constant": Constant(),
    "glorot_normal": GlorotNormal(),
    "glorot_uniform": GlorotUniform(),
    "he_normal": HeNormal(),
    "he_uniform": HeUniform(),
    "lecun_normal": LeCunNormal(),
    "lecun_uniform": LeCunUniform(),
    "normal": Normal(),
    "orthogonal": Orthogonal(),
    "uniform": Uniform(),
    "zeros": Zeros(),
}


def as_initializer(init: Initializer | str) -> Initializer:
    """Return an initializer given as such or by name.

    Raises
    ------
    UnknownNameError
        Neither a callable nor the name of one; a `KeyError` and a `ValueError`.
    """
    if isinstance(init, type):
        mend = f"Call it: {init.__name__}()."
        raise bad_value("init", "an initializer", f"the class {init.__name__}", mend)
    if callable(init):
        return init
    if not isinstance(init, str) or init not in INITIALIZERS:
        raise UnknownNameError("initializer", init, INITIALIZERS)
    return INITIALIZERS[init]


def _fans(shape: Shape) -> tuple[int, int]:
    """Return fan_in and fan_out; of a vector both are its length, as in Keras."""
    if len(shape) not in (1, 2):
        mend = "Choose an initializer whose width is given, such as Normal(0.01)."
        raise bad_value("The initializer", "a shape (fan_in, fan_out)", shape, mend)
    return shape[0], shape[-1]


def _uniform(rng: np.random.Generator, shape: Shape, square: float) -> Weights:
    bound = math.sqrt(square)  # 3 times the variance
    return rng.uniform(-bound, bound, shape)


def _normal(rng: np.random.Generator, shape: Shape, variance: float) -> Weights:
    return rng.standard_normal(shape) * math.sqrt(variance)
