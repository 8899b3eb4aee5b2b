"""One curve of several runs in one picture; imports matplotlib and the core.

Each run has a color, a dash and a marker of its own, so that none is told by color alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from ..core.errors import bad_value
from .base import Margins, Panel
from .line_ends import apart
from .scale import FINE, Limit, step_up, thinned
from .style import LINE, RUN_COLORS, SMALL
from .text import literal, number, plain

if TYPE_CHECKING:
    from ..core.trainer import Trainer

MOST = 6
"""Runs that can be told apart."""

DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6, 2),
    (2, 2),
    (8, 2, 2, 2),
    (12, 3),
    (5, 2, 1, 2, 1, 2),
)
"""Lengths of dashes and gaps of each run's line, in widths of the line; () is a whole line."""

RUN_MARKERS = ("o", "s", "^", "D", "v", "X")

_EPOCHS = (
    1.0,
    1.15,
    1.3,
    1.5,
    1.75,
    2.0,
    2.3,
    2.6,
    3.0,
    3.5,
    4.0,
    4.6,
    5.2,
    6.0,
    7.0,
    8.0,
    9.0,
    10.0,
)
_ROOM = 0.72  # share of the width that curves may fill: names stand to the right of their ends
_APART = 12.0  # pixels between two names


class Run(NamedTuple):
    """One line: what the run is called, and its numbers over epochs done."""

    name: str
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]


class OverlaidCurves(Panel):
    """A column of the history of several runs, one line each.

    Parameters
    ----------
    trainers : sequence of Trainer
        2 to 6, or 1.
    column : str
        Of the history, with one number an epoch ("train_loss", "test_accuracy", ...), or "loss":
        that of each batch.
    names : sequence of str, optional
        One for each trainer; by default "run 1", "run 2", ...
    log : bool
        Draw it on a logarithmic scale.

    Raises
    ------
    ValueError
        No trainers, too many, or another number of names.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(2)])
    >>> a, b = (nbann.Trainer(net, nbann.datasets.xor(), seed=seed) for seed in (0, 1))
    >>> curves = nbann.panels.OverlaidCurves([a, b], "train_loss", names=["seed 0", "seed 1"])
    >>> print(nbann.Dashboard(a, [curves]).describe())
    Train loss: no epoch is done yet.
    """

    margins = Margins(left=50, right=8, top=30, bottom=38)
    frame = True

    def __init__(
        self,
        trainers: Sequence[Trainer],
        column: str = "train_loss",
        *,
        names: Sequence[str] | None = None,
        log: bool = False,
    ) -> None:
        super().__init__()
        self.trainers = tuple(trainers)
        if not 1 <= len(self.trainers) <= MOST:
            mend = "Compare fewer runs at a time."
            raise bad_value("trainers", f"1 to {MOST}", f"{len(self.trainers)}", mend)
        given = [f"run {i}" for i in range(1, len(self.trainers) + 1)] if names is None else names
        self.names = tuple(map(str, given))
        if len(self.names) != len(self.trainers):
            mend = "Pass one name for each trainer."
            raise bad_value("names", f"{len(self.trainers)}", f"{len(self.names)}", mend)
        self.column = str(column)
        self.log = bool(log)
        self.title = titled(self.column)
        self._across = Limit(least=5, slack=0.0, steps=_EPOCHS)
        self._top = Limit(slack=0.0, steps=FINE)
        self._places: list[object] = []

    def __repr__(self) -> str:
        return f"OverlaidCurves({len(self.trainers)} trainers, {self.column!r})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None if any of the runs measures the column, else what is missing."""
        if self.column == "loss" or any(self.column in t.measured for t in self.trainers):
            return None
        return f"no run measures {plain(self.column)!r}."

    def curves(self) -> list[Run]:
        """Return the lines that are shown now, of runs without numbers empty ones."""
        return [Run(n, *self._numbers(t)) for n, t in zip(self.names, self.trainers, strict=True)]

    def _numbers(self, trainer: Trainer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        history = trainer.history
        if self.column == "loss":
            values = history["loss"]
            return np.arange(1, values.size + 1) / trainer.batches, values
        if self.column not in history or history[self.column].ndim != 1:
            return np.zeros(0), np.zeros(0)
        return history["epoch"], history[self.column]

    def update(self) -> None:
        """Change the artists in place to what all the trainers hold now."""
        if self._reason is not None:
            return
        places = [(t.position, t.timeline.number) for t in self.trainers]
        if any(
            now[0] < then[0] or now[1] != then[1]
            for now, then in zip(places, self._places, strict=False)  # none at first
        ):
            self._restart()
        self._places = places
        super().update()

    # ---- drawing ---------------------------------------------------------------------------------
    def _restart(self) -> None:
        self._across.restart()
        self._top.restart()
        self._low = np.inf

    def _draw(self) -> None:
        self._limits = (0.0, 0.0, 0.0)
        if self.log:
            self.ax.set_yscale("log")
            self.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            self.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            self.ax.yaxis.set_minor_formatter(NullFormatter())
            self.ax.tick_params(axis="y", which="minor", length=0)
        elif self._is_share:
            self.ax.set_yticks(np.linspace(0, 1, 6))
        self.ax.set_xlabel(
            "epochs", fontsize=SMALL, color=self.theme.muted, labelpad=2, parse_math=False
        )
        self.ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        self.ax.grid(axis="y", color=self.theme.faint, linewidth=0.6)
        colors = RUN_COLORS[self.theme.name]
        self._lines = [
            self.moving(
                self.ax.plot(
                    [], [], color=colors[i], linewidth=LINE, marker=RUN_MARKERS[i], markersize=4,
                    linestyle=(0, DASHES[i]) if DASHES[i] else "-", markevery=[-1],
                )[0]
            )
            for i in range(len(self.trainers))
        ]  # fmt: skip
        room = self.size[0] * (1 - _ROOM) - 10
        self._labels = [
            self.moving(
                self.ax.annotate(
                    literal(name, room, SMALL), (0, 0), xytext=(8, 0), textcoords="offset pixels",
                    color=self.theme.ink, fontsize=SMALL, va="center", annotation_clip=False,
                    parse_math=False,
                )
            )
            for name in self.names
        ]  # fmt: skip
        self._empty = self.moving_text(
            (0.5, 0.5), color=self.theme.muted, ha="center", va="center", linespacing=1.5
        )

    def _refresh(self) -> None:
        curves = self.curves()
        self._fit_limits(curves)
        some = any(c.values.size for c in curves)
        self._empty.set_text("" if some else "no epoch done yet:\npress Step or Run")
        ends = []
        for line, label, curve in zip(self._lines, self._labels, curves, strict=True):
            values = np.where(np.isfinite(curve.values), curve.values, np.nan)
            known = np.flatnonzero(np.isfinite(values))
            line.set_data(
                *thinned(curve.epochs[: known[-1] + 1], values[: known[-1] + 1])
                if known.size
                else ([], [])
            )
            label.set_visible(bool(known.size))
            if known.size:
                label.xy = (float(curve.epochs[known[-1]]), float(values[known[-1]]))
                ends.append(label)
        if ends:
            self._place(ends)

    def _place(self, ends: list) -> None:
        """Write names at the ends of lines, pushed apart where they would collide."""
        unit = self._figure.dpi / 100
        at = self.ax.transData.transform([label.xy for label in ends]) / unit
        floor = self.ax.transAxes.transform((0, 0))[1] / unit
        places = apart(at[:, 1], floor + 6, np.inf, gap=_APART)
        for label, (_, y), place in zip(ends, at, places, strict=True):
            label.xyann = (8 * unit, (place - y) * unit)

    def _fit_limits(self, curves: list[Run]) -> None:
        """Let the limits grow in steps; going back sets them anew."""
        values = np.concatenate([c.values for c in curves])
        values = values[np.isfinite(values)]
        self._across.fit(max((c.epochs[-1] for c in curves if c.epochs.size), default=1) / _ROOM)
        self._top.fit(float(values.max(initial=0.0)) * 1.05 if values.size else 1.0)
        self._low = min(self._low, self._lowest(values))
        top = 1.03 if self._is_share and not self.log else self._top.value
        limits = (self._across.value, float(self._low), top)
        if limits != self._limits:
            self._limits = limits
            self.ax.set(xlim=(0, limits[0]), ylim=limits[1:])
            self._changed = True

    @property
    def _is_share(self) -> bool:
        """Whether the numbers are shares, from 0 to 1."""
        return self.column.endswith("accuracy")

    def _lowest(self, values: NDArray[np.float64]) -> float:
        if not self.log:
            below = -float(values.min(initial=0.0))
            return -step_up(below) if below > 0 else 0.0
        positive = values[values > 0]
        lowest = 1 / step_up(1 / positive.min()) if positive.size else np.inf
        return float(min(lowest, self._top.value / 5))

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        parts = []
        for curve in self.curves():
            if curve.values.size:
                parts.append(f"{plain(curve.name)} {number(float(curve.values[-1]))}")
        if not parts:
            return "no epoch is done yet."
        return f"{', '.join(parts)}."


def titled(column: str) -> str:
    """Return a column of the history as a title: "Test loss"."""
    words = "batch loss" if column == "loss" else plain(column).replace("_", " ")
    return words[:1].upper() + words[1:]
