"""The curves of all runs of a sweep in one picture; imports matplotlib and the core."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from ..core.errors import UnknownNameError
from ..core.many_runs import ManyRuns, OneRun
from ..core.trainer import Trainer
from .base import Margins, Panel
from .overlaid_curves import DASHES
from .scale import FINE, step_up, thinned
from .style import LINE, RUN_COLORS, SMALL, THIN, TITLE
from .sweep_reading import (
    best_of,
    called,
    checked_setting,
    checked_text,
    counts_of,
    distinct,
    identity,
    is_number,
    measured_as,
    names_in,
    number_of,
    said,
    told_apart,
    value_of,
    varied,
)
from .text import counted, literal, number, text_width

_KEY = 128.0  # pixels on the right for what colors mean
_LINE_APART = 15.0
_FEW = 6  # runs, or values of a setting, that have a color and a dash of their own
_SHADES = {"light": (0.0, 0.82), "dark": (0.22, 1.0)}  # of viridis, where it can be seen
_STEPS = 64
_BAD = ("diverged", "failed", "interrupted", "not run")


class SweepCurves(Panel):
    """A column of the history of every run of a sweep, one line each.

    The run that is best stands out, in the color of the text. Up to six runs have a color and a
    dash each; more are colored by a setting, with a key on the right.

    Parameters
    ----------
    metric : str, optional
        A column of the history with a number an epoch, or "loss", that of each batch; by default
        what the sweep's best is by.
    color : str, optional
        The setting that gives the color, or "seed"; by default the first that varies.
    log : bool
        Draw it on a logarithmic scale.

    Examples
    --------
    >>> import nbann
    >>> net = lambda n: nbann.Sequential([nbann.Dense(n), nbann.Tanh(), nbann.Dense(2)])
    >>> build = lambda neurons: nbann.Trainer(net(neurons), nbann.datasets.xor())
    >>> sweep = nbann.sweep(build, {"neurons": [2, 4]}, epochs=5)
    >>> nbann.Dashboard(sweep, [nbann.panels.SweepCurves()]).describe().partition(";")[0]
    'Runs: train loss of 2 runs'
    """

    title = "Runs"
    margins = Margins(left=50, right=_KEY + 8, top=30, bottom=38)
    frame = True
    of_many = True

    def __init__(
        self, metric: str | None = None, color: str | None = None, *, log: bool = False
    ) -> None:
        super().__init__()
        self.metric, self.color = checked_text(metric, "metric"), checked_text(color, "color")
        self.log = bool(log)

    def __repr__(self) -> str:
        parts = [f"{n}={v!r}" for n, v in (("metric", self.metric), ("color", self.color)) if v]
        return f"SweepCurves({', '.join(parts)})"

    def fits(self, trainer: Trainer | ManyRuns) -> str | None:
        """Return None: whatever sweep it is, it has runs."""
        return None

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._sweep: ManyRuns = self.trainer
        checked_setting(self._sweep, self.color, "color")
        known = {column for run in self._sweep.runs for column in run.history} - {"epoch"}
        trained = any(run.history.losses for run in self._sweep.runs)
        if self.metric is not None and trained and self.metric not in known:
            raise UnknownNameError("history column", self.metric, known)
        runs, names = self._sweep.runs, varied(self._sweep)
        self._by = self.color
        if self._by is None and len(runs) > _FEW and names:
            self._by = names[0]
        self._names = names or names_in(self._sweep)[:1]
        given = [r.index for r in runs] if self._by is None else None
        values = given or [value_of(r, str(self._by)) for r in runs]
        self._values = distinct(values)
        order = {identity(value): i for i, value in enumerate(self._values)}
        self._place = [order[identity(value)] for value in values]
        self._scaled = self._by is not None and all(is_number(v) for v in self._values)
        self._restart()

    @property
    def column(self) -> str:
        """The column that is shown now."""
        if self.metric is not None:
            return self.metric
        trained = [run.history for run in self._sweep.runs if run.history.losses]
        unevaluated = trained and not any("epoch" in history for history in trained)
        return "loss" if unevaluated else self._sweep.usual_metric

    def curve(
        self, run: OneRun, column: str | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the epochs done and the numbers of one run; of a run without any, none.

        `column` is for those who ask run after run: to find the one that is shown takes a look at
        all of them.
        """
        history, column = run.history, self.column if column is None else column
        if column == "loss":
            losses = history["loss"]
            return np.arange(1, losses.size + 1) / max(losses.size, 1) * max(run.epochs, 1), losses
        if column not in history or history[column].ndim != 1:
            return np.zeros(0), np.zeros(0)
        return history["epoch"], history[column]

    def _restart(self) -> None:
        self._limits = (0.0, 0.0, 0.0)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._limits = (0.0, 0.0, 0.0)
        if self.log:
            self.ax.set_yscale("log")
            self.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            self.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            self.ax.yaxis.set_minor_formatter(NullFormatter())
            self.ax.tick_params(axis="y", which="minor", length=0)
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.set_xlabel("epochs", labelpad=2, **look)
        self.ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        self.ax.grid(axis="y", color=self.theme.faint, linewidth=0.6)
        self._colors = self._colors_of_values()
        self._lines = self.moving(LineCollection([], linewidths=LINE))
        self.ax.add_collection(self._lines, autolim=False)
        self._best = self.moving(
            self.ax.plot([], [], color=self.theme.ink, linewidth=2.2 * LINE, marker="*",
                         markersize=8, markevery=[-1])[0]
        )  # fmt: skip
        self._draw_key()
        self._status = self.moving_text(
            (1, 1), (_KEY, self.header), color=self.theme.muted, ha="right"
        )
        start = 1.12 * text_width(self.title, TITLE) + 12
        self._what = self.moving_text(
            (0, 1), (start - self.margins.left + 12, self.header), color=self.theme.muted
        )
        self._empty = self.moving_text((0.5, 0.5), color=self.theme.muted, ha="center", va="center")

    def _colors_of_values(self) -> list[Any]:
        count = len(self._values)
        if count <= _FEW and not (self._scaled and count > 2):
            return list(RUN_COLORS[self.theme.name][:count])
        return [self._shade(share) for share in self._shares()]

    def _shade(self, share: float) -> Any:
        low, high = _SHADES[self.theme.name]
        return colormaps["viridis"](low + share * (high - low))

    def _shares(self) -> NDArray[np.float64]:
        """Return where each value stands between the lowest (0) and the highest (1)."""
        count = len(self._values)
        if not self._scaled or count <= _FEW:
            return np.linspace(0, 1, count)
        at = np.array(self._values, float)
        if at[0] > 0 and at[-1] / at[0] > 20:
            at = np.log(at)
        return np.asarray((at - at[0]) / (at[-1] - at[0]))

    def _dash(self, place: int) -> Any:
        few = len(self._values) <= _FEW
        return (0, DASHES[place]) if few and DASHES[place] else "solid"

    def _draw_key(self) -> None:
        """Say on the right what colors and dashes mean."""
        title = literal(self._by or ", ".join(self._names), _KEY - 16, SMALL)
        self.still_text(title, (1, 1), (14, -6), size=SMALL, va="center")
        if len(self._values) > _FEW:
            self._draw_bar()
            return
        top = -6 - _LINE_APART
        for i, name in enumerate(told_apart(self._values)):
            y = top - i * _LINE_APART
            if self._by is None:
                run = self._sweep.runs[i]
                name = ", ".join(said(value_of(run, n)) for n in self._names) or f"run {i}"
            self._key_line([(14, y), (38, y)], self._colors[i], self._dash(i), LINE)
            word = literal(name, _KEY - 44, SMALL)
            self.still_text(word, (1, 1), (44, y), size=SMALL, color=self.theme.muted, va="center")

    def _key_line(self, points: Any, color: Any, dash: Any, width: float) -> None:
        x, y = zip(*points, strict=True)
        line = Line2D(
            [1 + px / self.size[0] for px in x],
            [1 + py / self.size[1] for py in y],
            transform=self.ax.transAxes,
            color=color,
            linestyle=dash,
            linewidth=width,
            clip_on=False,
            solid_capstyle="butt",
        )
        self.ax.add_line(line)

    def _draw_bar(self) -> None:
        """Draw the scale of colors from bottom to top, with its ends and its middle."""
        height = self.size[1]
        foot, high = -height + 8, height - 34
        for i in range(_STEPS):
            y = foot + high * i / _STEPS
            color = self._shade((i + 0.5) / _STEPS)
            self._key_line([(20, y), (20, y + high / _STEPS + 0.6)], color, "solid", 8)
        shares = self._shares()
        middle = int(np.abs(shares - 0.5).argmin())
        for i in sorted({0, middle, len(shares) - 1}):
            word = literal(said(self._values[i]), _KEY - 38, SMALL)
            at = (34, foot + high * float(shares[i]))
            self.still_text(word, (1, 1), at, size=SMALL, color=self.theme.muted, va="center")

    def _refresh(self) -> None:
        runs = self._sweep.runs
        column = self.column
        best = best_of(self._sweep, column)
        segments, colors, dashes = [], [], []
        curves = [self.curve(run, column) for run in runs]
        self._fit_limits(curves)
        self._best.set_data([], [])
        for run, place, (x, y) in zip(runs, self._place, curves, strict=True):
            if not y.size:
                continue
            x, y = thinned(x, np.where(np.isfinite(y), y, np.nan))
            if run is best:
                self._best.set_data(x, y)
            segments.append(np.column_stack([x, y]))
            colors.append(self._colors[place])
            dashes.append(self._dash(place))
        self._lines.set_segments(segments)
        self._lines.set_color(colors or ["none"])
        self._lines.set_linestyle(dashes or ["solid"])
        self._lines.set_linewidth(LINE if len(segments) <= 24 else THIN)
        self._empty.set_text("" if segments else self._said_of_none())
        what = measured_as(column)
        self._what.set_text(what)
        title = 1.12 * text_width(self.title, TITLE) + 12
        room = self.size[0] + self.margins.left + self.margins.right - 36 - title
        self._status.set_text(
            literal(self._said_of_best(best), room - text_width(what, SMALL) - 18, SMALL)
        )

    def _said_of_none(self) -> str:
        """Say why there is no curve."""
        if not self._sweep.finished:
            return "no run has ended yet"
        return f"no run has a curve: {counts_of(self._sweep.runs, ('done', *_BAD))}"

    def _said_of_best(self, best: OneRun | None) -> str:
        if best is None:
            return ""
        value = number(number_of(best, self.column))
        return f"★ {called(best, self._names)}: {value}"

    def _fit_limits(self, curves: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> None:
        """Let all of what matters be seen: of what diverges only the beginning."""
        some = [y[np.isfinite(y)] for _, y in curves]
        some = [y for y in some if y.size]
        across = step_up(max((float(x[-1]) for x, _ in curves if x.size), default=1.0), FINE)
        top = 1.0
        if some:
            firsts = float(np.median([y[0] for y in some]))
            lasts = float(np.quantile([y[-1] for y in some], 0.75))
            top = min(max(float(y.max()) for y in some), 1.5 * max(firsts, lasts, 0.0))
        top = step_up(1.05 * top, FINE)
        every = np.concatenate(some) if some else np.ones(1)
        low = self._lowest(every, top)
        share = self.column.endswith("accuracy") and not self.log
        limits = (across, low, 1.03 if share else top)
        if limits != self._limits:
            self._limits = limits
            self.ax.set(xlim=(0, 1.03 * limits[0]), ylim=limits[1:])  # room for the star
            self._changed = True

    def _lowest(self, values: NDArray[np.float64], top: float) -> float:
        if not self.log:
            below = -float(values.min(initial=0.0))
            return -step_up(below) if below > 0 else 0.0
        positive = values[values > 0]
        lowest = 1 / step_up(1 / positive.min()) if positive.size else 0.1
        return float(min(lowest, top / 5))

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        runs = self._sweep.runs
        column = self.column
        shown = [run for run in runs if self.curve(run, column)[1].size]
        if not shown:
            return f"{self._said_of_none()}."
        words = f"{measured_as(column)} of {counted(len(shown), 'run')}"
        best = best_of(self._sweep, column)
        if best is not None:
            values = [number_of(r, column) for r in runs if r.status == "done"]
            worst = min(values) if self._sweep.mode_of(column) == "max" else max(values)
            words += (
                f"; best run {best.index} ({called(best, self._names)}) "
                f"{number(number_of(best, column))}, the worst that is done {number(worst)}"
            )
        if self._by is not None:
            ends = f"{said(self._values[0])} to {said(self._values[-1])}"
            words += f"; colored by {self._by}, {ends}"
        bad = counts_of(runs, _BAD)
        return f"{words}; {bad}." if bad else f"{words}."
