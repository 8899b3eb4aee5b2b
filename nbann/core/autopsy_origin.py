"""How one number came not to be finite: read off its arithmetic; the core's expressions only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .expr import Call, Entry, Expr, Negative, Number, Power, Product, Quotient, Sum
from .render import Text, significant

OVERFLOW = "overflow to infinity"
READ = "read as it is"


@dataclass(frozen=True)
class Origin:
    """Where in its arithmetic a number stopped being finite.

    Attributes
    ----------
    kind : str
        "overflow to infinity", "division by 0", "log of 0", "log of a negative number", "square
        root of a negative number"; of a NaN that infinities made "NaN: inf - inf", "NaN: 0 * inf",
        "NaN: inf / inf"; "read as it is" where it was not finite before; else "NaN".
    first : str
        Likewise of the first step that was not finite; the same as `kind` unless NaN came later.
    words : str
        With its numbers.
    """

    kind: str
    first: str
    words: str


def origin(right: Expr, value: float, dtype: np.dtype[np.floating]) -> Origin:
    """Return how the right-hand side of an element's arithmetic came to a NaN or infinity.

    The tree is evaluated from its leaves, each step rounded to 0 or infinity where the dtype ends:
    the first step that is not finite, while all it is made of is, is the one.

    Parameters
    ----------
    right : Expr
    value : float
        What the op wrote.
    dtype : numpy dtype
        That the op computes in.
    """
    steps = [s for s in _steps(right, np.finfo(dtype)) if not math.isfinite(s.value)]
    first = next((s for s in steps if all(map(math.isfinite, s.parts))), None)
    nan = next(
        (s for s in steps if math.isnan(s.value) and not any(map(math.isnan, s.parts))), None
    )
    written = significant(value, 4)
    if first is None:  # a sum overflows on the way, though not as a whole; or a kernel of its own
        kind = "NaN" if math.isnan(value) else OVERFLOW
        end = f"the largest {dtype}, {np.finfo(dtype).max:.2g}"
        return Origin(kind, kind, f"{written}: a number on the way to it was beyond {end}")
    kind = _kind(first)
    words = _words(first, kind, dtype)
    if nan is None or nan is first or not math.isnan(value):
        return Origin(kind, kind, words)
    made = f"NaN: {_made_of(nan)}"
    return Origin(made, kind, f"{words}; then {_shown(nan.node)} is NaN")


# ---- the walk ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Step:
    node: Expr
    parts: tuple[float, ...]
    value: float


def _steps(node: Expr, ends: np.finfo[np.floating]) -> Iterator[_Step]:
    """Yield every step of an evaluation, the parts of each before it; the last is the whole."""
    numbers: list[float] = []
    for part in _parts(node):
        step = None
        for step in _steps(part, ends):
            yield step
        assert step is not None
        numbers.append(step.value)
    put_in = _with_parts(node, numbers)
    yield _Step(put_in, tuple(numbers), _held(put_in.value(), ends))


def _held(value: float, ends: np.finfo[np.floating]) -> float:
    """Return a number as the dtype holds it at the ends of its range."""
    if abs(value) > float(ends.max):
        return math.copysign(math.inf, value)
    if abs(value) < float(ends.smallest_subnormal) / 2:
        return math.copysign(0.0, value)
    return value


def _parts(node: Expr) -> Sequence[Expr]:
    match node:
        case Sum(terms=parts) | Product(factors=parts) | Call(args=parts):
            return parts
        case Quotient(over=over, under=under):
            return (over, under)
        case Power(base=base, exponent=exponent):
            return (base, exponent)
        case Negative(arg=arg):
            return (arg,)
    return ()


def _with_parts(node: Expr, numbers: Sequence[float]) -> Expr:
    """Return a node with numbers for its parts."""
    parts = tuple(map(Number, numbers))
    match node:
        case Sum():
            return Sum(parts)
        case Product(sign=sign):
            return Product(parts, sign)
        case Call(function=function):
            return Call(function, parts)
        case Quotient():
            return Quotient(*parts)
        case Power():
            return Power(*parts)
        case Negative():
            return Negative(*parts)
    return node


# ---- words ---------------------------------------------------------------------------------------
def _kind(step: _Step) -> str:
    match step.node:
        case Entry() | Number():
            return READ
        case Quotient(under=Number(number=0)):
            return "division by 0"
        case Power(base=Number(number=0)):
            return "division by 0"
        case Call(function="log" | "log1p"):
            return "log of a negative number" if math.isnan(step.value) else "log of 0"
        case Call(function="sqrt"):
            return "square root of a negative number"
        case Power() if math.isnan(step.value):
            return "square root of a negative number"
    return "NaN" if math.isnan(step.value) else OVERFLOW


def _words(step: _Step, kind: str, dtype: np.dtype[np.floating]) -> str:
    shown = _shown(step.node)
    if isinstance(step.node, Entry):
        return f"{Text(numbers=False).entry(step.node)} was {shown} before"
    if kind == OVERFLOW:
        return f"{shown} is beyond the largest {dtype}, {np.finfo(dtype).max:.2g}"
    return f"{shown} is {significant(step.value, 4)}"


def _shown(node: Expr) -> str:
    return Text(digits=4, terms=4).expression(node)


def _made_of(step: _Step) -> str:
    match step.node:
        case Sum():
            return "inf - inf"
        case Product():
            return "0 * inf"
        case Quotient():
            return "inf / inf"
    return _shown(step.node)
