"""A playground where there is no live view: pictures by panels, over the data's own columns.

Imports panels and the core.
"""

from __future__ import annotations

from typing import Any

from nbann.core.trainer import Trainer
from nbann.panels import Dashboard, DecisionBoundary, LossCurve, NetworkDiagram, Panel

from .playground_build import Parts


class OverColumns:
    """A trainer as it looks from the data's own columns, before features are made of them."""

    def __init__(self, trainer: Trainer, parts: Parts) -> None:
        self._trainer, self._parts = trainer, parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trainer, name)

    def __getitem__(self, name: str) -> Any:
        return self._trainer[name]

    @property
    def train_data(self) -> Any:
        """The training data in its own columns."""
        return self._parts.raw

    def predict(self, X: Any) -> Any:
        """Return what is predicted of samples in the data's own columns."""
        return self._trainer.predict(self._parts.inputs(X))

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class likewise."""
        return self._trainer.predict_proba(self._parts.inputs(X))


class OverPlane(DecisionBoundary):
    """The decision boundary over the data's own columns, whatever features the net reads."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts

    def attach(self, ax: Any, trainer: Any, **look: Any) -> None:
        """Draw into axes; see `Panel.attach`."""
        super().attach(ax, OverColumns(trainer, self.parts), **look)  # type: ignore[arg-type]


def still(trainer: Trainer, parts: Parts) -> Dashboard:
    """Return the net, the plane and the curves as panels."""
    panels: list[Panel] = [NetworkDiagram(), LossCurve()]
    if parts.raw.X.shape[1] > 1:
        panels.insert(1, OverPlane(parts))
    return Dashboard(trainer, panels, width=960)
