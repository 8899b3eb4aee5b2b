"""Takes an element's arithmetic apart into terms that add up; imports the core's expressions.

The arithmetic of a backward op is linear in the gradients that it reads: it is a sum of
coefficients times gradients. Everything else is taken apart where it is a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..expr import Call, Entry, Expr, Negative, Number, Power, Product, Quotient, Sum

ONE = Number(1.0)
Carries = Callable[[str], bool]
"""Says of an array's name whether it holds gradients."""
Addend = tuple[Expr, Entry | None]
"""A coefficient, and the gradient that it is multiplied by; None for a term that has none."""


def entries(node: Expr) -> Iterator[Entry]:
    """Yield the elements of arrays that stand in an expression, in order of appearance."""
    match node:
        case Entry():
            yield node
        case Sum():
            for term in node.terms:
                yield from entries(term)
        case Product():
            for factor in node.factors:
                yield from entries(factor)
        case Call():
            for arg in node.args:
                yield from entries(arg)
        case Negative():
            yield from entries(node.arg)
        case Quotient():
            yield from entries(node.over)
            yield from entries(node.under)
        case Power():
            yield from entries(node.base)
            yield from entries(node.exponent)


def linear(node: Expr, carries: Carries) -> list[Addend]:
    """Return the terms of an expression, each with the one gradient in it as its last factor."""
    match node:
        case Entry():
            return [(ONE, node)] if carries(node.name) else [(node, None)]
        case Sum():
            return [addend for term in node.terms for addend in linear(term, carries)]
        case Negative():
            return [(negative(c), of) for c, of in linear(node.arg, carries)]
        case Quotient() if not _has(node.under, carries):
            return [(_over(c, node.under), of) for c, of in linear(node.over, carries)]
        case Product():
            found = [i for i, f in enumerate(node.factors) if _has(f, carries)]
            if not found:
                found = [i for i, f in enumerate(node.factors) if isinstance(f, Sum)]
            if len(found) == 1:
                (place,) = found
                others = (*node.factors[:place], *node.factors[place + 1 :])
                inner = linear(node.factors[place], carries)
                return [(times(*others, c), of) for c, of in inner]
    return [(node, None)]


def addends(node: Expr) -> list[Expr]:
    """Return the terms of a sum, through minus signs and over a common denominator."""
    match node:
        case Sum():
            return [addend for term in node.terms for addend in addends(term)]
        case Negative():
            return [negative(term) for term in addends(node.arg)]
        case Quotient():
            over = addends(node.over)
            return [node] if len(over) == 1 else [Quotient(term, node.under) for term in over]
    return [node]


def times(*factors: Expr) -> Expr:
    """Return a product, flat and without ones; a minus sign comes first."""
    if len(factors) == 2:  # the usual ways, for batches of many thousand terms
        a, b = factors
        if a is ONE or b is ONE:
            return b if a is ONE else a
        if isinstance(a, Entry) and isinstance(b, Entry):
            return Product(factors)
    flat: list[Expr] = []
    minus = False
    for factor in factors:
        if isinstance(factor, Negative):
            minus, factor = not minus, factor.arg
        if isinstance(factor, Product) and factor.sign == "*":
            flat += factor.factors
        elif factor != ONE:
            flat.append(factor)
    product = flat[0] if len(flat) == 1 else Product(tuple(flat)) if flat else ONE
    return Negative(product) if minus else product


def negative(node: Expr) -> Expr:
    """Return minus a term; of minus a term the term."""
    return node.arg if isinstance(node, Negative) else Negative(node)


def plus(a: Expr, b: Expr) -> Expr:
    """Return a sum, flat."""
    left = a.terms if isinstance(a, Sum) else (a,)
    return Sum((*left, *(b.terms if isinstance(b, Sum) else (b,))))


def size(node: Expr, limit: int) -> int:
    """Return how many elements stand in an expression, counted no further than a limit."""
    count = 0
    for count, _ in enumerate(entries(node), 1):
        if count >= limit:
            break
    return count


def _has(node: Expr, carries: Carries) -> bool:
    return any(carries(entry.name) for entry in entries(node))


def _over(node: Expr, under: Expr) -> Expr:
    if isinstance(node, Negative):
        return Negative(_over(node.arg, under))
    return Quotient(node, under)
