"""Data sets: samples in rows, targets beside them, names for both; imports NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import as_features, as_label_column, as_targets, number_in, whole_number
from .errors import UnknownNameError, bad_value
from .losses import Task

TASKS = ("classification", "regression")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples and what is to be learned of them.

    Parameters
    ----------
    X : array of shape (n, d)
        Features, finite numbers.
    y : array of shape (n,) or (n, k)
        Class labels (integers from 0) or values.
    task : {"classification", "regression"}, optional
        Read off `y` if left out: integers in one column are classes.
    feature_names, target_names : sequence of str, optional
    name : str

    Raises
    ------
    ValueError
        Empty data, NaN or infinity, X and y of different lengths, names that do not fit.
    """

    X: NDArray[np.float64]
    y: NDArray[Any]
    task: Task = None  # type: ignore[assignment]  # filled in below
    feature_names: Sequence[str] = ()
    target_names: Sequence[str] = ()
    name: str = "data"
    scaling: tuple[NDArray[np.float64], NDArray[np.float64]] | None = field(
        default=None, repr=False
    )
    """(mean, standard deviation) of each feature if standardized."""
    held_out: bool = field(default=False, repr=False)
    """Whether this is the test part of a split."""

    def __post_init__(self) -> None:
        X = as_features(self.X)
        y = as_targets(self.y, len(X))
        task = self.task
        if task is None:
            task = "classification" if y.dtype.kind in "iub" and y.ndim == 1 else "regression"
        if task not in TASKS:
            raise UnknownNameError("task", task, TASKS)
        if task == "classification":
            y = as_label_column(y)
        names = tuple(str(n) for n in self.feature_names) or tuple(
            f"x{i + 1}" for i in range(X.shape[1])
        )
        if len(names) != X.shape[1]:
            mend = "Give one name a column."
            raise bad_value("feature_names", f"{X.shape[1]} names", f"{len(names)}", mend)
        for key, value in {
            "X": _locked(X),
            "y": _locked(y),
            "task": task,
            "feature_names": names,
        }.items():
            object.__setattr__(self, key, value)
        object.__setattr__(self, "target_names", tuple(str(n) for n in self.target_names))

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return (
            f"<Dataset {self.name}: {len(self)} samples, {self.X.shape[1]} features, {self.task}>"
        )

    @property
    def raw_X(self) -> NDArray[np.float64]:
        """The features in their own units, whether standardized or not."""
        if self.scaling is None:
            return self.X
        mean, std = self.scaling
        return self.X * std + mean

    def split(self, test: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Return a training and a test part, drawn at random; classes keep their shares.

        A standardized set is standardized anew by its training part alone, so that nothing of the
        test part's statistics reaches the training.

        Parameters
        ----------
        test : float
            Share of the samples held out, in (0, 1); at least one sample stays on each side.
        seed : int
            The same seed gives the same split.
        """
        share = number_in("test", test, above=0.0, below=1.0)
        if len(self) < 2:
            raise bad_value("split", "at least 2 samples", f"{len(self)}", "Add data.")
        rng = np.random.default_rng(whole_number("seed", seed, least=0, mend="Pass e.g. seed=0."))
        groups = [np.arange(len(self))]
        if self.task == "classification":
            groups = [np.flatnonzero(self.y == label) for label in np.unique(self.y)]
        held = np.concatenate(
            _draw(rng, groups, max(1, min(len(self) - 1, round(share * len(self)))))
        )
        mask = np.zeros(len(self), bool)
        mask[held] = True
        parts = (
            self._rows(np.flatnonzero(~mask)),
            replace(self._rows(np.flatnonzero(mask)), held_out=True),
        )
        if self.scaling is None:
            return parts
        train = parts[0].standardized(like=self if self.held_out else None)
        return train, parts[1].standardized(like=train)

    def _rows(self, rows: NDArray[np.intp]) -> Dataset:
        return replace(self, X=self.raw_X[rows], y=self.y[rows], scaling=None)

    def standardized(self, like: Dataset | None = None) -> Dataset:
        """Return the set with each feature at mean 0 and standard deviation 1.

        Parameters
        ----------
        like : Dataset, optional
            A standardized set whose mean and deviation are used; a test part needs its training
            part here.

        Raises
        ------
        ValueError
            A test part without `like`: scaled by its own statistics it would not match the training
            data.
        """
        if like is None:
            if self.held_out:
                mend = "Use test.standardized(like=train) with the standardized training part."
                raise bad_value(
                    "standardized", "the training part's scaling", "a test part alone", mend
                )
            X = self.raw_X
            constant = X.min(axis=0) == X.max(
                axis=0
            )  # becomes 0; its deviation may be mere rounding
            scaling = (
                np.where(constant, X[0], X.mean(axis=0)),
                np.where(constant, 1.0, X.std(axis=0)),
            )
        elif like.scaling is None:
            raise bad_value(
                "like", "a standardized set", repr(like), "Call train.standardized() first."
            )
        elif like.X.shape[1] != self.X.shape[1]:
            raise bad_value(
                "like", f"{self.X.shape[1]} features", f"{like.X.shape[1]}", "Use the same columns."
            )
        else:
            scaling = like.scaling
        return replace(self, X=(self.raw_X - scaling[0]) / scaling[1], scaling=scaling)


def as_dataset(data: object, what: str) -> Dataset:
    """Return a Dataset given as such or as an (X, y) pair."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (tuple, list)) and len(data) == 2:
        X = as_features(data[0], f"{what} X")
        return Dataset(X, as_targets(data[1], len(X), f"{what} y"))
    raise bad_value(what, "a Dataset or a pair (X, y)", type(data).__name__, "Pass e.g. (X, y).")


def _draw(
    rng: np.random.Generator, groups: list[NDArray[np.intp]], count: int
) -> list[NDArray[np.intp]]:
    """Draw `count` rows in all, from each group in proportion (largest remainders first)."""
    sizes = np.array([len(g) for g in groups])
    exact = sizes * count / sizes.sum()
    take = np.floor(exact).astype(int)
    for group in np.argsort(take - exact, kind="stable")[: count - take.sum()]:
        take[group] += 1
    return [rng.permutation(g)[:k] for g, k in zip(groups, take, strict=True)]


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
