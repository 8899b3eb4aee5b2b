"""The exponential moving average that a noisy curve is smoothed by; imports NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Smoothed:
    """``m_t = w * m_(t-1) + (1 - w) * x_t`` from ``m_0 = 0``, shown as ``m_t / (1 - w ** t)``.

    The division takes out that m begins at 0 (Kingma & Ba, "Adam", 2015, section 3): the first
    smoothed value is the first value. What is not finite is a gap, and t does not count it.

    Parameters
    ----------
    weight : float
        How much of what was stays at each step, from 0 (nothing is smoothed) to below 1.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._values = np.empty(0)
        self._means = np.empty(0)  # m after each value

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the smoothed values; only those that differ from the last call are worked out.

        >>> import numpy as np
        >>> Smoothed(0.5)(np.array([4.0, 1.0, np.nan, 1.0])).round(4).tolist()
        [4.0, 2.0, nan, 1.4286]
        """
        same = _common(self._values, values)
        mean = float(self._means[same - 1]) if same else 0.0
        finite = np.isfinite(values)
        counts = np.cumsum(finite)
        means = []
        for value, counted in zip(values[same:].tolist(), finite[same:].tolist(), strict=True):
            if counted:
                mean = self.weight * mean + (1 - self.weight) * value
            means.append(mean)
        self._values, self._means = values.copy(), np.append(self._means[:same], means)
        with np.errstate(divide="ignore", invalid="ignore"):
            smooth: NDArray[np.float64] = self._means / (1 - self.weight**counts)
        return np.where(finite, smooth, np.nan)


def _common(one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    """Return how many values two arrays begin with alike."""
    length = min(len(one), len(other))
    a, b = one[:length], other[:length]
    unlike = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    return int(unlike.argmax()) if unlike.any() else length
