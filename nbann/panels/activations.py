"""What each layer gives over the batch, as histograms; imports matplotlib and the core.

Shares of zeros and of saturated outputs are those of `nbann.layer_stats`; of many layers a strip of
quantiles is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnknownNameError, bad_value
from ..core.scoring.layer_arrays import layer_outputs
from ..core.scoring.layer_stats import layer_stats
from ..core.scoring.layer_table import LayerStat
from .activation_cells import Cells, grid
from .activation_numbers import Histogram, histogram, quantiles
from .activation_strip import Strip
from .base import Margins, Panel
from .scale import rounding
from .text import counted, number, percent, plain

if TYPE_CHECKING:
    from ..core.trainer import Trainer

_TOLD = 8  # layers that are described one by one
_EMPTY = "nothing computed in this batch yet:\npress Step or call trainer.step()"


class Activations(Panel):
    """A histogram of every layer's outputs over the loaded batch, from input to output.

    Numbers below 0 are blue and above 0 orange; those that are exactly 0 are a gray bar of their
    own. Over each stands what share is 0, of a ReLU's units what share is dead (0 in every row),
    and of a sigmoid's or tanh's outputs what share is saturated, as `nbann.layer_stats` has it.
    Layers that have not run in this batch say so.

    More layers than there is room for become a strip: for each a line from the least to the
    greatest number, bands from the 5th to the 95th and the 25th to the 75th percentile, and a tick
    at the median; on a logarithmic scale beyond the size of the smallest layer, where they are more
    than a thousandfold apart.

    Parameters
    ----------
    layers : sequence of str, optional
        Full names of those to show, such as ("hidden", "relu1"); all of them if left out.

    Raises
    ------
    ValueError
        No layer; when attached, a name that no layer has.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor())
    >>> nbann.Dashboard(trainer, ["activations"]).describe()
    'Activations: no layer has run in this batch yet: press Step or call trainer.step().'
    """

    title = "Activations"
    margins = Margins(left=14, right=14, top=32, bottom=10)

    def __init__(self, layers: Sequence[str] | None = None) -> None:
        super().__init__()
        if layers is not None:
            layers = (layers,) if isinstance(layers, str) else tuple(layers)
            if not layers:
                mend = "Pass e.g. layers=('hidden',), or leave it out."
                raise bad_value("layers", "names of layers", "none", mend)
        self._wanted = layers

    def __repr__(self) -> str:
        return f"Activations({'' if self._wanted is None else repr(self._wanted)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a net of layers, else why not."""
        if layer_outputs(trainer):
            return None
        return (
            f"{type(trainer.model).__name__} has no forward pass through layers; its arrays are in "
            f"trainer.names."
        )

    def _bind(self) -> None:
        known = tuple(layer_outputs(self.trainer))
        for name in self._wanted or ():
            if name not in known:
                raise UnknownNameError("layer", name, known)
        self.layers = known if self._wanted is None else self._wanted

    # ---- numbers ---------------------------------------------------------------------------------
    def outputs(self) -> dict[str, NDArray[Any] | None]:
        """Return what each layer gives; None for what this batch has not computed."""
        outputs = layer_outputs(self.trainer)
        return {name: outputs[name] for name in self.layers}

    def histograms(self) -> dict[str, Histogram | None]:
        """Return the counted outputs of each layer; None for what this batch has not computed."""
        return {n: None if a is None else histogram(a) for n, a in self.outputs().items()}

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        cells = grid(len(self.layers), width, height)
        self.cells = Cells(self, self.layers, cells) if cells else None
        self.strip = None if cells else Strip(self, self.layers)
        look = {"ha": "center", "va": "center", "linespacing": 1.5}
        self._empty = self.moving_text((0.5, 0.5), color=self.theme.muted, **look)

    def _refresh(self) -> None:
        outputs = self.outputs()
        computed = np.array([array is not None for array in outputs.values()])
        if self.cells is not None:
            stats = {stat.layer: stat for stat in layer_stats(self.trainer)}
            waits = "not computed yet" if computed.any() else ""
            words = [
                waits if array is None else ", ".join(_shares(stats[name], array))
                for name, array in outputs.items()
            ]
            self.cells.show(self.histograms(), words)
        elif self.strip is not None:
            self.strip.show(quantiles(outputs), computed)
        self._empty.set_text("" if computed.any() else _EMPTY)

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        every = self.outputs()
        stats = {stat.layer: stat for stat in layer_stats(self.trainer)}
        known = [(stats[name], array) for name, array in every.items() if array is not None]
        if not known:
            return "no layer has run in this batch yet: press Step or call trainer.step()."
        rest = len(every) - len(known)
        missing = [f"{counted(rest, 'layer')} not computed in this batch yet"] if rest else []
        most = [_words(stat, array) for stat, array in known[:_TOLD]]
        more = [f"and {counted(len(known) - _TOLD, 'layer')} more"] if len(known) > _TOLD else []
        extremes = _extremes(known) if more else []
        return "; ".join([*most, *more, *extremes, *missing]) + "."


def _words(stat: LayerStat, array: NDArray[Any]) -> str:
    """Say how one layer's outputs lie."""
    name = plain(stat.layer)
    if stat.mean is None or stat.min is None or stat.max is None:
        return f"{name}: none of {array.size} outputs is a finite number"
    noise = rounding(array)
    low, high, mean = (number(n, noise=noise) for n in (stat.min, stat.max, stat.mean))
    parts = [f"from {low} to {high}, mean {mean}"]
    return f"{name}: {', '.join(parts + _shares(stat, array))}"


def _shares(stat: LayerStat, array: NDArray[Any]) -> list[str]:
    """Return what shares of a layer's outputs or units ail."""
    zeros = 1 - np.count_nonzero(array) / array.size
    parts = [f"{stat.not_finite} not finite"] if stat.not_finite else []
    parts += [f"{percent(zeros)} zero"] if zeros else []
    parts += [f"{percent(stat.dead)} dead"] if stat.dead else []
    parts += [f"{percent(stat.saturated)} saturated"] if stat.saturated else []
    return parts


def _extremes(known: Sequence[tuple[LayerStat, NDArray[Any]]]) -> list[str]:
    """Return, of many layers, which give most and least different numbers, and how ill they are."""
    stats = [stat for stat, _ in known]
    spreads = [
        (0.0 if stat.std <= rounding(array) else stat.std, stat.layer)
        for stat, array in known
        if stat.std is not None
    ]
    parts = []
    if spreads:
        (low, narrow), (high, wide) = min(spreads), max(spreads)
        parts.append(
            f"std from {number(low)} at {plain(narrow)} to {number(high)} at {plain(wide)} "
            f"over all {len(stats)}"
        )
    for name, what in (("dead", "of its units dead"), ("saturated", "saturated")):
        shares = [(share, stat.layer) for stat in stats if (share := getattr(stat, name))]
        if shares:
            share, layer = max(shares)
            parts.append(f"most {what}: {percent(share)} at {plain(layer)}")
    return parts
