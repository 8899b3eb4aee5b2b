"""An activation, its slope, and where one neuron stands on it; imports matplotlib and the core."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, bad_value
from ..core.layers.activations import Activation
from ..core.layers.dense import Dense
from ..core.model import Sequential
from ..core.scoring.layer_arrays import forward_ops, output_name
from ..core.trainer import Trainer as Twin
from .base import Margins, Panel
from .scale import FINE, Limit
from .style import LABEL, LINE, THIN
from .text import number, plain, text_width

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_POINTS = 801
_WIDEST = "z −0.0000, a −0.0000, slope −0.0000"
_REACH = 4.0  # of z that is always shown, each way


class Tangent(Panel):
    """The curve of an activation with its slope, and the tangent where one neuron stands.

    The dot is what the neuron gives for one sample of the loaded batch: a = f(z). The tangent there
    rises by the slope f'(z) for each unit of z, which is what the backward pass multiplies with.

    Parameters
    ----------
    layer : str, optional
        Name of an activation's layer; by default the first one.
    neuron, sample : int
        Which neuron, and which sample of the batch, from 0.

    Raises
    ------
    ValueError
        When attached: no activation of that name, a neuron that is not there.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(1, weight=[[1.0]], bias=[0.0]), nbann.Tanh()])
    >>> trainer = nbann.Trainer(net, ([[0.0]], [[1.0]]), loss="mean_squared_error")
    >>> _ = trainer.step("phase")
    >>> nbann.Dashboard(trainer, [nbann.panels.Tangent()]).describe()
    'Tangent: tanh1, neuron 0, sample 0: z 0, a 0, slope 1.00; largest slope 1.00 at z 0.'
    """

    title = "Tangent"
    frame = True
    margins = Margins(left=44, right=16, top=34, bottom=40)

    def __init__(self, layer: str | None = None, *, neuron: int = 0, sample: int = 0) -> None:
        super().__init__()
        self._wanted = layer
        self.neuron = whole_number("neuron", neuron, least=0)
        self.sample = whole_number("sample", sample, least=0)

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a net with an activation between its layers, else why not."""
        return None if _activations(trainer) else "this net has no activation with a curve."

    def _bind(self) -> None:
        known = _activations(self.trainer)
        self.layer = next(iter(known)) if self._wanted is None else self._wanted
        if self.layer not in known:
            raise UnknownNameError("activation layer", self.layer, tuple(known))
        self._activation = known[self.layer]
        ops = forward_ops(self.trainer.program)[self.layer]
        self._z, self._a = ops[0].reads[0], output_name(self.layer, ops)
        width = self.trainer[self._a].shape[-1]
        if self.neuron >= width:
            mend = f"Pass a neuron from 0 to {width - 1}."
            raise bad_value("neuron", f"a number below {width}", f"{self.neuron}", mend)
        self._limit = Limit(_REACH, steps=FINE)
        self._restart()

    def _restart(self) -> None:
        self._limit.restart()
        self._limit.fit(_REACH)

    # ---- numbers ---------------------------------------------------------------------------------
    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return z, f(z) and f'(z), as nbann itself computes them, over what is shown."""
        z = np.linspace(-self._limit.value, self._limit.value, _POINTS)
        one = Dense(1, name="z", weight=np.ones((1, 1)), bias=False)
        twin = Twin(
            Sequential([one, copy.copy(self._activation)]),
            (z[:, None], np.zeros((_POINTS, 1))),
            loss="mean_squared_error",
            batch_size=None,
        )
        twin.step("phase", 3)
        layer = next(iter(_activations(twin)))
        slopes = twin[f"{layer}.slope"][:, 0] if f"{layer}.slope" in twin.names else np.ones(len(z))
        return z, twin[f"{layer}.out"][:, 0].copy(), slopes.copy()

    def point(self) -> tuple[float, float, float] | None:
        """Return z, a and slope of the neuron; None where this batch has not come so far."""
        if not self.trainer.is_current(self._a):
            return None
        place = (min(self.sample, len(self.trainer[self._a]) - 1), ..., self.neuron)
        z, a = (float(np.ravel(self.trainer[name][place])[0]) for name in (self._z, self._a))
        name = f"{self.layer}.slope"
        if name in self.trainer.names and self.trainer.is_current(name):
            return z, a, float(np.ravel(self.trainer[name][place])[0])
        grid, _, slopes = self._known
        return z, a, float(np.interp(z, grid, slopes))

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        theme, ax = self.theme, self.ax
        ax.set_xlabel("z")
        ax.axhline(0, color=theme.faint, linewidth=THIN, zorder=0)
        ax.axvline(0, color=theme.faint, linewidth=THIN, zorder=0)
        self._lines = [
            self.moving(ax.plot([], [], color=theme.phases["forward"], linewidth=LINE)[0]),
            self.moving(ax.plot([], [], color=theme.phases["backward"], linestyle="--")[0]),
        ]
        self._tangent = self.moving(ax.plot([], [], color=theme.ink, linewidth=LINE)[0])
        self._dot = self.moving(ax.plot([], [], "o", color=theme.ink, markersize=6)[0])
        self.subtitle("solid: a = f(z); dashed: slope f'(z)")
        wide = self.header_room > text_width(_WIDEST, LABEL)
        # where the header has no room: below it, where no curve begins
        at = {"ha": "right", "va": "baseline"} if wide else {"ha": "left", "va": "top"}
        place = ((1, 1), (0, self.header)) if wide else ((0, 1), (6, -2))
        self._status = self.moving_text(*place, color=theme.muted, size=LABEL, **at)
        self._show_curve()

    def _show_curve(self) -> None:
        self._shown = self._limit.value
        self._known = z, a, slope = self.curve()
        for line, values in zip(self._lines, (a, slope), strict=True):
            line.set_data(z, values)
        low, high = min(a.min(), slope.min(), -0.2), max(a.max(), slope.max(), 1.2)
        room = 0.06 * (high - low)
        self.ax.set_xlim(z[0], z[-1])
        self.ax.set_ylim(low - room, high + room)
        self._changed = True

    def _refresh(self) -> None:
        point = self.point()
        if point is not None and np.isfinite(point[0]):
            self._limit.fit(abs(point[0]))
        if self._limit.value != self._shown:
            self._show_curve()
        if point is None or not np.isfinite(point).all():
            self._tangent.set_data([], [])
            self._dot.set_data([], [])
            self._status.set_text("not computed yet" if point is None else "not finite")
            return
        z, a, slope = point
        reach = 0.4 * self._limit.value
        self._tangent.set_data([z - reach, z + reach], [a - slope * reach, a + slope * reach])
        self._dot.set_data([z], [a])
        self._status.set_text(f"z {number(z)}, a {number(a)}, slope {number(slope)}")

    def _describe(self) -> str:
        who = f"{plain(self.layer)}, neuron {self.neuron}, sample {self.sample}"
        grid, _, slopes = self._known
        steepest = np.isclose(slopes, slopes.max(), rtol=1e-4)
        most = f"largest slope {number(float(slopes.max()))}"
        if steepest.mean() < 0.05:  # at one place, not all along a stretch
            most += f" at z {number(float(grid[np.argmax(slopes)]))}"
        point = self.point()
        if point is None:
            return f"{who}: not computed yet: press Step or call trainer.step(); {most}."
        z, a, slope = (number(value) for value in point)
        return f"{who}: z {z}, a {a}, slope {slope}; {most}."


def _activations(trainer: Trainer) -> dict[str, Activation]:
    """Return the activations that are layers of a net, by name; of softmax there is no curve."""
    layers = getattr(trainer.model, "layers", ())
    names = getattr(trainer.model, "names", ())
    ops = forward_ops(trainer.program)
    return {
        name: layer
        for name, layer in zip(names, layers, strict=False)
        if isinstance(layer, Activation) and layer.kind != "softmax" and name in ops
    }
