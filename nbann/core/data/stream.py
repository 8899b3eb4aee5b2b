"""Data that come batch by batch, from an iterator or a function; imports the core's own parts only.

`data/streaming.py` reads them and `data/batch_check.py` checks them; here is what the user says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..checks import counted, whole_number
from ..errors import bad_value
from ..losses.loss import Task
from .batch_check import BatchCheck
from .dataset import Dataset
from .streaming import Column, Reader
from .tables import column_names

_MEND = "Pass a list or another sequence of batches, an iterable, or a function that makes one."


class Stream:
    """Batches that come from elsewhere when they are due, a few in memory at a time.

    To be trained on in the place of a `Dataset`: ``nbann.Trainer(net, nbann.Stream(batches))``. The
    trainer's `batch_size` is by default that of the first batch; with another one, the rows are cut
    anew as they follow one another. Batches are checked as they come. One that is wrong is told by
    its number, and the run then stands at the start of the training batch that it was needed for,
    from where it goes on once it is mended.

    Parameters
    ----------
    batches : sequence, iterable, iterator or callable
        Of batches ``(X, y)``, or of X alone where that is all that is learned from.

        A sequence, or a function ``batches(i)`` with `count`, gives any batch by its number. With
        the trainer's ``shuffle=True`` each epoch takes them in another order, the rows within each
        as they stand.

        An iterable that can be gone through again, or a function ``batches(epoch)`` that returns
        one (epochs are counted from 0), gives them in its own order, whatever `shuffle` says. Going
        back goes through the epoch from its start, so the same epoch has to give the same batches,
        and each epoch as many rows.

        An iterator, such as a generator, gives each batch once: epochs follow one another in it.
        It can not be gone back in further than the batch at hand, nor scored as a whole: the
        history then has no scores of the training data. It needs `samples`.
    count : int, optional
        Of batches: `batches` is then a function of a batch's number.
    samples : int, optional
        Rows in an epoch; all batches but the last have as many as the first. If left out, all of
        it is gone through once, to be counted and checked.
    task : {"classification", "regression", "unsupervised"}, optional
        By default read off the first batch.
    feature_names, target_names : sequence of str, optional
        As for `Dataset`. Classes that are given as words are named in `target_names`, all of them.
    name : str

    Attributes
    ----------
    samples : int
        Rows in an epoch.
    rows : int
        Of the first batch.

    Raises
    ------
    ValueError
        No batches, or one that is no (X, y) of finite numbers with the columns of the first.

    Examples
    --------
    >>> import nbann, numpy as np
    >>> def batch(i):
    ...     x = np.random.default_rng(i).normal(size=(100, 2))
    ...     return x, (x[:, 0] > x[:, 1]).astype(int)
    >>> nbann.Stream(batch, count=50)
    <Stream data: 5000 samples in 50 batches, 2 features, classification>
    """

    def __init__(
        self,
        batches: Any,
        *,
        count: int | None = None,
        samples: int | None = None,
        task: Task | None = None,
        feature_names: Iterable[str] = (),
        target_names: Iterable[str] = (),
        name: str = "data",
    ) -> None:
        if samples is not None:
            samples = whole_number("samples", samples, least=1)
        get, begin, once = _ways(batches, count)
        if once is not None and samples is None:
            mend = "Pass samples=, or a function that makes the iterator anew."
            raise bad_value("samples", "the rows of an epoch, for an iterator", "none", mend)
        items = once if once is not None else _items(get, begin, count or len_of(batches))
        first = next(items, None)
        if first is None:
            mend = "Let it give batches (X, y)."
            raise bad_value("Stream", "at least one batch", "none", mend)
        words = tuple(str(one) for one in target_names)
        self._check = BatchCheck(first, task, words)
        X, y = self._check(first, "Batch 0")
        self.rows = len(X)
        if samples is None:
            sizes = [len(X)]
            sizes += [len(self._check(one, f"Batch {i}")[0]) for i, one in enumerate(items, 1)]
        else:
            full, rest = divmod(samples, self.rows)
            sizes = [self.rows] * full + [rest] * (rest > 0)
        number = count if count is not None else len_of(batches) if get is not None else None
        if number is not None and number != len(sizes):
            mend = "Leave samples out to have them counted."
            received = counted(len(sizes), "batch")
            expected = f"samples that are {counted(number, 'batch')} of {self.rows}"
            raise bad_value("samples", expected, received, mend)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        self.samples, self.count = int(starts[-1]), len(sizes)
        held = {0: (X, y)}
        made = [
            Reader(
                np.array(sizes), self._check, get=get, begin=begin, once=once,
                held=held if once is not None or get is not None else None,
            )
            for _ in range(1 if once is not None else 2)
        ]  # fmt: skip
        readers = (made[0], made[-1])
        columns = [
            Column(readers, i, starts, a, shuffled=get is not None) for i, a in enumerate((X, y))
        ]
        alone = self._check.alone
        self.data = Dataset(
            columns[0],
            None if alone else columns[1],
            self._check.task,
            tuple(feature_names) or column_names(first if alone else first[0]),
            words,
            name,
        )

    @property
    def once(self) -> bool:
        """Whether each batch comes but once."""
        return is_once(self.data)

    def __len__(self) -> int:
        return self.samples

    def __repr__(self) -> str:
        batches = counted(self.count, "batch")
        features = counted(self.data.X.shape[-1], "feature")
        return (
            f"<Stream {self.data.name}: {counted(self.samples, 'sample')} in {batches}, "
            f"{features}, {self.data.task}>"
        )


def is_once(data: Dataset | None) -> bool:
    """Whether a data set is that of an iterator, whose batches come but once."""
    return data is not None and isinstance(data.X, Column) and data.X.readers[0].once


def len_of(batches: Any) -> int | None:
    """Return how many batches a sequence has; None of what has no length."""
    return len(batches) if _is_sequence(batches) else None


def _is_sequence(batches: Any) -> bool:
    return hasattr(batches, "__len__") and hasattr(batches, "__getitem__")


def _ways(batches: Any, count: int | None) -> tuple[Any, Any, Any]:
    """Return by what batches are had: by number, by epoch, or one after the other."""
    if count is not None:
        whole_number("count", count, least=1)
        if not callable(batches):
            mend = "Leave count out: it is for functions of a batch's number."
            raise bad_value("batches", "a function, with count", type(batches).__name__, mend)
        return batches, None, None
    if isinstance(batches, (str, bytes, dict, np.ndarray, tuple)) or hasattr(batches, "to_numpy"):
        raise bad_value("batches", "batches (X, y)", type(batches).__name__, _MEND)
    if _is_sequence(batches):
        return batches.__getitem__, None, None
    if isinstance(batches, Iterator):
        return None, None, batches
    if isinstance(batches, Iterable):
        return None, lambda epoch: batches, None
    if callable(batches):
        return None, batches, None
    raise bad_value("batches", "batches (X, y)", type(batches).__name__, _MEND)


def _items(
    get: Callable[[int], Any] | None, begin: Callable[[int], Any] | None, count: int | None
) -> Iterator[Any]:
    """Go through the batches of the first epoch."""
    if get is not None:
        return (get(i) for i in range(count or 0))
    assert begin is not None  # one of both there is
    made = begin(0)
    if not isinstance(made, Iterable):
        mend = "Let batches(epoch) return an iterable; for a function of a batch's number pass "
        raise bad_value("batches(0)", "an iterable", type(made).__name__, f"{mend}count=.")
    return iter(made)
