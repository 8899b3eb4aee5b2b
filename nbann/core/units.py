"""The units by which a run is stepped through; imports the core's own parts only."""

from __future__ import annotations

from typing import Literal

from .program import Op

Unit = Literal["op", "layer", "phase", "batch", "epoch"]
When = Literal["before", "after"]
UNITS: tuple[Unit, ...] = ("op", "layer", "phase", "batch", "epoch")


def same_unit(unit: Unit, a: Op, b: Op) -> bool:
    """Whether two neighboring ops belong to the same layer (at one time step) or phase."""
    if unit == "layer":
        return (a.phase, a.layer, a.time) == (b.phase, b.layer, b.time)
    return a.phase == b.phase if unit == "phase" else unit in ("batch", "epoch")
