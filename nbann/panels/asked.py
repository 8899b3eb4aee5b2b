"""What a net answers over a whole data set, asked again only when it may have changed.

Imports the core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core.data.glimpse import glimpse
from ..core.errors import UnknownNameError, bad_value

if TYPE_CHECKING:
    from ..core.data.dataset import Dataset
    from ..core.trainer import Trainer

T = TypeVar("T")
PARTS = ("train", "validation", "test")
MOST_SAMPLES = 5000
"""Samples that a net is asked about for one picture; of more, evenly spaced ones."""


class Asked(Generic[T]):
    """An answer that depends on what a net has learned, and on which neurons are silenced.

    Most ops of a step change neither, so that most updates of a panel find the answer at hand.

    Parameters
    ----------
    ask : callable
        Returns the answer of now.
    """

    def __init__(self, trainer: Trainer, ask: Callable[[], T]) -> None:
        self._trainer = trainer
        self._ask = ask
        self._learned: dict[str, NDArray[np.floating]] | None = None
        self._silenced: frozenset[tuple[str, int]] = frozenset()

    def now(self) -> T:
        """Return the answer for the trainer as it stands; the same object while nothing changed."""
        learned, silenced = self._trainer.learned, self._trainer.restraints.silenced
        if not self._is_current(learned, silenced):
            self._answer = self._ask()
            self._silenced = silenced
            self._learned = {name: array.copy() for name, array in learned.items()}
        return self._answer

    def _is_current(
        self, learned: dict[str, NDArray[np.floating]], silenced: frozenset[tuple[str, int]]
    ) -> bool:
        old = self._learned
        if old is None or old.keys() != learned.keys() or silenced != self._silenced:
            return False
        return all(np.array_equal(learned[name], array) for name, array in old.items())


def check_part(of: str | None, who: str) -> str | None:
    """Return the name of a part of the data, or None for the usual one.

    Raises
    ------
    ValueError
        Another name than "train", "validation" or "test".
    """
    if of is not None and of not in PARTS:
        raise UnknownNameError(f"part of the data for {who}", of, PARTS)
    return of


def part_of(trainer: Trainer, of: str | None, who: str) -> tuple[str, Dataset]:
    """Return the name in words of a part of a trainer's data, and the part.

    Of None the test data, if there are some, else the training data.

    Raises
    ------
    ValueError
        A part that the trainer was not given.
    """
    parts = {
        "train": glimpse(trainer.train_data),
        "validation": glimpse(trainer.validation_data),
        "test": glimpse(trainer.test_data),
    }
    name = ("train" if trainer.test_data is None else "test") if of is None else of
    data = parts[name]
    if data is None:
        mend = f"Pass {name}= to the Trainer, or leave of= out."
        raise bad_value(f"of={name!r} of {who}", f"a trainer with {name} data", "one without", mend)
    return {"train": "training"}.get(name, name), data


def spaced(count: int, most: int = MOST_SAMPLES) -> NDArray[np.intp]:
    """Return the places of at most `most` things out of `count`, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))


def amount(shown: int, count: int, word: str) -> str:
    """Return "36 test samples", or "5,000 of the 60,000 test samples"."""
    of = "" if shown == count else f"{shown:,} of the "
    return f"{of}{count:,} {word}" + ("" if count == 1 else "s")


def task_of(trainer: Trainer) -> str:
    """Return what a trainer learns, for a sentence: "a ranking task"."""
    if trainer.task == "several":
        return "a net with several heads"
    article = "an" if trainer.task[0] in "aeiou" else "a"
    return f"{article} {trainer.task} task"
