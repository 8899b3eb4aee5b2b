"""Which elements are normalized together, and their means: all of them, or those that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np

from ..expr import Call, Expr, Number, Product, Quotient, Sum
from ..program import Arrays, Floats, Kernel, Reader, Symbols

Place = tuple[int, ...]
Kernels = Iterable[Kernel]
Term = Callable[[Place], Expr]


class Group:
    """Which elements are normalized together.

    Parameters
    ----------
    over_samples : bool
        All axes but the last (a group is a feature), or the last axis (a group is a sample).

    Attributes
    ----------
    reads : tuple of str
        Names of the arrays that say which elements count; none where all do.
    """

    reads: tuple[str, ...] = ()

    def __init__(self, over_samples: bool) -> None:
        self.over_samples = over_samples

    def shape(self, shape: Place) -> Place:
        """Return the shape of a number for each group; it broadcasts against `shape`."""
        return shape[-1:] if self.over_samples else (*shape[:-1], 1)

    def size(self, shape: Place) -> int:
        """Return how many elements are in a group."""
        return int(np.prod(shape[:-1])) if self.over_samples else shape[-1]

    def place(self, at: Place) -> Place:
        """Return where the group of an element has its number."""
        return at[-1:] if self.over_samples else (*at[:-1], 0)

    def members(self, place: Place, shape: Place) -> Iterator[Place]:
        """Yield the places of the elements of the group whose number is at `place`."""
        if self.over_samples:
            yield from ((*rows, place[-1]) for rows in np.ndindex(*shape[:-1]))
        else:
            yield from ((*place[:-1], unit) for unit in range(shape[-1]))

    def axes(self, axes: int) -> Place:
        """Return the axes that a group reaches over, of an array of so many."""
        return tuple(range(axes - 1)) if self.over_samples else (axes - 1,)

    def mean(self, arrays: Arrays, of: Floats, into: Floats, *, own: bool = False) -> Kernels:
        """Return kernels that write the mean of every group; they may overwrite what is `own`."""
        return self.share(arrays, of, into)

    def share(self, arrays: Arrays, of: Floats, into: Floats) -> Kernels:
        """Return kernels that write the sum of every group over how many of it count."""
        keep = not self.over_samples
        yield partial(np.add.reduce, of, self.axes(of.ndim), None, into, keep)
        yield partial(np.multiply, into, np.array(1.0 / self.size(of.shape), of.dtype), into)

    def clear(self, arrays: Arrays, of: Floats) -> Kernels:
        """Return the kernel that writes 0 to elements that do not count."""
        return ()

    def mean_formula(self, of: Expr, symbol: Symbols) -> Expr:
        """Return the mean over whole arrays."""
        return Call("mean", (of,))

    def share_formula(self, of: Expr, symbol: Symbols, factor: Expr | None = None) -> Expr:
        """Return what `share` writes, times a factor, at the elements that count."""
        mean = Call("mean", (of,))
        return mean if factor is None else Product((factor, mean), "o")

    def counts(self, entry: Reader, at: Place) -> bool:
        """Whether an element counts."""
        return True

    def count(self, entry: Reader, shape: Place) -> Expr:
        """Return how many elements of a group count."""
        return Number(self.size(shape))

    def mean_number(self, entry: Reader, place: Place, shape: Place, term: Term) -> Expr:
        """Return the mean of one group's terms, with their numbers."""
        members = [at for at in self.members(place, shape) if self.counts(entry, at)]
        return Quotient(Sum(tuple(term(at) for at in members)), self.count(entry, shape))

    def share_number(self, entry: Reader, place: Place, shape: Place, term: Term) -> Expr:
        """Return the sum of all of one group's terms over how many count, with their numbers."""
        terms = tuple(term(at) for at in self.members(place, shape))
        return Quotient(Sum(terms), self.count(entry, shape))


class StepsThere(Group):
    """All samples of a feature, but for the time steps that a mask leaves out.

    Parameters
    ----------
    mask : str
        Array (n, time) of 0 and 1; the elements have further axes.
    count : str
        Array of a single number: how many elements of a feature are there, at least 1.
    """

    def __init__(self, mask: str, count: str) -> None:
        super().__init__(over_samples=True)
        self.mask, self.counted = mask, count
        self.reads = (mask, count)

    def _spread(self, arrays: Arrays, axes: int) -> Floats:
        """Return a view of the mask with an axis of length 1 for each that it does not have."""
        mask = arrays[self.mask]
        return mask.reshape(mask.shape + (1,) * (axes - mask.ndim))

    def mean(self, arrays: Arrays, of: Floats, into: Floats, *, own: bool = False) -> Kernels:
        there = of if own else np.empty_like(of)
        yield partial(np.multiply, of, self._spread(arrays, of.ndim), there)
        yield from self.share(arrays, there, into)

    def share(self, arrays: Arrays, of: Floats, into: Floats) -> Kernels:
        yield partial(np.add.reduce, of, self.axes(of.ndim), None, into)
        yield partial(np.divide, into, arrays[self.counted], into)

    def clear(self, arrays: Arrays, of: Floats) -> Kernels:
        yield partial(np.multiply, of, self._spread(arrays, of.ndim), of)

    def mean_formula(self, of: Expr, symbol: Symbols) -> Expr:
        there = Product((symbol(self.mask), of), "o")
        return Quotient(Call("sum", (there,)), symbol(self.counted))

    def share_formula(self, of: Expr, symbol: Symbols, factor: Expr | None = None) -> Expr:
        share = Quotient(Call("sum", (of,)), symbol(self.counted))
        there = symbol(self.mask)
        return Product((there, share) if factor is None else (there, factor, share), "o")

    def counts(self, entry: Reader, at: Place) -> bool:
        return entry(self.mask, *at[:2]).number != 0

    def count(self, entry: Reader, shape: Place) -> Expr:
        return entry(self.counted)
