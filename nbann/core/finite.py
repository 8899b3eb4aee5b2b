"""Where numbers stop being finite; imports NumPy and the core's own parts only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .program import Op, Program

if TYPE_CHECKING:
    from .autopsy_record import Autopsy


class Diverged(Exception):  # noqa: N818 (not an error: it leads to the cursor, as a pause does)
    """Leaves a run where a loss or a weight became NaN or infinite; `autopsy` says how."""

    def __init__(self, autopsy: Autopsy) -> None:
        self.autopsy = autopsy


def is_finite(program: Program) -> bool:
    """Whether the loss of the batch just done, and the weights after it, are finite numbers."""
    loss = program.arrays["loss"].item()
    return math.isfinite(loss) and bool(np.isfinite(program.state.theta).all())


def are_finite(losses: Sequence[float]) -> bool:
    """Whether all of these numbers are finite."""
    # a sum of finite numbers may overflow, but not the other way
    return math.isfinite(sum(losses)) or all(map(math.isfinite, losses))


def culprit(program: Program) -> Op:
    """Return the first op of a batch just done that wrote a number that is not finite.

    Each array is written by one op, so that all of them are still there to be looked at.
    """
    for op in program:
        written = (program.arrays[name] for name in op.writes)
        if not all(np.isfinite(array).all() for array in written):
            return op
    return program[len(program) - 1]
