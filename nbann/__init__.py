"""nbann: neural network training, step by step, in a notebook.

Every public name loads its module when it is first used: the core needs NumPy alone, and panels,
widgets and data sets load matplotlib, ipywidgets and scikit-learn only for those who use them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import check, datasets, export, initializers, metrics, panels, schedules
    from .core.boltzmann.belief import DeepBelief
    from .core.boltzmann.rbm import RBM
    from .core.data.dataset import Dataset
    from .core.data.stream import Stream
    from .core.explaining.explanation import Explanation
    from .core.hook import Event
    from .core.layers.activations import (
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
    from .core.layers.activity_penalty import ActivityPenalty
    from .core.layers.bidirectional import Bidirectional
    from .core.layers.dense import Dense
    from .core.layers.dense_transpose import DenseTranspose
    from .core.layers.dropout import Dropout
    from .core.layers.embedding import Embedding
    from .core.layers.flatten import Flatten
    from .core.layers.gated import GRU, LSTM
    from .core.layers.noise import GaussianNoise, MaskingNoise
    from .core.layers.normalization import BatchNorm, LayerNorm
    from .core.layers.recurrent import RNN
    from .core.layers.residual import Residual
    from .core.losses.registry import (
        BinaryCrossEntropy,
        CrossEntropy,
        GaussianNLL,
        HalfSquaredError,
        Hinge,
        Huber,
        LambdaRank,
        ListNet,
        MeanAbsoluteError,
        MeanSquaredError,
        PerceptronLoss,
        Pinball,
        Poisson,
        RankNet,
    )
    from .core.losses.several import Losses
    from .core.model import Sequential
    from .core.models.autoencoder import Autoencoder
    from .core.models.bam import BAM
    from .core.models.heads import Heads
    from .core.models.hopfield import Hopfield
    from .core.models.single_layer import Adaline, Perceptron
    from .core.models.som import SOM
    from .core.optimizers.adaptive import AdaGrad, Adam, AdamW, RMSprop
    from .core.optimizers.sgd import SGD
    from .core.scoring.diagnosis import diagnose
    from .core.scoring.hidden_states import hidden_states
    from .core.scoring.layer_stats import layer_stats
    from .core.stopping import EarlyStopping, MaxTime, TargetReached
    from .core.storing.faults import FileError
    from .core.storing.record_files import read_record
    from .core.text.generating import generate, next_probabilities
    from .core.text.vocabulary import Vocabulary
    from .core.trainer import Trainer
    from .panels import Dashboard
    from .sweeping import Sweep, sweep
    from .widgets import (
        Compare,
        FrameView,
        NetworkView,
        NotYet,
        Playground,
        Predict,
        Slider,
        StepThrough,
        SweepView,
    )

__version__ = "0.1.0"

__all__ = [
    "BAM",
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "RBM",
    "RNN",
    "SELU",
    "SGD",
    "SOM",
    "ActivityPenalty",
    "AdaGrad",
    "Adaline",
    "Adam",
    "AdamW",
    "Autoencoder",
    "BatchNorm",
    "Bidirectional",
    "BinaryCrossEntropy",
    "Compare",
    "CrossEntropy",
    "Dashboard",
    "Dataset",
    "DeepBelief",
    "Dense",
    "DenseTranspose",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "Event",
    "Explanation",
    "FileError",
    "Flatten",
    "FrameView",
    "GaussianNLL",
    "GaussianNoise",
    "HalfSquaredError",
    "Heads",
    "Hinge",
    "Hopfield",
    "Huber",
    "Identity",
    "LambdaRank",
    "LayerNorm",
    "LeakyReLU",
    "ListNet",
    "Losses",
    "MaskingNoise",
    "MaxTime",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "NetworkView",
    "NotYet",
    "Perceptron",
    "PerceptronLoss",
    "Pinball",
    "Playground",
    "Poisson",
    "Predict",
    "RMSprop",
    "RankNet",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Slider",
    "Softmax",
    "Softplus",
    "Step",
    "StepThrough",
    "Stream",
    "Sweep",
    "SweepView",
    "Tanh",
    "TargetReached",
    "Trainer",
    "Vocabulary",
    "check",
    "datasets",
    "diagnose",
    "export",
    "generate",
    "hidden_states",
    "initializers",
    "layer_stats",
    "metrics",
    "next_probabilities",
    "panels",
    "read_record",
    "schedules",
    "sweep",
]

_HOMES = {
    "core.layers.activations": [
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
    "core.optimizers.adaptive": ["AdaGrad", "Adam", "AdamW", "RMSprop"],
    "core.layers.activity_penalty": ["ActivityPenalty"],
    "core.layers.bidirectional": ["Bidirectional"],
    "core.boltzmann.belief": ["DeepBelief"],
    "core.boltzmann.rbm": ["RBM"],
    "core.data.dataset": ["Dataset"],
    "core.data.stream": ["Stream"],
    "core.layers.dense": ["Dense"],
    "core.scoring.diagnosis": ["diagnose"],
    "core.layers.dense_transpose": ["DenseTranspose"],
    "core.layers.dropout": ["Dropout"],
    "core.layers.embedding": ["Embedding"],
    "core.layers.flatten": ["Flatten"],
    "core.layers.gated": ["GRU", "LSTM"],
    "core.explaining.explanation": ["Explanation"],
    "core.hook": ["Event"],
    "core.scoring.layer_stats": ["layer_stats"],
    "core.losses.registry": [
        "BinaryCrossEntropy",
        "CrossEntropy",
        "GaussianNLL",
        "HalfSquaredError",
        "Hinge",
        "Huber",
        "LambdaRank",
        "ListNet",
        "MeanAbsoluteError",
        "MeanSquaredError",
        "PerceptronLoss",
        "Pinball",
        "Poisson",
        "RankNet",
    ],
    "core.model": ["Sequential"],
    "core.losses.several": ["Losses"],
    "core.models.autoencoder": ["Autoencoder"],
    "core.models.heads": ["Heads"],
    "core.layers.noise": ["GaussianNoise", "MaskingNoise"],
    "core.models.bam": ["BAM"],
    "core.models.hopfield": ["Hopfield"],
    "core.models.single_layer": ["Adaline", "Perceptron"],
    "core.models.som": ["SOM"],
    "core.layers.normalization": ["BatchNorm", "LayerNorm"],
    "core.optimizers.sgd": ["SGD"],
    "core.layers.recurrent": ["RNN"],
    "core.layers.residual": ["Residual"],
    "core.storing.faults": ["FileError"],
    "core.storing.record_files": ["read_record"],
    "core.stopping": ["EarlyStopping", "MaxTime", "TargetReached"],
    "core.scoring.hidden_states": ["hidden_states"],
    "core.text.generating": ["generate", "next_probabilities"],
    "core.text.vocabulary": ["Vocabulary"],
    "core.trainer": ["Trainer"],
    "panels": ["Dashboard"],
    "sweeping": ["Sweep", "sweep"],
    "widgets": [
        "Compare",
        "FrameView",
        "NetworkView",
        "NotYet",
        "Playground",
        "Predict",
        "Slider",
        "StepThrough",
        "SweepView",
    ],
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
