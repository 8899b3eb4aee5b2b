"""Weights as colored cells, inputs down, neurons across; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from ..core.errors import UnknownNameError
from .base import Margins, Panel
from .network_layout import input_names_of, neuron_names_of, sides_of
from .scale import Limit, largest
from .style import SMALL
from .text import literal, number, plain, short_number, text_width
from .words import Words

if TYPE_CHECKING:
    from matplotlib.image import AxesImage

    from ..core.trainer import Trainer

_BAR = 58.0  # pixels on the right for the scale
_FOOT = 32.0  # pixels under a matrix for its labels
_WIDEST = 60  # columns beyond which a matrix gets no wider
_MOST_NUMBERS = 200


@dataclass
class Block:
    """One matrix in the picture."""

    name: str
    image: AxesImage
    numbers: Words | None


class Box(NamedTuple):
    """Where a matrix is drawn: its lower left, its size in pixels, and its rows and columns."""

    x: float
    y: float
    wide: float
    high: float
    rows: int
    columns: int

    @property
    def cell(self) -> float:
        """Width of a cell."""
        return self.wide / self.columns

    @property
    def tall(self) -> float:
        """Height of a cell."""
        return self.high / self.rows

    def centers(self) -> list[tuple[float, float]]:
        """Return the middle of each cell, row by row from the top."""
        across = [self.x + (j + 0.5) * self.cell for j in range(self.columns)]
        return [
            (x, self.y + self.high - (i + 0.5) * self.tall)
            for i in range(self.rows)
            for x in across
        ]

    def seams(self) -> list[list[tuple[float, float]]]:
        """Return the lines between the cells."""
        right, top = self.x + self.wide, self.y + self.high
        across = [self.y + i * self.tall for i in range(1, self.rows)]
        up = [self.x + j * self.cell for j in range(1, self.columns)]
        return [[(self.x, y), (right, y)] for y in across] + [[(x, self.y), (x, top)] for x in up]


class WeightHeatmap(Panel):
    """One or several weight matrices, blue below 0 and orange above, all on one scale.

    Parameters
    ----------
    name : str or sequence of str, optional
        "hidden.weight", ...; the first weight if left out; "all" for all of them side by side.
    """

    title = "Weights"
    margins = Margins(left=12, right=12, top=30, bottom=12)

    def __init__(self, name: str | Sequence[str] | None = None) -> None:
        super().__init__()
        self.name = name if name is None or isinstance(name, str) else tuple(name)
        self._limit = Limit()

    def __repr__(self) -> str:
        return f"WeightHeatmap({'' if self.name is None else repr(self.name)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None if there is a weight matrix, else the reason."""
        return (
            None
            if _matrices(trainer)
            else "this net has no weight matrix (no layer with inputs and neurons)."
        )

    def _bind(self) -> None:
        known = _matrices(self.trainer)
        if self.name is None or self.name == "all":
            self.names: tuple[str, ...] = known[:1] if self.name is None else known
            return
        self.names = (self.name,) if isinstance(self.name, str) else self.name
        for name in self.names:
            if name not in known:
                raise UnknownNameError("weight matrix", name, known)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        shapes = [self.trainer[name].shape for name in self.names]
        labels = [self._row_labels(name, width / len(shapes)) for name in self.names]
        gaps = [max((text_width(w, SMALL) for w in words), default=0) + 6 for words in labels]
        room = width - _BAR - sum(gaps) - 14 * (len(shapes) - 1)
        cell = max(room, 20.0) / sum(min(s[1], _WIDEST) for s in shapes)
        most = max(s[0] for s in shapes)
        # cells no taller than wide, and the picture in the middle of the height
        tall = min((height - _FOOT - 2) / most, max(cell, 24.0))
        top = height - 2 - (height - _FOOT - 2 - tall * most) / 2
        self._draw_scale(width, top - tall * most, top)
        self._blocks, x = [], 0.0
        for name, words, gap, (rows, columns) in zip(self.names, labels, gaps, shapes, strict=True):
            wide, high = cell * min(columns, _WIDEST), tall * most if rows > 60 else tall * rows
            self._blocks.append(
                self._draw_block(name, words, Box(x + gap, top - high, wide, high, rows, columns))
            )
            x += gap + wide + 14

    def _draw_block(self, name: str, words: list[str], box: Box) -> Block:
        """Draw one matrix with its labels."""
        look = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        fine = box.rows > 2 * box.high or box.columns > 2 * box.wide
        image = self.moving(
            self.ax.imshow(
                np.zeros((1, 1, 4), np.uint8),
                extent=(box.x, box.x + box.wide, box.y, box.y + box.high),
                aspect="auto", interpolation="antialiased" if fine else "nearest",
            )
        )  # fmt: skip
        self.ax.set(xlim=(0, self.size[0]), ylim=(0, self.size[1]))
        for (_, y), word in zip(box.centers()[:: box.columns], words, strict=False):
            self.ax.text(box.x - 5, y, word, ha="right", va="center", **look)
        labeled = box.cell >= 16
        if labeled:
            for (x, _), neuron in zip(
                box.centers(), neuron_names_of(self.trainer, name), strict=False
            ):
                word = _cut(neuron, sides_of(self.trainer, name)[1], box.cell - 4)
                self.ax.text(x, box.y - 5, word, ha="center", va="top", **look)
        room = box.wide + (_BAR - 8 if name == self.names[-1] else 0)
        title = literal(f"{name}: {self._size(name, '×')}", room, SMALL)
        self.ax.text(
            box.x,
            box.y - (20 if labeled else 6),
            title,
            va="top",
            **(look | {"color": self.theme.ink}),
        )
        if min(box.cell, box.tall) >= 10:
            seams = LineCollection(box.seams(), colors=self.theme.background, linewidths=1.0)
            self.moving(self.ax.add_collection(seams))
        numbers = None
        if box.cell >= 32 and box.tall >= 14 and box.rows * box.columns <= _MOST_NUMBERS:
            numbers = self.moving(Words(self.ax, box.centers(), SMALL))
        return Block(name, image, numbers)

    def _draw_scale(self, width: float, low: float, high: float) -> None:
        """Draw the color scale at the right: its limit's number changes, its colors do not."""
        left = width - 44
        low = min(low, high - 60)
        colors = self.theme.diverging(np.linspace(1, -1, 128)[:, None], 1.0)
        self.ax.imshow(
            colors, extent=(left, left + 8, low, high), aspect="auto", interpolation="nearest"
        )
        look = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.text(left + 12, (low + high) / 2, "0", va="center", **look)
        places = [(left + 12, high - 5), (left + 12, low + 5)]
        self._ends = self.moving(
            Words(self.ax, places, SMALL, align="left", color=self.theme.muted)
        )

    def _restart(self) -> None:
        self._limit.restart()

    def _row_labels(self, name: str, room: float) -> list[str]:
        names = input_names_of(self.trainer, name)
        if (self.size[1] - _FOOT - 2) / len(names) < 11:
            return []
        side = sides_of(self.trainer, name)[0]
        return [_cut(n, side, min(110, room * 0.34)) for n in names]

    def _refresh(self) -> None:
        values = [self.trainer[block.name] for block in self._blocks]
        self._limit.fit(max(largest(v) for v in values))
        self._ends.set_words(
            [sign + f"{self._limit.value:g}".replace("-", "−") for sign in ("", "−")]
        )
        for block, weight in zip(self._blocks, values, strict=True):
            colors = self.theme.diverging(weight, self._limit.value)
            block.image.set_data(colors)
            if block.numbers is not None:
                block.numbers.set_words(
                    [short_number(float(v)) for v in weight.flat], self.theme.text_on(colors)
                )

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        return " ".join(self._words(name) for name in self.names)

    def _words(self, name: str) -> str:
        weight = self.trainer[name]
        words = f"{plain(name)}, {self._size(name, 'by')}"
        if not np.isfinite(weight).all():
            bad = int((~np.isfinite(weight)).sum())
            return f"{words}: {bad} of {weight.size} are not finite numbers."
        low, high = (self._entry(name, weight, at) for at in (weight.argmin(), weight.argmax()))
        size = number(float(np.abs(weight).mean()))
        negative = f"{int((weight < 0).sum())} of {weight.size} negative"
        return f"{words}: from {low} to {high}; mean size {size}; {negative}."

    def _size(self, name: str, by: str) -> str:
        """Return how many rows and columns a matrix has, and what they stand for."""
        counts = zip(self.trainer[name].shape, sides_of(self.trainer, name), strict=True)
        return f" {by} ".join(f"{n} {side}s" for n, side in counts)

    def _entry(self, name: str, weight: NDArray[np.floating], flat: int) -> str:
        i, j = np.unravel_index(flat, weight.shape)
        source, neuron = (
            input_names_of(self.trainer, name)[i],
            neuron_names_of(self.trainer, name)[j],
        )
        return f"{number(float(weight[i, j]))} ({plain(source)} to {plain(neuron)})"


def _matrices(trainer: Trainer) -> tuple[str, ...]:
    """Return the names of all weight matrices, in order."""
    return tuple(n for n, v in trainer.parameters.items() if n.endswith(".weight") and v.ndim == 2)


def _cut(name: str, side: str, room: float) -> str:
    """Return a row's or column's name cut to its room; of "neuron 3" the number alone."""
    return literal(name.removeprefix("neuron ").removeprefix(f"{side} "), room, SMALL)
