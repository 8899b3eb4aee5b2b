"""The states of recurrent layers over all time steps, under a network; imports matplotlib."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from .network_part import Part
from .style import PX, SMALL
from .text import counted, listed, literal, number, plain, text_width

_LOW, _HIGH = 18.0, 40.0  # pixels from the foot
_MOST = 12  # neurons shown, from top to bottom


class Unrolled(Part):
    """A row of cells for each recurrent layer: a column a time step, neurons from top to bottom.

    Gray are the steps that this batch has not come to. An arrow tells the direction of time, a
    frame the step that the picture above shows.
    """

    def draw(self) -> None:
        panel = self.panel
        layers = panel._recurrent
        self.images: list[AxesImage] = []
        share = panel.size[0] / len(layers)
        for place, i in enumerate(layers):
            column = panel.columns[i]
            way = "←" if column.reverse else "→"
            name = ".".join(column.layers[0].split(".")[-1 if column.lane else 0 :])
            word = literal(f"{name} h {way}", 0.4 * share, SMALL)
            x = place * share
            panel._write(word, x, (_LOW + _HIGH) / 2, ha="left", va="center")
            box = (x + text_width(word, SMALL) + 6, (place + 1) * share - 12, _LOW, _HIGH)
            self.images.append(self._image(box))
        self._frames = panel.moving(
            panel.ax.add_collection(
                LineCollection([], colors=panel.theme.ink, linewidths=1.2 * PX), autolim=False
            )
        )

    def _image(self, box: tuple[float, float, float, float]) -> AxesImage:
        ax = self.panel.ax
        limits = ax.get_xlim(), ax.get_ylim()
        image = ax.imshow(
            np.zeros((1, 1, 4), np.uint8),
            extent=box,
            aspect="auto",
            interpolation="nearest",
        )
        ax.set(xlim=limits[0], ylim=limits[1])
        return self.panel.moving(image)

    def states(self, i: int) -> NDArray[np.float64]:
        """Return the sample's state at all time steps, (time, neurons); NaN if not computed."""
        panel = self.panel
        column, trainer = panel.columns[i], panel.trainer
        found = np.full((panel.steps, column.width), np.nan)
        for time in range(panel.steps):
            name = f"{column.layers[0]}.t{time}.h"
            if trainer.is_current(name):
                found[time] = panel.row(name)
        return found

    def refresh(self) -> None:
        panel, frames = self.panel, []
        time = panel._time_now
        for i, image in zip(panel._recurrent, self.images, strict=True):
            states = self.states(i)
            sizes = np.abs(states[np.isfinite(states)])
            width = states.shape[1]
            rows = np.unique(np.linspace(0, width - 1, min(width, _MOST)).astype(int))
            limit = float(sizes.max()) if sizes.size and sizes.max() > 0 else 1.0
            image.set_data(panel.theme.diverging(states[:, rows].T, limit))
            left, right, low, high = image.get_extent()
            step = (right - left) / panel.steps
            a, b = left + time * step, left + (time + 1) * step
            frames.append([(a, low), (b, low), (b, high), (a, high), (a, low)])
        self._frames.set_segments(frames)

    def describe(self) -> list[str]:
        words = []
        for i in self.panel._recurrent:
            states, column = self.states(i), self.panel.columns[i]
            done = np.isfinite(states).any(axis=1)
            name = plain(column.layers[0])
            if not done.any():
                words.append(f"no state of {name} computed yet")
                continue
            size = listed(
                (
                    number(float(np.linalg.norm(h))) if ok else "none"
                    for h, ok in zip(states, done, strict=True)
                ),
                12,
            )
            way = ", from the end of time" if column.reverse else ""
            words.append(
                f"norm of {name}'s state over {counted(len(states), 'time step')}{way}: {size}"
            )
        return words
