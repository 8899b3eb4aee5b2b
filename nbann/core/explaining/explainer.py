"""Finds what one number is made of; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum, isfinite
from typing import TYPE_CHECKING

import numpy as np

from ..checks import whole_number
from ..errors import UnknownNameError
from ..expr import Entry, Equation, Expr, Number
from ..program import Op, Program, element_index
from .chain import Chain, Link
from .difference import Difference, Differences
from .linear import addends, times
from .moment import Moment
from .naming import Naming
from .pending import foreseen
from .term import GROUPS, Term, grouped, largest_first, share_of

if TYPE_CHECKING:
    from ..recipe import Recipe
    from .explanation import Explanation

Place = tuple[int, ...]


class Explainer:
    """Explains numbers of one moment; all that is opened from one explanation share one.

    Parameters
    ----------
    recipe : Recipe
    program : Program
        As it stands; its numbers are copied.
    data : tuple of str
        Names of the arrays that hold the batch.
    """

    def __init__(self, recipe: Recipe, program: Program, data: tuple[str, ...]) -> None:
        self.summed = recipe.loss.summed
        self.follows_loss = recipe.model.follows_loss
        self.moment = Moment(program)
        self.chain = Chain(self.moment)
        self.naming = Naming(self.moment)
        self.restraints = recipe.restraints
        self.differences = Differences(recipe, self.chain, data)

    def explain(
        self,
        name: str,
        index: int | Sequence[int] = (),
        by: str | None = None,
        largest: int | None = 8,
        reader: Op | None = None,
    ) -> Explanation:
        """Return the explanation of an element, or of what an op read of it."""
        from .explanation import Explanation

        moment = self.moment
        if name not in moment.arrays:
            raise UnknownNameError("array", name, moment.arrays)
        if by is not None and by not in GROUPS:
            raise UnknownNameError("grouping", by, GROUPS)
        if largest is not None:
            largest = whole_number("largest", largest, least=1, mend="Pass e.g. largest=8 or None.")
        at = element_index(name, moment.arrays[name].shape, index)
        op = moment.writer.get(name)
        kind = moment.kind(name)
        entry = Entry(name, at, moment.symbols[name], float(moment.arrays[name][at]))
        if op is None:
            return Explanation(self, entry, kind, by=by, largest=largest)
        if moment.is_before(reader, name):
            assert reader is not None
            was = float(moment.value(reader, name)[at])
            entry = replace(entry, number=was)
            note = "as it was before this batch's update"
            return Explanation(self, entry, kind, by=by, largest=largest, note=note)
        if name in op.reads and op.index >= moment.done:
            after = foreseen(moment, name, at)
            note = "not updated in this batch yet" + self._frozen(name, at, "; ")
            return Explanation(self, entry, kind, after, by=by, largest=largest, note=note)
        equation = self._arithmetic(op, name, at)
        note = self._frozen(name, at) if kind == "parameter" else ""
        return Explanation(self, entry, kind, equation, by=by, largest=largest, note=note, ran=True)

    def _frozen(self, name: str, at: Place, joined: str = "") -> str:
        """Return the words that say of a parameter's element that it is frozen, if it is."""
        place = int(np.ravel_multi_index(at, self.moment.arrays[name].shape)) if at else 0
        held = (name, place) in self.restraints.frozen
        return f"{joined}frozen: no update moves it" if held else ""

    def _arithmetic(self, op: Op, name: str, at: Place) -> Equation:
        if op.reads or op.index >= self.moment.done:
            return self.moment.arithmetic(op, name, at)
        number = float(self.moment.arrays[name][at])  # drawn, or nothing: it is what it is
        return Equation(Entry(name, at, self.moment.symbols[name], number), Number(number))

    def difference(self, name: str, at: Place) -> Difference:
        """Return the central difference of an element of a gradient."""
        return self.differences.of(name, at)

    # ---- the terms ------------------------------------------------------------------------------
    def terms(self, of: Entry, kind: str, right: Expr, by: str | None) -> list[Term]:
        """Return all terms of an element that an op has written, largest first."""
        if kind == "gradient":
            found = self._of_gradient(of, by)
        else:
            found = [self._plain(of, kind, term) for term in self._addends(of, kind, right)]
        found = self._with_rounding(of, found)
        return largest_first(found if by is None else grouped(found, by, of.number))

    def _addends(self, of: Entry, kind: str, right: Expr) -> Iterable[tuple[Expr, str]]:
        for term in addends(right):
            # a loss with a penalty: the single losses, and what the weights cost
            if kind == "loss" and isinstance(term, Entry) and term.name == "loss.data":
                inner = self.moment.arithmetic(self.moment.writer[term.name], term.name, ())
                yield from ((t, term.name) for t in addends(inner.right))
            else:
                yield term, of.name

    def _of_gradient(self, of: Entry, by: str | None) -> list[Term]:
        links: Iterable[Link] = self.chain.level(of.name, of.index)
        if by in ("neuron", "layer") and self.moment.owner(of.name):
            links = [further for link in links for further in self._further(link)]
        return [self._linked(of, link) for link in links]

    def _further(self, link: Link) -> Iterable[Link]:
        """Yield the terms of a link's own gradient, or itself where that comes from the loss."""
        entry = link.entry
        if entry is None or self.moment.is_source(entry.name):
            yield link
            return
        for further in self.chain.level(entry.name, entry.index):
            coefficient = link.coefficient * further.coefficient
            factor = times(link.factor, further.factor)
            yield Link(coefficient, factor, further.entry, further.reader)

    def _linked(self, of: Entry, link: Link) -> Term:
        entry = link.entry
        if entry is None:
            return self._plain(of, "gradient", (link.factor, link.reader), link.value)
        where = self.naming.where(entry.name, entry.index)
        return Term(
            label=self.naming.gradient_label(of, where),
            value=link.value,
            share=share_of(link.value, of.number),
            coefficient=link.coefficient,
            number=entry.number,
            name=entry.name,
            index=entry.index,
            sample=where.sample,
            step=where.step,
            neuron=where.neuron,
            layer=where.layer,
            expression=times(link.factor, entry),
            reader=link.reader,
        )

    def _plain(
        self, of: Entry, kind: str, term: tuple[Expr, str], value: float | None = None
    ) -> Term:
        expression, reader = term
        value = expression.value() if value is None else value
        main = self.naming.main_entry(expression, kind)
        name, index = ("", ()) if main is None else (main.name, main.index)
        where = self.naming.where(name, index)
        label = self.naming.plain_label(of, kind, expression, where)
        share = share_of(value, of.number)
        places = (where.sample, where.step, where.neuron, where.layer)
        return Term(label, value, share, 1.0, value, name, index, *places, expression, (), reader)

    def _with_rounding(self, of: Entry, terms: list[Term]) -> list[Term]:
        """Add what rounding has changed, where it is more than float64's in the last digits."""
        sizes = fsum(abs(t.value) for t in terms if isfinite(t.value))
        off = of.number - fsum(t.value for t in terms) if _finite(of, terms) else 0.0
        single = self.moment.arrays[of.name].dtype == np.float32
        if not (single and off) and abs(off) <= 1e-13 * sizes:
            return terms
        label = "rounding to float32" if single else "rounding"
        share = share_of(off, of.number)
        nowhere = (None, None, None, "")
        return [*terms, Term(label, off, share, 1.0, off, "", (), *nowhere, Number(off))]


def _finite(of: Entry, terms: list[Term]) -> bool:
    return isfinite(of.number) and all(isfinite(t.value) for t in terms)
