"""Names in a network picture: of inputs, layers, outputs and heads; imports matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from .network_layout import feature_names, output_names
from .network_marks import Marks
from .network_places import Places
from .style import SMALL
from .text import literal, text_width
from .words import Words

ROW = 15.0  # from one row of layers' names to the next


class Labels(Marks):
    """The part of `NetworkDiagram` that writes names beside and under columns."""

    places: Places
    _foot: float
    _told: list[int]
    _beside: float
    """How far right of a last neuron's name its probability stands; 0: it stands under it."""

    def _write(self, word: str, x: float, y: float, **look: Any) -> None:
        self.ax.text(x, y, word, fontsize=SMALL, color=self.theme.muted, parse_math=False, **look)

    @property
    def _recurrent(self) -> list[int]:
        return [i for i, column in enumerate(self.columns) if column.steps]

    def _probability_name(self, i: int) -> str:
        """Return how the class probabilities of a last column are called, if there are any."""
        band = self.lanes.bands[i]
        return f"loss.{band}.p" if band else "loss.p"

    def _rows(self) -> int:
        """Return how many rows of layers' names stand below."""
        alone = zip(self.columns, self.lanes.alone, strict=True)
        most = [min(len(column.names), 3) for column, whole in alone if whole]
        depths = list(self.lanes.depths)
        return min(max([1, *most, *map(depths.count, depths)]), 4)

    def _input_names(self) -> list[str]:
        names = feature_names(self.trainer)
        fits = len(names) == self.columns[0].width
        return [names[i] if fits else "" for i in self.shown[0]]

    def _end_names(self, i: int) -> list[str]:
        """Return a name for each neuron that is shown of a last column."""
        column = self.columns[i]
        if self.trainer.program.output in column.arrays:
            names: tuple[str, ...] = output_names(self.trainer)
        elif self.lanes.bands[i] and self._probability_name(i) in self.trainer.names:
            names = tuple(f"class {k}" for k in range(column.width))
        else:
            names = ("",) * column.width
        return [names[k] for k in self.shown[i]]

    def _draw_input_names(self, names: list[str]) -> None:
        for name, (x, y) in zip(names, self.places.at[0], strict=True):
            self._write(name, x - self.places.radii[0] - 8, y, ha="right", va="center")

    def _draw_end_names(self, i: int, names: list[str]) -> None:
        out = self.places.radii[i] + 8
        lift = 6.0 if i in self._told and not self._beside else 0.0
        for name, (x, y) in zip(names, self.places.at[i], strict=True):
            self._write(name, x + out, y + lift, ha="left", va="center")
        band = self.lanes.bands[i]
        if band:
            x, y = self.places.at[i][0]
            room = self.size[0] - x - out
            word = literal(band, room, SMALL)
            self._write(word, x + out, y + self.places.radii[i] + 1, weight="bold")

    def _draw_folds(self) -> None:
        for column, shown, slots, at in zip(
            self.columns, self.shown, self._slots, self.places.at, strict=True
        ):
            if len(shown) < column.width:
                gap = int(np.argmax(np.diff(slots)))
                middle = (at[gap, 1] + at[gap + 1, 1]) / 2
                self._write("⋮", at[0, 0], middle, ha="center", va="center")

    def _draw_layer_names(self) -> None:
        """Write layers under their column (or its number); a bar marks what is shown."""
        self._bars: list[dict[str, tuple[float, float, float]]] = []
        depths, spots = list(self.lanes.depths), []
        for i, alone in enumerate(self.lanes.alone):
            if alone:
                ends = self._names_below(i)
            else:  # a row for each of the columns above one another, in their order
                ends = self._names_beside(i, depths[:i].count(depths[i]))
            self._bars.append(ends)
            if i in self._recurrent:
                (_, end, y), *_ = ends.values()
                spots.append((end + 5, y + 7.5))
        self._keys = self.moving(Words(self.ax, spots, SMALL, align="left", color=self.theme.muted))

    def _names_below(self, i: int) -> dict[str, tuple[float, float, float]]:
        """Write a row for each layer; of more than fit the first and the last ones."""
        column, room = self.columns[i], self.places.spread - 8
        folds = f" ({column.width:,})" if len(self.shown[i]) < column.width else ""
        rows = list(zip(column.names, column.arrays, strict=False))
        fit = min(self._rows(), 3)
        rows = rows if len(rows) <= fit else [*rows[: fit - 1], rows[-1]]
        bars = {}
        for k, (name, array) in enumerate(rows):
            word = _shortened(name, room) if room > 30 else str(i) if k == 0 else ""
            word = literal(word + folds, room, SMALL) if k == 0 else word
            bars[array] = self._name(word, i, k)
        return bars

    def _names_beside(self, i: int, row: int) -> dict[str, tuple[float, float, float]]:
        """Write the layers of a column that shares the height in one row."""
        column, room = self.columns[i], self.places.spread - 12
        first, *rest = column.names
        words = " · ".join([first, *(name.rpartition(".")[2] for name in rest)])
        if not self.lanes.bands[i] or text_width(words, SMALL) > room:
            words = " · ".join(name.rpartition(".")[2] for name in column.names)
        if len(self.shown[i]) < column.width:
            words += f" ({column.width:,})"
        word = literal(words, room, SMALL) if row < 4 else ""
        return {column.arrays[0]: self._name(word, i, row)}

    def _name(self, word: str, i: int, row: int) -> tuple[float, float, float]:
        """Write a word under a column; return from where to where it reaches, and its foot."""
        x, y = self.places.at[i][0, 0], self._foot - 5 - ROW * row
        half = text_width(word, SMALL) / 2
        self._write(word, x, y, ha="center", va="top")
        return x - half, x + half, y - 12


def _shortened(name: str, room: float) -> str:
    """Return a layer's name in its room; that of a part without the block, where it is long."""
    last = name.rpartition(".")[2]
    if last != name and text_width(name, SMALL) > room:
        name = f"…{last}"
    return literal(name, room, SMALL)
