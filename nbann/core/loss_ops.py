"""The primitives of the losses: softmax with cross-entropy, and squared errors."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .expr import Call, Equation, Expr, Negative, Number, Power, Product, Quotient, Sum, Symbol
from .primitive import Primitive
from .program import Arrays, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from .builder import Builder


class SoftmaxOp(Primitive):
    """``p = softmax(z)``, ``log p = z - log(sum(exp(z)))``, with the row's maximum taken off."""

    verb = "softmax"

    def __init__(self, z: str, p: str, log_p: str) -> None:
        self.z = z
        self.reads = (z,)
        self.writes = (p, log_p)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        z, p, log_p = arrays[self.z], *(arrays[name] for name in self.writes)
        n, k = z.shape
        # Worked on transposed: with few classes, NumPy's loops then run along the many samples.
        columns = np.empty((k, n), z.dtype)
        exps = np.empty_like(columns)
        top, total = np.empty(n, z.dtype), np.empty(n, z.dtype)
        yield partial(np.copyto, columns, z.T)
        yield partial(np.maximum.reduce, columns, 0, None, top)
        yield partial(np.subtract, columns, top, columns)
        yield partial(np.exp, columns, exps)
        yield partial(np.dot, np.ones(k, z.dtype), exps, total)
        yield partial(np.log, total, total)
        yield partial(np.subtract, columns, total, columns)
        yield partial(np.copyto, log_p, columns.T)
        yield partial(np.exp, log_p, p)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Call("softmax", (symbol(self.z),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        row, unit = at
        logits = [entry(self.z, row, k) for k in range(entry.shape(self.z)[1])]
        top = max(logit.number for logit in logits)
        # show the textbook's form where exp can bear it, the shifted form where it can not
        shifted: list[Expr] = (
            list(logits) if abs(top) < 20 else [Sum((z, Negative(Number(top)))) for z in logits]
        )
        total = Sum(tuple(Call("exp", (z,)) for z in shifted))
        if name == self.writes[0]:
            return Quotient(Call("exp", (shifted[unit],)), total)
        return Sum((shifted[unit], Negative(Call("log", (total,)))))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: the cross-entropy's rule carries the gradient through the softmax."""


class CrossEntropyOp(Primitive):
    """``L = -1/n * sum_i log p[i, y_i]``."""

    verb = "cross_entropy"

    def __init__(self, z: str, p: str, log_p: str, into: str) -> None:
        self.z, self.p, self.log_p = z, p, log_p
        self.reads = (log_p, "y", "y.onehot")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        loss, log_p, onehot = arrays[self.writes[0]], arrays[self.log_p], arrays["y.onehot"]
        # the one-hot product picks log p of the true class of every row in one call
        yield partial(np.dot, log_p.reshape(-1), onehot.reshape(-1), loss)
        yield partial(np.multiply, loss, np.array(-1.0 / len(log_p), loss.dtype), loss)

    def equation(self, symbol: Symbols) -> Equation:
        picked = Call("sum", (Product((symbol("y.onehot"), symbol(self.log_p)), "o"),))
        return Equation(symbol(self.writes[0]), Negative(Quotient(picked, Symbol("n"))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        n = entry.shape(self.log_p)[0]
        picked = tuple(entry(self.log_p, row, int(entry("y", row).number)) for row in range(n))
        return Negative(Quotient(Sum(picked), Number(n)))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.z,)

    def backward(self, b: Builder) -> None:
        b.emit(CrossEntropyGradient(self.p, b.gradient(self.z)))


class CrossEntropyGradient(Primitive):
    """``dL/dz = (p - Y) / n``: softmax and cross-entropy taken together."""

    verb = "gradient"

    def __init__(self, p: str, into: str) -> None:
        self.p = p
        self.reads = (p, "y.onehot")
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        p, onehot, dz = arrays[self.p], arrays["y.onehot"], arrays[self.writes[0]]
        yield partial(np.subtract, p, onehot, dz)
        yield partial(np.multiply, dz, np.array(1.0 / len(p), dz.dtype), dz)

    def equation(self, symbol: Symbols) -> Equation:
        difference = Sum((symbol(self.p), Negative(symbol("y.onehot"))))
        return Equation(symbol(self.writes[0]), Quotient(difference, Symbol("n")))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        difference = Sum((entry(self.p, *at), Negative(entry("y.onehot", *at))))
        return Quotient(difference, Number(entry.shape(self.p)[0]))


class ErrorOp(Primitive):
    """``e = a - y``: how far the output is off."""

    verb = "error"

    def __init__(self, output: str, target: str, into: str) -> None:
        self.reads = (output, target)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        output, target = self.reads
        yield partial(np.subtract, arrays[output], arrays[target], arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        output, target = self.reads
        return Equation(symbol(self.writes[0]), Sum((symbol(output), Negative(symbol(target)))))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        output, target = self.reads
        return Sum((entry(output, *at), Negative(entry(target, *at))))

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: the squared error's rule carries the gradient to the output in one step."""


class SquaredErrorOp(Primitive):
    """``L = sum(e**2) * over / under``."""

    verb = "squared_error"

    def __init__(self, output: str, error: str, into: str, scale: tuple[float, float]) -> None:
        self.output, self.error = output, error
        self.over, self.under = scale
        self.reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        loss, error = arrays[self.writes[0]], arrays[self.error].reshape(-1)
        yield partial(np.dot, error, error, loss)
        yield partial(np.multiply, loss, np.array(self.over / self.under, loss.dtype), loss)

    def _scaled(self, total: Expr) -> Expr:
        return total if self.under == 1 else Quotient(total, Number(self.under))

    def equation(self, symbol: Symbols) -> Equation:
        squares = Call("sum", (Power(symbol(self.error), Number(2)),))
        return Equation(symbol(self.writes[0]), self._scaled(squares))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        places = np.ndindex(*entry.shape(self.error))
        return self._scaled(
            Sum(tuple(Power(entry(self.error, *place), Number(2)) for place in places))
        )

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return (self.output,)

    def backward(self, b: Builder) -> None:
        factor = 2.0 * self.over / self.under
        into = b.gradient(self.output, same_as=self.error if factor == 1 else None)
        b.emit(SquaredErrorGradient(self.error, factor, into))


class SquaredErrorGradient(Primitive):
    """``dL/da = e * factor``: the derivative of the squared error with respect to the output."""

    verb = "gradient"

    def __init__(self, error: str, factor: float, into: str) -> None:
        self.error, self.factor = error, factor
        self.reads = (error,)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        error, da = arrays[self.error], arrays[self.writes[0]]
        if da is error:
            return
        yield partial(np.multiply, error, np.array(self.factor, da.dtype), da)

    def _scaled(self, error: Expr) -> Expr:
        return error if self.factor == 1 else Product((Number(self.factor), error))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._scaled(symbol(self.error)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._scaled(entry(self.error, *at))
