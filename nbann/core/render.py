"""Turns an expression tree into plain text or LaTeX; imports the core's expressions only.

A new output format (the widgets' MathML, say) is one more subclass of `Renderer`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

from .expr import (
    Call,
    Entry,
    Equation,
    Expr,
    Gradient,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Transpose,
    total,
)

_SUM, _PRODUCT, _FACTOR, _ATOM = (
    1,
    2,
    3,
    4,
)  # how tightly a node binds, so that brackets stand only where needed


class Renderer(ABC):
    """Walks a tree and joins the pieces; subclasses say what a piece looks like.

    Parameters
    ----------
    digits : int
        Significant digits of each number.
    terms : int or None
        Longest sum shown in full; the terms in its middle are added up in one piece. None: no
        limit.
    numbers : bool
        Show the elements' values (True) or their names (False).
    """

    minus = "-"
    powers_of_ten = False
    """Whether small and large numbers are written as products, such as 3 * 10**-5."""
    stacked_fractions = False
    """Whether a fraction is drawn one above the other, and so needs no brackets."""

    def __init__(self, *, digits: int = 4, terms: int | None = 8, numbers: bool = True) -> None:
        self.digits = digits
        self.terms = terms
        self.numbers = numbers

    # ---- what a format has to say ---------------------------------------------------------------
    @abstractmethod
    def number(self, value: float) -> str: ...
    @abstractmethod
    def symbol(self, symbol: Symbol) -> str: ...
    @abstractmethod
    def gradient(self, gradient: Gradient) -> str: ...
    def entry(self, entry: Entry) -> str:
        """Return the name of one element, such as z[0,2]."""
        index = f"[{','.join(map(str, entry.index))}]" if entry.index else ""
        return self.expression(entry.symbol) + index

    def value(self, entry: Entry) -> str:
        """Return the number that the element holds."""
        return self.number(entry.number)

    @abstractmethod
    def product(self, factors: list[str], sign: str) -> str: ...
    @abstractmethod
    def quotient(self, over: str, under: str) -> str: ...
    @abstractmethod
    def power(self, base: str, exponent: str) -> str: ...
    @abstractmethod
    def transpose(self, matrix: str) -> str: ...
    @abstractmethod
    def call(self, function: str, args: list[str]) -> str: ...
    @abstractmethod
    def bracket(self, inner: str) -> str: ...
    @abstractmethod
    def operator(self, sign: str) -> str:
        """Return +, - or = with the space around it."""

    @abstractmethod
    def dots(self, count: int, rest: float | None) -> str:
        """Return the stand-in for `count` terms of a long sum that add up to `rest`."""

    # ---- the walk -------------------------------------------------------------------------------
    def equation(self, equation: Equation) -> str:
        return "".join(self.pieces(equation))

    def pieces(self, equation: Equation) -> list[str]:
        """Return the equation cut where a line may break: before =, between terms."""
        left, right = equation.left, equation.right
        head = self.entry(left) if isinstance(left, Entry) else self.expression(left)
        terms = self._sum(right) if isinstance(right, Sum) else [self.expression(right)]
        pieces = [head + self.operator("=") + terms[0], *terms[1:]]
        if isinstance(left, Entry) and self.numbers:
            pieces.append(self.operator("=") + self.value(left))
        return pieces

    def expression(self, node: Expr) -> str:
        return self._render(node)[0]

    def _render(self, node: Expr) -> tuple[str, int]:
        match node:
            case Number():
                return self.number(node.number), self._binding(node.number)
            case Entry():
                if self.numbers:
                    return self.value(node), self._binding(node.number)
                return self.entry(node), _FACTOR if isinstance(node.symbol, Gradient) else _ATOM
            case Symbol():
                return self.symbol(node), _ATOM
            case Gradient():
                return self.gradient(node), _FACTOR  # its square needs brackets
            case Sum():
                return "".join(self._sum(node)), _SUM
            case Product():
                parts = [self._at_least(_FACTOR, factor) for factor in node.factors]
                return self.product(parts, node.sign), _PRODUCT
            case Negative():
                return self.minus + self._at_least(_PRODUCT, node.arg), _SUM
            case Quotient():
                return self._fraction(node), _FACTOR if self.stacked_fractions else _PRODUCT
            case Transpose():
                return self.transpose(self._at_least(_ATOM, node.arg)), _FACTOR
            case Power():
                return self.power(
                    self._at_least(_ATOM, node.base), self._render(node.exponent)[0]
                ), _FACTOR
            case Call():
                return self.call(node.function, [self._render(arg)[0] for arg in node.args]), _ATOM
        raise TypeError(f"{type(node).__name__} is not an expression that can be rendered.")

    def _fraction(self, node: Quotient) -> str:
        level = 0 if self.stacked_fractions else _FACTOR
        return self.quotient(self._at_least(level, node.over), self._at_least(level, node.under))

    def _sum(self, node: Sum) -> list[str]:
        terms = list(node.terms)
        limit = None if self.terms is None else max(self.terms, 3)
        if limit is None or len(terms) <= limit:
            return self._join(terms)
        head, tail = terms[: limit - 2], terms[-1:]
        middle = terms[limit - 2 : -1]
        rest = total([t.value() for t in middle]) if self.numbers else None
        dots = self.operator("+") + self.dots(len(middle), rest)
        return [*self._join(head), dots, *self._join(tail, first=False)]

    def _join(self, terms: list[Expr], *, first: bool = True) -> list[str]:
        pieces = []
        for term in terms:
            negative, rest = self._split_sign(term)
            text = self._at_least(_PRODUCT, rest)
            sign = (
                (self.minus if negative else "")
                if first
                else self.operator("-" if negative else "+")
            )
            pieces.append(sign + text)
            first = False
        return pieces

    def _split_sign(self, term: Expr) -> tuple[bool, Expr]:
        """Take a leading minus out of a term, so that a sum shows `a - b` and not `a + (-b)`."""
        match term:
            case Negative():
                return True, term.arg
            case Number() if _is_negative(term.number):
                return True, Number(-term.number)
            case Entry() if self.numbers and _is_negative(term.number):
                return True, Entry(term.name, term.index, term.symbol, -term.number)
            case Product() if term.factors:
                negative, first = self._split_sign(term.factors[0])
                return (
                    (True, Product((first, *term.factors[1:]), term.sign))
                    if negative
                    else (False, term)
                )
        return False, term

    def _at_least(self, level: int, node: Expr) -> str:
        text, binding = self._render(node)
        return text if binding >= level else self.bracket(text)

    def _binding(self, value: float) -> int:
        if _is_negative(value):
            return _SUM
        product = self.powers_of_ten and "e" in significant(value, self.digits)
        return _FACTOR if product else _ATOM


def _is_negative(value: float) -> bool:
    return math.copysign(1.0, value) < 0 and value != 0 and not math.isnan(value)


def significant(value: float, digits: int) -> str:
    """Format a number to some significant digits: the way nbann prints all its numbers."""
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    return f"{value + 0.0:.{digits}g}"  # + 0.0 turns -0.0 into 0.0


class Text(Renderer):
    """Plain text that reads like Python: ``z_hidden[0,2] = 5.1*0.03 - 3.5*0.2 + 0.1``."""

    def number(self, value: float) -> str:
        return significant(value, self.digits)

    def symbol(self, symbol: Symbol) -> str:
        return f"{symbol.base}_{symbol.sub}" if symbol.sub else symbol.base

    def gradient(self, gradient: Gradient) -> str:
        return f"dL/d{self.symbol(gradient.of)}"

    def product(self, factors: list[str], sign: str) -> str:
        return {"@": " @ ", "o": " * ", "*": "*", "": "*"}[sign].join(factors)

    def quotient(self, over: str, under: str) -> str:
        return f"{over}/{under}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}**{exponent}"

    def transpose(self, matrix: str) -> str:
        return f"{matrix}.T"

    def call(self, function: str, args: list[str]) -> str:
        return f"{function}({', '.join(args)})"

    def bracket(self, inner: str) -> str:
        return f"({inner})"

    def operator(self, sign: str) -> str:
        return f" {sign} "

    def dots(self, count: int, rest: float | None) -> str:
        return "..." if rest is None else f"[{count} more: {self.number(rest)}]"
