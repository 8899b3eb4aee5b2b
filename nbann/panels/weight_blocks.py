"""Where a weight matrix is drawn, and what it is drawn with; imports matplotlib alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.image import AxesImage

    from .weight_images import Mosaic
    from .words import Words


@dataclass
class Block:
    """One matrix in the picture."""

    name: str
    image: AxesImage
    numbers: Words | None
    pictures: Mosaic | None = None


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
