"""nbann: neural network training, step by step, in a notebook.

Every public name loads its module when it is first used: the core needs NumPy alone, and panels,
widgets and data sets load matplotlib, ipywidgets and scikit-learn only for those who use them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import check, datasets, initializers, metrics, panels, schedules
    from .core.activations import (
        ELU,
        GELU,
        SELU,
        Identity,
        LeakyReLU,
        ReLU,
        Sigmoid,
        SiLU,
        Softmax,
        Softplus,
        Step,
        Tanh,
    )
    from .core.adaptive import AdaGrad, Adam, AdamW, RMSprop
    from .core.bidirectional import Bidirectional
    from .core.data import Dataset
    from .core.dense import Dense
    from .core.diagnosis import diagnose
    from .core.dropout import Dropout
    from .core.embedding import Embedding
    from .core.flatten import Flatten
    from .core.gated import GRU, LSTM
    from .core.hooks import Event
    from .core.layer_stats import layer_stats
    from .core.losses import (
        BinaryCrossEntropy,
        CrossEntropy,
        HalfSquaredError,
        Hinge,
        Huber,
        MeanAbsoluteError,
        MeanSquaredError,
        PerceptronLoss,
        Poisson,
    )
    from .core.model import Sequential
    from .core.normalization import BatchNorm, LayerNorm
    from .core.optimizers import SGD
    from .core.recurrent import RNN
    from .core.residual import Residual
    from .core.stopping import EarlyStopping, MaxTime, TargetReached
    from .core.trainer import Trainer
    from .panels import Dashboard
    from .widgets import StepThrough

__version__ = "0.1.0"

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "BatchNorm",
    "Bidirectional",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Dashboard",
    "Dataset",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "Event",
    "Flatten",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "Identity",
    "LayerNorm",
    "LeakyReLU",
    "MaxTime",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "PerceptronLoss",
    "Poisson",
    "RMSprop",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Step",
    "StepThrough",
    "Tanh",
    "TargetReached",
    "Trainer",
    "check",
    "datasets",
    "diagnose",
    "initializers",
    "layer_stats",
    "metrics",
    "panels",
    "schedules",
]

_HOMES = {
    "core.activations": [
        "ELU",
        "GELU",
        "Identity",
        "LeakyReLU",
        "ReLU",
        "SELU",
        "SiLU",
        "Sigmoid",
        "Softmax",
        "Softplus",
        "Step",
        "Tanh",
    ],
    "core.adaptive": ["AdaGrad", "Adam", "AdamW", "RMSprop"],
    "core.bidirectional": ["Bidirectional"],
    "core.data": ["Dataset"],
    "core.dense": ["Dense"],
    "core.diagnosis": ["diagnose"],
    "core.dropout": ["Dropout"],
    "core.embedding": ["Embedding"],
    "core.flatten": ["Flatten"],
    "core.gated": ["GRU", "LSTM"],
    "core.hooks": ["Event"],
    "core.layer_stats": ["layer_stats"],
    "core.losses": [
        "BinaryCrossEntropy",
        "CrossEntropy",
        "HalfSquaredError",
        "Hinge",
        "Huber",
        "MeanAbsoluteError",
        "MeanSquaredError",
        "PerceptronLoss",
        "Poisson",
    ],
    "core.model": ["Sequential"],
    "core.normalization": ["BatchNorm", "LayerNorm"],
    "core.optimizers": ["SGD"],
    "core.recurrent": ["RNN"],
    "core.residual": ["Residual"],
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
