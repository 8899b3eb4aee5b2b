"""Typesets expressions as MathML, which browsers draw themselves; imports the core's renderer only.

No JavaScript library is needed, nothing jumps while it loads, and screen readers can read it.
"""

from __future__ import annotations

from html import escape

from nbann.core.expr import Entry, Equation, Gradient, Symbol
from nbann.core.render import Renderer, significant

_MINUS = "\N{MINUS SIGN}"
_LETTERS = {
    "tau": "\N{GREEK SMALL LETTER TAU}",
    "theta": "\N{GREEK SMALL LETTER THETA}",
    "eta": "\N{GREEK SMALL LETTER ETA}",
    "mu": "\N{GREEK SMALL LETTER MU}",
    "sigma": "\N{GREEK SMALL LETTER SIGMA}",
    "gamma": "\N{GREEK SMALL LETTER GAMMA}",
    "beta": "\N{GREEK SMALL LETTER BETA}",
    "rho": "\N{GREEK SMALL LETTER RHO}",
    "epsilon": "\N{GREEK SMALL LETTER EPSILON}",
    "lambda": "\N{GREEK SMALL LETTER LAMDA}",
}
_FUNCTIONS = {
    "sum": "\N{N-ARY SUMMATION}",
    "Phi": "\N{GREEK CAPITAL LETTER PHI}",
    "phi": "\N{GREEK SMALL LETTER PHI}",
}
_WORDS = {"inf": "\N{INFINITY}", f"{_MINUS}inf": f"{_MINUS}\N{INFINITY}", "nan": "NaN"}
_SLASH = '<mo stretchy="false" lspace="0" rspace="0">/</mo>'
_SIGNS = {"@": "", "o": "\N{CIRCLED DOT OPERATOR}", "*": "\N{MIDDLE DOT}", "": ""}


class MathML(Renderer):
    """MathML without its outer element; see `equation_pieces`."""

    minus = f'<mo form="prefix">{_MINUS}</mo>'
    stacked_fractions = True
    powers_of_ten = True

    def number(self, value: float) -> str:
        text = significant(value, self.digits).replace("-", _MINUS)
        if "e" not in text:
            return f"<mn>{_WORDS.get(text, text)}</mn>"
        mantissa, exponent = text.split("e")
        power = exponent.replace("+", "").replace(_MINUS + "0", _MINUS).lstrip("0")
        ten = f"<msup><mn>10</mn><mn>{power}</mn></msup>"
        return f"<mrow><mn>{mantissa}</mn><mo>\N{MIDDLE DOT}</mo>{ten}</mrow>"

    def symbol(self, symbol: Symbol) -> str:
        primes = len(symbol.base) - len(symbol.base.rstrip("'"))
        stem = symbol.base.rstrip("'")
        base = f"<mi>{escape(_LETTERS.get(stem, stem))}</mi>"
        if primes:
            base = f"<msup>{base}<mo>{chr(0x2032) * primes}</mo></msup>"
        if not symbol.sub:
            return base
        return f'<msub>{base}<mtext class="nbann-sub">{escape(symbol.sub)}</mtext></msub>'

    def gradient(self, gradient: Gradient) -> str:
        d = "<mi>\N{PARTIAL DIFFERENTIAL}</mi>"
        of = self.symbol(gradient.of)
        return f"<mfrac><mrow>{d}<mi>L</mi></mrow><mrow>{d}{of}</mrow></mfrac>"

    def entry(self, entry: Entry) -> str:
        name = self.expression(entry.symbol)
        if not entry.index:
            return name
        index = ",".join(map(str, entry.index))
        return f"<mrow>{name}<mtext>[{index}]</mtext></mrow>"

    def value(self, entry: Entry) -> str:
        """Return the number, marked as this element's, so that a view can tell which it is."""
        index = ",".join(map(str, entry.index))
        of = f'data-array="{escape(entry.name)}" data-index="{index}"'
        return f"<mrow {of}>{self.number(entry.number)}</mrow>"

    def product(self, factors: list[str], sign: str) -> str:
        joint = f"<mo>{_SIGNS[sign]}</mo>" if _SIGNS[sign] else '<mspace width="0.2em"></mspace>'
        return f"<mrow>{joint.join(factors)}</mrow>"

    def quotient(self, over: str, under: str) -> str:
        return f"<mfrac><mrow>{over}</mrow><mrow>{under}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow>{exponent}</msup>"

    def transpose(self, matrix: str) -> str:
        return f"<msup><mrow>{matrix}</mrow><mo>\N{DOWN TACK}</mo></msup>"

    def call(self, function: str, args: list[str]) -> str:
        if function == "sqrt":
            return f"<msqrt>{args[0]}</msqrt>"
        inside = "<mo>,</mo>".join(args)
        name = _FUNCTIONS.get(function, function)
        tag = "mo" if function == "sum" else "mi"
        return f"<mrow><{tag}>{escape(name)}</{tag}>{self.bracket(inside)}</mrow>"

    def bracket(self, inner: str) -> str:
        return f'<mrow><mo stretchy="false">(</mo>{inner}<mo stretchy="false">)</mo></mrow>'

    def operator(self, sign: str) -> str:
        return f'<mo form="infix">{sign.replace("-", _MINUS)}</mo>'

    def dots(self, count: int, rest: float | None) -> str:
        if rest is None:
            return "<mo>\N{HORIZONTAL ELLIPSIS}</mo>"
        head = f"<mtext>[{count} more:\N{NO-BREAK SPACE}</mtext>"
        return f"<mrow>{head}{self.number(rest)}<mtext>]</mtext></mrow>"


class InLine(MathML):
    """MathML as low as a line of text: fractions are written with a slash."""

    stacked_fractions = False

    def gradient(self, gradient: Gradient) -> str:
        d = "<mi>\N{PARTIAL DIFFERENTIAL}</mi>"
        return f"<mrow>{d}<mi>L</mi>{_SLASH}{d}{self.symbol(gradient.of)}</mrow>"

    def quotient(self, over: str, under: str) -> str:
        return f"<mrow>{over}{_SLASH}{under}</mrow>"


def equation_pieces(
    equation: Equation, *, digits: int = 3, terms: int | None = 8, numbers: bool = True
) -> list[str]:
    """Return an equation as MathML elements that stand side by side and may wrap onto new lines.

    Parameters
    ----------
    equation : Equation
    digits : int
        Significant digits of each number.
    terms : int or None
        Longest sum shown in full.
    numbers : bool
        Numbers (True) or names (False).
    """
    renderer = MathML(digits=digits, terms=terms, numbers=numbers)
    return [f"<math>{piece}</math>" for piece in renderer.pieces(equation)]


def named_number(entry: Entry, *, digits: int = 3) -> str:
    """Return an element's name and its number as MathML."""
    math = MathML(digits=digits)
    return f"<math>{math.entry(entry)}{math.operator('=')}{math.value(entry)}</math>"
