"""Shades of gray for amounts that have no sign, and cells in them; imports NumPy and matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from .cells import draw_cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from .style import Theme

Frame = tuple[float, float, float, float]
"""Left, bottom, width and height in pixels."""


def shades(share: NDArray[Any], theme: Theme) -> NDArray[np.uint8]:
    """Return RGBA colors from the background (0) to the ink (1); what is no number is faint."""
    low, high, missing = (np.array(to_rgb(c)) for c in (theme.background, theme.ink, theme.faint))
    with np.errstate(invalid="ignore"):
        at = np.clip(np.asarray(share, float), 0, 1)[..., None]
    rgb = np.where(np.isnan(at), missing, low + np.nan_to_num(at) * (high - low))
    alpha = np.ones((*rgb.shape[:-1], 1))
    return np.round(np.concatenate([rgb, alpha], axis=-1) * 255).astype(np.uint8)


def picture(ax: Axes, frame: Frame, *, fine: bool = False) -> AxesImage:
    """Return an image of cells at a place in pixels; limits of the axes stay as they are.

    `fine` is for more cells than pixels.
    """
    x, y, wide, high = frame
    if not fine:
        return draw_cells(ax, (x, x + wide, y, y + high))
    limits = (*ax.get_xlim(), *ax.get_ylim())
    image = ax.imshow(
        np.zeros((1, 1, 4), np.uint8),
        extent=(x, x + wide, y, y + high),
        aspect="auto",
        interpolation="antialiased",
    )
    ax.set(xlim=limits[:2], ylim=limits[2:])
    return image


def seams(frame: Frame, rows: int, columns: int) -> list[list[tuple[float, float]]]:
    """Return the lines between the cells of a grid."""
    x, y, wide, high = frame
    across = [y + i * high / rows for i in range(1, rows)]
    up = [x + j * wide / columns for j in range(1, columns)]
    return [[(x, v), (x + wide, v)] for v in across] + [[(u, y), (u, y + high)] for u in up]


def centers(frame: Frame, rows: int, columns: int) -> NDArray[np.float64]:
    """Return the middles of the cells, row by row from the top, shape (rows * columns, 2)."""
    x, y, wide, high = frame
    across = x + (np.arange(columns) + 0.5) * wide / columns
    down = y + high - (np.arange(rows) + 0.5) * high / rows
    return np.column_stack([np.tile(across, rows), np.repeat(down, columns)])
