"""The ops of a batch that is divided over workers; imports NumPy and the core's own parts only.

Worker k gets the parameters and the numbers of its rows (scatter), returns the loss and the
gradient of them (gradient on worker k), and what comes back is averaged by what the rows count
(reduce): ``g = sum_k s_k * g_k`` with the shares ``s_k = n_k / n``. Where samples have weights, n
is what they weigh together; of a loss that is a sum each share is 1. As the loss is a mean over
samples, this is the gradient of the whole batch: synchronous data parallelism, as in Dean et al.,
"Large Scale Distributed Deep Networks" (NIPS 2012), section 4, without its staleness.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..expr import Call, Equation, Expr, Number, Product, Quotient, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols

if TYPE_CHECKING:
    from ..builder import Builder

N = Symbol("n")


class Workers(Protocol):
    """What ops ask of those who compute; see `link.py`."""

    counts: list[float]
    total: float

    def send(self, worker: int, share: Floats) -> None:
        """Ask a worker for its part; write the share that it has in the batch."""

    def receive(self, worker: int, loss: Floats, grad: Floats) -> None:
        """Wait for a worker's answer, and write it."""

    def gather(self) -> None:
        """Write what all workers have shown, and where the random generators stand."""


def worker_name(worker: int) -> str:
    """Return how a worker is called, counted from 1."""
    return f"worker{worker + 1}"


class Scatter(Primitive):
    """``s_k = n_k / n``: a worker is sent the parameters and its rows of the batch; its share."""

    verb = "scatter"

    def __init__(self, workers: Workers, worker: int, b: Builder, *, summed: bool) -> None:
        self.workers, self.worker, self.summed = workers, worker, summed
        self.reads = b.state.names()
        self.writes = (f"{worker_name(worker)}.share",)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(self.workers.send, self.worker, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        left = symbol(self.writes[0])
        if self.summed:
            return Equation(left, Number(1.0))
        return Equation(left, Quotient(Symbol("n", str(self.worker + 1)), N))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        if self.summed:
            return Number(1.0)
        if not self.workers.total:
            return Number(0.0)
        return Quotient(Number(self.workers.counts[self.worker]), Number(self.workers.total))


class OnWorker(Primitive):
    """``g_k = dL_k/dtheta``: what a worker returns, the loss and the gradient of its rows."""

    verb = "gradient"

    def __init__(self, workers: Workers, worker: int, b: Builder, grad: Floats) -> None:
        self.workers, self.worker, self.grad = workers, worker, grad
        name = worker_name(worker)
        self.reads = (f"{name}.share", *b.state.names())
        self.writes = (f"{name}.loss", *(f"{name}.{p}.grad" for p in b.state.names()))
        self._arrays: Arrays = {}

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        self._arrays = arrays
        yield partial(self.workers.receive, self.worker, arrays[self.writes[0]], self.grad)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(Symbol("g", str(self.worker + 1)), Call("grad", (symbol(self.writes[0]),)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Number(float(self._arrays[name][at]))  # it was computed elsewhere


class _Average(Primitive):
    """``sum_k s_k * v_k``: what workers have returned, by the shares of their rows."""

    def __init__(self, count: int) -> None:
        self.names = [worker_name(worker) for worker in range(count)]
        self.shares = tuple(f"{name}.share" for name in self.names)

    def _sum(self, parts: Iterable[Floats], shares: Iterable[Floats], into: Floats) -> list[Kernel]:
        """Return the kernels that write the weighted sum, worker by worker."""
        term = np.empty_like(into)
        found: list[Kernel] = []
        for number, (part, share) in enumerate(zip(parts, shares, strict=True)):
            target = term if number else into
            found.append(partial(np.multiply, part, share, target))
            if number:
                found.append(partial(np.add, into, term, into))
        return found

    def _terms(self, parts: Iterable[Expr], shares: Iterable[Expr], sign: str) -> Sum:
        pairs = zip(shares, parts, strict=True)
        return Sum(tuple(Product((share, part), sign) for share, part in pairs))


class ReduceGradient(_Average):
    """``g = sum_k s_k * g_k``: the gradient of the whole batch."""

    verb = "gradient"

    def __init__(self, workers: Workers, grads: list[Floats], b: Builder, suffix: str) -> None:
        super().__init__(len(grads))
        self.workers, self.grads, self.suffix = workers, grads, suffix
        self.into: Floats = b.state.vector(suffix)
        own = b.state.names()
        self.reads = (*self.shares, *(f"{name}.{p}.grad" for name in self.names for p in own))
        self.writes = tuple(p + suffix for p in own)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield self.workers.gather
        yield from self._sum(self.grads, [arrays[s] for s in self.shares], self.into)

    def equation(self, symbol: Symbols) -> Equation:
        parts = [Symbol("g", str(worker + 1)) for worker in range(len(self.grads))]
        shares = [symbol(share) for share in self.shares]
        return Equation(Symbol("g"), self._terms(parts, shares, ""))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        own = name.removesuffix(self.suffix)
        parts = [entry(f"{worker}.{own}.grad", *at) for worker in self.names]
        return self._terms(parts, [entry(share) for share in self.shares], "*")


class ReduceLoss(_Average):
    """``L = sum_k s_k * L_k``: the loss of the whole batch."""

    verb = "loss"

    def __init__(self, count: int, into: str) -> None:
        super().__init__(count)
        self.losses = tuple(f"{name}.loss" for name in self.names)
        self.reads = (*self.shares, *self.losses)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        parts, shares = ([arrays[name] for name in of] for of in (self.losses, self.shares))
        yield from self._sum(parts, shares, arrays[self.writes[0]])

    def equation(self, symbol: Symbols) -> Equation:
        parts, shares = ([symbol(name) for name in of] for of in (self.losses, self.shares))
        return Equation(symbol(self.writes[0]), self._terms(parts, shares, ""))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        parts, shares = ([entry(name) for name in of] for of in (self.losses, self.shares))
        return self._terms(parts, shares, "*")
