"""Layers: what a net is made of. A layer describes itself; the builder makes it run.

Imports the core's own parts only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from .affine import Affine
from .checks import whole_number
from .elementwise import Elementwise, ReLUOp, SigmoidOp, TanhOp
from .errors import bad_value
from .expr import Symbol
from .initializers import Zeros, as_initializer
from .state import Initializer, Parameter, check_given

if TYPE_CHECKING:
    from .builder import Builder


class Layer(ABC):
    """One step of a net, from an array of shape (n, width) to another.

    Parameters
    ----------
    name : str, optional
        How its arrays and ops are called; by default its kind and a number ("dense1").
    """

    kind: str

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or not name.strip() or "." in name):
            mend = "Dots part a layer's name from its arrays' ('hidden.weight'); leave them out."
            raise bad_value("A layer's name", "text without a dot", repr(name), mend)
        self.name = name

    @abstractmethod
    def build(self, name: str, width: int) -> tuple[list[Parameter], int]:
        """Return the parameters for an input of `width` columns, and the width of the output."""

    @abstractmethod
    def emit(self, b: Builder, name: str, x: str) -> str:
        """Emit the ops that compute the layer from array `x`; return the name of its output."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.name is None else f'name={self.name!r}'})"


class Dense(Layer):
    """``z = x @ weight + bias``: every output neuron sees every input.

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.
    name : str, optional
    weight : array of shape (inputs, units), optional
        Given start values; drawn by `init` if left out.
    bias : array of shape (units,) or bool, optional
        Given start values; 0 if left out; False for a layer without biases.
    init : str or callable
        Initializer of the weights: "glorot_uniform", "he_normal", "normal", "zeros", or
        ``(rng, shape) -> array``.

    Arrays
    ------
    ``<name>.weight`` (inputs, units), ``<name>.bias`` (units,), ``<name>.out`` (n, units): the z
    above.
    """

    kind = "dense"

    def __init__(
        self,
        units: int,
        *,
        name: str | None = None,
        weight: Any = None,
        bias: Any = None,
        init: Initializer | str = "glorot_uniform",
    ) -> None:
        super().__init__(name)
        self.units = whole_number(
            "Dense units", units, least=1, mend="Pass the number of neurons, e.g. Dense(6)."
        )
        self.weight = weight
        self.has_bias = bias is not False
        self.bias = None if isinstance(bias, bool) else bias
        self.init = as_initializer(init)

    def __repr__(self) -> str:
        return f"Dense({self.units}{'' if self.name is None else f', name={self.name!r}'})"

    def build(self, name: str, width: int) -> tuple[list[Parameter], int]:
        shape = (width, self.units)
        weight: Any = self.init
        if self.weight is not None:
            mend = f"The weight of Dense {name!r} is (inputs, units)."
            weight = check_given(f"{name}.weight", self.weight, shape, mend)
        parameters = [Parameter(f"{name}.weight", shape, weight, Symbol("W", name), penalized=True)]
        if self.has_bias:
            bias: Any = Zeros()
            if self.bias is not None:
                bias = check_given(
                    f"{name}.bias",
                    self.bias,
                    (self.units,),
                    f"Dense {name!r} has one bias a neuron.",
                )
            parameters.append(
                Parameter(f"{name}.bias", (self.units,), bias, Symbol("b", name), penalized=False)
            )
        return parameters, self.units

    def emit(self, b: Builder, name: str, x: str) -> str:
        z = b.array(f"{name}.out", (b.batch_size, self.units), Symbol("z", name))
        b.emit(Affine(x, f"{name}.weight", f"{name}.bias" if self.has_bias else None, z))
        return z


class Activation(Layer):
    """A function applied to every element; subclasses name its primitive."""

    primitive: type[Elementwise]

    def build(self, name: str, width: int) -> tuple[list[Parameter], int]:
        return [], width

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
