"""Pictures as files' bytes; imports matplotlib and NumPy."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray


def stacked(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """Return pictures one below the other as a PNG file's bytes; what is left over is clear."""
    width = max(picture.shape[1] for picture in pictures)
    sheet = np.zeros((sum(len(picture) for picture in pictures), width, 4), np.uint8)
    top = 0
    for picture in pictures:
        sheet[top : top + len(picture), : picture.shape[1]] = picture
        top += len(picture)
    file = io.BytesIO()
    imsave(file, sheet, format="png", pil_kwargs={"optimize": True})
    return file.getvalue()
