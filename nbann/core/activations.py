"""Activations as layers: a function of every element; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .elementwise import Elementwise, ReLUOp, SigmoidOp, TanhOp
from .expr import Symbol
from .layers import Layer, Shape

if TYPE_CHECKING:
    from .builder import Builder
    from .plan import Plan


class Activation(Layer):
    """A function applied to every element; subclasses name its primitive."""

    primitive: type[Elementwise]

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        a = b.array(f"{name}.out", b.shape(x), Symbol("a", name))
        b.emit(self.primitive(x, a))
        return a


class Sigmoid(Activation):
    """``a = 1 / (1 + exp(-z))``, in (0, 1); slope ``a * (1 - a)``, at most 1/4."""

    kind = "sigmoid"
    primitive = SigmoidOp


class Tanh(Activation):
    """``a = tanh(z)``, in (-1, 1); slope ``1 - a**2``, at most 1."""

    kind = "tanh"
    primitive = TanhOp


class ReLU(Activation):
    """``a = max(0, z)``; slope 1 for z > 0, else 0 (Nair & Hinton, ICML 2010)."""

    kind = "relu"
    primitive = ReLUOp
