"""Turns an explanation, as far as it is opened, into rows of plain data; imports core and MathML.

Text is plain; what stands under "math" is MathML, in which names are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from nbann.core.checks import counted
from nbann.core.errors import UnknownNameError
from nbann.core.explaining.explanation import Explanation
from nbann.core.explaining.term import Term, percent
from nbann.core.explaining.wording import FORMULAS, shown
from nbann.core.expr import Entry, Equation, Expr, Number
from nbann.core.render import Text, significant

from .mathml import InLine, MathML

DIGITS = 4
TERMS = 5
"""Terms of a sum that are written out in a formula."""
ROW, LINE = 38, 52
"""Characters that a label and its factors may have together, and those of a line."""
MINUS = "\N{MINUS SIGN}"
_NARROWEST, _WIDEST = -5, 6  # powers of ten between which numbers are written out
_POINT = 0.5  # the width of a point, in digits
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

Row = dict[str, Any]


class Why:
    """An explanation and which of its rows are open.

    Parameters
    ----------
    explanation : Explanation
    """

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        self._opened: dict[str, Explanation] = {}
        self._rows: list[Row] | None = None

    def toggle(self, path: str) -> None:
        """Open a row one level further, or close it; `path` as in `rows`."""
        if self._opened.pop(path, None) is None:
            found = self._find(path)
            self._opened[path] = found[0].open(found[1])
        self._rows = None

    def again(self, explanation: Explanation) -> Why:
        """Return another explanation, opened where this one is, as far as it has such rows."""
        other = Why(explanation)
        for path in sorted(self._opened, key=len):
            try:
                other.toggle(path)
            except ValueError:
                continue  # its like is not there now: the largest terms are others
        return other

    def _find(self, path: str) -> tuple[Explanation, Term]:
        """Return the term at a path, and the explanation that it stands in."""
        above, _, last = path.rpartition(".")
        of: Explanation | None = self.explanation if not above else self._opened.get(above)
        if last != "g" and (above == "g" or above.endswith(".g")):
            above = above.rpartition(".")[0]
            whole = self._opened.get(above) if above else self.explanation
            of = None if whole is None else whole.gradient
        terms = [] if of is None else of.terms
        if of is None or not last.isdecimal() or int(last) >= len(terms):
            paths = [row["path"] for row in self.rows() if row.get("opens")]
            raise UnknownNameError("row", path, paths)
        return of, terms[int(last)]

    def rows(self) -> list[Row]:
        """Return the rows from top to bottom, each with its `kind` and `level`.

        "head": what is explained, with its `value`; "note"; "formula"; "check": what confirms a
        gradient; "term": a part with its factors, `value`, `bar` (its size among its like), share
        in per cent, and the `path` by which it opens; "rest": the parts that are not listed.
        """
        if self._rows is None:
            self._rows = _under_one_point(list(self._block(self.explanation, 0, "")))
        return self._rows

    def words(self) -> str:
        """Return in plain text what is explained."""
        return self.explanation.text()

    # ---- one level -------------------------------------------------------------------------------
    def _block(self, of: Explanation, level: int, path: str) -> Iterator[Row]:
        terms = [] if _is_all_there_is(of) else of.terms
        hidden = len(of.all_terms) - len(terms) if terms else 0
        numbers = [of.value, *(term.value for term in terms)] + [of.rest] * bool(hidden)
        written = aligned(numbers)
        yield _head(of, written[0]) | {"level": level}
        for row in (*_notes(of), *_formulas(of, in_full=not terms)):
            yield row | {"level": level}
        if of.kind == "gradient":
            yield _check(of) | {"level": level}
        most = max((abs(t.value) for t in terms if math.isfinite(t.value)), default=0.0) or 1.0
        for place, term in enumerate(terms):
            at = f"{path}.{place}" if path else str(place)
            is_long = _is_long(term, level)
            row = _term(term, written[place + 1], most) | {
                "factors": "" if is_long else _factors(term)
            }
            yield row | {"level": level, "path": at, "open": at in self._opened}
            if is_long:
                numbers_alone = _math(shown(term), numbers=True)
                yield {"kind": "formula", "level": level + 1, "math": [numbers_alone]}
            if at in self._opened:
                yield from self._block(self._opened[at], level + 1, at)
        if hidden:
            label = counted(hidden, "more term")
            yield {"kind": "rest", "level": level, "label": label, "value": written[-1]}
        if of.pending and of.gradient is not None:
            yield from self._block(of.gradient, level, f"{path}.g" if path else "g")


def _under_one_point(rows: list[Row]) -> list[Row]:
    """Say how many digits each number lacks at its end for all points to stand in one column."""
    written = [row for row in rows if "value" in row]
    ends = [row["value"].partition("·")[0].partition(".") for row in written]
    most = max((len(decimals) for _, _, decimals in ends), default=0)
    for row, (_, point, decimals) in zip(written, ends, strict=True):
        row["pad"] = most - len(decimals) + (_POINT if most and not point else 0.0)
        if "·" in row["value"]:
            row["pad"] = 0.0
    return rows


def _is_all_there_is(of: Explanation) -> bool:
    """Whether a table would only say again what its head says."""
    return len(of.all_terms) == 1 and not of.all_terms[0].opens


def _head(of: Explanation, value: str) -> Row:
    row = {"kind": "head", "label": of.label, "math": _math(of.entry, numbers=False)}
    return row | {"value": value, "exact": repr(float(of.value))}


def _check(of: Explanation) -> Row:
    """Return what confirms a gradient, or why nothing can."""
    found = of.check
    if found.value is None or found.agrees is None:
        return {"kind": "check", "text": f"no central difference: {found.note}", "verdict": ""}
    text = f"central difference {number(found.value)}"
    text += f" ({found.note})" if found.note else ""
    return {"kind": "check", "text": text, "verdict": "agrees" if found.agrees else "disagrees"}


def _notes(of: Explanation) -> Iterator[Row]:
    text = of.note
    if not text and of.kind == "given":
        text = "given: it is data"
    if not text and of.kind == "state" and of.equation is None:
        text = "given: it is a setting"
    if of.pending and of.equation is None:
        text += "; its update waits for the gradient"
    elif of.pending and of.after is not None:
        text += f"; this batch's update will make it {number(of.after)}"
    elif of.before is not None and not of.note:
        text = f"before this batch's update: {number(of.before)}"
    if text:
        yield {"kind": "note", "text": text}


def _formulas(of: Explanation, *, in_full: bool) -> Iterator[Row]:
    """Yield the formulas; with their numbers too where no rows follow that have them."""
    for equation in of.formulas[:FORMULAS]:
        yield {"kind": "formula", "math": _pieces(equation, numbers=False)}
        if in_full and of.kind != "gradient":
            yield {"kind": "formula", "math": _pieces(equation, numbers=True)}
    more = len(of.formulas) - FORMULAS
    if more > 0:
        yield {"kind": "note", "text": f"and {counted(more, 'more operation')} on the way"}


def _term(term: Term, value: str, most: float) -> Row:
    named = term.label == Text(numbers=False).expression(term.expression)
    finite = math.isfinite(term.value)
    return {
        "kind": "term",
        "label": "" if named else term.label,
        "math": _math(term.expression, numbers=False) if named else "",
        "parts": counted(len(term.parts), "term") if term.parts else "",
        "value": value,
        "exact": repr(float(term.value)),
        "bar": round(term.value / most, 4) if finite else 0.0,
        "share": percent(term.share).replace("-", MINUS),
        "opens": term.opens,
    }


def _factors(term: Term) -> str:
    """Return what is multiplied, as MathML; nothing where the value is all there is to it."""
    written = shown(term)
    bare = term.parts or isinstance(written, Entry | Number)
    return "" if bare else _math(written, numbers=True)


def _is_long(term: Term, level: int) -> bool:
    """Whether a term's factors do not fit beside its label, and need a line of their own."""
    factors = Text(digits=DIGITS).expression(shown(term))
    return bool(_factors(term)) and len(term.label) + len(factors) > ROW - 2 * level


# ---- numbers and formulas ------------------------------------------------------------------------
def number(value: float) -> str:
    """Return a number as people read it: with a true minus sign, and infinity as such."""
    text = significant(float(value), DIGITS)
    return text.replace("inf", "∞").replace("nan", "NaN").replace("-", MINUS)


def aligned(values: Sequence[float], digits: int = DIGITS) -> list[str]:
    """Return numbers with as many decimals each, so that they stand under one another and add up.

    The largest has so many significant digits. Very small and large ones share a power of ten.
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    power = math.floor(math.log10(largest)) if largest > 0 else 0
    scale, ending = 0, ""
    if not _NARROWEST < power < _WIDEST:
        scale, ending = power, "·10" + str(power).translate(_RAISED)
    decimals = min(max(0, digits - 1 - power + scale), 12)
    return [
        _fixed(v / 10.0**scale, decimals) + ending if math.isfinite(v) else number(v)
        for v in values
    ]


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", MINUS)


def _renderer(node: Expr | Equation, *, numbers: bool) -> MathML:
    """Return what typesets it in one line; with stacked fractions where that would be too long."""
    text = Text(digits=DIGITS, terms=TERMS, numbers=numbers)
    written = text.equation(node) if isinstance(node, Equation) else text.expression(node)
    kind = InLine if len(written) <= LINE else MathML
    return kind(digits=DIGITS, terms=TERMS, numbers=numbers)


def _math(node: Expr, *, numbers: bool) -> str:
    return f"<math>{_renderer(node, numbers=numbers).expression(node)}</math>"


def _pieces(equation: Equation, *, numbers: bool) -> list[str]:
    renderer = _renderer(equation, numbers=numbers)
    return [f"<math>{piece}</math>" for piece in renderer.pieces(equation)]
