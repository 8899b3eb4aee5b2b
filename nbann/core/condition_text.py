"""Reads a condition that is given as text; imports the core's own parts only.

The text is parsed, never run: `ast` makes a tree of it, and what stands in the table of this file
is turned into functions. Everything else is refused.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Sequence

from .condition_truths import (
    Truth,
    anything_not_finite,
    compared,
    every,
    joined,
    negated,
    not_finite,
)
from .condition_values import (
    ELEMENTWISE,
    PLACES,
    REDUCTIONS,
    Index,
    Quantity,
    Reads,
    column,
    combined,
    constant,
    each,
    element,
    gradient_norm,
    named_array,
    negative,
    reduced,
)
from .errors import UnknownNameError, bad_value
from .program import Program

LONGEST = 500
"""Characters of a condition."""
DEEPEST = 40
"""How deep brackets and operators may be nested."""
UNDERSTOOD = (
    "comparisons (< <= > >= == !=) of numbers, arrays by name (hidden.weight.grad, with [0,1] for "
    "an element), history columns, epoch, batch, learning_rate; + - * / %; "
    f"{', '.join([*REDUCTIONS, *ELEMENTWISE])}, grad_norm(layer); "
    '"nan", nan(array), "every 10"; and, or, not'
)
_EVERY = re.compile(r"\bevery\s+(\d+)\b")
_CALLED_EVERY = re.compile(r"\bevery\((\d+)\)")

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class ConditionText:
    """A condition in words, read once.

    Parameters
    ----------
    text : str
        At most `LONGEST` characters.
    program : Program
        Of the largest batch: its names and shapes are those that may be asked for.
    columns : iterable of str
        Of the history, now or later.
    places : sequence of int, optional
        See `condition_truths.every`.

    Attributes
    ----------
    truth : Truth
    text : str
        The same in one way of writing it.

    Raises
    ------
    ValueError
        Anything that is not understood, with the piece that is not; `UnknownNameError` for a name.
    """

    def __init__(
        self,
        text: str,
        program: Program,
        columns: Iterable[str] = (),
        places: Sequence[int] | None = None,
    ) -> None:
        self.given = text
        self.program = program
        self.columns = tuple(columns)
        self.places = places
        tree = self._parsed()
        self.truth = self._truth(tree, 0)
        if not self.truth.reads:
            raise self._refused(tree, "It never changes: name an array, such as loss.")
        self.text = _written(tree)

    # ---- text to tree ----------------------------------------------------------------------------
    def _parsed(self) -> ast.expr:
        if len(self.given) > LONGEST:
            received = f"{len(self.given)} of them"
            mend = "Write a function: condition(event) -> bool."
            raise bad_value("A condition", f"at most {LONGEST} characters", received, mend)
        if _depth(self.given) > DEEPEST:
            raise self._too_deep()
        text = _EVERY.sub(r"every(\1)", self.given.strip())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as of "1or 2", which is refused or read well
                return ast.parse(text, mode="eval").body
        except SyntaxError as error:
            place = max((error.offset or 1) - 1, 0)
            piece = text[place : place + 20] or "its end"
            mend = "Equality is ==; put a name that Python can not read in quotes."
            raise self._error(piece, mend) from None
        except (ValueError, RecursionError, MemoryError):
            raise self._error(self.given[:40], "Write it more simply.") from None

    def _error(self, piece: str, mend: str) -> ValueError:
        received = f"{piece!r} in {self.given!r}"
        return bad_value("A condition", UNDERSTOOD, received, mend)

    def _refused(self, node: ast.AST, mend: str) -> ValueError:
        return self._error(_written(node), mend)

    def _too_deep(self) -> ValueError:
        expected = f"brackets and operators at most {DEEPEST} deep"
        mend = "Write it more simply, or as a function: condition(event) -> bool."
        return bad_value("A condition", expected, f"deeper ones in {self.given[:40]!r}...", mend)

    # ---- truths ----------------------------------------------------------------------------------
    def _truth(self, node: ast.expr, depth: int) -> Truth:
        """Return what a piece says that is to be true or false."""
        if depth > DEEPEST:
            raise self._too_deep()
        depth += 1
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self._truth(value, depth) for value in values]
                return joined(parts, decisive=isinstance(op, ast.Or))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return negated(self._truth(operand, depth))
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Name(id="nan"):
                return anything_not_finite()
            case ast.Call(func=ast.Name(id="nan"), args=[argument], keywords=[]):
                return not_finite(self._quantity(argument, depth), _written(argument))
            case ast.Call(func=ast.Name(id="every"), args=[argument], keywords=[]):
                return every(self._count(argument), self.places)
        self._quantity(node, depth)  # so that what is wrong within it is told first
        raise self._refused(node, "Compare it with a number, as in loss > 2.")

    def _comparison(self, node: ast.Compare, depth: int) -> Truth:
        sides = [node.left, *node.comparators]
        signs = [_COMPARED.get(type(op)) for op in node.ops]
        quantities = [self._quantity(side, depth) for side in sides]
        for side, quantity in zip(sides, quantities, strict=True):
            if quantity.shape:
                name = _written(side)
                mend = f"Its shape is {quantity.shape}: compare max({name}), mean({name}), ..."
                raise self._refused(side, mend)
        rest = [(s, q) for s, q in zip(signs, quantities[1:], strict=True) if s is not None]
        if len(rest) < len(signs):
            raise self._refused(node, "Compare with < <= > >= == or !=.")
        return compared(quantities[0], rest, [_written(side) for side in sides])

    def _count(self, node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value >= 1:
            return node.value
        raise self._refused(node, 'Give a whole number of at least 1, as in "every 10".')

    # ---- quantities ------------------------------------------------------------------------------
    def _quantity(self, node: ast.expr, depth: int) -> Quantity:
        """Return what a piece says that is a number or an array."""
        if depth > DEEPEST:
            raise self._too_deep()
        depth += 1
        match node:
            case ast.Constant(value=str(name)):
                return self._named(name, node)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return self._number(node, number)
            case ast.Name() | ast.Attribute():
                return self._named(self._dotted(node), node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negative(self._quantity(operand, depth))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._quantity(operand, depth)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
                sides = self._quantity(left, depth), self._quantity(right, depth)
                return self._fitting(node, lambda: combined(_SIGNS[type(op)], *sides))
            case ast.Subscript(value=value, slice=index):
                array, place = self._quantity(value, depth), self._index(index)
                return self._fitting(node, lambda: element(array, place))
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._called(node, function, arguments, depth)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                mend = "It is true or false, where a number is expected: join such pieces by and."
                raise self._refused(node, mend)
        raise self._refused(node, "Write it with these, or as a function condition(event) -> bool.")

    def _called(
        self, node: ast.Call, function: str, arguments: list[ast.expr], depth: int
    ) -> Quantity:
        if function == "grad_norm" and len(arguments) <= 1:
            return gradient_norm(self._parameters(arguments))
        if function in ("nan", "every"):
            raise self._refused(node, f"{function}(...) is true or false: it stands alone.")
        if function not in REDUCTIONS and function not in ELEMENTWISE:
            known = (*REDUCTIONS, *ELEMENTWISE, "grad_norm", "nan", "every")
            raise UnknownNameError("function in a condition", function, known)
        if len(arguments) != 1:
            raise self._refused(node, f"{function} takes one array.")
        argument = self._quantity(arguments[0], depth)
        return (reduced if function in REDUCTIONS else each)(function, argument)

    def _fitting(self, node: ast.expr, make: Callable[[], Quantity]) -> Quantity:
        try:
            made = make()
        except (ValueError, IndexError) as error:
            raise self._refused(node, f"{str(error).rstrip('.').capitalize()}.") from None
        if 0 in made.shape:
            raise self._refused(node, "There is nothing in it.")
        return made

    def _number(self, node: ast.expr, number: float) -> Quantity:
        try:
            return constant(float(number))
        except OverflowError:
            raise self._refused(node, "Write so large a number as 1e300.") from None

    def _index(self, node: ast.expr) -> Index:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self._along(part) for part in parts)

    def _along(self, node: ast.expr) -> int | slice:
        if isinstance(node, ast.Slice):
            ends = (node.lower, node.upper, node.step)
            return slice(*(None if end is None else self._whole(end) for end in ends))
        return self._whole(node)

    def _whole(self, node: ast.expr) -> int:
        sign, inner = 1, node
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub):
            sign, inner = -1, inner.operand
        if isinstance(inner, ast.Constant) and type(inner.value) is int and inner.value < 2**31:
            return sign * inner.value
        raise self._refused(node, "An index is a whole number, as in hidden.weight[0,1].")

    # ---- names -----------------------------------------------------------------------------------
    def _dotted(self, node: ast.expr) -> str:
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise self._refused(node, "A name is that of an array, such as hidden.weight.grad.")
        return ".".join([inner.id, *reversed(parts)])

    def _named(self, name: str, node: ast.expr) -> Quantity:
        if name in PLACES:
            return Quantity(PLACES[name], (), Reads(start=True))
        if name in self.program.arrays:
            return named_array(name, self.program)
        if name in self.columns:
            return column(name)
        if name == "grad_norm":
            return gradient_norm(self._parameters([]))
        if name == "inf":
            return constant(float("inf"))
        if name == "nan":
            raise self._refused(node, 'Nothing equals NaN: ask "nan", or nan(loss).')
        inside = [one for one in self.program.arrays if one.startswith(f"{name}.")]
        if inside:
            raise self._refused(node, f"{name} is a layer: name an array of it, e.g. {inside[0]}.")
        known = (*self.program.arrays, *self.columns, *PLACES, "grad_norm")
        raise UnknownNameError("name in a condition", name, known)

    def _parameters(self, arguments: list[ast.expr]) -> list[str]:
        """Return the parameters of a layer, those of the layers in it included, or all."""
        names = self.program.state.names()
        if not arguments:
            return list(names)
        node = arguments[0]
        quoted = isinstance(node, ast.Constant) and isinstance(node.value, str)
        layer = str(getattr(node, "value", "")) if quoted else self._dotted(node)
        found = [name for name in names if name == layer or name.startswith(f"{layer}.")]
        if not found:
            layers = dict.fromkeys(name.rpartition(".")[0] for name in names)
            raise UnknownNameError("layer with parameters", layer, layers)
        return found


def _written(node: ast.AST) -> str:
    """Return a piece of the tree as text."""
    try:
        return _CALLED_EVERY.sub(r"every \1", ast.unparse(node))
    except (RecursionError, ValueError):  # too deep, or a number with too many digits
        return type(node).__name__


def _depth(text: str) -> int:
    """Return how deep the brackets are nested at most."""
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest
