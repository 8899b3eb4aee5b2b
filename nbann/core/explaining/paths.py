"""The largest single paths from an element to the loss; imports the core's own parts only.

The number of paths grows exponentially with depth, so that they are not listed: a beam search keeps
the most promising ones of each level (Lowerre, "The HARPY Speech Recognition System", 1976).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..expr import Entry
from ..render import Text, significant
from .chain import Chain
from .term import share_of

SHOWN = 8
"""Stops up to which a path is printed in full."""


@dataclass(frozen=True)
class Path:
    """One path from an element to the loss.

    Attributes
    ----------
    entries : tuple of Entry
        The gradients on it, from the element's side to the loss; each knows its name and number.
    value : float
        What it adds to the gradient: the product of all derivatives along it.
    share : float
        The same as a share of the gradient.
    """

    entries: tuple[Entry, ...]
    value: float
    share: float

    def __str__(self) -> str:
        names = Text(numbers=False)
        stops = [names.entry(entry) for entry in self.entries]
        if len(stops) > SHOWN:
            stops[SHOWN - 3 : -2] = [f"({len(stops) - SHOWN + 1} more)"]
        way = " <- ".join(stops) or "penalty"
        return f"{significant(self.value, 4)}  {way}"


@dataclass(frozen=True)
class Paths:
    """The largest paths found, and what all others add up to.

    Attributes
    ----------
    paths : tuple of Path
        Largest first.
    rest : float
        With the paths' values it adds up to the gradient.
    """

    paths: tuple[Path, ...]
    rest: float

    def __str__(self) -> str:
        lines = [str(path) for path in self.paths]
        return "\n".join([*lines, f"{significant(self.rest, 4)}  all other paths"])


def best_paths(chain: Chain, of: Entry, largest: int, beam: int) -> Paths:
    """Return the largest paths that a beam search finds.

    Of a path that is not at the loss yet, what all of its continuations add up to is known: the
    derivative so far times the gradient it has reached. The `beam` largest go on.
    """
    ended: list[tuple[float, tuple[Entry, ...]]] = []
    if chain.moment.is_source(of.name):  # it is at the loss
        return Paths((Path((of,), of.number, share_of(of.number, of.number)),), 0.0)
    beginning: tuple[float, tuple[Entry, ...], Entry] = (1.0, (), of)
    open_ = [beginning]
    while open_:
        found: list[tuple[float, tuple[Entry, ...], Entry]] = []
        for so_far, way, last in open_:
            for link in chain.level(last.name, last.index):
                derivative = so_far * link.coefficient
                if link.entry is None:
                    ended.append((derivative, way))
                    continue
                further = (*way, link.entry)
                if chain.moment.is_source(link.entry.name):
                    ended.append((derivative * link.entry.number, further))
                elif derivative * link.entry.number:
                    found.append((derivative, further, link.entry))
        found.sort(key=lambda item: -abs(item[0] * item[2].number))
        open_ = found[:beam]
        ended.sort(key=lambda item: -abs(item[0]))
        del ended[max(beam, largest) :]
    best = ended[:largest]
    rest = of.number - sum(value for value, _ in best)
    return Paths(tuple(Path(w, v, share_of(v, of.number)) for v, w in best), rest)
