"""What a net of values says of a part of the data, and how far off it is; imports the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.losses.spread_losses import GaussianNLL, Pinball
from .asked import Asked, spaced
from .columns import column_of
from .plot import roomy
from .text import names_of, plain

if TYPE_CHECKING:
    from ..core.data.dataset import Dataset
    from ..core.trainer import Trainer

Floats = NDArray[np.floating]
Sides = tuple[Floats, Floats]
_GRID = 200  # points of a curve


class Answer(NamedTuple):
    """What a net says of samples, and of the points of a curve where there is one feature.

    `bounds` and `band` are two deviations below and above the mean, or the outermost quantiles;
    `curve` holds what is drawn as lines: the prediction, then each quantile.
    """

    predicted: Floats
    bounds: Sides | None
    curve: list[Floats]
    band: Sides | None


class Predicted:
    """One target of a part of the data, as it is and as the net has it.

    Parameters
    ----------
    trainer : Trainer
        Of values.
    data : Dataset
    target : int or str
        Which column of y, by number or name.

    Raises
    ------
    ValueError
        No such target.
    """

    def __init__(self, trainer: Trainer, data: Dataset, target: int | str) -> None:
        self._trainer = trainer
        rows = spaced(len(data))
        steps = trainer[trainer.program.output].ndim > 2
        self.X = data.X[rows]
        self._mask = None if data.mask is None else data.mask[rows]
        y = data.y[rows]
        y = y.reshape(*y.shape[: 2 if steps else 1], -1)
        names = names_of(data.target_names, y.shape[-1], "target ")
        self._column = column_of(target, names, "target")
        self.name = plain(names[self._column]) if y.shape[-1] > 1 or data.target_names else "value"
        self._there = np.ones(y.shape[:-1], bool)
        if steps and self._mask is not None:
            self._there = self._mask > 0
        self.true: Floats = y[..., self._column][self._there].astype(float)
        self.word = "time step" if steps else "sample"
        self.all = len(self.true) if steps else len(data)
        self.grid: Floats | None = None
        """The values of the single feature at which there is a curve; None where there is none."""
        single = self.X.ndim == 2 and self.X.shape[1] == 1
        if single and not trainer.model.takes_indices and not steps:
            self.grid = np.linspace(*roomy(self.X[:, 0], 0.03), _GRID)
        self._answer = Asked(trainer, self._ask)

    def answer(self) -> Answer:
        """Return what the net says with the weights of now."""
        return self._answer.now()

    def residuals(self) -> Floats:
        """Return true minus predicted values."""
        return self.true - self.answer().predicted

    def scores(self) -> tuple[float, float]:
        """Return R2 and the root mean squared error.

        ``R2 = 1 - sum(residual**2) / sum((true - mean(true))**2)``, NaN where all true values are
        the same.
        """
        with np.errstate(all="ignore"):
            squared = self.residuals() ** 2
            spread = ((self.true - self.true.mean()) ** 2).sum()
            r2 = 1 - squared.sum() / spread if spread > 0 else np.nan
            return float(r2), float(np.sqrt(squared.mean()))

    def _ask(self) -> Answer:
        (predicted, *_), bounds = self._read(self.X, self._mask)
        values = [v[self._there] for v in (predicted, *(bounds or ()))]
        found = None if bounds is None else (values[1], values[2])
        if self.grid is None:
            return Answer(values[0], found, [], None)
        curve, band = self._read(self.grid[:, None], None)
        return Answer(values[0], found, curve, band)

    def _read(self, X: Floats, mask: Any) -> tuple[list[Floats], Sides | None]:
        """Return the predicted values, then every quantile, and bounds where there are any."""
        loss, task = self._trainer.loss, self._trainer.task
        with np.errstate(all="ignore"):
            outputs = self._trainer.activations(self._trainer.program.output, X, mask)
            lines = [self._one(loss.point(outputs, task), outputs)]
            if isinstance(loss, GaussianNLL):
                off = 2 * self._one(loss.std(outputs), outputs)
                return lines, (lines[0] - off, lines[0] + off)
            if isinstance(loss, Pinball) and len(loss.quantiles) > 1:
                lines += [self._one(loss.quantile(outputs, q), outputs) for q in loss.quantiles]
                return lines, (lines[1], lines[-1])
        return lines, None

    def _one(self, values: Floats, outputs: Floats) -> Floats:
        """Return the target that is shown, of values (n,) or (n, k), with time steps or without."""
        return values.reshape(*outputs.shape[:-1], -1)[..., self._column].astype(float)
