"""Works out a printed line of arithmetic by itself, and how far rounding may have moved it.

Nothing of nbann is used: Python's parser reads the text, and a first-order bound of the rounding of
each printed number is carried through every operation.
"""

import ast
import math
import re
from dataclasses import dataclass


@dataclass
class Rounded:
    """A number and a bound on how far it may be off."""

    value: float
    error: float = 0.0

    def __add__(self, other):
        return Rounded(self.value + other.value, self.error + other.error)

    def __sub__(self, other):
        return Rounded(self.value - other.value, self.error + other.error)

    def __mul__(self, other):
        error = abs(self.value) * other.error + abs(other.value) * self.error
        return Rounded(self.value * other.value, error + self.error * other.error)

    def __truediv__(self, other):
        value = self.value / other.value
        room = abs(other.value) - other.error
        error = (self.error + abs(value) * other.error) / room if room > 0 else math.inf
        return Rounded(value, error if math.isfinite(other.value) else 0.0)

    def __pow__(self, other):
        error = abs(other.value) * (abs(self.value) + self.error) ** (other.value - 1) * self.error
        return Rounded(self.value**other.value, error)

    def __neg__(self):
        return Rounded(-self.value, self.error)


def _exp(x):
    value = math.exp(x.value) if x.value < 709 else math.inf
    return Rounded(value, value * math.expm1(min(x.error, 700)) if x.error else 0.0)


def _argmin(*xs):
    return _argmax(*(Rounded(-x.value, x.error) for x in xs))


def _argmax(*xs):
    top = max(xs, key=lambda x: x.value)
    rivals = [i for i, x in enumerate(xs) if x.value + x.error >= top.value - top.error]
    first = next(i for i, x in enumerate(xs) if x.value == top.value)
    return Rounded(float(first), float(max(abs(i - first) for i in rivals)))


def _sqrt(x):
    root = math.sqrt(x.value)
    return Rounded(root, root - math.sqrt(max(x.value - x.error, 0.0)))


def _floor(x):
    below = math.floor(x.value)
    near = abs(x.value - round(x.value)) <= x.error  # rounding may have moved it over an edge
    return Rounded(float(below), float(near and x.error > 0))


FUNCTIONS = {
    "exp": _exp,
    "log": lambda x: Rounded(math.log(x.value), -math.log1p(-min(x.error / x.value, 0.99))),
    "log1p": lambda x: Rounded(math.log1p(x.value), x.error / (1 + x.value - x.error)),
    "sqrt": _sqrt,
    "cos": lambda x: Rounded(math.cos(x.value), x.error),
    "floor": _floor,
    "tanh": lambda x: Rounded(math.tanh(x.value), x.error),
    "max": lambda *xs: Rounded(max(x.value for x in xs), max(x.error for x in xs)),
    "min": lambda *xs: Rounded(min(x.value for x in xs), max(x.error for x in xs)),
    "argmax": _argmax,
    "argmin": _argmin,
    "abs": lambda x: Rounded(abs(x.value), x.error),
    "Phi": lambda x: Rounded(math.erfc(-x.value / math.sqrt(2)) / 2, 0.4 * x.error),  # slope < 0.4
    "phi": lambda x: Rounded(
        math.exp(-(x.value**2) / 2) / math.sqrt(2 * math.pi), 0.25 * x.error
    ),  # its slope is at most exp(-1/2) / sqrt(2*pi)
    "sign": lambda x: Rounded(float((x.value > 0) - (x.value < 0))),
    "step": lambda x: Rounded(float(x.value > 0)),
}
OPERATORS = {
    ast.Add: Rounded.__add__, ast.Sub: Rounded.__sub__, ast.Mult: Rounded.__mul__,
    ast.Div: Rounded.__truediv__, ast.Pow: Rounded.__pow__,
}  # fmt: skip


def evaluate(text, digits):
    """Return the printed expression's value with its bound, for numbers printed to `digits`."""

    def walk(node):
        match node:
            case ast.Constant():
                return Rounded(float(node.value), 0.5 * 10.0 ** (1 - digits) * abs(node.value))
            case ast.Name(id="inf"):
                return Rounded(math.inf)
            case ast.BinOp():
                return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
            case ast.UnaryOp(op=ast.USub()):
                return -walk(node.operand)
            case ast.Call(func=ast.Name(id=name)):
                return FUNCTIONS[name](*(walk(arg) for arg in node.args))
        raise AssertionError(f"{ast.dump(node)} does not belong in arithmetic: {text}")

    plain = re.sub(r"\[\d+ more: ([^\]]+)\]", r"(\1)", text)
    return walk(ast.parse(plain, mode="eval").body)


def check(line, value, digits):
    """Assert that ``name = arithmetic = number`` is true as printed, and about `value`."""
    _, arithmetic, number = line.split(" = ")
    total = evaluate(arithmetic, digits)
    shown = evaluate(number, digits)
    slack = 1e-9 * max(1e-3, abs(value))
    assert abs(shown.value - value) <= shown.error + slack, line
    assert abs(total.value - value) <= 1.01 * total.error + slack, line
    return total
