"""The loss as training goes on; imports matplotlib and the core.

Train and test loss for each evaluated epoch; where none has been evaluated, each batch's loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from .base import Margins, Panel
from .scale import FINE, Limit, step_up, thinned
from .style import LABEL, LINE, SMALL
from .text import counted, number

if TYPE_CHECKING:
    from matplotlib.text import Annotation

    from ..core.trainer import Trainer

_EMPTY = "no epoch done yet:\npress Step or call trainer.run()"
_APART = 14.0  # pixels between two labels
DOUBLING = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
_ROOM = 0.8  # share of the width that curves may fill: their labels stand to the right of them


class Curve(NamedTuple):
    """One line: its name, and loss over epochs done."""

    name: str
    epochs: NDArray[np.float64]
    loss: NDArray[np.float64]


class LossCurve(Panel):
    """Loss over epochs: train and test, or each batch's while no epoch has been evaluated.

    Parameters
    ----------
    log : bool
        Draw the loss on a logarithmic scale.
    """

    title = "Loss"
    margins = Margins(left=50, right=12, top=30, bottom=38)
    frame = True

    def __init__(self, *, log: bool = False) -> None:
        super().__init__()
        self.log = bool(log)
        self._epochs = Limit(least=10, slack=0.0, steps=DOUBLING)
        self._top = Limit(slack=0.0, steps=FINE)

    def __repr__(self) -> str:
        return f"LossCurve({'log=True' if self.log else ''})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None: every trainer has a loss."""
        return None

    def curves(self) -> list[Curve]:
        """Return the lines that are shown now."""
        history = self.trainer.history
        if history.last("epoch") is not None:
            epochs = history["epoch"]
            columns = ((part, f"{part}_loss") for part in ("train", "validation", "test"))
            return [Curve(part, epochs, history[name]) for part, name in columns if name in history]
        losses = history["loss"]
        if not losses.size:
            return []
        return [Curve("batch", np.arange(1, losses.size + 1) / self.trainer.batches, losses)]

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._limits = (0.0, 0.0, 0.0)
        if self.log:
            self.ax.set_yscale("log")
            self.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            self.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
            self.ax.yaxis.set_minor_formatter(NullFormatter())
            self.ax.tick_params(axis="y", which="minor", length=0)
        self.ax.set_xlabel(
            "epochs", fontsize=SMALL, color=self.theme.muted, labelpad=2, parse_math=False
        )
        self.ax.grid(axis="y", color=self.theme.faint, linewidth=0.6)
        looks = (
            ("-", self.theme.phases["loss"]),
            ((0, (4, 1.6)), self.theme.ink),
            ((0, (1.2, 1.4)), self.theme.ink),
        )
        self._lines = [
            self.moving(
                self.ax.plot(
                    [], [], color=color, linewidth=LINE, linestyle=dash, marker="o", markersize=0
                )[0]
            )
            for dash, color in looks
        ]
        self._labels = [
            self.moving(
                self.ax.annotate(
                    "", (0, 0), xytext=(6, 0), textcoords="offset pixels", color=color,
                    fontsize=LABEL, va="center", annotation_clip=False, parse_math=False,
                )
            )
            for _, color in looks
        ]  # fmt: skip
        self._empty = self.moving_text(
            (0.5, 0.5), color=self.theme.muted, ha="center", va="center", linespacing=1.5
        )
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right", size=LABEL
        )

    def _refresh(self) -> None:
        curves = self.curves()
        self._fit_limits(curves)
        self._empty.set_text("" if curves else _EMPTY)
        epoch, batch, _ = self.trainer.position
        self._status.set_text(
            counted(epoch, "epoch")
            + (f", {counted(batch, 'batch', 'batches')}" if batch else "")
            + " done"
        )
        ends = []
        for line, label, curve in zip(
            self._lines, self._labels, [*curves, None, None, None][:3], strict=True
        ):
            label.set_text("")
            if curve is None:
                line.set_data([], [])
                continue
            loss = np.where(np.isfinite(curve.loss), curve.loss, np.nan)
            line.set_data(*thinned(curve.epochs, loss))
            line.set_markersize(4 if len(loss) == 1 else 0)
            known = np.flatnonzero(np.isfinite(loss))
            if known.size:
                label.xy = (float(curve.epochs[known[-1]]), float(loss[known[-1]]))
                ends.append((label, f"{curve.name} {number(float(curve.loss[-1]))}"))
        self._place_labels(ends)

    def _fit_limits(self, curves: list[Curve]) -> None:
        """Let the limits grow in steps; the first losses set them, going back sets them anew."""
        if curves and not self._begun:
            self._restart()
        self._begun = bool(curves)
        losses = np.concatenate([np.zeros(0), *(c.loss for c in curves)])
        losses = losses[np.isfinite(losses)]
        self._epochs.fit(max((c.epochs[-1] for c in curves), default=1.0) / _ROOM)
        self._top.fit(float(losses.max(initial=0.0)) * 1.05 if losses.size else 1.0)
        self._low = min(self._low, self._lowest(losses))
        limits = (self._epochs.value, self._low, self._top.value)
        if limits != self._limits:
            self._limits = limits
            self.ax.set(xlim=(0, limits[0]), ylim=limits[1:])
            self._changed = True

    def _lowest(self, losses: NDArray[np.float64]) -> float:
        """Return the lower limit for these losses: 0, or on a log scale a round number above."""
        if not self.log:
            below = -float(losses.min(initial=0.0))
            return -step_up(below) if below > 0 else 0.0
        positive = losses[losses > 0]
        lowest = 1 / step_up(1 / positive.min()) if positive.size else np.inf
        return float(min(lowest, self._top.value / 5))

    def _restart(self) -> None:
        self._epochs.restart()
        self._top.restart()
        self._low = np.inf if self.log else 0.0
        self._begun = False

    def _place_labels(self, ends: list[tuple[Annotation, str]]) -> None:
        """Write the names at the ends of the lines, pushed apart where they would collide."""
        if not ends:
            return
        unit = self._figure.dpi / 100
        height = self.ax.transData.transform([label.xy for label, _ in ends])[:, 1] / unit
        floor = self.ax.transAxes.transform((0, 0))[1] / unit
        places = _apart(height, floor + 7)
        for (label, text), place, at in zip(ends, places, height, strict=True):
            label.set_text(text)
            label.xyann = (7 * unit, (place - at) * unit)

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        curves = self.curves()
        if not curves:
            return "no epoch done yet: press Step or call trainer.run()."
        if curves[0].name == "batch":
            losses = curves[0].loss
            count = counted(losses.size, "batch", "batches")
            return f"batch loss {_trend(losses)} after {count}; no epoch has been evaluated."
        parts = [f"{c.name} loss {_trend(c.loss)}" for c in curves]
        words = f"{', '.join(parts)} after {counted(int(curves[0].epochs[-1]), 'epoch')}"
        test = curves[-1]
        if test.name == "test" and np.isfinite(test.loss).any():
            best = int(np.nanargmin(test.loss))
            words += (
                f"; lowest test loss {number(test.loss[best])} at epoch {int(test.epochs[best])}"
            )
        history = self.trainer.history
        scores = [
            f"{name.replace('_', ' ')} {number(value)}"
            for name in history
            if "_" in name
            and not name.endswith("_loss")
            and (value := history.last(name)) is not None
            and np.ndim(value) == 0
        ]
        return words + (f"; {', '.join(scores)}" if scores else "") + "."


def _apart(heights: NDArray[np.float64], lowest: float) -> NDArray[np.float64]:
    """Return where words are written: at their heights, but apart, the group's middle in place."""
    order = np.argsort(heights, kind="stable")
    places = heights[order].astype(float)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + _APART)
    places += (heights.mean() - places.mean()) if len(places) > 1 else 0.0
    places += max(0.0, lowest - places[0])
    back = np.empty_like(places)
    back[order] = places
    return back


def _trend(loss: NDArray[np.float64]) -> str:
    first, last = float(loss[0]), float(loss[-1])
    if loss.size == 1 or not np.isfinite([first, last]).all():
        return number(last)
    way = "down" if last < first else "up" if last > first else "unchanged"
    return f"{number(last)} ({way} from {number(first)})"
