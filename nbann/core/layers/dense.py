"""The dense layer; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from ..expr import Symbol
from ..ops.affine import Affine
from ..state import Initializer, check_given
from .initializers import Zeros, as_initializer
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


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

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        weight_shape = (shape[-1], self.units)
        weight: Any = self.init
        if self.weight is not None:
            mend = f"The weight of Dense {name!r} is (inputs, units)."
            weight = check_given(f"{name}.weight", self.weight, weight_shape, mend)
        plan.parameter(f"{name}.weight", weight_shape, weight, Symbol("W", name), penalized=True)
        if self.has_bias:
            bias: Any = Zeros()
            if self.bias is not None:
                bias = check_given(
                    f"{name}.bias",
                    self.bias,
                    (self.units,),
                    f"Dense {name!r} has one bias a neuron.",
                )
            plan.parameter(f"{name}.bias", (self.units,), bias, Symbol("b", name), penalized=False)
        return (*shape[:-1], self.units)

    def emit(self, b: Builder, name: str, x: str) -> str:
        z = b.array(f"{name}.out", (*b.shape(x)[:-1], self.units), Symbol("z", name))
        b.emit(Affine(x, f"{name}.weight", f"{name}.bias" if self.has_bias else None, z))
        return z
