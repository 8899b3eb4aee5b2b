"""Turns an expression tree into LaTeX; imports the core's renderer only."""

from __future__ import annotations

from typing import ClassVar

from .expr import Gradient, Symbol
from .render import Renderer, significant


class Latex(Renderer):
    r"""LaTeX for MathJax, KaTeX and matplotlib's mathtext: ``z_{\mathrm{hidden}} = x\,W``."""

    stacked_fractions = True
    powers_of_ten = True
    _OPERATORS: ClassVar = {
        "exp": r"\exp",
        "log": r"\log",
        "tanh": r"\tanh",
        "cos": r"\cos",
        "max": r"\max",
        "min": r"\min",
        "Phi": r"\Phi",
        "phi": r"\varphi",
        "sum": r"\sum",
    }

    def number(self, value: float) -> str:
        text = significant(value, self.digits)
        if "e" in text:
            mantissa, exponent = text.split("e")
            return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"
        return text.replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")

    def symbol(self, symbol: Symbol) -> str:
        base = _latex_base(symbol.base)
        return rf"{base}_{{\mathrm{{{_escape(symbol.sub)}}}}}" if symbol.sub else base

    def gradient(self, gradient: Gradient) -> str:
        return rf"\frac{{\partial L}}{{\partial {self.symbol(gradient.of)}}}"

    def product(self, factors: list[str], sign: str) -> str:
        joint = {"@": r"\,", "o": r" \odot ", "*": r" \cdot ", "": r"\,"}[sign]
        return joint.join(factors)

    def quotient(self, over: str, under: str) -> str:
        return rf"\frac{{{over}}}{{{under}}}"

    def power(self, base: str, exponent: str) -> str:
        return rf"{{{base}}}^{{{exponent}}}"

    def transpose(self, matrix: str) -> str:
        return rf"{{{matrix}}}^{{\top}}"

    def call(self, function: str, args: list[str]) -> str:
        if function == "sqrt":
            return rf"\sqrt{{{args[0]}}}"
        if function == "floor":
            return rf"\left\lfloor {args[0]} \right\rfloor"
        name = self._OPERATORS.get(function, rf"\mathrm{{{_escape(function)}}}")
        return rf"{name}\left({', '.join(args)}\right)"

    def bracket(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def operator(self, sign: str) -> str:
        return f" {sign} "

    def dots(self, count: int, rest: float | None) -> str:
        if rest is None:
            return r"\ldots"
        return rf"[\,{count}\ \mathrm{{more}}: {self.number(rest)}\,]"


_GREEK = {"log p": r"\log p", "log y": r"\log y"} | {
    letter: rf"\{letter}"
    for letter in (
        "eta",
        "mu",
        "theta",
        "tau",
        "sigma",
        "gamma",
        "beta",
        "rho",
        "epsilon",
        "lambda",
    )
}


def _latex_base(base: str) -> str:
    if base in _GREEK:
        return _GREEK[base]
    return base if len(base.rstrip("'")) == 1 else rf"\mathrm{{{_escape(base)}}}"


_SPECIAL = {char: "\\" + char for char in "_$%#{}"} | {
    "\\": r"\backslash ",
    "&": r"\,and\,",  # mathtext knows no escaped & and no straight quote
    '"': "”",
    "^": "",
    "~": "",
}


def _escape(text: str) -> str:
    """Make text from outside (a layer's name) harmless in LaTeX."""
    shown = (_SPECIAL.get(c, c) if c.isprintable() and c != " " else r"\ " for c in text)
    return "".join(shown)
