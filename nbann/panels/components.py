"""The plane in which the codes of samples differ most, and how it is kept from flipping.

Imports the core.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .scale import largest

Floats = NDArray[np.float64]
_TURNS = 20


class Plane(NamedTuple):
    """Samples in two dimensions, (n, 2), and each axis's share of the variance of all neurons.

    The principal components are `directions`, (2, neurons); None where there are two neurons, which
    are the axes themselves.
    """

    points: Floats
    shares: tuple[float, float]
    directions: Floats | None


class Components:
    """Principal components whose signs, which are nobody's, stay as they are.

    At first a component's sign is that with which it agrees with the inputs' own main directions,
    two of them, of which the nearer one counts; then that with which it agrees with the component
    of before.

    Parameters
    ----------
    inputs : array of shape (n, ...)
    """

    def __init__(self, inputs: NDArray[np.floating]) -> None:
        flat = inputs.reshape(len(inputs), -1)
        self._references = _main_directions(flat - flat.mean(axis=0))
        self._kept: Floats | None = None

    def restart(self) -> None:
        """Forget the signs of before."""
        self._kept = None

    def plane(self, code: Floats) -> Plane:
        """Return where codes (n, neurons) lie: by two neurons, or by the first two components."""
        if not np.isfinite(code).all():
            return Plane(np.full((len(code), 2), np.nan), (np.nan, np.nan), None)
        centered = code - code.mean(axis=0)
        scale = largest(centered) or 1.0
        even = centered / scale
        if code.shape[1] == 2:
            spread = (even**2).sum(axis=0)
            shares = spread / (spread.sum() or 1.0)
            return Plane(code, (float(shares[0]), float(shares[1])), None)
        values, vectors = np.linalg.eigh(even.T @ even)
        directions = vectors[:, ::-1][:, :2].T
        points = even @ directions.T
        agreed = points.T @ self._references
        nearest = np.abs(agreed).argmax(axis=1)
        signs = np.where(agreed[[0, 1], nearest] < 0, -1.0, 1.0)
        if self._kept is not None:
            agreed = (points * self._kept).sum(axis=0)
            signs = np.where(agreed != 0, np.sign(agreed), signs)
        points, directions = points * signs, directions * signs[:, None]
        self._kept = points
        shares = values[::-1][:2].clip(0) / (values.clip(0).sum() or 1.0)
        return Plane(points * scale, (float(shares[0]), float(shares[1])), directions)


def _main_directions(centered: NDArray[np.floating]) -> Floats:
    """Return where samples lie along the inputs' two main directions, each of length 1, (n, 2).

    By some turns of the power method: what they are good for is only that they stay the same.
    """
    x = centered / (largest(centered) or 1.0)
    directions = np.zeros((x.shape[1], 2))
    for k in range(2):
        one = x.std(axis=0) + 1e-12
        for _ in range(_TURNS):
            one = x.T @ (x @ one)
            one -= directions @ (directions.T @ one)
            one /= np.linalg.norm(one) or 1.0
        directions[:, k] = one
    along: Floats = x @ directions
    return np.asarray(along / np.maximum(np.linalg.norm(along, axis=0), 1e-12))
