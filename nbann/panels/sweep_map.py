"""A metric of a sweep over two of its settings, as a heat map; imports matplotlib and the core."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import NDArray

from ..core.errors import UnknownNameError, bad_value
from ..core.many_runs import ManyRuns, OneRun
from ..core.trainer import Trainer
from .base import Margins, Panel
from .shade import centers, picture, seams, shades
from .style import LINE, SMALL, TITLE
from .sweep_reading import (
    checked_setting,
    checked_text,
    counts_of,
    distinct,
    groups_told_apart,
    identity,
    measured_as,
    names_in,
    neighbors,
    number_of,
    value_of,
    varied,
)
from .text import counted, listed, literal, number, plain, short_number, text_width
from .words import Words

_BAD = ("failed", "diverged", "interrupted", "not run", "waiting")
_SPAN = 10.0
_FEW, _MANY = 8, 40  # different values that always, and never, have a cell each
_SPARSE = 4  # cells for each run from which on most of them would be empty
_GROUPS = 12
_LIGHTEST, _DARKEST = 0.04, 0.72  # shares of ink of the worst and of the best cell


class Cell(NamedTuple):
    """What the runs of one cell have come to: their mean, how far apart, and what they are."""

    mean: float
    spread: float
    runs: tuple[OneRun, ...]


class SweepMap(Panel):
    """A metric over two settings: a cell for each pair, the stronger its shade the better.

    A cell has the mean of all its runs that are done: over seeds, and over whatever else varies. A
    cell without any is hatched and says why; the best one is framed. Where the largest number is
    more than ten times the smallest, shades go by ratios (a logarithmic scale). Of a setting with
    too many different numbers for a cell each, as samplers draw them, neighbors share one.

    Parameters
    ----------
    x, y : str, optional
        Settings, or "seed"; by default the first two that vary.
    metric : str, optional
        A number of the table; by default what the sweep's best is by.

    Examples
    --------
    >>> import nbann
    >>> net = lambda n: nbann.Sequential([nbann.Dense(n), nbann.Tanh(), nbann.Dense(2)])
    >>> build = lambda neurons, seed: nbann.Trainer(net(neurons), nbann.datasets.xor(), seed=seed)
    >>> sweep = nbann.sweep(build, {"neurons": [2, 4]}, seeds=2, epochs=5)
    >>> nbann.Dashboard(sweep, [nbann.panels.SweepMap()]).describe().partition(";")[0]
    'Map: train loss by neurons and seed, 4 cells of 1 run'
    """

    title = "Map"
    margins = Margins(left=12, right=12, top=30, bottom=10)
    of_many = True

    def __init__(
        self, x: str | None = None, y: str | None = None, metric: str | None = None
    ) -> None:
        super().__init__()
        self.x, self.y = checked_text(x, "x"), checked_text(y, "y")
        self.metric = checked_text(metric, "metric")
        if x is not None and x == y:
            raise bad_value(
                "y", "another setting than x", repr(y), "Name another, or leave it out."
            )

    def __repr__(self) -> str:
        given = (("x", self.x), ("y", self.y), ("metric", self.metric))
        return f"SweepMap({', '.join(f'{n}={v!r}' for n, v in given if v)})"

    def fits(self, trainer: Trainer | ManyRuns) -> str | None:
        """Return None where a setting varies; else the reason."""
        if isinstance(trainer, ManyRuns) and not names_in(trainer):
            return "shows what settings do; this sweep has none."
        return None

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._sweep: ManyRuns = self.trainer
        checked_setting(self._sweep, self.x, "x")
        checked_setting(self._sweep, self.y, "y")
        known = self._sweep.metric_names
        if self.metric is not None and known and self.metric not in known:
            raise UnknownNameError("metric", self.metric, known)
        free = [n for n in varied(self._sweep) if n not in (self.x, self.y)]
        self._across = self.x or (free.pop(0) if free else names_in(self._sweep)[0])
        self._down = self.y or next((n for n in free if n != self._across), None)
        columns = self._values_of(self._across)
        rows = self._values_of(self._down) if self._down else [None]
        many = len(columns) * len(rows) > _SPARSE * len(self._sweep.runs)
        self._columns = neighbors(columns, self._most(columns, many=many))
        self._rows = neighbors(rows, self._most(rows, many=many))
        self._others = [n for n in varied(self._sweep) if n not in (self._across, self._down)]

    def _values_of(self, name: str) -> list[Any]:
        return distinct(value_of(run, name) for run in self._sweep.runs)

    def _most(self, values: list[Any], *, many: bool) -> int:
        """Return how many columns or rows are to be had for some values."""
        if len(values) <= _FEW or not (many or len(values) > _MANY):
            return len(values)
        return min(max(round(math.sqrt(len(self._sweep.runs))), 2), _GROUPS)

    @property
    def measure(self) -> str:
        """The metric that is shown now."""
        return self._sweep.usual_metric if self.metric is None else self.metric

    def cells(self) -> list[list[Cell]]:
        """Return what is shown, rows from the top, each with its columns from the left."""
        column_of = {identity(v): i for i, group in enumerate(self._columns) for v in group}
        row_of = {identity(v): i for i, group in enumerate(self._rows) for v in group}
        found: list[list[list[OneRun]]] = [[[] for _ in self._columns] for _ in self._rows]
        for run in self._sweep.runs:
            row = row_of[identity(value_of(run, self._down))] if self._down else 0
            found[row][column_of[identity(value_of(run, self._across))]].append(run)
        measure = self.measure  # found once, as that takes a look at all runs
        return [[self._cell(runs, measure) for runs in row] for row in found]

    def _cell(self, runs: list[OneRun], measure: str) -> Cell:
        values = np.array([number_of(run, measure) for run in runs if run.status == "done"])
        values = values[np.isfinite(values)]
        if not values.size:
            return Cell(np.nan, np.nan, tuple(runs))
        spread = float(values.std(ddof=1)) if values.size > 1 else np.nan
        return Cell(float(values.mean()), spread, tuple(runs))

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        rows, columns = len(self._rows), len(self._columns)
        self._row_names = groups_told_apart(self._rows) if self._down else [""]
        self._column_names = groups_told_apart(self._columns)
        longest = max(text_width(name, SMALL) for name in self._row_names)
        left = min(longest, 0.26 * width) + 26 if self._down else 0.0
        self._wide = max(text_width(name, SMALL) for name in self._column_names)
        foot = 34.0
        wide, high = width - left, height - foot
        self._frame = frame = (left, foot, wide, high)
        self._tall, self._broad = high / rows, wide / columns
        self._draw_names(left)
        fine = columns > wide or rows > high
        self._image = self.moving(picture(self.ax, frame, fine=fine))
        look: dict[str, Any] = {"edgecolors": self.theme.faint, "hatch": "///", "linewidths": 0}
        self._hatch = self.moving(PolyCollection([], facecolors="none", **look))
        self.ax.add_collection(self._hatch)
        if min(self._broad, self._tall) >= 5:
            look = {"colors": self.theme.background, "linewidths": 1.0}
            self.moving(self.ax.add_collection(LineCollection(seams(frame, rows, columns), **look)))
        self._edge = self.moving(LineCollection([], colors=self.theme.high, linewidths=2 * LINE))
        self.ax.add_collection(self._edge)
        at = centers(frame, rows, columns)
        self._numbers = self._below = None
        if self._broad >= 30 and self._tall >= 12:
            both = self._tall >= 30 and self._broad >= 50
            shift = np.array([0.0, 7.0 if both else 0.0])
            self._numbers = self.moving(Words(self.ax, at + shift, SMALL))
            if both:
                self._below = self.moving(Words(self.ax, at - shift, SMALL))
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )
        start = 1.12 * text_width(self.title, TITLE) + 12
        self._what = self.moving_text((0, 1), (start, self.header), color=self.theme.muted)

    def _draw_names(self, left: float) -> None:
        x, y, wide, high = self._frame
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        every = max(1, int(np.ceil(min(self._wide + 8, 90) / self._broad)))
        for i, name in enumerate(self._column_names):
            if i % every == 0:
                word = literal(name, every * self._broad - 4, SMALL)
                at = x + (i + 0.5) * self._broad
                self.ax.text(at, y - 5, word, ha="center", va="top", **look)
        every = max(1, int(np.ceil(11.5 / self._tall)))
        for i, name in enumerate(self._row_names):
            if i % every == 0:
                at = y + high - (i + 0.5) * self._tall
                word = literal(name, left - 24, SMALL)
                self.ax.text(x - 5, at, word, ha="right", va="center", **look)
        ink = look | {"color": self.theme.ink}
        across = literal(self._across, wide, SMALL)
        self.ax.text(x + wide / 2, 0, across, ha="center", va="bottom", **ink)
        if self._down:
            down = literal(self._down, high, SMALL)
            self.ax.text(0, y + high / 2, down, ha="left", va="center", rotation=90, **ink)

    def _refresh(self) -> None:
        cells = [cell for row in self.cells() for cell in row]
        means = np.array([cell.mean for cell in cells])
        goodness = self._goodness(means)
        shape = (len(self._rows), len(self._columns))
        colors = shades(_LIGHTEST + goodness * (_DARKEST - _LIGHTEST), self.theme).reshape(
            *shape, 4
        )
        colors[np.isnan(means.reshape(shape))] = [*_rgb(self.theme.background), 255]
        self._image.set_data(colors)
        inks = self.theme.text_on(colors)
        corners = self._corners()
        bad = [i for i in range(len(cells)) if np.isnan(means[i])]
        self._hatch.set_verts([corners[i] for i in bad if self._said_of_bad(cells[i]) != "waiting"])
        best = self._best(means)
        self._edge.set_segments([] if best is None else [corners[best][[0, 1, 2, 3, 0]]])
        if self._numbers is not None:
            words = [self._word(cell, whole=self._below is None) for cell in cells]
            self._numbers.set_words(words, inks)
        if self._below is not None:
            self._below.set_words([self._second(cell) for cell in cells], inks)
        what = measured_as(self.measure)
        self._what.set_text(what)
        told = self._said_of_scale(means)
        room = self.size[0] - 1.12 * text_width(self.title, TITLE) - text_width(what, SMALL) - 40
        self._status.set_text(told if text_width(told, SMALL) <= room else "")

    def _goodness(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 1 for the best and 0 for the worst cell; NaN where there is no number."""
        known = means[np.isfinite(means)]
        if not known.size or known.min() == known.max():
            return np.where(np.isfinite(means), 0.3, np.nan)
        if self._in_decades(known):
            means, known = np.log(means), np.log(known)
        share = (means - known.min()) / (known.max() - known.min())
        return np.asarray(1 - share if self._lower else share)

    @staticmethod
    def _in_decades(known: NDArray[np.float64]) -> bool:
        """Whether shades go by ratios: one cell that broke would else make all others alike."""
        return bool(known.min() > 0 and known.max() > _SPAN * known.min())

    @property
    def _lower(self) -> bool:
        try:
            return self._sweep.mode_of(self.measure) == "min"
        except ValueError:  # not known: dark is high then
            return False

    def _best(self, means: NDArray[np.float64]) -> int | None:
        if not np.isfinite(means).any():
            return None
        return int(np.nanargmin(means) if self._lower else np.nanargmax(means))

    def _corners(self) -> NDArray[np.float64]:
        """Return the corners of each cell, a pixel within it, shape (cells, 4, 2)."""
        at = centers(self._frame, len(self._rows), len(self._columns))
        half = np.array([self._broad, self._tall]) / 2 - 1.5
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        return np.asarray(at[:, None, :] + signs * half)

    def _word(self, cell: Cell, *, whole: bool) -> str:
        if np.isfinite(cell.mean):
            return short_number(cell.mean) if self._broad < 50 else number(cell.mean)
        word = self._said_of_bad(cell)
        return word if whole and text_width(word, SMALL) <= self._broad - 4 else ""

    def _second(self, cell: Cell) -> str:
        if not np.isfinite(cell.mean):
            return literal(self._said_of_bad(cell), self._broad - 4, SMALL)
        bad = counts_of(cell.runs, _BAD)
        spread = f"± {number(cell.spread, 2)}" if np.isfinite(cell.spread) else ""
        word = bad or spread
        return word if text_width(word, SMALL) <= self._broad - 4 else ""

    def _said_of_bad(self, cell: Cell) -> str:
        """Return why a cell has no number, in a word or two."""
        if not cell.runs:
            return "no run"
        statuses = {run.status for run in cell.runs}
        if statuses == {"done"}:
            return "no number"
        return next(status for status in _BAD[::-1] if status in statuses)

    def _said_of_scale(self, means: NDArray[np.float64]) -> str:
        known = means[np.isfinite(means)]
        if known.size < 2:
            return ""
        ends = (known.min(), known.max()) if self._lower else (known.max(), known.min())
        strong, faint = ("dark", "light") if self.theme.name == "light" else ("light", "dark")
        scale = ", by ratio" if self._in_decades(known) else ""
        return f"{strong} {number(float(ends[0]))} to {faint} {number(float(ends[1]))}{scale}"

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        cells = [cell for row in self.cells() for cell in row]
        by = plain(self._across) + (f" and {plain(self._down)}" if self._down else "")
        sizes = {len(cell.runs) for cell in cells}
        each = f" of {counted(sizes.pop(), 'run')}" if len(sizes) == 1 else ""
        words = f"{measured_as(self.measure)} by {by}, {counted(len(cells), 'cell')}{each}"
        if self._others:
            words += f", mean over {listed(map(plain, self._others))}"
        best = self._best(np.array([cell.mean for cell in cells]))
        if best is None:
            words += "; no run is done" + ("" if self._sweep.finished else " yet")
        else:
            words += f"; best {self._where(best)}, {number(cells[best].mean)}"
        bad = [
            f"{self._where(i)} {self._said_of_bad(c)}"
            for i, c in enumerate(cells)
            if np.isnan(c.mean)
        ]
        return f"{words}; {listed(bad, 4)}." if bad else f"{words}."

    def _where(self, place: int) -> str:
        row, column = divmod(place, len(self._columns))
        at = f"{plain(self._across)}={self._column_names[column]}"
        return f"{plain(self._down)}={self._row_names[row]}, {at}" if self._down else at


def _rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]
