"""Characters and their numbers; imports NumPy and the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value


class Vocabulary:
    """The characters that a net knows, each with a number: text becomes whole numbers and back.

    Parameters
    ----------
    characters : str or iterable of str
        Each once; their places are their numbers, from 0.

    Raises
    ------
    ValueError
        No character, one twice, or something that is not a single character.

    Examples
    --------
    >>> import nbann
    >>> letters = nbann.Vocabulary.of("hello")
    >>> letters, letters.encode("hole").tolist(), letters.decode([1, 0, 2, 2])
    (Vocabulary('ehlo'), [1, 3, 2, 0], 'hell')
    """

    __slots__ = ("_numbers", "characters")

    characters: tuple[str, ...]
    """In the order of their numbers."""

    def __init__(self, characters: Iterable[str]) -> None:
        if not isinstance(characters, Iterable):
            mend = 'Pass e.g. "abc", or Vocabulary.of(text).'
            raise bad_value("Vocabulary", "characters", repr(characters)[:60], mend)
        listed = tuple(characters)
        if not listed:
            raise bad_value("Vocabulary", "at least 1 character", "none", "Pass a text.")
        for one in listed:
            if not isinstance(one, str) or len(one) != 1:
                mend = "Pass a text, or a list of single characters."
                raise bad_value("Vocabulary", "single characters", repr(one)[:60], mend)
        numbers = {one: number for number, one in enumerate(listed)}
        if len(numbers) < len(listed):
            twice = next(one for number, one in enumerate(listed) if numbers[one] != number)
            mend = "Vocabulary.of(text) takes those of a text, each once."
            raise bad_value("Vocabulary", "each character once", f"{twice!r} twice", mend)
        self.characters = listed
        self._numbers = numbers

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """Return the vocabulary of all characters in a text, in the order of their code points."""
        if not isinstance(text, str):
            raise bad_value("text", "a string", type(text).__name__, "Pass a string.")
        return cls(sorted(set(text)))

    def __len__(self) -> int:
        return len(self.characters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Vocabulary({''.join(self.characters)!r})"

    def encode(self, text: str) -> NDArray[np.intp]:
        """Return the numbers of a text's characters, shape (len(text),).

        Raises
        ------
        ValueError
            A character that is not in the vocabulary.
        """
        if not isinstance(text, str):
            raise bad_value("text", "a string", type(text).__name__, "Pass a string.")
        unknown = next((one for one in text if one not in self._numbers), None)
        if unknown is not None:
            known = "".join(self.characters[:60]) + ("..." if len(self) > 60 else "")
            mend = "Leave it out, or make the vocabulary of a text that has it."
            expected = f"characters of {known!r}"
            raise bad_value("text", expected, f"{unknown!r} at [{text.index(unknown)}]", mend)
        return np.array([self._numbers[one] for one in text], dtype=np.intp)

    def decode(self, numbers: Any) -> str:
        """Return the text of numbers; of a padded row, of those there: ``x[mask > 0]``.

        Raises
        ------
        ValueError
            Numbers in more than one axis, that are not whole or not those of a character.
        """
        array = np.asarray(numbers)
        if array.size == 0 and array.ndim == 1:
            return ""
        if array.ndim != 1 or array.dtype.kind not in "fiu":
            mend = "Pass the numbers of one text, e.g. ds.X[0]."
            raise bad_value("numbers", "whole numbers of 1 axis", f"shape {array.shape}", mend)
        wrong = (array != np.round(array)) | (array < 0) | (array >= len(self))
        if wrong.any():
            expected = f"whole numbers from 0 to {len(self) - 1}"
            mend = "These are not numbers of this vocabulary."
            raise bad_value("numbers", expected, f"{array[wrong][0]:g}", mend)
        return "".join(self.characters[int(number)] for number in array)
