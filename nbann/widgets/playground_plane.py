"""The plane of a playground: answers over it, neurons' pictures, words.

All of it are small arrays; the browser colors them. Imports panels and the core.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.data.features import computed
from nbann.core.trainer import Trainer
from nbann.panels.features import telling_features

from .frames import Frame
from .playground_build import Parts
from .playground_choices import CLASSES, DRAWN, SETS
from .playground_net import GRID, MOST_SHOWN, SMALL, curves, shown_terms, shown_weights

MOST_MARKS = 1500
"""Points of the data that are drawn, of each part."""
EDGE = 6.0  # as in TensorFlow Playground, whose sets have their middle at 0

Floats = NDArray[np.float64]
Shares = tuple[Floats, Floats]
"""The likeliest class of each point, and how sure the net is of it, in [0, 1]."""


class Plane:
    """The plane of a setup's data, and what a trainer's net says over it.

    Over one column it is a line: the curve of predicted values over it.

    Parameters
    ----------
    parts : Parts
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.columns = self._columns()
        self.box = self._box()
        self.samples = self._samples()
        self.inputs = parts.inputs(self.samples)
        y = parts.raw.y.astype(float)
        self.center = 0.0 if self.is_classes else float(y.mean())
        self.spread = 1.0 if self.is_classes else float(np.abs(y - self.center).max()) or 1.0

    @property
    def is_classes(self) -> bool:
        """Whether classes are told apart, rather than values predicted."""
        return self.parts.setup.task == CLASSES

    @property
    def is_line(self) -> bool:
        """Whether the data have a single column."""
        return len(self.columns) == 1

    def _columns(self) -> tuple[int, ...]:
        count = self.parts.raw.X.shape[1]
        if count <= 2:
            return tuple(range(count))
        return telling_features(self.parts.raw)

    def _box(self) -> list[list[float]]:
        """Return the limits of each axis."""
        setup, raw = self.parts.setup, self.parts.raw
        sides = [raw.X[:, column] for column in self.columns]
        if self.is_line:
            sides.append(raw.y)
        centered = setup.data in SETS and setup.data not in ("moons", "sine")
        if setup.data == DRAWN or (centered and setup.columns == 2):
            far = max(EDGE, 1.02 * float(max(np.abs(side).max() for side in sides)))
            return [[-far, far]] * 2
        box = []
        for side in sides:
            low, high = float(side.min()), float(side.max())
            room = 0.1 * (high - low) or 1.0
            box.append([low - room, high + room])
        return box

    def _samples(self) -> Floats:
        """Return the samples over which the net is asked, row by row from the lower left."""
        across = np.linspace(self.box[0][0], self.box[0][1], GRID)
        if self.is_line:
            return across[:, None]
        up = np.linspace(self.box[1][0], self.box[1][1], GRID)
        samples = np.tile(self.parts.raw.X.mean(axis=0), (GRID**2, 1))
        samples[:, self.columns[0]] = np.tile(across, GRID)
        samples[:, self.columns[1]] = np.repeat(up, GRID)
        return samples

    # ---- what stays while the data do ------------------------------------------------------------
    def told(self) -> dict[str, Any]:
        """Return the axes, the points and the classes, in plain data."""
        raw, test = self.parts.raw, self.parts.raw_test
        names = [raw.feature_names[column] for column in self.columns]
        if self.is_line:
            names.append((*raw.target_names, "y")[0])
        others = raw.X.shape[1] - len(self.columns)
        return {
            "kind": "line" if self.is_line else "classes" if self.is_classes else "values",
            "box": self.box,
            "axes": [name[:80] for name in names],
            "held": others,
            "classes": self.classes(),
            "train": self._marks(raw),
            "test": [] if test is None else self._marks(test),
            "range": [self.center - self.spread, self.center + self.spread],
        }

    def classes(self) -> list[str]:
        """Return the names of the classes, cut to a length that fits."""
        count, names = self.parts.setup.class_count, self.parts.raw.target_names
        return [(names[k] if k < len(names) else f"class {k}")[:80] for k in range(count)]

    def _marks(self, data: Any) -> Any:
        """Return points as [x, y, class or value]; the newest are always among them."""
        first = max(0, len(data) - MOST_MARKS)
        X, y = data.X[first:], data.y[first:]
        x1 = X[:, self.columns[0]]
        x2 = y if self.is_line else X[:, self.columns[1]]
        return np.round(np.column_stack([x1, x2, y]).astype(float), 4).tolist()

    def feature_pictures(self) -> Frame:
        """Return what every feature that is offered looks like over the plane."""
        setup, raw = self.parts.setup, self.parts.raw
        X, _ = computed(self.samples, raw.feature_names, shown_terms(setup))
        middle = np.median(X, axis=0) if setup.columns > 2 else np.zeros(X.shape[1])
        return {}, [self._pictures((X - middle).T, own_scale=True)]

    # ---- what moves ------------------------------------------------------------------------------
    def frame(self, trainer: Trainer, *, discretize: bool) -> Frame:
        """Return the answers over the plane, each neuron's picture, the weights, the curves."""
        with np.errstate(all="ignore"):  # of a net that has gone astray
            return self._frame(trainer, discretize=discretize)

    def _frame(self, trainer: Trainer, *, discretize: bool) -> Frame:
        weights = [np.asarray(w, np.float32) for w in shown_weights(trainer, self.parts)]
        shares = self.shares(trainer) if self.is_classes else None
        message = {"words": self.describe(trainer, shares)}
        buffers = [
            self._answers(trainer, shares, discretize=discretize),
            self._pictures(self._neurons(trainer), own_scale=False),
            np.concatenate([w.ravel() for w in weights]).tobytes(),
            curves(trainer),
        ]
        return message, buffers

    def _answers(self, trainer: Trainer, shares: Shares | None, *, discretize: bool) -> bytes:
        """Return one byte a point for values (-127 to 127), two for classes (which, how sure)."""
        if self.is_line:
            return np.asarray(trainer.predict(self.inputs), np.float32).ravel().tobytes()
        if shares is None:
            values = np.asarray(trainer.predict(self.inputs), float).ravel() - self.center
            share = np.clip(np.nan_to_num(values / self.spread), -1, 1)
            share = np.sign(share) if discretize else share
            return np.round(127 * share).astype(np.int8).tobytes()
        best, sure = shares
        sure = np.ones_like(sure) if discretize else sure
        return np.concatenate([best, np.round(255 * sure)]).astype(np.uint8).tobytes()

    def shares(self, trainer: Trainer) -> Shares:
        """Return the likeliest class of each point of the grid, and how sure the net is of it."""
        if not trainer.gives_probabilities:
            # a margin of 1 is what a hinge asks for
            scores = trainer.activations("output.out", self.inputs)[:, 0]
            best = trainer.predict(self.inputs)
            return best.astype(float), np.clip(np.nan_to_num(np.abs(scores)), 0, 1)
        p = np.nan_to_num(trainer.predict_proba(self.inputs))
        count = p.shape[1]
        best = p.argmax(axis=1)
        return best.astype(float), np.clip((p.max(axis=1) * count - 1) / (count - 1), 0, 1)

    def _neurons(self, trainer: Trainer) -> Floats:
        """Return what each neuron that is shown answers over the grid, one row each."""
        names = [f"act{place}.out" for place in range(1, len(self.parts.setup.layers) + 1)]
        found = [
            trainer.activations(name, self.inputs)[:, :MOST_SHOWN].T
            for name in (*names, "output.out")
        ]
        if not self.is_classes:  # centered, as the plane is
            found[-1] = (found[-1] - self.center) / self.spread
        return np.concatenate(found)

    def _pictures(self, values: Floats, *, own_scale: bool) -> bytes:
        """Return rows of numbers over the grid as pictures of one signed byte a point."""
        size = np.abs(np.nan_to_num(values)).max(axis=1, keepdims=True)
        limit = np.where(size > 0, size, 1.0) if own_scale else np.maximum(size, 1.0)
        share = np.round(127 * np.clip(np.nan_to_num(values / limit), -1, 1)).astype(np.int8)
        if self.is_line:
            small = np.repeat(share[:, None, ::2], SMALL, axis=1)
        else:
            small = share.reshape(-1, GRID, GRID)[:, ::2, ::2]
        return np.ascontiguousarray(small).tobytes()

    # ---- words -----------------------------------------------------------------------------------
    def describe(self, trainer: Trainer, shares: Shares | None = None) -> str:
        """Return in words what the plane shows."""
        names = [self.parts.raw.feature_names[column][:40] for column in self.columns]
        where = f"over {' and '.join(names)}"
        if not self.is_classes:
            values = np.asarray(trainer.predict(self.inputs), float)
            if not np.isfinite(values).all():
                return f"Predicted value {where}: not numbers everywhere."
            return f"Predicted value {where}: from {values.min():.3g} to {values.max():.3g}."
        best, _ = self.shares(trainer) if shares is None else shares
        counts = np.bincount(best.astype(int), minlength=self.parts.setup.class_count)
        shares_of = zip(self.classes(), 100 * counts / best.size, strict=False)
        parts = [f"{name[:40]} {percent:.0f}%" for name, percent in shares_of]
        return f"Classes {where}, share of the area: {', '.join(parts)}."
