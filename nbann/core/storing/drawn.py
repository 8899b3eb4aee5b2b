"""Initializers that are functions of the user's, kept as the numbers they drew; NumPy alone.

A file holds no function. What it can hold is all that the function did for this run: the arrays
that it returned, and how far it moved the random generator on, so that `reset` gives the same start
and the layers after it draw the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..state import Parameter

Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draw:
    """One call: the generator before, what was returned, the generator afterwards."""

    before: dict[str, Any]
    array: Weights
    after: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Drawn:
    """An initializer that gives again what a function of the user's once gave.

    Parameters
    ----------
    draws : tuple of Draw
        Of one function, in the order of its calls.
    """

    draws: tuple[Draw, ...]

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Weights:
        fitting = [draw for draw in self.draws if draw.array.shape == shape]
        if not fitting:
            mend = "Make the net with the function itself, or Trainer.load(path, model=...)."
            shapes = ", ".join(str(draw.array.shape) for draw in self.draws)
            raise bad_value("An initializer kept in a file", f"a shape {shapes}", shape, mend)
        state = rng.bit_generator.state
        draw = next((draw for draw in fitting if draw.before == state), fitting[0])
        rng.bit_generator.state = draw.after
        return draw.array


def draws_of(parameters: Iterable[Parameter], seed: int, functions: list[Any]) -> list[Drawn]:
    """Draw the start of all parameters once more, and note what some functions give.

    Parameters
    ----------
    parameters : iterable of Parameter
    seed : int
        The run's.
    functions : list of callable
    """
    found: list[list[Draw]] = [[] for _ in functions]
    rng = np.random.default_rng([seed, 0])
    for parameter in parameters:
        if not callable(parameter.start):
            continue
        before = rng.bit_generator.state
        array = parameter.start(rng, parameter.shape)
        for function, draws in zip(functions, found, strict=True):
            if parameter.start is function:
                kept = np.array(array, np.float64)
                draws.append(Draw(dict(before), kept, dict(rng.bit_generator.state)))
    return [Drawn(tuple(draws)) for draws in found]
