"""Limits that grow in steps, so that pictures stay calm; imports NumPy alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

COARSE = (1.0, 2.0, 5.0, 10.0)
FINE = (1.0, 1.2, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TINY = 1e-12
_HUGE = 1e300


def step_up(value: float, steps: tuple[float, ...] = COARSE) -> float:
    """Return the smallest of the steps, times any power of ten, that is at least `value`; above 0.

    >>> step_up(0.3), step_up(20), step_up(2100, FINE)
    (0.5, 20.0, 2500.0)
    """
    if not value > _TINY:
        return _TINY
    power = 10.0 ** math.floor(math.log10(value))
    return float(
        f"{next(step * power for step in steps if step * power >= value * (1 - 1e-9)):.3g}"
    )


class Limit:
    """An upper limit that steps up where a value is above it, and down only where it is far below.

    Parameters
    ----------
    least : float
        It never goes below this.
    slack : float
        It comes down again when the value is less than this share of it; 0 for never.
    steps : tuple of float
        What it steps by, from 1 to 10.
    """

    def __init__(
        self, least: float = _TINY, slack: float = 0.05, steps: tuple[float, ...] = COARSE
    ) -> None:
        self.least = least
        self.slack = slack
        self.steps = steps
        self.value = 0.0

    def fit(self, value: float) -> bool:
        """Take in the newest value; return whether the limit has changed."""
        if not math.isfinite(value):
            value = 0.0
        wanted = max(step_up(value, self.steps), self.least)
        keep = self.value and value <= self.value * (1 + 1e-9) and wanted >= self.value * self.slack
        if keep or wanted == self.value:
            return False
        self.value = wanted
        return True

    def restart(self) -> None:
        """Forget what has been seen: the next value sets the limit anew."""
        self.value = 0.0


class Span:
    """A lower and an upper limit that step outward where values are beyond them.

    Attributes
    ----------
    low, high : float
    """

    def __init__(self) -> None:
        self.restart()

    def fit(self, values: NDArray[np.float64]) -> bool:
        """Take in the newest values, finite ones; return whether a limit has changed."""
        seen = np.clip(values[np.isfinite(values)], -_HUGE, _HUGE)
        if not seen.size:
            return False
        low, high = float(seen.min()), float(seen.max())
        if self._begun and low >= self.low and high <= self.high:
            return False
        if self._begun:
            low, high = min(low, self.low), max(high, self.high)
        room = (high - low) or max(abs(low) / 10, _TINY)
        step = step_up(room / 5)
        self.low = step * math.floor(low / step - 0.2)
        self.high = step * math.ceil(high / step + 0.2)
        self._begun = True
        return True

    def restart(self) -> None:
        """Forget what has been seen: the next values set the limits anew."""
        self.low, self.high, self._begun = 0.0, 1.0, False


def largest(values: NDArray[np.floating]) -> float:
    """Return the largest size among the finite numbers of an array, 0 where there is none."""
    sizes = np.abs(values[np.isfinite(values)])
    return float(sizes.max()) if sizes.size else 0.0


def rounding(*values: NDArray[np.floating]) -> float:
    """Return what sums and differences of numbers that cancel may leave: 4 ulp of the largest.

    >>> import numpy as np
    >>> abs(0.1 + 0.2 - 0.3) <= rounding(np.array([0.1, 0.2, 0.3])) < 1e-15
    True
    """
    return max((4 * float(np.finfo(v.dtype).eps) * largest(v) for v in values), default=0.0)


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], most: int = 800
) -> tuple[NDArray[np.float64], ...]:
    """Return about `most` points of a long curve: the lowest and highest of each stretch."""
    if len(x) <= most:
        return x, y
    size = -(-len(y) // (most // 2))
    filled = np.where(np.isnan(y), -np.inf, y)
    rows = np.append(filled, np.full(-len(y) % size, filled[-1])).reshape(-1, size)
    starts = np.arange(0, len(y), size)
    keep = [starts + rows.argmin(axis=1), starts + rows.argmax(axis=1)]
    places = np.unique(np.minimum(np.concatenate([[0], *keep, [len(y) - 1]]), len(y) - 1))
    return x[places], y[places]
