"""The step of rules that follow no gradient: what is to be added to parameters, and adding it.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from ..expr import Equation, Expr, Sum
from ..optimizers.flat import OverVectors, Terms
from ..program import Arrays, Kernel, Reader, Symbols
from ..state import State


class AddChange(OverVectors):
    """``W = W + learning_rate * C``: a rule's change C of each parameter, at the rate in force.

    Parameters
    ----------
    state : State
    changes : mapping of str to str
        The array of the change by the parameter that it is for.
    """

    verb = "update"

    def __init__(self, state: State, changes: Mapping[str, str]) -> None:
        super().__init__(state, "", ("",), ("learning_rate",))
        self.changes = dict(changes)
        self.reads = (*self.changes, *self.changes.values(), "learning_rate")
        self.writes = tuple(self.changes)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate = self.state.hyper["learning_rate"]
        for parameter, change in self.changes.items():
            step = np.empty_like(arrays[change])
            yield partial(np.multiply, arrays[change], rate, step)
            yield partial(np.add, arrays[parameter], step, arrays[parameter])

    def formula(self, of: Terms) -> Expr:
        raise NotImplementedError("Each parameter has a change of its own: see `equation`.")

    def equation(self, symbol: Symbols) -> Equation:
        parameter, change = next(iter(self.changes.items()))
        terms = Terms(symbol, symbol, "")
        step = terms.times(symbol("learning_rate"), symbol(change))
        return Equation(symbol(parameter), Sum((symbol(parameter), step)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        terms = Terms(entry, entry, "*")
        step = terms.times(entry("learning_rate"), entry(self.changes[name], *at))
        return Sum((entry(name, *at), step))
