"""What a playground is set to, as a value: checked, compared, changed by making another one.

Imports the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from nbann.core.checks import number_in
from nbann.core.data.dataset import Dataset
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.losses.loss import Task

from .playground_checks import (
    HiddenLayer,
    Point,
    above_0,
    as_layers,
    as_points,
    as_texts,
    at_most,
    check_own,
    flag,
    named,
    up_to,
)
from .playground_choices import (
    CLASSES,
    DRAWN,
    DRAWN_NAMES,
    FOR_TWO,
    INITS,
    LOSSES,
    MOST_POINTS,
    OPTIMIZERS,
    OWN,
    SETS,
    offered_features,
    usual_features,
)


@dataclass(frozen=True)
class Setup:
    """Everything that decides how a playground's run begins and goes on.

    Attributes
    ----------
    data : str
        A data set's name, "drawn" (drawn points alone) or "own" (`own`).
    points, noise, classes
        Of a toy set: how many points, how noisy, how many classes; for other sets they say nothing.
    test : float
        Share of the data that is held out, in [0, 0.9]; drawn points are always trained on.
    standardize : bool
        Scale features to mean 0 and deviation 1.
    features : tuple of str
        Terms such as "x1", "x2^2", "x1*x2", "sin(x1)"; at least one.
    layers : tuple of HiddenLayer
        At most 6, of at most 64 neurons each; none is a linear model.
    dropout : float
        Share of hidden neurons left out in each step of training, in [0, 0.9].
    init : str
        How start weights are drawn.
    loss : str or None
        By name; None: what is usual for the data.
    optimizer, learning_rate, momentum, l1, l2, batch_size, seed
        As of `Trainer`; batch_size None for all samples at once.
    drawn : tuple of Point
        Points that were drawn by hand, beside the data set's own.
    own : Dataset, optional
        The data of "own".

    Raises
    ------
    ValueError
        Whatever is wrong, before anything is built.
    """

    data: str = "circles"
    points: int = 400
    noise: float = 0.0
    classes: int = 2
    test: float = 0.5
    standardize: bool = False
    features: tuple[str, ...] = ("x1", "x2")
    layers: tuple[HiddenLayer, ...] = (HiddenLayer(4), HiddenLayer(2))
    dropout: float = 0.0
    init: str = "glorot_uniform"
    loss: str | None = None
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    batch_size: int | None = 10
    seed: int = 0
    drawn: tuple[Point, ...] = ()
    own: Dataset | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, value in self._checked().items():
            object.__setattr__(self, name, value)
        self._check_together()

    def _checked(self) -> dict[str, Any]:
        """Return each field in its own type, or say what is wrong with it."""
        known = (*SETS, DRAWN, OWN)
        momentum = number_in("momentum", self.momentum, least=0.0, below=1.0)
        return {
            "data": named("data set", self.data, known),
            "points": up_to("points", self.points, 2, MOST_POINTS),
            "noise": at_most("noise", self.noise, 5.0),
            "classes": up_to("classes", self.classes, 2, 6),
            "test": at_most("test", self.test, 0.9),
            "standardize": flag("standardize", self.standardize),
            "features": tuple(as_texts("features", self.features)),
            "layers": as_layers(self.layers),
            "dropout": at_most("dropout", self.dropout, 0.9),
            "init": named("init", self.init, INITS),
            "loss": None if self.loss is None else named("loss", self.loss, LOSSES),
            "optimizer": named("optimizer", self.optimizer, OPTIMIZERS),
            "learning_rate": above_0("learning_rate", self.learning_rate, 1000.0),
            "momentum": momentum,
            "l1": at_most("l1", self.l1, 100.0),
            "l2": at_most("l2", self.l2, 100.0),
            "batch_size": None
            if self.batch_size is None
            else up_to("batch_size", self.batch_size, 1, 100_000),
            "seed": up_to("seed", self.seed, 0, 2**32 - 1),
            "drawn": as_points(self.drawn),
        }

    def _check_together(self) -> None:
        """Check what fits only together."""
        if (self.data == OWN) != (self.own is not None):
            mend = 'Pass data="own" and own=Dataset(X, y), both or neither.'
            raise bad_value("own data", "a Dataset", repr(self.own), mend)
        if self.own is not None:
            check_own(self.own)
        if self.drawn and not self.takes_points:
            mend = "Choose another data set, or pass drawn=()."
            raise bad_value("drawn", "classes over two columns", f"{self.data!r}", mend)
        if self.data == DRAWN and not self.drawn:
            mend = "Pass e.g. drawn=[(-1, 0, 0), (1, 0, 1)]."
            raise bad_value("drawn", "at least one point", "none", mend)
        most = self.most_labels
        for point in self.drawn:
            if point.label >= most:
                mend = "Classes are counted from 0."
                raise bad_value("drawn", f"classes below {most}", f"{point.label}", mend)
        offered = offered_features(self.columns)
        for term in self.features:
            if term not in offered:
                raise UnknownNameError("feature", term, offered)
        if len(set(self.features)) != len(self.features) or not self.features:
            mend = "At least one, each once."
            raise bad_value("features", "different terms", f"{list(self.features)}", mend)
        if self.loss is not None and self.loss not in self.losses:
            raise UnknownNameError("loss for these data", self.loss, self.losses)

    # ---- what follows from it --------------------------------------------------------------------
    @property
    def task(self) -> Task:
        """What is learned of the data."""
        if self.own is not None:
            return self.own.task
        return CLASSES if self.data == DRAWN else SETS[self.data].task

    @property
    def columns(self) -> int:
        """How many columns the data have, before features are made of them."""
        if self.own is not None:
            return self.own.X.shape[1]
        return 2 if self.data == DRAWN else SETS[self.data].columns

    @property
    def takes_points(self) -> bool:
        """Whether points can be drawn on the plane of the data."""
        return self.task == CLASSES and self.columns == 2

    @property
    def most_labels(self) -> int:
        """How many classes drawn points may belong to."""
        if self.data == DRAWN:
            return len(DRAWN_NAMES)
        return self.class_count

    @property
    def class_count(self) -> int:
        """How many classes there are; 0 where values are learned."""
        if self.task != CLASSES:
            return 0
        if self.own is not None:
            return max(len(self.own.target_names), int(self.own.y.max()) + 1, 2)
        if self.data == DRAWN:
            return max(2, 1 + max(point.label for point in self.drawn))
        kind = SETS[self.data]
        if kind.classes is not None:
            return self.classes
        return {"iris": 3, "wine": 3, "digits": 10}.get(self.data, 2)

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses that fit the data, the usual one first."""
        fit = [name for name, (_, task) in LOSSES.items() if task == self.task]
        if self.class_count > 2:
            fit = [name for name in fit if name not in FOR_TWO]
        return tuple(fit)

    @property
    def loss_name(self) -> str:
        """The loss that is used."""
        return self.losses[0] if self.loss is None else self.loss

    @property
    def outputs(self) -> int:
        """Neurons of the last layer: one for each class, or a single one."""
        return self.class_count if self.loss_name == "cross_entropy" else 1

    # ---- another one -----------------------------------------------------------------------------
    def changed(self, **changes: Any) -> Setup:
        """Return a setup with some fields changed, and what has to follow from another data set.

        Raises
        ------
        ValueError
            An unknown field, or a value that does not fit.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise UnknownNameError("setting", name, known)
        if ("data" in changes and changes["data"] != self.data) or "own" in changes:
            changes = self._of_other_data(changes) | changes
        elif {"classes", "drawn"} & changes.keys() and "loss" not in changes and self.loss:
            another = replace(self, loss=None, **changes)
            return another if self.loss not in another.losses else replace(self, **changes)
        return replace(self, **changes)

    def _of_other_data(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is set anew when other data are chosen."""
        name = named("data set", changes.get("data", self.data), (*SETS, DRAWN, OWN))
        own = changes.get("own") if name == OWN else None
        found: dict[str, Any] = {"loss": None, "drawn": (), "own": own, "standardize": False}
        columns = 2
        if name in SETS:
            kind = SETS[name]
            columns, found["standardize"] = kind.columns, kind.standardize
            before = SETS[self.data].noise if self.data in SETS else 0.0
            if kind.noise is not None and self.noise in (0.0, before):
                found["noise"] = kind.noise
        elif own is not None:
            check_own(own)
            columns, found["standardize"] = own.X.shape[1], own.X.shape[1] > 0
        else:
            found["drawn"] = changes.get("drawn", self.drawn) or STARTERS
        if columns != self.columns:
            found["features"] = usual_features(columns)
        return found


STARTERS = (Point(-2.0, -2.0, 0), Point(2.0, 2.0, 1))
"""The points with which drawing begins: a net needs something to learn from."""
