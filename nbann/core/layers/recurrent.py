"""Recurrent layers, unrolled through time into ops that name the time step; the core only."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack

import numpy as np

from ..checks import whole_number
from ..errors import bad_value
from ..expr import Symbol
from ..ops.time_ops import Alias, Stack, unstack
from ..state import Initializer, Start, check_given
from .activations import Activation, activation_named
from .initializers import Zeros, as_initializer
from .layer import Layer, Shape
from .time_step import Step

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class Settings(TypedDict, total=False):
    """The arguments that all recurrent layers take by name; see `RNN`."""

    name: str | None
    return_sequences: bool
    reverse: bool
    truncate: int | None
    weight: Any
    recurrent: Any
    bias: Any
    init: Initializer | str
    recurrent_init: Initializer | str


class Recurrent(Layer):
    """What recurrent layers share: weights for all gates side by side, and the way through time.

    Subclasses say how many gates they have, what they remember, and what one time step is.
    """

    gates: ClassVar[int] = 1
    """Blocks of `units` columns in the weight."""

    remembers: ClassVar[tuple[str, ...]] = ("h",)
    """What goes from one time step to the next."""

    def __init__(
        self,
        units: int,
        *,
        name: str | None = None,
        return_sequences: bool = False,
        reverse: bool = False,
        truncate: int | None = None,
        weight: Any = None,
        recurrent: Any = None,
        bias: Any = None,
        init: Initializer | str = "glorot_uniform",
        recurrent_init: Initializer | str = "orthogonal",
    ) -> None:
        super().__init__(name)
        what = type(self).__name__
        self.units = whole_number(
            f"{what} units", units, least=1, mend=f"Pass the number of neurons, e.g. {what}(8)."
        )
        for key, flag in (("return_sequences", return_sequences), ("reverse", reverse)):
            if not isinstance(flag, (bool, np.bool_)):
                raise bad_value(key, "True or False", repr(flag), f"Pass e.g. {key}=True.")
        self.return_sequences = bool(return_sequences)
        self.reverse = bool(reverse)
        self.truncate = truncate
        if truncate is not None:
            mend = "Pass the number of time steps that a gradient goes back, or None for all."
            self.truncate = whole_number("truncate", truncate, least=1, mend=mend)
        self.weight, self.recurrent = weight, recurrent
        self.has_bias = bias is not False
        self.bias = None if isinstance(bias, bool) else bias
        self.init, self.recurrent_init = as_initializer(init), as_initializer(recurrent_init)

    def __repr__(self) -> str:
        given = {"return_sequences": self.return_sequences, "reverse": self.reverse}
        flags = [f", {key}=True" for key, value in given.items() if value]
        truncate = "" if self.truncate is None else f", truncate={self.truncate}"
        name = "" if self.name is None else f", name={self.name!r}"
        return f"{type(self).__name__}({self.units}{''.join(flags)}{truncate}{name})"

    # ---- what it needs ---------------------------------------------------------------------------
    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        if len(shape) != 2:
            raise bad_value(
                f"{type(self).__name__} {name!r}",
                "sequences, samples of (time, features)",
                f"samples of shape {shape}",
                "Pass X of shape (n, time, features); of one feature, X[:, :, None]."
                if len(shape) == 1
                else "Pass X of shape (n, time, features).",
            )
        width = self.gates * self.units
        for key, given, start, size, symbol in (
            ("weight", self.weight, self.init, (shape[1], width), "W"),
            ("recurrent", self.recurrent, self.recurrent_init, (self.units, width), "U"),
        ):
            self._ask(plan, name, key, size, start if given is None else given, symbol)
        if self.has_bias:
            self._ask(plan, name, "bias", (width,), self._start_of_bias(), "b")
        return (shape[0], self.units) if self.return_sequences else (self.units,)

    def _start_of_bias(self) -> Any:
        return Zeros() if self.bias is None else self.bias

    def _ask(self, plan: Plan, name: str, key: str, shape: Shape, start: Any, symbol: str) -> None:
        """Ask for one parameter; what is given instead of an initializer must fit."""
        what = f"{name}.{key}"
        if not callable(start):
            kind = f"{type(self).__name__} {name!r} of {self.units} units"
            blocks = "" if self.gates == 1 else f", its {self.gates} gates side by side"
            start = check_given(what, start, shape, f"{kind} has a {key} of shape {shape}{blocks}.")
        checked: Start = start
        plan.parameter(what, shape, checked, Symbol(symbol, name), penalized=len(shape) == 2)

    # ---- what it does ----------------------------------------------------------------------------
    def emit(self, b: Builder, name: str, x: str) -> str:
        rows, times, _ = b.shape(x)
        inputs = unstack(b, x, name)
        out = None
        if self.return_sequences:
            out = b.array(f"{name}.out", (rows, times, self.units), Symbol("h", name))
        past = {key: self._start(b, f"{name}.start.{key}") for key in self.remembers}
        states = [""] * times
        order = range(times)[::-1] if self.reverse else range(times)
        for count, time in enumerate(order):
            with b.at(time):
                step = Step(b, self, name, time, inputs[time], past)
                if self.truncate and count and count % self.truncate == 0:
                    step.forget_the_way()
                past = step.run(None if out is None else b.program.arrays[out][:, time])
            states[time] = past["h"]
        if out is None:
            out = b.array(f"{name}.out", (), Symbol("h", name), same_as=past["h"])
            b.emit(Alias(past["h"], out, "last"))
        else:
            b.emit(Stack(states, out))
        return out

    @abstractmethod
    def step(self, s: Step, new: Mapping[str, str]) -> None:
        """Emit the ops that compute `new` (the arrays of what is remembered) from `s.past`."""

    def _start(self, b: Builder, name: str) -> str:
        """Name what is remembered before the first step: zeros, which nobody can write to."""
        zeros = np.zeros((b.batch_size, self.units), b.state.dtype)
        zeros.flags.writeable = False
        layer, _, key = name.rpartition(".start.")
        return b.array(name, zeros.shape, Symbol(key, f"{layer},start"), view=zeros)


class RNN(Recurrent):
    """``h_t = activation(x_t @ weight + h_(t-1) @ recurrent + bias)``, from ``h = 0`` on.

    The simple recurrent network of J. Elman, "Finding Structure in Time", Cognitive Science 14
    (1990): what a neuron sees at a time is the input of that time and what all neurons of the layer
    were a step before. Trained by backpropagation through time (P. Werbos, Proceedings of the IEEE
    78, 1990): the layer is unrolled into one copy a time step, all of which share their weights, so
    that the gradient of a weight is the sum over the time steps.

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.
    activation : str or Activation
        "tanh" (the default), "relu", ..., or an activation layer such as ``LeakyReLU(0.1)``.
    name : str, optional
    return_sequences : bool
        Whether the output is h at every time step (n, time, units), for a target a step ("many to
        many"), or the last h alone (n, units) ("many to one", the default).
    reverse : bool
        Whether time is gone through from its end; the output's order is that of time all the same.
    truncate : int, optional
        Truncated backpropagation: no gradient passes from step k to step k - 1, from 2k to 2k - 1,
        ..., counted in the order in which they are gone through; None lets it pass everywhere.
    weight : array of shape (features, units), optional
    recurrent : array of shape (units, units), optional
        Given start values; drawn by `init` and `recurrent_init` if left out.
    bias : array of shape (units,) or bool, optional
        Given start values; 0 if left out; False for a layer without biases.
    init, recurrent_init : str or callable
        Initializers of weight ("glorot_uniform") and recurrent ("orthogonal"), as in Keras.

    Raises
    ------
    ValueError
        Settings out of range; when a net is built: samples that are not (time, features), or given
        arrays of another shape.

    Notes
    -----
    Arrays, with t the time step: ``<name>.t3.x`` (n, features), ``<name>.t3.z`` and ``<name>.t3.h``
    (n, units), ``<name>.start.h`` (zeros), ``<name>.out``. Where data have a mask (n, time), a step
    that is not there leaves h as it was (``<name>.t3.h_new`` is what it would have become).

    Examples
    --------
    >>> import nbann, numpy as np
    >>> X = np.array([[[0.0], [1.0]], [[1.0], [0.0]]])  # 2 sequences, 2 time steps, 1 feature
    >>> net = nbann.Sequential([nbann.RNN(3), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, (X, [0, 1]), optimizer=nbann.SGD(0.5))
    >>> trainer.step("op", 3)[-1].name, trainer["rnn1.t0.h"].shape
    ('rnn1.t0.tanh', (2, 3))
    """

    kind = "rnn"

    def __init__(
        self,
        units: int,
        *,
        activation: Activation | str = "tanh",
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(units, **settings)
        self.activation = activation_named(activation)

    def step(self, s: Step, new: Mapping[str, str]) -> None:
        z = s.affine(s.array("z"))
        self.activation.emit_into(s.b, z, new["h"])
