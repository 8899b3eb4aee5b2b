"""Planes through the space of all weights, which a loss landscape is cut along; NumPy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_SKEW = 0.9  # cosine from which on two directions are too much alike to span a picture


@dataclass(frozen=True, eq=False)
class Plane:
    """Two directions, and where their coordinates are counted from.

    Attributes
    ----------
    origin : array of shape (parameters,)
        The weights whose coordinates are `offset`.
    directions : array of shape (2, parameters)
    labels : pair of str
        What stands at the axes.
    offset : array of shape (2,)
    """

    origin: Floats
    directions: Floats
    labels: tuple[str, str]
    offset: Floats

    def coordinates(self, theta: Floats) -> Floats:
        """Return where weights (..., parameters) stand, by the nearest point: shape (..., 2)."""
        gram = self.directions @ self.directions.T
        with np.errstate(all="ignore"):  # of a run gone astray
            away = (np.asarray(theta, float) - self.origin) @ self.directions.T
            return np.asarray(np.linalg.solve(gram, away[..., None])[..., 0] + self.offset)

    def point(self, base: Floats, at: Floats, of_base: Floats | None = None) -> Floats:
        """Return the weights at a place of the plane through `base` along both directions.

        `of_base` are the coordinates of `base`, where they are known.
        """
        of_base = self.coordinates(base) if of_base is None else of_base
        with np.errstate(all="ignore"):
            return np.asarray(base + (at - of_base) @ self.directions)


def weight_plane(start: Floats, elements: Sequence[tuple[str, tuple[int, ...], int]]) -> Plane:
    """Return the plane of two weights, each by name, index and place in the flat vector."""
    directions = np.zeros((2, start.size))
    for row, (_, _, place) in zip(directions, elements, strict=True):
        row[place] = 1.0
    first, second = (f"{name}[{', '.join(map(str, index))}]" for name, index, _ in elements)
    offset = start[[place for _, _, place in elements]].astype(float)
    return Plane(start, directions, (first, second), offset)


def random_plane(start: Floats, shapes: Iterable[tuple[int, ...]], seed: int) -> Plane:
    """Return two random directions, each filter as long as the start weights' own.

    So a step of 1 changes every neuron's weights by their own size, whatever the scale of its layer
    (Li, Xu, Taylor, Studer and Goldstein, 2018, "Visualizing the Loss Landscape of Neural Nets",
    section 4). What starts at 0, as biases do, stays as it is. Where that leaves no two directions
    (all weights start at 0, say), they are drawn without regard to filters.
    """
    rng = np.random.default_rng([seed, 3])
    sizes = list(shapes)
    for _ in range(20):
        pair = np.array(
            [filter_normalized(rng.normal(size=start.size), start, sizes) for _ in "ab"]
        )
        lengths = np.linalg.norm(pair, axis=1)
        if lengths.all() and abs(pair[0] @ pair[1]) < _SKEW * lengths.prod():
            break
    else:
        square, _ = np.linalg.qr(rng.normal(size=(start.size, 2)))
        pair = square.T * (np.linalg.norm(start) or 1.0)
    return Plane(start, pair, ("random direction 1", "random direction 2"), np.zeros(2))


def filter_normalized(direction: Floats, like: Floats, shapes: Iterable[tuple[int, ...]]) -> Floats:
    """Return a direction whose filters are each as long as those of `like`.

    A filter is a column of a weight matrix: what leads to one neuron; of a vector it is the whole.
    """
    scaled, begin = np.zeros(like.size), 0
    for shape in shapes:
        size = int(np.prod(shape))
        part = slice(begin, begin + size)
        columns = (-1, shape[-1]) if len(shape) > 1 else (-1, 1)
        drawn, own = direction[part].reshape(columns), like[part].reshape(columns)
        length = np.linalg.norm(drawn, axis=0)
        share = np.linalg.norm(own, axis=0) / np.where(length > 0, length, 1.0)
        scaled[part] = (drawn * share).ravel()
        begin += size
    return scaled


def path_plane(start: Floats, path: Floats, fallback: Plane) -> Plane:
    """Return the two directions along which a path (points, parameters) goes most.

    They are its principal components (Li and others, 2018, section 7), of length 1, turned so that
    the path ends to the right of and above its start. Where it goes along a line only, the second
    is a random one, square to it.
    """
    away = path - path.mean(axis=0)
    squares, turn = np.linalg.eigh(away @ away.T)  # as few rows as points, however many weights
    squares, turn = squares[::-1].clip(0.0), turn[:, ::-1]
    if not squares[0] > 0:
        return fallback
    found = [away.T @ turn[:, 0] / np.sqrt(squares[0])]
    if squares[1] > 1e-12 * squares[0]:
        found.append(away.T @ turn[:, 1] / np.sqrt(squares[1]))
    else:
        other = fallback.directions[0] - (fallback.directions[0] @ found[0]) * found[0]
        found.append(other / np.linalg.norm(other))
    ways = np.array(found)
    ways *= np.where(ways @ (path[-1] - path[0]) < 0, -1.0, 1.0)[:, None]
    shares = 100 * squares[:2] / squares.sum()
    names = ("main", "second")
    labels = [f"{n} direction of the path ({s:.0f}%)" for n, s in zip(names, shares, strict=True)]
    return Plane(start, ways, (labels[0], labels[1]), np.zeros(2))
