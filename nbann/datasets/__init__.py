"""Data sets by name: toy sets made with NumPy, scikit-learn's bundled copies, MNIST from disk.

Those of scikit-learn load it when they are called; the others need NumPy alone. Imports the core
only.
"""

from .bundled import breast_cancer, diabetes, digits, iris, linnerud, wine
from .mnist_files import mnist
from .toy import (
    checkerboard,
    circles,
    gaussians,
    heteroscedastic,
    hills,
    moons,
    plane,
    sine,
    spirals,
    trask,
    xor,
)
from .toy_sequences import echo, parity

__all__ = [
    "breast_cancer",
    "checkerboard",
    "circles",
    "diabetes",
    "digits",
    "echo",
    "gaussians",
    "heteroscedastic",
    "hills",
    "iris",
    "linnerud",
    "mnist",
    "moons",
    "parity",
    "plane",
    "sine",
    "spirals",
    "trask",
    "wine",
    "xor",
]
