"""The energy of Hopfield nets, BAMs and Boltzmann machines; imports matplotlib and the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..core.errors import UnknownNameError
from .base import Margins, Panel
from .energy_curves import EnergyCurve, Measured, Recall, Source, Storing
from .line_ends import End, LineEnds
from .scale import FINE, Limit, Span, thinned
from .style import LABEL, LINE, SMALL
from .text import literal, number

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

    from ..core.trainer import Trainer

MEASURES = ("free_energy", "reconstruction_error", "pseudo_likelihood")
_DASHES = ("-", (0, (4, 1.6)), (0, (1.2, 1.4)))
_ROOM = 0.8  # share of the width that curves may fill
_DOTS = 60  # points up to which each has a dot


class Energy(Panel):
    """The energy of a net that has one, as it goes on.

    - A Hopfield net or BAM that recalls (`Hopfield.recall`, `BAM.recall`): ``E`` after each update,
      beginning at the probe's. It never rises while units are asked one by one (Hopfield, 1982) or
      side by side (Kosko, 1988).
    - One that stores: the energy of each step's patterns, once they are stored.
    - A Boltzmann machine: the mean free energy of train and test data at each evaluated epoch. The
      number itself says nothing; that of unseen data beside it does: the gap grows as the machine
      overfits (Hinton, "A Practical Guide to Training Restricted Boltzmann Machines", 2010,
      section 6).

    Parameters
    ----------
    measure : {"free_energy", "reconstruction_error", "pseudo_likelihood"}
        What is shown of a Boltzmann machine.

    Raises
    ------
    UnknownNameError
        Another measure.

    Examples
    --------
    >>> import nbann
    >>> trainer = nbann.Trainer(nbann.Hopfield(), [[1, -1, 1, 1, -1, -1]])
    >>> _ = trainer.run()
    >>> recall = trainer.model.recall(trainer, [1, 1, 1, 1, -1, -1], order="in order")
    >>> _ = recall.run(epochs=2)
    >>> print(nbann.Dashboard(recall, ["energy"]).describe())
    Energy: −2.50 after 12 updates, from −0.833 of the probe; it fell 1 time and never rose; no unit turned in epoch 2: it is at rest.
    """  # noqa: E501  # one line of words

    title = "Energy"
    margins = Margins(left=50, right=12, top=30, bottom=38)
    frame = True

    def __init__(
        self,
        measure: Literal["free_energy", "reconstruction_error", "pseudo_likelihood"] = MEASURES[0],
    ) -> None:
        super().__init__()
        if measure not in MEASURES:
            raise UnknownNameError("measure", measure, MEASURES)
        self.measure = measure
        self._across = Limit(least=5, slack=0.0, steps=FINE)
        self._up = Span()

    def __repr__(self) -> str:
        return f"Energy({'' if self.measure == MEASURES[0] else repr(self.measure)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a net that has an energy, else why not."""
        model, has = trainer.model, _kind_of_energy(trainer)
        if has is None:
            return (
                f"{type(model).__name__} has no energy: Hopfield nets, BAMs and Boltzmann machines "
                f"(RBM) have one. How well it does, its loss tells."
            )
        if has != "measured":
            if self.measure == MEASURES[0]:
                return None
            return f"{type(model).__name__} has an energy, and no {self.measure.replace('_', ' ')}."
        if f"train_{self.measure}" in trainer.measured:
            return None
        return (
            f"the {self.measure.replace('_', ' ')} is measured where epochs are evaluated, and "
            f"this trainer evaluates none: make it with evaluate_every=1."
        )

    def _bind(self) -> None:
        kinds = {"recall": Recall, "storing": Storing}
        kind = _kind_of_energy(self.trainer)
        self.source: Source = (
            kinds[kind](self.trainer) if kind in kinds else Measured(self.trainer, self.measure)
        )

    def curves(self) -> list[EnergyCurve]:
        """Return the lines that are shown now."""
        return self.source.curves()

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._limits: tuple[float, float, float] | None = None
        ax, theme = self.ax, self.theme
        ax.set_xlabel(
            self.source.across, fontsize=SMALL, color=theme.muted, labelpad=2, parse_math=False
        )
        ax.grid(axis="y", color=theme.faint, linewidth=0.6)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(6))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        phases = self.trainer.program.phases
        main = theme.phase_color("energy" if "energy" in phases else "loss", phases)
        colors = [main, theme.ink, theme.ink]
        self._lines = [self._curve_line(c, d) for c, d in zip(colors, _DASHES, strict=True)]
        self._ends = LineEnds(self, colors)
        look = {"ha": "center", "va": "center", "linespacing": 1.5}
        self._empty = self.moving_text((0.5, 0.5), color=theme.muted, **look)
        self._status = self.moving_text((1, 1), (0, self.header), color=theme.muted, ha="right")
        self.subtitle(self.source.what)

    def _curve_line(self, color: str, dash: object) -> Line2D:
        style = "steps-post" if self.source.stepped else "default"
        dash = dash if self.source.joined else "none"
        look = {"color": color, "linestyle": dash, "linewidth": LINE, "drawstyle": style}
        return self.moving(self.ax.plot([], [], marker="o", markersize=0, **look)[0])

    def _restart(self) -> None:
        self._across.restart()
        self._up.restart()

    def _refresh(self) -> None:
        curves = self.curves()
        self._fit_limits(curves)
        self._empty.set_text("" if curves else self.source.empty)
        status = self.source.status(curves) if curves else ""
        self._status.set_text(literal(status, self.header_room, LABEL))
        ends = []
        for k, line in enumerate(self._lines):
            if k >= len(curves):
                line.set_data([], [])
                continue
            one = curves[k]
            values = np.where(np.isfinite(one.values), one.values, np.nan)
            line.set_data(*thinned(one.at, values))
            dotted = len(values) == 1 or not self.source.joined
            dotted |= self.source.stepped and len(values) <= _DOTS
            line.set_markersize(4 if dotted else 0)
            known = np.flatnonzero(np.isfinite(values))
            if known.size:
                text = number(float(one.values[-1]))
                text = text if one.name == "energy" else f"{one.name} {text}"
                ends.append(End(k, text, float(one.at[known[-1]]), float(values[known[-1]])))
        self._ends.show(ends)

    def _fit_limits(self, curves: list[EnergyCurve]) -> None:
        """Let the limits grow in steps; the first energies set them."""
        self._across.fit(max((c.at[-1] for c in curves), default=1.0) / _ROOM)
        self._up.fit(np.concatenate([np.zeros(0), *(c.values for c in curves)]))
        limits = (self._across.value, self._up.low, self._up.high)
        if limits != self._limits:
            self._limits = limits
            self.ax.set(xlim=(0, limits[0]), ylim=limits[1:])
            self._changed = True

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        curves = self.curves()
        if not curves:
            return self.source.empty.replace("\n", " ") + "."
        lost = sum(int((~np.isfinite(c.values)).sum()) for c in curves)
        gaps = f"; gaps: {lost} not finite" if lost else ""
        return self.source.words(curves) + gaps + "."


def _kind_of_energy(trainer: Trainer) -> str | None:
    """Return "recall", "storing" or "measured" for what has an energy, else None."""
    kinds = {"energy": "recall", "pattern_energy": "storing", "pair_energy": "storing"}
    found = kinds.get(getattr(trainer.loss, "kind", ""))
    if found is None and "free_energy" in trainer.model.measures:
        return "measured"
    return found
