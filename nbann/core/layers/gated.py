"""The recurrent layers with gates, LSTM and GRU; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..ops.activation_ops import SigmoidOp, TanhOp
from ..ops.affine import Affine
from ..ops.blend_ops import Blend
from ..ops.recurrent_ops import AddBias, GatedSum, StateAffine
from .initializers import Zeros
from .layer import Shape
from .recurrent import Recurrent, Settings
from .time_step import Step

if TYPE_CHECKING:
    from ..plan import Plan


class LSTM(Recurrent):
    """Long short-term memory: a cell c that gates keep, add to and read.

    ``i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)``, ``g = tanh(z_g)``, with
    ``z = x_t @ weight + h_(t-1) @ recurrent + bias`` in the order i, f, g, o (PyTorch's; Keras has
    the same), then

    ``c_t = f * c_(t-1) + i * g``,  ``h_t = o * tanh(c_t)``, from ``c = h = 0`` on.

    The input gate i says how much of the candidate g is added, the forget gate f how much of the
    cell is kept, the output gate o how much of it is shown. Along c the gradient is only multiplied
    by f, so that it lasts over many steps. Sources: S. Hochreiter and J. Schmidhuber, Neural
    Computation 9 (1997); the forget gate: F. Gers, J. Schmidhuber and F. Cummins, Neural
    Computation 12 (2000).

    Parameters
    ----------
    units : int
        Number of cells, at least 1.
    unit_forget_bias : bool
        Start the forget gate's bias at 1, so that a cell keeps what it has until it learns
        otherwise (Gers and others, 2000; R. Jozefowicz, W. Zaremba and I. Sutskever, ICML 2015,
        section 2.2). True by default, as in Keras; PyTorch has no such setting. It does not change
        a `bias` that is given.
    weight : array of shape (features, 4 * units), optional
    recurrent : array of shape (units, 4 * units), optional
    bias : array of shape (4 * units,) or bool, optional
        The four gates side by side, in the order i, f, g, o.
    name, return_sequences, reverse, truncate, init, recurrent_init
        As those of `RNN`. Initializers draw the weights of all four gates as one matrix, as Keras
        does. What is cut by `truncate` is the way back through h and c.

    Raises
    ------
    ValueError
        As `RNN` does.

    Notes
    -----
    Arrays, with t the time step: ``<name>.t3.z`` (n, 4 * units) and its parts ``z_i``, ``z_f``,
    ``z_g``, ``z_o``; ``<name>.t3.i``, ``f``, ``g``, ``o``, ``c``, ``s``, which is ``tanh(c)``, and
    ``h`` (n, units).
    """

    kind = "lstm"
    gates = 4
    remembers = ("h", "c")

    def __init__(
        self, units: int, *, unit_forget_bias: bool = True, **settings: Unpack[Settings]
    ) -> None:
        super().__init__(units, **settings)
        if not isinstance(unit_forget_bias, (bool, np.bool_)):
            mend = "Pass e.g. unit_forget_bias=False."
            raise bad_value("unit_forget_bias", "True or False", repr(unit_forget_bias), mend)
        self.unit_forget_bias = bool(unit_forget_bias)

    def _start_of_bias(self) -> Any:
        if self.bias is None and self.unit_forget_bias:
            return self._forget_bias
        return super()._start_of_bias()

    def _forget_bias(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        bias = np.zeros(shape)
        bias[self.units : 2 * self.units] = 1.0
        return bias

    def step(self, s: Step, new: Mapping[str, str]) -> None:
        z = s.affine(s.array("z", width=4 * self.units))
        z_i, z_f, z_g, z_o = s.split(z, ("z_i", "z_f", "z_g", "z_o"))
        i, f, g, o = (s.array(key) for key in "ifgo")
        s.emit(SigmoidOp(z_i, i), "input_gate")
        s.emit(SigmoidOp(z_f, f), "forget_gate")
        s.emit(TanhOp(z_g, g), "candidate")
        s.emit(SigmoidOp(z_o, o), "output_gate")
        s.emit(GatedSum([(f, s.past["c"]), (i, g)], new["c"], "cell"))
        shown = s.array("s")
        s.emit(TanhOp(new["c"], shown), "squash")
        s.emit(GatedSum([(o, shown)], new["h"], "output"))


class GRU(Recurrent):
    """Gated recurrent unit: one gate resets the memory for the candidate, one blends both.

    ``r = sigmoid(x_t @ W_r + b_r + h_(t-1) @ U_r)``,
    ``z = sigmoid(x_t @ W_z + b_z + h_(t-1) @ U_z)``,
    ``n = tanh(x_t @ W_n + b_n + r * (h_(t-1) @ U_n + b_hn))``,
    ``h_t = z * h_(t-1) + (1 - z) * n``, from ``h = 0`` on.

    Source: K. Cho and others, "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP
    2014, eq. 5-8, but in the form of PyTorch (and of Keras' ``reset_after=True``): the reset gate
    is applied after the product with U_n, not before.

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.
    weight : array of shape (features, 3 * units), optional
    recurrent : array of shape (units, 3 * units), optional
    bias : array of shape (3 * units,) or bool, optional
        W, U and b: the three blocks side by side, in the order r, z, n. ``bias=False`` leaves out
        `recurrent_bias` as well.
    recurrent_bias : array of shape (units,) or bool, optional
        b_hn. (PyTorch has such a bias for r and z too, which only adds to the other one.)
    name, return_sequences, reverse, truncate, init, recurrent_init
        As those of `RNN`. Initializers draw the weights of all three blocks as one matrix, as Keras
        does.

    Raises
    ------
    ValueError
        As `RNN` does.

    Notes
    -----
    Arrays, with t the time step: ``<name>.t3.a``, which is ``x_t @ weight + bias``, and
    ``<name>.t3.s``, which is ``h_(t-1) @ recurrent`` (n, 3 * units); their parts ``a_r``, ``a_z``,
    ``a_n``, ``s_r``, ``s_z``, ``s_n``; ``q``, which is ``s_n + b_hn``; the sums ``z_r``, ``z_z``,
    ``z_n``; and ``r``, ``z``, ``n``, ``h`` (n, units).
    """

    kind = "gru"
    gates = 3

    def __init__(
        self, units: int, *, recurrent_bias: Any = None, **settings: Unpack[Settings]
    ) -> None:
        super().__init__(units, **settings)
        self.has_recurrent_bias = self.has_bias and recurrent_bias is not False
        self.recurrent_bias = None if isinstance(recurrent_bias, bool) else recurrent_bias

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        output = super().build(plan, name, shape)
        if self.has_recurrent_bias:
            start = Zeros() if self.recurrent_bias is None else self.recurrent_bias
            self._ask(plan, name, "recurrent_bias", (self.units,), start, "b_hn")
        return output

    def step(self, s: Step, new: Mapping[str, str]) -> None:
        a = s.array("a", width=3 * self.units)
        s.emit(Affine(s.x, f"{s.name}.weight", s.parameter("bias"), a))
        state = s.array("s", width=3 * self.units)
        s.emit(StateAffine(s.past["h"], f"{s.name}.recurrent", None, state))
        a_r, a_z, a_n = s.split(a, ("a_r", "a_z", "a_n"), "split_input")
        s_r, s_z, s_n = s.split(state, ("s_r", "s_z", "s_n"), "split_state")
        r = self._gate(s, (a_r, s_r), "r", "reset")
        z = self._gate(s, (a_z, s_z), "z", "update")
        bias = s.parameter("recurrent_bias")
        if bias is not None:
            q = s.array("q")
            s.emit(AddBias(s_n, bias, q))
            s_n = q
        z_n, n = s.array("z_n"), s.array("n")
        s.emit(GatedSum([(a_n,), (r, s_n)], z_n, "reset_memory"))
        s.emit(TanhOp(z_n, n), "candidate")
        s.emit(Blend(z, s.past["h"], n, new["h"], "blend"))

    def _gate(self, s: Step, terms: tuple[str, str], key: str, verb: str) -> str:
        z, gate = s.array(f"z_{key}"), s.array(key)
        s.emit(GatedSum([(term,) for term in terms], z, f"{verb}_sum"))
        s.emit(SigmoidOp(z, gate), f"{verb}_gate")
        return gate
