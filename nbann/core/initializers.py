"""Where weights start (`fan_in` rows, `fan_out` columns); imports NumPy alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .checks import number_in
from .errors import UnknownNameError
from .state import Initializer


@dataclass(frozen=True)
class Normal:
    """``N(0, std**2)``.

    Parameters
    ----------
    std : float
        Standard deviation, above 0.
    """

    std: float = 0.01

    def __post_init__(self) -> None:
        number_in("std", self.std, above=0.0)

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.standard_normal(shape) * self.std


@dataclass(frozen=True)
class Zeros:
    """All 0: the usual start of biases. Weights that start so never differ from one another."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return np.zeros(shape)


@dataclass(frozen=True)
class GlorotUniform:
    """``U(-r, r)``, ``r = sqrt(6 / (fan_in + fan_out))`` (Glorot & Bengio, 2010, eq. 16)."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        bound = math.sqrt(6.0 / sum(shape))
        return rng.uniform(-bound, bound, shape)


@dataclass(frozen=True)
class HeNormal:
    """``N(0, 2 / fan_in)``, for ReLU layers (He et al., ICCV 2015, eq. 10)."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.standard_normal(shape) * math.sqrt(2.0 / shape[0])


INITIALIZERS: dict[str, Initializer] = {
    "glorot_uniform": GlorotUniform(),
    "he_normal": HeNormal(),
    "normal": Normal(),
    "zeros": Zeros(),
}


def as_initializer(init: Initializer | str) -> Initializer:
    """Return an initializer given as such or by name."""
    if callable(init):
        return init
    if init not in INITIALIZERS:
        raise UnknownNameError("initializer", init, INITIALIZERS)
    return INITIALIZERS[init]
