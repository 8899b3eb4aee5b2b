"""Weights as colored cells, inputs down, neurons across; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, bad_value
from .base import Margins, Panel
from .network_layout import input_names_of, neuron_names_of, sides_of
from .scale import Limit, largest
from .shade import picture
from .style import SMALL
from .text import counted, literal, number, plain, short_number, text_width
from .weight_blocks import Block, Box
from .weight_images import Mosaic
from .words import Words

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_BAR, _ENDS = 58.0, 42.0  # pixels on the right for the scale, and for the numbers at its ends
_FOOT = 32.0  # pixels under a matrix for its labels
_WIDEST = 60  # columns beyond which a matrix gets no wider
_MOST_NUMBERS = 200
_EMPTY = "not computed yet in this batch: press Step"
OF = {"weight": "Weights", "gradient": "Gradients of the weights", "update": "Last update"}
"""What can be shown of a matrix, and the title over it."""


class WeightHeatmap(Panel):
    """One or several weight matrices, blue below 0 and orange above, all on one scale.

    What this batch has not computed yet is gray.

    Parameters
    ----------
    name : str or sequence of str, optional
        "hidden.weight", ...; the first weight if left out; "all" for all of them side by side.
    of : {"weight", "gradient", "update"}
        The weights; the gradient of the loss with respect to them in the loaded batch; or by how
        much this batch's update has changed them.
    shape : pair of int, optional
        Rows and columns of an image, where the inputs of a neuron (or in a decoder what a unit
        gives) are its pixels, row by row: each neuron's weights are shown as one, as many as fit.

    Raises
    ------
    ValueError
        An option that is none, a matrix that there is not or that no such image fits.
    """

    title = "Weights"
    margins = Margins(left=12, right=12, top=30, bottom=12)

    def __init__(
        self,
        name: str | Sequence[str] | None = None,
        *,
        of: str = "weight",
        shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.name = name if name is None or isinstance(name, str) else tuple(name)
        if of not in OF:
            raise UnknownNameError("of", of, OF)
        self.of = of
        self.title = OF[of]
        self.shape = None if shape is None else _image_shape(shape)
        self._limit = Limit(slack=0.05 if of == "weight" else 0.3)  # gradients fade in a run

    def __repr__(self) -> str:
        words = [] if self.name is None else [repr(self.name)]
        words += [] if self.of == "weight" else [f"of={self.of!r}"]
        words += [] if self.shape is None else [f"shape={self.shape}"]
        return f"WeightHeatmap({', '.join(words)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None if there is a weight matrix, else the reason."""
        known = _matrices(trainer)
        if not known:
            return "this net has no weight matrix (no layer with inputs and neurons)."
        if self.of == "gradient" and not any(f"{n}.grad" in trainer.names for n in known):
            return "this model computes no gradients of its weights."
        if self.shape is not None and not self._with_image(trainer, known):
            rows, columns = self.shape
            return f"no weight matrix here has {rows} × {columns} inputs or outputs for an image."
        return None

    def _bind(self) -> None:
        known = _matrices(self.trainer)
        if self.of == "gradient":
            known = tuple(n for n in known if f"{n}.grad" in self.trainer.names)
        fitting = known if self.shape is None else self._with_image(self.trainer, known)
        if self.name is None or self.name == "all":
            self.names: tuple[str, ...] = fitting[:1] if self.name is None else fitting
            return
        self.names = (self.name,) if isinstance(self.name, str) else self.name
        for name in self.names:
            if name not in known:
                raise UnknownNameError("weight matrix", name, known)
            if name not in fitting:
                mend = f"Choose among {', '.join(fitting)}, or another shape."
                size = " by ".join(map(str, self.trainer[name].shape))
                raise bad_value("shape", f"one that fits {name} ({size})", f"{self.shape}", mend)

    def _with_image(self, trainer: Trainer, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return those matrices that have a side as long as an image has pixels."""
        assert self.shape is not None
        return tuple(n for n in names if self.shape[0] * self.shape[1] in trainer[n].shape)

    def values(self, name: str) -> NDArray[np.floating]:
        """Return what is shown of a matrix; NaN where this batch has not computed it yet."""
        weight = self.trainer[name]
        if self.of == "weight":
            return weight
        if self.of == "gradient":
            gradient = f"{name}.grad"
            found = self.trainer[gradient] if self.trainer.is_current(gradient) else None
        else:
            found = self.trainer.last_change(name)
        return np.full(weight.shape, np.nan) if found is None else found

    def images(self, name: str) -> NDArray[np.floating]:
        """Return what is shown as an image for each neuron, shape (neurons, rows, columns)."""
        assert self.shape is not None
        values = self.values(name)
        pixels = self.shape[0] * self.shape[1]
        return (values.T if values.shape[0] == pixels else values).reshape(-1, *self.shape)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        if self.shape is None:
            self._draw_matrices(width, height)
        else:
            self._draw_images(width, height)
        self._empty = self.moving_text(
            (0.5, 0.5), (-_BAR / 2, 0), color=self.theme.muted, ha="center", va="center"
        )

    def _draw_matrices(self, width: float, height: float) -> None:
        """Draw the matrices as cells, side by side."""
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

    def _draw_images(self, width: float, height: float) -> None:
        """Draw the matrices as images of their neurons, side by side."""
        assert self.shape is not None
        self._draw_scale(width, 24, height - 2)
        look = {"fontsize": SMALL, "color": self.theme.ink, "parse_math": False}
        share = (width - _BAR) / len(self.names)
        self._blocks = []
        for k, name in enumerate(self.names):
            count = len(self.images(name))
            box = (k * share, 20.0, share - 14, height - 22)
            mosaic = Mosaic(self, box, self.shape, count)
            self._blocks.append(Block(name, mosaic.image, None, mosaic))
            rows, columns = self.shape
            part = f"{count}" if mosaic.shown == count else f"the first {mosaic.shown} of {count}"
            title = literal(f"{name}: {part} images of {rows} × {columns}", share - 14, SMALL)
            self.ax.text(k * share, mosaic.foot - 6, title, va="top", **look)
        self.ax.set(xlim=(0, width), ylim=(0, height))

    def _draw_block(self, name: str, words: list[str], box: Box) -> Block:
        """Draw one matrix with its labels."""
        look = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        fine = box.rows > box.high or box.columns > box.wide  # or some would not be seen
        image = self.moving(picture(self.ax, (box.x, box.y, box.wide, box.high), fine=fine))
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
        below_scale = name == self.names[-1] and box.y <= self._scale_foot
        room = box.wide + (_BAR - 8 if below_scale else 0)
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
        least = 32 if self.of == "weight" else 40  # small ones are longer: −2e−3
        if box.cell >= least and box.tall >= 14 and box.rows * box.columns <= _MOST_NUMBERS:
            numbers = self.moving(Words(self.ax, box.centers(), SMALL))
        return Block(name, image, numbers)

    def _draw_scale(self, width: float, low: float, high: float) -> None:
        """Draw the color scale at the right: its limit's number changes, its colors do not."""
        left = width - 44
        self._scale_foot = low = min(low, high - 60)
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
        self._ends.set_clip_on(False)  # they reach into the margin

    def _restart(self) -> None:
        self._limit.restart()

    def _row_labels(self, name: str, room: float) -> list[str]:
        names = input_names_of(self.trainer, name)
        if (self.size[1] - _FOOT - 2) / len(names) < 11:
            return []
        side = sides_of(self.trainer, name)[0]
        return [_cut(n, side, min(110, room * 0.34)) for n in names]

    def _refresh(self) -> None:
        values = [self.values(block.name) for block in self._blocks]
        known = any(np.isfinite(v).any() for v in values)
        size = max(largest(v) for v in values)  # zeros alone have no scale to name
        if known:
            self._limit.fit(size)
        ends = f"{self._limit.value:g}".replace("-", "−")
        if text_width(f"−{ends}", SMALL) > _ENDS:
            ends = short_number(self._limit.value)
        self._ends.set_words([ends, f"−{ends}"] if size else ["", ""])
        self._empty.set_text("" if known or self.of == "weight" else _EMPTY)
        for block, shown in zip(self._blocks, values, strict=True):
            if block.pictures is not None:
                images = self.images(block.name)
                block.pictures.put(self.theme.diverging(images, self._limit.value or 1.0))
                continue
            colors = self.theme.diverging(shown, self._limit.value or 1.0)
            block.image.set_data(colors)
            if block.numbers is not None:
                words = [short_number(float(v)) if known else "" for v in shown.flat]
                block.numbers.set_words(words, self.theme.text_on(colors))

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        return " ".join(self._words(name) for name in self.names)

    def _words(self, name: str) -> str:
        weight = self.values(name)
        words = f"{plain(name)}, {self._size(name, 'by')}"
        if self.of != "weight" and np.isnan(weight).all() and np.isfinite(self.trainer[name]).all():
            return f"{words}: not computed yet in this batch."
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
        return f" {by} ".join(counted(n, side) for n, side in counts)

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


def _image_shape(shape: Sequence[int]) -> tuple[int, int]:
    """Return an image's rows and columns, or say what is wrong with them."""
    sides = shape if isinstance(shape, (tuple, list)) else ()
    if len(sides) != 2:
        mend = "Pass e.g. shape=(28, 28)."
        raise bad_value("shape", "rows and columns of an image", repr(shape), mend)
    rows, columns = (whole_number("shape", side, least=1) for side in sides)
    return rows, columns


def _cut(name: str, side: str, room: float) -> str:
    """Return a row's or column's name cut to its room; of "neuron 3" the number alone."""
    return literal(name.removeprefix("neuron ").removeprefix(f"{side} "), room, SMALL)
