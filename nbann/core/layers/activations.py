"""Activations as layers; imports the core's own parts only.

Every one takes an array of any number of axes, samples first, and returns one of the same shape.
`ACTIVATIONS` has them by name.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from ..checks import number_in
from ..errors import UnknownNameError
from ..expr import Symbol
from ..ops.activation_ops import (
    ELUOp,
    IdentityOp,
    LeakyReLUOp,
    ReLUOp,
    SELUOp,
    SigmoidOp,
    SoftplusOp,
    StepOp,
    TanhOp,
)
from ..ops.elementwise import Elementwise
from ..ops.gate_ops import Gate, Gated, NormalGate, SigmoidGate, TanhGate
from ..ops.softmax_ops import RowSoftmax
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class Activation(Layer):
    """A function without parameters to train; subclasses name its primitive, or emit several."""

    primitive: type[Elementwise]
    settings: ClassVar[tuple[str, ...]] = ()
    """Attributes that `repr` shows: the arguments beside the name."""

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        a = b.array(f"{name}.out", b.shape(x), Symbol("a", name))
        self.emit_into(b, x, a)
        return a

    def emit_into(self, b: Builder, z: str, a: str) -> None:
        """Emit the ops that write f(z) into the array `a`, which has the shape of `z`.

        Layers that have an activation inside, such as recurrent ones, call this. Further arrays are
        named after `a`, without its ".out".
        """
        b.emit(self.primitive(z, a))

    def __repr__(self) -> str:
        parts = [f"{key}={getattr(self, key)!r}" for key in self.settings]
        parts += [] if self.name is None else [f"name={self.name!r}"]
        return f"{type(self).__name__}({', '.join(parts)})"


class Identity(Activation):
    """``a = z``, slope 1: what a layer does that has no activation."""

    kind = "identity"
    primitive = IdentityOp


class Step(Activation):
    """``a = 1`` where z > 0, else 0: a neuron that fires or does not.

    Its slope is 0 everywhere (at z = 0 there is none; here it is 0), so no gradient passes back
    through it: what stands before it does not learn by backpropagation. Source: W. McCulloch and W.
    Pitts, Bulletin of Mathematical Biophysics 5 (1943); F. Rosenblatt's perceptron, Psychological
    Review 65 (1958), trains only the weights right before it, by a rule of its own.
    """

    kind = "step"
    primitive = StepOp


class Sigmoid(Activation):
    """``a = 1 / (1 + exp(-z))``, in (0, 1); slope ``a * (1 - a)``, at most 1/4.

    The logistic function of D. Rumelhart, G. Hinton and R. Williams, Nature 323 (1986), eq. 2.
    """

    kind = "sigmoid"
    primitive = SigmoidOp


class Tanh(Activation):
    """``a = tanh(z)``, in (-1, 1); slope ``1 - a**2``, at most 1.

    Recommended over the sigmoid, for being symmetric about 0, by Y. LeCun, L. Bottou, G. Orr and
    K.-R. Müller, "Efficient BackProp" (1998), section 4.4.
    """

    kind = "tanh"
    primitive = TanhOp


class ReLU(Activation):
    """``a = max(0, z)``; slope 1 for z > 0, else 0 (V. Nair and G. Hinton, ICML 2010)."""

    kind = "relu"
    primitive = ReLUOp


class LeakyReLU(Activation):
    """``a = max(s*z, z)``; slope 1 for z > 0, else s: never quite dead.

    Parameters
    ----------
    negative_slope : float
        The s above, in [0, 1); 0 is ReLU.
    name : str, optional

    Raises
    ------
    ValueError
        `negative_slope` is out of range.

    References
    ----------
    A. Maas, A. Hannun and A. Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models",
    ICML 2013 workshop on deep learning for audio, speech and language; with s = 0.01.
    """

    kind = "leaky_relu"
    settings = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, *, name: str | None = None) -> None:
        super().__init__(name)
        self.negative_slope = number_in("negative_slope", negative_slope, least=0.0, below=1.0)

    def emit_into(self, b: Builder, z: str, a: str) -> None:
        b.emit(LeakyReLUOp(z, a, self.negative_slope))


class ELU(Activation):
    """``a = z`` for z > 0, else ``alpha * (exp(z) - 1)``, in (-alpha, inf).

    The slope is 1 for z > 0, else ``alpha * exp(z)``.

    Parameters
    ----------
    alpha : float
        How far down it goes, above 0.
    name : str, optional

    Raises
    ------
    ValueError
        `alpha` is out of range.

    References
    ----------
    D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and Accurate Deep Network Learning by
    Exponential Linear Units (ELUs)", ICLR 2016, section 3.
    """

    kind = "elu"
    settings = ("alpha",)

    def __init__(self, alpha: float = 1.0, *, name: str | None = None) -> None:
        super().__init__(name)
        self.alpha = number_in("alpha", alpha, above=0.0)

    def emit_into(self, b: Builder, z: str, a: str) -> None:
        b.emit(ELUOp(z, a, self.alpha))


class SELU(Activation):
    """``a = scale * elu(z)``, with the two constants that keep mean 0 and variance 1 in depth.

    ``alpha = 1.6732632...`` and ``scale = 1.0507009...`` are the solution for which a layer of
    independent weights of mean 0 and variance ``1 / fan_in`` (`initializers.LeCunNormal`) has the
    fixed point mean 0, variance 1. Slope: scale for z > 0, else ``scale * alpha * exp(z)``.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, "Self-Normalizing Neural Networks",
    NeurIPS 2017, eq. 2 and the section on the stable fixed point (0, 1).
    """

    kind = "selu"
    alpha = 1.6732632423543772848170429916717
    scale = 1.0507009873554804934193349852946

    def emit_into(self, b: Builder, z: str, a: str) -> None:
        b.emit(SELUOp(z, a, self.alpha, self.scale))


class Softplus(Activation):
    """``a = log(1 + exp(z))``, in (0, inf): a smooth ReLU; its slope is the sigmoid.

    Computed as ``max(0, z) + log1p(exp(-|z|))``, so that z of any size is safe. Source: C. Dugas,
    Y. Bengio, F. Bélisle, C. Nadeau and R. Garcia, "Incorporating Second-Order Functional Knowledge
    for Better Option Pricing", NIPS 2000.
    """

    kind = "softplus"
    primitive = SoftplusOp


class _Gating(Activation):
    """``a = z * g(z)``; subclasses say which gate g. It is an array of its own, "<name>.gate"."""

    @abstractmethod
    def gate(self, z: str, into: str) -> Gate:
        """Return the primitive that writes the gate."""

    def emit_into(self, b: Builder, z: str, a: str) -> None:
        name = a.removesuffix(".out")
        gate = self.gate(z, b.array(f"{name}.gate", b.shape(z), Symbol("g", name)))
        b.emit(gate)
        b.emit(Gated(self.kind, gate, a))


class GELU(_Gating):
    """``a = z * Phi(z)``: each z is let through by the chance that a normal variable is below it.

    ``Phi(z) = (1 + erf(z / sqrt(2))) / 2``, the array "<name>.gate". The slope is ``Phi(z) + z *
    phi(z)`` with the density ``phi(z) = exp(-z**2 / 2) / sqrt(2*pi)``.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        "tanh" takes ``(1 + tanh(sqrt(2/pi) * (z + 0.044715 * z**3))) / 2`` for Phi(z), as GPT-2
        does; "none" is exact.
    name : str, optional

    Raises
    ------
    ValueError
        An unknown name.

    References
    ----------
    D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415, section 2.
    """

    kind = "gelu"
    settings = ("approximate",)

    def __init__(
        self, approximate: Literal["none", "tanh"] = "none", *, name: str | None = None
    ) -> None:
        super().__init__(name)
        if approximate not in ("none", "tanh"):
            raise UnknownNameError("approximation", approximate, ("none", "tanh"))
        self.approximate = approximate

    def gate(self, z: str, into: str) -> Gate:
        return NormalGate(z, into) if self.approximate == "none" else TanhGate(z, into)


class SiLU(_Gating):
    """``a = z / (1 + exp(-z))``: z times its sigmoid, also called swish.

    Slope ``g + z * g * (1 - g)`` with g the sigmoid, the array "<name>.gate". Source: S. Elfwing,
    E. Uchibe and K. Doya, "Sigmoid-Weighted Linear Units for Neural Network Function Approximation
    in Reinforcement Learning", Neural Networks 107 (2018), section 2; P. Ramachandran, B. Zoph and
    Q. Le, "Searching for Activation Functions", arXiv:1710.05941.
    """

    kind = "silu"

    def gate(self, z: str, into: str) -> Gate:
        return SigmoidGate(z, into)


class Softmax(Activation):
    """``a_j = exp(z_j) / sum_k exp(z_k)`` over the last axis: shares that add up to 1.

    Backward ``dL/dz_j = a_j * (dL/da_j - sum_k dL/da_k * a_k)``: every a depends on every z of its
    row. `CrossEntropy` has a softmax of its own and takes logits: leave this layer out before it.
    Source: J. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs",
    in Neurocomputing, Springer (1990).
    """

    kind = "softmax"

    def emit_into(self, b: Builder, z: str, a: str) -> None:
        b.emit(RowSoftmax(z, a))


ACTIVATIONS: dict[str, type[Activation]] = {
    cls.kind: cls
    for cls in (
        ELU,
        GELU,
        Identity,
        LeakyReLU,
        ReLU,
        SELU,
        Sigmoid,
        SiLU,
        Softmax,
        Softplus,
        Step,
        Tanh,
    )
}
ACTIVATIONS["logistic"] = Sigmoid  # scikit-learn's name for it


def activation_named(activation: Activation | str) -> Activation:
    """Return an activation given as such, or by name with its usual settings.

    Raises
    ------
    UnknownNameError
        Neither an activation nor the name of one; a `KeyError` and a `ValueError`.
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise UnknownNameError("activation", activation, ACTIVATIONS)
    return ACTIVATIONS[activation]()
