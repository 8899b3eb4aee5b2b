"""The layer: what a net is made of. It describes itself; the builder makes it run.

Imports the core's own parts only. The layers themselves are in the files beside this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import bad_value

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan

Shape = tuple[int, ...]


class Layer(ABC):
    """One step of a net, from an array of shape (n, ...) to another, samples first.

    Parameters
    ----------
    name : str, optional
        How its arrays and ops are called; by default its kind and a number ("dense1").
    """

    kind: str

    takes_indices = 0
    """How many things its input stands for, as an Embedding's does; 0: its input is measured."""

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            check_name(name)
        self.name = name

    @abstractmethod
    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        """Ask `plan` for what it needs; return the shape of a sample of its output.

        Parameters
        ----------
        plan : Plan
        name : str
            Its name in this model, the first half of the names of its arrays.
        shape : tuple of int
            The shape of a sample of its input: (features,), (time, features), ...

        Raises
        ------
        ValueError
            A sample that it has no use for, or given weights that do not fit.
        """

    @abstractmethod
    def emit(self, b: Builder, name: str, x: str) -> str:
        """Emit the ops that compute the layer from array `x`; return the name of its output."""

    def leaves(self, name: str) -> Iterator[tuple[str, Layer]]:
        """Yield the layers that it consists of with their full names: itself, or its parts."""
        yield name, self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.name is None else f'name={self.name!r}'})"


def check_name(name: object) -> None:
    """Refuse what can not begin the names of arrays and ops.

    Raises
    ------
    ValueError
        No text, empty, or with a dot.
    """
    if not isinstance(name, str) or not name.strip() or "." in name:
        mend = "Dots part a layer's name from its arrays' ('hidden.weight'); leave them out."
        raise bad_value("A layer's name", "text without a dot", repr(name), mend)
