"""What associative memories check: patterns, probes, their number; the core's own parts only."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..layers.layer import Shape
from ..losses.machine_losses import bipolar
from ..state import check_given
from .rules import RuleModel

if TYPE_CHECKING:
    from ..state import Array
    from ..trainer import Trainer


def check_units(kind: str, shape: Shape) -> int:
    """Return the units that samples of a shape ask for, one for each of their features."""
    if len(shape) != 1:
        mend = "Flatten the patterns first: X.reshape(len(X), -1)."
        raise bad_value(f"{kind} x", "patterns of one axis, the units", f"{shape}", mend)
    return shape[0]


def warn_of_capacity(who: str, patterns: int, most: str, source: str) -> None:
    """Warn that patterns are too many to be recalled."""
    warnings.warn(
        f"{who}: {patterns} patterns; about {most} can be recalled with few errors ({source}). "
        f"Store fewer of them, or take more units.",
        UserWarning,
        stacklevel=5,  # where the trainer is made
    )


def weight_of(trainer: Trainer, kind: type[RuleModel], name: str) -> Array:
    """Return a copy of the weights of a trained memory of some kind."""
    model = getattr(trainer, "model", None)
    if not isinstance(model, kind):
        mend = f"Pass the trainer of the {kind.__name__} net."
        raise bad_value("recall", f"a trainer of {kind.__name__}", repr(trainer)[:60], mend)
    return trainer[name].copy()


def as_probe(probe: Any, units: int, what: str) -> NDArray[np.float64]:
    """Return the states from which a recall starts, -1 and 1."""
    array = check_given(what, probe, (units,), f"One state for each of the {units} units.")
    return bipolar(array, what)


def given_order(order: Iterable[int], units: int) -> NDArray[np.intp]:
    """Return a given order of the units, each of them once."""
    if not isinstance(order, Iterable):
        expected = f"a word, or every number from 0 to {units - 1} once"
        raise bad_value("order", expected, repr(order), "Pass e.g. order='in order'.")
    numbers = list(order)
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in numbers)
    if not whole or sorted(numbers) != list(range(units)):
        mend = "Give each unit once, e.g. list(reversed(range(N)))."
        expected = f"every number from 0 to {units - 1} once"
        raise bad_value("order", expected, repr(numbers)[:60], mend)
    return np.array(numbers, np.intp)
