"""New features from old ones, by a short notation that is read by a table; imports NumPy alone."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownNameError, bad_value

Floats = NDArray[np.float64]

FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "cos": np.cos,
    "exp": np.exp,
    "sin": np.sin,
}
MOST = 10_000  # columns: more is a slip of the degree rather than a wish

_POWER = re.compile(r"(.+)\^\s*(\d{1,3})", re.DOTALL)
_CALL = re.compile(rf"({'|'.join(FUNCTIONS)})\((.+)\)", re.DOTALL)
_PLACE = re.compile(r"x(\d{1,9})")


def computed(
    X: Floats, names: Sequence[str], terms: Iterable[str]
) -> tuple[Floats, tuple[str, ...]]:
    """Return the features that terms such as "x1", "x2^2", "x1*x2" and "sin(x1)" stand for.

    Parameters
    ----------
    X : array of shape (n, ..., features)
    names : sequence of str
        Of the features of X.
    terms : iterable of str
        A term is a feature, by its own name or as x1, x2, ... by its place; a whole power of one
        ("x1^2"); sin, cos, abs or exp of one ("sin(x1)"); or a product of such ("x1*sin(x2)").

    Returns
    -------
    tuple
        The new features, shape (n, ..., terms), and their names, in which each feature goes by its
        own name.

    Raises
    ------
    ValueError
        A term that can not be read, or a feature that is not there.
    """
    if isinstance(terms, str) or not isinstance(terms, Iterable):
        mend = 'Pass e.g. ["x1", "x2", "x1^2"].'
        raise bad_value("features", "a list of terms", repr(terms), mend)
    read = [_Reader(X, names, term).product() for term in terms]
    if not read:
        raise bad_value("features", "at least one term", "none", 'Pass e.g. ["x1", "x2"].')
    return np.stack([values for values, _ in read], axis=-1), tuple(name for _, name in read)


def polynomial(X: Floats, names: Sequence[str], degree: int) -> tuple[Floats, tuple[str, ...]]:
    """Return every product of 1 to `degree` features, and their names.

    The order is that of scikit-learn's `PolynomialFeatures` (without the constant): by degree, then
    by column. d features give ``comb(d + degree, degree) - 1`` of them.
    """
    count = math.comb(len(names) + degree, degree) - 1
    if count > MOST:
        mend = "Lower the degree, or choose features with with_features first."
        raise bad_value("degree", f"at most {MOST:,} features in the end", f"{count:,}", mend)
    choices = [
        choice
        for size in range(1, degree + 1)
        for choice in combinations_with_replacement(range(len(names)), size)
    ]
    out = np.empty((*X.shape[:-1], len(choices)))
    with np.errstate(over="ignore"):  # what gets infinite is told by the data set
        for column, choice in enumerate(choices):
            np.prod(X[..., list(choice)], axis=-1, out=out[..., column])
    return out, tuple(_product_name(names, choice) for choice in choices)


def _product_name(names: Sequence[str], choice: tuple[int, ...]) -> str:
    powers = Counter(choice)
    return "*".join(names[i] if k == 1 else f"{names[i]}^{k}" for i, k in powers.items())


class _Reader:
    """Reads one term: a product of factors, each of them a power, a function or a feature."""

    def __init__(self, X: Floats, names: Sequence[str], term: str) -> None:
        if not isinstance(term, str) or not term.strip():
            mend = 'Pass e.g. "x1", "x2^2", "x1*x2" or "sin(x1)".'
            raise bad_value("features", "terms as text", repr(term), mend)
        self.X, self.names, self.term = X, names, term.strip()

    def product(self) -> tuple[Floats, str]:
        if self.term in self.names:  # a name may itself have a * in it
            return self._feature(self.term)
        factors = [self._factor(part.strip()) for part in self.term.split("*")]
        with np.errstate(over="ignore"):
            values = np.prod([values for values, _ in factors], axis=0)
        return values, "*".join(name for _, name in factors)

    def _factor(self, text: str) -> tuple[Floats, str]:
        if text not in self.names:
            power, call = _POWER.fullmatch(text), _CALL.fullmatch(text)
            if power:
                values, name = self._factor(power[1].strip())
                with np.errstate(over="ignore"):
                    return values ** int(power[2]), f"{name}^{int(power[2])}"
            if call:
                values, name = self._factor(call[2].strip())
                with np.errstate(over="ignore"):
                    return FUNCTIONS[call[1]](values), f"{call[1]}({name})"
        return self._feature(text)

    def _feature(self, text: str) -> tuple[Floats, str]:
        column = self._column(text)
        return self.X[..., column], self.names[column]

    def _column(self, text: str) -> int:
        times = list(self.names).count(text)
        if times == 1:
            return list(self.names).index(text)
        if times > 1:
            mend = "Use the place instead: x1, x2, ..."
            raise bad_value(f"term {self.term!r}", "one feature", f"{times} called {text!r}", mend)
        place = _PLACE.fullmatch(text)
        if place and 1 <= int(place[1]) <= len(self.names):
            return int(place[1]) - 1
        places = [f"x{i + 1}" for i in range(len(self.names))]
        raise UnknownNameError(f"feature in the term {self.term!r}:", text, {*self.names, *places})
