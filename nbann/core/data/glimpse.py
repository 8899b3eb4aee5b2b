"""Some rows of data that are not in memory, for pictures; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from .source import RowSource

if TYPE_CHECKING:
    from .dataset import Dataset

MOST = 1000
"""Rows that are shown of data that are not in memory."""

Data = TypeVar("Data", "Dataset", "Dataset | None")

_SHOWN: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def glimpse(data: Data) -> Data:
    """Return a data set as it is, or where it is not in memory `MOST` of its rows that are.

    Of a file they are evenly spaced, of a stream the first ones.
    """
    if data is None or not (isinstance(data.X, RowSource) or isinstance(data.y, RowSource)):
        return data
    if data not in _SHOWN:
        lazy = next(one for one in (data.X, data.y) if isinstance(one, RowSource))
        rows = lazy.shown(MOST)
        X, y = (a.sample(rows) if isinstance(a, RowSource) else a[rows] for a in (data.X, data.y))
        weight = None if data.weight is None else data.weight[rows]
        _SHOWN[data] = data._with(X=X, y=None if data.y is data.X else y, weight=weight)
    found: Data = _SHOWN[data]
    return found
