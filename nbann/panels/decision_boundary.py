"""What the net answers over one or two features; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.data.glimpse import glimpse
from ..core.errors import bad_value
from .base import Margins, Panel
from .decision_line import DecisionLine
from .features import feature_column, telling_features
from .field import class_colors, stretch
from .legend import draw_legend
from .pixels import Pixels
from .scale import largest
from .style import MARKERS, SMALL, marker_size
from .text import counted, listed, literal, names_of, number, plain

if TYPE_CHECKING:
    from ..core.trainer import Trainer

MOST_POINTS = 2000
"""Training points that are drawn; of more, evenly spaced ones."""


class DecisionBoundary(Panel):
    """Class regions (or predicted values) over one or two features, with the training points.

    Further features are held at their mean over the training data, or at those of a sample. The
    stronger a tint, the surer the net; points that it gets wrong (with all their own features) are
    ringed. Over one feature, probabilities (or the predicted value) are curves as well.

    Parameters
    ----------
    features : one or two of int or str
        Which, by column (from 0; negative counts from the end) or by name. By default, where there
        are more than two, those two that tell most about the target one by one.
    sample : int, optional
        The training sample whose further features are held, from 0; by default their mean.
    resolution : int
        Points of the grid on each axis, at least 2; colors between them are interpolated.
    """

    title = "Decision boundary"
    margins = Margins(left=50, right=12, top=46, bottom=40)
    frame = True

    def __init__(
        self,
        features: Sequence[int | str] | int | str | None = None,
        *,
        sample: int | None = None,
        resolution: int = 80,
    ) -> None:
        super().__init__()
        if isinstance(features, (int, np.integer, str)):
            features = (features,)
        if features is not None and len(tuple(features)) not in (1, 2):
            expected = "one or two columns or names"
            raise bad_value("features", expected, repr(features), "Pass e.g. features=(0, 1).")
        self.features = None if features is None else tuple(features)
        self.sample = None if sample is None else whole_number("sample", sample, least=0)
        self.resolution = whole_number("resolution", resolution, least=2)
        self._asked: dict[str, NDArray[np.floating]] = {}
        self._silenced: frozenset[tuple[str, int]] = frozenset()

    def __repr__(self) -> str:
        given = {"features": self.features, "sample": self.sample}
        words = ", ".join(f"{n}={v!r}" for n, v in given.items() if v is not None)
        return f"DecisionBoundary({words})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for classes, or a single value, of measured features; else the reason."""
        if trainer.train_data.X.ndim != 2 or trainer.model.takes_indices:
            return "needs rows of measured features; this net reads sequences or things by number."
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
        data = glimpse(self.trainer.train_data)
        usual = telling_features(data) if data.X.shape[1] > 1 else (0,)
        features = usual if self.features is None else self.features
        self._columns = tuple(feature_column(f, data) for f in features)
        if self.sample is not None and self.sample >= len(data):
            mend = "Samples are counted from 0."
            raise bad_value("sample", f"at most {len(data) - 1}", f"{self.sample}", mend)
        if len(set(self._columns)) < len(self._columns):
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
        with np.errstate(all="ignore"):
            count = self._shares(data.X[:1]).shape[1] if self._classes else 0
        self._names = names_of(data.target_names, count, "class ")
        self._center = 0.0 if self._classes else float(np.mean(data.y))
        self._spread = 1.0 if self._classes else largest(data.y - self._center) or 1.0

    @property
    def grid(self) -> NDArray[np.float64]:
        """The samples over which the net is asked, row by row from the lower left."""
        sides = [np.linspace(*side, self.resolution) for side in self._box]
        X = glimpse(self.trainer.train_data).X
        held = X.mean(axis=0) if self.sample is None else X[self.sample]
        samples = np.tile(held, (self.resolution ** len(sides), 1))
        for column, values in zip(self._columns, np.meshgrid(*sides), strict=True):
            samples[:, column] = values.ravel()
        return samples

    def answers(self) -> NDArray[np.float64]:
        """Return class probabilities (or values) over the grid, shape (rows, columns, classes).

        Over one feature there is one row.
        """
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
        with np.errstate(all="ignore"):  # what is not a number is drawn as such
            answers = (self._shares if self._classes else self.trainer.predict)(self.grid)
            guesses = self.trainer.predict(self._X)
        rows = self.resolution ** (len(self._columns) - 1)
        self._answers = np.asarray(answers, float).reshape(rows, self.resolution, -1)
        self._wrong = guesses != self._y if self._classes else np.zeros(len(self._y), bool)

    def _shares(self, X: NDArray[np.float64]) -> NDArray[np.floating]:
        """Return each class's probability; if the net gives none, 1 for the class it predicts."""
        if self.trainer.gives_probabilities:
            return self.trainer.predict_proba(X)
        count = max(2, self.trainer[self.trainer.program.output].shape[1])
        return np.eye(count)[self.trainer.predict(X)]

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._painted: NDArray[np.float64] | None = None
        self._along: DecisionLine | None = None
        if len(self._columns) == 1:
            values = None if self._classes else self._y
            self._along = DecisionLine(self, self._X[:, self._columns[0]], values)
        self._name_axes()
        box = self._box if self._along is None else np.vstack([self._box, self._along.side])
        self.ax.set(xlim=box[0], ylim=box[1])
        blank = np.zeros((1, 1, 4), np.uint8)
        look = {"extent": box.ravel(), "origin": "lower", "interpolation": "nearest"}
        self._image = self.moving(Pixels(self.ax, **look))
        self._image.set_data(blank)
        self._image.set_clip_path(self.ax.patch)
        self.ax.add_image(self._image)
        self.ax.set(xlim=box[0], ylim=box[1])
        if self._along is not None:
            self._along.draw(self.grid[:, self._columns[0]], self._names)
        if self._classes:
            self._draw_classes()
        elif self._along is None:
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

    def _name_axes(self) -> None:
        data, room = glimpse(self.trainer.train_data), (self.size[0], self.size[1] + 90)
        scaled = "" if data.scaling is None else ", standardized"
        labels = [
            literal(plain(data.feature_names[column], 200), side - 90, SMALL) + scaled
            for column, side in zip(self._columns, room, strict=False)
        ]
        if self._along is not None:
            labels.append(literal(self._along.label, room[1] - 90, SMALL))
        look = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.set_xlabel(labels[0], labelpad=2, **look)
        self.ax.set_ylabel(labels[1], labelpad=2, **look)

    def _places(self) -> NDArray[np.floating]:
        """Return where each point is drawn, shape (points, 2)."""
        if self._along is None:
            return self._X[:, self._columns]
        return self._along.places(self._y, len(self._names))

    def _draw_classes(self) -> None:
        draw_legend(self, self._names, above=10)
        places = self._places()
        for k in range(len(self._names)):
            x, y = places[self._y == k].T
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
        if self._along is not None:
            self._along.refresh(self._answers[0])
        # one row of answers is stretched over the height as two that are alike
        rows = self._answers if self._along is None else self._answers.repeat(2, axis=0)
        answers = stretch(rows, round(height), round(width))
        if self._classes:
            self._image.set_data(class_colors(answers, self.theme))
            known = bool(np.isfinite(self._answers).any())
            wrong = self.wrong() & known
            self._rings.set_data(*self._places()[wrong].T)
            words = f"ringed: {int(wrong.sum()):,} wrong"
            self._status.set_text(words if known else "outputs are not numbers")
            return
        if self._along is not None:
            return
        values = answers[..., 0] - self._center
        self._image.set_data(self.theme.diverging(values, self._spread))

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        data = glimpse(self.trainer.train_data)
        where = "over " + " and ".join(plain(data.feature_names[c]) for c in self._columns)
        others = data.X.shape[1] - len(self._columns)
        if others:
            of_mean = f"{'its' if others == 1 else 'their'} mean"
            held = of_mean if self.sample is None else f"what sample {self.sample} has"
            where += f", the other {others} held at {held}"
        answers = self.answers()
        if not np.isfinite(answers).all():
            return f"{where}; the net's outputs are not numbers (NaN or infinity) everywhere."
        if not self._classes:
            low, high = number(float(answers.min())), number(float(answers.max()))
            return f"{where}; from {low} to {high}."
        shares = (
            np.bincount(answers.argmax(axis=2).ravel(), minlength=len(self._names))
            / answers[..., 0].size
        )
        regions = listed(
            f"{plain(n)} {100 * s:.0f}%" for n, s in zip(self._names, shares, strict=True)
        )
        mean = number(float(answers.max(axis=2).mean()))
        part = "area" if len(self._columns) == 2 else "line"
        sure = f"the likeliest class has probability {mean} on average"
        if not self.trainer.gives_probabilities:
            sure = "this net gives no probabilities"
        points = f"{int(self.wrong().sum()):,} of {counted(len(self._y), 'training point')} wrong"
        return f"{where}; share of the {part}: {regions}; {sure}; {points}."
