"""What a described model would need, held against what its file holds, before anything is made.

Imports the core's own parts only.
"""

from __future__ import annotations

from math import prod
from typing import cast

from ..layers.layer import Layer
from ..layers.residual import Residual
from ..model import Model, Sequential
from ..models.heads import Heads
from ..plan import Plan
from .faults import FileError

Shape = tuple[int, ...]


class Budget:
    """Stands in for a plan, and stops a model that asks for more than the file holds.

    The file's own size is the measure: a layer of a billion neurons has a weight of as many
    numbers in an honest file.

    Parameters
    ----------
    parameters : int
        How many numbers the file holds for them.

    Attributes
    ----------
    left : int
        How many of them no layer has asked for.
    outputs : int
        How many numbers the layers write for one sample, at least.
    always : int
        How many numbers are written whatever the size of a batch, at least.
    buffers : int
        How many numbers the buffers hold.
    shapes : dict of str to tuple of int
        Of the parameters so far, as a plan has them.
    """

    def __init__(self, parameters: int) -> None:
        self.left = parameters
        self.outputs = 0
        self.always = 0
        self.buffers = 0
        self.shapes: dict[str, Shape] = {}

    def parameter(
        self, name: str, shape: Shape, start: object, symbol: object, *, penalized: bool
    ) -> None:
        """Take a parameter's numbers off what is left.

        Raises
        ------
        FileError
            Fewer are left.
        """
        self.left -= prod(shape)
        self.shapes[name] = shape
        if self.left < 0:
            raise FileError(
                f"The model: expected the parameters that the file holds; received a description "
                f"whose {name!r} of shape {shape} is larger. Load a file that Trainer.save wrote."
            )

    def buffer(self, name: str, shape: Shape, start: object, symbol: object) -> None:
        """Count its numbers."""
        self.buffers += prod(shape)

    def counter(self, name: str, start: float) -> None:
        """Take no notice: it is a single number."""

    def stream(self, name: str, start: object = None) -> None:
        """Take no notice: a generator is small."""

    def go_through(self, model: Model, shape: Shape, prefix: str = "") -> Shape:
        """Build layer after layer, and add up the numbers of their outputs for a sample."""
        if isinstance(model, Heads):
            shape = self.go_through(model.body, shape, prefix)
            for name, head in model.heads.items():
                self.go_through(head, shape, f"{prefix}{name}.")
            return shape
        if not isinstance(model, Sequential):
            after = model.build(cast(Plan, self), shape, prefix)
            each, always = model.least_written(shape, after)
            self.outputs += each
            self.always += always
            return after
        for name, layer in zip(model.names, model.layers, strict=True):
            before = shape
            if isinstance(layer, Residual):
                shape = self.go_through(layer.inside, shape, f"{prefix}{name}.")
                if shape != before:
                    way = (before[-1], shape[-1])
                    self.parameter(f"{prefix}{name}.projection", way, None, None, penalized=True)
            else:
                shape = layer.build(cast(Plan, self), prefix + name, shape)
            self.outputs += _written(layer, before, shape)
        return shape


def _written(layer: Layer, before: Shape, after: Shape) -> int:
    """Return how many numbers a layer of nbann's writes for a sample, at least."""
    if layer.kind in ("flatten", "code", "activity_penalty"):  # a view of what is there
        return 0
    steps = before[0] if len(before) == 2 and len(after) == 1 else 1  # the last one alone is seen
    return steps * prod(after)
