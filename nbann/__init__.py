"""nbann: neural network training, step by step, in a notebook.

Every public name loads its module when it is first used: the core needs NumPy alone, and panels,
widgets and data sets load matplotlib, ipywidgets and scikit-learn only for those who use them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import check, datasets, initializers, panels
    from .core.activations import ReLU, Sigmoid, Tanh
    from .core.data import Dataset
    from .core.dense import Dense
    from .core.hooks import Event
    from .core.losses import CrossEntropy, HalfSquaredError, MeanSquaredError
    from .core.model import Sequential
    from .core.optimizers import SGD
    from .core.stopping import EarlyStopping, MaxTime, TargetReached
    from .core.trainer import Trainer
    from .panels import Dashboard
    from .widgets import StepThrough

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "CrossEntropy",
    "Dashboard",
    "Dataset",
    "Dense",
    "EarlyStopping",
    "Event",
    "HalfSquaredError",
    "MeanSquaredError",
    "ReLU",
    "MaxTime",
    "Sequential",
    "Sigmoid",
    "StepThrough",
    "Tanh",
    "TargetReached",
    "Trainer",
    "check",
    "datasets",
    "initializers",
    "panels",
]

_HOMES = {
    "core.activations": ["ReLU", "Sigmoid", "Tanh"],
    "core.data": ["Dataset"],
    "core.dense": ["Dense"],
    "core.hooks": ["Event"],
    "core.losses": ["CrossEntropy", "HalfSquaredError", "MeanSquaredError"],
    "core.model": ["Sequential"],
    "core.optimizers": ["SGD"],
    "core.stopping": ["EarlyStopping", "MaxTime", "TargetReached"],
    "core.trainer": ["Trainer"],
    "panels": ["Dashboard"],
    "widgets": ["StepThrough"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name's module when the name is first asked for."""
    if name in _HOME_OF:
        value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
        globals()[name] = value
        return value
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module 'nbann' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
