"""Turns what a net answers on a coarse grid into a picture's pixels; imports NumPy alone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .style import Theme

_STEPS = 64
_LEAST, _MOST = 0.13, 0.45  # strength of a class's tint where it is a tie, and where it is sure


def stretch(grid: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float32]:
    """Return a (h, w, k) grid at (rows, columns, k) points, linear in between; NaN stays there."""
    h, w, k = grid.shape
    up, across = _weights(h, rows), _weights(w, columns)
    held = grid.clip(-1e30, 1e30).astype(np.float32)  # a net gone astray may answer 1e200
    missing = np.isnan(held)
    some = bool(missing.any())
    if some:  # in a product of matrices they would be everywhere
        held[missing] = 0.0
    tall = (up @ held.reshape(h, w * k)).reshape(rows, w, k)
    planes = np.empty((k, rows, columns), np.float32)  # one behind another: see `class_colors`
    for i, plane in enumerate(planes):
        np.matmul(tall[..., i], across.T, out=plane)
        if some:
            plane[missing[..., i][np.ix_(_nearest(h, rows), _nearest(w, columns))]] = np.nan
    return np.moveaxis(planes, 0, 2)


def _nearest(have: int, want: int) -> NDArray[np.intp]:
    """Return which of `have` points is nearest to each of `want`."""
    return np.round(np.linspace(0, have - 1, want)).astype(np.intp)


@lru_cache(maxsize=16)
def _weights(have: int, want: int) -> NDArray[np.float32]:
    """Return the matrix of linear interpolation from `have` to `want` points."""
    at = np.linspace(0, have - 1, want)
    left = np.minimum(at.astype(int), have - 2)
    matrix = np.zeros((want, have), np.float32)
    matrix[np.arange(want), left] = left + 1 - at
    matrix[np.arange(want), left + 1] = at - left
    matrix.flags.writeable = False  # it is shared
    return matrix


def class_colors(probabilities: NDArray[np.floating], theme: Theme) -> NDArray[np.uint8]:
    """Return RGBA pixels: the likeliest class's tint, stronger the surer it is; gray for NaN."""
    first, *others = np.moveaxis(probabilities, 2, 0)
    classes = 1 + len(others)
    # plane by plane: ten times as fast as `argmax` and `max` along a last axis of three numbers
    best, most = np.zeros(first.shape, np.int32), first.copy()
    for k, plane in enumerate(others, start=1):
        np.copyto(best, k, where=plane > most)
        np.maximum(most, plane, out=most)
    sure = np.clip((most * classes - 1) / max(classes - 1, 1), 0, 1)
    table = theme.tints(classes, _STEPS, _LEAST, _MOST)
    best *= _STEPS
    best += np.nan_to_num(sure * (_STEPS - 1)).astype(np.int32)
    # a color as one number of four bytes, so that one is looked up for each pixel
    colors = table.view(np.uint32).ravel().take(best).view(np.uint8).reshape(*best.shape, 4)
    missing = np.isnan(most)
    if missing.any():
        colors[missing] = theme.diverging(np.array([np.nan]), 1.0)
    return colors
