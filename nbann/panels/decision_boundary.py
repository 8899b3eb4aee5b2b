"""What the net answers over the plane of two features; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, bad_value
from .base import Margins, Panel
from .field import class_colors, stretch
from .legend import draw_legend
from .pixels import Pixels
from .scale import largest
from .style import MARKERS, SMALL, marker_size
from .text import counted, listed, literal, names_of, number, plain

if TYPE_CHECKING:
    from ..core.data.dataset import Dataset
    from ..core.trainer import Trainer

MOST_POINTS = 2000
"""Training points that are drawn; of more, evenly spaced ones."""


class DecisionBoundary(Panel):
    """Class regions (or predicted values) over two features, with the training points.

    Further features are held at their mean over the training data. The stronger a tint, the surer
    the net; points that it gets wrong (with all their own features) are ringed.

    Parameters
    ----------
    features : pair of int or str
        Which two features, by column (from 0; negative counts from the end) or by name. By default,
        where there are more than two, those that tell most about the target one by one.
    resolution : int
        Points of the grid on each axis, at least 2; colors between them are interpolated.
    """

    title = "Decision boundary"
    margins = Margins(left=50, right=12, top=46, bottom=40)
    frame = True

    def __init__(
        self, features: Sequence[int | str] | None = None, *, resolution: int = 80
    ) -> None:
        super().__init__()
        if features is not None and (isinstance(features, str) or len(tuple(features)) != 2):
            raise bad_value(
                "features", "two columns or names", repr(features), "Pass e.g. features=(0, 1)."
            )
        self.features = None if features is None else tuple(features)
        self.resolution = whole_number("resolution", resolution, least=2)
        self._asked: dict[str, NDArray[np.floating]] = {}
        self._silenced: frozenset[tuple[str, int]] = frozenset()

    def __repr__(self) -> str:
        return (
            "DecisionBoundary()"
            if self.features is None
            else f"DecisionBoundary(features={self.features!r})"
        )

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for two or more features and classes or a single value; else the reason."""
        if trainer.train_data.X.ndim != 2 or trainer.model.takes_indices:
            return "needs rows of measured features; this net reads sequences or things by number."
        count = trainer.train_data.X.shape[1]
        if count < 2:
            return f"needs two features to span a plane; the data has {count}."
        if trainer.task == "several":
            return "shows classes or one predicted value; this net has several heads."
        outputs = trainer[trainer.program.output].shape[-1]
        if trainer.task == "classification" and trainer.train_data.y.ndim > 1 and outputs > 1:
            return "shows one class for each point; here a sample may have several labels at once."
        if trainer.task != "classification" and outputs > 1:
            # a mean and how sure it is are one value
            values = trainer.loss.predict(np.zeros((1, outputs)), trainer.task)[0].size
            if values > 1:
                what = "shows classes or one predicted value"
                return f"{what}; this net predicts {values} values at once."
        return None

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._asked = {}
        data = self.trainer.train_data
        features = telling_features(data) if self.features is None else self.features
        self._columns = tuple(_column(f, data) for f in features)
        if self._columns[0] == self._columns[1]:
            raise bad_value(
                "features", "two different ones", repr(self.features), "Pass e.g. features=(0, 1)."
            )
        rows = np.unique(np.linspace(0, len(data) - 1, min(len(data), MOST_POINTS)).astype(int))
        self._X, self._y = data.X[rows], data.y[rows].reshape(len(rows), -1)[:, 0]
        plane = data.X[:, self._columns]
        low, high = plane.min(axis=0), plane.max(axis=0)
        room = 0.08 * np.where(high > low, high - low, 1.0)
        self._box = np.column_stack([low - room, high + room])
        self._classes = self.trainer.task == "classification"
        self.title = "Decision boundary" if self._classes else "Predicted value"
        count = max(2, self.trainer[self.trainer.program.output].shape[1]) if self._classes else 0
        self._names = names_of(data.target_names, count, "class ")
        self._center = 0.0 if self._classes else float(np.mean(data.y))
        self._spread = 1.0 if self._classes else largest(data.y - self._center) or 1.0

    @property
    def grid(self) -> NDArray[np.float64]:
        """The samples over which the net is asked, row by row from the lower left."""
        across, up = (np.linspace(*side, self.resolution) for side in self._box)
        samples = np.tile(self.trainer.train_data.X.mean(axis=0), (self.resolution**2, 1))
        samples[:, self._columns[0]] = np.tile(across, self.resolution)
        samples[:, self._columns[1]] = np.repeat(up, self.resolution)
        return samples

    def answers(self) -> NDArray[np.float64]:
        """Return class probabilities (or values) over the grid, shape (rows, columns, classes)."""
        self._ask_again()
        return self._answers

    def wrong(self) -> NDArray[np.bool_]:
        """Return for each training point that is drawn whether it is classified wrongly."""
        self._ask_again()
        return self._wrong

    def _ask_again(self) -> None:
        """Ask the net over the grid if it has changed since; most ops change no parameter."""
        now, silenced = self.trainer.learned, self.trainer.restraints.silenced
        if (self._asked.keys(), self._silenced) == (now.keys(), silenced) and all(
            np.array_equal(now[n], a) for n, a in self._asked.items()
        ):
            return
        self._silenced = silenced
        self._asked = {name: array.copy() for name, array in now.items()}
        answers = self._shares() if self._classes else self.trainer.predict(self.grid)
        self._answers = np.asarray(answers, float).reshape(self.resolution, self.resolution, -1)
        self._wrong = (
            self.trainer.predict(self._X) != self._y
            if self._classes
            else np.zeros(len(self._y), bool)
        )

    def _shares(self) -> NDArray[np.floating]:
        """Return each class's probability; if the net gives none, 1 for the class it predicts."""
        if self.trainer.gives_probabilities:
            return self.trainer.predict_proba(self.grid)
        return np.eye(len(self._names))[self.trainer.predict(self.grid)]

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._painted: NDArray[np.float64] | None = None
        data, width, height = self.trainer.train_data, *self.size
        scaled = "" if data.scaling is None else ", standardized"
        labels = [
            literal(plain(data.feature_names[column], 200), room - 90, SMALL) + scaled
            for column, room in zip(self._columns, (width, height + 90), strict=True)
        ]
        look = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.set_xlabel(labels[0], labelpad=2, **look)
        self.ax.set_ylabel(labels[1], labelpad=2, **look)
        self.ax.set(xlim=self._box[0], ylim=self._box[1])
        blank = np.zeros((1, 1, 4), np.uint8)
        look = {"extent": self._box.ravel(), "origin": "lower", "interpolation": "nearest"}
        self._image = self.moving(Pixels(self.ax, **look))
        self._image.set_data(blank)
        self._image.set_clip_path(self.ax.patch)
        self.ax.add_image(self._image)
        self.ax.set(xlim=self._box[0], ylim=self._box[1])
        if self._classes:
            self._draw_classes()
        else:
            self._draw_values()
        ring = {
            "marker": "o",
            "markersize": 8.0,
            "markerfacecolor": "none",
            "markeredgecolor": self.theme.ink,
        }
        self._rings = self.moving(
            self.ax.plot([], [], linestyle="none", markeredgewidth=0.9, **ring)[0]
        )
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )

    def _draw_classes(self) -> None:
        draw_legend(self, self._names, above=10)
        for k in range(len(self._names)):
            x, y = self._X[self._y == k][:, self._columns].T
            look = {
                "markerfacecolor": self.theme.class_color(k),
                "markeredgecolor": self.theme.background,
            }
            marker, size = MARKERS[k % len(MARKERS)], marker_size(k)
            self.moving(
                self.ax.plot(x, y, marker, markersize=size, markeredgewidth=0.45, **look)[0]
            )

    def _draw_values(self) -> None:
        x, y = self._X[:, self._columns].T
        colors = self.theme.diverging(self._y - self._center, self._spread) / 255
        self.moving(
            self.ax.scatter(
                x, y, s=18, linewidths=0.7, edgecolors=self.theme.ink, facecolors=colors
            )
        )
        low, middle, high = (number(self._center + side * self._spread) for side in (-1, 0, 1))
        key = f"blue {low}, neutral {middle} (the mean), orange {high}; points: data"
        self.still_text(
            literal(key, self.size[0], SMALL),
            (0, 1),
            (0, 10),
            color=self.theme.muted,
            size=SMALL,
            va="center",
        )

    def _refresh(self) -> None:
        width, height = self.size
        self._ask_again()
        if self._painted is self._answers:  # which may be newer than the picture: words ask, too
            return
        self._painted = self._answers
        answers = stretch(self._answers, round(height), round(width))
        if self._classes:
            self._image.set_data(class_colors(answers, self.theme))
            wrong = self.wrong()
            self._rings.set_data(*self._X[wrong][:, self._columns].T)
            self._status.set_text(f"ringed: {int(wrong.sum()):,} wrong")
            return
        values = answers[..., 0] - self._center
        self._image.set_data(self.theme.diverging(values, self._spread))

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        data = self.trainer.train_data
        across, up = (plain(data.feature_names[c]) for c in self._columns)
        others = data.X.shape[1] - 2
        where = f"over {across} and {up}"
        if others:
            where += f", the other {others} held at {'its' if others == 1 else 'their'} mean"
        answers = self.answers()
        if not np.isfinite(answers).all():
            return f"{where}; the net's outputs are not numbers (NaN or infinity) everywhere."
        if not self._classes:
            low, high = number(float(answers.min())), number(float(answers.max()))
            return f"{where}; from {low} to {high}."
        shares = (
            np.bincount(answers.argmax(axis=2).ravel(), minlength=len(self._names))
            / self.resolution**2
        )
        regions = listed(
            f"{plain(n)} {100 * s:.0f}%" for n, s in zip(self._names, shares, strict=True)
        )
        mean = number(float(answers.max(axis=2).mean()))
        sure = f"the likeliest class has probability {mean} on average"
        if not self.trainer.gives_probabilities:
            sure = "this net gives no probabilities"
        points = f"{int(self.wrong().sum()):,} of {counted(len(self._y), 'training point')} wrong"
        return f"{where}; share of the area: {regions}; {sure}; {points}."


def telling_features(data: Dataset) -> tuple[int, int]:
    """Return the two columns that tell most about the target, each by itself, in order of columns.

    For classes the ratio of the variance between them to that within them (Fisher's F), for values
    the correlation; of columns that tell nothing the first ones.
    """
    X, y = data.X, data.y.reshape(len(data.y), -1)[:, 0]
    if data.task == "classification":
        groups = [X[y == label] for label in np.unique(y)]
        between = sum(len(g) * (g.mean(axis=0) - X.mean(axis=0)) ** 2 for g in groups)
        within = sum(((g - g.mean(axis=0)) ** 2).sum(axis=0) for g in groups)
    else:
        centered = X - X.mean(axis=0)
        between = (centered.T @ (y - y.mean())) ** 2
        within = (centered**2).sum(axis=0)
    told = np.divide(between, within, out=np.zeros(X.shape[1]), where=within > 0)
    first, second = sorted(np.argsort(-np.round(told, 12), kind="stable")[:2])
    return int(first), int(second)


def _column(feature: int | str, data: Dataset) -> int:
    """Return a feature's column, given by number or name."""
    names = [str(n) for n in data.feature_names]
    if isinstance(feature, str):
        if feature not in names:
            raise UnknownNameError("feature", feature, names)
        return names.index(feature)
    count = len(names)
    if (
        isinstance(feature, bool)
        or not isinstance(feature, (int, np.integer))
        or not -count <= feature < count
    ):
        raise bad_value(
            "features",
            f"columns from 0 to {count - 1} or names",
            repr(feature),
            "Pass e.g. (0, 1).",
        )
    return int(feature) % count
