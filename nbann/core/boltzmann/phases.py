"""The ops of contrastive divergence, phase by phase; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..expr import Symbol
from .ops import CarryOver, Chance, Downward, Sample, Uniform, Upward
from .statistics import Activity, Contrast, Correlation

if TYPE_CHECKING:
    from ..builder import Builder


class Phases:
    """Emits what the phases of an RBM consist of; `RBM.compile` says in what order.

    Parameters
    ----------
    b : Builder
    name : str
        What the names of arrays begin with.
    """

    def __init__(self, b: Builder, name: str) -> None:
        self.b = b
        self.name = b.layer = name

    def hidden(self, visible: str, where: str, sub: str) -> str:
        """Emit ``p(h = 1 | v)``; return its name."""
        into = f"{self.name}.{where}.hidden"
        return self._conditional(Upward, visible, into, Symbol("p", f"h{sub}"))

    def visible(self, hidden: str, where: str, sub: str) -> str:
        """Emit ``p(v = 1 | h)``; return its name."""
        into = f"{self.name}.{where}.visible"
        return self._conditional(Downward, hidden, into, Symbol("p", f"v{sub}"))

    def reconstruct(self, hidden: str) -> str:
        """Emit the visible probabilities given those of the hidden units; return their name."""
        into = f"{self.name}.reconstruction"
        return self._conditional(Downward, hidden, into, Symbol("r"))

    def _conditional(
        self, way: type[Upward | Downward], given: str, into: str, symbol: Symbol
    ) -> str:
        b, what = self.b, into.rpartition(".")[2]
        bias = f"{self.name}.{'hidden' if way is Upward else 'visible'}_bias"
        shape = (b.shape(given)[0], b.shape(bias)[0])
        received = b.array(f"{into}_in", shape, Symbol("z", symbol.sub or symbol.base))
        b.emit(way(given, f"{self.name}.weight", bias, received, f"{what}_in"))
        b.emit(Chance(received, b.array(into, shape, symbol), what))
        return into

    def sample(self, chance: str, symbol: Symbol) -> str:
        """Emit a draw, and which units are on by it; return the name of the sample."""
        b, what, shape = self.b, chance.rpartition(".")[2], self.b.shape(chance)
        draw = Symbol("u", symbol.base + symbol.sub)
        b.array(f"{chance}_draw", shape, draw, dtype=np.dtype(np.float64))
        b.emit(Uniform(b.state.streams[self.name], f"{chance}_draw", f"{what}_draw"))
        sample = b.array(f"{chance}_sample", shape, symbol)
        b.emit(Sample(chance, f"{chance}_draw", sample, f"{what}_sample"))
        return sample

    def chain(self, hidden: str, k: int) -> tuple[str, str]:
        """Emit k steps of Gibbs sampling; return the last visible sample and hidden chances."""
        for t in range(1, k + 1):
            where, sub = f"negative{t}", str(t)
            with self.b.at(t):
                visible = self.sample(self.visible(hidden, where, sub), Symbol("v", sub))
                chance = self.hidden(visible, where, sub)
                if t < k:
                    hidden = self.sample(chance, Symbol("h", sub))
        return visible, chance

    def carry_over(self, chance: str, chain: str, k: int) -> None:
        """Emit the hidden sample with which the chains go on in the next batch."""
        with self.b.at(k):
            last = self.sample(chance, Symbol("h", str(k)))
        self.b.emit(CarryOver(last, chain))

    def statistics(
        self, phase: str, units: tuple[str, str], count: int, called: str
    ) -> tuple[str, str, str]:
        """Emit ``<v h>``, ``<v>`` and ``<h>`` of a phase; return their names."""
        b, (visible, hidden) = self.b, units
        of = "data" if phase == "positive" else "model"
        to, (width, length) = f"{self.name}.{phase}", b.shape(f"{self.name}.weight")
        both = b.array(f"{to}.correlation", (width, length), Symbol("<v h>", of))
        b.emit(Correlation(visible, hidden, both, f"{phase}_correlation", count, called))
        v = b.array(f"{to}.visible_mean", (width,), Symbol("<v>", of))
        b.emit(Activity(visible, v, f"{phase}_visible_mean", count, called))
        h = b.array(f"{to}.hidden_mean", (length,), Symbol("<h>", of))
        b.emit(Activity(hidden, h, f"{phase}_hidden_mean", count, called))
        return both, v, h

    def gradients(self, model: tuple[str, ...], data: tuple[str, ...], suffix: str) -> None:
        """Emit what stands where backpropagation has gradients, for the optimizer to take."""
        b, parts = self.b, ("weight", "visible_bias", "hidden_bias")
        for part, theirs, ours in zip(parts, model, data, strict=True):
            name = f"{self.name}.{part}"
            parameter = b.symbol(name)
            assert isinstance(parameter, Symbol)
            of = f"{parameter.base},{parameter.sub}"
            # they are written otherwise than dL/dW, as they are none
            b.program.symbols[f"{name}.grad"] = Symbol("g", of)
            if suffix == "data_grad":
                b.program.symbols[f"{name}.data_grad"] = Symbol("g", f"{of},data")
            b.emit(Contrast(theirs, ours, f"{name}.{suffix}", f"{part}_gradient"))
