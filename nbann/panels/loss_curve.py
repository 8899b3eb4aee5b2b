"""The loss as training goes on; imports matplotlib and the core.

Train and test loss for each evaluated epoch; where none has been evaluated, each batch's loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from ..core.checks import number_in
from ..core.errors import UnknownNameError
from . import loss_words
from .base import Margins, Panel
from .layer_axis import decade
from .line_ends import End, LineEnds
from .loss_marks import Marks, forks
from .scale import FINE, Limit, step_up, thinned
from .smoothing import Smoothed
from .style import LINE, SMALL
from .text import counted, number

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

    from ..core.scoring.history import History
    from ..core.trainer import Trainer

_EMPTY = "no epoch done yet:\npress Step or call trainer.run()"
_DASHES = ("-", (0, (4, 1.6)), (0, (1.2, 1.4)), (0, (5, 1.5, 1.2, 1.5)))
_PARTS = ("train", "validation", "test")
DOUBLING = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
_ROOM = 0.8  # share of the width that curves may fill: their labels stand to the right of them
_CLOSE = 1e4  # upper over lower limit up to which a log scale has ticks between powers of ten
_HIGH = 0.6  # share of the height above which the ends of curves are in the way of the marks' key
_HERE = -1  # in the place of a branch's number: this line of events
UNITS = ("epoch", "batch")


class Curve(NamedTuple):
    """One line: its name, and loss over epochs (or batches) done."""

    name: str
    at: NDArray[np.float64]
    loss: NDArray[np.float64]


class LossCurve(Panel):
    """Loss over epochs: train and test, or each batch's while no epoch has been evaluated.

    Marked are interventions (a triangle) and where branches of the run parted (a ring); what the
    branches' losses were from there on is drawn faint. A loss that is NaN or infinite, and on a
    logarithmic scale one that is not above 0, is a gap in its line, which is said.

    Parameters
    ----------
    log : bool
        Draw the loss on a logarithmic scale.
    smoothing : float
        From 0 (none) to below 1: the weight w of the exponential moving average
        ``m_t = w * m_(t-1) + (1 - w) * loss_t``, shown as ``m_t / (1 - w ** t)``; the losses
        themselves stay, faint, behind it, and labels tell the losses.
    by : {"epoch", "batch"}
        What is counted across. By "batch" each batch's loss is drawn as well as the evaluations.
    marks : bool
        Whether interventions and branches are drawn.

    Raises
    ------
    ValueError
        Smoothing out of its range; another unit.

    Examples
    --------
    >>> import nbann
    >>> nbann.panels.LossCurve(smoothing=0.9, by="batch")
    LossCurve(smoothing=0.9, by='batch')
    """

    title = "Loss"
    margins = Margins(left=50, right=12, top=30, bottom=38)
    frame = True

    def __init__(
        self,
        *,
        log: bool = False,
        smoothing: float = 0.0,
        by: Literal["epoch", "batch"] = "epoch",
        marks: bool = True,
    ) -> None:
        super().__init__()
        self.log, self.marks = bool(log), bool(marks)
        self.smoothing = number_in("smoothing", smoothing, least=0.0, below=1.0)
        if by not in UNITS:
            raise UnknownNameError("unit", by, UNITS)
        self.by = by
        self._across = Limit(least=10, slack=0.0, steps=DOUBLING)
        self._top = Limit(slack=0.0, steps=FINE)

    def __repr__(self) -> str:
        given = [f"{name}={getattr(self, name)}" for name in ("log", "smoothing")]
        given += [f"by={self.by!r}", f"marks={self.marks}"]
        usual = ("log=False", "smoothing=0.0", "by='epoch'", "marks=True")
        return f"LossCurve({', '.join(g for g in given if g not in usual)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None: every trainer has a loss."""
        return None

    # ---- numbers ---------------------------------------------------------------------------------
    def curves(self) -> list[Curve]:
        """Return the lines that are shown now, as they were measured."""
        return self._curves(self.trainer.history, self.unit)

    def _curves(self, history: History, unit: int) -> list[Curve]:
        curves = []
        evaluated = history.last("epoch") is not None
        if self.by == "batch" or not evaluated:
            losses = history["loss"]
            if losses.size:
                curves.append(Curve("batch", np.arange(1, losses.size + 1) / unit, losses))
        if evaluated:
            at = history["epoch"] * (self.trainer.batches / unit)
            columns = ((part, f"{part}_loss") for part in _PARTS)
            curves += [Curve(part, at, history[name]) for part, name in columns if name in history]
        return curves

    @property
    def unit(self) -> int:
        """How many batches one unit of the axis across is."""
        return 1 if self.by == "batch" else self.trainer.batches

    def shown(self, loss: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what of some losses can be drawn, and NaN for the rest."""
        there = np.isfinite(loss)
        return np.where(there & (loss > 0) if self.log else there, loss, np.nan)

    def beside(self) -> list[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
        """Return the branches' lines from where they part: which curve it is of, places, losses.

        They are smoothed as the curves are.
        """
        names = [curve.name for curve in self.curves()]
        found = []
        for branch, mark in forks(self.trainer):
            for curve in self._curves(branch.record, self.unit):
                start = int(np.searchsorted(curve.at, mark.at / self.unit, "right"))
                start = max(start - 1, 0)  # the last that both have
                if curve.name in names and len(curve.at) - start > 1:
                    loss = self.shown(curve.loss)
                    if self.smoothing:
                        loss = self._smoothed((branch.number, curve.name), loss)
                    found.append((names.index(curve.name), curve.at[start:], loss[start:]))
        return found

    def _smoothed(self, key: tuple[int, str], loss: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a curve smoothed; by its key it is known what has been worked out of it."""
        if key not in self._averages:
            self._averages[key] = Smoothed(self.smoothing)
        return self.shown(self._averages[key](loss))

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._averages: dict[tuple[int, str], Smoothed] = {}
        self._limits = (0.0, 0.0, 0.0)
        if self.log:
            self.ax.set_yscale("log")
            self.ax.yaxis.set_minor_formatter(NullFormatter())
            self.ax.tick_params(axis="y", which="minor", length=0)
        self.ax.yaxis.set_major_formatter(lambda value, _: decade(value))
        self.ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
        across = "epochs" if self.by == "epoch" else "batches"
        if self.smoothing:
            across += f"; smoothed with weight {self.smoothing:g}, faint: as measured"
        self.ax.set_xlabel(
            across,
            fontsize=SMALL, color=self.theme.muted, labelpad=2, parse_math=False,
        )  # fmt: skip
        self.ax.grid(axis="y", color=self.theme.faint, linewidth=0.6)
        colors = [self.theme.phases["loss"], *[self.theme.ink] * (len(_DASHES) - 1)]
        self._beside = self.moving(
            self.ax.add_collection(
                LineCollection([], colors=self.theme.muted, linewidths=0.9, alpha=0.55),
                autolim=False,
            )
        )
        self._marks = Marks(self) if self.marks else None
        looks = list(zip(colors, _DASHES, strict=True))
        self._raw = [self._curve_line(color, dash, 0.6, 0.4) for color, dash in looks]
        self._lines = [self._curve_line(color, dash, LINE) for color, dash in looks]
        self._ends = LineEnds(self, colors)
        self._labels = self._ends.labels
        muted = self.theme.muted
        self._empty = self.moving_text(
            (0.5, 0.5), color=muted, ha="center", va="center", linespacing=1.5
        )
        self._note = self.moving_text((0, 0), (5, 5), color=muted, size=SMALL, linespacing=1.4)
        self._status = self.moving_text((1, 1), (0, self.header), color=muted, ha="right")

    def _curve_line(self, color: str, dash: object, width: float, alpha: float = 1.0) -> Line2D:
        look = {"color": color, "linestyle": dash, "linewidth": width, "alpha": alpha}
        return self.moving(self.ax.plot([], [], marker="o", markersize=0, **look)[0])

    def _refresh(self) -> None:
        curves = self.curves()
        beside = self.beside() if self.marks else []
        self._fit_limits(curves, max((at[-1] for _, at, _ in beside), default=0.0))
        self._empty.set_text("" if curves else _EMPTY)
        epoch, batch, _ = self.trainer.position
        within = f", {counted(batch, 'batch', 'batches')}" if batch else ""
        self._status.set_text(f"{counted(epoch, 'epoch')}{within} done")
        for line in (*self._raw, *self._lines):
            line.set_data([], [])
        ends = [end for k, curve in enumerate(curves) if (end := self._show(k, curve)) is not None]
        self._ends.show(ends)
        self._note.set_text("\n".join(loss_words.gaps(curves, self.log)))
        self._beside.set_segments([np.column_stack(thinned(at, loss)) for _, at, loss in beside])
        self._beside.set_linestyles([_DASHES[k] for k, _, _ in beside] or ["-"])
        if self._marks is not None:
            top = self.ax.transData.transform([(end.x, end.y) for end in ends] or [(0, 0)])[:, 1]
            reach = self.ax.transAxes.inverted().transform([(0, top.max())])[0, 1]
            self._marks.show(self.unit, low=bool(ends) and reach > _HIGH)

    def _show(self, k: int, curve: Curve) -> End | None:
        """Show one curve; return what is written at its end."""
        loss = self.shown(curve.loss)
        line = self._lines[k]
        line.set_data(*thinned(curve.at, loss))
        line.set_markersize(4 if len(loss) == 1 else 0)
        known = np.flatnonzero(np.isfinite(loss))
        if self.smoothing:
            self._raw[k].set_data(*line.get_data())
            line.set_data(*thinned(curve.at, self._smoothed((_HERE, curve.name), loss)))
        if not known.size:
            return None
        last = known[-1]
        text = f"{curve.name} {number(float(curve.loss[-1]))}"
        return End(k, text, float(curve.at[last]), float(loss[last]))

    def _fit_limits(self, curves: list[Curve], beside: float) -> None:
        """Let the limits grow in steps; the first losses set them, going back sets them anew."""
        if curves and not self._begun:
            self._restart()
        self._begun = bool(curves)
        losses = np.concatenate([np.zeros(0), *(self.shown(c.loss) for c in curves)])
        losses = losses[np.isfinite(losses)]
        furthest = max((c.at[-1] for c in curves), default=1.0)
        self._across.fit(max(furthest / _ROOM, beside))
        self._top.fit(float(losses.max(initial=0.0)) * 1.05 if losses.size else 1.0)
        self._low = min(self._low, self._lowest(losses))
        limits = (self._across.value, self._low, self._top.value)
        if limits != self._limits:
            self._limits = limits
            self.ax.set(xlim=(0, limits[0]), ylim=limits[1:])
            if self.log:
                few = limits[2] < _CLOSE * limits[1]
                locator = LogLocator(subs=(1.0, 2.0, 5.0)) if few else LogLocator(numticks=7)
                self.ax.yaxis.set_major_locator(locator)
            self._changed = True

    def _lowest(self, losses: NDArray[np.float64]) -> float:
        """Return the lower limit for these losses: 0, or on a log scale a round number above."""
        if not self.log:
            below = -float(losses.min(initial=0.0))
            return -step_up(below) if below > 0 else 0.0
        lowest = 1 / step_up(1 / losses.min()) if losses.size else np.inf
        return float(min(lowest, self._top.value / 5))

    def _restart(self) -> None:
        self._across.restart()
        self._top.restart()
        self._low = np.inf if self.log else 0.0
        self._begun = False

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        return loss_words.describe(self)
