"""How large the gradient is in each layer, from input to output; imports matplotlib and the core.

What the numbers are, `nbann.layer_stats` says; whether they vanish or explode, the rules of
`nbann.diagnose`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from ..core.errors import UnknownNameError
from ..core.scoring.diagnosis import gradient_findings
from ..core.scoring.findings import Finding
from ..core.scoring.layer_stats import gradient_stats
from ..core.scoring.layer_table import LayerStats
from .base import Margins, Panel
from .layer_axis import Decades, draw_layer_axis, use_decades
from .style import LABEL, SMALL, THIN
from .text import counted, listed, literal, number, plain
from .words import Words

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_COLUMNS = {"parameters": "parameter_gradient_norm", "outputs": "gradient_norm"}
_FEW = 24  # layers up to which each has a stem
_EMPTY = "no gradient in this batch yet:\nstep through its backward phase"
_NUMBER = 54.0  # pixels that a layer has across where its norm is written
_HEADROOM = 0.09  # share of the height above the highest power of ten, for numbers


class GradientFlow(Panel):
    """The norm of the gradient in each layer, on a logarithmic scale.

    ``|dL/dw|`` is the Euclidean norm over all parameters of a layer together (weights and biases),
    averaged over the batch as the loss is. What the loaded batch has not computed yet is gray; a
    norm of 0 is a hollow dot at the foot. Where gradients vanish or explode, by the rules of
    `nbann.diagnose`, the header names the layer, and they do so to the left of the upright line.

    Parameters
    ----------
    of : {"parameters", "outputs"}
        Of the layers' parameters, or of what the layers give, ``|dL/d out|``: then activations and
        other layers without parameters are there as well.

    Raises
    ------
    UnknownNameError
        Another `of`.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor())
    >>> board = nbann.Dashboard(trainer, [nbann.panels.GradientFlow()])
    >>> board.describe()
    'Gradients: of no layer in this batch yet: step through its backward phase.'
    """

    title = "Gradients"
    margins = Margins(left=50, right=12, top=30, bottom=38)
    frame = True

    def __init__(self, of: Literal["parameters", "outputs"] = "parameters") -> None:
        super().__init__()
        if of not in _COLUMNS:
            raise UnknownNameError("gradient", of, _COLUMNS)
        self.of = of
        self._decades = Decades()

    def __repr__(self) -> str:
        return f"GradientFlow({'' if self.of == 'parameters' else repr(self.of)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a net that learns by backpropagation, else why not."""
        program = trainer.program
        phases = program.phases
        backward = "backward" in phases or bool(trainer.workers)
        if trainer.model.follows_loss and program.structure and backward:
            return None if trainer.parameters else "this net has no parameters to learn."
        return (
            f"no gradient flows back here: {type(trainer.model).__name__} learns by a rule of its "
            f"own, in the phases {', '.join(phases)}."
        )

    def _bind(self) -> None:
        stats = gradient_stats(self.trainer)
        owners = {name.rpartition(".")[0] for name in self.trainer.parameters}
        self._every = stats.layers
        self.layers = tuple(n for n in stats.layers if self.of == "outputs" or n in owners)

    # ---- numbers ---------------------------------------------------------------------------------
    def norms(self) -> NDArray[np.float64]:
        """Return the norm for each of `layers`; NaN for what this batch has not computed."""
        return self._norms(gradient_stats(self.trainer))

    def findings(self) -> list[Finding]:
        """Return what the rules of vanishing and exploding gradients say now."""
        return gradient_findings(self.trainer, gradient_stats(self.trainer))

    def _norms(self, stats: LayerStats) -> NDArray[np.float64]:
        by_layer = dict(zip(stats.layers, stats.column(_COLUMNS[self.of]), strict=True))
        return np.array([by_layer[layer] for layer in self.layers])

    def _computed(self, stats: LayerStats) -> NDArray[np.bool_]:
        """Return of which layers there is a number, be it NaN."""
        by_layer = {s.layer: getattr(s, _COLUMNS[self.of]) is not None for s in stats}
        return np.array([by_layer[layer] for layer in self.layers])

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._limits: tuple[float, float] | None = None
        use_decades(self.ax)
        draw_layer_axis(self, self.layers)
        self.ax.grid(axis="y", color=self.theme.faint, linewidth=0.6)
        count, color = len(self.layers), self.theme.phases["backward"]
        self._mark = self.moving(
            self.ax.plot([], [], color=self.theme.ink, linewidth=THIN, linestyle=(0, (4, 3)))[0]
        )
        self._stems = self.moving(
            self.ax.add_collection(
                LineCollection([], colors=color, linewidths=2.2 if count <= _FEW else 0.6),
                autolim=False,
            )
        )
        size = 5.0 if count <= _FEW else 3.0
        dots = {"linestyle": "none", "markersize": size, "clip_on": False}
        self._dots = self.moving(self.ax.plot([], [], "o", color=color, **dots)[0])
        self._zeros = self.moving(
            self.ax.plot([], [], "o", color=color, markerfacecolor=self.theme.background, **dots)[0]
        )
        self._broken = self.moving(self.ax.plot([], [], "x", color=color, **dots)[0])
        self._missing = self.moving(self.ax.plot([], [], "s", color=self.theme.muted, **dots)[0])
        self._missing.set_alpha(0.45)
        self._numbers = None
        if self.size[0] / count >= _NUMBER:
            self._numbers = self.moving(
                Words(self.ax, np.zeros((count, 2)), SMALL, color=self.theme.ink)
            )
        look = {"ha": "center", "va": "center", "linespacing": 1.5}
        self._empty = self.moving_text((0.5, 0.5), color=self.theme.muted, **look)
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right", size=LABEL
        )
        self.subtitle(f"norm of dL/d {self.of if self.of == 'parameters' else 'output'}")

    def _restart(self) -> None:
        self._decades.restart()

    def _refresh(self) -> None:
        stats = gradient_stats(self.trainer)
        norms, computed = self._norms(stats), self._computed(stats)
        self._fit_limits(norms)
        low, high = self.ax.get_ylim()
        at, finite = np.arange(len(norms)), np.isfinite(norms)
        shown = finite & (norms > 0)
        bottom = np.full(len(norms), low)
        heights = np.clip(norms, low, high)
        self._stems.set_segments([((i, low), (i, heights[i])) for i in at[shown]])
        top = np.full(len(norms), 10.0**self._decades.high)
        for line, which, y in (
            (self._dots, shown, heights),
            (self._zeros, finite & (norms == 0), bottom),
            (self._broken, computed & ~finite, top),
            (self._missing, ~computed, bottom),
        ):
            line.set_data(at[which], y[which])
        self._write_numbers(norms, np.where(shown, heights, np.where(finite, low, top)), computed)
        self._empty.set_text("" if computed.any() else _EMPTY)
        self._tell(stats)

    def _fit_limits(self, norms: NDArray[np.float64]) -> None:
        self._decades.fit(norms)
        low, high = self._decades.low, self._decades.high
        if (low, high) != self._limits:
            self._limits = (low, high)
            self.ax.set_ylim(10.0**low, 10.0 ** min(high + _HEADROOM * (high - low), 307.0))
            self._changed = True

    def _write_numbers(
        self, norms: NDArray[np.float64], y: NDArray[np.float64], computed: NDArray[np.bool_]
    ) -> None:
        """Write each norm above its dot, where there is room."""
        if self._numbers is None:
            return
        low, high = np.log10(self.ax.get_ylim())
        more = 10 ** (11 * (high - low) / self.size[1])
        raised = np.minimum(y, 1e307 / more) * more
        self._numbers.at = np.column_stack([np.arange(len(norms)), raised])
        self._numbers.set_words(
            [number(float(n)) if c else "" for n, c in zip(norms, computed, strict=True)]
        )

    def _tell(self, stats: LayerStats) -> None:
        """Say in the header, and mark by a line, where gradients vanish or explode."""
        found = gradient_findings(self.trainer, stats)
        self._mark.set_data([], [])
        words = ""
        if found:
            kind, layer = found[0].kind.replace("_gradient", ""), found[0].layer
            words = kind if layer is None else f"{kind} at {layer}"
            if layer in self._every:
                upto = self._every[: self._every.index(layer) + 1]
                x = sum(one in self.layers for one in upto) - 0.5  # from here on to the left
                self._mark.set_data([x, x], self.ax.get_ylim())
        self._status.set_text(literal(words, self.header_room, LABEL))

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        stats = gradient_stats(self.trainer)
        norms, computed = self._norms(stats), self._computed(stats)
        if not computed.any():
            return "of no layer in this batch yet: step through its backward phase."
        what = "each layer's parameters" if self.of == "parameters" else "each layer's output"
        known = [(n, float(v)) for n, v, c in zip(self.layers, norms, computed, strict=True) if c]
        words = f"norm of the loss's gradient with respect to {what}, from input to output: "
        words += listed(f"{plain(layer)} {number(value)}" for layer, value in known)
        finite = [(value, layer) for layer, value in known if np.isfinite(value)]
        if len(known) > 2 and finite:
            low, high = min(finite), max(finite)
            words += f"; smallest {number(low[0])} at {plain(low[1])}"
            words += f", largest {number(high[0])} at {plain(high[1])}"
        missing = int((~computed).sum())
        if missing:
            words += f"; of {counted(missing, 'layer')} not computed in this batch yet"
        found = gradient_findings(self.trainer, stats)
        return ". ".join([words, *(str(f).rstrip(".") for f in found)]) + "."
