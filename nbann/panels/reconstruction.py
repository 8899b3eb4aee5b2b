"""Samples, and what a net gives back of them; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.errors import bad_value
from .asked import Asked, amount, check_part, part_of, spaced
from .base import Margins, Panel
from .columns import sides_of_image
from .given_back import Floats, GivenBack, Strip, why_not
from .scale import largest
from .shade import picture, seams, shades
from .strips import Layout, images, rows, side_by_side
from .style import SMALL
from .text import counted, literal, number, text_width
from .words import Words

if TYPE_CHECKING:
    from matplotlib.image import AxesImage

    from ..core.trainer import Trainer

_MOST = 1000
_SOFT = 1.5  # the limit of colors for units of -1 and 1: less than glaring
_LONGEST = 70.0  # pixels of a feature's name that stands upright


class Reconstruction(Panel):
    """A few samples, and below each what the net gives back of it.

    Samples are drawn as images where the number of features is a square of at least 9 (or `shape`
    says how), else as a row of cells; sequences with features down and time to the right. Data
    without a number below 0 are shades from nothing (0) to ink (the largest); others are blue below
    0 and orange above. A number outside that range has the color of its end.

    Of an autoencoder or an RBM the reconstruction is shown, of a `Hopfield` net the states after
    one step of all units, of a `BAM` what it recalls beside what was stored. A recall is shown as
    probe and present state.

    Parameters
    ----------
    samples : int or sequence of int, optional
        How many samples, evenly spaced over the data, or which ones (rows from 0); as many as fit
        by default.
    shape : (int, int), optional
        Rows and columns of an image; (1, features) for a row of cells.
    of : {"train", "validation", "test"}, optional
        Which data; by default the test data, if there are some, else the training data. The error
        is that over all of them; of more than 1,000, over evenly spaced ones.

    Examples
    --------
    >>> import nbann
    >>> trainer = nbann.Trainer(nbann.Hopfield(), [[1, -1, 1, -1]])
    >>> _ = trainer.run()
    >>> nbann.Dashboard(trainer, ["reconstruction"]).describe()
    'Reconstruction: 4 of 4 units right (100%) over 1 training sample; 1 of 1 without any error.'
    """

    title = "Reconstruction"
    margins = Margins(left=12, right=12, top=46, bottom=10)

    def __init__(
        self,
        samples: int | Sequence[int] | None = None,
        *,
        shape: tuple[int, int] | None = None,
        of: str | None = None,
    ) -> None:
        super().__init__()
        self.samples: int | tuple[int, ...] | None = None
        if isinstance(samples, (int, np.integer)):
            self.samples = whole_number("samples", samples, least=1)
        elif samples is not None:
            self.samples = tuple(whole_number("samples", s, least=0) for s in samples)
            if not self.samples:
                raise bad_value("samples", "at least one", "none", "Pass e.g. samples=[0, 1].")
        self.shape = None if shape is None else sides_of_image(shape, (28, 28))
        self.of = check_part(of, "Reconstruction")

    def __repr__(self) -> str:
        given = [] if self.samples is None else [repr(self.samples)]
        given += [] if self.shape is None else [f"shape={self.shape}"]
        given += [] if self.of is None else [f"of={self.of!r}"]
        return f"Reconstruction({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a model that gives back its samples; else the reason."""
        return why_not(trainer)

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._part, self._data = part_of(self.trainer, self.of, "Reconstruction")
        self._back = GivenBack(self.trainer, self._data, self.shape)
        count = 1 if self._back.recalls else len(self._data)
        if isinstance(self.samples, tuple) and max(self.samples) >= count:
            expected = f"rows from 0 to {count - 1}"
            raise bad_value("samples", expected, f"{max(self.samples)}", "Pass e.g. [0, 1].")
        every = spaced(len(self._data), _MOST)
        self._all = Asked(self.trainer, lambda: self._back.errors(every))
        self._shown = Asked(self.trainer, self._ask)

    def errors(self) -> Floats:
        """Return each sample's error with the weights of now.

        It is the mean squared error over a sample's numbers; of patterns, the units that are wrong.
        """
        return self._all.now()

    def strips(self) -> list[Strip]:
        """Return the rows of the picture: samples first, what is given back of them last."""
        return self._back.strips(self._rows) if self._back.recalls else self._shown.now()[0]

    def _ask(self) -> tuple[list[Strip], Floats]:
        return self._back.strips(self._rows), self._back.errors(self._rows)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        size = self._use_pixels()
        self._painted: object = None
        self._rows = spaced(1 if self._back.recalls else len(self._data), 1)
        strips = self._back.strips(self._rows)
        layout = self._lay_out(strips, size)
        self._choose(len(layout.frames[0]))
        self._choose_limit(self._back.strips(self._rows)[0].values)
        self._images: list[list[AxesImage]] = []
        lines = []
        for strip, places in zip(strips, layout.frames, strict=True):
            down, across = strip.shape
            self._images.append([])
            for frame in places:
                tight = min(frame[2] / across, frame[3] / down)
                self._images[-1].append(self.moving(picture(self.ax, frame, fine=tight < 0.7)))
                lines += seams(frame, down, across) if tight >= 14 else []
                x, y, wide, high = frame
                lines.append([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)])
        edge = LineCollection(lines, colors=self.theme.faint, linewidths=0.8)
        self.moving(self.ax.add_collection(edge))
        self._draw_words(layout)

    def _draw_words(self, layout: Layout) -> None:
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        wrong = "wrong" if self._back.patterns else "error"
        for name in layout.names:
            self.ax.text(*name.at, name.text or wrong, ha=name.align, va="center", **look)
        self._errors = None
        if layout.errors:
            align = layout.align
            words = Words(self.ax, layout.errors, SMALL, align=align, color=self.theme.muted)
            self._errors = self.moving(words)
        y, cell = layout.foot
        for j, feature in enumerate(self._feature_names if cell else ()):
            upright: dict[str, Any] = {"rotation": 90} if self._longest > cell - 4 else {}
            word = literal(feature, _LONGEST if upright else cell - 2, SMALL)
            at = layout.frames[0][0][0] + (j + 0.5) * cell
            self.ax.text(at, y, word, ha="center", va="top", **upright, **look)
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )
        key = literal(self._key(), self.size[0], SMALL)
        self.still_text(key, (0, 1), (0, 10), color=self.theme.muted, size=SMALL, va="center")

    def _lay_out(self, strips: list[Strip], size: tuple[float, float]) -> Layout:
        if self._back.recalls:
            return side_by_side(strips, size)
        left = max(text_width(s.name, SMALL) for s in strips) + 10
        asked = len(self.samples) if isinstance(self.samples, tuple) else self.samples
        if asked is not None and not isinstance(self.samples, tuple):
            asked = min(asked, len(self._data))
        lay = self._laid_images if any(s.shape[0] > 1 for s in strips) else self._laid_rows
        fit = lay(strips, asked, left, size)
        most = len(self._data)
        return fit if asked or len(fit.errors) <= most else lay(strips, most, left, size)

    def _laid_images(self, strips: list[Strip], count: Any, left: float, size: Any) -> Layout:
        return images(strips, count, left, size)

    def _laid_rows(self, strips: list[Strip], count: Any, left: float, size: Any) -> Layout:
        widths = [text_width(literal(n, 200, SMALL), SMALL) for n in self._feature_names]
        self._longest = max(widths, default=0.0)
        return rows(strips, count, left, size, widths)

    @property
    def _feature_names(self) -> Sequence[str]:
        return () if self._back.patterns else self._data.feature_names

    def _choose(self, count: int) -> None:
        """Choose the samples that are shown: those asked for, or as many as fit."""
        if self._back.recalls:
            return
        given = isinstance(self.samples, tuple)
        self._rows = np.array(self.samples) if given else spaced(len(self._data), count)

    def _choose_limit(self, given: NDArray[np.floating]) -> None:
        """Choose the colors by what the samples that are shown hold."""
        self._has_signs = self._back.patterns or bool((given[np.isfinite(given)] < 0).any())
        self._limit = _SOFT if self._back.patterns else largest(given) or 1.0

    def _key(self) -> str:
        if self._back.patterns:
            return "blue: −1; orange: +1"
        top = number(self._limit)
        return (
            f"blue −{top}, neutral 0, orange {top}"
            if self._has_signs
            else f"from 0 (empty) to {top} (full)"
        )

    def _refresh(self) -> None:
        if self._back.recalls:
            self._paint(self.strips())
            self._status.set_text(self._energy())
            return
        shown = self._shown.now()
        if shown is self._painted:
            return
        self._painted = shown
        self._paint(shown[0])
        patterns = self._back.patterns
        if self._errors is not None:
            self._errors.set_words([f"{e:.0f}" if patterns else number(e) for e in shown[1]])
        errors = self.errors()
        wrong = errors.sum() / (errors.size * self._back.units) if patterns else 0.0
        self._status.set_text(
            f"{_percent(1 - wrong)} of units right"
            if patterns
            else f"mean squared error {number(float(errors.mean()))}"
        )

    def _paint(self, strips: list[Strip]) -> None:
        for strip, row in zip(strips, self._images, strict=True):
            for image, values in zip(row, strip.values, strict=True):
                cells = values.reshape(strip.shape).astype(float)
                image.set_data(
                    self.theme.diverging(cells, self._limit)
                    if self._has_signs
                    else shades(cells / self._limit, self.theme)
                )

    # ---- words -----------------------------------------------------------------------------------
    def _energy(self) -> str:
        """Say how low the energy of a recall is."""
        if not self.trainer.is_current("loss") or np.isnan(self.trainer["loss"]):
            return "energy not computed yet"
        return f"energy {number(float(self.trainer['loss']))}"

    def _describe(self) -> str:
        if self._back.recalls:
            turned, units = self._back.turned()
            return f"{turned} of {counted(units, 'unit')} turned since the probe; {self._energy()}."
        errors, count = self.errors(), len(self._data)
        samples = amount(errors.size, count, f"{self._part} sample")
        if self._back.patterns:
            units = errors.size * self._back.units
            right, whole = int(units - errors.sum()), int((errors == 0).sum())
            words = f"{right:,} of {units:,} units right ({_percent(right / units)}) over {samples}"
            return f"{words}; {whole:,} of {errors.size:,} without any error."
        if not np.isfinite(errors).all():
            return f"{samples}; what is given back is not numbers (NaN or infinity) everywhere."
        row = int(spaced(count, _MOST)[int(errors.argmax())])
        mean, most = number(float(errors.mean())), number(float(errors.max()))
        return f"mean squared error {mean} over {samples}; the largest {most}, sample {row}."


def _percent(share: float) -> str:
    """Return a share in percent, which is "100%" only where it is whole."""
    return "100%" if share == 1 else f"{min(100 * share, 99.9):.1f}%"
