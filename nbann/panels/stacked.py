"""Pictures as files' bytes; imports NumPy and Pillow, which comes with matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_COLORS = 256


def stacked(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """Return pictures one below the other as a PNG file's bytes; what is left over is white."""
    width = max(picture.shape[1] for picture in pictures)
    sheet = np.full((sum(len(picture) for picture in pictures), width, 3), 255, np.uint8)
    top = 0
    for picture in pictures:
        sheet[top : top + len(picture), : picture.shape[1]] = picture[..., :3]
        top += len(picture)
    file = io.BytesIO()
    # 256 colors: nobody sees it in a still, and a notebook is a third as large.
    few = Image.fromarray(sheet).quantize(_COLORS, dither=Image.Dither.NONE)
    few.save(file, format="png", optimize=True)
    return file.getvalue()
