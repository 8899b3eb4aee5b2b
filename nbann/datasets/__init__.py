"""Data sets by name: toy sets made with NumPy, scikit-learn's bundled copies, MNIST from disk.

Those of scikit-learn load it when they are called; the others need NumPy alone. Imports the core
only.
"""

from .bundled import breast_cancer, diabetes, digits, iris, linnerud, wine
from .mnist_files import mnist
from .texts import characters
from .toy import (
    checkerboard,
    circles,
    gaussians,
    hills,
    moons,
    plane,
    sine,
    spirals,
    trask,
    xor,
)
from .toy_sequences import echo, neighbor_xor, parity

__all__ = [
    "breast_cancer",
    "characters",
    "checkerboard",
    "circles",
    "diabetes",
    "digits",
    "echo",
    "gaussians",
    "hills",
    "iris",
    "linnerud",
    "mnist",
    "moons",
    "neighbor_xor",
    "parity",
    "plane",
    "sine",
    "spirals",
    "trask",
    "wine",
    "xor",
]
