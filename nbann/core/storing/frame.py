"""The history as a pandas frame; pandas is imported when one is asked for, and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_installed
from ..errors import UnknownNameError

if TYPE_CHECKING:
    from ..trainer import Trainer


def to_frame(trainer: Trainer, unit: str) -> Any:
    """Return the history as a frame; see `Trainer.to_frame`."""
    if unit not in ("epoch", "batch"):
        raise UnknownNameError("unit of a frame", unit, ("epoch", "batch"))
    check_installed("pandas", "to_frame", "pandas")
    pandas: Any = import_module("pandas")  # typed or not, installed or not where types are checked

    history = trainer.history
    if unit == "batch":
        losses = history["loss"]
        epoch, batch = np.divmod(np.arange(len(losses)), trainer.batches)
        return pandas.DataFrame({"epoch": epoch, "batch": batch, "loss": losses})
    if not history.evaluations:
        return pandas.DataFrame({name: np.empty(0) for name in trainer.measured})
    columns: dict[str, Any] = {}
    for name in trainer.measured:
        values = history[name]
        for place in np.ndindex(*values.shape[1:]):
            label = f"{name}[{','.join(map(str, place))}]" if place else name
            columns[label] = values[(slice(None), *place)]
    columns["epoch"] = columns["epoch"].astype(np.int64)
    return pandas.DataFrame(columns)
