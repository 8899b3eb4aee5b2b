"""What models give back of samples, and how far off it is; imports the core."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.data.glimpse import glimpse
from ..core.errors import bad_value
from ..core.models.autoencoder import Autoencoder
from ..core.models.bam import BAM, BAMRecall
from ..core.models.hopfield import Hopfield
from ..core.models.hopfield_recall import HopfieldRecall
from ..core.models.som import SOM

if TYPE_CHECKING:
    from ..core.data.dataset import Dataset
    from ..core.trainer import Trainer

Floats = NDArray[np.floating]
Rows = NDArray[np.intp]
Shape = tuple[int, int]
MEMORIES = (Hopfield, BAM, HopfieldRecall, BAMRecall)
RECALLS = (HopfieldRecall, BAMRecall)
_WHAT = "shows samples and what is given back of them"


class Strip(NamedTuple):
    """One row of the picture: its name, a sample's numbers in each of its rows, and their shape."""

    name: str
    values: Floats
    shape: Shape


def why_not(trainer: Trainer) -> str | None:
    """Return None for a model that gives back its samples; else the reason."""
    data = glimpse(trainer.train_data)
    if isinstance(trainer.model, MEMORIES):
        return None
    if isinstance(trainer.model, SOM):
        return f"{_WHAT}; a map groups them (see SOMMap)."
    if data.task != "unsupervised":
        return f"{_WHAT}; this net predicts something else."
    if trainer.model.takes_indices or trainer[trainer.program.output].shape != trainer["x"].shape:
        return f"{_WHAT}; outputs here are no samples."
    if data.X.ndim > 3:
        return f"draws samples of one axis or two; here they have {data.X.ndim - 1}."
    return None


class GivenBack:
    """Samples of a part of the data, and what a trainer's model gives back of them now.

    Parameters
    ----------
    trainer : Trainer
        For which `why_not` knows no reason.
    data : Dataset
    shape : (int, int), optional
        Rows and columns of a sample's picture.

    Raises
    ------
    ValueError
        A shape of another number of cells than a sample has numbers.
    """

    def __init__(self, trainer: Trainer, data: Dataset, shape: Shape | None) -> None:
        self.trainer, self.data, self.model = trainer, data, trainer.model
        self.recalls = isinstance(self.model, RECALLS)
        """Whether it is a recall, from one probe, and no training."""
        self.patterns = isinstance(self.model, MEMORIES)
        """Whether the numbers are units of -1 and 1."""
        self._shape = self._shape_of(shape)
        # something else than the sample itself is to be given back: it is noisy
        self._another = data.task == "unsupervised" and data.y is not data.X

    @property
    def units(self) -> int:
        """How many units there are to be right in a pattern."""
        if isinstance(self.model, Hopfield):
            return int(self.data.X.shape[1])
        return int(self.data.y.reshape(len(self.data), -1).shape[1])

    def _shape_of(self, asked: Shape | None) -> Shape:
        features: tuple[int, ...] = self.data.X.shape[1:]
        if isinstance(self.model, RECALLS):
            features = np.shape(self.model.weight)[:1]
        size = math.prod(features)
        if asked is not None:
            if math.prod(asked) != size:
                mend = "Pass rows and columns, e.g. shape=(8, 8)."
                expected = f"{size} cells, one for each number of a sample"
                raise bad_value("shape", expected, f"{asked}", mend)
            return asked
        if len(features) == 2:  # time to the right
            return features[1], features[0]
        return cells_of(size)

    # ---- asking the model ------------------------------------------------------------------------
    def strips(self, rows: Rows) -> list[Strip]:
        """Return samples first, and last what is given back of them."""
        if self.recalls:
            return self._recalled()
        X, y, mask = self._part(rows)
        back = self._back(X, mask)
        if isinstance(self.model, BAM):
            names, wide = ("y stored", "y recalled"), cells_of(self.units)
            pair = (bipolar(y), back.reshape(len(X), -1))
            both = [Strip(name, values, wide) for name, values in zip(names, pair, strict=True)]
            return [Strip("x", bipolar(X), self._shape), *both]
        if isinstance(self.model, Hopfield):
            pair = (bipolar(X), back)
            names = ("stored", "after a step")
        else:
            pair, names = (self._laid(X, mask), self._laid(back, mask)), ("sample", "given back")
        found = [Strip(name, v, self._shape) for name, v in zip(names, pair, strict=True)]
        if self._another:
            wanted = Strip("wanted", self._laid(y, mask), self._shape)
            return [found[0]._replace(name="noisy"), wanted, found[1]]
        return found

    def _recalled(self) -> list[Strip]:
        """Return the probe of a recall and the states of now."""
        model, trainer = self.model, self.trainer
        if isinstance(model, HopfieldRecall):
            now = trainer["hopfield.state"][None]
            values = {"probe": bipolar(np.asarray(model.state)[None]), "now": now}
            return [Strip(name, v, self._shape) for name, v in values.items()]
        assert isinstance(model, BAMRecall)  # the other kind of recall
        probe = bipolar(np.asarray(model.state)[None])
        shapes = {"x": self._shape, "y": cells_of(trainer["bam.y"].shape[1])}
        now_ones = [Strip(f"{s} now", trainer[f"bam.{s}"], shape) for s, shape in shapes.items()]
        return [Strip(f"{model.side} probe", probe, shapes[model.side]), *now_ones]

    def errors(self, rows: Rows) -> Floats:
        """Return each sample's error, NaN where an output is none.

        The mean squared error over a sample's numbers; of patterns, the units that are wrong.
        """
        X, y, mask = self._part(rows)
        back = self._back(X, mask)
        if self.patterns:
            wanted = bipolar(X if isinstance(self.model, Hopfield) else y)
            return np.asarray((back.reshape(len(X), -1) != wanted).sum(axis=1), float)
        with np.errstate(all="ignore"):
            squared = (back - (y if self._another else X)) ** 2
        if mask is None:
            return np.asarray(squared.reshape(len(X), -1).mean(axis=1), float)
        there = mask.reshape(*mask.shape, *[1] * (X.ndim - 2))
        there = np.broadcast_to(there > 0, X.shape).reshape(len(X), -1)
        total = np.where(there, squared.reshape(len(X), -1), 0.0).sum(axis=1)
        return np.asarray(total / there.sum(axis=1), float)

    def turned(self) -> tuple[int, int]:
        """Return how many units of a recall are not as in the probe, and how many there are."""
        probe, *now = self._recalled()
        side = probe.name.replace("probe", "now")
        (units,) = (strip.values[0] for strip in now if strip.name == side)
        return int((units != probe.values[0]).sum()), len(units)

    def _part(self, rows: Rows) -> tuple[Floats, Any, Any]:
        data = self.data
        return data.X[rows], data.y[rows], None if data.mask is None else data.mask[rows]

    def _back(self, X: Floats, mask: Any) -> Floats:
        with np.errstate(all="ignore"):
            if isinstance(self.model, Autoencoder):
                return self.model.reconstruct(self.trainer, X, mask)
            return self.trainer.predict(X, mask)

    def _laid(self, values: Floats, mask: Any) -> Floats:
        """Return samples (n, numbers): of sequences features first, NaN where no step is."""
        if mask is not None:
            there = mask.reshape(*mask.shape, *[1] * (values.ndim - 2)) > 0
            values = np.where(there, values, np.nan)
        if values.ndim == 3:
            values = values.transpose(0, 2, 1)
        return values.reshape(len(values), -1)


def cells_of(size: int) -> Shape:
    """Return rows and columns of a square of at least 3 by 3, or else a single row."""
    side = math.isqrt(size)
    return (side, side) if side * side == size and side > 2 else (1, size)


def bipolar(patterns: Any) -> Floats:
    """Return patterns (n, units) of 0 and 1, or of -1 and 1, as -1 and 1."""
    array = np.asarray(patterns)
    return np.where(array.reshape(len(array), -1) > 0, 1.0, -1.0)
