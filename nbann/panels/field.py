"""Turns what a net answers on a coarse grid into a picture's pixels; imports NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .style import Theme

_STEPS = 64
_LEAST, _MOST = 0.13, 0.45  # strength of a class's tint where it is a tie, and where it is sure


def stretch(grid: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float32]:
    """Return a (h, w, k) grid at (rows, columns, k) points, linear in between."""
    h, w, k = grid.shape
    up, across = _weights(h, rows), _weights(w, columns)
    held = grid.clip(-1e30, 1e30).astype(np.float32)  # a net gone astray may answer 1e200
    tall = (up @ held.reshape(h, w * k)).reshape(rows, w, k)
    return np.stack([tall[..., i] @ across.T for i in range(k)], axis=2)


def _weights(have: int, want: int) -> NDArray[np.float32]:
    """Return the matrix of linear interpolation from `have` to `want` points."""
    at = np.linspace(0, have - 1, want)
    left = np.minimum(at.astype(int), have - 2)
    matrix = np.zeros((want, have), np.float32)
    matrix[np.arange(want), left] = left + 1 - at
    matrix[np.arange(want), left + 1] = at - left
    return matrix


def class_colors(probabilities: NDArray[np.floating], theme: Theme) -> NDArray[np.uint8]:
    """Return RGBA pixels: the likeliest class's tint, stronger the surer it is."""
    classes = probabilities.shape[2]
    best = probabilities.argmax(axis=2)
    sure = np.clip((probabilities.max(axis=2) * classes - 1) / (classes - 1), 0, 1)
    table = theme.tints(classes, _STEPS, _LEAST, _MOST)
    step = np.nan_to_num(sure * (_STEPS - 1)).astype(np.intp)
    return table.reshape(-1, 4).take(best * _STEPS + step, axis=0)
