"""Interventions: what a person changes in a run, recorded so that it can be done again exactly.

Imports NumPy and the core's own parts only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import counted
from ..render import significant
from ..restraints import EVERY_STEP, Restraints
from ..state import Snapshot
from .moment import Moment

if TYPE_CHECKING:
    from ..acting import Acting
    from ..hook import Hook

SHOWN = 3


@dataclass(frozen=True)
class Act(ABC):
    """Something that was done to a run at a moment; subclasses are final.

    Attributes
    ----------
    moment : Moment
        When; `Timeline.position_of` has it in epochs, batches and ops.
    by_hook : bool
        Whether a hook that changes values has done it, which does it again when it is called again.
    """

    moment: Moment
    by_hook: bool = field(default=False, compare=False, kw_only=True)

    @abstractmethod
    def apply(self, cursor: Acting) -> None:
        """Do it, with the cursor at the moment."""

    @property
    @abstractmethod
    def text(self) -> str:
        """What was done, in words."""

    def __str__(self) -> str:
        return self.text

    def is_same(self, other: Act) -> bool:
        """Whether another one does just the same at the same moment."""
        return type(self) is type(other) and vars(self) == vars(other)

    @property
    def nbytes(self) -> int:
        """How much memory it takes, about."""
        return 200


@dataclass(frozen=True)
class SetValues(Act):
    """Elements of an array are set.

    Attributes
    ----------
    name : str
    places : ndarray of int
        Which elements, counted along the rows.
    values, before : ndarray
        One number for each; what was there.
    shape : tuple of int
        That of the array.
    """

    name: str
    places: NDArray[np.intp]
    values: NDArray[np.floating]
    before: NDArray[np.floating]
    shape: tuple[int, ...]

    def apply(self, cursor: Acting) -> None:
        cursor.override(self)

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """Which elements, as one indexes the array."""
        columns = np.unravel_index(self.places, self.shape) if self.shape else ()
        return [tuple(int(i) for i in at) for at in zip(*columns, strict=True)] or [()]

    def write(self, array: NDArray[Any]) -> None:
        """Put the numbers into the array."""
        array[spread(self.places, self.shape)] = self.values if self.shape else self.values[-1]

    @property
    def text(self) -> str:
        if len(self.places) == 1:
            new, old = (significant(float(v[0]), 4) for v in (self.values, self.before))
            return f"{element_name(self.name, self.shape, int(self.places[0]))} = {new} (was {old})"
        count = len(self.places)
        if (self.values == self.values[0]).all():
            new = significant(float(self.values[0]), 4)
        else:
            new = ", ".join(significant(float(v), 4) for v in self.values[:SHOWN])
            new += ", ..." if count > SHOWN else ""
        what = "all" if count == np.prod(self.shape) else "of"
        return f"{self.name}: {what} {count} elements = {new}"

    def sets_what(self, other: SetValues) -> bool:
        """Whether it sets the same elements as another one, at the same moment."""
        return (self.moment, self.name) == (other.moment, other.name) and np.array_equal(
            self.places, other.places
        )

    def is_same(self, other: Act) -> bool:
        return (
            isinstance(other, SetValues)
            and self.sets_what(other)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    @property
    def nbytes(self) -> int:
        return 300 + self.places.nbytes + self.values.nbytes + self.before.nbytes


@dataclass(frozen=True)
class SetHyper(Act):
    """A hyper-parameter is set.

    Attributes
    ----------
    name : str
        As the state calls it: "learning_rate", "learning_rate_scale", "momentum", ...
    value, before : float
    shown : tuple of (str, float, float)
        What the user has set: name, value, and what it was; under a schedule "learning_rate".
    """

    name: str
    value: float
    before: float
    shown: tuple[str, float, float]

    def apply(self, cursor: Acting) -> None:
        cursor.set_number(self)

    def is_same(self, other: Act) -> bool:
        return isinstance(other, SetHyper) and (self.moment, self.name, self.value) == (
            other.moment,
            other.name,
            other.value,
        )

    @property
    def text(self) -> str:
        name, value, before = self.shown
        return f"{name} = {significant(value, 4)} (was {significant(before, 4)})"


@dataclass(frozen=True)
class Compiled(Act):
    """Programs are compiled otherwise from here on."""

    def apply(self, cursor: Acting) -> None:
        after = self.of(cursor.restraints)
        if after != cursor.restraints:
            cursor.restrain(after, self)

    @abstractmethod
    def of(self, restraints: Restraints) -> Restraints:
        """Return the restraints that there are once it is done."""


@dataclass(frozen=True)
class Divide(Compiled):
    """Batches are divided over workers, or computed in one piece again; at a batch's end only.

    Attributes
    ----------
    workers : int
        Over how many; 0 for one piece.
    """

    workers: int

    def of(self, restraints: Restraints) -> Restraints:
        return replace(restraints, workers=self.workers)

    @property
    def text(self) -> str:
        if not self.workers:
            return "batches computed in one piece"
        return f"batches divided over {counted(self.workers, 'worker')}"


@dataclass(frozen=True)
class Restrain(Compiled):
    """Parameters are frozen, neurons silenced, or both let go.

    Attributes
    ----------
    which : {"frozen", "silenced"}
    pairs : frozenset of (str, int)
        Arrays and places in them; see `Restraints`.
    held : bool
        Frozen or silenced (True), or let go.
    what : str
        As the user has said it.
    """

    which: str
    pairs: frozenset[tuple[str, int]]
    held: bool
    what: str

    def of(self, restraints: Restraints) -> Restraints:
        return restraints.changed(self.which, self.pairs, held=self.held)

    @property
    def text(self) -> str:
        verb = {"frozen": "freeze", "silenced": "silence"}[self.which]
        return f"{'' if self.held else 'un'}{verb} {self.what}"

    @property
    def nbytes(self) -> int:
        return 300 + 100 * len(self.pairs)


@dataclass(frozen=True)
class Restore(Act):
    """Whole arrays are put back, such as the best weights of early stopping."""

    snapshot: Snapshot

    def apply(self, cursor: Acting) -> None:
        cursor.put_back(self)

    def is_same(self, other: Act) -> bool:
        return (
            isinstance(other, Restore)
            and self.moment == other.moment
            and self.snapshot.is_same(other.snapshot)
        )

    @property
    def text(self) -> str:
        return "weights put back as they were at an earlier time"

    @property
    def nbytes(self) -> int:
        return 300 + self.snapshot.nbytes


@dataclass(frozen=True)
class Splice(Act):
    """A hook that changes values becomes part of the program, or is taken out of it."""

    hook: Hook = field(repr=False)
    attached: bool

    def apply(self, cursor: Acting) -> None:
        cursor.trainer._hooks.put(self.hook, attached=self.attached)
        if cursor.travelling:  # on the way there is none, unless a hook may read it
            cursor.follow_history()

    def does_as(self, other: Splice) -> bool:
        """Whether another one attaches or removes the same, whenever it does."""
        return self.attached == other.attached and self.hook.is_like(other.hook)

    def is_same(self, other: Act) -> bool:
        return isinstance(other, Splice) and self.moment == other.moment and self.does_as(other)

    @property
    def text(self) -> str:
        return f"{'attach' if self.attached else 'remove'} {self.hook!r}, which changes values"


def spread(places: NDArray[np.intp], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return places that are counted along the rows as an index; of a single number it is empty."""
    return np.unravel_index(places.reshape(-1), shape) if shape else ()


def element_name(name: str, shape: tuple[int, ...], place: int) -> str:
    """Return how an element is written, such as "hidden.weight[0,1]"."""
    index = np.unravel_index(place, shape) if shape else ()
    return name + (f"[{','.join(str(int(i)) for i in index)}]" if len(index) else "")


def neuron_name(array: str, unit: int) -> str:
    """Return how a silenced neuron is written: "relu1[2]", "rnn1[2]"."""
    return f"{array.removesuffix('.out').partition(EVERY_STEP)[0]}[{unit}]"
