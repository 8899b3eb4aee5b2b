"""Samples in rows with their targets: checked, split, standardized; imports the core's own parts.

What `Dataset` stands on; `data/dataset.py` adds what makes other features and targets of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..checks import as_features, as_mask, as_weight, counted, number_in, whole_number
from ..errors import bad_value
from ..losses.loss import Task
from .filed import as_rows, is_filed
from .made import Picked
from .queries import Ids, as_groups, check_ranking, distinct, numbered
from .scaling import Scaling, measured, scaled, scaled_rows, unscaled
from .sequences import padded, padded_targets
from .several import Target, as_several, as_table
from .source import RowSource
from .splitting import parts
from .tables import column_names
from .targets import Targets, as_targets

Floats = NDArray[np.float64]


class _LeftOut:
    """Stands for a y that was not passed: a variable that is None is rather a mistake."""

    def __repr__(self) -> str:
        return "<X itself>"


_LEFT_OUT = _LeftOut()


@dataclass(frozen=True, eq=False)
class Rows:
    """Samples in rows, and what is to be learned of each; see `Dataset`."""

    X: Floats
    y: NDArray[Any] = _LEFT_OUT  # type: ignore[assignment]  # X itself, for "unsupervised"
    task: Task = None  # type: ignore[assignment]  # filled in below
    feature_names: Sequence[str] = ()
    target_names: Sequence[str] = ()
    name: str = "data"
    mask: Floats | None = field(default=None, repr=False)
    weight: Floats | None = field(default=None, repr=False)
    scaling: Scaling | None = field(default=None, repr=False)
    """(mean, standard deviation) of each feature if standardized."""
    held_out: bool = field(default=False, repr=False)
    """Whether this is the test or validation part of a split."""
    groups: Ids | None = field(default=None, repr=False)
    """The query of each row, where rows are documents that are ranked query by query."""
    targets: tuple[Target, ...] = field(default=(), repr=False)
    """What the columns of y are, where it was given as a dict: several targets a sample."""

    def __post_init__(self) -> None:
        if self.mask is None and self.groups is None and not self._has_several:
            X = as_rows(self.X)
        else:  # what belongs together is laid out in memory
            X = as_features(self.X, mask=self.mask)
        mask = None if self.mask is None else as_mask(self.mask, X.shape[:2])
        names = _listed(self.feature_names, "feature_names") or column_names(self.X)
        names = names or tuple(f"x{i + 1}" for i in range(X.shape[-1]))
        if len(names) != X.shape[-1]:
            mend = "Give one name a column."
            raise bad_value("feature_names", counted(X.shape[-1], "name"), f"{len(names)}", mend)
        given = _listed(self.target_names, "target_names")
        groups = None if self.groups is None else as_groups(self.groups, len(X))
        alone = groups is not None and not self._has_several
        task = "ranking" if self.task is None and alone else self.task
        targets = self._several(X, mask) if self._has_several else None
        if targets is None:
            y: Any = self.y
            if groups is not None and is_filed(y):
                y = np.asarray(y)
            if y is _LEFT_OUT:
                y, task = None, "unsupervised" if task is None else task
            targets = as_targets(y, X, mask, task=task, names=given)
        if task == "ranking" or groups is not None:
            check_ranking(X, targets.y if task == "ranking" else np.zeros(0), groups, mask)
        weight = None if self.weight is None else _locked(as_weight(self.weight, len(X)))
        itself = targets.y is X
        X = _locked(X)
        for key, value in {
            "X": X,
            "y": X if itself else _locked(targets.y),
            "task": targets.task,
            "feature_names": names,
            "target_names": targets.names or (names if itself else ()),
            "mask": None if mask is None else _locked(mask),
            "weight": weight,
            "groups": None if groups is None else _locked(groups),
        }.items():
            object.__setattr__(self, key, value)

    @property
    def _has_several(self) -> bool:
        return bool(self.targets) or isinstance(self.y, Mapping)

    def _several(self, X: Floats, mask: Floats | None) -> Targets:
        """Return several targets as one table, and note what its columns are."""
        if self.task not in (None, "several"):
            mend = "Leave it out: each target has its own."
            raise bad_value("task", "none beside a dict of targets", repr(self.task), mend)
        if isinstance(self.y, Mapping):
            table, targets = as_several(self.y, X, mask)
            object.__setattr__(self, "targets", targets)
        else:
            table = as_table(self.y, X, self.targets)
        return Targets(table, "several", tuple(target.name for target in self.targets))

    @classmethod
    def from_sequences(
        cls,
        sequences: Sequence[Any],
        y: Any = None,
        task: Task | None = None,
        *,
        target_names: Sequence[str] = (),
        **settings: Any,
    ) -> Self:
        """Return a data set of sequences of unequal length, filled up with 0 at the end.

        Parameters
        ----------
        sequences : list of arrays
            Of shape (T_i,) or (T_i, d), one a sample; `X` is then (n, T) or (n, T, d) with T the
            longest of them, and `mask` (n, T) says which steps are there.
        y : array or list
            One target a sequence; or one a step, if row i of y is as long as sequence i for every
            i.
        task, target_names, **settings
            As in `Dataset`.

        Raises
        ------
        ValueError
            An empty sequence, another number of features a step, or what `Dataset` raises.

        Examples
        --------
        >>> import nbann
        >>> ds = nbann.Dataset.from_sequences([[5, 6, 7], [8, 9]], [0, 1])
        >>> ds.X.tolist(), ds.mask.tolist()
        ([[5.0, 6.0, 7.0], [8.0, 9.0, 0.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
        """
        X, mask = padded(sequences)
        y, names = padded_targets(y, mask, _listed(target_names, "target_names"))
        return cls(X, y, cast("Task", task), target_names=names, mask=mask, **settings)

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        parts = [counted(len(self), "sample")]
        if self.groups is not None:
            parts.append(counted(len(self.queries), "query"))
        if self.mask is not None:
            parts.append(f"up to {counted(self.X.shape[1], 'step')}")
        elif self.X.ndim > 2:
            parts.append(f"{' x '.join(map(str, self.X.shape[1:-1]))} steps")
        if self.mask is None or self.X.ndim > 2:
            parts.append(counted(self.X.shape[-1], "feature"))
        return f"<Dataset {self.name}: {', '.join(parts)}, {self.task}>"

    @property
    def raw_X(self) -> Floats:
        """The features in their own units, whether standardized or not."""
        if self.scaling is None:
            return self.X
        return scaled_rows(unscaled, self.X, self.scaling, self.mask)

    @property
    def queries(self) -> Ids:
        """The ids of the queries, each once, in the order of their first document.

        Raises
        ------
        ValueError
            The data set has no groups.
        """
        if self.groups is None:
            mend = "Pass groups= to Dataset."
            raise bad_value("queries", "a data set with groups", "one without", mend)
        return distinct(self.groups)

    # ---- parts -----------------------------------------------------------------------------------
    def take(self, rows: Any) -> Self:
        """Return some of the samples, by their numbers, a slice or booleans, as they stand."""
        return self._with(
            X=_picked(self.X, rows),
            y=None if self.y is self.X else _picked(self.y, rows),
            mask=None if self.mask is None else self.mask[rows],
            weight=None if self.weight is None else self.weight[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def take_queries(self, queries: Any) -> Self:
        """Return all documents of some queries, by their places in `queries`, in the order given.

        Parameters
        ----------
        queries : int, list of int, slice or booleans

        Raises
        ------
        ValueError
            The data set has no groups.
        """
        chosen = np.atleast_1d(np.arange(len(self.queries))[queries])
        assert self.groups is not None  # or there were no queries
        number = numbered(self.groups)
        return self.take(np.concatenate([np.flatnonzero(number == q) for q in chosen]))

    @overload
    def split(self, test: float = ..., seed: int = ...) -> tuple[Self, Self]: ...
    @overload
    def split(
        self, test: float = ..., seed: int = ..., *, validation: float
    ) -> tuple[Self, Self, Self]: ...
    def split(
        self, test: float = 0.2, seed: int = 0, *, validation: float | None = None
    ) -> tuple[Self, ...]:
        """Return a training and a test part, drawn at random; classes keep their shares.

        With groups, whole queries are drawn, and `test` is a share of them.

        A standardized set is standardized anew by its training part alone, so that nothing of the
        other parts' statistics reaches the training.

        Parameters
        ----------
        test : float
            Share of the samples held out, in (0, 1); at least one sample stays on each side.
        seed : int
            The same seed gives the same split.
        validation : float, optional
            Share of the samples for a third part, to choose settings by: then ``train, validation,
            test`` are returned. The test part is the same with and without it.

        Raises
        ------
        ValueError
            Shares out of range, or fewer samples than parts.
        """
        shares = [number_in("test", test, above=0.0, below=1.0)]
        if validation is not None:
            shares.append(number_in("validation", validation, above=0.0, below=1.0))
            if sum(shares) >= 1:
                mend = "Leave something for the training."
                total = "test and validation below 1 together"
                raise bad_value("validation", total, f"{sum(shares):g}", mend)
        count = len(self) if self.groups is None else len(self.queries)
        if count < 1 + len(shares):
            least = f"at least {1 + len(shares)} {'samples' if self.groups is None else 'queries'}"
            raise bad_value("split", least, f"{count}", "Add data.")
        rng = generator(seed)
        counts: list[int] = []
        for later, share in zip((len(shares), 1), shares, strict=False):
            left = count - later - sum(counts)  # every part keeps at least one sample
            counts.append(max(1, min(left, round(share * count))))
        alone = self.groups is None and self.task == "classification" and self.y.ndim == 1
        raw = self._unscaled()
        *held, rest = self._rows(parts(rng, count, np.asarray(self.y) if alone else None, counts))
        made = [raw.take(rest), *(raw.take(r)._with(held_out=True) for r in reversed(held))]
        if self.scaling is None:
            return tuple(made)
        train = made[0].standardized(like=self if self.held_out else None)
        return train, *(part.standardized(like=train) for part in made[1:])

    def _rows(self, drawn: list[NDArray[np.integer]]) -> list[NDArray[np.integer]]:
        """Return the rows of what was drawn: of queries, if there are groups."""
        if self.groups is None:
            return drawn
        number = numbered(self.groups)
        return [np.flatnonzero(np.isin(number, queries)) for queries in drawn]

    # ---- other units -----------------------------------------------------------------------------
    def standardized(self, like: Rows | None = None) -> Self:
        """Return the set with each feature at mean 0 and standard deviation 1.

        ``x' = (x - mean) / std``, with the definitions of scikit-learn's `StandardScaler`.

        Of sequences, a feature's mean and deviation are those over all samples and all time steps
        that are there. What is to be reconstructed ("unsupervised") is scaled with the features;
        other targets stay as they are.

        Parameters
        ----------
        like : Dataset, optional
            A standardized set whose mean and deviation are used; a test part needs its training
            part here.

        Raises
        ------
        ValueError
            A test or validation part without `like`: scaled by its own statistics it would not
            match the training data.
        """
        raw = self._unscaled()
        if like is None:
            if self.held_out:
                mend = "Use test.standardized(like=train) with the standardized training part."
                raise bad_value(
                    "standardized", "the training part's scaling", "a test part alone", mend
                )
            scaling = measured(raw.X, self.mask)
        elif not isinstance(like, Rows) or like.scaling is None:
            raise bad_value(
                "like", "a standardized set", repr(like), "Call train.standardized() first."
            )
        elif like.X.shape[-1] != self.X.shape[-1]:
            expected, received = counted(self.X.shape[-1], "feature"), f"{like.X.shape[-1]}"
            raise bad_value("like", expected, received, "Use the same columns.")
        else:
            scaling = like.scaling
        return raw._with(
            X=own(scaled_rows(scaled, raw.X, scaling, self.mask)),
            **(
                {"y": scaled_rows(scaled, raw.y, scaling, self.mask)}
                if raw._rebuilds_another
                else {}
            ),
            scaling=scaling,
        )

    def _unscaled(self) -> Self:
        if self.scaling is None:
            return self
        again = self._rebuilds_another
        changes = {}
        if again:
            changes["y"] = scaled_rows(unscaled, self.y, self.scaling, self.mask)
        return self._with(X=own(self.raw_X), **changes, scaling=None)

    @property
    def _rebuilds_another(self) -> bool:
        """Whether something of X's kind, but not X itself, is to be reconstructed."""
        return self.task == "unsupervised" and self.y is not self.X

    def _with(self, **changes: Any) -> Self:
        if self.y is self.X and "X" in changes:
            changes.setdefault("y", None)
        return replace(self, **changes)


def own(array: NDArray[Any]) -> NDArray[Any]:
    """Lock an array that was just made here, so that it need not be copied (but not a view)."""
    if not isinstance(array, RowSource) and array.flags.owndata:
        array.flags.writeable = False
    return array


def _picked(array: Any, rows: Any) -> Any:
    """Return some rows; of those that are read when they are needed, rows to be read later."""
    if isinstance(array, RowSource):
        return Picked(array, array.numbers(rows))
    return own(array[rows])


def generator(seed: int) -> np.random.Generator:
    """Return a generator of random numbers from a seed of at least 0."""
    return np.random.default_rng(whole_number("seed", seed, least=0, mend="Pass e.g. seed=0."))


def _listed(names: object, what: str) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        mend = f"Pass a list, e.g. {what}=['a', 'b']."
        raise bad_value(what, "a list of names", repr(names), mend)
    return tuple(str(n) for n in names)


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    if isinstance(array, RowSource):
        return array  # nobody can write to it
    if not array.flags.writeable and array.flags.owndata:
        return array  # one of ours: nobody can write to it
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
