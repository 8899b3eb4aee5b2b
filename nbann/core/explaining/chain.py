"""The chain rule, level by level: a gradient as a sum over the gradients it is made of.

One level leads from a gradient to those of the next weighted sums (the deltas that the next
layer's weights learn from), or to the loss. All of it is read off the ops' own arithmetic: here are
no derivatives. Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from ..expr import Entry, Expr
from ..primitive import AddUp
from .linear import ONE, linear, plus, times
from .moment import Moment

MOST = 20_000
"""Links of one level; beyond that, what has been reached is left as it stands."""
Key = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Link:
    """One term of a gradient: a coefficient times a gradient nearer to the loss.

    Attributes
    ----------
    coefficient : float
        The derivative along the way.
    factor : Expr
        What the coefficient is made of.
    entry : Entry or None
        The gradient; None for a term that has none, of the loss or a penalty.
    reader : str
        The array in whose arithmetic the entry, or the factor, stands.
    """

    coefficient: float
    factor: Expr
    entry: Entry | None
    reader: str

    @property
    def value(self) -> float:
        """The number that it adds."""
        return self.coefficient * (1.0 if self.entry is None else self.entry.number)


class Chain:
    """Opens gradients of one moment, and remembers what it has opened."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self._levels: dict[Key, tuple[Link, ...]] = {}

    def level(self, name: str, at: tuple[int, ...]) -> tuple[Link, ...]:
        """Return a gradient's terms, one for each gradient of the level that comes next."""
        key = (name, at)
        if key not in self._levels:
            self._levels[key] = tuple(self._open(key))
        return self._levels[key]

    def way(self, name: str) -> list[str]:
        """Return the arrays that one level passes through, from a gradient on to the loss."""
        passed, asked = [name], [(name, int(self._joint(name)))]
        while asked:
            at, joints = asked.pop(0)
            for read in self.moment.reads(self.moment.writer[at], at):
                derived = read in self.moment.gradients and read not in passed
                if derived and not self._stops(read, joints):
                    asked.append((read, joints + self._joint(read)))
                    passed.append(read)
        return passed

    def _open(self, key: Key) -> Iterable[Link]:
        pending: dict[Key, tuple[Link, int]] = {}
        reached: dict[Key, Link] = {}
        order: list[tuple[int, Key]] = []
        start = Link(1.0, ONE, None, key[0])
        constants: list[Link] = []

        def add(link: Link, joints: int) -> None:
            if link.entry is None:
                constants.append(link)
                return
            place = (link.entry.name, link.entry.index)
            full = len(reached) + len(pending) >= MOST
            if full or place in reached or self._stops(place[0], joints):
                before = reached.get(place)
                reached[place] = link if before is None else _together(before, link)
            elif place in pending:
                other, passed = pending[place]
                pending[place] = (_together(other, link), max(passed, joints))
            else:
                pending[place] = (link, joints)
                # a gradient is complete once all that read it have been opened: last ops first
                heappush(order, (-self.moment.writer[place[0]].index, place))

        self._into(key, start, 0, add)
        while order:
            _, place = heappop(order)
            link, joints = pending.pop(place)
            self._into(place, link, joints, add)
        return [*reached.values(), *constants]

    def _into(self, place: Key, link: Link, joints: int, add: object) -> None:
        """Put an entry's own arithmetic in its place."""
        assert callable(add)
        name, at = place
        joints += self._joint(name)
        right = self.moment.arithmetic(self.moment.writer[name], name, at).right
        for factor, entry in linear(right, self.moment.gradients.__contains__):
            coefficient = link.coefficient * factor.value()
            add(Link(coefficient, times(link.factor, factor), entry, name), joints)

    def _joint(self, name: str) -> bool:
        """Whether gradients of several readers of an array meet here."""
        meets = isinstance(self.moment.writer[name]._primitive, AddUp)
        return meets and self.moment.owner(name) is None

    def _stops(self, name: str, joints: int) -> bool:
        """Whether a level ends here."""
        ends = name in self.moment.deltas or self.moment.is_source(name)
        # one fork belongs to a level; what lies behind a second one, as along a chain of skip
        # connections or of memory cells, is a level of its own
        return ends or (joints > 0 and self._joint(name))


def _together(a: Link, b: Link) -> Link:
    """Return the sum of two ways to one gradient."""
    total = a.coefficient + b.coefficient
    return Link(total, plus(a.factor, b.factor), a.entry, a.reader)
