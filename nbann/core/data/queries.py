"""Documents that are ranked query by query: which belong together, and all of a query in one row.

A data set keeps documents in rows; a program reads queries, each one a row that is filled up with 0
to the longest, with a mask: then a batch is some whole queries, and everything else is as it was.
Imports the core's own parts only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import check_finite, counted
from ..errors import bad_value
from .tables import as_numbers, as_text

if TYPE_CHECKING:
    from .rows import Rows

Ids = NDArray[np.int64]
MOST = 2**30
"""Numbers that queries may take when all are as long as the longest: 8 GB."""
_MEND = "Pass the sizes of the queries, e.g. groups=[3, 2], or a query id for each row of X."


class Queries(NamedTuple):
    """A data set with a query in each row, T being the documents of the longest one."""

    X: NDArray[np.float64]
    """Shape (queries, T, features)."""
    y: NDArray[np.float64]
    """Shape (queries, T)."""
    mask: NDArray[np.float64]
    """Which documents are there, shape (queries, T)."""
    weight: NDArray[np.float64] | None
    """What each query counts, shape (queries,)."""


def as_groups(groups: object, rows: int, what: str = "groups") -> Ids:
    """Return a query id for each row, given as such or as the sizes of the queries.

    Parameters
    ----------
    groups : array or list
        With as many entries as there are rows: ids, whole numbers or words, in any order. Else:
        how many rows each query has, one query after the other (LightGBM's `group`); those get the
        ids 0, 1, ...
    rows : int
        Rows of X.
    what : str
        What the messages call it.

    Raises
    ------
    ValueError
        Neither of both: other numbers than whole ones, sizes below 1 or that do not add up.
    """
    text = as_text(groups, what)
    if text is not None:
        _, found = np.unique(text, return_inverse=True)
        array: NDArray[Any] = found.reshape(text.shape)
    else:
        array = as_numbers(groups, what, "whole numbers")
    if array.ndim != 1 or not array.size:
        raise bad_value(what, "one axis", f"shape {array.shape}", _MEND)
    if array.dtype.kind == "f":
        check_finite(array, what)
        if (array != np.round(array)).any():
            wrong = array[array != np.round(array)][0]
            raise bad_value(what, "whole numbers", f"{wrong:g}", _MEND)
    array = array.astype(np.int64)
    if len(array) == rows:
        return array
    if text is not None:
        expected = f"an id for each of {counted(rows, 'row')}"
        raise bad_value(what, expected, counted(len(array), "id"), _MEND)
    if (array < 1).any():
        place = int(np.flatnonzero(array < 1)[0])
        received = f"{array[place]} at [{place}]"
        raise bad_value(what, "at least 1 document in each query", received, "Leave it out.")
    if array.sum() != rows:
        expected = f"sizes that add up to {counted(rows, 'row')}, or {counted(rows, 'id')}"
        received = f"{counted(len(array), 'number')} that add up to {array.sum()}"
        raise bad_value(what, expected, received, _MEND)
    return np.repeat(np.arange(len(array)), array.astype(np.intp))  # 32 bits in a browser


def numbered(groups: Ids) -> NDArray[np.intp]:
    """Return the number of each row's query, from 0 in the order of first appearance."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    place: NDArray[np.intp] = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return place[inverse]


def distinct(groups: Ids) -> Ids:
    """Return every id once, in the order of first appearance."""
    _, first = np.unique(groups, return_index=True)
    return groups[np.sort(first)]


def rows_of(groups: Ids) -> NDArray[np.intp]:
    """Return the rows of each query, (queries, T), in their order; -1 where there is no more."""
    number = numbered(groups)
    order = np.argsort(number, kind="stable")
    sizes = np.bincount(number)
    starts = np.cumsum(sizes) - sizes
    place = np.arange(len(groups)) - np.repeat(starts, sizes)
    rows = np.full((len(sizes), sizes.max()), -1, np.intp)
    rows[number[order], place] = order
    return rows


def side_by_side(values: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[Any]:
    """Return what belongs to each row of a data set as (queries, T, ...), filled up with 0."""
    there = rows >= 0
    laid = values[rows]
    laid[~there] = 0
    return laid


def by_query(data: Rows) -> Queries:
    """Return a data set with a query in each row.

    Raises
    ------
    ValueError
        Documents of one query that have different weights; `MOST` numbers are not enough.
    """
    assert data.groups is not None  # a ranking has groups: `Dataset` sees to it
    count, sample = samples_of(data)
    if count * math.prod(sample) > MOST:
        mend = "Leave out or cut the longest queries, e.g. to the first 200 documents of each."
        expected = f"queries that fill at most {MOST:,} numbers, each as long as the longest"
        received = f"{count} queries, the longest of {sample[0]} documents of {sample[1]} features"
        raise bad_value("groups", expected, received, mend)
    rows = rows_of(data.groups)
    weight = None
    if data.weight is not None:
        weight = data.weight[rows[:, 0]]
        apart = (side_by_side(data.weight, rows) != weight[:, None]) & (rows >= 0)
        if apart.any():
            query = distinct(data.groups)[int(np.argwhere(apart)[0, 0])]
            mend = "A query counts as a whole: give all of its documents the same weight."
            raise bad_value("weight", "one weight a query", f"several in query {query}", mend)
    return Queries(
        side_by_side(data.X, rows),
        side_by_side(data.y.astype(np.float64), rows),
        (rows >= 0).astype(np.float64),
        weight,
    )


def samples_of(data: Rows) -> tuple[int, tuple[int, ...]]:
    """Return how many samples a program reads of a data set, and the shape of one.

    A sample is a row of X; of a ranking it is a query, with as many steps as the longest one has
    documents.
    """
    if data.task not in ("ranking", "several") or data.groups is None:
        return len(data), data.X.shape[1:]
    sizes = np.bincount(numbered(data.groups))
    return len(sizes), (int(sizes.max()), *data.X.shape[1:])


def check_ranking(X: NDArray[np.float64], y: NDArray[Any], groups: object, mask: object) -> None:
    """Refuse what can not be ranked.

    Raises
    ------
    ValueError
        No groups, documents that are not one row each, or relevance below 0.
    """
    if groups is None:
        mend = "Pass groups= with the sizes of the queries, or a query id for each row."
        raise bad_value("groups", "which documents belong to one query", "None", mend)
    if X.ndim != 2 or mask is not None:
        received = "a mask" if mask is not None else f"shape {X.shape}"
        mend = "Say by groups= which documents belong together."
        raise bad_value("X", "a document in each row, shape (n, features)", received, mend)
    check_relevance(y, "y")


def check_relevance(y: NDArray[Any], what: str) -> None:
    """Refuse relevance below 0."""
    if (y < 0).any():
        place = tuple(int(i) for i in np.argwhere(y < 0)[0])
        mend = "Relevance is 0 for what is of no use, and grows from there."
        received = f"{float(y[place]):g} at {list(place)}"
        raise bad_value(what, "relevance of at least 0", received, mend)
