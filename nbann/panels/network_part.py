"""What a network picture may have beside columns of neurons; imports nothing but its panel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network_diagram import NetworkDiagram


class Part(ABC):
    """One part of the picture: drawn once, changed in place, said in words.

    Parameters
    ----------
    panel : NetworkDiagram
        Whose trainer, axes and theme it uses; bound to a trainer, not drawn yet.
    """

    def __init__(self, panel: NetworkDiagram) -> None:
        self.panel = panel

    def restart(self) -> None:  # noqa: B027  # optional: not every part has limits that grow
        """Forget limits that have grown."""

    @abstractmethod
    def draw(self) -> None:
        """Draw into the panel's axes, once."""

    @abstractmethod
    def refresh(self) -> None:
        """Set the artists to the trainer's numbers."""

    def describe(self) -> list[str]:
        """Return what it shows, a clause for each thing."""
        return []
