"""Data sets by name: toy sets made with NumPy, scikit-learn's bundled copies, MNIST from disk.

Those of scikit-learn load it when they are called, as does `load_ranking`, which reads the user's
file; the others need NumPy alone. Imports the core only.
"""

from .bundled import breast_cancer, diabetes, digits, iris, linnerud, wine
from .mnist_files import mnist
from .rankings import load_ranking, ranking
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
from .toy_sequences import echo, parity

__all__ = [
    "breast_cancer",
    "checkerboard",
    "circles",
    "diabetes",
    "digits",
    "echo",
    "gaussians",
    "hills",
    "iris",
    "linnerud",
    "load_ranking",
    "mnist",
    "moons",
    "parity",
    "plane",
    "ranking",
    "sine",
    "spirals",
    "trask",
    "wine",
    "xor",
]
