"""Which classes a net takes for which others; imports matplotlib and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from ..core.losses.machine_losses import MachineLoss
from .asked import Asked, amount, check_part, part_of, spaced, task_of
from .base import Margins, Panel
from .shade import centers, picture, seams, shades
from .style import LABEL, SMALL, TITLE
from .text import literal, names_of, number, plain, text_width
from .words import Words

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_LIST = 128.0  # pixels on the right for the commonest mistakes
_LINE = 14.0
_NAMED = 12  # mistakes that are named


class ConfusionMatrix(Panel):
    """How many samples of each class (row) are taken for each class (column).

    A cell's shade is the stronger the larger its share of the row (its square root, so that rare
    mistakes show); where there is room it has the count and the share of the row in it. The
    diagonal, which is framed, is what is right.

    Parameters
    ----------
    of : {"train", "validation", "test"}, optional
        Which data; by default the test data, if there are some, else the training data. Of more
        than 5,000 samples (or sequences), evenly spaced ones.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(3, weight=[[1.0, 0, 0]], bias=[0, 0.5, -1])])
    >>> trainer = nbann.Trainer(net, ([[1.0], [2.0], [0.0]], [0, 2, 1]))
    >>> nbann.Dashboard(trainer, ["confusion"]).describe().partition(";")[0]
    'Confusion matrix: accuracy 0.667 (2 of 3 training samples)'
    """

    title = "Confusion matrix"
    margins = Margins(left=12, right=12, top=30, bottom=10)

    def __init__(self, of: str | None = None) -> None:
        super().__init__()
        self.of = check_part(of, "ConfusionMatrix")

    def __repr__(self) -> str:
        return f"ConfusionMatrix({'' if self.of is None else f'of={self.of!r}'})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None where each sample (or time step) has one class; else the reason."""
        if trainer.task == "several":
            return "shows the classes of one target; this net has several heads."
        if trainer.task != "classification":
            return f"shows classes; this is {task_of(trainer)}."
        if isinstance(trainer.loss, MachineLoss):
            return "shows predicted classes; this machine predicts none."
        outputs = trainer[trainer.program.output]
        if trainer.train_data.y.ndim >= outputs.ndim and outputs.shape[-1] > 1:
            return "shows one class for each sample; here one may have several labels at once."
        return None

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._part, data = part_of(self.trainer, self.of, "ConfusionMatrix")
        rows = spaced(len(data))
        self._all = len(data)
        steps = self.trainer[self.trainer.program.output].ndim > 2
        mask = None if data.mask is None else data.mask[rows]
        self._X, self._mask = data.X[rows], mask
        y = data.y[rows]
        y = y if steps else y.reshape(len(rows), -1)[:, 0]
        self._there = mask > 0 if steps and mask is not None else np.ones(y.shape, bool)
        self._y = y[self._there].astype(np.intp)
        self._word = "time step" if steps else "sample"
        outputs = self.trainer[self.trainer.program.output].shape[-1]
        self._names = names_of(self.trainer.train_data.target_names, max(2, outputs), "class ")
        self._shared = _shared_words(self._names)
        self._short = tuple(name.removeprefix(self._shared) for name in self._names)
        self._counts = Asked(self.trainer, self._count)

    def counts(self) -> NDArray[np.intp] | None:
        """Return the samples by true class (row) and predicted class (column), shape (k, k).

        None where the net's outputs are not all numbers.
        """
        return self._counts.now()

    def _count(self) -> NDArray[np.intp] | None:
        outputs = self.trainer.activations(self.trainer.program.output, self._X, self._mask)
        if not np.isfinite(outputs).all():
            return None
        predicted = self.trainer.loss.predict(outputs, self.trainer.task)[self._there]
        k = len(self._names)
        places = (self._y * k + predicted).astype(np.intp)  # 32 bits in a browser
        return np.bincount(places, minlength=k * k).reshape(k, k)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        k = len(self._names)
        self._listing = width >= 380
        left, foot, right = self._room(width, height)
        wide, high = width - left - right, height - foot
        cell = min(wide / k, 1.9 * high / k)
        frame = (left, foot, cell * k, high)
        self._draw_names(frame)
        fine = k > 1.5 * min(high, cell * k)
        self._image = self.moving(picture(self.ax, frame, fine=fine))
        tall = high / k
        if min(cell, tall) >= 5:
            look: dict[str, Any] = {"colors": self.theme.background, "linewidths": 1.0}
            self.moving(self.ax.add_collection(LineCollection(seams(frame, k, k), **look)))
        self._draw_diagonal(frame)
        at = centers(frame, k, k)
        self._numbers = self._shares = None
        if cell >= 18 and tall >= 11:
            both = tall >= 28 and cell >= 36
            shift = np.array([0.0, 6.0 if both else 0.0])
            self._numbers = self.moving(Words(self.ax, at + shift, SMALL))
            if both:
                self._shares = self.moving(Words(self.ax, at - shift, SMALL))
        self._draw_list(left + cell * k + 16, width, height)
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )
        self._painted: object = self

    def _room(self, width: float, height: float) -> tuple[float, float, float]:
        """Return the pixels left of the matrix, under it and on its right."""
        longest = max(text_width(literal(n, 200, SMALL), SMALL) for n in self._short)
        left = min(longest, 0.26 * width) + 24
        right = _LIST + 16 if self._listing else 0.0
        cell = min((width - left - right), 1.9 * height) / len(self._names)
        self._upright = longest > max(cell - 4, 14)
        self._longest = longest
        foot = (min(longest, 64.0) if self._upright else 12.0) + 22
        return left, foot, right

    def _draw_names(self, frame: tuple[float, float, float, float]) -> None:
        x, y, wide, high = frame
        k = len(self._names)
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        rows, columns = (_stride(side / k, 11.5) for side in (high, wide))
        if not self._upright:
            columns = _stride(wide / k, self._longest + 3)
        for i, name in enumerate(self._short):
            if i % rows == 0:
                at = y + high - (i + 0.5) * high / k
                word = literal(name, x - 22, SMALL)
                self.ax.text(x - 5, at, word, ha="right", va="center", **look)
            if i % columns == 0:
                at = x + (i + 0.5) * wide / k
                word = literal(name, 64 if self._upright else columns * wide / k, SMALL)
                turned: dict[str, Any] = {"rotation": 90} if self._upright else {}
                self.ax.text(at, y - 5, word, ha="center", va="top", **turned, **look)
        ink = look | {"color": self.theme.ink}
        below, beside = (
            literal(f"{which} {self._shared}".strip(), room, SMALL)
            for which, room in (("predicted", wide), ("true", high))
        )
        self.ax.text(x + wide / 2, 0, below, ha="center", va="bottom", **ink)
        self.ax.text(0, y + high / 2, beside, ha="left", va="center", rotation=90, **ink)

    def _draw_diagonal(self, frame: tuple[float, float, float, float]) -> None:
        x, y, wide, high = frame
        k = len(self._names)
        a, b = wide / k, high / k
        boxes = [
            [
                (x + i * a + dx * a, y + high - i * b - dy * b)
                for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
            ]
            for i in range(k)
        ]
        lines = LineCollection(boxes, colors=self.theme.muted, linewidths=0.7)
        self.moving(self.ax.add_collection(lines))

    def _draw_list(self, x: float, width: float, height: float) -> None:
        self._lines = None
        if not self._listing:
            return
        room = width - x
        each = (room - text_width(f" → : {len(self._y)}", SMALL)) / 2
        self._cut = [literal(name, each, SMALL) for name in self._short]
        look: dict[str, Any] = {"fontsize": SMALL, "parse_math": False, "va": "top"}
        head = literal("most often wrong", room, SMALL)
        self.ax.text(x, height - 2, head, color=self.theme.ink, **look)
        self._lines = self.moving(
            self.ax.text(
                x, height - 2 - _LINE - 4, "", color=self.theme.muted, linespacing=1.45, **look
            )
        )

    def _refresh(self) -> None:
        counts = self.counts()
        if counts is self._painted:
            return
        self._painted = counts
        k = len(self._names)
        shown = np.full((k, k), np.nan) if counts is None else _shares(counts)
        colors = shades(np.sqrt(shown), self.theme)
        self._image.set_data(colors)
        inks = self.theme.text_on(colors)
        blank = [""] * (k * k)
        if self._numbers is not None:
            words = blank if counts is None else [str(c) if c else "" for c in counts.flat]
            self._numbers.set_words(words, inks)
        if self._shares is not None:
            words = [f"{100 * s:.0f}%" if s > 0 else "" for s in shown.flat]
            self._shares.set_words(words, inks)
        if self._lines is not None:
            self._lines.set_text("\n".join(self._listed(counts)))
        samples = amount(len(self._y), self._count_of_all, f"{self._part} {self._word}")
        if counts is None:
            self._status.set_text("outputs are not numbers")
            return
        share = _percent(np.trace(counts), len(self._y))
        whole = f"{share} of {samples} right"
        title = 1.12 * text_width(self.title, TITLE) + 12  # bold letters are wider
        room = self.size[0] + self.margins.left - 12 - title
        self._status.set_text(whole if text_width(whole, LABEL) <= room else f"{share} right")

    @property
    def _count_of_all(self) -> int:
        return len(self._y) if self._word == "time step" else self._all

    def _listed(self, counts: NDArray[np.intp] | None) -> list[str]:
        """Return the commonest mistakes, each cut to the room that it has."""
        if counts is None:
            return []
        found = mistakes(counts)
        if not found:
            return ["none"]
        lines = []
        for i, j in found[:_NAMED]:
            lines.append(f"{self._cut[i]} → {self._cut[j]}: {counts[i, j]}")
        return lines

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        counts = self.counts()
        if counts is None:
            return "the net's outputs are not numbers (NaN or infinity)."
        right = int(np.trace(counts))
        samples = amount(len(self._y), self._count_of_all, f"{self._part} {self._word}")
        words = f"accuracy {number(right / len(self._y))} ({right:,} of {samples})"
        found = mistakes(counts)
        if not found:
            return f"{words}; no class is taken for another."
        wrong = "; ".join(
            f"{plain(self._names[i])} taken for {plain(self._names[j])}, "
            f"{counts[i, j]:,} of {counts[i].sum():,}"
            for i, j in found[:3]
        )
        return f"{words}; most often wrong: {wrong}."


def mistakes(counts: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the cells off the diagonal that are not empty, the commonest first."""
    off = counts * (1 - np.eye(len(counts), dtype=np.intp))
    order = np.argsort(-off, axis=None, kind="stable")[: np.count_nonzero(off)]
    return [(int(i), int(j)) for i, j in zip(*np.divmod(order, len(counts)), strict=True)]


def _shared_words(names: tuple[str, ...]) -> str:
    """Return the words that all names begin with, where each goes on after them."""
    same = 0
    while all(len(n) > same and n[same] == names[0][same] for n in names):
        same += 1
    shared = names[0][:same]
    shared = shared[: shared.rfind(" ") + 1]
    return shared if len(names) > 1 and all(len(n) > len(shared) for n in names) else ""


def _shares(counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return each cell's share of its row, 0 in a row without samples."""
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(total, 1))


def _stride(room: float, least: float) -> int:
    """Return of how many names one can be written, so that they do not touch."""
    return max(1, int(np.ceil(least / room)))


def _percent(part: float, whole: int) -> str:
    """Return a share in percent, which is "100%" only where it is whole."""
    share = 100 * part / whole
    return "100%" if part == whole else f"{min(share, 99.9):.1f}%"
