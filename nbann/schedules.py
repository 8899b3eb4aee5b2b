"""Schedules of the learning rate under their public names; imports the core only."""

from .core.optimizers.plateau import ReduceOnPlateau
from .core.optimizers.schedules import (
    Constant,
    CosineDecay,
    ExponentialDecay,
    LinearWarmup,
    Schedule,
    StepDecay,
)

__all__ = [
    "Constant",
    "CosineDecay",
    "ExponentialDecay",
    "LinearWarmup",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
]
