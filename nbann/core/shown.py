"""What panels can show beside a trainer; imports the library alone."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Shown(ABC):
    """Something that grows and can be drawn, such as the runs of a sweep."""

    @property
    @abstractmethod
    def moment(self) -> tuple[int, int]:
        """How far it is: grows while it goes on."""

    @abstractmethod
    def describe(self) -> str:
        """Return in words what there is to see."""
