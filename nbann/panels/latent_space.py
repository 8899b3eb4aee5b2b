"""What a net makes of its samples, in two dimensions; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnknownNameError, bad_value
from ..core.layers.dropout import Dropout
from ..core.layers.noise import GaussianNoise
from ..core.models.heads import Heads
from .asked import Asked, amount, check_part, part_of, spaced
from .base import Margins, Panel
from .components import Components, Floats, Plane
from .legend import class_names, draw_legend
from .plot import Reach
from .scale import largest
from .style import MARKERS, SMALL, marker_size
from .text import counted, literal, number, plain

if TYPE_CHECKING:
    from ..core.data.dataset import Dataset
    from ..core.layers.layer import Layer
    from ..core.trainer import Trainer

_MOST = 1000
_CODE = "code.out"


class LatentSpace(Panel):
    """The code of each sample (or what a layer makes of it) as a point, by class.

    Two neurons are the two axes. Of more, the first two principal components are: the directions in
    which the codes differ most. The sign of a component, which is nobody's, is that with which it
    agrees with the inputs' own main direction, and from then on it is kept, so that the picture
    does not flip while a net learns.

    Parameters
    ----------
    layer : str, optional
        Of which layer the output is shown ("hidden", or an array such as "hidden.out"); by default
        the code of an autoencoder, the hidden units of an RBM, what several heads share, or else
        what the last layer with weights is given.
    labels : sequence of int, optional
        What class each sample is of, where the data have no labels (as for autoencoders); as many
        as there are samples in that part of the data.
    names : sequence of str, optional
        Of the classes of `labels`.
    of : {"train", "validation", "test"}
        Which data; of more than 1,000 samples, evenly spaced ones.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(2, name="hidden"), nbann.Tanh(), nbann.Dense(3)])
    >>> board = nbann.Dashboard(nbann.Trainer(net, nbann.datasets.iris()), ["latent"])
    >>> board.describe().partition(";")[0]
    'Latent space: 150 training samples in the plane of the 2 neurons of tanh1.out'
    """

    title = "Latent space"
    margins = Margins(left=50, right=12, top=46, bottom=40)
    frame = True

    def __init__(
        self,
        layer: str | None = None,
        *,
        labels: Sequence[int] | NDArray[Any] | None = None,
        names: Sequence[str] = (),
        of: str = "train",
    ) -> None:
        super().__init__()
        self.layer = layer
        self.labels = None if labels is None else _labels(labels)
        self.names = tuple(names)
        self.of = check_part(of, "LatentSpace")

    def __repr__(self) -> str:
        given = [] if self.layer is None else [repr(self.layer)]
        given += [] if self.of == "train" else [f"of={self.of!r}"]
        return f"LatentSpace({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None where a layer's output has two numbers or more a sample; else the reason."""
        if trainer.task == "ranking":
            return "shows one point for each sample; here a sample is a query of documents."
        if self.layer is not None:
            return None
        name = _usual(trainer)
        if name is None:
            return "needs a hidden layer; here the outputs come straight from the inputs."
        shape = trainer[name].shape if name in trainer.names else ()
        if len(shape) != 2:
            return f"needs one row of numbers a sample; {name} has a row for each time step."
        if shape[1] < 2:
            return f"needs two neurons to span a plane; {name} has one."
        return None

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._part, data = part_of(self.trainer, self.of, "LatentSpace")
        name = _usual(self.trainer) if self.layer is None else self.layer
        if self.layer is not None and f"{name}.out" in self.trainer.names:
            name = f"{name}.out"
        self._name = str(name)
        if self._name not in self.trainer.names:
            layers = [n.removesuffix(".out") for n in self.trainer.names if n.endswith(".out")]
            raise UnknownNameError("layer", self._name, layers)
        shape = self.trainer[self._name].shape
        if len(shape) != 2 or shape[1] < 2:
            expected = "an output of at least 2 numbers a sample"
            mend = "Choose another layer, or leave layer= out."
            raise bad_value(f"layer {self._name!r}", expected, f"shape {shape}", mend)
        mask = None if data.mask is None else data.mask[:1]
        self.trainer.activations(self._name, data.X[:1], mask)  # raises if predicting has none
        rows = spaced(len(data), _MOST)
        self._all = len(data)
        self._X = data.X[rows]
        self._mask = None if data.mask is None else data.mask[rows]
        self._bind_labels(data, rows)
        self._components = Components(self._X)
        self._plane = Asked(self.trainer, self._ask)

    def _bind_labels(self, data: Dataset, rows: NDArray[np.intp]) -> None:
        self._classes: tuple[str, ...] = ()
        self._values: Floats | None = None
        if self.labels is not None:
            if len(self.labels) != len(data):
                expected = counted(len(data), "label") + f", one for each {self._part} sample"
                mend = "Pass those of the data that the trainer was given."
                raise bad_value("labels", expected, f"{len(self.labels)}", mend)
            self._y = self.labels[rows]
            self._classes = class_names(self.names, int(self.labels.max()) + 1)
        elif data.task == "classification" and data.y.ndim == 1:
            self._y = data.y[rows].astype(np.intp)
            count = max(int(data.y.max()) + 1, len(data.target_names))
            self._classes = class_names(data.target_names, count)
        elif data.task == "regression" and data.y.reshape(len(data), -1).shape[1] == 1:
            self._values = data.y.reshape(len(data))[rows].astype(float)

    def plane(self) -> Plane:
        """Return the samples in two dimensions, as the net has them now."""
        return self._plane.now()

    def _ask(self) -> Plane:
        with np.errstate(all="ignore"):
            code = self.trainer.activations(self._name, self._X, self._mask).astype(float)
        return self._components.plane(code)

    def _restart(self) -> None:
        self._components.restart()
        self._across, self._up = Reach(0.0, 0.0), Reach(0.0, 0.0)
        self._plane = Asked(self.trainer, self._ask)

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        self._painted: Plane | None = None
        self._limits: tuple[Any, ...] = ()
        look: dict[str, Any] = {"linestyle": "none", "markeredgewidth": 0.45}
        look["markeredgecolor"] = self.theme.background
        self._groups: list[tuple[Any, NDArray[np.intp]]] = []
        self._scatter: Any = None
        mark: dict[str, Any]
        every = np.arange(len(self._X))
        small = min(1.0, max(0.5, (300 / len(every)) ** 0.3))
        if self._classes:
            draw_legend(self, self._classes, above=10)
            for k in range(len(self._classes)):
                mark = {"marker": MARKERS[k % len(MARKERS)]}
                mark["markersize"] = marker_size(k) * small
                mark["markerfacecolor"] = self.theme.class_color(k)
                line = self.ax.plot([], [], **mark, **look)[0]
                self._groups.append((self.moving(line), np.flatnonzero(self._y == k)))
        elif self._values is not None:
            self._draw_values(self._values)
        else:
            mark = {"marker": "o", "markersize": 4.4 * small}
            mark["markerfacecolor"] = self.theme.muted
            self._groups.append((self.moving(self.ax.plot([], [], **mark, **look)[0]), every))
        axis: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self._labels = [
            self.moving(
                self.ax.text(0.5, 0, "", ha="center", va="top", transform=self._shifted((0, -20)))
            ),
            self.moving(
                self.ax.text(
                    0, 0.5, "", ha="center", va="center", rotation=90,
                    transform=self._shifted((-42, 0)),
                )
            ),
        ]  # fmt: skip
        for label in self._labels:
            label.set(**axis)
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )

    def _draw_values(self, values: Floats) -> None:
        middle = float(values.mean())
        spread = largest(values - middle) or 1.0
        colors = self.theme.diverging(values - middle, spread) / 255
        edge: dict[str, Any] = {"linewidths": 0.7, "edgecolors": self.theme.ink}
        points = self.ax.scatter(values, values, s=18, facecolors=colors, **edge)
        self._scatter = self.moving(points)
        ends = (number(middle + side * spread) for side in (-1, 0, 1))
        key = "blue {}, neutral {} (the mean), orange {}".format(*ends)
        room: dict[str, Any] = {"color": self.theme.muted, "size": SMALL, "va": "center"}
        self.still_text(literal(key, self.size[0], SMALL), (0, 1), (0, 10), **room)

    def _refresh(self) -> None:
        plane = self.plane()
        if plane is self._painted:
            return
        self._painted = plane
        points = np.clip(plane.points, -1e30, 1e30)
        limits = tuple(
            _open(reach.fit(side))
            for reach, side in zip((self._across, self._up), points.T, strict=True)
        )
        if limits != self._limits:
            self._limits = limits
            self.ax.set(xlim=limits[0], ylim=limits[1])
            self._changed = True
        for line, rows in self._groups:
            line.set_data(*points[rows].T)
        if self._scatter is not None:
            self._scatter.set_offsets(points)
        for label, words in zip(self._labels, self._axes(plane), strict=True):
            label.set_text(words)
        name = literal(self._name, self.size[0] / 3, SMALL)
        known = bool(np.isfinite(plane.points).all())
        self._status.set_text(f"{name}: {f'{self._neurons} neurons' if known else 'not numbers'}")

    def _axes(self, plane: Plane) -> tuple[str, str]:
        if self._neurons == 2:
            return "neuron 0", "neuron 1"
        if not np.isfinite(plane.shares).all():
            return "component 1", "component 2"
        shares = (_percent(share) for share in plane.shares)
        one, two = (f"component {i}: {s} of the variance" for i, s in enumerate(shares, 1))
        room = self.size[1] + 80
        return one, literal(two, room, SMALL)

    @property
    def _neurons(self) -> int:
        return int(self.trainer[self._name].shape[1])

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        plane = self.plane()
        words = amount(len(self._X), self._all, f"{self._part} sample")
        if not np.isfinite(plane.points).all():
            return f"{words}; {plain(self._name)} is not numbers (NaN or infinity) everywhere."
        where = f"{words} in the plane of the 2 neurons of {plain(self._name)}"
        if self._neurons > 2:
            first, second = (_percent(s) for s in plane.shares)
            where = (
                f"{words} in the plane of the first two principal components of the "
                f"{self._neurons} neurons of {plain(self._name)}, with {first} and {second} of "
                f"their variance"
            )
        centered = plane.points - plane.points.mean(axis=0)
        far = number(float(np.sqrt((centered**2).sum(axis=1).max())))
        return f"{where}; the farthest is {far} from their middle{self._apart(plane)}."

    def _apart(self, plane: Plane) -> str:
        """Say how much of the picture's variance is that between the classes."""
        if len(self._classes) < 2:
            return ""
        centered = plane.points - plane.points.mean(axis=0)
        total = float((centered**2).sum())
        between = sum(
            len(group) * float((group.mean(axis=0) ** 2).sum())
            for k in range(len(self._classes))
            if len(group := centered[self._y == k])
        )
        share = _percent(between / total) if total else "none"
        return f"; {share} of the variance in the plane is between the {len(self._classes)} classes"


def _labels(labels: Any) -> NDArray[np.intp]:
    """Check labels given as an option.

    Raises
    ------
    ValueError
        Other than whole numbers from 0 in one row.
    """
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size or array.min() < 0:
        received = f"shape {array.shape} of {array.dtype}"
        mend = "Pass e.g. labels=nbann.datasets.digits().y."
        raise bad_value("labels", "whole numbers from 0, one for each sample", received, mend)
    return array.astype(np.intp)


def _usual(trainer: Trainer) -> str | None:
    """Return the array that is shown if none is asked for; None where there is nothing hidden."""
    names = trainer.names
    if _CODE in names:
        return _CODE
    hidden = f"{trainer.model.names[0]}.positive.hidden" if trainer.model.names else ""
    if hidden in names:
        return hidden
    if isinstance(trainer.model, Heads):  # what the heads share
        return _predicted(trainer.model.body.names, trainer.model.body.layers)
    layers = trainer.model.names if trainer.model.layers else ()
    weighted = [
        i
        for i, name in enumerate(layers)
        if any(p.startswith(f"{name}.") for p in trainer.parameters)
    ]
    if not weighted or weighted[-1] == 0:
        return None
    before = weighted[-1]
    return _predicted(layers[:before], trainer.model.layers[:before])


def _predicted(names: Sequence[str], layers: Sequence[Layer]) -> str | None:
    """Return what the last layer gives that does something when predicting; None: none does."""
    for name, layer in zip(reversed(names), reversed(layers), strict=True):
        if not isinstance(layer, Dropout | GaussianNoise):  # those act in training only
            return f"{name}.out"
    return None


def _open(ends: tuple[float, float]) -> tuple[float, float]:
    """Return ends with a little room, so that markers are not cut."""
    room = 0.04 * (ends[1] - ends[0])
    return ends[0] - room, ends[1] + room


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.0995 or share == 0 else f"{100 * share:.1f}%"
