"""Names as sequences of letters: those of the census and made-up ones; imports the core only.

The lists of the census come with the optional package `names`, whose files are read as they are: no
code of it runs.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..core.checks import whole_number
from ..core.data.dataset import Dataset
from ..core.errors import bad_value
from ..core.text.vocabulary import Vocabulary

LETTERS = Vocabulary("abcdefghijklmnopqrstuvwxyz")
"""The letters of the names of `first_names` and `toy_names`, in the order of their numbers."""

_GENDERS = ("female", "male")
_VOWELS = np.array(list("aeiou"))
_CONSONANTS = np.array(list("bcdfghjklmnprstvz"))


def first_names(most: int | None = None) -> Dataset:
    """Return first names of the United States' census of 1990 as letters, by gender.

    They are read from the text files of the package `names` (``pip install "nbann[names]"``): 4,275
    of women and 1,219 of men. The 331 that are in both lists are here once, for the gender of which
    they are the more frequent (a larger share of its people has them).

    U.S. Census Bureau, "Frequently Occurring Surnames and First Names", 1995, from the census of
    1990.

    Parameters
    ----------
    most : int, optional
        At most so many of each gender, the most frequent ones; at least 1. None: all.

    Returns
    -------
    Dataset
        `X` is (n, letters of the longest) with the numbers of `LETTERS`, `mask` says which letters
        are there, `y` is 0 (female) or 1 (male). The most frequent come first, women before men.

    Raises
    ------
    ModuleNotFoundError
        The package is not installed; `toy_names` needs none.
    ValueError
        Its files are not what they should be.
    """
    if most is not None:
        most = whole_number("most", most, least=1, mend="Pass e.g. most=1000, or None for all.")
    shares = [_shares(_folder() / f"dist.{gender}.first") for gender in _GENDERS]
    words, labels = [], []
    for label, (own, other) in enumerate((shares, shares[::-1])):
        # of equal shares the women's list has it
        larger = [w for w, share in own.items() if share > other.get(w, -1.0)]
        equal = [w for w, share in own.items() if share == other.get(w)]
        kept = larger if label else sorted([*larger, *equal], key=lambda w: -own[w])
        words += kept[:most]
        labels += [label] * len(kept[:most])
    return _dataset(words, labels, _GENDERS, "first_names")


def _folder() -> Path:
    spec = find_spec("names")
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise ModuleNotFoundError(
            "datasets.first_names(): expected the package 'names' to be installed, which carries "
            'the lists of the census; received none. Install it: pip install "nbann[names]"; or '
            "use datasets.toy_names(), which needs nothing.",
            name="names",
        )
    return Path(next(iter(folders)))


def _shares(path: Path) -> dict[str, float]:
    """Read lines of ``NAME share cumulative rank``: the share in percent of the gender's people."""
    mend = 'Get it anew: pip install --force-reinstall "nbann[names]".'
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        rows = [line.split() for line in lines if line.strip()]
        found = {name.lower(): float(share) for name, share, _, _ in rows}
    except (OSError, ValueError) as error:  # what can not be decoded is a ValueError, too
        expected = "a list of the census, NAME share cumulative rank a line"
        raise bad_value(path.name, expected, f"{error}", mend) from error
    if not found:
        raise bad_value(path.name, "at least 1 name", "none", mend)
    return found


def toy_names(n: int = 500, classes: int = 2, ending: int = 2, seed: int = 0) -> Dataset:
    """Return made-up names that can be pronounced, whose class hangs on their last letters.

    A name is a stem of 1 to 3 syllables (consonant and vowel) and one of its class's four endings
    of `ending` letters, in which consonants and vowels alternate and a vowel comes last. No two
    classes share an ending; the stems are alike in all of them.

    Parameters
    ----------
    n : int
        Number of names, at least `classes`; they may come more than once.
    classes : int
        At least 2, of equal size; at most 21 for endings of 2 letters.
    ending : int
        Letters that tell the class, at least 2.
    seed : int
        Of the stems, the endings and the order.

    Returns
    -------
    Dataset
        As `first_names` gives it; the `target_names` list a class's endings, such as "-ba -ko".

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.datasets.toy_names(3, seed=2)
    >>> nbann.datasets.LETTERS.decode(ds.X[0][ds.mask[0] > 0]), ds.target_names[ds.y[0]]
    ('peku', '-ce -ka -ku -te')
    """
    classes = whole_number("classes", classes, least=2, mend="Pass e.g. classes=2.")
    n = whole_number("n", n, least=classes, mend="Pass e.g. n=500.")
    ending = whole_number("ending", ending, least=2, mend="Pass e.g. ending=2.")
    rng = np.random.default_rng(whole_number("seed", seed, least=0, mend="Pass e.g. seed=0."))
    ends = _endings(rng, classes * _ENDINGS, ending)
    labels = rng.permutation(np.arange(n) % classes)
    words = []
    for label in labels:
        syllables = int(rng.integers(1, 4))
        stem = _alternating(rng, 2 * syllables)
        words.append(stem + ends[label * _ENDINGS + int(rng.integers(_ENDINGS))])
    by_class = [ends[start : start + _ENDINGS] for start in range(0, len(ends), _ENDINGS)]
    names = tuple(" ".join(f"-{end}" for end in sorted(own)) for own in by_class)
    return _dataset(words, labels.tolist(), names, "toy_names")


_ENDINGS = 4  # of each class


def _endings(rng: np.random.Generator, count: int, length: int) -> list[str]:
    """Draw different endings."""
    most = int(np.prod([float(len(_letters(place))) for place in range(length)]))
    if count > most:
        mend = f"Ask for fewer classes: at most {most // _ENDINGS}, or longer endings."
        expected = f"at most {most // _ENDINGS} for endings of {length} letters"
        raise bad_value("classes", expected, f"{count // _ENDINGS}", mend)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_alternating(rng, length)] = None
    return list(found)


def _letters(from_end: int) -> np.ndarray:
    return _CONSONANTS if from_end % 2 else _VOWELS


def _alternating(rng: np.random.Generator, length: int) -> str:
    """Draw consonants and vowels in turns, a vowel last."""
    return "".join(str(rng.choice(_letters(place))) for place in range(length)[::-1])


def _dataset(words: list[str], labels: list[int], names: tuple[str, ...], name: str) -> Dataset:
    numbers = [LETTERS.encode(word) for word in words]
    return Dataset.from_sequences(numbers, labels, "classification", target_names=names, name=name)
