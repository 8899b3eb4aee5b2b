"""Initializers under their public names, such as `Normal(0.01)`; imports the core only."""

from .core.initializers import GlorotUniform, HeNormal, Normal, Zeros

__all__ = ["GlorotUniform", "HeNormal", "Normal", "Zeros"]
