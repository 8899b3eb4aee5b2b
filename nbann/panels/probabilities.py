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
    from ..core.trainer import Trainer

_MOST = 8  # samples that are shown
_NAMES, _HEAD = 44.0, 36.0  # pixels below the bars, and above them
_TRUE = "true"


class Probabilities(Panel):
    """A bar for the probability of each class, for some training samples; the true class is framed.

    The numbers are those of the weights of now: they move with each update.

    Parameters
    ----------
    samples : sequence of int, optional
        Which of the training samples, from 0; at most 8. By default the first of each class.

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
        self.samples = tuple(firsts[:_MOST]) if self._wanted is None else self._wanted
        for sample in self.samples:
            if sample >= len(data):
                mend = f"Pass samples from 0 to {len(data) - 1}."
                raise bad_value("samples", f"numbers below {len(data)}", f"{sample}", mend)
        rows = list(self.samples)
        self._X, self._labels = data.X[rows], labels[rows]
        self._asked = Asked(self.trainer, lambda: self.trainer.predict_proba(self._X))
        count = self._asked.now().shape[-1]
        self._names = names_of(data.target_names, count, "class ")

    def probabilities(self) -> NDArray[Any]:
        """Return what is shown: (samples, classes), each row with a sum of 1."""
        return self._asked.now()

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        count, classes = len(self.samples), len(self._names)
        column = width / count
        pitch = (column - 20) / classes
        self._foot, self._full = _NAMES, max(height - _NAMES - _HEAD, 1.0)
        self._bars, self._texts = [], []
        # Names that are too long stand in two rows by turns.
        rows = 1 + any(text_width(plain(name), SMALL) > pitch - 2 for name in self._names)
        self._short = 0.76 * pitch < text_width("100%", SMALL)
        text: dict[str, Any] = {"ha": "center", "parse_math": False}
        for number, sample in enumerate(self.samples):
            left = number * column + 10
            head = literal(f"sample {sample}", column - 12, LABEL)
            middle = left + (column - 20) / 2
            self.ax.text(middle, height - 12, head, fontsize=LABEL, color=self.theme.ink, **text)
            edge = [left, left + column - 20]
            self.ax.plot(edge, [_NAMES] * 2, color=self.theme.muted, lw=THIN)
            for k, name in enumerate(self._names):
                true = k == self._labels[number]
                x, wide = left + (k + 0.12) * pitch, 0.76 * pitch
                color = self.theme.class_color(k)
                bar = Rectangle((x, _NAMES), wide, 0, facecolor=color, alpha=1 if true else 0.55)
                if true:
                    bar.set(edgecolor=self.theme.ink, linewidth=1.5)
                self._bars.append(self.moving(self.ax.add_patch(bar)))
                place = x + wide / 2
                self._texts.append(
                    self.moving(
                        self.ax.text(place, 0, "", fontsize=SMALL, color=self.theme.ink, **text)
                    )
                )
                shown = literal(name, rows * pitch - 2, SMALL)
                below = _NAMES - 3 - 13 * (k % rows)
                weight = "bold" if true else "normal"
                look = {"fontsize": SMALL, "va": "top", "weight": weight}
                ink = self.theme.ink if true else self.theme.muted
                self.ax.text(place, below, shown, color=ink, **look, **text)
                if true:
                    self.ax.text(place, _NAMES - 3 - 13 * rows, _TRUE, color=ink, **look, **text)

    def _refresh(self) -> None:
        shares = np.nan_to_num(self.probabilities()).ravel()
        for bar, text, share in zip(self._bars, self._texts, shares, strict=True):
            bar.set_height(share * self._full)
            text.set_y(self._foot + share * self._full + 3)
            shown = percent(share)
            text.set_text(shown.removesuffix("%") if self._short else shown)

    def _describe(self) -> str:
        parts = []
        for sample, label, row in zip(
            self.samples, self._labels, self.probabilities(), strict=True
        ):
            shares = [
                f"{plain(name)} {percent(share)}{' (true)' if k == label else ''}"
                for k, (name, share) in enumerate(zip(self._names, row, strict=True))
            ]
            parts.append(f"sample {sample}: {', '.join(shares)}")
        return "; ".join(parts) + "."
