"""What a playground offers: data sets, features, layers, losses, optimizers. Imports the core."""

from __future__ import annotations

from typing import NamedTuple

from nbann.core.losses.loss import Task


class Kind(NamedTuple):
    """A data set that is known by name.

    `points` and `noise` are what it begins with, None where they can not be chosen; `classes` how
    many there may be, None where that is fixed.
    """

    label: str
    task: Task
    columns: int
    points: int | None = None
    noise: float | None = None
    classes: int | None = None
    standardize: bool = False


CLASSES: Task = "classification"
VALUES: Task = "regression"

SETS: dict[str, Kind] = {
    "circles": Kind("circles", CLASSES, 2, 400, 0.0),
    "xor": Kind("xor", CLASSES, 2, 400, 0.0),
    "gaussians": Kind("gaussians", CLASSES, 2, 400, 0.0, 6),
    "spirals": Kind("spirals", CLASSES, 2, 400, 0.0, 6),
    "moons": Kind("moons", CLASSES, 2, 400, 0.1),
    "checkerboard": Kind("checkerboard", CLASSES, 2, 400, 0.0),
    "plane": Kind("plane", VALUES, 2, 400, 0.0),
    "hills": Kind("hills", VALUES, 2, 400, 0.0),
    "sine": Kind("sine", VALUES, 1, 200, 0.1),
    "iris": Kind("iris", CLASSES, 4, standardize=True),
    "wine": Kind("wine", CLASSES, 13, standardize=True),
    "breast_cancer": Kind("breast cancer", CLASSES, 30, standardize=True),
    "digits": Kind("digits", CLASSES, 64, standardize=True),
    "diabetes": Kind("diabetes", VALUES, 10, standardize=True),
}
"""Those of `nbann.datasets`, in the order in which they are shown."""

DRAWN, OWN = "drawn", "own"
"""Two more: what has been drawn by hand alone, and data that were passed in or read."""

DRAWN_NAMES = ("A", "B", "C", "D", "E")
"""The classes of points that are drawn where there are no others."""

ACTIVATIONS: dict[str, str] = {
    "tanh": "Tanh",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "identity": "Identity",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "softplus": "Softplus",
    "gelu": "GELU",
    "silu": "SiLU",
}
"""By name, and the class in `nbann`."""

LOSSES: dict[str, tuple[str, Task]] = {
    "binary_cross_entropy": ("BinaryCrossEntropy", CLASSES),
    "cross_entropy": ("CrossEntropy", CLASSES),
    "hinge": ("Hinge", CLASSES),
    "mean_squared_error": ("MeanSquaredError", VALUES),
    "mean_absolute_error": ("MeanAbsoluteError", VALUES),
    "huber": ("Huber", VALUES),
}
"""By name, the class in `nbann`, and what it learns."""

FOR_TWO = ("binary_cross_entropy", "hinge")

OPTIMIZERS: dict[str, tuple[str, bool]] = {
    "sgd": ("SGD", True),
    "rmsprop": ("RMSprop", True),
    "adagrad": ("AdaGrad", False),
    "adam": ("Adam", False),
    "adamw": ("AdamW", False),
}
"""By name, the class in `nbann`, and whether it has a momentum."""

INITS: dict[str, str] = {
    "glorot_uniform": "GlorotUniform",
    "glorot_normal": "GlorotNormal",
    "he_uniform": "HeUniform",
    "he_normal": "HeNormal",
    "lecun_normal": "LeCunNormal",
    "orthogonal": "Orthogonal",
}
"""How weights are drawn at the start: by name, and the class in `nbann.initializers`."""

CONTROLS = (
    "transport", "speed", "run", "data", "points", "noise", "classes", "test", "standardize",
    "features", "layers", "neurons", "activation", "dropout", "init", "loss", "optimizer",
    "learning_rate", "momentum", "l1", "l2", "batch_size", "seed", "draw", "upload", "curve",
    "view", "code", "weights",
)  # fmt: skip
"""What can be shown or hidden."""

MOST_LAYERS, MOST_UNITS, MOST_FEATURES = 6, 64, 64
MOST_POINTS, MOST_DRAWN, MOST_ROWS = 5000, 2000, 20_000


def offered_features(columns: int) -> tuple[str, ...]:
    """Return the terms that can be switched on and off, for data of so many columns."""
    if columns == 1:
        return ("x1", "x1^2", "x1^3", "sin(x1)")
    if columns == 2:
        return ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
    return tuple(f"x{i + 1}" for i in range(columns))


def usual_features(columns: int) -> tuple[str, ...]:
    """Return the terms that are on at first: the columns themselves."""
    return tuple(f"x{i + 1}" for i in range(columns))
