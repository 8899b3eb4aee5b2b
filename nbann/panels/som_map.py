"""A self-organizing map: its borders, its samples, its weights; imports matplotlib and the core."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.data.glimpse import glimpse
from ..core.errors import bad_value
from ..core.models.som import SOM
from .asked import Asked, amount, check_part, part_of, spaced
from .base import Margins, Panel
from .columns import sides_of_image
from .features import feature_column, telling_features
from .legend import class_names, draw_legend
from .som_views import GridView, ImagesView, NetView, table_of
from .style import SMALL
from .text import counted, literal, number, plain

if TYPE_CHECKING:
    from ..core.trainer import Trainer

Floats = NDArray[np.float64]
_MOST = 2000


class Answer(NamedTuple):
    """Where samples fall, and what the units are: see `SOMMap.answer`."""

    units: NDArray[np.intp]
    borders: Floats
    weight: Floats


class SOMMap(Panel):
    """The map as a grid: where its borders are, and where samples fall; and what its units weigh.

    On the left the U-matrix: the stronger a unit's shade, the farther its weights are from its
    neighbors', so that ridges part groups of alike units (from the smallest distance that there is
    to the largest). Each sample stands in its unit by its class; where they would crowd, a unit has
    the marker of its commonest class, the larger the more samples.

    On the right the weights: as images where samples have a square number of features of at least 9
    (or `shape` says so), else in the plane of two features, as a net that unfolds over the samples.

    Parameters
    ----------
    features : pair of int or str, optional
        Of the plane, by column or name; by default, where there are more than two, those that tell
        most about the classes one by one.
    shape : (int, int), optional
        Rows and columns of a unit's image.
    of : {"train", "validation", "test"}
        Which data; of more than 2,000 samples, evenly spaced ones.

    Examples
    --------
    >>> import nbann
    >>> trainer = nbann.Trainer(nbann.SOM(4, 4, rule="batch"), nbann.datasets.iris())
    >>> _ = trainer.run(5)
    >>> nbann.Dashboard(trainer, ["som"]).describe().partition(";")[0]
    'Map: 4 by 4 units, 150 training samples'
    """

    title = "Map"
    margins = Margins(left=12, right=12, top=46, bottom=8)

    def __init__(
        self,
        features: Sequence[int | str] | None = None,
        *,
        shape: tuple[int, int] | None = None,
        of: str = "train",
    ) -> None:
        super().__init__()
        if features is not None and (isinstance(features, str) or len(tuple(features)) != 2):
            mend = "Pass e.g. features=(0, 1)."
            raise bad_value("features", "two columns or names", repr(features), mend)
        self.features = None if features is None else tuple(features)
        self.shape = None if shape is None else sides_of_image(shape, (8, 8))
        self.of = check_part(of, "SOMMap")

    def __repr__(self) -> str:
        given = [] if self.features is None else [f"features={self.features!r}"]
        given += [] if self.shape is None else [f"shape={self.shape!r}"]
        given += [] if self.of == "train" else [f"of={self.of!r}"]
        return f"SOMMap({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a self-organizing map; else the reason."""
        if isinstance(trainer.model, SOM):
            return None
        return "shows a self-organizing map (nbann.SOM); this is another model."

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._part, data = part_of(self.trainer, self.of, "SOMMap")
        rows = spaced(len(data), _MOST)
        self._all, self._X = len(data), data.X[rows]
        count = data.X.shape[1]
        self._classes: tuple[str, ...] = ()
        self._y = np.zeros(len(rows), np.intp)
        if data.task == "classification" and data.y.ndim == 1:
            self._y = data.y[rows].astype(np.intp)
            most = max(int(data.y.max()) + 1, len(data.target_names))
            self._classes = class_names(data.target_names, most)
        self._tiles = self._tiles_of(count)
        self._plane: tuple[int, int] | None = None
        if self._tiles is None and count > 1:
            features = self.features or telling_features(glimpse(self.trainer.train_data))
            one, two = (feature_column(f, data) for f in features)
            if one == two:
                received, mend = repr(self.features), "Pass e.g. features=(0, 1)."
                raise bad_value("features", "two different ones", received, mend)
            self._plane = (one, two)
        self._answer = Asked(self.trainer, self._ask)

    def _tiles_of(self, count: int) -> tuple[int, int] | None:
        """Return rows and columns of the units' images; None where there are none.

        Raises
        ------
        ValueError
            A `shape` of another number of cells.
        """
        if self.shape is not None:
            if math.prod(self.shape) != count:
                expected = f"rows and columns of {count} cells, one for each feature"
                raise bad_value("shape", expected, f"{self.shape}", "Pass e.g. shape=(8, 8).")
            return self.shape
        side = math.isqrt(count)
        square = side * side == count and side > 2 and self.features is None
        return (side, side) if square else None

    @property
    def _model(self) -> SOM:
        model = self.trainer.model
        assert isinstance(model, SOM)  # or the panel would not fit
        return model

    def _ask(self) -> Answer:
        weight = self.trainer["som.weight"].astype(float)
        with np.errstate(all="ignore"):
            units = self.trainer.predict(self._X)
            return Answer(units, self._model.u_matrix(self.trainer), weight)

    def answer(self) -> Answer:
        """Return each sample's unit, the U-matrix, and the weights, as they are now."""
        return self._answer.now()

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        self._painted: Answer | None = None
        if self._classes:
            draw_legend(self, self._classes, above=10)
        alone = self._tiles is None and self._plane is None
        half = width if alone else (width - 20) * (0.5 if self._tiles else 0.46)
        som, high = self._model, height - 18.0
        self._grid = GridView(self, som, (0.0, 18.0, half, high), self._y, len(self._classes))
        strong = "dark" if self.theme.name != "dark" else "bright"
        self._caption(f"{strong}: far from its neighbors", half / 2, half)
        self._images, self._net = None, None
        if self._tiles is not None:
            frame = (half + 20, 18.0, half, high)
            self._images = ImagesView(self, som, frame, self._tiles, self._X)
            self._caption("weights of the units", 1.5 * half + 20, half)
        elif self._plane is not None:
            frame = (half + 62, 34.0, width - half - 66, height - 40.0)
            points, colored = self._X[:, self._plane], bool(self._classes)
            self._net = NetView(self, som, frame, points, self._y, self._axes(), colored=colored)
        self._use_pixels()
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )

    def _caption(self, words: str, x: float, room: float) -> None:
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.text(x, 0, literal(words, room, SMALL), ha="center", va="bottom", **look)

    def _axes(self) -> tuple[str, str]:
        data = glimpse(self.trainer.train_data)
        scaled = "" if data.scaling is None else ", standardized"
        across, up = (plain(data.feature_names[c]) + scaled for c in self._plane or (0, 0))
        return across, up

    def _restart(self) -> None:
        if self._attached and self._net is not None:
            self._net.restart()

    def _refresh(self) -> None:
        answer = self.answer()
        if answer is self._painted:
            return
        self._painted = answer
        self._grid.show(answer.units, answer.borders)
        if self._images is not None:
            self._images.show(answer.weight)
        if self._net is not None and self._net.show(answer.weight[:, self._plane]):
            self._changed = True
        self._status.set_text(f"quantization error {number(self._error(answer))}")

    def _error(self, answer: Answer) -> float:
        with np.errstate(all="ignore"):
            gaps = self._X - answer.weight[answer.units]
            return float(np.sqrt((gaps**2).sum(axis=1)).mean())

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        answer = self.answer()
        model = self._model
        samples = amount(len(self._X), self._all, f"{self._part} sample")
        words = f"{model.rows} by {model.columns} units, {samples}"
        if not np.isfinite(answer.weight).all():
            return f"{words}; weights are not numbers (NaN or infinity) everywhere."
        error = number(self._error(answer))
        count, kinds = model.grid.units, max(1, len(self._classes))
        table = table_of(answer.units, self._y, count, kinds)
        used = int((table.sum(axis=1) > 0).sum())
        words += f"; mean distance of a sample from its unit {error}"
        words += f"; samples fall on {used} of {counted(len(table), 'unit')}"
        if self._classes:
            pure = int(((table > 0).sum(axis=1) == 1).sum())
            words += f", {pure} of them have a single class"
        row, column = divmod(int(answer.borders.argmax()), model.columns)
        high = number(float(answer.borders.max()))
        return f"{words}; the highest border is {high}, at row {row}, column {column}."
