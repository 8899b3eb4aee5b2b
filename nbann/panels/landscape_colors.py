"""Colors a slice of the loss in bands, as a map has heights; imports matplotlib's colors, NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from .field import stretch

if TYPE_CHECKING:
    from .landscape_slice import Slice
    from .style import Theme

_BANDS = 14
_STRONGEST = 0.62  # of the highest band's tint


def bands(cut: Slice, size: tuple[float, float], theme: Theme, *, gray: bool) -> NDArray[np.uint8]:
    """Return a picture's pixels (height, width, 4), stronger where the loss is higher.

    Bands are equal steps of the root of what the loss is above its least. Beside losses that are no
    numbers, and where there are none yet, it is bare.

    Parameters
    ----------
    cut : Slice
    size : pair of float
        Width and height in pixels.
    theme : Theme
    gray : bool
        Whether it is gray: what it shows is past.
    """
    width, height = (round(side) for side in size)
    losses = cut.shown()
    bare = np.round(255 * np.array([*to_rgb(theme.faint), 1.0])).astype(np.uint8)
    if losses is None or not np.isfinite(losses).any():
        return np.broadcast_to(bare, (1, 1, 4))
    known = np.isfinite(losses)
    # shares of the span, not losses: of a run gone astray single precision can not hold those
    span = (cut.high - cut.low) or 1.0
    above = np.clip((np.where(known, losses, cut.high) - cut.low) / span, 0, 1)
    share = np.sqrt(np.clip(stretch(above[..., None], height, width)[..., 0], 0, 1))
    band = np.minimum((np.nan_to_num(share) * _BANDS).astype(np.intp), _BANDS - 1)
    pixels = _table(theme, gray)[band]
    if not known.all():
        pixels[stretch(known[..., None].astype(float), height, width)[..., 0] < 0.999] = bare
    return pixels


def _table(theme: Theme, gray: bool) -> NDArray[np.uint8]:
    """Return the RGBA color of each band."""
    strength = np.linspace(0.0, _STRONGEST, _BANDS)[:, None]
    top = np.array(to_rgb(theme.muted if gray else theme.phases["loss"]))
    table = np.ones((_BANDS, 4))
    table[:, :3] = (1 - strength) * np.array(to_rgb(theme.background)) + strength * top
    return np.round(255 * table).astype(np.uint8)
