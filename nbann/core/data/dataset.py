"""Data sets: samples, their targets, and other features made of them; imports the core's own parts.

`data/rows.py` checks, splits and standardizes them; `data/given.py` reads what trainers are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in, whole_number, zero_where_absent
from ..errors import bad_value
from ..losses.loss import Task
from .features import computed, polynomial
from .rows import Rows, generator, own
from .scaling import Scaling
from .several import Target
from .source import in_memory
from .targets import classes_of

Floats = NDArray[np.float64]


class Dataset(Rows):
    """Samples and what is to be learned of them.

    Every method returns a new data set; arrays can not be written to. In what order to call them:
    `with_features` or `polynomial` first, then `split`, then `standardized` (the training part by
    itself, the others `like` it), then `with_noise`. A set that was standardized before it is
    split, or before it gets other features, is standardized anew by what it then is.

    Parameters
    ----------
    X : array, nested lists or data frame
        Features, finite numbers, stored as float64 of shape (n, d); of sequences (n, time, d), or
        (n, time) with a mask; or (n, ..., d) with any more axes. The last axis is named. A
        memory-mapped array (`numpy.memmap`) stays in its file, in the file's dtype: all of it is
        checked block by block, and rows are read when they are needed. So does one passed as y.
    y : array, list, series or data frame
        Class labels (integers from 0, or words, which are numbered in alphabetical order) of shape
        (n,), or values of shape (n,) or (n, k). For a target at each time step of sequences
        (n, time) or (n, time, k). Left out where X is all that is learned from ("unsupervised").
        A dict of such arrays: several targets, for a net with `Heads`; y is then a table (n, k) of
        all of them, and `targets` says what its columns are.
    task : {"classification", "regression", "ranking", "unsupervised"}, optional
        Read off `y` if left out: words and integers in one column are classes; without y
        "unsupervised".
    feature_names : sequence of str, optional
        One for each place on the last axis; by default a frame's columns, else x1, x2, ...
    target_names : sequence of str, optional
        Of the classes in the order of their labels, or of the columns of values; by default the
        words that stood for classes, or the name of a series or of a frame's columns.
    name : str
    mask : array of shape (n, time), optional
        Booleans, or 0 and 1: which time steps are there, at least one a sample. What X and y hold
        at the others is not read; it is stored as 0.
    weight : array of shape (n,), optional
        How much each sample counts in the loss: finite, at least 0, not all 0. All documents of one
        query have one weight.
    groups : array or list, optional
        Which rows are documents of one query; the task is then "ranking" unless another is named,
        and y is their relevance, whole or real numbers of at least 0. Either a query id for each
        row (whole numbers or words, in any order: rows of one id belong together wherever they
        stand), or the sizes of queries that follow one another, which add up to the rows
        (LightGBM's `group`). As many numbers as rows are ids.

    Raises
    ------
    ValueError
        Empty data; NaN or infinity; masked, complex, sparse or ragged arrays; integers beyond 64
        bits; X and y of different lengths; names, mask, weight or groups that do not fit; relevance
        below 0.

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.Dataset([[150, 7], [120, 9], [130, 8]], ["lemon", "lime", "lime"])
    >>> ds.y.tolist(), ds.target_names
    ([0, 1, 1], ('lemon', 'lime'))
    """

    if TYPE_CHECKING:  # what may be passed in is more than what is then stored

        def __init__(
            self,
            X: Any,
            y: Any = ...,
            task: Task | None = None,
            feature_names: Iterable[str] = (),
            target_names: Iterable[str] = (),
            name: str = "data",
            mask: Any = None,
            weight: Any = None,
            scaling: Scaling | None = None,
            held_out: bool = False,
            groups: Any = None,
            targets: tuple[Target, ...] = (),
        ) -> None: ...

    def with_features(self, terms: Iterable[str]) -> Dataset:
        """Return the set with the features that `terms` name, in their order.

        TensorFlow Playground's are ``["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]``.
        They are computed from the features in their own units (`raw_X`), sample by sample, so that
        it does not matter whether a set is split before or after. Standardize afterwards: a
        standardized training set is standardized anew.

        Parameters
        ----------
        terms : iterable of str
            A term is a feature, by its name or by its place (x1, x2, ...); a whole power of one
            ("x1^2"); sin, cos, abs or exp of one; or a product of such ("x1*sin(x2)").

        Raises
        ------
        ValueError
            A term that can not be read, a result that is not finite, or a test part that has been
            standardized already.

        Examples
        --------
        >>> import nbann
        >>> nbann.datasets.xor().with_features(["x1", "x1*x2", "x2^2"]).feature_names
        ('first', 'first*second', 'second^2')
        """
        self._in_memory("with_features")
        raw = self._unscaled()
        return self._with_columns(*computed(raw.X, self.feature_names, terms))

    def polynomial(self, degree: int) -> Dataset:
        """Return the set with every product of 1 to `degree` features, in place of the features.

        d features give ``comb(d + degree, degree) - 1``: those of scikit-learn's
        `PolynomialFeatures`, in its order, without the constant (layers have biases). As with
        `with_features`, standardize afterwards.

        Parameters
        ----------
        degree : int
            At least 1.

        Raises
        ------
        ValueError
            More than 10,000 features, a result that is not finite, or a test part that has been
            standardized already.
        """
        degree = whole_number("degree", degree, least=1, mend="Pass e.g. degree=2.")
        self._in_memory("polynomial")
        raw = self._unscaled()
        return self._with_columns(*polynomial(raw.X, self.feature_names, degree))

    def _with_columns(self, X: Floats, names: tuple[str, ...]) -> Dataset:
        if self.mask is not None and self.X.ndim == 2:
            mend = "Give X the shape (n, time, 1)."
            raise bad_value("with_features", "features on the last axis", "time steps", mend)
        if self._rebuilds_another:
            mend = "Compute the features before what is reconstructed is set apart."
            raise bad_value("with_features", "y to be X itself", "another y", mend)
        if self.held_out and self.scaling is not None:
            mend = "Call with_features before split or standardized."
            raise bad_value("with_features", "features in their own units", "scaled ones", mend)
        names_of_y = () if self.y is self.X else self.target_names
        made = self._with(X=own(X), feature_names=names, target_names=names_of_y, scaling=None)
        return made if self.scaling is None else made.standardized()

    def one_hot(self) -> Dataset:
        """Return the set with class labels as rows of 0 and 1, as values to be regressed on.

        ``Y[i, j] = 1 if y[i] == j else 0``; labels of shape (n,) become (n, k), and (n, time)
        become (n, time, k), with k the number of names in `target_names`, or the highest label
        plus 1.

        Raises
        ------
        ValueError
            Targets that are no classes.
        """
        self._in_memory("one_hot")
        count = self._classes("one_hot")
        return self._with(y=np.eye(count)[self.y.astype(np.intp)], task="regression")

    def with_noise(self, std: float, seed: int = 0) -> Dataset:
        """Return the set with ``x + e``, e drawn from a normal distribution, for every feature.

        Of an "unsupervised" set, y stays as it is: a denoising autoencoder learns to undo the noise
        (Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders",
        2008).

        Parameters
        ----------
        std : float
            Standard deviation of e in the units that X has now, at least 0: after `standardized` in
            deviations of each feature.
        seed : int
        """
        self._in_memory("with_noise")
        std = number_in("std", std, least=0.0)
        noise = generator(seed).normal(0.0, std, self.X.shape)
        return replace(self, X=own(self.X + zero_where_absent(noise, self.mask)), y=self.y)

    def with_label_noise(self, share: float, seed: int = 0) -> Dataset:
        """Return the set with a share of the labels replaced by another class, drawn at random.

        Parameters
        ----------
        share : float
            Of the labels (at time steps that are there), in [0, 1]; ``round(share * labels)`` of
            them change, each to any other class with the same probability.
        seed : int

        Raises
        ------
        ValueError
            Targets that are no classes, or a single class.
        """
        self._in_memory("with_label_noise")
        share = number_in("share", share, least=0.0)
        if share > 1:
            raise bad_value("share", "at most 1", f"{share:g}", "Pass e.g. share=0.1.")
        count = self._classes("with_label_noise")
        if count < 2:
            raise bad_value("with_label_noise", "at least 2 classes", f"{count}", "Add data.")
        y = self.y.astype(np.intp)
        there = np.ones(y.shape) if self.mask is None or y.ndim == 1 else self.mask
        places = np.flatnonzero(there)
        rng = generator(seed)
        chosen = rng.choice(places, round(share * len(places)), replace=False)
        y.flat[chosen] = (y.flat[chosen] + rng.integers(1, count, len(chosen))) % count
        return replace(self, y=y)

    def _in_memory(self, what: str) -> None:
        """Refuse data that are read from a file or a stream, for what makes all of them anew."""
        mend = "Do it to arrays first, block by block, and write what comes out to another file."
        for array in (self.X, self.y):
            in_memory(array, what, mend)

    def _classes(self, what: str) -> int:
        if self.task != "classification":
            mend = "Pass task='classification' to Dataset if these are labels."
            raise bad_value(what, "class labels", f"targets for {self.task}", mend)
        return classes_of(self.y, self.target_names, what)
