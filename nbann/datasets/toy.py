"""Small data sets in the plane, made with NumPy from a seed; imports the core only.

Where TensorFlow Playground has a shape, it is drawn as there (github.com/tensorflow/playground,
src/dataset.ts, 2016). With one difference: Playground labels some points by where noise would have
moved them, so that its classes come out unequal; here noise moves the points themselves and the
classes are of equal size (where n is no multiple of their number, the first have one point more).
The order of the rows is random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.checks import number_in, whole_number
from ..core.data.dataset import Dataset

Floats = NDArray[np.float64]


def trask() -> Dataset:
    """Return Trask's table: exclusive or of two columns, beside a third that is always 1.

    Andrew Trask, "A Neural Network in 11 lines of Python (Part 1)", 2015.
    """
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    names = ("first", "second", "always 1")
    return Dataset(X, np.array([0, 1, 1, 0]), "classification", names, ("0", "1"), "trask")


def xor(n: int | None = None, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return the four cases of exclusive or, or a cloud of n points around them.

    The cloud is TensorFlow Playground's: both coordinates are uniform in [-5, 5], moved 0.3 away
    from 0, plus ``noise * uniform(-5, 5)``. Class 1 are the points whose coordinates differ in
    sign (which Playground calls the negative ones).

    Parameters
    ----------
    n : int, optional
        Number of points, at least 2. None: the four cases of 0 and 1.
    noise : float
        At least 0; Playground goes to 0.5.
    seed : int
    """
    if n is None:
        X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        names = ("first", "second")
        return Dataset(X, np.array([0, 1, 1, 0]), "classification", names, ("0", "1"), "xor")
    rng, y, noise = _begin(n, noise, seed, 2)
    size = rng.uniform(0, 5, (n, 2)) + 0.3
    first = rng.choice([-1, 1], n)
    X = size * np.column_stack([first, np.where(y == 0, first, -first)])
    return _classes(rng, X + noise * rng.uniform(-5, 5, X.shape), y, ("0", "1"), "xor")


def spirals(n: int = 500, noise: float = 0.0, seed: int = 0, classes: int = 2) -> Dataset:
    """Return spiral arms around the origin, one a class.

    Point i of the m points of class j lies at radius ``r = 5 i / m`` and angle
    ``t = 1.75 * 2 pi * i / m + pi + 2 pi j / classes``: ``x = (r sin t, r cos t)``, plus
    ``noise * uniform(-1, 1)`` on both. With 2 classes these are TensorFlow Playground's; class 1 is
    its positive one.

    Parameters
    ----------
    n : int
        Number of points, at least one a class.
    noise : float
        At least 0; Playground goes to 0.5.
    seed : int
    classes : int
        At least 2.
    """
    rng, y, noise = _begin(n, noise, seed, classes)
    along = _places(y) / np.bincount(y)[y]
    turn = 1.75 * 2 * np.pi * along + np.pi + 2 * np.pi * y / classes
    X = 5 * along[:, None] * np.column_stack([np.sin(turn), np.cos(turn)])
    names = tuple(f"arm {j + 1}" for j in range(classes))
    return _classes(rng, X + noise * rng.uniform(-1, 1, X.shape), y, names, "spirals")


def circles(n: int = 500, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return a disk (class 1) in a ring (class 0), as in TensorFlow Playground.

    Radius uniform in [0, 2.5] inside and in [3.5, 5] outside, angle uniform, plus
    ``noise * uniform(-5, 5)`` on both coordinates.

    Parameters
    ----------
    n : int
        Number of points, at least 2.
    noise : float
        At least 0; Playground goes to 0.5.
    seed : int
    """
    rng, y, noise = _begin(n, noise, seed, 2)
    radius = np.where(y == 1, rng.uniform(0, 2.5, n), rng.uniform(3.5, 5, n))
    angle = rng.uniform(0, 2 * np.pi, n)
    X = radius[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    moved = X + noise * rng.uniform(-5, 5, X.shape)
    return _classes(rng, moved, y, ("outside", "inside"), "circles")


def gaussians(n: int = 500, noise: float = 0.0, seed: int = 0, classes: int = 2) -> Dataset:
    """Return round clouds, one a class, whose centers lie on a circle of radius sqrt(8).

    Each is normal with variance ``0.5 + 7 noise`` on both coordinates; the center of class j is at
    the angle ``pi (5/4 + 2 j / classes)``. With 2 classes these are TensorFlow Playground's, around
    (-2, -2) and (2, 2).

    Parameters
    ----------
    n : int
        Number of points, at least one a class.
    noise : float
        At least 0; Playground goes to 0.5.
    seed : int
    classes : int
        At least 2.
    """
    rng, y, noise = _begin(n, noise, seed, classes)
    angle = np.pi * (1.25 + 2 * y / classes)
    center = np.sqrt(8) * np.column_stack([np.cos(angle), np.sin(angle)])
    X = center + rng.normal(0, np.sqrt(0.5 + 7 * noise), center.shape)
    names = tuple(f"cloud {j + 1}" for j in range(classes))
    return _classes(rng, X, y, names, "gaussians")


def moons(n: int = 500, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two half circles that reach into each other, as scikit-learn's `make_moons` does.

    With t evenly from 0 to pi, class 0 lies at ``(cos t, sin t)`` and class 1 at
    ``(1 - cos t, 1/2 - sin t)``, both plus normal noise.

    Parameters
    ----------
    n : int
        Number of points, at least 2.
    noise : float
        Standard deviation of the noise on both coordinates, at least 0.
    seed : int
    """
    rng, y, noise = _begin(n, noise, seed, 2)
    t = np.pi * _places(y) / np.maximum(np.bincount(y)[y] - 1, 1)
    upper, lower = (np.cos(t), np.sin(t)), (1 - np.cos(t), 0.5 - np.sin(t))
    X = np.where(y[:, None] == 0, np.column_stack(upper), np.column_stack(lower))
    return _classes(rng, X + rng.normal(0, noise, X.shape), y, ("upper", "lower"), "moons")


def checkerboard(n: int = 500, noise: float = 0.0, seed: int = 0, cells: int = 4) -> Dataset:
    """Return a board of squares that belong to two classes by turns.

    On [-5, 5] by [-5, 5], the square in row r and column c (from 0, at the lower left) is of class
    ``(r + c) mod 2``. A point is uniform in a random square of its class, plus
    ``noise * uniform(-5, 5)`` on both coordinates.

    Parameters
    ----------
    n : int
        Number of points, at least 2.
    noise : float
        At least 0.
    seed : int
    cells : int
        Squares in a row, at least 2.
    """
    cells = whole_number("cells", cells, least=2, mend="Pass e.g. cells=4.")
    rng, y, noise = _begin(n, noise, seed, 2)
    row, column = np.indices((cells, cells)).reshape(2, -1)
    corner = np.empty((n, 2))
    for label in (0, 1):
        own = np.flatnonzero((row + column) % 2 == label)
        picked = rng.choice(own, int((y == label).sum()))
        corner[y == label] = np.column_stack([column[picked], row[picked]])
    X = 10 * (corner + rng.uniform(0, 1, corner.shape)) / cells - 5
    moved = X + noise * rng.uniform(-5, 5, X.shape)
    return _classes(rng, moved, y, ("even", "odd"), "checkerboard")


def sine(n: int = 200, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return points on a sine wave: ``y = sin(x) + e``, x uniform in [-pi, pi], e normal.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    noise : float
        Standard deviation of e, at least 0.
    seed : int
    """
    n, noise, rng = _settings(n, noise, seed, least=1)
    x = rng.uniform(-np.pi, np.pi, n)
    y = np.sin(x) + rng.normal(0, noise, n)
    return Dataset(x[:, None], y, "regression", ("x",), ("sin(x)",), "sine")


def heteroscedastic(n: int = 1000, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return points on a sine wave that scatter the more the farther they are from 0.

    ``y = sin(x) + std(x) * e`` with ``std(x) = noise * (1 + |x|)``, x uniform in [-pi, pi], e
    normal: what `GaussianNLL` and `Pinball` are to find out is known.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    noise : float
        Standard deviation of y at x = 0, at least 0.
    seed : int
    """
    n, noise, rng = _settings(n, noise, seed, least=1)
    x = rng.uniform(-np.pi, np.pi, n)
    y = np.sin(x) + noise * (1 + np.abs(x)) * rng.standard_normal(n)
    return Dataset(x[:, None], y, "regression", ("x",), ("y",), "heteroscedastic")


def plane(n: int = 500, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return TensorFlow Playground's plane: ``y = (x1 + x2) / 10``, to be regressed on.

    Both coordinates are uniform in [-6, 6]; y is taken at a point that lies
    ``noise * uniform(-6, 6)`` beside, on both.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    noise : float
        At least 0; Playground goes to 0.5.
    seed : int
    """
    X, beside = _square(n, noise, seed)
    return Dataset(X, beside.sum(axis=1) / 10, "regression", ("x1", "x2"), ("height",), "plane")


def hills(n: int = 500, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return TensorFlow Playground's three hills and three hollows, to be regressed on.

    Around (-4, 2.5), (4, 2.5) and (0, -2.5) y falls from 1 by 1/2 a unit of distance, down to 0;
    around (0, 2.5), (-4, -2.5) and (4, -2.5) it rises from -1 in the same way. Points and noise are
    those of `plane`.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    noise : float
        At least 0; Playground goes to 0.5.
    seed : int
    """
    X, beside = _square(n, noise, seed)
    tops = np.array([[-4, 2.5], [0, 2.5], [4, 2.5], [-4, -2.5], [0, -2.5], [4, -2.5]])
    signs = np.array([1, -1, 1, -1, 1, -1])
    distance = np.linalg.norm(beside[:, None] - tops, axis=2)
    y = (signs * np.maximum(0, 1 - distance / 2)).sum(axis=1)  # they do not overlap
    return Dataset(X, y, "regression", ("x1", "x2"), ("height",), "hills")


def _settings(
    n: int, noise: float, seed: int, *, least: int
) -> tuple[int, float, np.random.Generator]:
    n = whole_number("n", n, least=least, mend="Pass e.g. n=500.")
    noise = number_in("noise", noise, least=0.0)
    seed = whole_number("seed", seed, least=0, mend="Pass e.g. seed=0.")
    return n, noise, np.random.default_rng(seed)


def _begin(
    n: int, noise: float, seed: int, classes: int
) -> tuple[np.random.Generator, NDArray[np.intp], float]:
    """Check the settings; return a generator and the labels, in blocks of equal size."""
    classes = whole_number("classes", classes, least=2, mend="Pass e.g. classes=3.")
    n, noise, rng = _settings(n, noise, seed, least=classes)
    return rng, np.sort(np.arange(n) % classes), noise


def _places(y: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number of each point within its class, from 0; y is sorted."""
    return np.arange(len(y)) - np.searchsorted(y, y)


def _square(n: int, noise: float, seed: int) -> tuple[Floats, Floats]:
    n, noise, rng = _settings(n, noise, seed, least=1)
    X = rng.uniform(-6, 6, (n, 2))
    return X, X + noise * rng.uniform(-6, 6, X.shape)


def _classes(
    rng: np.random.Generator, X: Floats, y: NDArray[np.intp], names: tuple[str, ...], name: str
) -> Dataset:
    order = rng.permutation(len(y))
    return Dataset(X[order], y[order], "classification", ("x1", "x2"), names, name)
