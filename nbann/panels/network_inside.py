"""What may be in a neuron instead of its number: a bar, or a small picture; imports matplotlib."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from ..core.data.glimpse import glimpse
from ..core.errors import UnknownNameError, bad_value
from .network_part import Part
from .scale import largest
from .style import PX
from .text import counted, listed, number, plain

if TYPE_CHECKING:
    from .network_diagram import NetworkDiagram

GRID = 16  # points each way at which a net is asked over two features
_LEAST = 16  # features that form a picture at least: 4x4


class Inside(Part):
    """Bars of the values, or pictures: of answers over two features, of weights from an image."""

    def __init__(self, panel: NetworkDiagram) -> None:
        super().__init__(panel)
        self.shape = (0, 0)
        self.plane = False
        if panel.inside == "heatmap":
            self.plane, self.shape = self._kind()
        self._asked: dict[str, NDArray[np.floating]] | None = None
        self._places: object = None

    def _kind(self) -> tuple[bool, tuple[int, int]]:
        """Return whether there is a plane to ask over, and the shape of an image if not."""
        x = self.panel.trainer["x"]
        width = self.panel.columns[0].width
        if x.ndim == 2 and width == 2 and any(self.panel.trainer.model.leaves()):
            return True, (GRID, GRID)
        if x.ndim == 3 and x[0].size == width:
            return False, (x.shape[1], x.shape[2])
        side = math.isqrt(width)
        if width >= _LEAST and side * side == width:
            return False, (side, side)
        expected = "data of two features, or inputs that form a square image"
        mend = 'Pass inside="bar" or inside="number".'
        raise bad_value('inside="heatmap"', expected, counted(width, "input"), mend)

    # ---- drawing ---------------------------------------------------------------------------------
    def draw(self) -> None:
        panel = self.panel
        if panel.inside == "bar":
            lines = LineCollection([], capstyle="butt")
            self._bars = panel.moving(panel.ax.add_collection(lines, autolim=False))
            return
        self._names = {i: self._predicted(i) for i in range(len(panel.columns))}
        if self.plane:
            panel.pictured = {i for i, name in self._names.items() if name is not None}
        else:
            panel.pictured = {i for i in panel._weighted if panel.columns[i].source == 0}
        count = 3 if panel.deep else len(panel.columns)
        self._images = [self._image() for _ in range(count)]

    def _image(self) -> AxesImage:
        ax = self.panel.ax
        limits = ax.get_xlim(), ax.get_ylim()
        blank = np.zeros((1, 1, 4), np.uint8)
        image = ax.imshow(blank, extent=(0, 1, 0, 1), aspect="auto", interpolation="nearest")
        ax.set(xlim=limits[0], ylim=limits[1])
        return self.panel.moving(image)

    def _predicted(self, i: int) -> str | None:
        """Return the last array of a column that is computed when predicting."""
        if not self.plane:
            return None
        for name in reversed(self.panel.columns[i].arrays):
            if name == "x":
                return name
            try:
                self.panel.trainer.activations(name, self.grid[:1])
            except UnknownNameError:
                continue
            return name
        return None

    # ---- what is shown ---------------------------------------------------------------------------
    @property
    def grid(self) -> NDArray[np.float64]:
        """The samples over which a net of two features is asked, row by row from the upper left."""
        X = glimpse(self.panel.trainer.train_data).X
        low, high = X.min(axis=0), X.max(axis=0)
        room = 0.08 * np.where(high > low, high - low, 1.0)
        across = np.linspace(low[0] - room[0], high[0] + room[0], GRID)
        down = np.linspace(high[1] + room[1], low[1] - room[1], GRID)
        return np.column_stack([np.tile(across, GRID), np.repeat(down, GRID)])

    def pictures(self, i: int) -> NDArray[np.float64]:
        """Return a picture for each neuron of a column, (neurons, rows, columns)."""
        if self.plane:
            self._ask_again()
            return self._answers[i].T.reshape(-1, GRID, GRID)
        return self.panel.matrix(i, gradient=False).T.reshape(-1, *self.shape)

    def _ask_again(self) -> None:
        """Ask the net over the grid if it has changed since; most ops change no parameter."""
        trainer = self.panel.trainer
        now = {**trainer.learned}
        silenced = trainer.restraints.silenced
        if (
            self._asked is not None
            and self._silenced == silenced
            and all(np.array_equal(now[name], array) for name, array in self._asked.items())
        ):
            return
        self._silenced = silenced
        self._asked = {name: array.copy() for name, array in now.items()}
        grid = self.grid
        self._answers = {
            i: grid if name == "x" else np.asarray(trainer.activations(name, grid), float)
            for i, name in self._names.items()
            if name is not None
        }

    # ---- changing --------------------------------------------------------------------------------
    def refresh(self) -> None:
        if self.panel.inside == "bar":
            self._refresh_bars()
        else:
            self._refresh_pictures()

    def _refresh_bars(self) -> None:
        """Let a bar go up or down from the middle of each neuron, by its share of the limit."""
        panel, theme = self.panel, self.panel.theme
        if not panel.view:  # too low a picture for a lens
            return
        found, every = [], []
        for i, radius in zip(panel.view, panel.places.radii, strict=True):
            values = panel._values_now[i][panel.shown[i]]
            every.append(values)
            limit = panel._limits[i].value
            with np.errstate(all="ignore"):
                found.append(np.clip(values / limit, -1, 1) * 0.8 * radius)
        heights, values = np.concatenate(found), np.concatenate(every)
        low, high = panel.places.nodes.copy(), panel.places.nodes.copy()
        high[:, 1] += np.nan_to_num(heights)
        self._bars.set_segments(np.stack([low, high], axis=1))
        self._bars.set_linewidths(0.7 * panel.places.radius * PX)
        self._bars.set_color([theme.high if h > 0 else theme.low for h in heights])
        known = np.where(np.isnan(values), np.nan, 0.0)
        panel._nodes.set_facecolors(theme.diverging(known, 1.0) / 255)

    def _refresh_pictures(self) -> None:
        panel = self.panel
        for k, image in enumerate(self._images):
            shown = k < len(panel.view) and panel.view[k] in panel.pictured
            image.set_visible(shown)
            if shown:
                side = max(4, round(1.6 * panel.places.radii[k]))
                self._paste(image, panel.view[k], panel.places.at[k], side)

    def _paste(self, image: AxesImage, i: int, at: NDArray[np.float64], side: int) -> None:
        """Put the pictures of a column into one image, see-through between them."""
        panel = self.panel
        pictures = self.pictures(i)
        colors = panel.theme.diverging(pictures[panel.shown[i]], largest(pictures) or 1.0)
        rows, columns = (
            np.minimum((np.arange(side) + 0.5) * n / side, n - 1).astype(int) for n in self.shape
        )
        patches = colors[:, rows][:, :, columns]
        tops = np.round(at[0, 1] - at[:, 1]).astype(int)
        canvas = np.zeros((tops[-1] + side, side, 4), np.uint8)
        for top, patch in zip(tops, patches, strict=True):
            canvas[top : top + side] = patch
        left, high = round(at[0, 0] - side / 2), round(at[0, 1] + side / 2)
        image.set_extent((left, left + side, high - len(canvas), high))
        image.set_data(canvas)

    # ---- words -----------------------------------------------------------------------------------
    def describe(self) -> list[str]:
        panel = self.panel
        if panel.inside == "bar":
            return ["a bar of its value in each neuron"]
        names = listed(plain(" and ".join(panel.columns[i].names)) for i in sorted(panel.pictured))
        if not panel.pictured:
            return ["no neuron has a picture"]
        sizes = listed(number(largest(self.pictures(i))) for i in sorted(panel.pictured))
        if self.plane:
            what = "what each neuron answers over the two features"
        else:
            what = f"the weights of each neuron from the image of {self.shape[0]}x{self.shape[1]}"
        return [f"inside {names} {what}, up to {sizes}"]
