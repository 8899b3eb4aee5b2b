"""A dense layer that leads back where another has come from; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UnknownNameError, bad_value
from ..expr import Symbol
from ..ops.affine import Affine
from ..ops.transposed_ops import AffineTransposed
from ..state import Initializer, check_given
from .initializers import Zeros, as_initializer
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class DenseTranspose(Layer):
    """``z = a @ weight.T + bias``, weight being that of the dense layer `of`: tied weights.

    One matrix serves in both directions: it is one parameter, whose gradient is the sum of both
    uses, and L1 and L2 count it once. The bias is its own. (Vincent, Larochelle, Bengio &
    Manzagol, "Extracting and Composing Robust Features with Denoising Autoencoders", ICML 2008,
    section 2.2: W' = W.T.) With ``tied=False`` it has a matrix of its own and only the shape is
    the other's, turned round.

    Parameters
    ----------
    of : str
        Name of a Dense (or Embedding) that stands before it, in the same Sequential.
    tied : bool
    name : str, optional
    bias : array of shape (inputs of `of`,) or bool, optional
        Given start values; 0 if left out; False for a layer without biases.
    init : str or callable
        Initializer of its own weights, where they are not tied.

    Arrays
    ------
    ``<name>.bias`` (inputs,), ``<name>.out`` (n, inputs), and where it is not tied
    ``<name>.weight`` (units, inputs).

    Raises
    ------
    ValueError
        No Dense of that name before it, or an input of another width than that one's output (when
        the trainer is made).

    Examples
    --------
    >>> import nbann
    >>> layers = [nbann.Dense(2, name="in"), nbann.DenseTranspose("in", name="back")]
    >>> trainer = nbann.Trainer(nbann.Sequential(layers), ([[1.0, 2, 3]], [[1.0, 2, 3]]))
    >>> {name: array.shape for name, array in trainer.parameters.items()}
    {'in.weight': (3, 2), 'in.bias': (2,), 'back.bias': (3,)}
    """

    kind = "dense_transpose"

    def __init__(
        self,
        of: str,
        *,
        tied: bool = True,
        name: str | None = None,
        bias: Any = None,
        init: Initializer | str = "glorot_uniform",
    ) -> None:
        super().__init__(name)
        if not isinstance(of, str) or not of.strip() or "." in of:
            mend = "Name the Dense: Dense(8, name='code'), DenseTranspose('code')."
            raise bad_value("DenseTranspose of", "the name of a layer", repr(of)[:60], mend)
        if not isinstance(tied, bool):
            raise bad_value("tied", "True or False", repr(tied), "Pass e.g. tied=True.")
        self.of = of
        self.tied = tied
        self.has_bias = bias is not False
        self.bias = None if isinstance(bias, bool) else bias
        self.init = as_initializer(init)

    def __repr__(self) -> str:
        own = "" if self.tied else ", tied=False"
        return f"DenseTranspose({self.of!r}{own}{f', name={self.name!r}' if self.name else ''})"

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        weight = _weight_of(name, self.of)
        shapes = plan.shapes
        if len(shapes.get(weight, ())) != 2:
            start = weight.removesuffix(f"{self.of}.weight")
            ends = (n.removeprefix(start) for n in shapes if n.startswith(start))
            known = [n.removesuffix(".weight") for n in ends if n.endswith(".weight")]
            raise UnknownNameError(f"Dense before {name!r} for its weights", self.of, known)
        inputs, units = shapes[weight]
        if shape[-1] != units:
            raise bad_value(
                f"DenseTranspose {name!r}",
                f"{units} features on the last axis, as {self.of!r} has outputs",
                f"{shape[-1]}",
                "Put layers between the two that keep the width, or leave back in their order.",
            )
        if not self.tied:
            symbol = Symbol("W", name)
            plan.parameter(f"{name}.weight", (units, inputs), self.init, symbol, penalized=True)
        if self.has_bias:
            bias: Any = Zeros()
            if self.bias is not None:
                mend = f"DenseTranspose {name!r} has one bias for each input of {self.of!r}."
                bias = check_given(f"{name}.bias", self.bias, (inputs,), mend)
            plan.parameter(f"{name}.bias", (inputs,), bias, Symbol("b", name), penalized=False)
        return (*shape[:-1], inputs)

    def emit(self, b: Builder, name: str, x: str) -> str:
        weight = _weight_of(name, self.of) if self.tied else f"{name}.weight"
        width = b.shape(weight)[0 if self.tied else 1]
        z = b.array(f"{name}.out", (*b.shape(x)[:-1], width), Symbol("z", name))
        bias = f"{name}.bias" if self.has_bias else None
        b.emit((AffineTransposed if self.tied else Affine)(x, weight, bias, z))
        return z


def _weight_of(name: str, of: str) -> str:
    """Return the name of the weight of a layer's sibling."""
    start, dot, _ = name.rpartition(".")
    return f"{start}{dot}{of}.weight"
