"""Expressions: the arithmetic of one operation as a tree to be read, typeset, evaluated.

An operation describes itself twice with these nodes: once over whole arrays (its formula) and once
for a single element with this batch's numbers (its arithmetic). `render.py` turns a tree into text
or LaTeX. Imports NumPy-free standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expr:
    """A node of an expression. Subclasses are final; `value()` is its number."""

    def value(self) -> float:
        """Return the number this node stands for; a formula over whole arrays has none."""
        raise TypeError(f"{type(self).__name__} stands for whole arrays and has no single value.")


@dataclass(frozen=True, slots=True)
class Symbol(Expr):
    """A named quantity: `base` with an optional subscript, such as W of layer "hidden"."""

    base: str
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Gradient(Expr):
    """The derivative of the loss with respect to a quantity."""

    of: Symbol


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """A plain number."""

    number: float

    def value(self) -> float:
        return self.number


@dataclass(frozen=True, slots=True)
class Entry(Expr):
    """One element of a named array: knows where it is, what it is called and what it holds now."""

    name: str
    index: tuple[int, ...]
    symbol: Symbol | Gradient
    number: float

    def value(self) -> float:
        return self.number


@dataclass(frozen=True, slots=True)
class Sum(Expr):
    """Terms added up; a `Negative` term is shown as a subtraction."""

    terms: tuple[Expr, ...]

    def value(self) -> float:
        return total([term.value() for term in self.terms])


@dataclass(frozen=True, slots=True)
class Product(Expr):
    """Factors multiplied: "*" for numbers, "@" matrices, "o" by element, "" plain factors."""

    factors: tuple[Expr, ...]
    sign: str = "*"

    def value(self) -> float:
        return math.prod(factor.value() for factor in self.factors)


@dataclass(frozen=True, slots=True)
class Negative(Expr):
    """Minus its argument."""

    arg: Expr

    def value(self) -> float:
        return -self.arg.value()


@dataclass(frozen=True, slots=True)
class Quotient(Expr):
    """A fraction."""

    over: Expr
    under: Expr

    def value(self) -> float:
        over, under = self.over.value(), self.under.value()
        if under == 0:  # Python raises there; NumPy has infinity with both signs, or NaN
            sign = math.copysign(1.0, over) * math.copysign(1.0, under)
            return math.nan if over == 0 or math.isnan(over) else math.copysign(math.inf, sign)
        return over / under


@dataclass(frozen=True, slots=True)
class Power(Expr):
    """A base with an exponent."""

    base: Expr
    exponent: Expr

    def value(self) -> float:
        base, exponent = self.base.value(), self.exponent.value()
        try:
            return float(base**exponent)
        except (OverflowError, ZeroDivisionError):  # NumPy has infinity there
            odd = exponent % 2 == 1
            return math.copysign(math.inf, base) if odd else math.inf
        except TypeError:  # complex: the root of a negative number
            return math.nan


@dataclass(frozen=True, slots=True)
class Transpose(Expr):
    """A matrix with rows and columns exchanged."""

    arg: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function of arguments: exp, log, max, tanh, sign, step, relu, softmax, sum, sigmoid."""

    function: str
    args: tuple[Expr, ...]

    def value(self) -> float:
        numbers = [arg.value() for arg in self.args]
        return _FUNCTIONS[self.function](*numbers)


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = right`; for a single element also the number that the operation wrote."""

    left: Expr
    right: Expr

    def value(self) -> float:
        """Evaluate the right-hand side from the numbers that stand in it."""
        return self.right.value()

    def __str__(self) -> str:
        return self.text()

    def text(self, *, digits: int = 4, terms: int | None = 8) -> str:
        """Plain text with this batch's numbers, e.g. ``z_hidden[0,2] = 5.1*0.03 + 0.1 = 0.253``.

        Parameters
        ----------
        digits : int
            Significant digits of each number.
        terms : int or None
            A longer sum is cut to this many terms, the rest added up in one; None shows them all.
        """
        from .render import Text

        return Text(digits=digits, terms=terms).equation(self)

    def latex(self, *, digits: int = 4, terms: int | None = 8) -> str:
        """Return the same as LaTeX (without dollar signs)."""
        from .latex import Latex

        return Latex(digits=digits, terms=terms).equation(self)

    def symbols(self) -> str:
        """Plain text with names, not numbers: ``z_hidden[0,2] = x[0,0]*W_hidden[0,2] + ...``."""
        from .render import Text

        return Text(numbers=False).equation(self)


def total(numbers: Sequence[float]) -> float:
    """Return the sum, correctly rounded; with infinity and NaN among them as NumPy has it."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):  # of sums in between, or inf - inf
        return float(sum(numbers))


def _exp(x: float) -> float:
    return math.inf if x >= 709.0 else math.exp(x)  # as NumPy has it: no OverflowError


def _maximum(*values: float) -> float:
    return math.nan if any(math.isnan(v) for v in values) else max(values)


def _place_of_maximum(*values: float) -> float:
    nan = [place for place, value in enumerate(values) if math.isnan(value)]
    return float(nan[0] if nan else values.index(max(values)))  # the first, as NumPy has it


_FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": _exp,
    "log": lambda x: math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan),
    "log1p": lambda x: math.log1p(x) if x > -1 else (-math.inf if x == -1 else math.nan),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "tanh": math.tanh,
    "cos": lambda x: math.cos(x) if math.isfinite(x) else math.nan,
    "floor": lambda x: float(math.floor(x)) if math.isfinite(x) else x,
    "max": _maximum,
    "min": lambda *values: -_maximum(*(-v for v in values)),
    "argmax": _place_of_maximum,
    "argmin": lambda *values: _place_of_maximum(*(-v for v in values)),
    "abs": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "Phi": lambda x: math.erfc(-x / math.sqrt(2)) / 2,  # the normal distribution: (1 + erf)/2
    "phi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),  # and its density
    "step": lambda x: 1.0 if x > 0 else 0.0,
}
