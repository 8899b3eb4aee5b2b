"""What a net predicts against what is true, and by how much it is off; matplotlib and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from ..core.data.glimpse import glimpse
from ..core.errors import bad_value
from ..core.losses.machine_losses import MachineLoss
from ..core.losses.spread_losses import GaussianNLL, Pinball
from .asked import amount, check_part, part_of, spaced, task_of
from .base import Margins, Panel
from .plot import BESIDE, Plot, Reach, roomy, tick_words, ticks_of
from .predicted import Answer, Floats, Predicted
from .scale import FINE, Limit, largest, rounding, step_up
from .style import LINE, SMALL
from .text import literal, number, plain, text_width

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_DRAWN = 1000  # points that are drawn
_BARRED = 100  # of them, points that have a bar
_BINS = 20
_HISTOGRAM = 0.29  # share of the width
_MOST_BESIDE = 64.0  # pixels for the numbers at the predicted values


class Predictions(Panel):
    """Predicted values against true ones, with a histogram of the residuals, true minus predicted.

    With one feature the prediction is a curve over the data; otherwise predicted values stand over
    true ones, and the diagonal is where both are the same. A net trained with `GaussianNLL` has a
    band of two standard deviations on each side, one trained with `Pinball` its quantiles; where
    points stand over true values, a hundred of them have bars for that.

    Parameters
    ----------
    target : int or str, optional
        Which target, by column from 0 or by name, where there are several; by default the first.
    of : {"train", "validation", "test"}, optional
        Which data; by default the test data, if there are some, else the training data. Of more
        than 5,000 samples, evenly spaced ones; of those, 1,000 are drawn.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(1, weight=[[1.0]], bias=[0.0])])
    >>> trainer = nbann.Trainer(net, ([[0.0], [1.0], [2.0]], [0.0, 1.5, 2.0]))
    >>> nbann.Dashboard(trainer, ["predictions"]).describe()
    'Predictions: of 3 training samples: R2 0.885, RMSE 0.289; residuals from 0 to 0.500.'
    """

    title = "Predictions"
    margins = Margins(left=12, right=12, top=46, bottom=8)

    def __init__(self, target: int | str = 0, *, of: str | None = None) -> None:
        super().__init__()
        if isinstance(target, bool) or not isinstance(target, (int, np.integer, str)):
            raise bad_value("target", "a column or a name", repr(target), "Pass e.g. target=0.")
        self.target = target
        self.of = check_part(of, "Predictions")
        self._most = Limit(least=2.0, slack=0.2, steps=FINE)

    def __repr__(self) -> str:
        given = [] if self.target == 0 else [f"target={self.target!r}"]
        given += [] if self.of is None else [f"of={self.of!r}"]
        return f"Predictions({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a net of values; else the reason."""
        if trainer.task == "several":
            return "shows the values of one target; this net has several heads."
        if trainer.task == "unsupervised":
            return "shows predicted values; this model gives back or groups its samples."
        if trainer.task != "regression":
            return f"shows predicted values; this is {task_of(trainer)}."
        if isinstance(trainer.loss, MachineLoss):
            return "shows predicted values; this memory recalls patterns."
        return None

    def _bind(self) -> None:
        self._part, data = part_of(self.trainer, self.of, "Predictions")
        self.predicted = Predicted(self.trainer, data, self.target)
        self._drawn = spaced(len(self.predicted.true), _DRAWN)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        self._painted: Answer | None = None
        narrow = max(_HISTOGRAM * width, 96.0)
        self._up = Reach(*roomy(self.predicted.true))
        self._beside = self._room_of_ticks()
        left = self._beside + 20
        self._draw_main((left, 34.0, width - narrow - left - 44, height - 40))
        aside = (width - narrow, 34.0, narrow - 2, height - 40)
        self._aside = Plot(self, aside, across="true − predicted", ticks=(3, 3))
        self._bars = self._aside.add(PolyCollection([], transform=self._aside.transform))
        self.ax.add_collection(self._bars, autolim=False)
        self._bars.set(edgecolors=self.theme.background, linewidths=0.6)
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )
        look: dict[str, Any] = {"color": self.theme.muted, "size": SMALL, "va": "center"}
        key = literal(self._key(), width - narrow - 36, SMALL)
        self.still_text(key, (0, 1), (0, 10), **look)
        self.still_text(f"{self.predicted.word}s", (0, 1), (width - narrow - 20, 10), **look)

    def _draw_main(self, frame: tuple[float, float, float, float]) -> None:
        color, ink = self.theme.phases["forward"], self.theme.ink
        if self.predicted.grid is None:
            across, up = f"true {self.predicted.name}", f"predicted {self.predicted.name}"
        else:
            data = glimpse(self.trainer.train_data)
            scaled = "" if data.scaling is None else ", standardized"
            across, up = plain(data.feature_names[0]) + scaled, self.predicted.name
        self._main = plot = Plot(self, frame, across=across, up=up, beside=self._beside)
        self._band = PolyCollection([], transform=plot.transform, facecolors=color, alpha=0.22)
        self._band.set_linewidth(0)
        self._whiskers = LineCollection([], transform=plot.transform, colors=color, alpha=0.45)
        self._whiskers.set_linewidth(0.9)
        for collection in (self._band, self._whiskers):
            self.ax.add_collection(collection, autolim=False)
            plot.add(collection)
        look: dict[str, Any] = {"transform": plot.transform, "linestyle": "none", "marker": "o"}
        look |= {"markersize": 3.6, "markeredgewidth": 0.5}
        look |= {"markeredgecolor": self.theme.background, "markerfacecolor": self.theme.muted}
        if self.predicted.grid is None:
            look["markerfacecolor"] = color
        self._points = plot.add(self.ax.plot([], [], **look)[0])
        if self.predicted.grid is None:  # both scales are the same: the frame's own diagonal
            x, y, wide, high = frame
            dashed: dict[str, Any] = {"color": ink, "linewidth": 0.9, "linestyle": (0, (4, 3))}
            self._diagonal = self.ax.plot([x, x + wide], [y, y + high], **dashed)[0]
        line: dict[str, Any] = {"transform": plot.transform, "color": color, "linewidth": LINE}
        more = len(getattr(self.trainer.loss, "quantiles", ()))
        count = 0 if self.predicted.grid is None else 1 + (more if more > 1 else 0)
        self._lines = []
        for i in range(count):
            thin = {} if i == 0 else {"linewidth": 0.8}
            self._lines.append(plot.add(self.ax.plot([], [], **(line | thin))[0]))
        self._use_pixels()

    def _room_of_ticks(self) -> float:
        """Return the pixels that numbers at predicted values need: like true ones, of any sign."""
        far = largest(self.predicted.true)
        words = [
            word
            for ends in (self._up.fit(), (-far, far))
            for word in tick_words(ticks_of(ends, 4), BESIDE)
        ]
        most = max(text_width(word, SMALL) for word in words)
        return float(np.clip(most, BESIDE, _MOST_BESIDE))

    def _key(self) -> str:
        """Return in words what line, band and points are."""
        loss, curve = self.trainer.loss, self.predicted.grid is not None
        line, band = ("line", "band") if curve else ("points", "bars")
        if isinstance(loss, GaussianNLL):
            return f"{line}: predicted mean; {band}: ±2 deviations"
        if isinstance(loss, Pinball):
            middle = min(loss.quantiles, key=lambda q: abs(q - 0.5))
            ends = f"; {band}: {loss.quantiles[0]:g} to {loss.quantiles[-1]:g}"
            return f"{line}: quantile {middle:g}{ends if len(loss.quantiles) > 1 else ''}"
        return "line: predicted; points: data" if curve else "dashed: predicted = true"

    def _restart(self) -> None:
        self._most.restart()
        if self._attached:
            self._up.restart()

    def _refresh(self) -> None:
        answer = self.predicted.answer()
        if answer is self._painted:
            return
        self._painted = answer
        if self.predicted.grid is None:
            self._show_scatter(answer)
        else:
            self._show_curve(answer)
        self._show_residuals()
        r2, rmse = self.predicted.scores()
        error = number(rmse, noise=rounding(self.predicted.true))
        self._status.set_text(f"R² {number(r2)}, RMSE {error}")

    def _show_curve(self, answer: Answer) -> None:
        grid, band = self.predicted.grid, answer.band
        assert grid is not None  # it is what makes this a curve
        up = self._up.fit(answer.curve[0], *(band or ()))
        self._limit(self._main, (float(grid[0]), float(grid[-1])), up)
        self._points.set_data(self.predicted.X[self._drawn, 0], self.predicted.true[self._drawn])
        for line, values in zip(self._lines, answer.curve, strict=True):
            line.set_data(grid, _held(values))
        if band is not None:
            low, high = (_held(side) for side in band)
            good = np.isfinite(low) & np.isfinite(high)
            edge = np.column_stack([grid, low])[good]
            back = np.column_stack([grid, high])[good][::-1]
            self._band.set_verts([np.vstack([edge, back])] if len(edge) else [])

    def _show_scatter(self, answer: Answer) -> None:
        ends = self._up.fit(answer.predicted)
        self._limit(self._main, ends, ends)
        true, drawn = self.predicted.true[self._drawn], self._drawn
        self._points.set_data(true, _held(answer.predicted[drawn]))
        if answer.bounds is not None:
            some = drawn[spaced(len(drawn), _BARRED)]
            true = self.predicted.true[some]
            low, high = (_held(side[some]) for side in answer.bounds)
            bars = np.stack([np.column_stack([true, low]), np.column_stack([true, high])], axis=1)
            self._whiskers.set_segments(list(bars[np.isfinite(bars).all(axis=(1, 2))]))

    def _show_residuals(self) -> None:
        off = self.predicted.residuals()
        off = off[np.isfinite(off)]
        edge = step_up(largest(off), FINE)
        counts, edges = np.histogram(off.clip(-edge, edge), _BINS, (-edge, edge))
        self._most.fit(float(counts.max(initial=0)))
        self._limit(self._aside, (-edge, edge), (0.0, self._most.value * 1.05))
        self._bars.set_verts(
            [
                [(a, 0), (a, n), (b, n), (b, 0)]
                for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
            ]
        )
        sides = np.where(np.arange(_BINS) < _BINS // 2, -0.6, 0.6)
        self._bars.set_facecolor(self.theme.diverging(sides, 1.0) / 255)

    def _limit(self, plot: Plot, across: tuple[float, float], up: tuple[float, float]) -> None:
        if plot.limit(across, up):
            self._changed = True

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        shown = self.predicted
        samples = amount(len(shown.true), shown.all, f"{self._part} {shown.word}")
        what = f"of {samples}" if shown.name == "value" else f"{shown.name} of {samples}"
        off = shown.residuals()
        if not np.isfinite(off).all():
            return f"{what}; predictions are not numbers (NaN or infinity) everywhere."
        r2, rmse = shown.scores()
        score = f"R2 {number(r2)}"
        if np.isnan(r2):
            score = "R2 not defined (all true values are the same)"
        noise = rounding(shown.true)
        low, high, error = (number(float(n), noise=noise) for n in (off.min(), off.max(), rmse))
        ends = f"residuals from {low} to {high}{self._spread()}"
        return f"{what}: {score}, RMSE {error}; {ends}."

    def _spread(self) -> str:
        """Say how many true values lie within the band."""
        bounds = self.predicted.answer().bounds
        if bounds is None:
            return ""
        true = self.predicted.true
        inside = int(((true >= bounds[0]) & (true <= bounds[1])).sum())
        loss = self.trainer.loss
        band = "two standard deviations of the mean"
        if isinstance(loss, Pinball):
            band = f"the quantiles {loss.quantiles[0]:g} and {loss.quantiles[-1]:g}"
        return f"; {inside:,} of {len(true):,} lie within {band}"


def _held(values: Floats) -> Floats:
    """Return values that can be drawn: those beyond all bounds held, NaN left out."""
    return np.where(np.isfinite(values), np.clip(values, -1e30, 1e30), np.nan)
