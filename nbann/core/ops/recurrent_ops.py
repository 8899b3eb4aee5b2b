"""The primitives of a recurrent layer's step: z_t = x_t @ W + h_(t-1) @ U + b, and gated sums.

A gate is a number between 0 and 1 by which another is multiplied: how much of it is let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Equation, Expr, Product, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .affine import Affine, BiasGradient, InputGradient, WeightGradient
from .time_ops import pass_on

if TYPE_CHECKING:
    from ..builder import Builder


class RecurrentAffine(Primitive):
    """``z = x @ W + h @ U + b``: what is seen now, and what is remembered.

    x (n, inputs), W (inputs, k), h (n, units), U (units, k), b (k,), z (n, k).
    """

    verb = "affine"

    def __init__(
        self, x: str, weight: str, h: str, recurrent: str, bias: str | None, into: str
    ) -> None:
        self.x, self.weight, self.h, self.recurrent = x, weight, h, recurrent
        self.bias = bias
        self.reads = (x, weight, h, recurrent) if bias is None else (x, weight, h, recurrent, bias)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z = arrays[self.writes[0]]
        memory = np.empty_like(z)
        yield partial(arrays[self.x].dot, arrays[self.weight], z)
        yield partial(arrays[self.h].dot, arrays[self.recurrent], memory)
        yield partial(np.add, z, memory, z)
        if self.bias is not None:
            yield partial(np.add, z, arrays[self.bias], z)

    def equation(self, symbol: Symbols) -> Equation:
        terms: list[Expr] = [
            Product((symbol(self.x), symbol(self.weight)), "@"),
            Product((symbol(self.h), symbol(self.recurrent)), "@"),
        ]
        if self.bias is not None:
            terms.append(symbol(self.bias))
        return Equation(symbol(self.writes[0]), Sum(tuple(terms)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        row, column = at
        terms: list[Expr] = []
        for source, weight in ((self.x, self.weight), (self.h, self.recurrent)):
            for i in range(entry.shape(weight)[0]):
                terms.append(Product((entry(source, row, i), entry(weight, i, column))))
        if self.bias is not None:
            terms.append(entry(self.bias, column))
        return Sum(tuple(terms))

    def backward(self, b: Builder) -> None:
        dz = self.writes[0] + ".grad"
        b.emit(WeightGradient(self.x, dz, b.gradient(self.weight)))
        b.emit(RecurrentGradient(self.h, dz, b.gradient(self.recurrent)))
        if self.bias is not None:
            b.emit(BiasGradient(dz, b.gradient(self.bias)))
        if b.needs_gradient(self.x):
            b.emit(InputGradient(dz, self.weight, b.gradient(self.x)))
        if b.needs_gradient(self.h):
            b.emit(StateGradient(dz, self.recurrent, b.gradient(self.h)))


class StateAffine(Affine):
    """``s = h @ U``: what is remembered, for a layer that weighs it by itself."""

    verb = "state_affine"

    def backward(self, b: Builder) -> None:
        ds = self.writes[0] + ".grad"
        b.emit(RecurrentGradient(self.x, ds, b.gradient(self.weight)))
        if b.needs_gradient(self.x):
            b.emit(StateGradient(ds, self.weight, b.gradient(self.x)))


class RecurrentGradient(WeightGradient):
    """``dL/dU = h.T @ dL/dz``: this time step's part of it."""

    verb = "recurrent_gradient"


class StateGradient(InputGradient):
    """``dL/dh = dL/dz @ U.T``: the gradient goes back through time."""

    verb = "state_gradient"


class GatedSum(Primitive):
    """``out = a_1 * b_1 + a_2 * b_2 + ...``, element by element; a term may be one array alone."""

    def __init__(self, terms: Sequence[tuple[str, ...]], into: str, verb: str) -> None:
        self.verb = verb
        self.terms = tuple(terms)
        self.reads = tuple(name for term in terms for name in term)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        total = arrays[self.writes[0]]
        scratch = np.empty_like(total)
        so_far: Floats | None = None
        for term in self.terms:
            value = arrays[term[0]]
            if len(term) == 2:
                into = scratch if so_far is total else total
                yield partial(np.multiply, value, arrays[term[1]], into)
                value = into
            if so_far is not None:
                yield partial(np.add, so_far, value, total)
                value = total
            so_far = value

    def _written(self, factors: Iterable[tuple[Expr, ...]], sign: str) -> Expr:
        terms = [Product(term, sign) if len(term) == 2 else term[0] for term in factors]
        return Sum(tuple(terms)) if len(terms) > 1 else terms[0]

    def equation(self, symbol: Symbols) -> Equation:
        factors = [tuple(symbol(name) for name in term) for term in self.terms]
        return Equation(symbol(self.writes[0]), self._written(factors, "o"))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        factors = [tuple(entry(name, *at) for name in term) for term in self.terms]
        return self._written(factors, "*")

    def backward(self, b: Builder) -> None:
        (out,) = self.writes
        for term in self.terms:
            if len(term) == 1:
                pass_on(b, out, term[0])
                continue
            for factor, other in (term, term[::-1]):
                if b.needs_gradient(factor):
                    verb = f"{self.verb}_gradient"
                    b.emit(GatedSum([(f"{out}.grad", other)], b.gradient(factor), verb))


class AddBias(Primitive):
    """``q = s + b``: one number for each column."""

    verb = "bias"

    def __init__(self, s: str, bias: str, into: str) -> None:
        self.s, self.bias = s, bias
        self.reads = (s, bias)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(np.add, arrays[self.s], arrays[self.bias], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Sum((symbol(self.s), symbol(self.bias))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Sum((entry(self.s, *at), entry(self.bias, at[-1])))

    def backward(self, b: Builder) -> None:
        (q,) = self.writes
        b.emit(BiasGradient(f"{q}.grad", b.gradient(self.bias)))
        pass_on(b, q, self.s)
