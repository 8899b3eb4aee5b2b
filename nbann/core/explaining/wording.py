"""An explanation as plain text and as LaTeX; imports the core's renderers and names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..expr import Entry, Expr, Number, Product, Sum
from ..latex import Latex
from ..render import Text, significant
from .linear import size
from .term import Term, percent, rest_label

if TYPE_CHECKING:
    from .explanation import Explanation

__all__ = ["Latex", "Wording", "latex_of"]

LONG = 6
"""Elements in a term that is printed as such; of a longer one the coefficient is one number."""
FORMULAS = 4
CHECKED = 2_000_000
"""Numbers in a batch's arrays up to which the gradients in a table are confirmed one by one."""
_INDENT = "  "


class Wording:
    """Puts explanations into lines of text, with so many significant digits."""

    def __init__(self, digits: int) -> None:
        self._numbers = Text(digits=digits)
        self._names = Text(numbers=False)
        self._digits = digits

    def lines(self, of: Explanation, depth: int) -> list[str]:
        """Return the lines of an explanation, of so many levels."""
        lines = [self._head(of)]
        if of.kind == "gradient":
            lines += [_INDENT + line for line in self._formulas(of)]
        elif of.equation is not None:
            lines += [_INDENT + self._names.equation(of.equation)]
            lines += [_INDENT + self._numbers.equation(of.equation)]
        lines += [_INDENT + line for line in self._samples(of)]
        lines += [_INDENT + line for line in self._table(of, depth)]
        if of.kind == "parameter" and not of.note.startswith("as it was"):
            lines += [_INDENT + line for line in self._update(of, depth)]
        return lines

    def _head(self, of: Explanation) -> str:
        part = f"{of.label}, part of " if of.label else ""
        head = f"{part}{self._names.entry(of._entry)} = {self._number(of.value)}"
        if of.kind == "gradient":
            return f"{head}   {self._check(of)}"
        if of.kind == "given":
            return f"{head}   given: it is data"
        if of.note:
            return f"{head}   {of.note}"
        if of.kind == "state" and of.equation is None:
            return f"{head}   given: it is a setting"
        if of.before is not None:
            return f"{head}   before this batch's update: {self._number(of.before)}"
        return head

    def _check(self, of: Explanation) -> str:
        return self._difference(of.name, of.index, of)

    def _difference(self, name: str, index: tuple[int, ...], of: Explanation) -> str:
        found = of._explainer.difference(name, index)
        if found.value is None or found.agrees is None:
            return f"(no central difference: {found.note})"
        verdict = "agrees" if found.agrees else "disagrees"
        note = f" ({found.note})" if found.note else ""
        return f"central difference {self._number(found.value)}  {verdict}{note}"

    def _formulas(self, of: Explanation) -> Iterable[str]:
        """Yield the formulas of the ops that one level passes through."""
        for equation in of.formulas[:FORMULAS]:
            yield self._names.equation(equation)
        if len(of.formulas) > FORMULAS:
            yield f"... and {len(of.formulas) - FORMULAS} more ops on the way"

    def _samples(self, of: Explanation) -> Iterable[str]:
        moment = of._explainer.moment
        own = of.sample_gradients
        if of.kind != "gradient" or not moment.owner(of.name) or own is None:
            return
        counted = own[own == own]
        if counted.size:
            low, high = self._number(counted.min()), self._number(counted.max())
            how = "sum" if of._explainer.summed else "mean"
            weighted = "weighted " if "y.weight" in moment.arrays else ""
            yield f"{weighted}{how} of {len(own)} samples' own gradients, from {low} to {high}"

    # ---- the table ------------------------------------------------------------------------------
    def _table(self, of: Explanation, depth: int) -> Iterable[str]:
        terms = of.terms
        if not terms or (len(terms) == 1 and not of.rest and not terms[0].opens):
            return
        labels = [term.label for term in terms]
        sums = [self._sum(term) for term in terms]
        values = [self._number(term.value) for term in terms]
        hidden = len(of.all_terms) - len(terms)
        if hidden:
            labels.append(rest_label(hidden))
            sums.append("")
            values.append(self._number(of.rest))
        wide = [max(map(len, column)) for column in (labels, sums, values)]
        rows = zip(labels, sums, values, strict=True)
        for place, row in enumerate(rows):
            cells = [cell.ljust(width) for cell, width in zip(row, wide, strict=True)]
            line = f"{cells[0]}  {cells[1]} = {cells[2]}" if wide[1] else f"{cells[0]} = {cells[2]}"
            if place == len(terms):
                yield line.rstrip()
                return
            check = self._row_check(of, terms[place])
            yield f"{line}  {percent(terms[place].share)}{check}".rstrip()
            if depth > 1 and terms[place].opens:
                inner = of.open(terms[place], largest=of.largest)
                yield from (2 * _INDENT + line for line in self.lines(inner, depth - 1))

    def _sum(self, term: Term) -> str:
        if term.parts:
            return f"{len(term.parts)} terms"
        return self._numbers.expression(shown(term))

    def _row_check(self, of: Explanation, term: Term) -> str:
        moment = of._explainer.moment
        if term.name not in moment.gradients or moment.elements > CHECKED:
            return ""
        found = of._explainer.difference(term.name, term.index)
        if found.value is None:
            return ""
        entry = Entry(term.name, term.index, moment.symbols[term.name], term.number)
        verdict = "agrees" if found.agrees else "disagrees"
        name = self._names.entry(entry)
        note = f" ({found.note})" if found.note else ""
        return f"   {name}: central difference {self._number(found.value)} {verdict}{note}"

    # ---- the update -----------------------------------------------------------------------------
    def _update(self, of: Explanation, depth: int) -> Iterable[str]:
        if of.pending and of.equation is None:
            yield "its update waits for the gradient"
        elif of.pending and of.after is not None:
            yield f"this batch's update will make it {self._number(of.after)}"
        for step in of.steps:
            if step.equation is not None:
                yield f"{self._names.equation(step.equation)}"
                yield f"{_INDENT}{self._numbers.equation(step.equation)}"
        if of.gradient is not None:
            yield from self.lines(of.gradient, depth)

    def _number(self, value: float) -> str:
        return significant(float(value), self._digits)


def shown(term: Term) -> Expr:
    """Return a term as it is printed: a long one as coefficient times number."""
    if size(term.expression, LONG + 1) <= LONG:
        return term.expression
    last = term.entries[-1]
    if (term.name, term.index) == (last.name, last.index) and term.coefficient != 1:
        return Product((Number(term.coefficient), last))
    return term.expression


def latex_of(of: Explanation, numbers: Latex, names: Latex) -> str:
    """Return name, symbols, numbers and value as aligned lines of LaTeX."""
    value = numbers.number(of.value)
    left = names.entry(of._entry)
    terms = [shown(term) for term in of.terms]
    if not terms:
        if of.equation is None:
            return f"{left} = {value}"
        terms = [of.equation.right]
        value = numbers.number(of.equation.left.value())
    hidden = len(of.all_terms) - len(of.terms)
    written = names.expression(Sum(tuple(terms))) + (r" + \ldots" if hidden else "")
    rest = (Number(of.rest),) if hidden else ()
    computed = numbers.expression(Sum((*terms, *rest)))
    lines = [f"{left} &= {written}", f"&= {computed}", f"&= {value}"]
    return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"
