"""What layers give, counted in bins and as quantiles; imports NumPy and the panels' scale alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .scale import largest, step_up

BINS = 20
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

Floats = NDArray[np.float64]


class Histogram(NamedTuple):
    """One layer's outputs, counted.

    Attributes
    ----------
    edges : array of shape (BINS + 1,)
        From 0 or the negative of a round number to a round number or 0.
    counts : array of shape (BINS,)
        Of numbers in each bin, those that are exactly 0 apart.
    zeros, not_finite, size : int
        How many numbers are 0, are NaN or infinite, and how many there are in all.
    """

    edges: Floats
    counts: NDArray[np.intp]
    zeros: int
    not_finite: int
    size: int


def histogram(array: NDArray[Any]) -> Histogram:
    """Count numbers in bins of equal width, whose ends are round: 0 is an end or the middle.

    >>> import numpy as np
    >>> h = histogram(np.array([0.0, 0.0, 0.01, 0.95, 1.75]))
    >>> float(h.edges[0]), float(h.edges[-1]), h.counts[[0, 9, 17]].tolist(), h.zeros
    (0.0, 2.0, [1, 1, 1], 2)
    """
    flat = array.reshape(-1).astype(np.float64)
    finite = flat[np.isfinite(flat)]
    values = finite[finite != 0]
    end = _rounded_up(largest(values)) if values.size else 1.0
    low = -1.0 if (values < 0).any() else 0.0
    high = 1.0 if (values > 0).any() or low == 0 else 0.0
    counts, edges = np.histogram(values / end, BINS, (low, high))
    return Histogram(
        edges * end, counts, int(finite.size - values.size), int(flat.size - finite.size), flat.size
    )


def _rounded_up(size: float) -> float:
    return min(step_up(size), float(np.finfo(np.float64).max))


def quantiles(arrays: Mapping[str, NDArray[Any] | None]) -> dict[str, Floats]:
    """Return `QUANTILES` of the finite numbers of each array; of none, or None, all NaN.

    Interpolated as `numpy.quantile` does by default; arrays of one size are sorted together.
    """
    groups: defaultdict[int, list[tuple[str, Floats]]] = defaultdict(list)
    found = {name: np.full(len(QUANTILES), np.nan) for name in arrays}
    for name, array in arrays.items():
        if array is not None:
            flat = array.reshape(-1).astype(np.float64)
            flat = flat if np.isfinite(flat).all() else flat[np.isfinite(flat)]
            if flat.size:
                groups[flat.size].append((name, flat))
    for size, members in groups.items():
        rows = _of_sorted(np.sort([flat for _, flat in members], axis=1), size)
        found |= {name: row for (name, _), row in zip(members, rows, strict=True)}
    return found


def _of_sorted(rows: Floats, size: int) -> Floats:
    at = np.array(QUANTILES) * (size - 1)
    below = np.floor(at).astype(np.intp)
    above, share = np.minimum(below + 1, size - 1), at - below
    result: Floats = rows[:, below] * (1 - share) + rows[:, above] * share
    return result


class Scale(NamedTuple):
    """How values become heights from -1 to 1: evenly, or by their logarithm beyond a threshold.

    Attributes
    ----------
    limit : float
        The value at height 1.
    threshold : float
        ``sign(v) * log(1 + |v| / threshold)`` is what is even; 0 where the values themselves are.
    """

    limit: float
    threshold: float

    def heights(self, values: Floats) -> Floats:
        """Return where values lie."""
        if not self.threshold:
            return values / self.limit
        with np.errstate(divide="ignore"):  # the logarithm of 0 is at height 0
            sizes = np.log(np.abs(values)) - np.log(self.threshold)
        # log(1 + e^s), so that no quotient is beyond what a number can hold
        logs: Floats = np.sign(values) * np.logaddexp(0.0, sizes)
        return logs / np.logaddexp(0.0, np.log(self.limit) - np.log(self.threshold))

    @property
    def half(self) -> float:
        """The value at height 1/2."""
        if not self.threshold:
            return self.limit / 2
        return float(self.threshold * np.sqrt(1 + self.limit / self.threshold) - self.threshold)


APART = 1000.0
"""How many times the smallest of the layers' sizes the largest must be for a log scale."""


def scale_of(sizes: Sequence[float] | Floats) -> Scale:
    """Return the scale for layers whose largest values have these sizes (NaN where unknown)."""
    known = np.asarray(sizes, float)
    known = known[np.isfinite(known) & (known > 0)]
    if not known.size:
        return Scale(1.0, 0.0)
    limit = _rounded_up(float(known.max()))
    far = known.max() > APART * known.min()
    return Scale(limit, float(known.min()) if far else 0.0)
