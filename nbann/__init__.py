"""nbann: neural network training, step by step, in a notebook.

The core needs NumPy alone; panels, widgets and data sets load what they need on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .core.data import Dataset
from .core.hooks import Event
from .core.layers import Dense, ReLU, Sigmoid, Tanh
from .core.losses import CrossEntropy, HalfSquaredError, MeanSquaredError
from .core.model import Sequential
from .core.optimizers import SGD
from .core.trainer import Trainer

if TYPE_CHECKING:
    from . import check, datasets, initializers, panels
    from .panels import Dashboard
    from .widgets import StepThrough

__version__ = "0.1.0"

_MODULES = ("check", "datasets", "initializers", "panels")
_NAMES = {"Dashboard": ".panels", "StepThrough": ".widgets"}

__all__ = [
    "SGD",
    "CrossEntropy",
    "Dashboard",
    "Dataset",
    "Dense",
    "Event",
    "HalfSquaredError",
    "MeanSquaredError",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "StepThrough",
    "Tanh",
    "Trainer",
    "check",
    "datasets",
    "initializers",
    "panels",
]


def __getattr__(name: str) -> Any:
    """Load a part that needs more than NumPy when it is first asked for."""
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _NAMES:
        value = getattr(import_module(_NAMES[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'nbann' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
