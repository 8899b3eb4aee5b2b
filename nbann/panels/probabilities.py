"""How probable a net takes each class to be, for a few samples; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.data.glimpse import glimpse
from ..core.errors import bad_value
from .asked import Asked, task_of
from .base import Margins, Panel
from .style import LABEL, SMALL, THIN
from .text import literal, names_of, percent, plain, text_width

if TYPE_CHECKING:
    from matplotlib.text import Text

    from ..core.trainer import Trainer

Corner = tuple[float, float]  # where a sample's bars stand: from which pixel on, on which
_MOST = 8  # samples that are shown
_MANY, _FIRST = 6, 4  # of more classes than this, by default the first of so many are shown
_SPELLED = 10  # of more classes, words tell the likeliest ones
_LIKELIEST = 3
_NAMES, _HEAD = 44.0, 36.0  # pixels below the bars, and above them
_PITCH = 14.0  # pixels from one bar to the next that a number needs
_WIDE, _TALL = 66.0, 100.0  # pixels that a sample needs
_TRUE = "true"
_MISSING = "not a number"


class Probabilities(Panel):
    """A bar for the probability of each class, for some training samples; the true class is framed.

    The numbers are those of the weights of now: they move with each update. Where bars are too thin
    for a number each, the likeliest class and the true one have theirs.

    Parameters
    ----------
    samples : sequence of int, optional
        Which of the training samples, from 0; at most 8. By default the first of each class; of
        more than 6 classes, of the first 4.

    Raises
    ------
    ValueError
        None, or more than 8; when attached, a sample that is not there.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(2, weight=[[0.0, 0.0]], bias=[0.0, 0.0])])
    >>> trainer = nbann.Trainer(net, ([[1.0], [2.0]], [0, 1]))
    >>> nbann.Dashboard(trainer, [nbann.panels.Probabilities([1])]).describe()
    'Probabilities: sample 1: class 0 50%, class 1 50% (true).'
    """

    title = "Probabilities"
    margins = Margins(left=12, right=12, top=30, bottom=8)

    def __init__(self, samples: Sequence[int] | None = None) -> None:
        super().__init__()
        if samples is not None:
            samples = tuple(whole_number("samples", sample, least=0) for sample in samples)
            if not 1 <= len(samples) <= _MOST:
                mend = "Pass e.g. samples=[0, 50, 100]."
                raise bad_value("samples", f"1 to {_MOST} samples", f"{len(samples)}", mend)
        self._wanted = samples

    def __repr__(self) -> str:
        return f"Probabilities({'' if self._wanted is None else list(self._wanted)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None where each sample has one class with a probability; else the reason."""
        if trainer.task != "classification":
            return f"shows probabilities of classes; this is {task_of(trainer)}."
        outputs = trainer[trainer.program.output]
        if not trainer.loss.gives_probabilities(trainer.task, outputs.shape[-1]):
            return "this net gives no probabilities: its loss reads its outputs as scores."
        y = glimpse(trainer.train_data).y
        if outputs.ndim > 2 or (y.ndim > 1 and y.shape[-1] > 1):
            return "shows one class for each sample; here one has several."
        return None

    def _bind(self) -> None:
        data = glimpse(self.trainer.train_data)
        labels = data.y.reshape(len(data), -1)[:, 0].astype(np.intp)
        firsts = np.unique(labels, return_index=True)[1].tolist()
        most = _MANY if len(firsts) <= _MANY else _FIRST
        self.samples = tuple(firsts[:most]) if self._wanted is None else self._wanted
        for sample in self.samples:
            if sample >= len(data):
                mend = f"Pass samples from 0 to {len(data) - 1}."
                raise bad_value("samples", f"numbers below {len(data)}", f"{sample}", mend)
        rows = list(self.samples)
        self._X, self._labels = data.X[rows], labels[rows]
        self._mask = None if data.mask is None else data.mask[rows]
        self._asked = Asked(self.trainer, self._ask)
        count = self._asked.now().shape[-1]
        self._names = names_of(data.target_names, count, "class ")

    def _ask(self) -> NDArray[Any]:
        with np.errstate(all="ignore"):  # what is not a number is said to be none
            return self.trainer.predict_proba(self._X, self._mask)

    def probabilities(self) -> NDArray[Any]:
        """Return what is shown: (samples, classes), each row with a sum of 1."""
        return self._asked.now()

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        count, classes = len(self.samples), len(self._names)
        rows = _rows(count, classes, width, height)
        across = -(-count // rows)
        self._wide, self._pitch = width / across - 20, (width / across - 20) / classes
        self._few = self._pitch < _PITCH
        self._short = self._few or 0.76 * self._pitch < text_width("100%", SMALL)
        # Names that are too long stand in two rows by turns; where even so few could be read, the
        # true class alone is named.
        widest = max(text_width(plain(name), SMALL) for name in self._names)
        self._lines = 1 + (widest > self._pitch - 2)
        self._named = not self._few or widest <= self._lines * self._pitch - 2
        names = _NAMES if rows == 1 else 18.0 + 13 * (self._lines if self._named else 1)
        head = _HEAD if rows == 1 else 28.0
        self._full = max(height / rows - names - head, 1.0)
        self._corners = [
            (i % across * (width / across) + 10, height - (i // across + 1) * height / rows + names)
            for i in range(count)
        ]
        self._bars: list[Rectangle] = []
        self._texts: list[Text] = []
        self._notes: list[Text] = []
        for sample, label, corner in zip(self.samples, self._labels, self._corners, strict=True):
            self._draw_sample(sample, int(label), corner, corner[1] - names + height / rows - 12)

    def _draw_sample(self, sample: int, label: int, corner: Corner, top: float) -> None:
        """Draw what stands still of a sample, and its bars, empty as yet."""
        left, foot = corner
        theme, middle = self.theme, left + self._wide / 2
        head = f"sample {sample}"
        if text_width(head, LABEL) > self._wide + 8:
            head = f"{sample}"
        self._write(middle, top, head, fontsize=LABEL)
        self.ax.plot([left, left + self._wide], [foot, foot], color=theme.muted, lw=THIN)
        for k, name in enumerate(self._names):
            x, true = left + (k + 0.12) * self._pitch, k == label
            color = theme.class_color(k)
            bar = Rectangle((x, foot), 0.76 * self._pitch, 0, facecolor=color)
            bar.set_alpha(1 if true else 0.55)
            if true:
                bar.set(edgecolor=theme.ink, linewidth=1.5)
            self._bars.append(self.moving(self.ax.add_patch(bar)))
            if self._named or true:
                self._name(k, name, corner, true=true)
        for _ in range(2 if self._few else len(self._names)):
            self._texts.append(self.moving(self._write(middle, foot, "", fontsize=SMALL)))
        note = self._write(middle, foot + self._full / 2, "", fontsize=SMALL, va="center")
        self._notes.append(self.moving(note))

    def _name(self, k: int, name: str, corner: Corner, *, true: bool) -> None:
        """Write the name of a class below its bar."""
        line, room = k % self._lines, self._lines * self._pitch - 2
        if not self._named:
            line, room = 0, self._wide
        words, lines = literal(name, room, SMALL), self._lines if self._named else 1
        look = {"va": "top", "fontsize": SMALL, "weight": "bold" if true else "normal"}
        color = self.theme.ink if true else self.theme.muted
        x = self._held(corner[0], k, words)
        self._write(x, corner[1] - 3 - 13 * line, words, color=color, **look)
        if true:
            x = self._held(corner[0], k, _TRUE) if self._few else x
            self._write(x, corner[1] - 3 - 13 * lines, _TRUE, color=color, **look)

    def _held(self, left: float, k: int, words: str) -> float:
        """Return the middle of a class's bar; where bars are thin, so that words stay within."""
        place = left + (k + 0.5) * self._pitch
        half = 0.55 * text_width(words, SMALL) if self._few else 0.0  # bold letters are wider
        return float(np.clip(place, left + half, max(left + self._wide - half, left + half)))

    def _write(self, x: float, y: float, words: str, **look: Any) -> Text:
        look = {"ha": "center", "parse_math": False, "color": self.theme.ink} | look
        return self.ax.text(x, y, words, **look)

    def _refresh(self) -> None:
        bars, texts = iter(self._bars), iter(self._texts)
        for row, label, corner, note in zip(
            self.probabilities(), self._labels, self._corners, self._notes, strict=True
        ):
            known = bool(np.isfinite(row).all())
            note.set_text("" if known else literal(_MISSING, self._wide + 8, SMALL))
            for share in row:
                next(bars).set_height(share * self._full if known else 0.0)
            for k in self._told(row, int(label), known=known):
                self._tell(next(texts), row, corner, k)

    def _told(self, row: NDArray[Any], label: int, *, known: bool) -> list[int | None]:
        """Return which class's probability each text is to tell; None: it is to be empty."""
        if not self._few:
            return [k if known else None for k in range(len(row))]
        if not known:
            return [None, None]
        best = int(row.argmax())
        (x, wide), (other, room) = (
            (self._held(0.0, k, words), text_width(words, SMALL))
            for k, words in ((k, self._said(row, k)) for k in (best, label))
        )
        beside = abs(x - other) > (wide + room) / 2 + 4
        above = abs(row[best] - row[label]) * self._full > 12
        return [best, label if beside or above else None]

    def _said(self, row: NDArray[Any], k: int) -> str:
        """Return how probable a class is, with its name where that does not stand below."""
        words = percent(row[k])
        if not self._named:
            return literal(f"{self._names[k]}: {words}", self._wide, SMALL)
        return words.removesuffix("%") if self._short else words

    def _tell(self, text: Text, row: NDArray[Any], corner: Corner, k: int | None) -> None:
        """Write the probability of a class over its bar."""
        words = "" if k is None else self._said(row, k)
        if k is not None:
            x, foot = self._held(corner[0], k, words), corner[1]
            text.set_position((x, foot + row[k] * self._full + 3))
        text.set_text(words)

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        every = zip(self.samples, self._labels, self.probabilities(), strict=True)
        parts = [f"sample {s}: {self._words(row, int(label))}" for s, label, row in every]
        return "; ".join(parts) + "."

    def _words(self, row: NDArray[Any], label: int) -> str:
        """Say how probable the classes are; of many, the likeliest ones and the true one."""
        if not np.isfinite(row).all():
            return f"{_MISSING}, true is {plain(self._names[label])}"
        told = list(range(len(row)))
        if len(row) > _SPELLED:
            likeliest = np.argsort(-row, kind="stable")[:_LIKELIEST].tolist()
            told = likeliest + [label] * (label not in likeliest)
        shares = [
            f"{plain(self._names[k])} {percent(row[k])}{' (true)' if k == label else ''}"
            for k in told
        ]
        rest = len(row) - len(told)
        return ", ".join(shares) + (f" and {rest} more" if rest else "")


def _rows(count: int, classes: int, width: float, height: float) -> int:
    """Return in how many rows samples stand: the fewest with room for a number on each bar.

    As many as there is height for, where none has.
    """
    most = max(1, min(count, int(height // _TALL)))
    for rows in range(1, most):
        column = width / -(-count // rows)
        if column >= _WIDE and (column - 20) / classes >= _PITCH:
            return rows
    return most
