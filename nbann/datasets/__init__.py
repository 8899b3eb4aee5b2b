"""Data sets by name: made with NumPy, scikit-learn's bundled copies, files of optional packages.

Those of scikit-learn load it when they are called, as does `load_ranking`, which reads the user's
file; the others need NumPy alone. Nothing is downloaded unless it is asked for (`mnist`). Which set
fits which kind of net: docs/data.md. Imports the core only.
"""

from .bundled import breast_cancer, diabetes, digits, iris, linnerud, wine
from .letters_drawn import letters
from .mnist_files import mnist
from .mnist_sample import mnist5k
from .names import LETTERS, first_names, toy_names
from .rankings import load_ranking, ranking
from .texts import characters
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
from .toy_sequences import echo, neighbor_xor, parity

__all__ = [
    "LETTERS",
    "breast_cancer",
    "characters",
    "checkerboard",
    "circles",
    "diabetes",
    "digits",
    "echo",
    "first_names",
    "gaussians",
    "heteroscedastic",
    "hills",
    "iris",
    "letters",
    "linnerud",
    "load_ranking",
    "mnist",
    "mnist5k",
    "moons",
    "neighbor_xor",
    "parity",
    "plane",
    "ranking",
    "sine",
    "spirals",
    "toy_names",
    "trask",
    "wine",
    "xor",
]
